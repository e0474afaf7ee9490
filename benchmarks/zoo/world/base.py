"""What the worlds share: integer states, four moves, a cost for every step."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import gymnasium as gym
import numpy as np
import torch
from torch import Tensor

MOVES = ("north", "south", "east", "west")
STEPS = torch.tensor([[0, 1], [0, -1], [1, 0], [-1, 0]])
"""What each move adds to (x, y)."""

COST = 0.1
"""Of every step: the value of a state is minus the cost of the way to the goal."""


class World(gym.Env[np.ndarray[Any, Any], int]):
    """A deterministic world with integer states.

    `outcomes` says everything about it, for a whole batch of states; the Gymnasium methods follow.

    Attributes:
        discount: by which its values are meant.
        horizon: steps after which an episode is cut off.
    """

    discount = 1.0
    horizon = 60

    def __init__(self, features: int, actions: int) -> None:
        self.observation_space = gym.spaces.Box(-1.0, 1.0, (features,), np.float32)
        self.action_space: Any = gym.spaces.Discrete(actions)
        self._state = torch.zeros(0, dtype=torch.long)
        self._time = 0

    @abstractmethod
    def observe(self, states: Tensor) -> Tensor:
        """States (B, k) to observations (B, features), float32."""

    @abstractmethod
    def outcomes(self, states: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Next states (B, actions, k), rewards (B, actions) and whether the episode ends there."""

    @abstractmethod
    def sample(self, count: int, generator: torch.Generator) -> Tensor:
        """Random states to start from (count, k)."""

    @abstractmethod
    def best(self, states: Tensor) -> Tensor:
        """Which actions are optimal (B, actions)."""

    def get_state(self) -> tuple[int, ...]:
        """The state, as numbers that `set_state` takes."""
        return tuple(int(v) for v in self._state)

    def set_state(self, state: tuple[int, ...]) -> np.ndarray[Any, Any]:
        """Go to a state; the clock starts anew. Returns the observation there."""
        self._state = torch.tensor(state, dtype=torch.long)
        self._time = 0
        return self._seen()

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[np.ndarray[Any, Any], dict[str, Any]]:
        """Start an episode in a random state."""
        super().reset(seed=seed)
        generator = torch.Generator().manual_seed(int(self.np_random.integers(2**31)))
        return self.set_state(tuple(self.sample(1, generator)[0].tolist())), {}

    def step(self, action: int) -> tuple[np.ndarray[Any, Any], float, bool, bool, dict[str, Any]]:
        """Take one of the actions."""
        following, rewards, ends = self.outcomes(self._state[None])
        self._state = following[0, int(action)]
        self._time += 1
        late = self._time >= self.horizon
        return self._seen(), float(rewards[0, action]), bool(ends[0, action]), late, {}

    def _seen(self) -> np.ndarray[Any, Any]:
        return self.observe(self._state[None])[0].numpy()


def skill(scores: Tensor, best: Tensor) -> float:
    """The share of states in which the best-scored action is an optimal one."""
    return float(best.gather(1, scores.argmax(dim=1, keepdim=True)).float().mean())


def solve(world: World, states: Tensor) -> tuple[Tensor, Tensor]:
    """The optimal action values (B, actions) and state values (B,) of a closed set of states.

    Value iteration to its end: the worlds are deterministic, so it stops after as many rounds as
    the longest way. States from which no episode ends keep the value of `horizon` steps.
    """
    following, rewards, ends = world.outcomes(states)
    index = {tuple(state): i for i, state in enumerate(states.tolist())}
    target = torch.tensor(
        [[index.get(tuple(s), -1) for s in row] for row in following.tolist()], dtype=torch.long
    )
    if bool(((target < 0) & ~ends).any()):
        raise ValueError("the set of states is not closed under the actions")
    value = torch.zeros(len(states))
    scores = rewards
    for _ in range(world.horizon):
        scores = rewards + world.discount * torch.where(ends, 0.0, value[target.clamp(min=0)])
        value = scores.amax(dim=1)
    return scores, value
