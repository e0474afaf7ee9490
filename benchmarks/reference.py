"""Run a folder of VNN-LIB instances and compare with the verdicts that are known.

    python -m benchmarks.reference FOLDER [--timeout S] [--jobs N]

FOLDER holds networks, properties and `reference.csv` with the columns network, property and
verdict (`unsat`: the unsafe region cannot be reached, `sat`: it can). By default it is the folder
`rl` of MESASCOPE_DATA. Exit status 1 where a verdict is wrong.
"""

from __future__ import annotations

import argparse
import csv
import os
import sys
import time
from collections import Counter
from pathlib import Path

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from verify.batch import Outcome, read_instances, run

EXPECTED = {"unsat": "holds", "sat": "violated"}


def main() -> int:
    """Run the comparison and print its table."""
    options = _options()
    folder = Path(options.folder)
    with (folder / "reference.csv").open(newline="") as stream:
        known = {(r["network"], r["property"]): r["verdict"] for r in csv.DictReader(stream)}
    instances = read_instances(folder / "reference.csv", timeout_s=options.timeout, seed=0)
    started = time.perf_counter()
    outcomes: list[Outcome] = []
    with Progress(console=Console(stderr=True)) as progress:
        task = progress.add_task(folder.name, total=len(instances))
        for outcome in run(instances, jobs=options.jobs):
            outcomes.append(outcome)
            progress.advance(task)
    wrong = [o for o in outcomes if _is_wrong(o, known)]
    _print(folder.name, outcomes, known, wrong, time.perf_counter() - started)
    return 1 if wrong else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    data = os.environ.get("MESASCOPE_DATA")
    parser.add_argument("folder", nargs="?", default=str(Path(data) / "rl") if data else None)
    parser.add_argument("--timeout", type=float, default=20.0, help="seconds for each instance")
    parser.add_argument("--jobs", type=int, default=1, help="processes at a time")
    options = parser.parse_args()
    if options.folder is None:
        parser.error("give a folder, or set MESASCOPE_DATA")
    if not (Path(options.folder) / "reference.csv").is_file():
        parser.error(f"{options.folder}: there is no reference.csv")
    return options


def _is_wrong(outcome: Outcome, known: dict[tuple[str, str], str]) -> bool:
    decided = outcome.verdict in EXPECTED.values()
    return (
        decided and outcome.verdict != EXPECTED[known[outcome.network, outcome.property]]
    ) or outcome.verdict in {"fault", "error"}


def _print(
    name: str,
    outcomes: list[Outcome],
    known: dict[tuple[str, str], str],
    wrong: list[Outcome],
    wall_s: float,
) -> None:
    counts = Counter((known[o.network, o.property], o.verdict) for o in outcomes)
    verdicts = sorted({o.verdict for o in outcomes})
    table = Table(title=f"{name}: {len(outcomes)} instances")
    table.add_column("reference")
    for verdict in verdicts:
        table.add_column(verdict, justify="right")
    for reference in sorted({r for r, _ in counts}):
        row = [str(counts[reference, verdict]) for verdict in verdicts]
        table.add_row(f"{reference} ({EXPECTED[reference]})", *row)
    console = Console()
    console.print(table)
    seconds = sorted(o.seconds for o in outcomes)
    decided = sum(o.verdict in EXPECTED.values() for o in outcomes)
    console.print(
        f"decided {decided} of {len(outcomes)}, wrong {len(wrong)}; "
        f"seconds: total {sum(seconds):.1f}, median {seconds[len(seconds) // 2]:.3f}, "
        f"slowest {seconds[-1]:.2f}; wall clock {wall_s:.1f}"
    )
    for outcome in wrong:
        said = f"{outcome.verdict} {outcome.reason}"
        console.print(f"WRONG: {outcome.network} {outcome.property}: {said}")
    for outcome in outcomes:
        if outcome.verdict == "unknown":
            console.print(f"unknown: {outcome.network} {outcome.property}: {outcome.reason}")


if __name__ == "__main__":
    sys.exit(main())
