"""Finite Markov decision processes with rational numbers, solved exactly.

A state with no action is terminal and worth nothing more. Values are those of the best stationary
policy, by policy iteration whose evaluations are exact solutions of linear equations; `optimal`
holds every action that attains the value, and nothing is rounded. Puterman, Markov decision
processes, 1994, chapters 6 (discounted) and 7 (total reward).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property

from theory.error import InputError
from theory.linear import ONE, ZERO, solve
from theory.rational import Exact, exact

Policy = Mapping[str, str]
"""An action for every state that has one."""

Outcomes = Mapping[str, Exact] | str
"""Next states with their probabilities, or the one next state."""


@dataclass(frozen=True)
class Process:
    """A finite decision process.

    Attributes:
        transitions: state to action to next state to probability.
        rewards: by (state, action); what is left out is 0.
        discount: the weight of the next step, at least 0 and at most 1.

    Raises:
        InputError: naming the state and action, and what is wrong with them.
    """

    transitions: Mapping[str, Mapping[str, Mapping[str, Fraction]]]
    rewards: Mapping[tuple[str, str], Fraction] = field(
        default_factory=dict[tuple[str, str], Fraction]
    )
    discount: Fraction = ONE

    def __post_init__(self) -> None:
        if not 0 <= self.discount <= 1:
            raise InputError(f"discount: {self.discount} is not between 0 and 1")
        for state, actions in self.transitions.items():
            for action, outcomes in actions.items():
                where = f"state {state!r}, action {action!r}"
                for target, probability in outcomes.items():
                    if target not in self.transitions:
                        raise InputError(f"{where}: the next state {target!r} is not declared")
                    if probability < 0:
                        raise InputError(f"{where}: the probability of {target!r} is negative")
                total = sum(outcomes.values(), ZERO)
                if total != 1:
                    raise InputError(f"{where}: the probabilities sum to {total}, not 1")
        for state, action in self.rewards:
            self.require(state, action, "reward")

    def require(self, state: str, action: str | None = None, what: str = "process") -> None:
        """Raise InputError where there is no such state, or it has no such action."""
        if state not in self.transitions:
            raise InputError(f"{what}: there is no state {state!r}")
        if action is not None and action not in self.transitions[state]:
            raise InputError(f"{what}: state {state!r} has no action {action!r}")

    @property
    def states(self) -> tuple[str, ...]:
        """Every state, in the order in which they were declared."""
        return tuple(self.transitions)

    def actions(self, state: str) -> tuple[str, ...]:
        """What can be done in a state; nothing in a terminal one."""
        return tuple(self.transitions[state])

    def outcomes(self, state: str, action: str) -> Mapping[str, Fraction]:
        """The next states that have a positive probability, with it."""
        return {s: p for s, p in self.transitions[state][action].items() if p > 0}

    def reward(self, state: str, action: str) -> Fraction:
        """The reward of a step."""
        return self.rewards.get((state, action), ZERO)

    def rewarding(self, reward: Mapping[str, Fraction]) -> Process:
        """The same process with another reward, one number for every action of a state."""
        for state in reward:
            self.require(state, what="reward")
        pairs = {(s, a): reward.get(s, ZERO) for s in self.states for a in self.actions(s)}
        return Process(self.transitions, pairs, self.discount)

    def rewarding_arrival(self, worth: Mapping[str, Fraction]) -> Process:
        """The same process, rewarded by the worth of the state that a step arrives in."""
        for state in worth:
            self.require(state, what="reward")
        pairs = {
            (s, a): sum((p * worth.get(t, ZERO) for t, p in outcomes.items()), ZERO)
            for s, actions in self.transitions.items()
            for a, outcomes in actions.items()
        }
        return Process(self.transitions, pairs, self.discount)

    def reachable(self, start: Iterable[str], policy: Policy | None = None) -> tuple[str, ...]:
        """The states that can be reached, `start` among them; under any policy or under one."""
        seen = dict.fromkeys(start)
        stack = list(seen)
        while stack:
            state = stack.pop()
            self.require(state, what="start")
            chosen = self.actions(state)
            if policy is not None and chosen:
                chosen = (choice(policy, state),)
            for action in chosen:
                for target in self.outcomes(state, action):
                    if target not in seen:
                        seen[target] = None
                        stack.append(target)
        return tuple(seen)

    def evaluate(self, policy: Policy) -> dict[str, Fraction]:
        """The value of every state under a policy.

        Raises:
            InputError: the policy leaves a state out, or its value is not determined: with
                discount 1, it may go on for ever.
        """
        index = {state: at for at, state in enumerate(self.states)}
        rows: list[dict[int, Fraction]] = []
        right: list[Fraction] = []
        for state in self.states:
            row = {index[state]: ONE}
            gain = ZERO
            if self.actions(state):
                action = choice(policy, state)
                self.require(state, action, "policy")
                gain = self.reward(state, action)
                for target, p in self.outcomes(state, action).items():
                    row[index[target]] = row.get(index[target], ZERO) - self.discount * p
            rows.append(row)
            right.append(gain)
        try:
            return dict(zip(self.states, solve(rows, right), strict=True))
        except InputError:
            raise InputError(
                "discount 1: a policy goes on for ever, and its value is not determined"
            ) from None

    def ahead(self, values: Mapping[str, Fraction], state: str, action: str) -> Fraction:
        """The reward of an action and the discounted value of what follows."""
        later = sum((p * values[t] for t, p in self.outcomes(state, action).items()), ZERO)
        return self.reward(state, action) + self.discount * later

    @cached_property
    def values(self) -> Mapping[str, Fraction]:
        """The optimal value of every state."""
        policy = self._ending() if self.discount == 1 else self._first()
        while True:
            values = self.evaluate(policy)
            better = dict(policy)
            for state in policy:
                best = values[state]
                for action in self.actions(state):
                    value = self.ahead(values, state, action)
                    if value > best:
                        better[state], best = action, value
            if better == policy:
                self._refuse_lingering(values)
                return values
            policy = better

    def quality(self, state: str, action: str) -> Fraction:
        """The value of taking an action and then acting optimally, Q*."""
        self.require(state, action)
        return self.ahead(self.values, state, action)

    def optimal(self, state: str) -> tuple[str, ...]:
        """Every action that attains the optimal value of the state."""
        self.require(state)
        best = self.values[state]
        return tuple(a for a in self.actions(state) if self.quality(state, a) == best)

    @cached_property
    def policy(self) -> Policy:
        """An optimal policy: the first optimal action everywhere."""
        return {s: self.optimal(s)[0] for s in self.states if self.actions(s)}

    def _first(self) -> dict[str, str]:
        return {s: self.actions(s)[0] for s in self.states if self.actions(s)}

    def _ending(self) -> dict[str, str]:
        """A policy that reaches a terminal state from everywhere."""
        policy: dict[str, str] = {}
        done = {s for s in self.states if not self.actions(s)}
        while True:
            found = {
                state: action
                for state in self.states
                if state not in done
                for action in reversed(self.actions(state))
                if any(target in done for target in self.outcomes(state, action))
            }
            if not found:
                break
            policy.update(found)
            done |= found.keys()
        stuck = [s for s in self.states if s not in done]
        if stuck:
            raise InputError(f"discount 1: no terminal state can be reached from {stuck[0]!r}")
        return policy

    def _refuse_lingering(self, values: Mapping[str, Fraction]) -> None:
        """With discount 1: raise where to go on for ever may be worth more than the values say."""
        if self.discount != 1:
            return
        keep = {
            (s, a)
            for s in self.states
            for a in self.actions(s)
            if self.ahead(values, s, a) == values[s]
        }
        while True:
            alive = {s for s, _ in keep}
            closed = {(s, a) for s, a in keep if alive.issuperset(self.outcomes(s, a))}
            if closed == keep:
                break
            keep = closed
        for state, action in sorted(keep):
            if self.reward(state, action) != 0 or values[state] < 0:
                raise InputError(
                    f"discount 1: from state {state!r}, action {action!r}, the best may be to go "
                    "on for ever"
                )


def choice(policy: Policy, state: str) -> str:
    """The action of a policy; InputError where it has none for the state."""
    if state not in policy:
        raise InputError(f"policy: it says nothing about state {state!r}")
    return policy[state]


def process(
    steps: Mapping[str, Mapping[str, Outcomes]],
    *,
    rewards: Mapping[str, Exact] | Mapping[tuple[str, str], Exact] | None = None,
    discount: Exact = 1,
) -> Process:
    """A process as a person writes it.

    Args:
        steps: state to action to next states; a state that is only arrived in is terminal.
        rewards: by state, for every action of it, or by (state, action).
        discount: the weight of the next step.

    Raises:
        InputError: naming the state and action.
    """
    transitions: dict[str, dict[str, dict[str, Fraction]]] = {}
    for state, actions in steps.items():
        transitions[state] = {
            action: {outcomes: ONE}
            if isinstance(outcomes, str)
            else {
                target: exact(p, f"state {state!r}, action {action!r}, next state {target!r}")
                for target, p in outcomes.items()
            }
            for action, outcomes in actions.items()
        }
    arrived = [t for actions in transitions.values() for o in actions.values() for t in o]
    for target in arrived:
        transitions.setdefault(target, {})
    pairs: dict[tuple[str, str], Fraction] = {}
    for key, reward in (rewards or {}).items():
        value = exact(reward, f"reward of {key!r}")
        if isinstance(key, tuple):
            pairs[key] = value
            continue
        if key not in transitions:
            raise InputError(f"reward: there is no state {key!r}")
        pairs.update({(key, action): value for action in transitions[key]})
    return Process(transitions, pairs, exact(discount, "discount"))


def explore(
    start: str,
    step: Callable[[str], Mapping[str, tuple[Outcomes, Exact]]],
    *,
    discount: Exact = 1,
) -> Process:
    """The process that a function describes, as far as it can be reached from `start`.

    Args:
        start: the first state.
        step: from a state to its actions, each with its next states and its reward.
        discount: the weight of the next step.
    """
    steps: dict[str, dict[str, Outcomes]] = {}
    rewards: dict[tuple[str, str], Exact] = {}
    stack = [start]
    while stack:
        state = stack.pop()
        if state in steps:
            continue
        steps[state] = {}
        for action, (outcomes, reward) in step(state).items():
            steps[state][action] = outcomes
            rewards[state, action] = reward
            stack += [outcomes] if isinstance(outcomes, str) else list(outcomes)
    return process(steps, rewards=rewards, discount=discount)
