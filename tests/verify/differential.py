"""Comparing engines with the reference semantics: cases, judges, and what contradicts them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import product
from random import Random
from typing import Any

from engine_case import Tiny
from sweep import Affine, false_somewhere

from extract.network import Network
from theory import Interpretation, Term, evaluate
from theory.enclosure import Undecided
from theory.sort import EnumSort, ObservationSort, RealSort, Sort
from verify.answer import Answer, Deadline
from verify.problem import Problem, compile_goal
from verify.problem.goal import undecidable_parts
from verify.problem.graph import NotRepresentable
from verify.problem.problem import NOTHING

Engine = Callable[[Problem, Deadline], Answer]
Point = dict[str, Any]
"""A value for each quantified variable of the prefix."""


@dataclass(frozen=True)
class Case:
    """A closed formula and its networks, in both forms.

    Attributes:
        formula: closed.
        tinies: the network of each function symbol.
        functions: the same as the meaning of the symbols, in plain Python.
        seed: of the points that the judge tries.
        smooth: some network is not piecewise affine.
        networks: the graphs, where they are not those of the tiny networks.
    """

    formula: Term
    tinies: Mapping[str, Tiny]
    functions: Mapping[str, Callable[..., Any]]
    seed: int = 0
    smooth: bool = False
    networks: Mapping[str, Network] = field(default_factory=dict[str, Network])

    def problem(self) -> Problem:
        """The question whether the formula can be false."""
        networks = self.networks or {name: t.network(name) for name, t in self.tinies.items()}
        return compile_goal(self.formula, networks, wanted=False)

    def true_at(self, point: Point) -> bool:
        """The exact value of the formula with the variables of its prefix at a point.

        Raises:
            Undecided: a smooth function's enclosure is too wide.
        """
        points = {name: [value] for name, value in point.items()}
        return evaluate(self.formula, Interpretation(self.functions, points=points))

    def __repr__(self) -> str:
        parts = [f"{name}: {tiny}" for name, tiny in self.tinies.items()]
        return f"<{self.formula}, " + "; ".join(parts) + ">"


def prefix(formula: Term) -> list[tuple[str, Sort]]:
    """The variables of the universal quantifiers that a formula begins with."""
    found: list[tuple[str, Sort]] = []
    while formula.operator == "forall":
        found += formula.payload
        formula = formula.arguments[0]
    return found


def finite(sort: Sort) -> bool:
    """Whether a sort has finitely many values."""
    if isinstance(sort, ObservationSort):
        return all(f.values is not None or f.lower == f.upper for f in sort.features)
    return isinstance(sort, EnumSort)


def whole_truth(case: Case) -> bool | None:
    """Whether the formula is true, where that can be found out exactly, without an engine.

    That is so where all its variables have finitely many values, and where the prefix has one real
    number among its components, which is then swept.
    """
    variables = prefix(case.formula)
    if case.smooth:
        return None
    if all(finite(sort) for _, sort in variables):
        return evaluate(case.formula, Interpretation(case.functions))
    ranges = [
        (name, part, low, high)
        for name, sort in variables
        for part, low, high in _ranges(sort)
        if low < high
    ]
    if len(ranges) != 1:
        return None
    ((name, part, low, high),) = ranges
    for point in _finite_points(variables):

        def formula(t: Affine, point: Point = point) -> bool:
            return case.true_at(_replaced(point, name, part, t))

        if false_somewhere(formula, low, high) is not None:
            return False
    return True


def counterexample(case: Case, tries: int = 40, lines: int = 6) -> Point | None:
    """A point at which the formula is false, if points and lines at random happen to meet one.

    Tries the corners, points at random, and every point of some lines through the box.
    """
    random = Random(case.seed)
    variables = prefix(case.formula)
    for point in [*_corners(variables, random), *(_point(variables, random) for _ in range(tries))]:
        if _false(case, point):
            return point
    for _ in range(0 if case.smooth else lines):
        start = _point(variables, random)
        end = _moved(variables, start, _point(variables, random))

        def along(t: Affine, start: Point = start, end: Point = end) -> bool:
            return case.true_at(_between(start, end, t))

        t = false_somewhere(along, Fraction(0), Fraction(1))
        if t is not None:
            return _between(start, end, t)
    return None


def witness_point(problem: Problem, values: Sequence[Fraction]) -> Point:
    """An engine's point by quantified variable."""
    point: Point = {}
    for variable, value in zip(problem.variables, values, strict=True):
        if variable == NOTHING:
            continue
        if variable.component:
            point.setdefault(variable.owner, {})[variable.component] = value
        else:
            point[variable.owner] = value
    return point


def contradiction(case: Case, problem: Problem, answer: Answer, truth: bool | None) -> str | None:
    """What is wrong with an engine's answer, or None where nothing is known to be.

    Args:
        case: the case.
        problem: the question that the engine was asked.
        answer: its answer.
        truth: whether the formula is true, where that is known.
    """
    if answer.reached is None:
        return None
    if not answer.reached:
        if truth is False:
            return "claims that a false formula holds"
        missed = counterexample(case) if truth is None else None
        return None if missed is None else f"claims that a formula holds that fails at {missed}"
    if truth is True:
        return "claims that a true formula is violated"
    if answer.point is None or not problem.inside(answer.point):
        return "gives a witness outside the box"
    point = witness_point(problem, answer.point)
    names = {name for name, _ in prefix(case.formula)}
    if not set(point) <= names:
        return None  # it also chose for inner quantifiers; `truth` has judged those
    return None if _false(case, point) else f"gives a witness at which the formula is true: {point}"


def compare(case: Case, engines: Mapping[str, tuple[Engine, float]]) -> dict[str, Answer]:
    """Ask every engine, with its time in seconds, and compare all answers with each other.

    Raises:
        AssertionError: an answer is contradicted by the reference semantics or by another engine.
    """
    try:
        problem = case.problem()
    except NotRepresentable:
        return {}
    if undecidable_parts(problem.goal):
        return {}
    truth = whole_truth(case)
    answers: dict[str, Answer] = {}
    for name, (engine, seconds) in engines.items():
        answer = engine(problem, Deadline.after(seconds))
        fault = contradiction(case, problem, answer, truth)
        assert fault is None, f"{name} {fault}\n{case!r}"
        answers[name] = answer
    said = {answer.reached for answer in answers.values()} - {None}
    assert len(said) < 2, f"the engines disagree: {answers}\n{case!r}"
    return answers


def _false(case: Case, point: Point) -> bool:
    try:
        return not case.true_at(point)
    except Undecided:
        return False


def _ranges(sort: Sort) -> list[tuple[str, Fraction, Fraction]]:
    if isinstance(sort, ObservationSort):
        return [(f.name, f.lower, f.upper) for f in sort.features if f.values is None]
    if isinstance(sort, RealSort) and sort.lower is not None and sort.upper is not None:
        return [("", sort.lower, sort.upper)]
    return []


def _replaced(point: Point, name: str, part: str, value: Fraction) -> Point:
    return {**point, name: {**point[name], part: value} if part else value}


def _finite_points(variables: Sequence[tuple[str, Sort]]) -> Iterator[Point]:
    """All choices of the finite components; ranges at their lower ends."""
    choices: list[list[Any]] = []
    for _, sort in variables:
        if isinstance(sort, ObservationSort):
            rows = product(*(f.values or (f.lower,) for f in sort.features))
            names = [f.name for f in sort.features]
            choices.append([dict(zip(names, row, strict=True)) for row in rows])
        elif isinstance(sort, EnumSort):
            choices.append(list(sort.members))
        else:
            choices.append([low for _, low, _ in _ranges(sort)])
    for chosen in product(*choices):
        yield dict(zip((name for name, _ in variables), chosen, strict=True))


def _value(sort: Sort, pick: Callable[[Sequence[Any]], Any], share: Callable[[], Fraction]) -> Any:
    if isinstance(sort, ObservationSort):
        return {
            f.name: pick(f.values)
            if f.values is not None
            else f.lower + (f.upper - f.lower) * share()
            for f in sort.features
        }
    if isinstance(sort, EnumSort):
        return pick(sort.members)
    ((_, low, high),) = _ranges(sort)
    return low + (high - low) * share()


def _point(variables: Sequence[tuple[str, Sort]], random: Random) -> Point:
    def share() -> Fraction:
        fine = random.choice((4, 64, 10**6))
        return Fraction(random.randint(0, fine), fine)

    return {name: _value(sort, random.choice, share) for name, sort in variables}


def _corners(variables: Sequence[tuple[str, Sort]], random: Random) -> list[Point]:
    def share() -> Fraction:
        return Fraction(random.randint(0, 1))

    return [{n: _value(s, random.choice, share) for n, s in variables} for _ in range(12)]


def _moved(variables: Sequence[tuple[str, Sort]], start: Point, end: Point) -> Point:
    """The end point with the finite components of the start."""
    moved = dict(start)
    for name, sort in variables:
        for part, _, _ in _ranges(sort):
            moved = _replaced(moved, name, part, end[name][part] if part else end[name])
    return moved


def _between(start: Point, end: Point, t: Fraction) -> Point:
    """start + t (end - start); names and components that agree stay as they are."""

    def mixed(a: Any, b: Any) -> Any:
        if isinstance(a, dict):
            return {key: mixed(value, b[key]) for key, value in a.items()}
        return a if isinstance(a, str) or a == b else t * (b - a) + a

    return {name: mixed(start[name], end[name]) for name in start}
