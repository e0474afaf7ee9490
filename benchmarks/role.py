"""Does the finder find what is in nets whose parts are known, and nothing else?

    python -m benchmarks.role [NAME]... [--held-out | --third-party] [--nulls N] [--json FILE]

Prints for every net the status that was found against the label of its card, then for every role
precision, recall and F1, how much of the labelled units the found nodes cover, and how often a role
that is absent was called functional. Beside it are baselines: to call every net a policy and
nothing more, to go by the names of modules, to go by behaviour alone (a net that acts well has
everything), clusters by normalised cut and by Louvain, and linear probes. Exit status 1 where an
absent role was called functional more than once in 40 tests, or an F1 is below .9.

The nets are those of the zoo, with which the cut-offs were set; those that were held out; or those
of third parties, whose weights lie in `agents` of the folder that MESASCOPE_DATA names.
"""

from __future__ import annotations

import json
import math
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import click
import torch
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from benchmarks.rival import modular, probed
from benchmarks.zoo.catalogue.held_out import FOLDER
from benchmarks.zoo.make import AGENTS
from extract.find import find
from extract.network import Network
from extract.reader import read
from extract.structure import AgentStructure, Evidence, Kind

ROLES = ("world_model", "evaluator", "search", "policy", "memory")
THIRD = Path(__file__).parent / "agents"
"""The cards of third-party nets."""

LEAST_F1, MOST_FALSE = 0.9, 1 / 40
PLAYS = 0.95
"""Share of states in which a net has to act well if its policy is to be scored. One that is right
in fewer may walk up and down beside its goal for ever, or want what its world does not reward."""
WORDS: Mapping[str, tuple[str, ...]] = {
    "world_model": ("predict", "dynamics", "transition", "model", "mine", "theirs"),
    "evaluator": ("value", "critic", "reward", "q"),
    "search": ("search", "plan", "think"),
    "policy": ("policy", "actor", "head"),
    "memory": ("memory", "cell", "unit"),
}


@dataclass(frozen=True)
class Outcome:
    """What was found in one net.

    Attributes:
        name: of the net.
        labels: role -> what its card says; roles that are not scored are left out.
        found: role -> status.
        reasons: role -> why.
        evidence: role -> the tests of the best candidate.
        overlap: role -> Jaccard index of the found nodes with those of the labelled units.
        named: roles that the names of its modules speak of.
        skilled: whether it acts well.
        rivals: method -> roles that it claims.
        seconds: that it took, of the processor.
    """

    name: str
    labels: Mapping[str, str]
    found: Mapping[str, str]
    reasons: Mapping[str, str]
    evidence: Mapping[str, tuple[Evidence, ...]]
    overlap: Mapping[str, float]
    named: frozenset[str]
    skilled: bool
    rivals: Mapping[str, frozenset[str]]
    seconds: float


def examine(name: str, nulls: int, folder: Path = AGENTS, weights: Path | None = None) -> Outcome:
    """Search one net whose card lies in a folder, and its weights there or in another one."""
    card = json.loads((folder / f"{name}.card.json").read_text())
    network = open_net(card, weights or folder)
    recorded = (weights or folder) / card["observations"] if "observations" in card else None
    began = time.process_time()
    structure = find(network, card["env"], recorded, nulls=nulls)
    seconds = time.process_time() - began
    modules = " ".join(node.module for node in network.nodes).replace("/", " ").split()
    paths = {part for path in modules for part in path.partition("@")[0].split(".")}
    return Outcome(
        name,
        {
            role: label
            for role, label in card["roles"].items()
            if label is not None and (role != "policy" or card["skill"] >= PLAYS)
        },
        {role: structure.findings[role].status.value for role in ROLES},
        {role: structure.findings[role].reason for role in ROLES},
        {role: structure.findings[role].evidence for role in ROLES},
        _overlaps(structure, card["units"]),
        frozenset(role for role, words in WORDS.items() if paths & set(words)),
        card["skill"] >= 0.8,
        rivals(network, card["env"]),
        seconds,
    )


def rivals(network: Network, world: str | None) -> dict[str, frozenset[str]]:
    """What other methods claim; a probe claims nothing without a world."""
    return {
        "n-cut clusters": modular(network, "spectrum"),
        "Louvain": modular(network, "community"),
        "linear probe": probed(network, world) if world is not None else frozenset[str](),
    }


def open_net(card: Mapping[str, Any], folder: Path = AGENTS) -> Network:
    """The network of a card."""
    suffix = f":{card['architecture']}" if card["architecture"] else ""
    return read(f"{folder / card['file']}{suffix}")


def _overlaps(structure: AgentStructure, units: Mapping[str, Sequence[str]]) -> dict[str, float]:
    """How much of the units, modules or weights, the found nodes cover."""
    overlaps: dict[str, float] = {}
    for role, named in units.items():
        true = {
            node.name
            for node in structure.network.nodes
            if {*(call.partition("@")[0] for call in node.module.split("/")), *node.inputs}
            & set(named)
        }
        found = structure.findings[role].nodes
        if found and true:
            overlaps[role] = len(true & found) / len(true | found)
    return overlaps


@dataclass(frozen=True)
class Score:
    """Counts of one method and one role."""

    hits: int
    false: int
    missed: int
    absent: int

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall; NaN where nothing is there and nothing found."""
        total = 2 * self.hits + self.false + self.missed
        return 2 * self.hits / total if total else math.nan


def score(outcomes: Sequence[Outcome], role: str, says: Callable[[Outcome], bool]) -> Score:
    """How a method does at one role; nets whose label is open are left out."""
    asked = [(o.labels[role] == "functional", says(o)) for o in outcomes if role in o.labels]
    return Score(
        hits=sum(there and said for there, said in asked),
        false=sum(said and not there for there, said in asked),
        missed=sum(there and not said for there, said in asked),
        absent=sum(not there for there, _ in asked),
    )


def methods(role: str) -> dict[str, Callable[[Outcome], bool]]:
    """The finder and its rivals."""
    return {
        "mesascope": lambda o: o.found[role] == "functional",
        "policy only": lambda _: role == "policy",
        "module names": lambda o: role in o.named,
        "behaviour only": lambda o: o.skilled,
        "n-cut clusters": lambda o: role in o.rivals["n-cut clusters"],
        "Louvain": lambda o: role in o.rivals["Louvain"],
        "linear probe": lambda o: role in o.rivals["linear probe"],
    }


def show(outcomes: Sequence[Outcome], console: Console) -> bool:
    """Print the tables. Returns whether the targets are met."""
    table = Table("net", *ROLES, "units", "CPU s")
    for one in outcomes:
        cells = [_cell(one, role) for role in ROLES]
        units = ", ".join(f"{role} {share:.2f}" for role, share in one.overlap.items())
        table.add_row(one.name, *cells, units, f"{one.seconds:.0f}")
    console.print(table)
    table = Table("role", "method", "precision", "recall", "F1", "false of absent")
    fine, false, absent = True, 0, 0
    for role in ROLES:
        for method, says in methods(role).items():
            one = score(outcomes, role, says)
            said, there = one.hits + one.false, one.hits + one.missed
            table.add_row(
                role, method, f"{one.hits}/{said}", f"{one.hits}/{there}",
                "" if math.isnan(one.f1) else f"{one.f1:.2f}", f"{one.false}/{one.absent}",
            )  # fmt: skip
            if method == "mesascope":
                false, absent = false + one.false, absent + one.absent
                fine &= not one.f1 < LEAST_F1
    console.print(table)
    console.print(margins(outcomes))
    console.print(f"called functional though absent: {false} of {absent} role tests")
    return fine and false <= MOST_FALSE * max(absent, 40)


def margins(outcomes: Sequence[Outcome]) -> Table:
    """For every test how near to its cut-off come those that have the role, and those that lack it.

    Of those that lack a role only tests of candidates that fail elsewhere may reach the cut-off.
    """
    table = Table("test", "cut-off", "least with the role", "least stable", "most without it")
    there: dict[tuple[str, float], list[Evidence]] = {}
    absent: dict[tuple[str, float], list[Evidence]] = {}
    for one in outcomes:
        for role, label in one.labels.items():
            for test in one.evidence[role]:
                if test.kind is not Kind.STRUCTURAL:
                    into = there if label == "functional" else absent
                    into.setdefault((test.test, test.cutoff), []).append(test)
    for key in sorted({*there, *absent}):
        effects = [test.effect for test in there.get(key, ())]
        stable = [test.stability or 0.0 for test in there.get(key, ())]
        others = [test.effect for test in absent.get(key, ())]
        shown = [(min, effects), (min, stable), (max, others)]
        cells = [f"{pick(values):.2f}" if values else "" for pick, values in shown]
        table.add_row(key[0], f"{key[1]:g}", *cells)
    return table


def _cell(one: Outcome, role: str) -> str:
    """The status found, with a mark where it is not what the label says."""
    label, status = one.labels.get(role), one.found[role]
    if label is None:
        return f"[dim]{status}[/dim]"
    right = (status == "functional") == (label == "functional")
    return status if right else f"[bold red]{status} (is {label})[/bold red]"


def _plain(one: Outcome) -> dict[str, Any]:
    claims = {method: sorted(roles) for method, roles in one.rivals.items()}
    tests = {
        role: [
            {"test": e.test, "effect": e.effect, "null_max": e.null_max, "p": e.p,
             "stability": e.stability, "blind": e.blind, "passed": e.passed}
            for e in evidence
        ]
        for role, evidence in one.evidence.items()
    }  # fmt: skip
    return {**asdict(one), "named": sorted(one.named), "rivals": claims, "evidence": tests}


@click.command()
@click.argument("names", nargs=-1)
@click.option("--nulls", default=20, help="Fresh nets to compare with, and as many shuffled ones.")
@click.option("--held-out", "held", is_flag=True, help="The nets that no cut-off was set with.")
@click.option("--third-party", "third", is_flag=True, help="The nets of MESASCOPE_DATA.")
@click.option("--json", "file", type=click.Path(path_type=Path), help="Write the outcomes, too.")
def main(names: tuple[str, ...], nulls: int, held: bool, third: bool, file: Path | None) -> None:
    """Search the nets NAMES, or all: of the zoo, unless others are asked for."""
    if held and third:
        raise click.UsageError("--held-out and --third-party ask for different nets")
    if third and "MESASCOPE_DATA" not in os.environ:
        raise click.UsageError("--third-party: MESASCOPE_DATA names no folder")
    torch.set_num_threads(1)
    folder = THIRD if third else FOLDER if held else AGENTS
    weights = Path(os.environ["MESASCOPE_DATA"]) / "agents" if third else None
    known = sorted(path.name.removesuffix(".card.json") for path in folder.glob("*.card.json"))
    for name in names:
        if name not in known:
            raise click.UsageError(f"no net is called {name}; there are {', '.join(known)}")
    outcomes: list[Outcome] = []
    with Progress(console=Console(stderr=True)) as progress:
        task = progress.add_task("searching", total=len(names or known))
        for name in names or known:
            progress.update(task, description=name)
            outcomes.append(examine(name, nulls, folder, weights))
            progress.advance(task)
            if file is not None:
                file.write_text(json.dumps([_plain(one) for one in outcomes], indent=1) + "\n")
    fine = show(outcomes, Console(width=140))
    sys.exit(0 if fine else 1)


if __name__ == "__main__":
    main()
