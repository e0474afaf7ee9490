"""`mesascope replay`: evaluate the witnesses of a report again, and decide its claims again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from theory.error import InputError
from verify.cli.option import debug_option
from verify.cli.output import colour, complain, emit, stdout_kept

if TYPE_CHECKING:
    from rich.text import Text

    from verify.review import Review

DISAGREES = 4


@click.command(short_help="Evaluate a report's witnesses, decide its claims again.")
@click.argument("report", metavar="REPORT.json")
@click.option("--net", help="Where the network is now, if not where the report says.")
@click.option("--force", is_flag=True, help="Go on where the network or the spec has changed.")
@debug_option
def replay(report: str, net: str | None, force: bool) -> int:
    """Evaluate every witness of REPORT.json again, in exact arithmetic and in float32.

    Claims about finite structures are decided again, those that hold as well.

    Exit status: 0 all replay as the report says, 4 one does not, 2 the file is no report, has no
    witness and no claim, or was made from other files.
    """
    from verify.report.terminal import print_lines
    from verify.review import review
    from verify.wire import decode

    path = Path(report)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: {(error.strerror or str(error)).lower()}") from None
    document = decode(data, str(path))
    with stdout_kept():
        reviews = review(document, folder=path.parent, network=net, force=force)
    if not reviews:
        raise InputError(f"{path}: the report has no witness to replay")
    emit(print_lines([_line(one) for one in reviews], width=None, colour=colour()))
    wrong = [one.name for one in reviews if not one.agrees]
    if wrong:
        complain(f"internal fault: does not replay as the report says: {', '.join(wrong)}")
        return DISAGREES
    return 0


def _line(review: Review) -> Text:
    from rich.text import Text

    from verify.report.text import plain

    line = Text.assemble(
        ("DIFFERS  ", "bold red")
        if not review.agrees
        else ("replays  ", "bold green")
        if review.found
        else ("open     ", "bold yellow"),
        plain(review.name),
        "  ",
    )
    if review.detail:
        was = "" if review.agrees else f" (the report says {plain(review.verdict)})"
        return line.append(f"decided: {plain(review.detail)}{was}")
    ways = list(dict.fromkeys([*review.written, *review.found]))
    for at, way in enumerate(ways):
        now = review.found.get(way)
        said = "not here" if now is None else "yes" if now else "no"
        was = review.written.get(way)
        if now is not None and was is not None and now != was:
            said += f" (the report says {'yes' if was else 'no'})"
        line.append(f"{', ' if at else ''}{plain(way)} {said}")
    return line
