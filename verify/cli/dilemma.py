"""`mesascope dilemmas`: what decision theories recommend, and which of them a network follows."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from theory.error import InputError
from verify.cli.option import debug_option, json_option, seed_option
from verify.cli.output import colour, emit, target, width

if TYPE_CHECKING:
    from theory.decision.dilemma import Dilemma
    from theory.partition import Box


@click.command(short_help="Show what decision theories recommend, and which one a network follows.")
@click.argument("names", nargs=-1, metavar="[NAME|FILE.json]...")
@click.option(
    "--free",
    multiple=True,
    metavar="PARAMETER[=LOW..HIGH]",
    help="Leave a parameter of one dilemma free, and give the exact regions; at most two.",
)
@click.option("--plot", "plot_path", metavar="FILE.svg", help="Draw the regions.")
@json_option
@click.option("--html", "html_path", metavar="FILE", help="Write the dilemmas as one HTML page.")
@seed_option
@debug_option
def dilemmas(
    names: tuple[str, ...],
    free: tuple[str, ...],
    plot_path: str | None,
    json_path: str | None,
    html_path: str | None,
    seed: int,
) -> int:
    """Show what every decision theory recommends in the dilemmas of the library, or in NAME.

    A dilemma of one's own is given as a FILE.json. With --free the answer is the exact region of a
    parameter, or of two, in which each theory recommends each act.
    """
    json_target = target("--json", json_path)
    html_target = target("--html", html_path)
    plot_target = target("--plot", plot_path)

    from verify.dilemma.study import study

    chosen = _chosen(names)
    box = _box(chosen, free)
    if plot_target and not box:
        raise InputError("--plot: leave a parameter free with --free")
    studies = [study(one, box, seed=seed) for one in chosen]
    if not (json_target and json_target.is_stdout):
        from verify.dilemma.table import explanation, overview
        from verify.report.terminal import print_lines

        lines = explanation(studies[0], width()) if len(names) == 1 else overview(studies)
        emit(print_lines(lines, width=None, colour=colour()))
    if json_target:
        from verify.dilemma.document import document
        from verify.wire import dump

        json_target.write(dump(document(studies)))
    if plot_target:
        from verify.dilemma.plot import draw

        plot_target.write(draw(studies[0]))
    if html_target:
        from verify.dilemma.page import render

        html_target.write(render(studies))
    return 0


def _chosen(names: tuple[str, ...]) -> list[Dilemma]:
    from theory.decision.dilemma import LIBRARY, dilemma
    from theory.decision.document import load

    if not names:
        return list(LIBRARY.values())
    return [load(Path(name)) if name.endswith(".json") else dilemma(name) for name in names]


def _box(chosen: list[Dilemma], free: tuple[str, ...]) -> Box | None:
    """The ranges of the free parameters."""
    from theory.rational import exact

    if not free:
        return None
    if len(chosen) != 1:
        raise InputError("--free: name the one dilemma whose parameter it is")
    if len(free) > 2:
        raise InputError(f"--free: at most two parameters, not {len(free)}")
    given: dict[str, str] = {}
    for text in free:
        name, _, ends = text.partition("=")
        if name in given:
            raise InputError(f"--free: {name} is given twice")
        given[name] = ends
    box = dict(chosen[0].box(given))
    for name, ends in given.items():
        if ends:
            low, dots, high = ends.partition("..")
            if not dots:
                raise InputError(f"--free: {name}={ends} is no range; write {name}=0..1")
            box[name] = (exact(low, f"--free: {name}"), exact(high, f"--free: {name}"))
            if box[name][0] > box[name][1]:
                raise InputError(f"--free: {name}: {low} is above {high}")
    return box
