"""`mesascope check`: decide the properties of a spec on a network, and its claims."""

from __future__ import annotations

from pathlib import Path

import click

from theory.error import InputError
from verify.cli.audit import certificate_target, write_certificate
from verify.cli.option import (
    Seconds,
    certificate_option,
    debug_option,
    device_option,
    found_option,
    jobs_option,
    json_option,
    seed_option,
)
from verify.cli.output import colour, emit, stdout_kept, target, width
from verify.cli.progress import line


@click.command(short_help="Decide the properties of a spec on a network.")
@click.argument("net", required=False)
@click.option(
    "--spec",
    required=True,
    metavar="SPEC.py",
    help="Python file that defines `properties`, and the `agent` that they are about.",
)
@click.option(
    "--property",
    "names",
    multiple=True,
    metavar="NAME",
    help="Check only this property; may be given more than once.",
)
@click.option(
    "--timeout",
    "timeout_s",
    type=Seconds(),
    default=60.0,
    show_default=True,
    help="Budget for each property, in seconds.",
)
@seed_option
@json_option
@click.option("--html", "html_path", metavar="FILE", help="Write the report as one HTML file.")
@click.option(
    "--cross-check",
    is_flag=True,
    help="Let a second engine decide as well; that they disagree is an internal fault.",
)
@certificate_option
@device_option
@jobs_option
@found_option
@debug_option
def check(
    net: str | None,
    spec: str,
    names: tuple[str, ...],
    timeout_s: float,
    seed: int,
    json_path: str | None,
    html_path: str | None,
    cross_check: bool,
    certificate_path: str | None,
    device: str,
    jobs: int | None,
    found: str | None,
) -> int:
    """Decide every property of SPEC.py on NET, on all inputs of its domain.

    NET is left out where SPEC.py has only claims about finite structures (causal models, diagrams,
    processes, choices), which are decided by exact enumeration.

    The answer is OK (all are proved), DANGEROUS (one is refuted by an input that replays, or by an
    exact witness) or DON'T KNOW. The exit status follows it: 0, 1, 3.
    """
    if html_path == "-":
        raise InputError("--html: give a file; only --json takes -")
    inputs = tuple(name for name in (net, spec, found) if name)
    if found and net is None:
        raise InputError("--found: what was found is of a network: give NET")
    json_target = target("--json", json_path, inputs=inputs)
    html_target = target("--html", html_path, inputs=inputs)
    certificate = certificate_target(certificate_path, inputs)
    if html_path and json_path and Path(json_path).resolve() == Path(html_path).resolve():
        raise InputError(f"--json and --html name the same file: {html_path}")

    from verify.check import check as decide

    with stdout_kept(), line() as progress:
        report = decide(
            net,
            spec,
            properties=names or None,
            timeout_s=timeout_s,
            seed=seed,
            cross_check=cross_check,
            device=device,
            jobs=jobs,
            progress=progress,
            certify=certificate is not None,
            found=found,
        )
    if not (json_target and json_target.is_stdout):
        from verify.report.terminal import render

        emit(render(report, width=width(), colour=colour()))
    if json_target:
        from verify.wire import encode

        json_target.write(encode(report))
    if html_target:
        from verify.report.html import render as page

        html_target.write(page(report))
    if certificate:
        write_certificate(certificate, report.results, net or "", spec)
    return report.exit_code
