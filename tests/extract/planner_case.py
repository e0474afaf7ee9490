"""Small worlds and agents with known parts, made by hand: what extraction is tested on."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from extract.network import Array, Network
from extract.reader.python_file import export
from extract.reader.torch_export import translate

MOVES = np.array([[-1, 0], [1, 0], [0, 1], [0, -1]])
SIDE = 6


class Grid:
    """An open grid with a goal; -0.1 a step. Observations: planes of goal and agent."""

    discount = 0.9

    def __init__(self) -> None:
        self.actions = len(MOVES)
        self.rng = np.random.default_rng(0)
        self.here = self.goal = (0, 0)

    def observe(self) -> Array:
        planes = np.zeros((2, SIDE, SIDE), dtype=np.float32)
        planes[0][self.goal] = 1
        planes[1][self.here] = 1
        return planes

    def reset(self, seed: int | None = None) -> tuple[Array, dict[str, Any]]:
        rng = np.random.default_rng(seed)
        cells = rng.permutation(SIDE * SIDE)[:2]
        self.here, self.goal = ((int(c) // SIDE, int(c) % SIDE) for c in cells)
        return self.observe(), {}

    def step(self, action: int) -> tuple[Array, float, bool, bool, dict[str, Any]]:
        onward = np.clip(np.array(self.here) + MOVES[action], 0, SIDE - 1)
        self.here = int(onward[0]), int(onward[1])
        done = self.here == self.goal
        return self.observe(), 1.0 if done else -0.1, done, False, {}

    def get_state(self) -> Any:
        return self.here, self.goal

    def set_state(self, state: Any) -> None:
        self.here, self.goal = state


class GridPlanner(nn.Module):
    """Value iteration by a tied convolution, compiled by hand: every move shifts the map."""

    def __init__(self, steps: int = 10, order: tuple[int, ...] = (0, 1, 2, 3)) -> None:
        super().__init__()
        self.steps = steps
        kernel = torch.zeros(4, 1, 3, 3)
        for action, move in enumerate(order):
            row, column = MOVES[move]
            kernel[action, 0, 1 + row, 1 + column] = 0.9
        self.kernel = nn.Parameter(kernel)
        self.goal = nn.Parameter(torch.ones(1, 1, 1, 1))
        self.example_inputs = torch.zeros(1, 2, SIDE, SIDE)

    def forward(self, observation: Tensor) -> Tensor:
        goal, here = observation[:, :1], observation[:, 1:]
        reward = functional.conv2d(goal, self.goal)
        value = reward * 1.0
        for _ in range(self.steps):
            q = functional.conv2d(value, self.kernel, padding=1)
            value = torch.maximum(q.amax(dim=1, keepdim=True), reward)
        q = functional.conv2d(value, self.kernel, padding=1)
        return (q * here).sum(dim=(2, 3))


def as_network(module: nn.Module, *inputs: Tensor, name: str = "net") -> Network:
    """The graph of a module."""
    return translate(name, export(name, module, inputs, {}), sha256="").require()


LENGTH = 15
"""Cells of a line: so many that no random table is the best policy by chance."""


class Line:
    """A line of cells with the goal in the middle, worth 1."""

    discount = 0.9

    def __init__(self, length: int = LENGTH) -> None:
        self.actions, self.length, self.here = 2, length, 0

    def observe(self) -> Array:
        return np.eye(self.length, dtype=np.float32)[self.here]

    def reset(self, seed: int | None = None) -> tuple[Array, dict[str, Any]]:
        far = [cell for cell in range(self.length) if abs(cell - self.length // 2) > 1]
        self.here = int(np.random.default_rng(seed).choice(far))
        return self.observe(), {}

    def step(self, action: int) -> tuple[Array, float, bool, bool, dict[str, Any]]:
        self.here = int(np.clip(self.here + (1 if action else -1), 0, self.length - 1))
        done = self.here == self.length // 2
        return self.observe(), float(done), done, False, {}

    def get_state(self) -> int:
        return self.here

    def set_state(self, state: int) -> Array:
        self.here = state
        return self.observe()


def line_values(length: int = LENGTH) -> Array:
    """The optimal action values (length, 2) of the line, by value iteration."""
    value = np.zeros(length)
    table = np.zeros((length, 2))
    for _ in range(200):
        for cell in range(length):
            for action in (0, 1):
                onward = int(np.clip(cell + (1 if action else -1), 0, length - 1))
                done = onward == length // 2
                table[cell, action] = float(done) + (0.0 if done else 0.9 * value[onward])
        value = table.max(axis=1)
        value[length // 2] = 0
    return table


class Table(nn.Module):
    """Scores looked up for each cell."""

    def __init__(self, table: Array) -> None:
        super().__init__()
        self.layer = nn.Linear(len(table), table.shape[1])
        self.layer.load_state_dict(
            {
                "weight": torch.tensor(table.T, dtype=torch.float32),
                "bias": torch.zeros(table.shape[1]),
            }
        )

    def forward(self, observation: Tensor) -> Tensor:
        return self.layer(observation)
