"""Reading the file that says how problems are put to a network."""

from __future__ import annotations

from pathlib import Path

from theory.decision.encoding import Encoding
from theory.error import InputError
from verify.spec import executed


def read_encoding(path: str | Path) -> Encoding:
    """Execute a file that defines `encoding = Encoding(...)`. It has to be trusted like a program.

    Raises:
        InputError: it is missing, is no Python, fails, or does not define it.
    """
    found = executed(path).get("encoding")
    if not isinstance(found, Encoding):
        raise InputError(f"{path}: `encoding` is missing; define encoding = Encoding(...)")
    return found
