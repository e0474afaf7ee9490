"""Train small nets on decision theories as teachers, and write them to examples/dilemma.

    python -m benchmarks.zoo.train_decider evidential causal functional mixed

Each net learns how much more the one act is worth than the other, by its teacher, on problems of
every kind but those of one corner. A few seconds of one core each; progress goes to stderr.
"""

from __future__ import annotations

import json
import math
import platform
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click
import torch
from torch import nn

from benchmarks.zoo.export import save_pt2
from benchmarks.zoo.teacher import Corner, School
from theory.decision.encoding import Encoding
from verify.dilemma.encoding import read_encoding

EXAMPLES = Path(__file__).resolve().parents[2] / "examples" / "dilemma"
CORNER = Corner("seen, predicted", {"if_left": 0.75})
HIDDEN = 48
BATCH = 896
RATE = 4e-3
SCALE = 4.0  # scores' difference for one unit of gain


@dataclass(frozen=True)
class Recipe:
    """All that it takes to train a net again."""

    name: str
    theories: tuple[str, ...]
    seed: int
    steps: int = 6_000


RECIPES = {
    recipe.name: recipe
    for recipe in (
        Recipe("evidential", ("EDT",), 1),
        Recipe("causal", ("CDT",), 2),
        Recipe("functional", ("FDT",), 3),
        Recipe("mixed", ("EDT", "CDT", "FDT"), 4),
    )
}


def train(recipe: Recipe, encoding: Encoding) -> nn.Sequential:
    """Train a net. Deterministic for a given machine and torch."""
    torch.manual_seed(recipe.seed)
    net = nn.Sequential(
        nn.Linear(len(encoding.agent.features), HIDDEN),
        nn.ReLU(),
        nn.Linear(HIDDEN, HIDDEN),
        nn.ReLU(),
        nn.Linear(HIDDEN, len(encoding.agent.actions)),
    )
    school = School(encoding, recipe.theories, CORNER, recipe.seed)
    optimiser = torch.optim.Adam(net.parameters(), lr=RATE)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda step: 0.5 * (1 + math.cos(math.pi * step / recipe.steps)) + 1e-3
    )
    for step in range(recipe.steps):
        observations, gains = school.batch(BATCH)
        scores = net(observations)
        error = (scores[:, 0] - scores[:, 1]) / SCALE - gains
        loss = (error.square() / (gains.abs() + 0.1)).mean() + error.abs().amax() * 1e-2
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
        if (step + 1) % 2000 == 0:
            worst = float(error.detach().abs().amax())
            print(f"{recipe.name}: step {step + 1}, largest error {worst:.4f}", file=sys.stderr)
    return net.eval()


def card(recipe: Recipe, cpu_s: float) -> dict[str, Any]:
    """What is known of a net: its teachers, and how it was trained."""
    return {
        "name": recipe.name,
        "teachers": recipe.theories,
        "held_out": {"case": CORNER.case, "at_least": dict(CORNER.above)},
        "architecture": f"MLP 11-{HIDDEN}-{HIDDEN}-2, ReLU: a problem in, one score per act out",
        "training": {
            "command": f"python -m benchmarks.zoo.train_decider {recipe.name}",
            "seed": recipe.seed,
            "steps": recipe.steps,
            "cpu_seconds": round(cpu_s),
            "torch": torch.__version__,
            "machine": platform.machine(),
        },
    }


@click.command()
@click.argument("names", nargs=-1, required=True, type=click.Choice(list(RECIPES)))
@click.option(
    "--out",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=EXAMPLES,
    help="Where the nets and their cards go.  [default: examples/dilemma]",
)
@click.option("--steps", type=click.IntRange(min=1), help="Gradient steps, for a quick try.")
def main(names: tuple[str, ...], folder: Path, steps: int | None) -> None:
    """Train the nets NAMES."""
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    folder.mkdir(parents=True, exist_ok=True)
    encoding = read_encoding(EXAMPLES / "encoding.py")
    for name in names:
        recipe = RECIPES[name] if steps is None else replace(RECIPES[name], steps=steps)
        began = time.process_time()
        net = train(recipe, encoding)
        about = card(recipe, time.process_time() - began)
        save_pt2(net, len(encoding.agent.features), folder / f"{name}.pt2")
        (folder / f"{name}.card.json").write_text(json.dumps(about, indent=2) + "\n")


if __name__ == "__main__":
    main()
