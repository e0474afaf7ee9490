"""Training planners on mazes: every cell of a maze is an example of where to go from there."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import log_softmax

from benchmarks.zoo.net import thinker, vin
from benchmarks.zoo.net.thinker import Thinker
from benchmarks.zoo.net.vin import Planner, planes_of
from benchmarks.zoo.world.maze import SIZE, best_moves, layouts

BATCH = 96


def train_planner(
    seed: int, *, size: int = SIZE, rounds: int = vin.ROUNDS, steps: int = 1500
) -> Planner:
    """A value iteration network."""
    torch.manual_seed(seed)
    net = Planner(rounds)

    def loss(planes: Tensor, best: Tensor, counts: Tensor) -> Tensor:
        return _surprise(net.scores(planes), best, counts)

    _descend(net, loss, seed, steps, size, rate=1e-2)
    return net.eval()


def train_thinker(
    seed: int,
    *,
    size: int = SIZE,
    rounds: int = thinker.ROUNDS,
    channels: int = thinker.CHANNELS,
    steps: int = 1500,
) -> Thinker:
    """A recurrent planner, judged after every round, later ones more."""
    torch.manual_seed(seed)
    net = Thinker(rounds, channels)

    def loss(planes: Tensor, best: Tensor, counts: Tensor) -> Tensor:
        parts = [_surprise(s, best, counts) for s in net.scores(planes, net.rounds)]
        weights = torch.linspace(0.2, 1.0, len(parts))
        return (torch.stack(parts) * weights).sum() / weights.sum()

    _descend(net, loss, seed, steps, size, rate=3e-3)
    return net.eval()


def _surprise(scores: Tensor, best: Tensor, counts: Tensor) -> Tensor:
    """Minus the log of the probability of going a shortest way; the mean over cells that count."""
    log = log_softmax(scores, dim=-1).masked_fill(~best, -torch.inf).logsumexp(dim=-1)
    return -(log[counts]).mean()


def _descend(net: nn.Module, loss, seed: int, steps: int, size: int, *, rate: float) -> None:  # noqa: ANN001
    generator = torch.Generator().manual_seed(seed)
    optimiser = torch.optim.Adam(net.parameters(), lr=rate)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, rate, total_steps=steps)
    for _ in range(steps):
        walls, goal = layouts(BATCH, generator, size)
        best, counts = best_moves(walls, goal)
        value = loss(planes_of(walls, goal), best, counts)
        optimiser.zero_grad()
        value.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimiser.step()
        schedule.step()


def skill(scores: Tensor, best: Tensor, counts: Tensor) -> float:
    """The share of cells at which the best-scored move is on a shortest way."""
    chosen = best.gather(-1, scores.argmax(dim=-1, keepdim=True))[..., 0]
    return float(chosen[counts].float().mean())
