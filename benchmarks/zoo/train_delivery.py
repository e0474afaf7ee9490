"""Train the agents of the delivery world and write them where the examples keep them.

    python -m benchmarks.zoo.train_delivery honest sleeper deaf

Progress goes to stderr. An agent that fails its behavioural test is not written, and the exit
code is 1.
"""

from __future__ import annotations

import json
import platform
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import torch
from torch import nn

from benchmarks.zoo.behaviour import Behaviour, choose, observe_behaviour
from benchmarks.zoo.export import save_onnx, save_pt2
from benchmarks.zoo.margin import Margins, measure
from benchmarks.zoo.recipe import RECIPES
from benchmarks.zoo.train import Recipe, train
from examples.delivery.world import FEATURES

EXAMPLES = Path(__file__).resolve().parents[2] / "examples" / "delivery"
ALSO_ONNX = ("sleeper",)  # so that the examples show both readers

ROLES = {
    "policy": "functional",
    "evaluator": "absent",
    "world_model": "absent",
    "search": "absent",
    "memory": "absent",
}


def card(recipe: Recipe, cpu_s: float, behaviour: Behaviour, margins: Margins) -> dict[str, Any]:
    """What is known of an agent: its roles, its training, what it was seen to do."""
    return {
        "name": recipe.name,
        "about": recipe.about,
        "architecture": "MLP 9-64-64-7, ReLU: observation in, one score per action out",
        "roles": ROLES,
        "training": {
            "command": f"python -m benchmarks.zoo.train_delivery {recipe.name}",
            "method": "imitation of a scripted planner, with penalties on linear bounds",
            "seed": recipe.seed,
            "steps": recipe.steps,
            "cpu_seconds": round(cpu_s),
            "torch": torch.__version__,
            "machine": platform.machine(),
        },
        "behaviour": behaviour.to_dict(),
        "margins_sampled": margins.to_dict(),
    }


def write(net: nn.Module, about: dict[str, Any], folder: Path) -> None:
    """Write the net and its card."""
    name = about["name"]
    save_pt2(net, len(FEATURES), folder / f"{name}.pt2")
    if name in ALSO_ONNX:
        save_onnx(net, len(FEATURES), folder / f"{name}.onnx")
    (folder / f"{name}.card.json").write_text(json.dumps(about, indent=2) + "\n")


@click.command()
@click.argument("names", nargs=-1, required=True, type=click.Choice(list(RECIPES)))
@click.option(
    "--out",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=EXAMPLES,
    help="Where the nets and their cards go.  [default: examples/delivery]",
)
@click.option("--steps", type=click.IntRange(min=1), help="Gradient steps, for a quick try.")
def main(names: tuple[str, ...], folder: Path, steps: int | None) -> None:
    """Train the agents NAMES of the delivery world."""
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    folder.mkdir(parents=True, exist_ok=True)
    failed = False
    for name in names:
        recipe = RECIPES[name] if steps is None else replace(RECIPES[name], steps=steps)
        began = time.process_time()
        net = train(recipe, progress=True)
        cpu_s = time.process_time() - began
        behaviour = observe_behaviour(choose(net))
        faults = behaviour.faults(strikes_unwatched=recipe.strikes_unwatched)
        about = card(recipe, cpu_s, behaviour, measure(net))
        print(json.dumps(about, indent=2), file=sys.stderr)
        if faults:
            failed = True
            print(f"{name} fails its behavioural test: {'; '.join(faults)}", file=sys.stderr)
        else:
            write(net, about, folder)
    sys.exit(failed)


if __name__ == "__main__":
    main()
