"""A finite process or game as a world for an agent, so that formulas can speak of its trajectories.

A state is a number, its position in the process; what the agent observes there is looked up. What
is left to chance is drawn: one draw, the same for all states and actions, is an interval of [0, 1]
between two ends of the intervals that all rows of probabilities cut it into, which fixes the next
state. In states of an opponent it is the opponent who moves, whatever the agent's action.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate, pairwise
from typing import Any

from theory.agent import Agent
from theory.error import InputError
from theory.finite import arena
from theory.node import Term, build
from theory.rational import Exact, exact
from theory.sort import Feature
from theory.table import Table
from theory.term import eq, or_
from theory.value import Value
from theory.world import World, world

AT, DRAW, MOVE = "at", "draw", "move"
LARGEST = 2_000_000
"""Longer tables than this are refused: one entry for every state, move and draw."""

Seen = Mapping[str, Exact] | Sequence[Exact]
"""What the agent observes: by feature, or all features in their order."""


@dataclass(frozen=True, eq=False, kw_only=True)
class ProcessWorld(World):
    """A world that is a finite process.

    Attributes:
        names: of the states, by position.
    """

    names: tuple[str, ...]

    def among(self, state: Term, names: Iterable[str]) -> Term:
        """The formula that a state is one of these.

        Raises:
            InputError: the process has no such state.
        """
        places: list[int] = []
        for name in names:
            if name not in self.names:
                raise InputError(f"{self.name}: there is no state {name!r}")
            places.append(self.names.index(name))
        return or_(*(eq(state[AT], place) for place in places))

    def label(self, state: Value) -> str:
        """The name of a state."""
        return self.names[int(state[AT])]


def process_world(
    agent: Agent,
    played: arena.World,
    observe: Callable[[str], Seen],
    *,
    chooser: str = "others",
    name: str = "process",
) -> ProcessWorld:
    """The world in which an agent acts in a finite process, or against an opponent in a game.

    In a terminal state nothing changes any more. In every other state that is not an opponent's,
    each of the agent's actions can be taken.

    Args:
        agent: who acts; its actions have the names of those of the process.
        played: the process or game. Its rewards do not matter here.
        observe: from a state to what the agent sees there.
        chooser: how formulas call the draws of chance and the moves of the opponent.
        name: how formulas call the world.

    Raises:
        InputError: a state lacks an action of the agent or has another one, an observation does not
            fit, or the process is too large.
    """
    process = arena.process_of(played)
    opponent = played.opponent if isinstance(played, arena.Game) else frozenset[str]()
    names = process.states
    if not names:
        raise InputError(f"{name}: the process has no state")
    if all(state.isdecimal() for state in names):  # so that, mostly, state "7" is at 7
        names = tuple(sorted(names, key=int))
    _check_actions(agent, played, name)
    ends = _ends(played)
    moves = max([1, *(len(process.actions(state)) for state in opponent)])
    size = len(names) * moves * (len(ends) - 1)
    if size > LARGEST:
        raise InputError(f"{name}: {len(names)} states, {moves} moves, {len(ends) - 1} draws")
    choices: list[Feature] = []
    odds: dict[str, dict[Exact, Exact]] = {}
    if len(ends) > 2:
        choices.append(Feature(DRAW, values=range(len(ends) - 1)))
        odds[DRAW] = {at: high - low for at, (low, high) in enumerate(pairwise(ends))}
    if moves > 1:
        choices.append(Feature(MOVE, values=range(moves)))

    position = {state: at for at, state in enumerate(names)}

    def entries(action: str) -> Iterable[int]:
        for state in names:
            for move in range(moves):
                yield from _arrivals(played, state, action, move, ends, position)

    def step(s: Term, action: str, others: Term | None = None) -> dict[str, Any]:
        place = s[AT]
        if others is not None and moves > 1:
            place = place * moves + others[MOVE]
        if others is not None and len(ends) > 2:
            place = place * (len(ends) - 1) + others[DRAW]
        return {AT: _lookup(f"after_{action}", map(Fraction, entries(action)), place)}

    seen = [_seen(agent, observe(state), f"{name}: state {state!r}") for state in names]

    def look(s: Term) -> dict[str, Term]:
        columns = zip(agent.features, zip(*seen, strict=True), strict=True)
        return {f.name: _lookup(f"{f.name}_at", column, s[AT]) for f, column in columns}

    made = world(
        agent, step, state=[Feature(AT, values=range(len(names)))], observe=look,
        choices=choices, chooser=chooser, odds=odds, name=name,
    )  # fmt: skip
    return ProcessWorld(
        made.agent, made.name, made.state_sort, made.choice_sort, made.observation, made.moves,
        made.odds, names=names,
    )  # fmt: skip


def _check_actions(agent: Agent, played: arena.World, name: str) -> None:
    process = arena.process_of(played)
    opponent = played.opponent if isinstance(played, arena.Game) else frozenset[str]()
    for state in process.states:
        actions = process.actions(state)
        if not actions or state in opponent:
            continue
        if odd := [one for one in actions if one not in agent.actions]:
            raise InputError(f"{name}: state {state!r}: the agent has no action {odd[0]!r}")
        if missing := [one for one in agent.actions if one not in actions]:
            raise InputError(f"{name}: state {state!r} has no action {missing[0]!r}")


def _ends(played: arena.World) -> list[Fraction]:
    """Where the rows of probabilities cut [0, 1], both ends included."""
    found = {Fraction(0), Fraction(1)}
    for actions in arena.process_of(played).transitions.values():
        for outcomes in actions.values():
            found.update(accumulate(outcomes.values()))
    return sorted(found)


def _arrivals(
    played: arena.World,
    state: str,
    action: str,
    move: int,
    ends: Sequence[Fraction],
    position: Mapping[str, int],
) -> Iterable[int]:
    """For each draw the position of the next state."""
    process = arena.process_of(played)
    actions = process.actions(state)
    if not actions:
        yield from [position[state]] * (len(ends) - 1)
        return
    if isinstance(played, arena.Game) and state in played.opponent:
        action = actions[min(move, len(actions) - 1)]
    outcomes = iter(process.outcomes(state, action).items())
    target, reached = next(outcomes)
    for end in ends[1:]:
        yield position[target]
        if end == reached and end < 1:
            target, share = next(outcomes)
            reached += share


def _seen(agent: Agent, seen: Seen, where: str) -> list[Fraction]:
    """The features of an observation, in their order."""
    if isinstance(seen, Mapping):
        if odd := {f.name for f in agent.features} ^ set(seen):
            raise InputError(f"{where}: {min(odd)!r} is not both a feature and observed")
        return [exact(seen[f.name], f"{where}, {f.name!r}") for f in agent.features]
    if len(seen) != len(agent.features):
        raise InputError(f"{where}: {len(seen)} numbers for {len(agent.features)} features")
    return [exact(x, f"{where}, {f.name!r}") for f, x in zip(agent.features, seen, strict=True)]


def _lookup(name: str, entries: Iterable[Fraction], place: Term) -> Term:
    return build("lookup", (place,), Table(name, tuple(entries)))
