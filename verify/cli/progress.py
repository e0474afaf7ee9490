"""How far a computation has come: one line on stderr, only where that is a terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from verify.verdict import ProgressEvent


@contextmanager
def line() -> Generator[Callable[[ProgressEvent], None] | None, None, None]:
    """A callback that shows the latest event; None where nobody would see it."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.text import Text

    from verify.report.text import duration, plain, share

    console = Console(stderr=True)
    with console.status("reading", spinner="dots") as status:

        def show(event: ProgressEvent) -> None:
            words = f"{plain(event.property)}: "
            if event.boxes_open:
                words += (
                    f"{share(event.proved_share)} proved, {event.boxes_open:,} boxes open, "
                    f"{duration(event.seconds)}"
                )
            else:
                words += "deciding"
            shown = Text(words)
            shown.truncate(console.width - 4, overflow="ellipsis")
            status.update(shown)

        yield show


@contextmanager
def bar(total: int, title: str) -> Generator[Callable[[str], None], None, None]:
    """A callback that moves a bar on by one and says what is latest."""
    if not sys.stderr.isatty():
        yield lambda latest: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn(title),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[latest]}", markup=False),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(title, total=total, latest="")
        yield lambda latest: progress.update(task, advance=1, latest=latest)
