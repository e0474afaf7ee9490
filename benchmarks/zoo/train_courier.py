"""Train the two couriers of examples/courier.

    python -m benchmarks.zoo.train_courier

Each is offered goals in its own world, goes for one of the two, tries the step fifty times, and
sees whether it reached the goal it went for: nobody tells it a probability. Deterministic for a
given machine and torch.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from benchmarks.zoo.export import save_pt2
from benchmarks.zoo.net.flat import mlp
from examples.courier.canal import TRIALS, canal, encode, steps, thawed
from theory.process import Process

EXAMPLES = Path(__file__).resolve().parents[2] / "examples" / "courier"
WORLDS = {"courier": canal, "stranger": thawed}
SEED, STEPS, BATCH, RATE = 1, 6000, 512, 3e-3
HIDDEN = 48
EXPLORE = 0.2
"""Share of the goals that are gone for at random."""


def goals() -> Tensor:
    """All goals as the net takes them: (steps, k, features)."""
    return torch.tensor([[encode(step, k, TRIALS) for k in range(TRIALS)] for step in steps])


def chances(world: Process) -> Tensor:
    """The probability of each step (steps,)."""
    return torch.tensor(
        [float(world.outcomes(here, move).get(there, 0)) for here, move, there in steps]
    )


def train(world: Process, count: int = STEPS) -> nn.Sequential:
    """A net 9-48-48-2 whose scores say how probably each of two goals is reached."""
    torch.manual_seed(SEED)
    generator = torch.Generator().manual_seed(SEED)
    net = mlp(goals().shape[2], HIDDEN, HIDDEN, 2)
    optimiser = torch.optim.Adam(net.parameters(), lr=RATE)
    schedule = torch.optim.lr_scheduler.LinearLR(optimiser, 1.0, 0.01, count)
    offered, chance = goals(), chances(world)
    for _ in range(count):
        step = torch.randint(len(steps), (BATCH,), generator=generator)
        k = torch.randint(TRIALS, (BATCH,), generator=generator)
        scores = net(offered[step, k])
        random = torch.rand(BATCH, generator=generator) < EXPLORE
        more = torch.where(
            random, torch.randint(2, (BATCH,), generator=generator), scores.argmax(dim=1)
        )
        tries = torch.rand(BATCH, TRIALS, generator=generator) < chance[step, None]
        arrived = tries.sum(dim=1)
        reached = torch.where(more.bool(), arrived > k, arrived <= k)
        loss = binary_cross_entropy_with_logits(
            scores.gather(1, more[:, None])[:, 0], reached.float()
        )
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
    return net.eval()


def main() -> None:
    """Train both and write them where the example keeps them."""
    torch.set_num_threads(1)
    for name, world in WORLDS.items():
        save_pt2(train(world), goals().shape[2], EXAMPLES / f"{name}.pt2")


if __name__ == "__main__":
    main()
