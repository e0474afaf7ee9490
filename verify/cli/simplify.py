"""`mesascope simplify`: a simple policy in place of a network, with the share proved alike."""

from __future__ import annotations

import shlex

import click

from verify.cli.option import Seconds, debug_option, json_option, seed_option
from verify.cli.output import colour, emit, stdout_kept, target, width
from verify.cli.progress import line


@click.command(short_help="Fit a simple policy, and prove where NET acts as it does.")
@click.argument("net")
@click.option(
    "--spec",
    required=True,
    metavar="SPEC.py",
    help="Python file that defines the `agent`: its features are the box.",
)
@click.option(
    "--as",
    "kind",
    type=click.Choice(["tree", "affine"]),
    default="tree",
    show_default=True,
    help="One action a leaf, or the best of affine scores.",
)
@click.option(
    "--leaves",
    type=click.IntRange(min=1, max=4096),
    default=16,
    show_default=True,
    help="At most so many.",
)
@click.option(
    "--at-least",
    "least",
    type=click.FloatRange(min=0, max=1),
    metavar="SHARE",
    help="Exit 0 only if so much of the box, 0 to 1, is proved alike; 1 if that is refuted.",
)
@click.option(
    "--timeout",
    "timeout_s",
    type=Seconds(),
    default=20.0,
    show_default=True,
    help="Budget of the proof, in seconds.",
)
@seed_option
@json_option
@debug_option
def simplify(
    net: str,
    spec: str,
    kind: str,
    leaves: int,
    least: float | None,
    timeout_s: float,
    seed: int,
    json_path: str | None,
) -> int:
    """Fit a decision tree or an affine policy to NET, and prove where both act alike.

    Printed are the leaves, largest first (+ before those on all of which the network is proved to
    act so), how often both choose alike on samples, and on how much of the box of SPEC.py's agent
    they are proved to act alike or differently.

    Exit status: 0; with --at-least, 1 where that share is refuted, 3 where it is open.
    """
    json_target = target("--json", json_path, inputs=(net, spec))

    from verify.report.policy import Simplification, document, text
    from verify.simplify import simplify as fit

    words = ["mesascope", "simplify", net, "--spec", spec, "--as", kind, "--leaves", str(leaves)]
    words += [] if least is None else ["--at-least", f"{least:g}"]
    words += ["--timeout", f"{timeout_s:g}", "--seed", str(seed)]
    with stdout_kept(), line() as progress:
        simple = fit(
            net, spec, kind=kind, leaves=leaves, timeout_s=timeout_s, seed=seed, progress=progress
        )
    result = Simplification(simple, net, spec, kind, least, seed, shlex.join(words))
    if not (json_target and json_target.is_stdout):
        from verify.report.terminal import print_lines

        emit(print_lines(list(text(result, width())), width=None, colour=colour()))
    if json_target:
        from verify.wire import dump

        json_target.write(dump(document(result)))
    return result.exit_code
