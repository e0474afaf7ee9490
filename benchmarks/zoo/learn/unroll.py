"""Training a model by value equivalence: unrolled along random actions, its rewards, values and
policies have to be those of the states that the world goes through.

The targets are the exact optimal values of the small world, in place of a search's.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, mse_loss

from benchmarks.zoo.net.muzero import LATENT, Model
from benchmarks.zoo.world.base import solve
from benchmarks.zoo.world.field import Field

BATCH = 256
UNROLL = 5


def train_model(
    seed: int,
    *,
    steps: int,
    consistency: float = 0.0,
    world: Field | None = None,
    latent: int = LATENT,
) -> Model:
    """Train on an open field.

    Args:
        seed: of weights, states and actions.
        steps: of gradient descent.
        consistency: weight of the demand that the predicted latent state is the perceived one.
        world: the field; by default that of the zoo.
        latent: entries of the latent state.
    """
    torch.manual_seed(seed)
    world = world or Field()
    net = Model(world.observe(world.every()[:1]).shape[1], len(world.moves), latent)
    every = world.every()
    scores, value = solve(world, every)
    good = torch.isclose(scores, scores.amax(dim=1, keepdim=True)).float()
    table = _Table(every, value, good / good.sum(dim=1, keepdim=True))
    generator = torch.Generator().manual_seed(seed)
    optimiser = torch.optim.Adam(net.parameters(), lr=3e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps, 1e-5)
    for _ in range(steps):
        loss = _loss(net, world, table, generator, consistency)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
    return net.eval()


class _Table:
    """Values and best moves by state."""

    def __init__(self, states: Tensor, value: Tensor, best: Tensor) -> None:
        self.index = {tuple(state): i for i, state in enumerate(states.tolist())}
        self.value, self.best = value, best

    def rows(self, states: Tensor) -> Tensor:
        return torch.tensor([self.index.get(tuple(state), 0) for state in states.tolist()])


def _loss(
    net: Model, world: Field, table: _Table, generator: torch.Generator, consistency: float
) -> Tensor:
    states = world.sample(BATCH, generator)
    alive = torch.ones(BATCH)
    latent = net.perceive(world.observe(states))
    index, total = torch.arange(BATCH), torch.zeros(())
    for step in range(UNROLL + 1):
        rows = table.rows(states)
        wanted = table.value[rows] * alive
        total = total + mse_loss(net.value(latent)[:, 0], wanted)
        blame = cross_entropy(net.policy(latent), table.best[rows], reduction="none")
        total = total + 0.25 * (blame * alive).mean()
        if step == UNROLL:
            break
        action = torch.randint(len(world.moves), (BATCH,), generator=generator)
        joint = torch.cat([latent, torch.eye(len(world.moves))[action]], dim=1)
        following, rewards, ends = (x[index, action] for x in world.outcomes(states))
        latent = net.predict(joint)
        total = total + mse_loss(net.reward(latent)[:, 0], rewards * alive)
        alive = alive * (~ends).float()
        states = torch.where(alive[:, None] > 0, following, states)
        if consistency:
            with torch.no_grad():
                perceived = net.perceive(world.observe(states))
            error = (latent - perceived).square().mean(dim=1)
            total = total + consistency * (error * alive).mean()
    return total
