"""Marabou 2.0.0 and Mesascope on the same VNN-LIB instances, in one go.

    python -m benchmarks.peer [FOLDER]... [--timeout S] [--only TEXT]... [--every N]

The folders are as in `benchmarks.instance`; by default they are `acasxu`, `rl` and `cersyve` of
MESASCOPE_DATA. Marabou gets an environment of its own, made on the first run. Both tools get a few
instances in turn, one after the other, on one thread; seconds are of reading and solving, without
the loading of Python and its libraries. A witness is off where its input is not exactly in the
stated box or does not exactly violate the property; Mesascope replays its own before it says so.
Exit status 1 where a verdict of Mesascope is wrong.
"""

from __future__ import annotations

import argparse
import json
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

from benchmarks.instance import (
    EXPECTED,
    NO_VIOLATION,
    add_options,
    fault,
    known_instances,
    parsed,
)
from verify.batch import Instance, run

ANSWER = Path(__file__).with_name("marabou_answer.py")
INSTALLS = ("maraboupy==2.0.0", "onnx==1.16.2", "onnxruntime")
GRACE_S = 15.0  # beyond the budget, before Marabou is ended
TURN = 20  # instances of one tool before the other has its turn
HAIR = 1e-9  # a witness that is off by less is not shown by itself

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
        note: how a violation's input is off, where it is.
        distance: how far outside of the box the input is.
    """

    verdict: str
    seconds: float
    note: str = ""
    distance: float = 0.0

    def is_wrong(self, expected: str) -> bool:
        """Whether it claims what is not so."""
        return bool(self.note) or (self.verdict in EXPECTED.values() and self.verdict != expected)


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
        folder = Path(name)
        known = known_instances(folder, options.timeout, options.only, options.every)
        lines = list(_compare(known, folder.name, python))
        console.print(_totals(folder.name, lines))
        console.print(_details(lines))
        wrong += sum(line.ours.is_wrong(line.expected) for line in lines)
    return 1 if wrong else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    add_options(parser, "acasxu", "rl", "cersyve", timeout_s=60.0)
    cache = Path(tempfile.gettempdir()) / "mesascope-marabou"
    parser.add_argument("--marabou", default=str(cache), help="where its environment is or goes")
    return parsed(parser)


def _environment(folder: Path) -> Path:
    """The Python of Marabou's environment, made where it is missing."""
    if not (folder / "complete").exists():
        print(f"making Marabou's environment in {folder}", file=sys.stderr)
        venv.create(folder, with_pip=True, clear=True)
        command = [str(folder / "bin" / "python"), "-m", "pip", "install", "-q", *INSTALLS]
        subprocess.run(command, check=True, stdout=sys.stderr)
        (folder / "complete").touch()
    return folder / "bin" / "python"


def _compare(known: Sequence[tuple[Instance, str]], name: str, python: Path) -> Iterator[Line]:
    """Both tools on some instances, in turn."""
    with Progress(console=Console(stderr=True)) as progress:
        task = progress.add_task(name, total=len(known))
        for start in range(0, len(known), TURN):
            turn = known[start : start + TURN]
            # One worker for all instances: Python and its libraries are loaded once.
            outcomes = {(o.network, o.property): o for o in run([i for i, _ in turn], jobs=1)}
            for instance, expected in turn:
                ours = outcomes[instance.network, instance.property]
                theirs = _marabou(python, instance)
                yield Line(instance, expected, Run(ours.verdict, ours.seconds), theirs)
                progress.advance(task)


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
    verdict = EXPECTED.get(said["verdict"]) or str(said["verdict"]).lower()
    off = fault(instance, [*map(Fraction, said["point"])]) if said["point"] else ("", 0.0)
    return Run(verdict, said["seconds"], *off)


def _totals(name: str, lines: Sequence[Line]) -> Table:
    table = Table(title=f"{name}: {len(lines)} instances")
    for column in (
        "", "decided", "wrong verdict", "outside the box", NO_VIOLATION, "seconds", "slowest"
    ):  # fmt: skip
        table.add_column(column, justify="right" if column else "left")
    for tool, runs in (
        ("mesascope", [(line.ours, line.expected) for line in lines]),
        ("marabou 2.0.0", [(line.theirs, line.expected) for line in lines]),
    ):
        decided = [r for r, _ in runs if r.verdict in EXPECTED.values()]
        wrong = sum(
            r.verdict in EXPECTED.values() and r.verdict != expected for r, expected in runs
        )
        outside = sum(r.note.startswith("outside") for r, _ in runs)
        none = sum(r.note == NO_VIOLATION for r, _ in runs)
        seconds = [r.seconds for r, _ in runs] or [0.0]
        table.add_row(
            tool, str(len(decided)), str(wrong), str(outside), str(none),
            f"{sum(seconds):.1f}", f"{max(seconds):.1f}",
        )  # fmt: skip
    return table


def _details(lines: Sequence[Line]) -> Table:
    """The instances on which either took more than five seconds, failed by more than a hair, or
    others are known.
    """
    table = Table()
    for column in ("instance", "truth", "mesascope", "s", "marabou", "s", "nnenum*", "ab-CROWN*"):
        table.add_column(column, justify="right" if column == "s" else "left")
    for line in lines:
        both = (line.ours, line.theirs)
        published = _published(line.instance)
        ordinary = all(
            r.verdict == line.expected
            and r.seconds < 5
            and (not r.note or (r.note != NO_VIOLATION and r.distance < HAIR))
            for r in both
        )
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
