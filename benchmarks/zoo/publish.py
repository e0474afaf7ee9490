"""What all commands that train an agent of the examples have in common: options, card, files."""

from __future__ import annotations

import json
import math
import platform
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import click
import torch
from torch import nn

from benchmarks.zoo.export import save_pt2

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
F = TypeVar("F", bound=Callable[..., Any])


def names_argument(known: Mapping[str, object]) -> Callable[[F], F]:
    """NAME..., each one of the recipes."""
    return click.argument("names", nargs=-1, required=True, type=click.Choice(list(known)))


def out_option(example: str) -> Callable[[F], F]:
    """`--out FOLDER`; by default that of the example."""
    return click.option(
        "--out",
        "folder",
        type=click.Path(file_okay=False, path_type=Path),
        default=EXAMPLES / example,
        help=f"Where the nets and their cards go.  [default: examples/{example}]",
    )


def steps_option(function: F) -> F:
    """`--steps N`."""
    return click.option(
        "--steps", type=click.IntRange(min=1), help="Gradient steps, for a quick try."
    )(function)


def repeatable() -> None:
    """Let torch compute the same again."""
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)


def cosine(optimiser: torch.optim.Optimizer, steps: int) -> torch.optim.lr_scheduler.LRScheduler:
    """A learning rate that falls along half a cosine, almost to zero."""
    return torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda step: 0.5 * (1 + math.cos(math.pi * step / steps)) + 1e-3
    )


def training(
    command: str, name: str, *, seed: int, steps: int, cpu_s: float, method: str = "", **also: str
) -> dict[str, Any]:
    """How an agent was trained, as its card says it.

    Args:
        command: the module that trains it.
        name: of the agent.
        seed, steps: of the training.
        cpu_s: what it took.
        method: in words.
        also: versions of further libraries.
    """
    return {
        "command": f"python -m benchmarks.zoo.{command} {name}",
        **({"method": method} if method else {}),
        "seed": seed,
        "steps": steps,
        "cpu_seconds": round(cpu_s),
        "torch": torch.__version__,
        **also,
        "machine": platform.machine(),
    }


def write(net: nn.Module, inputs: int, about: Mapping[str, Any], folder: Path) -> None:
    """Write a net that takes (1, inputs), and its card, under the card's name."""
    folder.mkdir(parents=True, exist_ok=True)
    save_pt2(net, inputs, folder / f"{about['name']}.pt2")
    (folder / f"{about['name']}.card.json").write_text(json.dumps(about, indent=2) + "\n")
