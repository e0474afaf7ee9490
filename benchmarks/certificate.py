"""Prove, certify and audit the VNN-LIB instances of a folder that hold.

    python -m benchmarks.certificate [FOLDER]... [--timeout S] [--jobs N] [--keep FOLDER]

The folders are as in `benchmarks.instance`; by default it is `acasxu` of MESASCOPE_DATA. Every
instance that is known to hold is decided with a certificate, which goes to a file; then that file
is read and audited, as `mesascope audit` does. Both times are processor time, reading of the
network included. Exit status 1 where a verdict is wrong or a certificate is rejected.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from benchmarks.instance import add_options, known_instances, parsed
from verify.batch import Instance
from verify.certificate.audit import Opinion, audit
from verify.certificate.file import Certificate, encode, read, unwired
from verify.verdict import Verdict
from verify.vnnlib import check_vnnlib, load_vnnlib


@dataclass(frozen=True)
class Task:
    """One instance, and where its certificate goes."""

    instance: Instance
    file: str

    @property
    def name(self) -> str:
        """The names of its files."""
        return f"{self.instance.network} {self.instance.property}"


@dataclass(frozen=True)
class Row:
    """What became of one instance; times are processor time in seconds."""

    task: Task
    verdict: str
    proof_s: float
    certified: bool
    opinion: str
    detail: str
    audit_s: float
    leaves: int
    size: int


def main() -> int:
    """Run all instances and print the table of each folder."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    add_options(parser, "acasxu", timeout_s=60.0)
    parser.add_argument("--jobs", type=int, default=1, help="processes at a time")
    parser.add_argument("--keep", help="a folder for the certificates, which are kept")
    options = parsed(parser)
    rows: list[Row] = []
    for name in options.folders:
        folder = Path(name)
        known = known_instances(folder, options.timeout, options.only, options.every)
        held = [instance for instance, verdict in known if verdict == "holds"]
        started = time.perf_counter()
        with tempfile.TemporaryDirectory() as temporary:
            done = _certify(held, Path(options.keep or temporary), folder.name, options.jobs)
        _print(folder.name, done, time.perf_counter() - started)
        rows += done
    wrong = [r for r in rows if r.verdict == "VIOLATED" or r.opinion == "rejected"]
    return 1 if wrong else 0


def _certify(held: Sequence[Instance], place: Path, name: str, jobs: int) -> list[Row]:
    place.mkdir(exist_ok=True)
    tasks = [
        Task(i, str(place / f"{Path(i.network).stem}-{Path(i.property).stem}.certificate"))
        for i in held
    ]
    rows: list[Row] = []
    context = multiprocessing.get_context("spawn")
    with Progress(console=Console(stderr=True)) as progress, context.Pool(jobs) as pool:
        bar = progress.add_task(name, total=len(tasks))
        for row in pool.imap_unordered(_run, tasks):
            rows.append(row)
            progress.advance(bar)
    return rows


def _run(task: Task) -> Row:
    instance = task.instance
    net, statement = instance.path(instance.network), instance.path(instance.property)
    begun = time.process_time()
    result = check_vnnlib(net, statement, timeout_s=instance.timeout_s, certify=True)
    proof_s = time.process_time() - begun
    if result.certificate is None:
        detail = result.uncertified or (result.reason.value if result.reason else "")
        return Row(task, result.verdict.value, proof_s, False, "", detail, 0.0, 0, 0)
    data = encode(Certificate("mesascope", net, statement, (result.certificate,)))
    Path(task.file).write_bytes(data)
    begun = time.process_time()
    (found,) = audit(read(task.file).entries, [load_vnnlib(net, statement)])
    audit_s = time.process_time() - begun
    leaves = unwired(result.certificate.tree).leaves
    return Row(
        task, result.verdict.value, proof_s, True, found.opinion.value, found.detail, audit_s,
        leaves, len(data),
    )  # fmt: skip


def _print(name: str, rows: list[Row], wall_s: float) -> None:
    held = [r for r in rows if r.verdict == Verdict.HOLDS.value]
    certified = [r for r in rows if r.certified]
    accepted = [r for r in rows if r.opinion == Opinion.ACCEPTED.value]
    slowest = max(certified, key=lambda r: r.audit_s, default=None)
    table = Table(title=f"{name}: {len(rows)} instances that hold, {wall_s:.0f} s by the clock")
    for column in ("", "number", "processor s", "leaves", "bytes"):
        table.add_column(column, justify="left" if not column else "right")
    proof_s = sum(r.proof_s for r in certified)
    table.add_row("proved", str(len(held)), f"{sum(r.proof_s for r in rows):.1f}", "", "")
    table.add_row(
        "certified (proof and certificate)", str(len(certified)), f"{proof_s:.1f}", "", ""
    )
    table.add_row(
        "accepted by the audit",
        str(len(accepted)),
        f"{sum(r.audit_s for r in certified):.1f}",
        f"{sum(r.leaves for r in certified):,}",
        f"{sum(r.size for r in certified):,}",
    )
    console = Console()
    console.print(table)
    if slowest is not None:
        what = f"{slowest.audit_s:.1f} s, {slowest.leaves:,} leaves"
        console.print(f"slowest audit {what}: {slowest.task.name}")
    for row in rows:
        if row.opinion != Opinion.ACCEPTED.value:
            what = row.opinion or row.verdict
            console.print(f"{what}: {row.task.name}: {row.detail}")


if __name__ == "__main__":
    sys.exit(main())
