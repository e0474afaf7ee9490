"""What an agent in a network expects of an action: by its own goal, or by another one.

On a network a goal is not given as a table. Either some features of the observation tell the agent
what it is after, and another goal is another setting of them; or the goal is a formula of one's
own, over an observation and an action.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial

from theory.agent import Agent
from theory.error import InputError
from theory.rational import Exact, exact
from theory.term import Term, and_

Worth = Callable[[Term, str], Term]
"""From an observation and an action to what it is expected to be worth; a real number."""

Goal = Mapping[str, Exact] | Worth
"""The settings of the features that say what the agent is after, or a worth of one's own."""

OWN: Goal = {}
"""The goal that the observation itself says."""


def planned(agent: Agent, observation: Term, action: str) -> Term:
    """What the evaluator gives for what the world model expects after an action.

    Raises:
        SortError: the agent has no latent state.
    """
    return agent.value(agent.predict(agent.perceive(observation), action))


def expected(agent: Agent, observation: Term, action: str) -> Term:
    """The value of the plan where the agent has a latent state, and otherwise its score."""
    if agent.latent_sort is None:
        return agent.score(observation, action)
    return planned(agent, observation, action)


def worth(agent: Agent, goal: Goal = OWN) -> Worth:
    """What the agent's own parts make of actions, by a goal.

    Raises:
        InputError: the goal sets a feature that does not exist, or to a value it never has.
    """
    if callable(goal):
        return goal
    settings = settled(agent, goal)
    return lambda observation, action: expected(agent, observation.with_(**settings), action)


def settled(agent: Agent, settings: Mapping[str, Exact]) -> dict[str, Exact]:
    """Settings of features that the agent has, to values that they take; InputError otherwise."""
    for name, value in settings.items():
        if not agent.feature(name).contains(exact(value, f"feature {name!r}")):
            raise InputError(f"feature {name!r} is never {value}")
    return dict(settings)


def is_best(agent: Agent, by: Worth, observation: Term, action: str) -> Term:
    """No action is worth more."""
    mine = partial(by, observation)
    return and_(*(mine(action) >= mine(other) for other in agent.actions if other != action))


def said(goal: Goal) -> str:
    """The goal in words."""
    if callable(goal):
        return "the goal that is given"
    if not goal:
        return "its own goal"
    return "the goal " + ", ".join(f"{name} = {value}" for name, value in goal.items())


def check_actions(agent: Agent, what: str, actions: Iterable[str]) -> None:
    """Refuse an empty list, and names that are not the agent's.

    Raises:
        InputError: naming the argument.
    """
    named = list(actions)
    if not named:
        raise InputError(f"{what}: no action is named")
    for action in named:
        if action not in agent.actions:
            raise InputError(f"{what}: the agent has no action {action!r}")
