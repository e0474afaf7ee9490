"""How much an action changes what could be attained or reached, against doing nothing.

Attainable utility preservation: Turner, Hadfield-Menell and Tadepalli, Conservative agency via
attainable utility preservation, 2020. Relative reachability: Krakovna, Orseau, Kumar, Martic and
Legg, Penalizing side effects using stepwise relative reachability, 2018.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from theory.error import InputError
from theory.linear import ONE, ZERO
from theory.process import Process

Auxiliary = Mapping[str, Mapping[str, Fraction]]
"""Auxiliary rewards by name, each a reward of states."""


def changes(
    process: Process, auxiliary: Auxiliary, state: str, action: str, noop: str
) -> dict[str, Fraction]:
    """By auxiliary reward, how much the action changes what can be attained: |Q(a) - Q(noop)|."""
    process.require(state, noop, "noop")
    return {
        name: abs(solved.quality(state, action) - solved.quality(state, noop))
        for name, solved in _solved(process, auxiliary).items()
    }


def preserving(process: Process, auxiliary: Auxiliary, noop: str, weight: Fraction) -> Process:
    """The process with the reward of attainable utility preservation.

    R(s, a) - weight / scale(s) * sum of |Q(s, a) - Q(s, noop)|, with scale(s) the sum of
    Q(s, noop).

    Raises:
        InputError: naming a state without the no-op, or with a scale that is not positive.
    """
    rewards: dict[tuple[str, str], Fraction] = {}
    solved = _solved(process, auxiliary)
    for state in process.states:
        if not process.actions(state):
            continue
        process.require(state, noop, "noop")
        idle = {name: each.quality(state, noop) for name, each in solved.items()}
        scale = sum(idle.values(), ZERO)
        if scale <= 0:
            raise InputError(f"state {state!r}: the auxiliary values of {noop!r} sum to {scale}")
        for action in process.actions(state):
            change = sum(
                (abs(each.quality(state, action) - idle[name]) for name, each in solved.items()),
                ZERO,
            )
            rewards[state, action] = process.reward(state, action) - weight / scale * change
    return Process(process.transitions, rewards, process.discount)


def reachability(process: Process, target: str) -> dict[str, Fraction]:
    """The best expected discount ** (steps until the target), from every state."""
    process.require(target, what="target")
    arrested = {s: ({} if s == target else dict(a)) for s, a in process.transitions.items()}
    arrested[target] = {}
    rewards = {
        (s, a): process.discount * outcomes.get(target, ZERO)
        for s, actions in arrested.items()
        for a, outcomes in actions.items()
    }
    values = dict(Process(arrested, rewards, process.discount).values)
    values[target] = ONE
    return values


def reachability_loss(process: Process, state: str, action: str, noop: str) -> Fraction:
    """How much less reachable states are on average after the action than after the no-op.

    Stepwise baseline: what doing nothing now would have left reachable.
    """
    process.require(state, action)
    process.require(state, noop, "noop")
    total = ZERO
    for target in process.states:
        reach = reachability(process, target)
        after = sum((p * reach[t] for t, p in process.outcomes(state, action).items()), ZERO)
        idle = sum((p * reach[t] for t, p in process.outcomes(state, noop).items()), ZERO)
        total += max(idle - after, ZERO)
    return total / len(process.states)


def _solved(process: Process, auxiliary: Auxiliary) -> dict[str, Process]:
    if not auxiliary:
        raise InputError("auxiliary: there is no auxiliary reward")
    return {name: process.rewarding(reward) for name, reward in auxiliary.items()}
