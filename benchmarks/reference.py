"""Run a folder of VNN-LIB instances and compare with the verdicts that are known.

    python -m benchmarks.reference [FOLDER]... [--timeout S] [--jobs N] [--only TEXT]...

The folders are as in `benchmarks.instance`; by default it is `rl` of MESASCOPE_DATA. The input of
every violation is compared with the stated box and put into the network once more, in exact
arithmetic; printed are also how many replay in torch's float32 and in onnxruntime, where that is
installed. Exit status 1 where a verdict is wrong, or an input is off.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from benchmarks.instance import EXPECTED, add_options, fault, known_instances, parsed
from verify.batch import ERROR, FAULT, Instance, Outcome, run

IN_THE_BOX = "exactly in the box and violating"


def main() -> int:
    """Run the comparison and print its tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    add_options(parser, "rl", timeout_s=20.0)
    parser.add_argument("--jobs", type=int, default=1, help="processes at a time")
    options = parsed(parser)
    wrong = 0
    for name in options.folders:
        folder = Path(name)
        known = known_instances(folder, options.timeout, options.only, options.every)
        started = time.perf_counter()
        outcomes: list[Outcome] = []
        with Progress(console=Console(stderr=True)) as progress:
            task = progress.add_task(folder.name, total=len(known))
            for outcome in run([i for i, _ in known], jobs=options.jobs):
                outcomes.append(outcome)
                progress.advance(task)
        wall_s = time.perf_counter() - started
        expected = {(i.network, i.property): (i, verdict) for i, verdict in known}
        pairs = [(o, *expected[o.network, o.property]) for o in outcomes]
        lines = [Line(o, verdict, _ways(o, instance)) for o, instance, verdict in pairs]
        wrong += _print(folder.name, lines, wall_s)
    return 1 if wrong else 0


@dataclass(frozen=True)
class Line:
    """What came of an instance, the verdict that is known, and how a violation's input replays."""

    outcome: Outcome
    expected: str
    ways: tuple[str, ...]

    @property
    def is_wrong(self) -> bool:
        """Whether it claims what is not so."""
        verdict = self.outcome.verdict
        claimed = verdict in EXPECTED.values() and verdict != self.expected
        off = verdict == "violated" and IN_THE_BOX not in self.ways
        return claimed or off or verdict in {ERROR, FAULT}


def _ways(outcome: Outcome, instance: Instance) -> tuple[str, ...]:
    if outcome.verdict != "violated":
        return ()
    off, _ = fault(instance, [*map(Fraction, outcome.point)])
    return (off or IN_THE_BOX, *outcome.replays)


def _print(name: str, lines: Sequence[Line], wall_s: float) -> int:
    """Print the tables of a folder; how many outcomes are wrong."""
    wrong = [line for line in lines if line.is_wrong]
    outcomes = [line.outcome for line in lines]
    counts = Counter((line.expected, line.outcome.verdict) for line in lines)
    verdicts = sorted({o.verdict for o in outcomes})
    table = Table(title=f"{name}: {len(lines)} instances")
    table.add_column("reference")
    for verdict in verdicts:
        table.add_column(verdict, justify="right")
    for reference in sorted({r for r, _ in counts}):
        table.add_row(reference, *[str(counts[reference, verdict]) for verdict in verdicts])
    console = Console()
    console.print(table)
    seconds = sorted(o.seconds for o in outcomes)
    finished = sum(o.verdict in EXPECTED.values() for o in outcomes)
    console.print(
        f"decided {finished} of {len(lines)}, wrong {len(wrong)}; "
        f"seconds: total {sum(seconds):.1f}, median {seconds[len(seconds) // 2]:.3f}, "
        f"slowest {seconds[-1]:.2f}; wall clock {wall_s:.1f}"
    )
    ways = Counter(way for line in lines for way in line.ways)
    if ways:
        said = "; ".join(f"{way} {count}" for way, count in ways.items())
        console.print(f"inputs of violations: {said}")
    for line in wrong:
        _say("WRONG", line)
    for line in lines:
        if line.outcome.verdict == "unknown":
            _say("unknown", line)
    return len(wrong)


def _say(what: str, line: Line) -> None:
    one = line.outcome
    said = " ".join((one.network, one.property, one.verdict, one.reason, *line.ways))
    Console().print(f"{what}: {said}")


if __name__ == "__main__":
    sys.exit(main())
