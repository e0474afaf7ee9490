"""Questions about trajectories: where they begin, and what has to be true at each step."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import reduce
from itertools import product
from typing import Any

from theory.bend import TooManyCases, cases
from theory.course import asked
from theory.fold import fold
from theory.scope import QUANTIFIERS, TEMPORAL
from theory.sort import EnumSort, ObservationSort, RealSort, Sort
from theory.term import Term, and_, or_
from theory.trajectory import Span
from theory.unroll import is_temporal
from theory.value import finite_domain
from theory.world import World
from verify.loop.cell import Cell, Number, at, by_part, scaled
from verify.loop.valuation import MINUS, Valuation
from verify.problem.affine import constant

LARGEST = 4096
"""More starting cells than this are refused: one for each combination of finite features."""


@dataclass(frozen=True)
class Demand:
    """What is asked of a state at some step.

    Attributes:
        must: has to be true there; None where nothing has to.
        leaves: where it is true, the trajectory need not be followed any further, and `must` need
            not be true.
    """

    must: Term | None = None
    leaves: Term | None = None


@dataclass(frozen=True)
class Question:
    """Does every trajectory meet its demands?

    Attributes:
        world: the world.
        variables: the quantified variables over which trajectories begin, and their sorts.
        condition: of what they begin with; over the variables.
        start: the first state; over the variables.
        state: the variable for the present state in the demands.
        demands: for each step, from 0.
        goes_on: whether the same is asked for ever, so that nothing is proved by the last demand.
        endless: whether something has to be reached besides: a trajectory that comes back to where
            it was has not reached it.
    """

    world: World
    variables: tuple[tuple[str, Sort], ...]
    condition: Term
    start: Term
    state: str
    demands: tuple[Demand, ...]
    goes_on: bool = False
    endless: bool = False

    @property
    def steps(self) -> int:
        """How many steps are looked at."""
        return len(self.demands) - 1


@dataclass(frozen=True)
class Temporal:
    """A temporal formula under quantifiers and conditions: `forall x: p implies (always ...)`.

    Attributes:
        variables, condition: as of a `Question`.
        formula: the temporal formula.
    """

    variables: tuple[tuple[str, Sort], ...]
    condition: Term
    formula: Term

    @property
    def span(self) -> Span:
        """What it ranges over."""
        return self.formula.payload

    def bounded(self, steps: int) -> Question:
        """The question about so many steps; of a formula without end, about its first ones.

        There the goal need not be reached within them: what goes on after the last one is open.
        """
        endless = self.span.steps is None
        demands: list[Demand] = []
        for step in range(steps + 1):
            hold, goal = asked(self.formula, step)
            if goal is None:
                demands.append(Demand(hold))
            elif step == steps and not endless:
                demands.append(Demand(goal))
            else:
                demands.append(Demand(None if hold is None else or_(goal, hold), goal))
        span = self.span
        return Question(
            span.world,
            self.variables,
            self.condition,
            self.formula.arguments[0],
            span.state,
            tuple(demands),
            endless,
            endless and self.formula.operator != "always",
        )


def questions(formula: Term) -> list[Temporal] | None:
    """The temporal formulas of which a closed formula is the conjunction, or None where it is of
    another form: with `exists`, with trajectories inside each other, with other networks than the
    policy, or in a world whose states are made of scores.

    Conditions may speak of trajectories: of the same start under watch, say. Those are evaluated
    where a trajectory is tried, and are not used for a proof.
    """
    found: list[Temporal] = []
    stack: list[Temporal] = [Temporal((), and_(), formula)]
    while stack:
        part = stack.pop()
        body = part.formula
        match body.operator:
            case "forall":
                names = [name for name, _ in part.variables]
                if any(name in names for name, _ in body.payload):
                    return None
                stack.append(
                    replace(
                        part, variables=(*part.variables, *body.payload), formula=body.arguments[0]
                    )
                )
            case "implies" if _can_be_tried(body.arguments[0]):
                joined = and_(part.condition, body.arguments[0])
                stack.append(replace(part, condition=joined, formula=body.arguments[1]))
            case "and":
                stack += [replace(part, formula=one) for one in reversed(body.arguments)]
            case key if key in TEMPORAL and not any(map(is_temporal, body.arguments)):
                if not all(map(_can_be_followed, (*body.arguments, part.condition))):
                    return None
                if any(map(asks, _states(body))):
                    return None
                found.append(part)
            case _:
                return None
    return found


def _can_be_tried(condition: Term) -> bool:
    """Whether a condition can be evaluated, if it speaks of trajectories: of finitely many."""

    def step(node: Term, parts: Sequence[bool]) -> bool:
        if node.operator in TEMPORAL:
            span: Span = node.payload
            choices = span.world.choice_sort
            if span.steps is None or (choices is not None and finite_domain(choices) is None):
                return False
        return all(parts)

    return fold(condition, step)


def _can_be_followed(formula: Term) -> bool:
    """Whether a formula has no quantifiers, and asks no network but the policy."""

    def step(node: Term, parts: Sequence[bool]) -> bool:
        other = node.operator == "apply" and node.payload.name != "score"
        return all(parts) and not other and node.operator not in QUANTIFIERS

    return fold(formula, step)


def asks(term: Term) -> bool:
    """Whether a term asks a network."""
    return fold(term, lambda node, parts: node.operator == "apply" or any(parts))


def _states(formula: Term) -> Iterator[Term]:
    """What the states of a temporal formula's trajectories are, and what is observed of them."""
    span: Span = formula.payload
    yield formula.arguments[0]
    yield from span.world.moves.values()
    if span.world.observation is not None:
        yield span.world.observation


@dataclass(frozen=True)
class Root:
    """A cell in which trajectories begin.

    Attributes:
        cell: the free numbers.
        environment: the quantified variables as functions of them.
        state: the first state.
        given: a formula that is true where a trajectory begins.
        sure: whether it is true on the whole cell.
    """

    cell: Cell
    environment: Mapping[str, Any]
    state: Mapping[str, Number]
    given: Term
    sure: bool

    def values(self, point: tuple[Fraction, ...]) -> dict[str, Any]:
        """The quantified variables at a point."""
        return {
            name: by_part(one, lambda x: at(x, point)) for name, one in self.environment.items()
        }


def roots(question: Question) -> Iterator[Root]:
    """The cells in which trajectories begin: one for each combination of finite values.

    Raises:
        TooManyCases: there are too many.
    """
    lower: list[Fraction] = []
    upper: list[Fraction] = []
    options: list[list[tuple[tuple[str, str], Any]]] = []
    for name, sort in question.variables:
        for component, listed, low, high in _components(sort):
            if listed is None and low < high:
                _, number = Cell(tuple(lower), tuple(upper)).grown(low, high)
                lower.append(low)
                upper.append(high)
                options.append([((name, component), number)])
            else:
                values = [low] if listed is None else listed
                options.append([((name, component), _known(value)) for value in values])
    count = 1
    for listed_ in options:
        count *= len(listed_)
    if count > LARGEST:
        raise TooManyCases(f"trajectories begin in {count} combinations of finite values")
    whole = Cell(tuple(lower), tuple(upper))
    starts = cases(question.start)
    for chosen in product(*options):
        environment = _environment(question.variables, chosen)
        for case in starts:
            given = and_(question.condition, case.guard)
            cell = cut_by(Valuation(whole, environment), given)
            if cell is not None:
                begun = Valuation(cell, environment)
                sure = begun.truth(given) is True
                yield Root(cell, environment, begun.record(case.value), given, sure)


def cut_by(valuation: Valuation, formula: Term) -> Cell | None:
    """The cell without points at which a formula is false; None where it is false everywhere.

    Of alternatives it is the smallest cell around what each of them leaves.
    """
    if valuation.truth(formula) is False:
        return None
    cell = _cut(valuation, formula, True)
    if cell is None or cell is valuation.cell:
        return cell
    return None if replace(valuation, cell=cell).truth(formula) is False else cell


def _cut(valuation: Valuation, formula: Term, side: bool) -> Cell | None:
    """The cell without points at which a formula does not have a truth value."""
    match formula.operator, side:
        case "not", _:
            return _cut(valuation, formula.arguments[0], not side)
        case ("and", True) | ("or", False):
            return _cut_by_all(valuation, [(part, side) for part in formula.arguments])
        case ("and", False) | ("or", True):
            return _cut_by_some(valuation, [(part, side) for part in formula.arguments])
        case "implies", _:
            antecedent, consequent = formula.arguments
            join = _cut_by_some if side else _cut_by_all
            return join(valuation, [(antecedent, not side), (consequent, side)])
        case (("lt" | "le" | "eq"), _):
            return _cut_by_comparison(valuation, formula, side)
        case _:
            return None if valuation.truth(formula) is (not side) else valuation.cell


def _cut_by_all(valuation: Valuation, parts: Sequence[tuple[Term, bool]]) -> Cell | None:
    cell: Cell | None = valuation.cell
    for part, side in parts:
        if cell is None:
            return None
        here = valuation if cell is valuation.cell else replace(valuation, cell=cell)
        cell = _cut(here, part, side)
    return cell


def _cut_by_some(valuation: Valuation, parts: Sequence[tuple[Term, bool]]) -> Cell | None:
    left = [one for part, side in parts if (one := _cut(valuation, part, side)) is not None]
    if any(one is valuation.cell for one in left):
        return valuation.cell
    return reduce(Cell.join, left) if left else None


def _cut_by_comparison(valuation: Valuation, comparison: Term, side: bool) -> Cell | None:
    sides = valuation.difference(comparison)
    if sides is None:
        return None if valuation.truth(comparison) is (not side) else valuation.cell
    if comparison.operator != "eq":
        return valuation.cell.cut(sides if side else scaled(sides, MINUS))
    if not side:
        return valuation.cell
    cell = valuation.cell.cut(sides)
    return cell and cell.cut(scaled(sides, MINUS))


def _components(
    sort: Sort,
) -> Iterator[tuple[str, list[Any] | None, Fraction, Fraction]]:
    """Name, finite values or None, and range of everything that a value of a sort is made of."""
    zero = Fraction(0)
    match sort:
        case ObservationSort(features=features):
            for feature in features:
                values = None if feature.values is None else list(feature.values)
                yield feature.name, values, feature.lower, feature.upper
        case RealSort(lower=low, upper=high) if low is not None and high is not None:
            yield "", None, low, high
        case EnumSort(members=members):
            yield "", list(members), zero, zero
        case _:
            raise TooManyCases(f"trajectories cannot begin over {sort}")


def _known(value: Any) -> Any:
    return constant(value) if isinstance(value, Fraction) else value


def _environment(
    variables: tuple[tuple[str, Sort], ...], chosen: tuple[tuple[tuple[str, str], Any], ...]
) -> dict[str, Any]:
    environment: dict[str, Any] = {}
    for name, sort in variables:
        parts = {component: value for (owner, component), value in chosen if owner == name}
        environment[name] = parts if isinstance(sort, ObservationSort) else parts[""]
    return environment
