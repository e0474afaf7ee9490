"""What optimal behaviour says about the goal, exactly.

A goal is a reward that is linear in given features of states. That a policy is strictly optimal in
some states is then a system of linear inequalities: (P_pi - P_a)(I - gamma P_pi)^-1 R > 0 for every
other action a (Ng and Russell, Algorithms for inverse reinforcement learning, ICML 2000). Where the
policy is given in some states only, every way to complete it is tried.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from math import prod

from theory.error import InputError
from theory.linear import ONE, ZERO, Refutation, Row, satisfy
from theory.process import Policy, Process, choice

Features = Mapping[str, Mapping[str, Fraction]]
"""Feature to state to value; a goal weighs them, and is earned where a step starts."""

MOST_COMPLETIONS = 20_000


@dataclass(frozen=True)
class Goal:
    """A reward that makes a policy strictly optimal where it was asked to be.

    Attributes:
        weights: by feature.
        reward: by state.
        completion: the whole policy that is optimal.
    """

    weights: Mapping[str, Fraction]
    reward: Mapping[str, Fraction]
    completion: Policy


@dataclass(frozen=True)
class NoGoal:
    """That there is no such reward: a refutation for each completion of the policy."""

    completions: int
    refutations: tuple[Refutation, ...]


def indicators(process: Process) -> Features:
    """One feature a state: any reward of states is a goal."""
    return {state: {state: ONE} for state in process.states}


def rationalise(
    process: Process,
    policy: Policy,
    strict: Sequence[str],
    features: Features | None = None,
) -> Goal | NoGoal:
    """A goal for which the policy is strictly the best in the states named, or that there is none.

    Args:
        process: its rewards are not used; discount below 1.
        policy: an action for at least the states of `strict`.
        strict: where every other action must be worse.
        features: what a goal may weigh; by default each state on its own.

    Raises:
        InputError: the discount is 1, a state or action does not exist, or the policy leaves too
            many states open.
    """
    if process.discount == 1:
        raise InputError("discount: goals are identified with a discount below 1")
    basis = features if features is not None else indicators(process)
    refutations: list[Refutation] = []
    for completion in completions(process, policy):
        rows = optimality(process, completion, strict, basis)
        found = satisfy(rows)
        if isinstance(found, Refutation):
            refutations.append(found)
            continue
        weights = {name: found.get(name, ZERO) for name in basis}
        goal = Goal(weights, reward_of(basis, weights), completion)
        _check(process, goal, strict)
        return goal
    return NoGoal(len(refutations), tuple(refutations))


def completions(process: Process, policy: Policy) -> Iterator[dict[str, str]]:
    """Every whole policy that agrees with the given one."""
    for state, action in policy.items():
        process.require(state, action, "policy")
    open_states = [s for s in process.states if process.actions(s) and s not in policy]
    count = prod(len(process.actions(s)) for s in open_states)
    if count > MOST_COMPLETIONS:
        raise InputError(f"policy: it can be completed in {count} ways, too many to try")
    for actions in product(*(process.actions(s) for s in open_states)):
        yield {**policy, **dict(zip(open_states, actions, strict=True))}


def optimality(
    process: Process, policy: Policy, strict: Sequence[str], features: Features
) -> list[Row]:
    """That the policy is optimal for the weights, and strictly so in the states named."""
    values = {name: _values(process, policy, worth) for name, worth in features.items()}
    rows: list[Row] = []
    for state in process.states:
        for action in process.actions(state):
            if action == choice(policy, state):
                continue
            chosen = process.outcomes(state, policy[state])
            other = process.outcomes(state, action)
            gain = {
                name: _expected(value, chosen) - _expected(value, other)
                for name, value in values.items()
            }
            name = f"{state}: {policy[state]} over {action}"
            rows.append(Row(gain, strict=state in strict, name=name))
    return rows


def reward_of(features: Features, weights: Mapping[str, Fraction]) -> dict[str, Fraction]:
    """The reward of states that the weights of features make."""
    reward: dict[str, Fraction] = {}
    for name, worth in features.items():
        for state, value in worth.items():
            reward[state] = reward.get(state, ZERO) + weights[name] * value
    return reward


def _values(
    process: Process, policy: Policy, worth: Mapping[str, Fraction]
) -> Mapping[str, Fraction]:
    return process.rewarding(worth).evaluate(policy)


def _expected(values: Mapping[str, Fraction], outcomes: Mapping[str, Fraction]) -> Fraction:
    return sum((p * values[state] for state, p in outcomes.items()), ZERO)


def _check(process: Process, goal: Goal, strict: Sequence[str]) -> None:
    """Solve the process for the goal: a second way to the same answer."""
    solved = process.rewarding(goal.reward)
    for state in strict:
        if process.actions(state) and solved.optimal(state) != (goal.completion[state],):
            raise ArithmeticError(f"the goal found does not make the policy best in {state!r}")
