"""What a formula means: its exact value under an interpretation.

This is the reference. Every engine implements it and is tested against it.

A quantifier ranges over the finite domain of its variable. Enumerations and observations whose
features all have finite sets of values have one of their own; for the others (boxes of reals) the
interpretation lists the points to range over, as when a witness is replayed or a grid is checked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any

from theory.error import InputError
from theory.fold import fold
from theory.operator import OPERATORS
from theory.sort import EnumSort, ObservationSort, Sort
from theory.term import Term

Value = Any
"""Fraction or Enclosure for a real, bool, str for a name, dict of features, or Vector."""


@dataclass(frozen=True)
class Interpretation:
    """The meaning of what a formula leaves open.

    Attributes:
        functions: for each function symbol by name, a function of exact values.
        variables: values of the free variables by name.
        points: for each bound variable by name, the points its quantifiers range over; needed for
            sorts without a finite domain of their own.
    """

    functions: Mapping[str, Callable[..., Value]] = field(
        default_factory=dict[str, Callable[..., Value]]
    )
    variables: Mapping[str, Value] = field(default_factory=dict[str, Value])
    points: Mapping[str, Sequence[Value]] = field(default_factory=dict[str, Sequence[Value]])

    def bind(self, values: Mapping[str, Value]) -> Interpretation:
        """The same with some variables given a value."""
        return Interpretation(self.functions, {**self.variables, **values}, self.points)


def evaluate(term: Term, interpretation: Interpretation) -> Value:
    """The exact value of a term; for a formula True or False.

    Raises:
        InputError: a free variable or a function symbol has no meaning, or a quantifier no finite domain.
        Undecided: an enclosure was too wide to compare (networks with transcendental functions).
    """

    def step(node: Term, values: Sequence[Value]) -> Value:
        match node.operator:
            case "var":
                return _variable(node, interpretation)
            case "apply":
                return _function(node, interpretation)(*values)
            case "forall":
                return all(
                    evaluate(node.arguments[0], interpretation.bind(v))
                    for v in _values(node, interpretation)
                )
            case "exists":
                return any(
                    evaluate(node.arguments[0], interpretation.bind(v))
                    for v in _values(node, interpretation)
                )
            case key:
                meaning = OPERATORS[key].meaning
                if meaning is None:
                    raise InputError(f"operator {key!r} has no meaning")
                return meaning(node.payload, values)

    return fold(term, step, enter=lambda node: node.operator not in {"forall", "exists"})


def finite_domain(sort: Sort) -> Sequence[Value] | None:
    """All values of a sort, or None where there are infinitely many."""
    if isinstance(sort, EnumSort):
        return sort.members
    if isinstance(sort, ObservationSort) and all(f.values is not None for f in sort.features):
        names = [f.name for f in sort.features]
        choices = [f.values or () for f in sort.features]
        return [dict(zip(names, combination, strict=True)) for combination in product(*choices)]
    return None


def _variable(node: Term, interpretation: Interpretation) -> Value:
    name = node.payload[0]
    if name not in interpretation.variables:
        raise InputError(f"the variable {name!r} has no value")
    return interpretation.variables[name]


def _function(node: Term, interpretation: Interpretation) -> Callable[..., Value]:
    name = node.payload.name
    if name not in interpretation.functions:
        raise InputError(f"the function {name!r} has no meaning in this structure")
    return interpretation.functions[name]


def _values(node: Term, interpretation: Interpretation) -> Iterator[Mapping[str, Value]]:
    domains: list[Sequence[Value]] = []
    for name, sort in node.payload:
        domain = interpretation.points.get(name)
        if domain is None:
            domain = finite_domain(sort)
        if domain is None:
            raise InputError(f"the quantifier over {name!r} ranges over infinitely many values")
        domains.append(domain)
    names = [name for name, _ in node.payload]
    for combination in product(*domains):
        yield dict(zip(names, combination, strict=True))
