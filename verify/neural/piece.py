"""A network where the signs of all its bends are known: an affine function, exactly.

The box is stretched to the unit cube of those variables that are free in it, so that systems of
inequalities about small boxes are as well scaled as about large ones.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import isfinite
from typing import Any

import numpy as np

from extract.exact import Exact, from_numbers
from extract.network import Network, Node
from extract.operator import OPERATORS
from theory.error import InputError
from verify.neural.bounds.choice import is_bent, left_slope
from verify.problem.problem import Problem

Signs = Mapping[str, np.ndarray[Any, Any]]
"""For each tensor that is bent, 1 or -1 for each entry."""


@dataclass(frozen=True)
class Form:
    """constant + coefficients . y over the unit cube."""

    constant: Fraction
    coefficients: tuple[Fraction, ...]

    @property
    def size(self) -> Fraction:
        """A bound of its magnitude on the cube."""
        return abs(self.constant) + sum(map(abs, self.coefficients))

    @property
    def most(self) -> Fraction:
        """Its largest value on the cube."""
        return self.constant + sum(c for c in self.coefficients if c > 0)


@dataclass(frozen=True)
class Piece:
    """A problem on a box with known signs.

    Attributes:
        low, high: corners of the box, exact and inside the problem's box.
        free: the variables that the box leaves free, one for each side of the cube.
        inequalities: of the problem, over the cube.
        signs: for tensors by name and their entries, what an assumed sign says is not negative.
    """

    low: tuple[Fraction, ...]
    high: tuple[Fraction, ...]
    free: tuple[int, ...]
    inequalities: tuple[Form, ...]
    signs: Mapping[tuple[str, int], Form]

    def point(self, place: Sequence[Fraction]) -> tuple[Fraction, ...]:
        """The values of the variables at a place in the cube."""
        found = list(self.low)
        for at, y in zip(self.free, place, strict=True):
            found[at] += (self.high[at] - self.low[at]) * y
        return tuple(found)


def piece(
    problem: Problem, low: Sequence[float], high: Sequence[float], signs: Signs, assumed: Signs
) -> Piece | None:
    """A problem on a box on which the network is affine; None where the box has no exact point, or
    the network divides by zero.

    Args:
        problem: the problem.
        low, high: corners of the box, which may be rounded outward.
        signs: of all entries of all tensors that are bent.
        assumed: the same for those signs that were assumed; zero elsewhere.
    """
    variables = problem.variables
    bottom = [
        max(Fraction(a), v.lower) if isfinite(a) else v.lower
        for a, v in zip(low, variables, strict=True)
    ]
    top = [
        min(Fraction(b), v.upper) if isfinite(b) else v.upper
        for b, v in zip(high, variables, strict=True)
    ]
    if any(a > b for a, b in zip(bottom, top, strict=True)):
        return None
    free = tuple(at for at, (a, b) in enumerate(zip(bottom, top, strict=True)) if a < b)
    entries = [(name, int(at)) for name, sign in assumed.items() for at in np.flatnonzero(sign)]
    names = [*problem.network.outputs, *assumed]
    points = [bottom, *(_replaced(bottom, at, top[at]) for at in free)]
    try:
        corner, *moved = [_tensors(problem.network, point, signs, names) for point in points]
    except (InputError, ArithmeticError):
        return None

    def form(terms: Mapping[tuple[str, int], Fraction], constant: Fraction) -> Form:
        def value(tensors: dict[str, list[Fraction]]) -> Fraction:
            return sum((c * tensors[name][at] for (name, at), c in terms.items()), Fraction(0))

        start = value(corner)
        return Form(start + constant, tuple(value(tensors) - start for tensors in moved))

    return Piece(
        tuple(bottom),
        tuple(top),
        free,
        tuple(form(i.expression.terms, i.expression.constant) for i in problem.inequalities),
        {
            (name, at): form({(name, at): Fraction(int(assumed[name][at]))}, Fraction(0))
            for name, at in entries
        },
    )


def _replaced(point: Sequence[Fraction], at: int, value: Fraction) -> list[Fraction]:
    return [*point[:at], value, *point[at + 1 :]]


def _tensors(
    network: Network, point: Sequence[Fraction], signs: Signs, names: Sequence[str]
) -> dict[str, list[Fraction]]:
    """Tensors of the affine function that a network is where its bends have these signs.

    Raises:
        InputError: the network divides by zero.
        ArithmeticError: a value is irrational, so that the network is not piecewise affine.
    """
    values: dict[str, Exact] = dict(network.exact_parameters)
    values[network.inputs[0]] = from_numbers(list(point), network.node(network.inputs[0]).shape)
    for node in network.live:
        if node.name in values:
            continue
        operands = [values[name] for name in node.inputs]
        if is_bent(node):
            values[node.name] = _straightened(node, operands[0], signs[node.inputs[0]])
        else:
            values[node.name] = OPERATORS[node.op].exact(node.attributes, operands)
        if not values[node.name].is_rational:
            raise ArithmeticError(f"{node.op} is not affine")
    found: dict[str, list[Fraction]] = {}
    for name in names:
        value = values[name]
        found[name] = [Fraction(int(v), value.denominator) for v in value.lower.ravel()]
    return found


def _straightened(node: Node, operand: Exact, sign: np.ndarray[Any, Any]) -> Exact:
    """A bend whose operand has known signs."""
    left = Fraction(left_slope(node))
    right = sign.reshape(operand.lower.shape) > 0
    scale = np.where(right, left.denominator, left.numerator).astype(object)
    value = operand.lower * scale
    return Exact(value, value, operand.denominator * left.denominator)
