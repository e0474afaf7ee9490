"""`mesascope vnnlib`: decide VNN-LIB instances, one or a whole list."""

from __future__ import annotations

import csv
import os
import shlex
import time
from collections import Counter
from contextlib import ExitStack, closing
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click

from theory.error import InputError
from verify.cli.audit import certificate_target, write_certificate
from verify.cli.option import (
    Seconds,
    certificate_option,
    debug_option,
    device_option,
    json_option,
    seed_option,
)
from verify.cli.output import emit, stdout_kept, target
from verify.cli.progress import bar

if TYPE_CHECKING:
    from verify.batch import Outcome
    from verify.cli.output import Target
    from verify.verdict import Result, Witness

DEFAULT_S = 60.0


@click.command(short_help="Decide VNN-LIB instances, one or a whole list.")
@click.argument("net", required=False)
@click.argument("property_path", metavar="PROPERTY.vnnlib", required=False)
@click.option(
    "--timeout",
    "timeout_s",
    type=Seconds(),
    help="Budget in seconds (60); overrides the timeouts of a list.",
)
@seed_option
@device_option
@json_option
@certificate_option
@click.option(
    "--instances",
    "list_path",
    metavar="LIST.csv",
    help="Decide a list: network, property, timeout in seconds; paths are relative to the list.",
)
@click.option(
    "--csv",
    "csv_path",
    metavar="OUT.csv",
    help="Write the list's answers here as they come; rows that are there already are skipped.",
)
@click.option(
    "--jobs",
    type=click.IntRange(min=1),
    help="Processes: for a list 1 by default, for one instance 2 where there are cores for them.",
)
@debug_option
def vnnlib(
    net: str | None,
    property_path: str | None,
    timeout_s: float | None,
    seed: int,
    device: str,
    json_path: str | None,
    certificate_path: str | None,
    list_path: str | None,
    csv_path: str | None,
    jobs: int | None,
) -> int:
    """Decide a VNN-LIB property of NET, or with --instances a list of them.

    The first line is `holds` (the unsafe region cannot be reached), `violated` or `unknown
    (reason)`. After `violated` comes the witness, written as VNN-COMP writes counterexamples.

    A list exits with the worst of its rows: 4 fault, 2 error, 1 violated, 3 unknown, 0 all hold.
    """
    if list_path is not None:
        if net or property_path or json_path or certificate_path:
            raise click.UsageError(
                "--instances takes neither NET, PROPERTY, --json nor --certificate."
            )
        return _list(
            Path(list_path), csv_path, timeout_s=timeout_s, seed=seed, device=device, jobs=jobs or 1
        )
    if not net or not property_path:
        raise click.UsageError("Give NET and PROPERTY.vnnlib, or --instances LIST.csv.")
    if csv_path:
        raise click.UsageError("--csv goes with --instances.")
    certificate = certificate_target(certificate_path, (net, property_path))
    budget = timeout_s or DEFAULT_S
    return _one(
        net,
        property_path,
        json_path,
        certificate,
        timeout_s=budget,
        seed=seed,
        device=device,
        jobs=jobs,
    )


def _one(
    net: str,
    property_path: str,
    json_path: str | None,
    certificate: Target | None,
    *,
    timeout_s: float,
    seed: int,
    device: str,
    jobs: int | None,
) -> int:
    json_target = target("--json", json_path, inputs=(net, property_path))

    from verify.provenance import sha256, source, versions
    from verify.verdict import Report
    from verify.vnnlib import check_vnnlib

    hashes = {name: sha256(source(name)) for name in (net, property_path)}
    with stdout_kept():
        result = check_vnnlib(
            net,
            property_path,
            timeout_s=timeout_s,
            seed=seed,
            device=device,
            jobs=jobs,
            certify=certificate is not None,
        )
    words = ["mesascope", "vnnlib", net, property_path, "--timeout", f"{timeout_s:g}"]
    report = Report(
        network=net,
        spec=property_path,
        results=(result,),
        timeout_s=timeout_s,
        seed=seed,
        inputs=hashes,
        versions=versions(),
        command=shlex.join([*words, "--seed", str(seed)]),
    )
    if not (json_target and json_target.is_stdout):
        emit(answer(result))
    if json_target:
        from verify.wire import encode

        json_target.write(encode(report))
    if certificate:
        write_certificate(certificate, report.results, net, property_path)
    return report.exit_code


def answer(result: Result) -> str:
    """The verdict on the first line, and for a violation the witness."""
    from verify.verdict import Verdict

    match result.verdict:
        case Verdict.HOLDS:
            return "holds\n"
        case Verdict.VIOLATED if result.witness:
            return f"violated\n{counterexample(result.witness)}"
        case Verdict.VIOLATED:
            return "violated\n"
        case Verdict.UNKNOWN | Verdict.VACUOUS:
            why = result.reason.value if result.reason else result.verdict.value.lower()
            return f"unknown ({why}{': ' + result.detail if result.detail else ''})\n"


def counterexample(witness: Witness) -> str:
    """The witness as VNN-COMP writes it: inputs X_0, X_1, ... and then outputs Y_0, Y_1, ..."""
    inputs = [value for entries in witness.values.values() for value in entries.values()]
    outputs = [value for run in witness.runs for value in run.outputs.values()]
    pairs = [f"(X_{at} {float(value)!r})" for at, value in enumerate(inputs)]
    pairs += [f"(Y_{at} {value!r})" for at, value in enumerate(outputs)]
    return "({})\n".format("\n".join(pairs))


def _list(
    path: Path,
    csv_path: str | None,
    *,
    timeout_s: float | None,
    seed: int,
    device: str,
    jobs: int,
) -> int:
    from verify.batch import read_instances, run

    if csv_path == "-":
        raise InputError("--csv: give a file; without one the answers go to stdout")
    instances = read_instances(path, timeout_s=timeout_s, seed=seed, device=device)
    target("--csv", csv_path, inputs=(str(path),))
    known = _known(Path(csv_path)) if csv_path else {}
    todo = [i for i in instances if (i.network, i.property) not in known]
    verdicts = Counter(known[key] for i in instances if (key := (i.network, i.property)) in known)
    started = time.perf_counter()
    with ExitStack() as stack:
        stream = stack.enter_context(_appending(Path(csv_path))) if csv_path else None
        advance = stack.enter_context(bar(len(todo), path.name))
        for outcome in stack.enter_context(closing(run(todo, jobs=jobs))):
            verdicts[outcome.verdict] += 1
            advance(f"{outcome.verdict} {outcome.property}")
            _record(outcome, stream)
    emit(_summary(verdicts, len(instances) - len(todo), time.perf_counter() - started))
    return next((code for verdict, code in _WORST if verdicts[verdict]), 0 if verdicts else 2)


_WORST = (("fault", 4), ("error", 2), ("violated", 1), ("unknown", 3), ("vacuous", 3))


def _summary(verdicts: Counter[str], skipped: int, seconds: float) -> str:
    from verify.report.text import duration

    order = ("holds", "violated", "unknown", "vacuous", "error", "fault")
    counts = ", ".join(f"{verdicts[v]} {v}" for v in order if verdicts[v] or v in order[:3])
    kept = f" ({skipped} known before)" if skipped else ""
    return f"{verdicts.total()} instances{kept}: {counts} in {duration(seconds)}\n"


def _record(outcome: Outcome, stream: TextIO | None) -> None:
    if stream is None:
        reason = f"  ({outcome.reason})" if outcome.reason else ""
        emit(
            f"{outcome.verdict:<8}  {outcome.seconds:8.3f} s  "
            f"{outcome.network}  {outcome.property}{reason}\n"
        )
        return
    csv.writer(stream, lineterminator="\n").writerow(outcome.row())
    stream.flush()


def _known(path: Path) -> dict[tuple[str, str], str]:
    """Verdicts that an earlier, perhaps interrupted, run has written."""
    from verify.batch import COLUMNS

    if not path.exists():
        return {}
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"--csv: cannot read {path}: {error}") from None
    rows = list(csv.reader(_whole_lines(text).splitlines()))
    if rows and tuple(rows[0]) != COLUMNS:
        raise InputError(f"--csv: {path} is there and its first line is not {','.join(COLUMNS)}")
    return {(row[0], row[1]): row[2] for row in rows[1:] if len(row) == len(COLUMNS)}


def _whole_lines(text: str) -> str:
    """The text up to its last line end: what follows was cut off."""
    return text[: text.rfind("\n") + 1]


def _appending(path: Path) -> TextIO:
    """The answers' file, open at the end of its last whole line, with its first line written."""
    from verify.batch import COLUMNS

    try:
        stream = path.open("r+" if path.exists() else "w+", encoding="utf-8", newline="")
        whole = _whole_lines(stream.read())
        stream.seek(len(whole.encode()), os.SEEK_SET)
        stream.truncate()
        if not whole:
            csv.writer(stream, lineterminator="\n").writerow(COLUMNS)
            stream.flush()
    except OSError as error:
        raise InputError(f"--csv: cannot write {path}: {error.strerror or error}") from None
    return stream
