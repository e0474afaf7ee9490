"""A finite process and a policy on it from an environment and a network: by visiting every state.

Exact where the environment is deterministic. Where the same step has had several outcomes, their
frequencies are given, with the half-width that Hoeffding's inequality allows them (1963).
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from fractions import Fraction
from math import log, sqrt
from typing import Any, Protocol

import numpy as np

from extract.network import Array
from theory.error import InputError
from theory.process import Process

MOST_STATES = 20_000
ENDED = "end"
"""The state that every episode that ends goes to."""


class Resettable(Protocol):
    """An environment whose state can be read and set."""

    def get_state(self) -> Any: ...
    def set_state(self, state: Any) -> Any: ...
    def step(self, action: int) -> tuple[Any, float, bool, bool, dict[str, Any]]: ...


@dataclass(frozen=True, eq=False)
class Tabulated:
    """A finite process with what a policy does in it.

    Attributes:
        process: its rewards are those of the environment, as the rationals that the floats are.
        policy: the best-scored action in each state that is not terminal.
        states: name -> state, as the environment takes it.
        seen: observations (N, n) in the states of the policy, in its order.
        error: half-width of every transition probability; 0 where each step had one outcome.
        confidence: with which the error holds for all of them together; 1 where it is 0.
    """

    process: Process
    policy: dict[str, str]
    states: dict[str, Any]
    seen: Array
    error: float
    confidence: float


def tabulate(
    environment: Resettable,
    scores: Callable[[Array], Array],
    starts: Iterable[Hashable],
    actions: Iterable[str],
    *,
    name: Callable[[Any], str] = str,
    discount: Fraction = Fraction(1),
    trials: int = 1,
    confidence: float = 0.99,
    stays: bool = False,
) -> Tabulated:
    """Visit every state that can be reached, by every action.

    Args:
        environment: with states that can be set; `set_state` gives the observation there.
        scores: of the policy, from observations (N, features) to (N, actions).
        starts: states to start from.
        actions: their names, in the order of their numbers.
        name: of a state.
        discount: of the process.
        trials: of each step; more than 1 where outcomes are random.
        confidence: of the error of frequencies.
        stays: whether an episode that ends stays for ever in the state that it ended in, rather
            than in `ENDED`.

    Raises:
        InputError: two states have one name, or there are more than `MOST_STATES`.
    """
    names = tuple(actions)
    table = _Table(environment, names, name, trials, stays)
    for state in starts:
        table.visit(state)
    table.finish()
    pairs = max(1, len(table.transitions) * len(names))
    seen = np.stack(list(table.observations.values())) if table.observations else np.zeros((0, 0))
    best = scores(seen).argmax(axis=1) if len(seen) else []
    error = sqrt(log(2 * pairs / (1 - confidence)) / (2 * trials)) if table.random else 0.0
    return Tabulated(
        Process(table.transitions, table.rewards, discount),
        {s: names[int(a)] for s, a in zip(table.observations, best, strict=True)},
        table.states,
        seen,
        error,
        confidence if table.random else 1.0,
    )


class _Table:
    def __init__(
        self,
        environment: Resettable,
        actions: tuple[str, ...],
        name: Callable[[Any], str],
        trials: int,
        stays: bool,
    ) -> None:
        self.environment, self.actions, self.name, self.trials = environment, actions, name, trials
        self.transitions: dict[str, dict[str, dict[str, Fraction]]] = {}
        self.rewards: dict[tuple[str, str], Fraction] = {}
        self.observations: dict[str, Array] = {}
        self.states: dict[str, Any] = {}
        self.random = False
        self.stays, self.last = stays, set[str]()
        self._queue: list[Any] = []

    def visit(self, state: Any) -> str:
        """Name a state, and remember to go there."""
        title = self.name(state)
        if title in self.states:
            if self.states[title] != state:
                raise InputError(f"two states are named {title!r}")
            return title
        if len(self.states) >= MOST_STATES:
            raise InputError(f"the environment has more than {MOST_STATES} states")
        self.states[title] = state
        self._queue.append(state)
        return title

    def finish(self) -> None:
        """Take every action in every state."""
        while self._queue:
            state = self._queue.pop()
            title = self.name(state)
            self.observations[title] = np.asarray(self.environment.set_state(state)).ravel()
            self.transitions[title] = {}
            for number, action in enumerate(self.actions if title not in self.last else ()):
                counts: dict[str, int] = {}
                gained = Fraction(0)
                for _ in range(self.trials):
                    target, reward = self._step(state, number)
                    counts[target] = counts.get(target, 0) + 1
                    gained += Fraction(reward)
                self.random |= len(counts) > 1
                outcomes = {t: Fraction(n, self.trials) for t, n in counts.items()}
                self.transitions[title][action] = outcomes
                self.rewards[title, action] = gained / self.trials
        for title in self.last:
            self.transitions[title] = {action: {title: Fraction(1)} for action in self.actions}
        if any(ENDED in o for actions in self.transitions.values() for o in actions.values()):
            self.transitions[ENDED] = {}

    def _step(self, state: Any, action: int) -> tuple[str, float]:
        self.environment.set_state(state)
        _, reward, ended, _, _ = self.environment.step(action)
        if ended and not self.stays:
            return ENDED, reward
        title = self.visit(self.environment.get_state())
        if ended:
            self.last.add(title)
        return title, reward
