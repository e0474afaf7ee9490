"""What is decided of which architecture, and where it ends: `python -m benchmarks.breadth`.

    python -m benchmarks.breadth [--timeout S] [--boxes N] [--only NAME]...

Small policies are trained (`benchmarks.breadth_net`): a convolutional net with max pooling, nets of
tanh and of ELU with few inputs and with many, one with layer normalisation, a GRU and an LSTM over
five steps, an attention block, an actor beside a critic, and a net of 70,000 parameters. The same
statement is put at N observations and growing radii: nowhere in the box does the policy choose what
it likes least in the middle. Of actor and critic together: wherever it does, the critic promises
less than in the middle, by 0.2 or more. Printed are verdicts (how many HOLDS are true in real
arithmetic only, if any) and seconds of processor time, which S counts too; every violation is an
exact point.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import median

import torch
from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from torch import Tensor, nn

from benchmarks.breadth_net import RECIPES, SEED, network_of, train
from benchmarks.size import ProcessorDeadline
from extract.network import Network
from theory import Agent, Feature, forall, not_, or_
from theory.term import Term
from verify.answer import Answer
from verify.neural.branch import Search
from verify.problem import compile_goal
from verify.verdict import Guarantee

RADII = {
    "convolution": (0.02, 0.05, 0.1, 0.15),
    "tanh images": (0.02, 0.05, 0.06, 0.07),
    "elu images": (0.02, 0.05, 0.06, 0.07),
    "tanh": (0.1, 0.2, 0.3, 0.4),
    "elu": (0.1, 0.2, 0.3, 0.4),
    "normalised": (0.1, 0.15, 0.2, 0.3),
    "gru": (0.1, 0.2, 0.3, 0.4),
    "lstm": (0.1, 0.2, 0.3, 0.4),
    "attention": (0.05, 0.1, 0.2, 0.3),
    "actor and critic": (0.1, 0.2, 0.3, 0.4),
    "wide": (0.1, 0.15, 0.2, 0.3),
}

DROP = 0.2
"""The critic may promise so much less than in the middle."""


@dataclass(frozen=True)
class Subject:
    """Trained networks, and the module that acts."""

    name: str
    actor: nn.Module
    functions: Mapping[str, Network]
    middles: Tensor
    skill: float
    critic: nn.Module | None = None


def prepare(name: str, boxes: int) -> Subject:
    """Train what a row of the table needs."""
    recipe = RECIPES["actor" if name == "actor and critic" else name]
    middles = recipe.draw(boxes, torch.Generator().manual_seed(SEED + 1))
    actor, skill = train(recipe)
    functions = {"score": network_of(actor, middles.shape[1], name)}
    if name != "actor and critic":
        return Subject(name, actor, functions, middles, skill)
    critic, fit = train(RECIPES["critic"])
    functions["value"] = network_of(critic, middles.shape[1], "critic")
    return Subject(name, actor, functions, middles, min(skill, fit), critic)


def statement(subject: Subject, middle: Tensor, radius: float) -> Term:
    """The statement about the box around a point."""
    with torch.no_grad():
        scores = subject.actor(middle[None])[0]
        worth = 0.0 if subject.critic is None else float(subject.critic(middle[None]))
    agent = Agent(
        observation=[
            Feature(f"x{i}", float(v) - radius, float(v) + radius) for i, v in enumerate(middle)
        ],
        actions=[f"a{i}" for i in range(len(scores))],
    )
    o = agent.observation("o")
    spared = not_(agent.acts(o, f"a{int(scores.argmin())}"))
    if subject.critic is None:
        return forall(o, spared)
    return forall(o, or_(spared, agent.value(o) <= worth - DROP))


def decide(subject: Subject, middle: Tensor, radius: float, limit_s: float) -> tuple[Answer, float]:
    """The answer, and its seconds of processor time."""
    problem = compile_goal(statement(subject, middle, radius), subject.functions, wanted=False)
    started = time.process_time()
    answer = Search(problem).run(ProcessorDeadline.after(limit_s))
    return answer, time.process_time() - started


def main() -> int:
    """Train, decide, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--timeout", type=float, default=10.0, help="seconds for each statement")
    parser.add_argument("--boxes", type=int, default=10, help="observations for each policy")
    parser.add_argument("--only", choices=RADII, action="append", help="of the policies")
    options = parser.parse_args()
    table = Table(title=f"what is liked least is not chosen; {options.timeout:g} s each")
    for column in ("policy", "parameters", "skill", "inputs", "radius", "holds", "violated",
                   "unknown", "median s", "slowest s", "total s"):  # fmt: skip
        table.add_column(column, justify="left" if column == "policy" else "right")
    with Progress(console=Console(stderr=True)) as progress:
        for name in options.only or RADII:
            subject = prepare(name, options.boxes)
            for radius in progress.track(RADII[name], description=name):
                pairs = [decide(subject, m, radius, options.timeout) for m in subject.middles]
                table.add_row(*_row(subject, radius, pairs))
    Console(width=max(130, Console().width)).print(table)
    return 0


def _row(subject: Subject, radius: float, pairs: list[tuple[Answer, float]]) -> list[str]:
    modules = filter(None, (subject.actor, subject.critic))
    size = sum(p.numel() for module in modules for p in module.parameters())
    holds, violated, unknown = (
        sum(a.reached is wanted for a, _ in pairs) for wanted in (False, True, None)
    )
    real = sum(a.reached is False and a.guarantee is Guarantee.REAL for a, _ in pairs)
    seconds = [s for _, s in pairs]
    decided = [s for a, s in pairs if a.reached is not None]
    return [
        subject.name, f"{size:,}", f"{subject.skill:.1%}", str(subject.middles.shape[1]),
        f"{radius:g}", f"{holds} ({real} real)" if real else str(holds), str(violated),
        str(unknown), f"{median(decided):.3f}" if decided else "-",
        f"{max(seconds):.2f}", f"{sum(seconds):.1f}",
    ]  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
