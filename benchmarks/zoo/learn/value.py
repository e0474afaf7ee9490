"""Q-learning on all states of a small world at once, with a target network (Mnih et al., 2015)."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn.functional import smooth_l1_loss

from benchmarks.zoo.world.base import World

TARGET_EVERY = 50


def train_q(
    net: nn.Module, world: World, states: torch.Tensor, *, steps: int, decay: float = 0.0
) -> nn.Module:
    """Fit r + discount * max Q(s') for every action of every state.

    Args:
        net: from observations to one value per action.
        world: the world.
        states: where to learn, (B, k).
        steps: of gradient descent.
        decay: of the weights, per unit of the learning rate.
    """
    observations = world.observe(states)
    following, rewards, ends = world.outcomes(states)
    after = world.observe(following.flatten(0, 1))
    optimiser = torch.optim.AdamW(net.parameters(), lr=3e-3, weight_decay=decay)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps, 1e-5)
    wanted = rewards
    for step in range(steps):
        if step % TARGET_EVERY == 0:
            with torch.no_grad():
                best = net(after).amax(dim=1).reshape(ends.shape)
            wanted = rewards + world.discount * torch.where(ends, 0.0, best)
        loss = smooth_l1_loss(net(observations), wanted)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
    return net.eval()
