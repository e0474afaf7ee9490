"""Marabou 2.0.0 and Mesascope on the same VNN-LIB instances, in one go.

    python -m benchmarks.peer [FOLDER]... [--timeout S] [--only TEXT]... [--marabou FOLDER]

A FOLDER is as for `benchmarks.reference`; by default they are `acasxu`, `rl` and `cersyve` of
MESASCOPE_DATA. Marabou gets an environment of its own, made on the first run. Both tools get every
instance one after the other, on one thread; seconds are of reading and solving, without the loading
of Python and its libraries. A violation counts as wrong where its input is not exactly in the
stated box or does not exactly violate the property; Mesascope replays its own before it says so.
Exit status 1 where a verdict of Mesascope is wrong.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import subprocess
import sys
import tempfile
import venv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from verify.batch import Instance, read_instances, run
from verify.problem.compile import compile_goal
from verify.vnnlib import load_vnnlib

ANSWER = Path(__file__).with_name("marabou_answer.py")
INSTALLS = ("maraboupy==2.0.0", "onnx==1.16.2", "onnxruntime")
EXPECTED = {"unsat": "holds", "sat": "violated"}
SAID = {"unsat": "holds", "sat": "violated"}
GRACE_S = 15.0  # beyond the budget, before Marabou is ended

PUBLISHED_S: dict[tuple[str, str], tuple[str, str]] = {
    ("1_1", "prop_3"): ("1.7", "40"),
    ("2_8", "prop_1"): ("7.9", "4.6"),
    ("5_3", "prop_2"): ("7.4", "> 60"),
    ("3_3", "prop_9"): ("9.7", "9.8"),
    ("4_2", "prop_2"): ("108", "-"),
    ("1_9", "prop_7"): ("> 90", "-"),
}
"""Seconds that nnenum and alpha-beta-CROWN took on a machine like the author's: not of this run."""


@dataclass(frozen=True)
class Run:
    """One tool on one instance.

    Attributes:
        verdict: `holds`, `violated`, or anything else for undecided.
        seconds: as said.
        note: why a violation does not count, where it does not.
    """

    verdict: str
    seconds: float
    note: str = ""

    def is_wrong(self, expected: str) -> bool:
        """Whether it claims what is not so."""
        return bool(self.note) or (self.verdict in SAID.values() and self.verdict != expected)


@dataclass(frozen=True)
class Line:
    """One instance, and what both tools made of it."""

    instance: Instance
    expected: str
    ours: Run
    theirs: Run


def main() -> int:
    """Run both and print the tables."""
    options = _options()
    python = _environment(Path(options.marabou))
    console, wrong = Console(width=110), 0
    for name in options.folders:
        lines = list(_compare(Path(name), python, options.timeout, options.only))
        console.print(_totals(Path(name).name, lines))
        console.print(_details(lines))
        wrong += sum(line.ours.is_wrong(line.expected) for line in lines)
    return 1 if wrong else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    data = os.environ.get("MESASCOPE_DATA")
    known = [str(Path(data) / name) for name in ("acasxu", "rl", "cersyve")] if data else []
    parser.add_argument("folders", nargs="*", default=known)
    parser.add_argument("--timeout", type=float, default=60.0, help="seconds for each instance")
    parser.add_argument("--only", action="append", default=[], help="instances with this text")
    cache = Path(tempfile.gettempdir()) / "mesascope-marabou"
    parser.add_argument("--marabou", default=str(cache), help="where its environment is or goes")
    options = parser.parse_args()
    if not options.folders:
        parser.error("give a folder, or set MESASCOPE_DATA")
    for folder in options.folders:
        if not (Path(folder) / "reference.csv").is_file():
            parser.error(f"{folder}: there is no reference.csv")
    return options


def _environment(folder: Path) -> Path:
    """The Python of Marabou's environment, made where it is missing."""
    if not (folder / "complete").exists():
        print(f"making Marabou's environment in {folder}", file=sys.stderr)
        venv.create(folder, with_pip=True, clear=True)
        command = [str(folder / "bin" / "python"), "-m", "pip", "install", "-q", *INSTALLS]
        subprocess.run(command, check=True, stdout=sys.stderr)
        (folder / "complete").touch()
    return folder / "bin" / "python"


def _compare(folder: Path, python: Path, timeout_s: float, only: Sequence[str]) -> Iterator[Line]:
    """Both tools on the instances of a folder, alternately."""
    with (folder / "reference.csv").open(newline="") as stream:
        known = {(r["network"], r["property"]): r["verdict"] for r in csv.DictReader(stream)}
    instances = [
        i
        for i in read_instances(folder / "reference.csv", timeout_s=timeout_s, seed=0)
        if not only or any(text in f"{i.network} {i.property}" for text in only)
    ]
    # One worker for all instances: Python and its libraries are loaded once.
    ours = run(instances, jobs=1) if instances else iter(())
    with Progress(console=Console(stderr=True)) as progress:
        task = progress.add_task(folder.name, total=len(instances))
        outcomes = {}
        for outcome in ours:
            outcomes[outcome.network, outcome.property] = Run(outcome.verdict, outcome.seconds)
            progress.advance(task, 0.5)
        for instance in instances:
            key = (instance.network, instance.property)
            yield Line(instance, EXPECTED[known[key]], outcomes[key], _marabou(python, instance))
            progress.advance(task, 0.5)


def _marabou(python: Path, instance: Instance) -> Run:
    """What Marabou says, and whether its counterexample is one."""
    paths = [instance.path(instance.network), instance.path(instance.property)]
    words = [str(python), str(ANSWER), *paths, str(instance.timeout_s)]
    limit_s = instance.timeout_s + GRACE_S
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=limit_s)
        said = json.loads(done.stdout.splitlines()[-1])
    except subprocess.TimeoutExpired:
        return Run("timeout", limit_s)
    except (IndexError, ValueError):
        return Run("error", 0.0)
    verdict = SAID.get(said["verdict"]) or str(said["verdict"]).lower()
    note = _fault(instance, said["point"]) if verdict == "violated" else ""
    return Run(verdict, said["seconds"], note)


def _fault(instance: Instance, point: Sequence[float]) -> str:
    """What is wrong with a counterexample, in exact arithmetic; "" where it is one."""
    bound = load_vnnlib(instance.path(instance.network), instance.path(instance.property))
    problem = compile_goal(bound.property.formula, bound.functions, wanted=False, name="peer")
    exact = [Fraction(value) for value in point]
    if not problem.inside(exact):
        return "outside the box"
    return "" if problem.reached(exact) else "no violation"


def _totals(name: str, lines: Sequence[Line]) -> Table:
    table = Table(title=f"{name}: {len(lines)} instances")
    for column in ("", "decided", "wrong verdict", "inexact witness", "seconds in all", "slowest"):
        table.add_column(column, justify="right" if column else "left")
    for tool, runs in (
        ("mesascope", [(line.ours, line.expected) for line in lines]),
        ("marabou 2.0.0", [(line.theirs, line.expected) for line in lines]),
    ):
        decided = [r for r, _ in runs if r.verdict in SAID.values()]
        wrong = sum(r.verdict in SAID.values() and r.verdict != expected for r, expected in runs)
        inexact = sum(bool(r.note) and r.verdict == expected for r, expected in runs)
        seconds = [r.seconds for r, _ in runs] or [0.0]
        table.add_row(
            tool, str(len(decided)), str(wrong), str(inexact),
            f"{sum(seconds):.1f}", f"{max(seconds):.1f}",
        )  # fmt: skip
    return table


def _details(lines: Sequence[Line]) -> Table:
    """The instances on which either took more than five seconds, failed, or others are known."""
    table = Table()
    for column in ("instance", "truth", "mesascope", "s", "marabou", "s", "nnenum*", "ab-CROWN*"):
        table.add_column(column, justify="right" if column == "s" else "left")
    for line in lines:
        both = (line.ours, line.theirs)
        published = _published(line.instance)
        ordinary = all(r.verdict == line.expected and not r.note and r.seconds < 5 for r in both)
        if ordinary and published == ("", ""):
            continue
        table.add_row(
            _short(line.instance), line.expected,
            line.ours.verdict, f"{line.ours.seconds:.2f}",
            " ".join((line.theirs.verdict, line.theirs.note)).strip(),
            f"{line.theirs.seconds:.2f}", *published,
        )  # fmt: skip
    table.caption = "* published or measured elsewhere, not in this run"
    return table


def _short(instance: Instance) -> str:
    """The names of its files, without what all of them share."""
    network = instance.network.removeprefix("ACASXU_run2a_").removesuffix("_batch_2000.onnx")
    return f"{network.removesuffix('.onnx')} {instance.property.removesuffix('.vnnlib')}"


def _published(instance: Instance) -> tuple[str, str]:
    for (net, statement), seconds in PUBLISHED_S.items():
        if f"_{net}_" in instance.network and instance.property.startswith(f"{statement}."):
            return seconds
    return "", ""


if __name__ == "__main__":
    sys.exit(main())
