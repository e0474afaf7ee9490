"""POWER: what can be attained from a state, on average over goals.

Turner, Smith, Shah, Critch and Tadepalli, Optimal policies tend to seek power, NeurIPS 2021 (arXiv
1912.01683), definition 5.2: POWER(s) = (1 - gamma) / gamma E[V*_R(s) - R(s)], the expectation over
rewards of states. Exact for a finite set of rewards, and in closed form where the choice is among
children to stay in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import permutations, product
from math import lcm, prod

from theory.error import InputError
from theory.linear import ONE, ZERO
from theory.process import Policy, Process

Rewards = Sequence[tuple[Fraction, Mapping[str, Fraction]]]
"""Rewards of states with their probabilities."""

MOST_STATES = 7
MOST_POLICIES = 50_000


def power(process: Process, rewards: Rewards) -> dict[str, Fraction]:
    """The POWER of every state, for finitely many rewards.

    Raises:
        InputError: the discount is 0 or 1, or the probabilities do not sum to 1.
    """
    discount = _inner(process)
    total = sum((p for p, _ in rewards), ZERO)
    if total != 1:
        raise InputError(f"rewards: the probabilities sum to {total}, not 1")
    result = dict.fromkeys(process.states, ZERO)
    for probability, reward in rewards:
        values = process.rewarding(reward).values
        for state in process.states:
            gain = values[state] - (reward.get(state, ZERO) if process.actions(state) else ZERO)
            result[state] += probability * gain
    return {state: (1 - discount) / discount * value for state, value in result.items()}


def expected_power(
    process: Process, powers: Mapping[str, Fraction], state: str, action: str
) -> Fraction:
    """The POWER of the next state, on average."""
    return sum((p * powers[t] for t, p in process.outcomes(state, action).items()), ZERO)


def choice_power(children: int) -> Fraction:
    """POWER of a state with that many absorbing children and independent uniform rewards.

    The best of k independent uniform numbers is k / (k + 1) on average; it is earned from the next
    step on, for ever, whatever the discount.
    """
    if children < 1:
        raise InputError(f"children: {children} is less than 1")
    return Fraction(children, children + 1)


def uniform_rewards(
    states: Sequence[str], levels: int
) -> list[tuple[Fraction, dict[str, Fraction]]]:
    """Independent rewards, each uniform on the midpoints of `levels` equal parts of [0, 1]."""
    marks = [Fraction(2 * at + 1, 2 * levels) for at in range(levels)]
    chance = Fraction(1, levels ** len(states))
    return [
        (chance, dict(zip(states, combination, strict=True)))
        for combination in product(marks, repeat=len(states))
    ]


def visits(process: Process, start: str) -> dict[str, list[dict[str, Fraction]]]:
    """Per first action, the discounted visits of states under each deterministic policy.

    The value of a policy from `start` is the sum of visits times rewards of states.
    """
    _inner(process)
    states = [s for s in process.reachable([start]) if process.actions(s)]
    count = prod(len(process.actions(s)) for s in states)
    if count > MOST_POLICIES:
        raise InputError(f"process: {count} deterministic policies are too many to list")
    found: dict[str, list[dict[str, Fraction]]] = {a: [] for a in process.actions(start)}
    indicator = {s: process.rewarding({s: ONE}) for s in states}
    for actions in product(*(process.actions(s) for s in states)):
        chosen: Policy = dict(zip(states, actions, strict=True))
        whole = {
            s: chosen.get(s, process.actions(s)[0]) for s in process.states if process.actions(s)
        }
        frequency = {s: indicator[s].evaluate(whole)[start] for s in states}
        if frequency not in found[chosen[start]]:
            found[chosen[start]].append(frequency)
    return found


@dataclass(frozen=True)
class Orbit:
    """How often each action is optimal, over every permutation of a reward among the states.

    Attributes:
        optimal: by action.
        permutations: how many there are.
    """

    optimal: Mapping[str, int]
    permutations: int


def orbit(process: Process, start: str, reward: Mapping[str, Fraction]) -> Orbit:
    """Definition 6.5's orbit, counted exactly; at most seven states.

    Raises:
        InputError: there are more states, or the discount is 0 or 1.
    """
    if len(process.states) > MOST_STATES:
        raise InputError(
            f"orbit: {len(process.states)} states have too many permutations; "
            f"at most {MOST_STATES} are counted"
        )
    process.require(start, what="start")
    plans = visits(process, start)
    scale = lcm(*(x.denominator for plan in plans.values() for f in plan for x in f.values()))
    unit = lcm(*(value.denominator for value in reward.values()))
    numbers = [int(reward.get(state, ZERO) * unit) for state in process.states]
    vectors = {
        action: [[int(f.get(s, ZERO) * scale) for s in process.states] for f in plan]
        for action, plan in plans.items()
    }
    optimal = dict.fromkeys(vectors, 0)
    total = 0
    for order in permutations(numbers):
        total += 1
        best = {
            action: max(sum(map(int.__mul__, f, order)) for f in plan)
            for action, plan in vectors.items()
        }
        top = max(best.values())
        for action, value in best.items():
            optimal[action] += value == top
    return Orbit(optimal, total)


def _inner(process: Process) -> Fraction:
    if not 0 < process.discount < 1:
        raise InputError(f"discount: POWER needs one between 0 and 1, not {process.discount}")
    return process.discount
