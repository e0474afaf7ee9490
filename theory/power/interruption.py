"""Interruption: a process in which somebody else sometimes acts instead of the agent.

Orseau and Armstrong, Safely interruptible agents, UAI 2016; exactly, for optimal policies: Langlois
and Everitt, How RL agents behave when their actions are modified, AAAI 2021.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from theory.error import InputError
from theory.linear import ZERO
from theory.process import Process


def interrupted(process: Process, forced: Mapping[str, str], probability: Fraction) -> Process:
    """The process in which, in some states, a given action is sometimes taken instead.

    Args:
        process: the process as it is without interruption.
        forced: state to the action that an interruption takes there.
        probability: of an interruption, each time such a state is acted in.
    """
    if not 0 <= probability <= 1:
        raise InputError(f"probability: {probability} is not between 0 and 1")
    for state, action in forced.items():
        process.require(state, action, "interruption")
    transitions: dict[str, dict[str, Mapping[str, Fraction]]] = {}
    rewards: dict[tuple[str, str], Fraction] = {}
    for state in process.states:
        transitions[state] = {}
        for action in process.actions(state):
            outcomes, reward = process.transitions[state][action], process.reward(state, action)
            if state in forced:
                other = process.transitions[state][forced[state]]
                outcomes = {
                    t: (1 - probability) * outcomes.get(t, ZERO) + probability * other.get(t, ZERO)
                    for t in {**outcomes, **other}
                }
                forced_reward = process.reward(state, forced[state])
                reward = (1 - probability) * reward + probability * forced_reward
            transitions[state][action] = outcomes
            rewards[state, action] = reward
    return Process(transitions, rewards, process.discount)


@dataclass(frozen=True)
class Avoidance:
    """A best action under interruption that is no best action without it.

    Attributes:
        state: where.
        action: what is done because of interruptions.
        cost: what it costs without them.
    """

    state: str
    action: str
    cost: Fraction


def avoidance(with_interruption: Process, without: Process, start: str) -> Avoidance | int:
    """Where interruptions change what is best, or the number of states in which they do not.

    The states are those that best actions under interruption reach; both processes must offer
    the same actions there.
    """
    seen, queue = {start}, [start]
    examined = 0
    for state in queue:
        with_interruption.require(state, what="start")
        if with_interruption.actions(state) != without.actions(state):
            raise InputError(f"state {state!r}: the two processes offer different actions")
        best = without.optimal(state)
        chosen = with_interruption.optimal(state)
        for action in chosen:
            if action not in best:
                cost = without.values[state] - without.quality(state, action)
                return Avoidance(state, action, cost)
        examined += bool(without.actions(state))
        for action in chosen:
            for target in with_interruption.outcomes(state, action):
                if target not in seen:
                    seen.add(target)
                    queue.append(target)
    return examined
