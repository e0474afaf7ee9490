"""Linear equations over the rationals, of any shape."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from flint import fmpq, fmpq_mat


def solution(
    rows: Sequence[Sequence[Fraction]], right: Sequence[Fraction]
) -> list[Fraction] | None:
    """A solution of equations, with zero for what they leave free; None where there is none.

    Args:
        rows: one equation each, all of one length.
        right: the right-hand sides.
    """
    width = len(rows[0]) if rows else 0
    if not rows or not width:
        return None if any(right) else []
    entries = [
        fmpq(value.numerator, value.denominator)
        for row, side in zip(rows, right, strict=True)
        for value in (*row, side)
    ]
    reduced, rank = fmpq_mat(len(rows), width + 1, entries).rref()
    found = [Fraction(0)] * width
    for at in range(rank):
        lead = next(column for column in range(width + 1) if reduced[at, column] != 0)
        if lead == width:
            return None
        value = reduced[at, width]
        found[lead] = Fraction(int(value.p), int(value.q))
    return found
