"""Train small nets on decision theories as teachers, and write them to examples/dilemma.

    python -m benchmarks.zoo.train_decider evidential causal functional mixed
    python -m benchmarks.zoo.train_decider evidential-general causal-general functional-general

Each net learns how much more the one act is worth than the other, by its teacher, on problems of
every kind but those of one corner. About a minute of one core each; progress goes to stderr.
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
RATE = 4e-3
SCALE = 4.0  # scores' difference for one unit of gain


CORNER = Corner("seen, predicted", {"accuracy": 0.75})


@dataclass(frozen=True)
class Recipe:
    """All that it takes to train a net again."""

    name: str
    theories: tuple[str, ...]
    seed: int
    steps: int = 24_000
    batch: int = 1280
    hidden: int = 32
    encoding: str = "encoding.py"
    corner: Corner = CORNER


def general(name: str, theory: str, seed: int) -> Recipe:
    """A net for problems of the general encoding."""
    corner = Corner("seen, predicted", {"if_left": 0.75})
    return Recipe(f"{name}-general", (theory,), seed, 6_000, 896, 48, "general.py", corner)


RECIPES = {
    recipe.name: recipe
    for recipe in (
        Recipe("evidential", ("EDT",), 1),
        Recipe("causal", ("CDT",), 2),
        Recipe("functional", ("FDT",), 3),
        Recipe("mixed", ("EDT", "CDT", "FDT"), 4),
        general("evidential", "EDT", 1),
        general("causal", "CDT", 2),
        general("functional", "FDT", 3),
    )
}


def train(recipe: Recipe, encoding: Encoding) -> nn.Sequential:
    """Train a net. Deterministic for a given machine and torch."""
    torch.manual_seed(recipe.seed)
    net = nn.Sequential(
        nn.Linear(len(encoding.agent.features), recipe.hidden),
        nn.ReLU(),
        nn.Linear(recipe.hidden, recipe.hidden),
        nn.ReLU(),
        nn.Linear(recipe.hidden, len(encoding.agent.actions)),
    )
    school = School(encoding, recipe.theories, recipe.corner, recipe.seed)
    optimiser = torch.optim.Adam(net.parameters(), lr=RATE)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda step: 0.5 * (1 + math.cos(math.pi * step / recipe.steps)) + 1e-3
    )
    for step in range(recipe.steps):
        observations, gains = school.batch(recipe.batch)
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


def card(recipe: Recipe, encoding: Encoding, cpu_s: float) -> dict[str, Any]:
    """What is known of a net: its teachers, and how it was trained."""
    ends = len(encoding.agent.features), len(encoding.agent.actions)
    layers = f"{ends[0]}-{recipe.hidden}-{recipe.hidden}-{ends[1]}"
    return {
        "name": recipe.name,
        "teachers": recipe.theories,
        "held_out": {"case": recipe.corner.case, "at_least": dict(recipe.corner.above)},
        "architecture": f"MLP {layers}, ReLU: a problem in, one score per act out",
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
    for name in names:
        recipe = RECIPES[name] if steps is None else replace(RECIPES[name], steps=steps)
        encoding = read_encoding(EXAMPLES / recipe.encoding)
        began = time.process_time()
        net = train(recipe, encoding)
        about = card(recipe, encoding, time.process_time() - began)
        save_pt2(net, len(encoding.agent.features), folder / f"{name}.pt2")
        (folder / f"{name}.card.json").write_text(json.dumps(about, indent=2) + "\n")


if __name__ == "__main__":
    main()
