"""What follows from the graph alone: where an event is possible, where it is sure.

Baier and Katoen, Principles of model checking, 2008, section 10.6 (Prob0, Prob1); for games, de
Alfaro, Henzinger and Kupferman, Concurrent reachability games, 2007, restricted to turns.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from theory.finite.arena import Arena


def possible(arena: Arena, stay: Collection[int], goal: Collection[int]) -> set[int]:
    """Where the optimal probability of reaching `goal` within `stay` is more than 0."""
    found = set(goal)
    open_choices: dict[int, set[int]] = {}
    stack = list(found)
    while stack:
        for state, at in arena.before[stack.pop()]:
            if state in found or state not in stay:
                continue
            if not arena.maximises[state]:
                left = open_choices.setdefault(state, set(range(len(arena.choices[state]))))
                left.discard(at)
                if left:
                    continue
            found.add(state)
            stack.append(state)
    return found


class Sure(NamedTuple):
    """Where an event is sure, and how both sides play for and against it.

    Attributes:
        states: where the optimal probability is 1.
        picks: of the maximising side in those states, except the goal: positions of choices that
            together reach the goal almost surely.
        spoils: of the minimising side in the other states: choices that together make it miss the
            goal with positive probability.
    """

    states: set[int]
    picks: dict[int, int]
    spoils: dict[int, int]


def sure(arena: Arena, stay: Collection[int], goal: Collection[int]) -> Sure:
    """Where the optimal probability of reaching `goal` within `stay` is 1."""
    everyone = set(range(len(arena.names)))
    inside = possible(arena, stay, goal)
    spoils = _kept_out(arena, everyone - inside, inside)
    while True:
        inside = _closed(arena, inside, goal, spoils)
        reached, picks = _attracted(arena, inside, goal)
        spoils |= _kept_out(arena, inside - reached, reached)
        if len(reached) == len(inside):
            return Sure(reached, picks, spoils)
        inside = reached


def _kept_out(arena: Arena, states: Collection[int], out: set[int]) -> dict[int, int]:
    """For the minimising side's states a choice that does not lead into `out`, where there is one.

    There is none in states that must not be stayed in.
    """
    found: dict[int, int] = {}
    for state in states:
        if not arena.maximises[state]:
            for at, choice in enumerate(arena.choices[state]):
                if out.isdisjoint(choice.targets):
                    found[state] = at
                    break
    return found


def _leaves(arena: Arena, state: int, at: int, inside: set[int]) -> bool:
    return not inside.issuperset(arena.choices[state][at].targets)


def _closed(
    arena: Arena, inside: set[int], goal: Collection[int], spoils: dict[int, int]
) -> set[int]:
    """The largest part that can be kept to until the goal; notes choices that leave it."""
    alive: dict[int, set[int]] = {}
    kept = set(inside)
    lost: list[int] = []

    def lose(state: int, at: int) -> None:
        alive[state].discard(at)
        if arena.maximises[state]:
            if alive[state]:
                return
        else:
            spoils[state] = at
        kept.discard(state)
        lost.append(state)

    for state in inside:
        if state not in goal:
            alive[state] = set(range(len(arena.choices[state])))
            for at in range(len(arena.choices[state])):
                if state in kept and _leaves(arena, state, at, inside):
                    lose(state, at)
    while lost:
        for state, at in arena.before[lost.pop()]:
            if state in kept and state not in goal:
                lose(state, at)
    return kept


def _attracted(
    arena: Arena, inside: set[int], goal: Collection[int]
) -> tuple[set[int], dict[int, int]]:
    """Where the goal can be approached with positive probability and without a risk of leaving."""
    found = {state for state in goal if state in inside}
    picks: dict[int, int] = {}
    open_choices: dict[int, set[int]] = {}
    stack = list(found)
    while stack:
        for state, at in arena.before[stack.pop()]:
            if state in found or state not in inside:
                continue
            if arena.maximises[state]:
                if _leaves(arena, state, at, inside):
                    continue
                picks[state] = at
            else:
                left = open_choices.setdefault(state, set(range(len(arena.choices[state]))))
                left.discard(at)
                if left:
                    continue
            found.add(state)
            stack.append(state)
    return found, picks


def predecessors(arena: Arena, targets: Collection[int], stop: Collection[int] = ()) -> set[int]:
    """The states from which some choices can lead into `targets`, and these; not through `stop`."""
    found = set(targets)
    stack = list(found)
    while stack:
        for state, _ in arena.before[stack.pop()]:
            if state not in found and state not in stop:
                found.add(state)
                stack.append(state)
    return found
