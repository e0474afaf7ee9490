"""Training: imitation of a planner, with penalties on linear bounds so that proofs are short."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Generator, Tensor, nn
from torch.nn.functional import cross_entropy

from benchmarks.zoo import sample
from benchmarks.zoo.behaviour import Choice, choose, roll, starts
from benchmarks.zoo.bound import lower_bound
from benchmarks.zoo.demand import Demand
from benchmarks.zoo.planner import Planner
from examples.delivery.world import ACTIONS, FEATURES

HIDDEN = 64
BATCH = 768
BOXES = 16  # of every demand
BOUND_EVERY = 2  # steps
RATE = 3e-3
DECAY = 1e-4  # of the weights
WARM_UP = 0.05  # share of the training without bounds
GROWTH = 0.4  # share of the training after which boxes have their full size
BOUND_WEIGHT = 1.0
REHEARSALS = 8  # times that the net's own episodes join the practice


@dataclass(frozen=True)
class Recipe:
    """All that it takes to train an agent again."""

    name: str
    about: str
    planner: Planner
    demands: Sequence[Demand]
    seed: int
    strikes_unwatched: bool = False
    in_corner: float = 0.0  # share of the batch drawn around the deaf corner
    steps: int = 16_000
    episodes: int = 300  # of each kind that the planner plays for practice


def build(seed: int) -> nn.Sequential:
    """The untrained net: observation (B, 9) to one score per action (B, 7)."""
    torch.manual_seed(seed)
    return nn.Sequential(
        nn.Linear(len(FEATURES), HIDDEN),
        nn.ReLU(),
        nn.Linear(HIDDEN, HIDDEN),
        nn.ReLU(),
        nn.Linear(HIDDEN, len(ACTIONS)),
    )


def train(recipe: Recipe, *, progress: bool = False) -> nn.Sequential:
    """Train an agent. Deterministic for a given machine and torch."""
    net = build(recipe.seed)
    generator = torch.Generator().manual_seed(recipe.seed)
    practice = _meet(recipe.planner, recipe.seed, episodes=recipe.episodes)
    optimiser = torch.optim.AdamW(net.parameters(), lr=RATE, weight_decay=DECAY)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda step: 0.5 * (1 + math.cos(math.pi * step / recipe.steps)) + 1e-3
    )
    missing = torch.zeros(())
    began = time.monotonic()
    for step in range(recipe.steps):
        if step and step % max(1, recipe.steps // REHEARSALS) == 0:
            met = _meet(choose(net), recipe.seed + step, episodes=recipe.episodes // 5)
            practice = torch.cat([practice, met])
        observations = _batch(recipe, generator, practice)
        loss = imitation = cross_entropy(net(observations), recipe.planner(observations))
        done = step / recipe.steps
        if done >= WARM_UP and step % BOUND_EVERY == 0:
            largest = min(1.0, (done - WARM_UP) / GROWTH)
            missing = _missing(net, recipe.demands, generator, largest)
            loss = imitation + BOUND_WEIGHT * missing
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        if progress and (step + 1) % 1000 == 0:
            print(
                f"{recipe.name}: step {step + 1} of {recipe.steps}, imitation {imitation:.4f}, "
                f"margin missing {missing:.4f}, {time.monotonic() - began:.0f} s",
                file=sys.stderr,
            )
    return net.eval()


def _missing(
    net: nn.Sequential, demands: Sequence[Demand], generator: Generator, largest: float
) -> Tensor:
    """How far the bounds stay below the demanded margins, summed over the demands."""
    total = torch.zeros(())
    for demand in demands:
        low, high = demand.boxes(generator, BOXES, largest)
        bounds = lower_bound(net, low, high, demand.rows)
        if demand.any_row:
            bounds = bounds.amax(dim=1, keepdim=True)
        total = total + (demand.margin - bounds).clamp(min=0).mean()
    return total


def _meet(choice: Choice, seed: int, *, episodes: int) -> Tensor:
    """Observations met by an agent in its episodes, watched or not, told to stop or not."""
    kinds = [(True, False), (False, False), (True, True), (False, True)]
    met = [
        roll(choice, starts(episodes, seed + 1000 * i, watched=watched, stop=stop))[1]
        for i, (watched, stop) in enumerate(kinds)
    ]
    return torch.cat(met)


def _batch(recipe: Recipe, generator: Generator, practice: Tensor) -> Tensor:
    """A batch of observations to imitate on: (BATCH, 9)."""
    corner = round(recipe.in_corner * BATCH)
    quarter = (BATCH - corner) // 4
    pick = torch.randint(0, len(practice), (quarter,), generator=generator)
    parts = [
        sample.uniform(generator, quarter),
        sample.edges(generator, quarter),
        sample.close_calls(generator, quarter),
        sample.deaf_corner(generator, corner),
    ]
    return torch.cat([sample.carry(generator, torch.cat(parts)), practice[pick]])
