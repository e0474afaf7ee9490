"""Trees and piecewise-affine policies for trained controllers, and how far each is proved to act as
its network does.

    python -m benchmarks.fidelity [--boxes N] [--seconds S] [--trees N,N,...] [--affine N,N,...]

The networks: a Q-net of the zoo, and where MESASCOPE_DATA is set, the PPO and DQN agents for
CartPole that Stable-Baselines3 publishes and the CartPole policy of VNN-COMP 2022.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import click
import torch
from rich.console import Console
from rich.table import Table

from benchmarks.zoo.make import AGENTS
from benchmarks.zoo.world.base import MOVES
from benchmarks.zoo.world.field import FEATURES
from extract.abstraction.affine import fit_affine
from extract.abstraction.tree import fit_tree
from extract.network import Array
from extract.reader import read
from extract.run import as_function
from extract.structure import declare
from theory import Agent, Feature
from verify.bind import bind
from verify.fidelity import prove_fidelity

FIELD = Agent(observation=[Feature(name, -1, 1) for name in FEATURES], actions=MOVES)
CARTPOLE = Agent(
    observation=[
        Feature("x", -2.4, 2.4),
        Feature("x_dot", -3, 3),
        Feature("theta", -0.2095, 0.2095),
        Feature("theta_dot", -3, 3),
    ],
    actions=["left", "right"],
)


def controllers() -> Iterator[tuple[str, Path, Agent]]:
    """What there is to abstract."""
    yield "dqn of the zoo", AGENTS / "dqn.pt2", FIELD
    data = os.environ.get("MESASCOPE_DATA")
    if data:
        yield "VNN-COMP CartPole", Path(data) / "rl" / "cartpole.onnx", CARTPOLE
        yield "SB3 DQN CartPole", Path(data) / "agents" / "dqn-CartPole.zip", CARTPOLE
        yield "SB3 PPO CartPole", Path(data) / "agents" / "ppo-CartPole.zip", CARTPOLE


@click.command()
@click.option("--boxes", default=40_000, help="To bound, for each policy.")
@click.option("--seconds", default=60.0, help="Of proving, for each policy, at most.")
@click.option("--trees", default="16,64,256", help="Numbers of leaves of trees, with commas.")
@click.option("--affine", default="1,8,32", help="Numbers of leaves with affine scores.")
def main(boxes: int, seconds: float, trees: str, affine: str) -> None:
    """Fit, prove, and print the table."""
    torch.set_num_threads(1)
    table = Table("network", "policy", "leaves", "sampled", "regret", "proved alike",
                  "proved different", "open", "leaves proved whole", "boxes")  # fmt: skip
    asked = [("tree", fit_tree, int(n)) for n in trees.split(",") if n]
    asked += [("affine", fit_affine, int(n)) for n in affine.split(",") if n]
    for name, path, agent in controllers():
        structure = declare(read(path))
        function = as_function(bind(structure, agent)[0]["score"])

        def scores(x: Array, function=function) -> Array:  # noqa: ANN001
            return function(torch.tensor(x, dtype=torch.float32)).detach().numpy()

        low = [float(f.lower) for f in agent.features]
        high = [float(f.upper) for f in agent.features]
        for kind, fit, count in asked:
            fitted = fit(scores, low, high, leaves=count)
            found = prove_fidelity(
                structure, agent, fitted.leaves, timeout_s=seconds, most_boxes=boxes
            )
            table.add_row(
                name, kind, str(len(fitted.leaves)), f"{fitted.agreement:.3f}",
                f"{fitted.regret:.4f}", f"{found.agreed:.3f}", f"{found.disagreed:.3f}",
                f"{found.open:.3f}", str(len(found.whole)), str(found.boxes),
            )  # fmt: skip
    Console(width=130).print(table)


if __name__ == "__main__":
    main()
