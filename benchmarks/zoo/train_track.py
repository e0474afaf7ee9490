"""Train the two shuttles of examples/track.

    python -m benchmarks.zoo.train_track

Both imitate a rule that pushes towards the middle of the track; how much the rule looks ahead, by
the velocity, tells them apart. Deterministic for a given machine and torch.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from benchmarks.zoo.export import save_pt2

EXAMPLES = Path(__file__).resolve().parents[2] / "examples" / "track"
FORESIGHT = {"steady": 3.0, "hasty": 0.0}  # steps that the rule looks ahead
SEED, STEPS, BATCH, RATE = 1, 600, 512, 1e-2
REACH = (1.1, 0.35)  # of positions and velocities in training
DEADBAND = 0.1  # around the middle, where the rule coasts


def rule(observations: Tensor, foresight: float) -> Tensor:
    """The action (B,) for observations (B, 2): 0 left, 1 coast, 2 right."""
    ahead = observations[:, 0] + foresight * observations[:, 1]
    return torch.where(ahead > DEADBAND, 0, torch.where(ahead < -DEADBAND, 2, 1))


def train(foresight: float) -> nn.Sequential:
    """A net 2-8-8-3 that imitates the rule."""
    torch.manual_seed(SEED)
    net = nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 3))
    optimiser = torch.optim.AdamW(net.parameters(), lr=RATE)
    generator = torch.Generator().manual_seed(SEED)
    for step in range(STEPS):
        observations = torch.rand(BATCH, 2, generator=generator) * 2 - 1
        observations = observations * torch.tensor(REACH)
        loss = cross_entropy(net(observations), rule(observations, foresight))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        for group in optimiser.param_groups:
            group["lr"] = RATE * (1 - step / STEPS) + 1e-4
    return net.eval()


def main() -> None:
    """Train both and write them where the example keeps them."""
    torch.set_num_threads(1)
    EXAMPLES.mkdir(parents=True, exist_ok=True)
    for name, foresight in FORESIGHT.items():
        save_pt2(train(foresight), 2, EXAMPLES / f"{name}.pt2")


if __name__ == "__main__":
    main()
