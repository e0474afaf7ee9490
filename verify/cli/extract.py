"""`mesascope extract`: find the parts of an agent in a network."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

import click

from theory.error import InputError
from verify.cli.option import debug_option, json_option, seed_option
from verify.cli.output import colour, emit, stdout_kept, target, width


@click.command(short_help="Find the planner, the evaluator and the world model in a network.")
@click.argument("net")
@click.option(
    "--env",
    "environment",
    metavar="ENV",
    help="The agent's world: a Gymnasium id, or FILE.py:callable giving an environment.",
)
@click.option(
    "--observations",
    metavar="FILE",
    help="Recorded observations: an .npz file whose arrays bear the names of NET's inputs.",
)
@seed_option
@json_option
@click.option("--html", "html_path", metavar="FILE", help="Write the findings as one HTML file.")
@debug_option
def extract(
    net: str,
    environment: str | None,
    observations: str | None,
    seed: int,
    json_path: str | None,
    html_path: str | None,
) -> int:
    """Say which parts of NET predict, evaluate, search and act.

    Each role is functional (its tests are passed, beyond networks without the role), weak, declared
    (by the architecture, not borne out) or absent. What cannot be tested without an environment is
    not guessed. Where ENV offers goals (`goals` and `starts`), it is said which of them is pursued.
    """
    if html_path == "-":
        raise InputError("--html: give a file; only --json takes -")
    given = [name for name in (net, observations) if name]
    if environment and ".py:" in environment:
        given.append(environment)
    json_target = target("--json", json_path, inputs=given)
    html_target = target("--html", html_path, inputs=given)
    if html_path and json_path and Path(json_path).resolve() == Path(html_path).resolve():
        raise InputError(f"--json and --html name the same file: {html_path}")

    from extract.find import find
    from extract.reader import read
    from verify.report.extraction import Extraction, document, page, text

    words = ["mesascope", "extract", net]
    words += ["--env", environment] if environment else []
    words += ["--observations", observations] if observations else []
    words += ["--seed", str(seed)]
    with stdout_kept(), _line() as progress:
        structure = find(read(net), environment, observations, seed=seed, progress=progress)
    result = Extraction(structure, net, environment, observations, seed, shlex.join(words))
    if not (json_target and json_target.is_stdout):
        from verify.report.terminal import print_lines

        emit(print_lines(list(text(result, width())), width=None, colour=colour()))
    if json_target:
        from verify.wire import dump

        json_target.write(dump(document(result)))
    if html_target:
        html_target.write(page(result))
    return 0


@contextmanager
def _line() -> Generator[Callable[[str, float], None] | None, None, None]:
    """A callback that shows which role is being tested; None where nobody would see it."""
    import sys

    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console

    with Console(stderr=True).status("reading", spinner="dots") as status:
        yield lambda what, share: status.update(f"{what} ({share:.0%})")
