"""Training the parts of a lookahead: what comes after each move, and what it is worth."""

from __future__ import annotations

import torch
from torch.nn.functional import mse_loss

from benchmarks.zoo.net.lookahead import Lookahead
from benchmarks.zoo.world.base import COST, solve
from benchmarks.zoo.world.field import Field

BATCH = 512


def train_lookahead(net: Lookahead, world: Field, seed: int, *, steps: int) -> Lookahead:
    """Fit predictions to the perceived successors, and values to the optimal ones.

    Args:
        net: its perception stays as it is.
        world: a field.
        seed: of the states.
        steps: of gradient descent.
    """
    every = world.every()
    _, value = solve(world, every)
    home = every.clone()
    home[:, :2] = home[:, 2:]
    states = torch.cat([every, home.unique(dim=0)])
    values = torch.cat([value, torch.zeros(len(states) - len(every))]) / COST
    successors, _, _ = world.outcomes(states)
    trained = [*net.predict.parameters(), *net.value.parameters()]
    optimiser = torch.optim.Adam(trained, lr=5e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps, 1e-5)
    generator = torch.Generator().manual_seed(seed)
    for _ in range(steps):
        pick = torch.randint(len(states), (BATCH,), generator=generator)
        with torch.no_grad():
            here = net.perceive(world.observe(states[pick]))
            there = net.perceive(world.observe(successors[pick].flatten(0, 1)))
        predicted = net.after(here).flatten(0, 1)
        loss = mse_loss(predicted, there) + 0.1 * mse_loss(net.value(here)[:, 0], values[pick])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
    return net.eval()
