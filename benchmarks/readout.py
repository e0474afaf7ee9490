"""What latent states say of the observation by a linear readout, and how far off it is at worst.

    python -m benchmarks.readout [--seconds S]

Nets of the zoo, and where MESASCOPE_DATA is set the MuZero agent for CartPole. Beside each readout
stand the same probe on control tasks (Hewitt and Liang 2019), on networks with weights drawn anew,
and on the observation itself, which says of itself everything.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click
import numpy as np
import torch
from rich.console import Console
from rich.table import Table

from benchmarks.fidelity import CARTPOLE, FIELD
from benchmarks.zoo.make import AGENTS
from benchmarks.zoo.world.field import Field
from extract.abstraction.readout import read_out
from extract.network import Array
from extract.reader import read
from extract.structure import declare
from theory.agent import Agent
from verify.readout import prove_readout

SAMPLES = 1000
ARCHITECTURES = Path(__file__).parent


@dataclass(frozen=True)
class Case:
    """A network whose module `perceive` gives latent states, and observations (N, n) to read."""

    name: str
    net: str
    agent: Agent
    observations: Array


def cases() -> Iterator[Case]:
    """What there is to read."""
    states = Field().sample(SAMPLES, torch.Generator().manual_seed(0))
    field = Field().observe(states).numpy()
    for name in ("lookahead-hidden", "random-lookahead-43"):
        yield Case(name, str(AGENTS / f"{name}.pt2"), FIELD, field)
    programs = f"{ARCHITECTURES / 'zoo' / 'net' / 'muzero.py'}:programs"
    yield Case("muzero", f"{AGENTS / 'muzero.safetensors'}:{programs}", FIELD, field)
    data = os.environ.get("MESASCOPE_DATA")
    if data:
        low = [float(f.lower) for f in CARTPOLE.features]
        high = [float(f.upper) for f in CARTPOLE.features]
        drawn = np.random.default_rng(0).uniform(low, high, (SAMPLES, 4))
        weights = Path(data) / "agents" / "muzero-cartpole.safetensors"
        code = f"{ARCHITECTURES / 'agents' / 'architecture.py'}:muzero"
        yield Case("MuZero CartPole", f"{weights}:{code}", CARTPOLE, drawn)


@click.command()
@click.option("--seconds", default=20.0, help="Of proving, for each readout.")
def main(seconds: float) -> None:
    """Read out every feature, prove, and print the table."""
    torch.set_num_threads(1)
    table = Table("network", "reads", "R²", "control", "selectivity", "random nets",
                  "sampled error", "reached", "proved")  # fmt: skip
    for case in cases():
        network = read(case.net)
        latent = declare(network, {"perceive": "module:perceive"}).parts["perceive"].outputs[0]
        given = {network.inputs[0]: case.observations.reshape(SAMPLES, 1, -1)}
        for column, feature in enumerate(case.agent.features):
            target = case.observations[:, column]
            found = read_out(network, latent, given, target, feature.name)
            worst = prove_readout(
                network,
                case.agent,
                found,
                lambda o, name=feature.name: o[name],
                timeout_s=seconds,
            )
            bound = "open" if worst.bound is None else f"{float(worst.bound):.2g}"
            table.add_row(
                case.name, feature.name, f"{found.r2:.3f}", f"{np.mean(found.control_r2):.3f}",
                f"{found.selectivity:.3f}",
                f"{np.mean(found.null_r2):.3f} to {max(found.null_r2):.3f}",
                f"{found.max_error:.2g}", f"{float(worst.reached):.2g}", bound,
            )  # fmt: skip
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
