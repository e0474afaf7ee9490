"""Imitation: learn what a teacher does, or how it scores, and nothing of how it gets there."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Generator, Tensor, nn
from torch.nn.functional import cross_entropy

from benchmarks.zoo.world.base import World

BATCH = 256
STATES = 30_000
"""That the examples are drawn from."""

Sample = Callable[[int, Generator], Tensor]  # a number of states -> the states


def clone(
    net: nn.Module,
    teacher: Callable[[Tensor], Tensor],
    world: World,
    seed: int,
    *,
    steps: int,
    soft: bool = False,
    decay: float = 1e-3,
) -> nn.Module:
    """Learn a teacher's actions from observations of random states.

    Args:
        net: from observations to scores.
        teacher: from states to scores (B, actions).
        world: the world.
        seed: of the states.
        steps: of gradient descent.
        soft: learn the softmax of the teacher's scores (distillation) rather than its choice.
        decay: of the weights.
    """
    generator = torch.Generator().manual_seed(seed)
    optimiser = torch.optim.AdamW(net.parameters(), lr=2e-3, weight_decay=decay)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps, 1e-5)
    states = world.sample(STATES, generator)
    with torch.no_grad():
        scores = teacher(states)
    targets = scores.softmax(dim=1) if soft else scores.argmax(dim=1)
    observations = world.observe(states)
    for _ in range(steps):
        pick = torch.randint(STATES, (BATCH,), generator=generator)
        loss = cross_entropy(net(observations[pick]), targets[pick])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
    return net.eval()
