"""What proofs cost against the size of the policy: `python -m benchmarks.size`.

    python -m benchmarks.size [--timeout S] [--boxes N] [--radius R]...

Policies of 8 inputs, two hidden layers of ReLUs and 8 actions, of 400 to 70,000 parameters, are
trained to imitate a pilot: fly to a goal past an obstacle. For each of them and each radius the
same statement is put at N observations: nowhere within the radius does the policy choose the
opposite of what it chooses in the middle. Printed are verdicts, the share of UNKNOWN, and seconds
of processor time, which S counts too, so that a busy machine does not; and the exponent of the
median time of what was decided, fitted over the sizes.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import dataclass
from statistics import median

import numpy as np
import torch
from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from torch import Tensor, nn

from extract.network import Network, Node
from theory import Agent, Feature, forall, not_
from verify.answer import Answer, Deadline
from verify.neural.branch import Search
from verify.problem import compile_goal

FEATURES = ("x", "y", "dx", "dy", "goal_x", "goal_y", "wall_x", "wall_y")
ACTIONS = ("e", "ne", "n", "nw", "w", "sw", "s", "se")
WIDTHS = (12, 32, 64, 128, 256)
STEPS, BATCH, RATE = 3000, 512, 2e-3
SEED = 7


class ProcessorDeadline(Deadline):
    """A point in the time of this process."""

    @staticmethod
    def after(seconds: float) -> Deadline:
        """The deadline this many seconds of processor time from now."""
        return ProcessorDeadline(time.process_time() + seconds)

    @property
    def left(self) -> float:
        """Seconds left, not below zero."""
        return max(0.0, self.at - time.process_time())

    @property
    def passed(self) -> bool:
        """Whether no time is left."""
        return self.left == 0.0

    def earlier(self, seconds: float) -> Deadline:
        """This deadline, or the one `seconds` from now where that is sooner."""
        return ProcessorDeadline(min(self.at, time.process_time() + seconds))


@dataclass(frozen=True)
class Row:
    """One policy at one radius."""

    parameters: int
    radius: float
    answers: tuple[Answer, ...]
    seconds: tuple[float, ...]

    def count(self, reached: bool | None) -> int:
        """How many statements had this answer."""
        return sum(a.reached is reached for a in self.answers)

    @property
    def decided_s(self) -> list[float]:
        """Seconds of those that were decided."""
        pairs = zip(self.answers, self.seconds, strict=True)
        return [s for a, s in pairs if a.reached is not None]


def pilot(observation: Tensor) -> Tensor:
    """Worth of each action (B, 8): nearness to the goal one step on, less nearness to the wall."""
    angle = torch.arange(8) * (torch.pi / 4)
    heading = torch.stack([angle.cos(), angle.sin()], dim=1)
    place, speed, goal, wall = observation.reshape(-1, 4, 2).unbind(dim=1)
    there = (place + 0.3 * speed)[:, None] + 0.4 * heading
    to_goal = (there - goal[:, None]).square().sum(dim=2).sqrt()
    to_wall = (there - wall[:, None]).square().sum(dim=2)
    return -to_goal - torch.exp(-4 * to_wall)


def train(width: int) -> tuple[nn.Sequential, float]:
    """A policy of this width, and how often it chooses as the pilot does."""
    torch.manual_seed(SEED)
    net = nn.Sequential(
        nn.Linear(8, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU(), nn.Linear(width, 8)
    )
    optimiser = torch.optim.Adam(net.parameters(), lr=RATE)
    generator = torch.Generator().manual_seed(SEED)
    for step in range(STEPS):
        for group in optimiser.param_groups:
            group["lr"] = RATE * (1 - step / STEPS)
        observation = torch.rand(BATCH, 8, generator=generator) * 2 - 1
        loss = nn.functional.cross_entropy(net(observation), pilot(observation).argmax(dim=1))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    held_out = torch.rand(10_000, 8, generator=generator) * 2 - 1
    with torch.no_grad():
        agreement = net(held_out).argmax(dim=1) == pilot(held_out).argmax(dim=1)
    return net, float(agreement.double().mean())


def network_of(net: nn.Sequential) -> Network:
    """The graph of a policy."""
    nodes = [Node("x", "input", (), (8,))]
    parameters: dict[str, np.ndarray] = {}
    last = "x"
    for at, layer in enumerate(net):
        if isinstance(layer, nn.Linear):
            weight, bias = layer.weight.detach().numpy(), layer.bias.detach().numpy()
            parameters |= {f"weight{at}": weight, f"bias{at}": bias}
            nodes += [Node(n, "parameter", (), parameters[n].shape) for n in list(parameters)[-2:]]
            nodes.append(Node(f"y{at}", "linear", (last, f"weight{at}", f"bias{at}"), bias.shape))
        else:
            nodes.append(Node(f"y{at}", "relu", (last,), nodes[-1].shape))
        last = f"y{at}"
    return Network(tuple(nodes), ("x",), (last,), parameters, f"width {net[0].out_features}")


def decide(
    network: Network, net: nn.Sequential, middle: Tensor, radius: float, limit_s: float
) -> tuple[Answer, float]:
    """Whether it never turns around near a point: the answer and its seconds."""
    with torch.no_grad():
        chosen = int(net(middle).argmax())
    features = [
        Feature(name, float(v) - radius, float(v) + radius)
        for name, v in zip(FEATURES, middle, strict=True)
    ]
    agent = Agent(observation=features, actions=list(ACTIONS))
    o = agent.observation("o")
    claim = forall(o, not_(agent.acts(o, ACTIONS[(chosen + 4) % 8])))
    problem = compile_goal(claim, {"score": network}, wanted=False)
    started = time.process_time()
    answer = Search(problem).run(ProcessorDeadline.after(limit_s))
    return answer, time.process_time() - started


def exponent(sizes: list[int], seconds: list[float]) -> float:
    """The slope of a line through the logarithms."""
    return float(np.polyfit(np.log(sizes), np.log(seconds), 1)[0])


def main() -> int:
    """Train, decide, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--timeout", type=float, default=10.0, help="seconds for each statement")
    parser.add_argument("--boxes", type=int, default=20, help="observations for each policy")
    parser.add_argument("--radius", type=float, action="append", help="of the boxes")
    options = parser.parse_args()
    radii = options.radius or [0.1, 0.2, 0.3]
    rows: list[Row] = []
    table = Table(title=f"statements of policies, {options.timeout:g} s each, one thread")
    for column in ("parameters", "like the pilot", "radius", "holds", "violated", "unknown",
                   "median s", "slowest s"):  # fmt: skip
        table.add_column(column, justify="right")
    generator = torch.Generator().manual_seed(SEED + 1)
    middles = torch.rand(options.boxes, 8, generator=generator) * 1.6 - 0.8
    with Progress(console=Console(stderr=True)) as progress:
        task = progress.add_task("size", total=len(WIDTHS) * len(radii) * options.boxes)
        for width in WIDTHS:
            net, agreement = train(width)
            network = network_of(net)
            size = sum(p.numel() for p in net.parameters())
            for radius in radii:
                pairs = []
                for middle in middles:
                    pairs.append(decide(network, net, middle, radius, options.timeout))
                    progress.advance(task)
                row = Row(size, radius, *map(tuple, zip(*pairs, strict=True)))
                rows.append(row)
                table.add_row(
                    f"{size:,}", f"{agreement:.1%}", f"{radius:g}", str(row.count(False)),
                    str(row.count(True)), f"{row.count(None) / len(pairs):.0%}",
                    f"{median(row.decided_s or [np.nan]):.3f}", f"{max(row.seconds):.2f}",
                )  # fmt: skip
    console = Console(width=110)
    console.print(table)
    for radius in radii:
        points = [(r.parameters, median(r.decided_s)) for r in rows
                  if r.radius == radius and r.decided_s]  # fmt: skip
        if len(points) > 1:
            sizes, seconds = map(list, zip(*points, strict=True))
            console.print(f"radius {radius:g}: time ~ parameters^{exponent(sizes, seconds):.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
