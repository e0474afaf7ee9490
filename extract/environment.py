"""The world an agent acts in: a Gymnasium id, or an object of the user's with the same methods.

Needed are `reset(seed=...)`, `step(action)` and the number of discrete actions. Where the state can
be read and set, actions are intervened on: every action is tried from the same state.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from extract import blame
from extract.abstraction.tabulate import Tabulated, tabulate
from extract.network import Array, Network
from theory.error import InputError, one_line

Observation = Mapping[str, Array]
"""Input name -> array; the key "" stands for a network's only observation input."""


@dataclass(frozen=True)
class Step:
    """What an action leads to."""

    observation: Observation
    reward: float
    ended: bool


class Environment:
    """A world with discrete actions.

    Args:
        world: has `reset(seed=int)` giving (observation, info), `step(int)` giving (observation,
            reward, terminated, truncated, info), and `action_space.n` or `actions`. Where several
            goals may be pursued, it has `goals`: goal -> function from a state to what that is
            worth to it, and `starts`: states with every goal where it was and where it was moved
            to; `set_state` then gives the observation.
        name: for messages.

    Raises:
        InputError: it has no discrete actions.
    """

    def __init__(self, world: Any, name: str = "environment") -> None:
        self.name = name
        self._world = getattr(world, "unwrapped", world)
        with _blaming(name, "its number of actions"):
            space = getattr(self._world, "action_space", None)
            count = getattr(space, "n", None)
            count = getattr(self._world, "actions", None) if count is None else count
            self.actions = 0 if count is None else int(count)
        if self.actions < 2:
            raise InputError(f"{name}: needs a number of discrete actions (action_space.n)")
        for method in ("reset", "step"):
            if not callable(getattr(self._world, method, None)):
                raise InputError(f"{name}: has no method {method!r}")

    @property
    def discount(self) -> float | None:
        """The discount that the world itself names, in its attribute `discount`."""
        with _blaming(self.name, "discount"):
            known = getattr(self._world, "discount", None)
            return None if known is None else float(known)

    @property
    def can_intervene(self) -> bool:
        """Whether its state can be read and set."""
        both = all(hasattr(self._world, name) for name in ("get_state", "set_state"))
        return both or isinstance(getattr(self._world, "state", None), tuple | list | np.ndarray)

    @property
    def has_goals(self) -> bool:
        """Whether it offers goals that may be pursued."""
        with _blaming(self.name, "goals"):
            return self.can_intervene and bool(getattr(self._world, "goals", None))

    def worths(self, states: Mapping[str, Any]) -> dict[str, dict[str, Fraction]]:
        """Goal -> what states are worth to it, by their names."""
        with _blaming(self.name, "goals"):
            return {
                str(goal): {name: Fraction(worth(state)) for name, state in states.items()}
                for goal, worth in self._world.goals.items()
            }

    def tabulate(
        self, scores: Callable[[Array], Array], discount: Fraction = Fraction(9, 10)
    ) -> Tabulated:
        """The states that are reached from `starts`, for ever; see `extract.abstraction.tabulate`.

        Args:
            scores: from flat observations (N, n) to those of the actions.
            discount: of the process.
        """
        with _blaming(self.name, "starts"):
            starts = list(getattr(self._world, "starts", ()))
        if not starts:
            raise InputError(
                f"{self.name}: `goals` need `starts`, the states to tell them apart in"
            )
        actions = [str(action) for action in range(self.actions)]
        with _blaming(self.name, "its table of states"):
            return tabulate(self._world, scores, starts, actions, discount=discount, stays=True)

    def reset(self, seed: int | None = None) -> Observation:
        """Begin an episode."""
        with _blaming(self.name, "reset"):
            observation, _ = self._world.reset(seed=seed)
            return _named(observation)

    def step(self, action: int) -> Step:
        """Take an action. An episode that is cut off by a time limit has not ended."""
        with _blaming(self.name, "step"):
            observation, reward, terminated, *_ = self._world.step(int(action))
            return Step(_named(observation), float(reward), bool(terminated))

    def get_state(self) -> Any:
        """The state, as `set_state` takes it."""
        with _blaming(self.name, "get_state"):
            if hasattr(self._world, "get_state"):
                return self._world.get_state()
            return _copied(self._world.state)

    def set_state(self, state: Any) -> None:
        """Go on from a state."""
        with _blaming(self.name, "set_state"):
            if hasattr(self._world, "set_state"):
                self._world.set_state(state)
                return
            self._world.state = _copied(state)
            if hasattr(self._world, "steps_beyond_terminated"):
                self._world.steps_beyond_terminated = None


def open_environment(spec: str | Environment) -> Environment:
    """An environment by its Gymnasium id or as FILE.py:callable.

    Raises:
        InputError: there is no such environment, or it cannot be used; one line.
    """
    if isinstance(spec, Environment):
        return spec
    file, colon, name = spec.rpartition(":")
    if colon and file.endswith(".py"):
        from extract.reader.python_file import call

        return Environment(call(Path(file), name), spec)
    import gymnasium

    try:
        world = gymnasium.make(spec)
    except (Exception, SystemExit) as error:
        raise InputError(f"environment {spec!r}: {one_line(error)}") from error
    return Environment(world, spec)


def inputs_of(observation: Observation, network: Network, names: tuple[str, ...]) -> list[Array]:
    """The arrays of one observation for the named inputs, each of the input's shape.

    Raises:
        InputError: an input is missing, or an array has the wrong size.
    """
    if set(observation) == {""} and len(names) == 1:
        observation = {names[0]: observation[""]}
    arrays: list[Array] = []
    for name in names:
        if name not in observation:
            known = ", ".join(repr(key) for key in observation if key) or "one array"
            raise InputError(f"the environment gives {known}, but no input {name!r}")
        node = network.node(name)
        array = np.asarray(observation[name], dtype=np.float64)
        if array.size != node.size:
            raise InputError(
                f"the environment gives {array.size} numbers for the input {name!r}, "
                f"which takes {node.size}"
            )
        arrays.append(array.reshape(node.shape))
    return arrays


def _blaming(name: str, what: str) -> AbstractContextManager[None]:
    """Turns an error within an environment into one line that names it, and the line of code."""

    def whose(error: BaseException) -> str:
        last = traceback.extract_tb(error.__traceback__)[-1]
        inside = last.filename not in (__file__, blame.__file__)
        place = f" ({Path(last.filename).name}:{last.lineno})" if inside else ""
        return f"{name}: {what} failed{place}"

    return blame.blaming(whose)


def _named(observation: Any) -> Observation:
    if isinstance(observation, Mapping):
        return {str(key): np.asarray(value) for key, value in observation.items()}
    return {"": np.asarray(observation)}


def _copied(state: Any) -> Any:
    """A state that stays as it is when the world moves on; numbers in a tuple do so anyway."""
    return state.copy() if isinstance(state, np.ndarray) else type(state)(state)
