"""What a formula means: its exact value under an interpretation.

This is the reference. Every engine implements it and is tested against it.

A quantifier ranges over the finite domain of its variable. Enumerations and observations whose
features all have finite sets of values have one of their own; for the others (boxes of reals) the
interpretation lists the points to range over, as when a witness is replayed or a grid is checked.

Networks with transcendental functions have enclosures for values, and a comparison of enclosures
that overlap is undecided. It leaves a formula undecided only where its answer matters: `p or q` is
true where p is, whatever q (Kleene's strong logic).

A temporal formula follows all its trajectories (`theory.course`); where others choose from a box of
reals, the interpretation lists what they choose at each step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any

from theory import course
from theory.enclosure import Undecided
from theory.error import InputError
from theory.fold import fold
from theory.operator import OPERATORS, Operator
from theory.scope import QUANTIFIERS, TEMPORAL
from theory.term import Term
from theory.value import Value, conform, finite_domain, points

BINDERS = QUANTIFIERS | TEMPORAL
CONNECTIVES = frozenset({"not", "and", "or", "implies", "iff"})


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
        InputError: a free variable or a function symbol has no meaning, a value is not of its
            sort, or a quantifier has no finite domain or is given a point outside its domain.
        Undecided: enclosures are too wide to decide the formula.
    """
    value = _evaluate(term, interpretation)
    if isinstance(value, Undecided):
        raise value
    return value


def _evaluate(term: Term, interpretation: Interpretation) -> Value:
    """As `evaluate`, but an undecided value is returned, not raised."""

    def step(node: Term, values: Sequence[Value]) -> Value:
        row = OPERATORS[node.operator]
        match node.operator:
            case "var":
                return _variable(node, interpretation)
            case "apply":
                return _strict(_function(node, interpretation), values)
            case "forall":
                return _search(node, interpretation, wanted=False)
            case "exists":
                return _search(node, interpretation, wanted=True)
            case key if key in TEMPORAL:
                return _followed(node, interpretation)
            case "if":
                return _alternative(values)
            case key if key in CONNECTIVES:
                return _connect(row, node.payload, values)
            case _:
                meaning = _meaning(row)
                return _strict(lambda *known: meaning(node.payload, known), values)

    return fold(term, step, enter=lambda node: node.operator not in BINDERS)


def _meaning(row: Operator) -> Callable[[Any, Sequence[Value]], Value]:
    if row.meaning is None:
        raise InputError(f"operator {row.key!r} has no meaning")
    return row.meaning


def _strict(function: Callable[..., Value], values: Sequence[Value]) -> Value:
    """The function's value; undecided where an argument or the function itself is."""
    for value in values:
        if isinstance(value, Undecided):
            return value
    try:
        return function(*values)
    except Undecided as undecided:
        return undecided


def _connect(row: Operator, payload: Any, values: Sequence[Value]) -> Value:
    """The connective's value, decided where no answer to its undecided arguments changes it."""
    meaning = _meaning(row)
    open_at = [at for at, value in enumerate(values) if isinstance(value, Undecided)]
    if not open_at:
        return meaning(payload, values)
    guesses = product((False, True), repeat=len(open_at))
    if row.arity is None:  # `and` and `or` are monotone: the extremes are enough
        guesses = ((truth,) * len(open_at) for truth in (False, True))
    answers: set[bool] = set()
    for guess in guesses:
        guessed = dict(zip(open_at, guess, strict=True))
        answers.add(meaning(payload, [guessed.get(at, value) for at, value in enumerate(values)]))
    return answers.pop() if len(answers) == 1 else values[open_at[0]]


def _alternative(values: Sequence[Value]) -> Value:
    """The value of the side that applies; the other may have none."""
    condition, then, otherwise = values
    if isinstance(condition, Undecided):
        return condition
    return then if condition else otherwise


def _followed(node: Term, interpretation: Interpretation) -> Value:
    """The truth of a temporal formula."""
    start = _evaluate(node.arguments[0], interpretation)
    if isinstance(start, Undecided):
        return start
    try:
        followed = course.probable if node.operator == "probably" else course.follow
        return followed(node, start, interpretation, _evaluate)
    except Undecided as undecided:
        return undecided


def _search(node: Term, interpretation: Interpretation, *, wanted: bool) -> Value:
    """`wanted` where the body has that value somewhere, else the other truth value."""
    open_question: Undecided | None = None
    for values in _values(node, interpretation):
        value = _evaluate(node.arguments[0], interpretation.bind(values))
        if isinstance(value, Undecided):
            open_question = value
        elif value == wanted:
            return wanted
    return open_question if open_question is not None else not wanted


def _variable(node: Term, interpretation: Interpretation) -> Value:
    name, sort = node.payload
    if name not in interpretation.variables:
        raise InputError(f"the variable {name!r} has no value")
    return conform(interpretation.variables[name], sort, name)


def _function(node: Term, interpretation: Interpretation) -> Callable[..., Value]:
    symbol = node.payload
    function = interpretation.functions.get(symbol.name)
    if function is None:
        raise InputError(f"the function {symbol.name!r} has no meaning in this structure")
    return lambda *values: conform(function(*values), symbol.codomain, symbol.name)


def _values(node: Term, interpretation: Interpretation) -> Iterator[Mapping[str, Value]]:
    domains: list[Sequence[Value]] = []
    for name, sort in node.payload:
        listed = interpretation.points.get(name)
        domain = finite_domain(sort) if listed is None else listed
        if domain is None:
            raise InputError(f"the quantifier over {name!r} ranges over infinitely many values")
        if listed is not None:
            domain = points(listed, sort, name)
        domains.append(domain)
    names = [name for name, _ in node.payload]
    for combination in product(*domains):
        yield dict(zip(names, combination, strict=True))
