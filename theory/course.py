"""The exact meaning of a temporal formula: all its trajectories are followed.

Trajectories that meet at a state are followed once, so that a world with finitely many reachable
states has an answer even for ever.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING, Any

from theory.enclosure import Undecided
from theory.error import InputError
from theory.finite.engine import PLAIN, Engine
from theory.finite.reach import reach
from theory.finite.value import Best
from theory.meaning import choice
from theory.node import Term
from theory.process import Process
from theory.value import Value, Vector, finite_domain, points
from theory.world import STATE, World, moment

if TYPE_CHECKING:
    from theory.semantics import Interpretation
    from theory.trajectory import Span

LARGEST = 100_000
"""More states than this at one step, or altogether where there is no last step, are refused."""

Evaluate = Callable[..., Value]
"""`evaluate(term, interpretation)`, which gives Undecided instead of raising it."""


@dataclass(frozen=True)
class Place:
    """A state that a trajectory may have come to.

    Attributes:
        state: the state.
        sure: whether some trajectory certainly comes here; enclosures may leave that open.
    """

    state: Value
    sure: bool


def follow(
    node: Term, start: Value, interpretation: Interpretation, evaluate: Evaluate
) -> bool | Undecided:
    """The truth of a temporal formula from a state.

    Args:
        node: the formula.
        start: where its trajectories begin.
        interpretation: of what else the formula speaks of; `points` may list, under the name of a
            choice at a step, what is chosen there.
        evaluate: the evaluation of terms.

    Raises:
        InputError: a choice has no finite domain, or there are too many states.
    """
    span: Span = node.payload
    course = _Course(span, interpretation, evaluate)
    here: dict[Any, Place] = {_key(start): Place(start, True)}
    seen: dict[Any, Place] = {}
    edges: dict[Any, list[Any]] = {}
    doubt: Undecided | None = None
    step = 0
    for_ever = span.steps is None and node.operator != "always"
    while here:
        kept: dict[Any, Place] = {}
        hold, goal = asked(node, step)
        for key, place in here.items():
            reached = False if goal is None else course.truth(goal, place.state)
            if reached is True:
                continue
            held = True if hold is None else course.truth(hold, place.state)
            last = span.steps is not None and step == span.steps
            fails = held is False or (last and goal is not None)
            if fails and place.sure and reached is False:
                return False
            for truth in (reached, held):
                doubt = truth if isinstance(truth, Undecided) else doubt
            if fails:
                doubt = doubt or Undecided("whether a trajectory comes to a state is left open")
                continue
            certain = place.sure and reached is False and held is True
            kept[key] = Place(place.state, certain)
        if span.steps is not None and step == span.steps:
            break
        here = {}
        for key, place in kept.items():
            for state, sure in course.successors(place.state, step):
                if isinstance(sure, Undecided):
                    doubt = sure
                then = Place(state, place.sure and sure is True)
                edges.setdefault(key, []).append(_key(state))
                old = here.get(_key(state))
                here[_key(state)] = Place(state, then.sure or bool(old and old.sure))
        seen |= kept
        if for_ever and doubt is None and step & (step - 1) == 0 and _circles(edges, seen):
            return False  # the others may go on to ever new states
        if span.steps is None:
            here = {k: p for k, p in here.items() if k not in seen or (p.sure and not seen[k].sure)}
        if len(here) > LARGEST or (span.steps is None and len(seen) > LARGEST):
            raise InputError(f"{span.world.name} comes to more than {LARGEST} states")
        step += 1
    if for_ever and _circles(edges, seen):
        return doubt if doubt is not None else False
    return doubt if doubt is not None else True


def probable(node: Term, start: Value, interpretation: Interpretation, evaluate: Evaluate) -> bool:
    """Whether the probability of `hold until goal` from a state is within its bound.

    Raises:
        InputError: a choice has no finite domain, or there are too many states.
        Undecided: enclosures leave open what happens.
    """
    span: Span = node.payload
    course = _Course(span, interpretation, evaluate)
    _, hold, goal = node.arguments
    names = {_key(start): "0"}
    waiting = [(start, 0)]
    reached: set[str] = set()
    rows: dict[str, dict[str, dict[str, Fraction]]] = {}
    for state, step in waiting:
        row = rows[names[_key(state)]] = dict[str, dict[str, Fraction]]()
        if course.certain(goal, state):
            reached.add(names[_key(state)])
            continue
        if step == span.steps or not course.certain(hold, state):
            continue
        for number, outcomes in enumerate(course.lotteries(state)):
            shares = row[str(number)] = dict[str, Fraction]()
            for after, share in outcomes:
                if _key(after) not in names:
                    names[_key(after)] = str(len(names))
                    waiting.append((after, step + 1))
                name = names[_key(after)]
                shares[name] = shares.get(name, Fraction(0)) + share
        if len(names) > LARGEST:
            raise InputError(f"{span.world.name} comes to more than {LARGEST} states")
    found = probabilities(span, Process(rows), reached)
    return span.bound is not None and span.bound.met(found["0"])


def probabilities(
    span: Span, process: Process, goal: Iterable[str], engine: Engine = PLAIN
) -> Mapping[str, Fraction]:
    """For every state of a process the probability of getting to a goal in the steps of a span,
    where what is chosen is chosen as is worst for its bound.
    """
    best: Best = "max" if span.bound is not None and not span.bound.least else "min"
    answer = reach(process, goal, within=span.steps, best=best, engine=engine)
    return {state: p for state, p in answer.values.items() if isinstance(p, Fraction)}


def asked(node: Term, step: int) -> tuple[Term | None, Term | None]:
    """What has to hold at a step, unless that is true which has to be reached."""
    match node.operator:
        case "always":
            return node.arguments[1], None
        case "next":
            return (node.arguments[1] if step == 1 else None), None
        case "eventually":
            return None, node.arguments[1]
        case _:
            return node.arguments[1], node.arguments[2]


@dataclass(frozen=True)
class _Course:
    span: Span
    interpretation: Interpretation
    evaluate: Evaluate

    def truth(self, formula: Term, state: Value) -> bool | Undecided:
        """Whether a formula is true at a state."""
        return self.evaluate(formula, self.interpretation.bind({self.span.state: state}))

    def successors(self, state: Value, step: int) -> Iterator[tuple[Value, bool | Undecided]]:
        """The states after one step, and whether the action that leads there may be taken."""
        world = self.span.world
        for action, taken in may_take(world, state, self.interpretation, self.evaluate):
            for chosen in self._choices(step):
                yield (
                    advance(world, state, action, chosen, self.interpretation, self.evaluate),
                    taken,
                )

    def certain(self, formula: Term, state: Value) -> bool:
        """The same; Undecided is raised."""
        truth = self.truth(formula, state)
        if isinstance(truth, Undecided):
            raise truth
        return truth

    def lotteries(self, state: Value) -> Iterator[list[tuple[Value, Fraction]]]:
        """For everything that may be done at a state, the next states with their shares."""
        world = self.span.world
        for action, taken in may_take(world, state, self.interpretation, self.evaluate):
            if isinstance(taken, Undecided):
                raise taken
            for lots in world.lotteries():
                yield [
                    (
                        advance(world, state, action, chosen, self.interpretation, self.evaluate),
                        share,
                    )
                    for chosen, share in lots
                ]

    def _choices(self, step: int) -> Sequence[Value | None]:
        sort = self.span.world.choice_sort
        if sort is None:
            return [None]
        name = moment(sort.name, step)
        listed = self.interpretation.points.get(name)
        if listed is not None:
            return points(listed, sort, name)
        domain = finite_domain(sort)
        if domain is None:
            raise InputError(f"the choice {name!r} ranges over infinitely many values")
        return domain


def may_take(
    world: World, state: Value, interpretation: Interpretation, evaluate: Evaluate
) -> Iterator[tuple[str, bool | Undecided]]:
    """The actions that may be taken at a state: True, or Undecided where that is left open."""
    if world.observation is None:
        yield from ((action, True) for action in world.agent.actions)
        return
    scores = evaluate(world.agent.score(world.observation), interpretation.bind({STATE: state}))
    ties = "first" if world.agent.ties == "first" else "any"
    for action in world.agent.actions:
        if isinstance(scores, Undecided):
            yield action, scores
            continue
        try:
            if choice(ties, (scores, action)):
                yield action, True
        except Undecided as undecided:
            yield action, undecided


def advance(
    world: World,
    state: Value,
    action: str,
    chosen: Value | None,
    interpretation: Interpretation,
    evaluate: Evaluate,
) -> Value:
    """The state after an action and a choice.

    Raises:
        Undecided: enclosures leave it open.
    """
    values: dict[str, Value] = {STATE: state}
    if world.choice_sort is not None and chosen is not None:
        values[world.choice_sort.name] = chosen
    after = evaluate(world.moves[action], interpretation.bind(values))
    if isinstance(after, Undecided):
        raise after
    return after


def _key(state: Value) -> Any:
    """A state as a key of dictionaries."""
    return tuple(state.entries) if isinstance(state, Vector) else tuple(state.values())


def _circles(edges: Mapping[Any, Sequence[Any]], kept: Mapping[Any, Place]) -> bool:
    """Whether some trajectory can go on for ever among the kept states."""
    inner = {key: [one for one in edges.get(key, ()) if one in kept] for key in kept}
    try:
        TopologicalSorter(inner).prepare()
    except CycleError:
        return True
    return False
