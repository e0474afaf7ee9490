"""Imitation through time: what a teacher does all along an episode, learned with its memory."""

from __future__ import annotations

import torch
from torch import Generator, Tensor
from torch.nn.functional import cross_entropy

from benchmarks.zoo.net.recurrent import Recurrent
from benchmarks.zoo.world.base import World

BATCH, WANDER = 128, 0.15
"""Episodes side by side, and the share of actions in them that are no teacher's."""


def train_recurrent(net: Recurrent, world: World, seed: int, *, steps: int) -> Recurrent:
    """Learn the optimal actions from episodes that wander off now and then."""
    generator = Generator().manual_seed(seed)
    optimiser = torch.optim.Adam(net.parameters(), lr=5e-3)
    for _ in range(steps):
        loss, _ = play(net, world, generator, count=BATCH)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return net.eval()


def play(
    net: Recurrent, world: World, generator: Generator, *, count: int, length: int = 10
) -> tuple[Tensor, Tensor]:
    """The loss against the optimal actions, and the share of optimal choices, along episodes."""
    states = world.sample(count, generator)
    memory = torch.zeros(count, net.cell.hidden_size)
    loss, right, alive = torch.zeros(()), torch.zeros(()), torch.ones(count)
    total = torch.zeros(())
    index = torch.arange(count)
    for _ in range(length):
        scores, memory = net(world.observe(states), memory)
        best = world.best(states).float()
        wanted = best.argmax(dim=1)
        loss = loss + (cross_entropy(scores, wanted, reduction="none") * alive).mean()
        right = right + (best[index, scores.argmax(dim=1)] * alive).sum()
        total = total + alive.sum()
        wander = torch.rand(count, generator=generator) < WANDER
        other = torch.randint(scores.shape[1], (count,), generator=generator)
        action = torch.where(wander, other, wanted)
        following, _, ends = (x[index, action] for x in world.outcomes(states))
        alive = alive * (~ends).float()
        states = torch.where(alive[:, None] > 0, following, states)
    return loss, right / total
