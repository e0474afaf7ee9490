"""`mesascope dilemmas`: what decision theories recommend, and which of them a network follows."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from theory.error import InputError
from verify.cli.option import Seconds, debug_option, json_option, seed_option
from verify.cli.output import Target, colour, emit, stdout_kept, target, width
from verify.cli.progress import bar

if TYPE_CHECKING:
    from theory.decision.dilemma import Dilemma
    from theory.decision.dilemma.proof import Riddle
    from theory.partition import Box


@click.command(short_help="Show what decision theories recommend, and which one a network follows.")
@click.argument("names", nargs=-1, metavar="[NAME|FILE.json|FILE.bots]...")
@click.option(
    "--free",
    multiple=True,
    metavar="PARAMETER[=LOW..HIGH]",
    help="Leave a parameter of one dilemma free, and give the exact regions; at most two.",
)
@click.option("--plot", "plot_path", metavar="FILE.svg", help="Draw the regions.")
@json_option
@click.option("--html", "html_path", metavar="FILE", help="Write the dilemmas as one HTML page.")
@click.option("--net", metavar="NET", help="Run a network through the dilemmas of --encoding.")
@click.option("--encoding", metavar="FILE.py", help="How problems are put to NET.")
@click.option(
    "--follows",
    metavar="THEORY",
    help="The theory that NET is to follow; by default the exit status is 0 for any.",
)
@click.option(
    "--share",
    type=click.FloatRange(0, 1),
    default=0.95,
    show_default=True,
    help="Share of all problems on which NET must agree with a theory to follow it.",
)
@click.option(
    "--timeout",
    "timeout_s",
    type=Seconds(),
    default=3.0,
    show_default=True,
    help="Budget for each statement about NET, in seconds.",
)
@seed_option
@debug_option
def dilemmas(
    names: tuple[str, ...],
    free: tuple[str, ...],
    plot_path: str | None,
    json_path: str | None,
    html_path: str | None,
    net: str | None,
    encoding: str | None,
    follows: str | None,
    share: float,
    timeout_s: float,
    seed: int,
) -> int:
    """Show what every decision theory recommends in the dilemmas of the library, or in NAME.

    A dilemma of one's own is given as a FILE.json; bots of one's own, one `NAME: FORMULA` a line,
    as a FILE.bots, and play the prisoner's dilemma with each other and with those of the library.
    With --free the answer is the exact region of a
    parameter, or of two, in which each theory recommends each act.

    With --net the answer is which theory the network follows, proved over all problems of the
    encoding, and what it does in the library's dilemmas. Exit status: 0 it follows one (the one
    that --follows names), 1 it is shown not to, 3 that is open.
    """
    json_target = target("--json", json_path, inputs=[f for f in (net, encoding) if f])
    if net is not None or encoding is not None:
        if net is None or encoding is None:
            raise InputError("--net and --encoding need each other")
        if names or free or plot_path:
            raise InputError("--net: it takes neither names nor --free and --plot")
        page = target("--html", html_path)
        return _portray(net, encoding, follows, share, timeout_s, seed, json_target, page)
    if follows is not None:
        raise InputError("--follows: give the network with --net")
    html_target = target("--html", html_path)
    plot_target = target("--plot", plot_path)

    from verify.dilemma.study import study

    solved = _riddles(names)
    played = {name: _played(name) for name in names if name.endswith(".bots")}
    own = [name for name in names if name not in solved and name not in played]
    chosen = _chosen(own, everything=not names)
    box = _box(chosen, free)
    if plot_target and not box:
        raise InputError("--plot: leave a parameter free with --free")
    studies = [study(one, box, seed=seed) for one in chosen]
    if not (json_target and json_target.is_stdout):
        from verify.dilemma.table import explanation, games, overview, riddles
        from verify.report.terminal import print_lines

        one = len(names) == 1 and studies
        lines = explanation(studies[0], width()) if one else overview(studies)
        lines += riddles(list(solved.values()), width())
        for name, table in played.items():
            lines += games(name, table)
        emit(print_lines(lines, width=None, colour=colour()))
    if json_target:
        from verify.dilemma.document import document
        from verify.wire import dump

        json_target.write(dump(document(studies, list(solved.values()), played)))
    if plot_target:
        from verify.dilemma.plot import draw

        plot_target.write(draw(studies[0]))
    if html_target:
        from verify.dilemma.page import render

        html_target.write(render(studies, list(solved.values()), seed=seed))
    return 0


def _portray(
    net: str,
    encoding: str,
    follows: str | None,
    share: float,
    timeout_s: float,
    seed: int,
    json_target: Target | None,
    html_target: Target | None,
) -> int:
    """What theory a network follows."""
    from extract.reader import read
    from verify.dilemma.book import bookie
    from verify.dilemma.card import scored
    from verify.dilemma.encoding import fitting, read_encoding
    from verify.dilemma.portrait import Portrait, document, lines
    from verify.dilemma.stake import THEORIES
    from verify.dilemma.survey import survey
    from verify.smt.solver import SmtSolver
    from verify.solve import Engines

    if follows is not None and follows not in THEORIES:
        raise InputError(f"--follows: {follows!r} is none of {', '.join(THEORIES)}")
    with stdout_kept(), SmtSolver(seed) as smt:
        problems = read_encoding(encoding)
        network = fitting(read(net), problems, net)
        engines = Engines(smt, seed)
        with bar(len(problems.cases), "surveying") as tell:
            found = survey(
                network, problems, engines, threshold=share, timeout_s=timeout_s, tell=tell
            )
        with bar(len(problems.dilemmas), "putting dilemmas") as tell:
            card = scored(network, problems, tell)
        book = bookie(network, problems)
    portrait = Portrait(net, encoding, found, card, book, follows)
    if not (json_target and json_target.is_stdout):
        from verify.report.terminal import print_lines

        emit(print_lines(list(lines(portrait, width())), width=None, colour=colour()))
    if json_target:
        from verify.wire import dump

        json_target.write(dump(document(portrait)))
    if html_target:
        from verify.dilemma.score import render

        html_target.write(render(portrait))
    return portrait.exit_code


def _riddles(names: tuple[str, ...]) -> dict[str, Riddle]:
    """The dilemmas of agents that decide by proof, among the names; all where there are none."""
    from theory.decision.dilemma.proof import RIDDLES

    return {name: one for name, one in RIDDLES.items() if not names or name in names}


def _played(path: str) -> dict[str, dict[str, str]]:
    """How the bots of a file play each other and those of the library: by bot, then by opponent."""
    from theory.decision.modal.bot import BOTS, play
    from theory.decision.modal.text import load_bots

    bots = load_bots(path)
    others = {**bots, **BOTS}
    return {
        name: {rival: str(play(one, other)) for rival, other in others.items()}
        for name, one in bots.items()
    }


def _chosen(names: list[str], *, everything: bool) -> list[Dilemma]:
    from theory.decision.dilemma import LIBRARY, dilemma
    from theory.decision.document import load

    if everything:
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
