"""What a network does along one parameter of a dilemma: exactly, with its boundaries as numbers.

Along a parameter the features are rational functions. Over a common denominator they are
polynomials, and stay so through affine layers, and through a ReLU wherever the sign of its operand
does not change. So the range is cut at the roots of the operands, layer by layer. Between two cuts
all tensors are polynomials of a known degree, which a few exact evaluations of the network give,
and the roots of the differences of scores are where it does something else.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations, pairwise
from math import comb
from typing import Any

import sympy

from extract.network import Network
from extract.run import evaluate_exact
from theory.partition import value_at
from theory.region import Region, Root, apart, ascending, below, between, roots, same
from verify.neural.bounds.combination import is_affine
from verify.neural.bounds.graph import SIGNED

_sympy: Any = sympy
_P: Any = sympy.Symbol("p")


@dataclass(frozen=True)
class Stretch:
    """An interval of a parameter, and what is so between its ends.

    Attributes:
        lower, upper: exact numbers, different from each other.
        answer: what is so.
    """

    lower: Root
    upper: Root
    answer: Any


def bends(network: Network) -> list[str] | None:
    """The tensors whose signs decide where a network is affine; None where that does not do."""
    found: list[str] = []
    for node in network.live:
        varies = [network.node(name).op != "parameter" for name in node.inputs]
        if node.op in SIGNED:
            found.append(node.inputs[0])
        elif node.op not in {"input", "parameter"} and not is_affine(node, varies):
            return None
    return list(dict.fromkeys(found))


def along(
    network: Network, actions: Sequence[str], placed: Region[tuple[Any, ...] | None]
) -> list[Stretch]:
    """What a network does along a parameter.

    Args:
        network: piecewise linear (see `bends`), up to its scores.
        actions: in the order of the scores.
        placed: the features as rational functions of the parameter; None where there are none.

    Returns:
        In order, the action on each stretch: the strictly best, "" on a tie, None where the
        features are none. Single points are left out.
    """
    found: list[Stretch] = []
    for piece in placed.pieces:
        if piece.lower is piece.upper or same(piece.lower, piece.upper):
            continue
        if piece.answer is None:
            found.append(Stretch(piece.lower, piece.upper, None))
            continue
        course = _Course(network, bends(network) or [], piece.answer)
        for lower, upper in course.cuts(piece.lower, piece.upper):
            found.append(Stretch(lower, upper, course.action(lower, upper, actions)))
    return merged(found)


def merged(stretches: Sequence[Stretch]) -> list[Stretch]:
    """Neighbours with one answer as one."""
    found: list[Stretch] = []
    for one in stretches:
        if found and found[-1].answer == one.answer and same(found[-1].upper, one.lower):
            found[-1] = Stretch(found[-1].lower, one.upper, one.answer)
        else:
            found.append(one)
    return found


class _Course:
    """A network on a curve of features."""

    def __init__(self, network: Network, bent: Sequence[str], features: Sequence[Any]) -> None:
        self._network = network
        self._tensors = [*bent, *network.outputs]
        self._bent = len(bent)
        self._features = features
        shared: Any = features[0].denom
        for feature in features[1:]:
            shared = shared.lcm(feature.denom)
        self._shared = shared
        tops = [feature.numer * shared.exquo(feature.denom) for feature in features]
        self._degree = max(
            max(power) for p in [shared, *tops] for power, _ in p.terms() or [((0,), 1)]
        )

    def cuts(self, lower: Root, upper: Root) -> Iterator[tuple[Root, Root]]:
        """Intervals on whose interior the order of the scores is one."""
        waiting = [(lower, upper)]
        while waiting:
            one, other = waiting.pop()
            found = self._crossing(one, other)
            ends = [one, *found, other]
            if found:
                waiting += list(pairwise(ends))[::-1]
            else:
                yield one, other

    def action(self, lower: Root, upper: Root, actions: Sequence[str]) -> str:
        """The strictly best action between two cuts; "" on a tie."""
        lower, upper = apart(lower, upper)
        *_, scores = self._at(between(lower, upper).lower)
        best = [a for a, s in zip(actions, scores, strict=True) if s == max(scores)]
        return best[0] if len(best) == 1 else ""

    def _crossing(self, lower: Root, upper: Root) -> list[Root]:
        """The zeros inside of the first operand that changes its sign, or else of differences of
        scores.
        """
        left, right = apart(lower, upper)
        width = left.upper, right.lower
        points = [
            width[0] + (width[1] - width[0]) * Fraction(at + 1, self._degree + 2)
            for at in range(self._degree + 1)
        ]
        sampled = [self._at(p) for p in points]
        scale = [value_at(self._shared, {self._name: p}) for p in points]
        for tensor in range(self._bent):
            for entry in range(len(sampled[0][tensor])):
                values = [s[tensor][entry] * d for s, d in zip(sampled, scale, strict=True)]
                found = _zeros(points, values, lower, upper)
                if found:
                    return found
        gaps: list[Root] = []
        scores = [[v * d for v in s[-1]] for s, d in zip(sampled, scale, strict=True)]
        for a, b in combinations(range(len(scores[0])), 2):
            for zero in _zeros(points, [s[a] - s[b] for s in scores], lower, upper):
                if not any(same(zero, known) for known in gaps):
                    gaps.append(zero)
        return ascending(gaps)

    @property
    def _name(self) -> str:
        return str(self._shared.ring.symbols[0])

    def _at(self, point: Fraction) -> list[list[Fraction]]:
        """The tensors at a point."""
        at = {self._name: point}
        flat = [value_at(f.numer, at) / value_at(f.denom, at) for f in self._features]
        found: Any = evaluate_exact(self._network, flat, self._tensors)
        return [found[self._network.node(name).name].numbers() for name in self._tensors]


def _zeros(
    points: Sequence[Fraction], values: Sequence[Fraction], lower: Root, upper: Root
) -> list[Root]:
    """The zeros, strictly between two numbers, of the polynomial through some points."""
    low, high = lower.lower, upper.upper
    terms = _local([(x - low) / (high - low) for x in points], values)
    shape = _bernstein(terms)
    if min(shape) >= 0 or max(shape) <= 0:
        return []
    local = (_P - _rational(low)) / _rational(high - low)
    whole = sum((_rational(c) * local**power for power, c in enumerate(terms)), _sympy.Integer(0))
    zeros = [
        zero
        for zero in roots(_sympy.Poly(whole, _P, domain="QQ"))
        if not same(zero, lower) and not same(zero, upper)
    ]
    return ascending(zero for zero in zeros if below(lower, zero) and below(zero, upper))


def _local(points: Sequence[Fraction], values: Sequence[Fraction]) -> list[Fraction]:
    """The coefficients of the polynomial through some points: Newton's divided differences."""
    slopes = list(values)
    for step in range(1, len(points)):
        for at in reversed(range(step, len(points))):
            slopes[at] = (slopes[at] - slopes[at - 1]) / (points[at] - points[at - step])
    terms = [slopes[-1]]
    for slope, point in zip(slopes[-2::-1], points[-2::-1], strict=True):
        shifted = [Fraction(0), *terms]
        for power, c in enumerate(terms):
            shifted[power] -= point * c
        shifted[0] += slope
        terms = shifted
    return terms


def _bernstein(terms: Sequence[Fraction]) -> list[Fraction]:
    """Numbers between which, by sign, a polynomial lies on the unit interval."""
    degree = len(terms) - 1
    return [
        sum((Fraction(comb(i, j), comb(degree, j)) * terms[j] for j in range(i + 1)), Fraction(0))
        for i in range(degree + 1)
    ]


def _rational(value: Fraction) -> Any:
    return _sympy.Rational(value.numerator, value.denominator)
