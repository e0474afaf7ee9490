"""Processes from what others have: Gymnasium's tables, a policy that is followed.

Gymnasium's probabilities are floats. A row counts as the rationals with the smallest denominators
that its floats are the rounded values of, where those sum to exactly 1: 0.3333333333333333 is a
third. Otherwise its floats count as they are, if they sum to exactly 1; and otherwise the row is an
error. Nothing is scaled to fit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from math import ulp
from typing import Any

from theory.error import InputError
from theory.process import Process
from theory.rational import Exact, exact

Transition = tuple[float, Any, float, bool]
"""Probability, next state, reward, and whether the episode ends there."""

LARGEST_DENOMINATOR = 1_000_000
CLOSE_ULP = 4
"""How far a float may be from the rational that it is taken for, in units in the last place."""


def rational_row(probabilities: Sequence[Exact], where: str) -> list[Fraction]:
    """The rationals that a row of floats stands for; rationals and text count as they are.

    Raises:
        InputError: one is negative or no number, or they do not sum to 1.
    """
    as_written = [exact(p, where) for p in probabilities]
    if any(p < 0 for p in as_written):
        raise InputError(f"{where}: a probability is negative: {float(min(as_written)):g}")
    short = [
        _short(p) if isinstance(q, float) else p
        for p, q in zip(as_written, probabilities, strict=True)
    ]
    for row in (short, as_written):
        if sum(row) == 1:
            return row
    excess = sum(as_written) - 1
    total = f"{1 + float(excess):.17g}"
    total = f"1 {'+' if excess > 0 else '-'} {abs(float(excess)):g}" if total == "1" else total
    raise InputError(f"{where}: the probabilities sum to {total}, not 1")


def _short(value: Fraction) -> Fraction:
    near = value.limit_denominator(LARGEST_DENOMINATOR)
    return near if abs(near - value) <= CLOSE_ULP * Fraction(ulp(float(value))) else value


def from_table(
    table: Mapping[Any, Mapping[Any, Sequence[Transition]]],
    *,
    starts: Iterable[Any] | None = None,
    actions: Sequence[str] | None = None,
    discount: Exact = 1,
) -> Process:
    """The process of a Gymnasium environment's `P[state][action]`.

    A state in which an episode ends is terminal. Where it can also be met in the middle of an
    episode, its end is a state of its own, named `"STATE, end"`. Rewards are their expectations.

    Args:
        table: state to action to transitions `(probability, next state, reward, terminated)`.
        starts: where episodes begin; with them, only what can be reached is kept.
        actions: names for the actions 0, 1, ...; by default their numbers.
        discount: the weight of the next step.

    Raises:
        InputError: naming state and action: probabilities that are negative or do not sum to 1, or
            an unknown state.
    """
    begun = [str(state) for state in starts] if starts is not None else None
    met = _met(table, begun)
    transitions: dict[str, dict[str, dict[str, Fraction]]] = {}
    rewards: dict[tuple[str, str], Fraction] = {}
    ends: set[str] = set()
    for state, moves in table.items():
        if str(state) not in met:
            continue
        row = transitions[str(state)] = {}
        for action, steps in moves.items():
            name = actions[int(action)] if actions is not None else str(action)
            where = f"state {str(state)!r}, action {name!r}"
            weights = rational_row([step[0] for step in steps], where)
            outcomes: dict[str, Fraction] = {}
            reward = Fraction(0)
            for weight, (_, target, gain, over) in zip(weights, steps, strict=True):
                if target not in table:
                    raise InputError(f"{where}: the next state {str(target)!r} is not declared")
                arrived = _end(str(target), met) if over else str(target)
                if over:
                    ends.add(arrived)
                outcomes[arrived] = outcomes.get(arrived, Fraction(0)) + weight
                reward += weight * exact(gain, f"{where}, reward")
            row[name] = outcomes
            rewards[str(state), name] = reward
    for end in sorted(ends):
        transitions.setdefault(end, {})
    return Process(transitions, rewards, exact(discount, "discount"))


def _end(state: str, met: set[str]) -> str:
    return f"{state}, end" if state in met else state


def _met(
    table: Mapping[Any, Mapping[Any, Sequence[Transition]]], starts: list[str] | None
) -> set[str]:
    """The states met in the middle of an episode, or at its start."""
    after: dict[str, set[str]] = {}
    for state, moves in table.items():
        steps = [step for transitions in moves.values() for step in transitions]
        after[str(state)] = {str(target) for p, target, _, over in steps if p > 0 and not over}
    if starts is None:
        ended = {
            str(target)
            for moves in table.values()
            for steps in moves.values()
            for p, target, _, over in steps
            if p > 0 and over
        }
        return {s for s in after if s not in ended or any(s in after[t] for t in after if t != s)}
    for state in starts:
        if state not in after:
            raise InputError(f"starts: there is no state {state!r}")
    found, stack = set(starts), list(starts)
    while stack:
        for state in after.get(stack.pop(), ()):
            if state not in found:
                found.add(state)
                stack.append(state)
    return found


Mixed = Mapping[str, Exact]
"""Actions with their probabilities."""

Followed = Mapping[str, str | Mixed] | Callable[[str], str | Mixed]
"""A policy: for a state an action, or actions with their probabilities."""

FOLLOW = "follow the policy"


def induced(process: Process, policy: Followed) -> Process:
    """The chain of a process in which a policy is followed; its one action is `FOLLOW`.

    Args:
        process: the process.
        policy: a table, or a function: of a tree, of a network over encoded states, of any code.

    Raises:
        InputError: the policy leaves out a state in which there is a choice, takes an action that
            there is not, or its probabilities do not sum to 1.
    """
    transitions: dict[str, dict[str, dict[str, Fraction]]] = {}
    rewards: dict[tuple[str, str], Fraction] = {}
    for state in process.states:
        if not process.actions(state):
            transitions[state] = {}
            continue
        where = f"policy, state {state!r}"
        said = _said(policy, state, process.actions(state))
        mixed: Mixed = {said: 1} if isinstance(said, str) else said
        outcomes: dict[str, Fraction] = {}
        reward = Fraction(0)
        shares = rational_row(list(mixed.values()), where)
        for action, share in zip(mixed, shares, strict=True):
            process.require(state, action, "policy")
            reward += share * process.reward(state, action)
            for target, p in process.outcomes(state, action).items():
                outcomes[target] = outcomes.get(target, Fraction(0)) + share * p
        transitions[state] = {FOLLOW: outcomes}
        rewards[state, FOLLOW] = reward
    return Process(transitions, rewards, process.discount)


def _said(policy: Followed, state: str, actions: Sequence[str]) -> str | Mixed:
    """What a policy does in a state; where there is one action, it need not say."""
    if callable(policy):
        return policy(state)
    if state in policy:
        return policy[state]
    if len(actions) == 1:
        return actions[0]
    raise InputError(f"policy: it says nothing about state {state!r}")
