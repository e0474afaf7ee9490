"""Errors in the user's own code, as one line that says whose they are."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager

from theory.error import InputError, MesascopeError, one_line


@contextmanager
def blaming(whose: Callable[[BaseException], str]) -> Generator[None]:
    """Turn an error into one line.

    Args:
        whose: what the line begins with: the file and the line, say.

    Raises:
        InputError: in place of any exception but those of Mesascope and an interruption.
    """
    try:
        yield
    except MesascopeError:
        raise
    except (Exception, SystemExit) as error:
        raise InputError(f"{whose(error)}: {one_line(error)}") from error
