"""Exact meanings that take more than a line: equality and the choice of an action."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from theory.enclosure import Enclosure, Undecided, same
from theory.error import InputError
from theory.rational import number_text
from theory.sort import ObservationSort
from theory.table import Table
from theory.value import Vector


def equal(payload: Any, values: Sequence[Any]) -> bool:
    """Whether two values of one sort are the same; Undecided where enclosures leave it open."""
    left, right = values
    if isinstance(left, Vector):
        return _every((same, a, b) for a, b in zip(left.entries, right.entries, strict=True))
    return left == right if isinstance(left, str | bool) else same(left, right)


def choice(ties: str, values: Sequence[Any]) -> bool:
    """Whether the named action is chosen among the scores.

    Under `strict` its score is above every other; under `first` it is the first of the best; under
    `any` no other score is above it.
    """
    scores, chosen = values
    at = scores.position(chosen)
    return _every(
        (_at_least if ties == "any" or (ties == "first" and at < other) else _above, best, score)
        for best in (scores.entries[at],)
        for other, score in enumerate(scores.entries)
        if other != at
    )


def record(payload: ObservationSort, values: Sequence[Any]) -> dict[str, Any]:
    """The features by name."""
    return {f.name: value for f, value in zip(payload.features, values, strict=True)}


def lookup(payload: Table, values: Sequence[Any]) -> Any:
    """The entry at a position; Undecided where an enclosure leaves that open.

    Raises:
        InputError: there is no such position.
    """
    (at,) = values
    if isinstance(at, Enclosure):
        raise Undecided(f"{payload.name}: the position is not known exactly")
    if at.denominator != 1 or not 0 <= at < len(payload.entries):
        last = len(payload.entries) - 1
        raise InputError(f"{payload.name}: {number_text(at)} is no position from 0 to {last}")
    return payload.entries[int(at)]


def _at_least(a: Any, b: Any) -> bool:
    return a >= b


def _above(a: Any, b: Any) -> bool:
    return a > b


def _every(comparisons: Any) -> bool:
    """Whether all comparisons hold: one that fails decides, even beside undecided ones."""
    open_question: Undecided | None = None
    for compare, a, b in comparisons:
        try:
            if not compare(a, b):
                return False
        except Undecided as undecided:
            open_question = undecided
    if open_question is not None:
        raise open_question
    return True
