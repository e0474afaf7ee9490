"""Options that several commands share."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])


@dataclass
class Session:
    """What a whole command line has in common.

    Attributes:
        debug: show tracebacks.
    """

    debug: bool = False


class Seconds(click.ParamType[float]):
    """A budget: a positive, finite number of seconds."""

    name = "seconds"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Read the number, or fail with a message that names it."""
        try:
            seconds = float(value)
        except ValueError:
            self.fail(f"{value!r} is not a number of seconds", param, ctx)
        if not (math.isfinite(seconds) and seconds > 0):
            self.fail(f"{value} is not a positive, finite number of seconds", param, ctx)
        return seconds


def _set_debug(context: click.Context, parameter: click.Parameter, value: bool) -> None:
    if value and isinstance(context.obj, Session):
        context.obj.debug = True


def debug_option(function: F) -> F:
    """`--debug`, before the command's name or after it."""
    return click.option(
        "--debug",
        is_flag=True,
        expose_value=False,
        callback=_set_debug,
        help="Show the traceback of an error.",
    )(function)


def json_option(function: F) -> F:
    """`--json FILE|-`."""
    return click.option(
        "--json",
        "json_path",
        metavar="FILE|-",
        help="Write the answer as JSON; with - it is all that stdout gets.",
    )(function)


def found_option(function: F) -> F:
    """`--found FILE`."""
    return click.option(
        "--found",
        metavar="FILE",
        help="What `mesascope extract NET --json FILE` found: properties speak of its parts.",
    )(function)


def jobs_option(function: F) -> F:
    """`--jobs N`."""
    return click.option(
        "--jobs",
        type=click.IntRange(min=1),
        help="Processes for one property; by default two, where there are cores for them.",
    )(function)


def device_option(function: F) -> F:
    """`--device NAME`."""
    return click.option(
        "--device",
        metavar="NAME",
        default="cpu",
        show_default=True,
        help="Where torch computes bounds: cpu, cuda, cuda:1, ...",
    )(function)


def certificate_option(function: F) -> F:
    """`--certificate FILE`."""
    return click.option(
        "--certificate",
        "certificate_path",
        metavar="FILE",
        help="Write the proofs of what holds, for `mesascope audit`; may take --timeout again.",
    )(function)


def seed_option(function: F) -> F:
    """`--seed N`."""
    return click.option(
        "--seed",
        type=click.IntRange(min=0),
        default=0,
        show_default=True,
        help="Seed of every pseudo-random choice.",
    )(function)
