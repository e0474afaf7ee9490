"""Mixtures of decisions under which nothing differs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from theory.linear import Refutation, Row, equal, satisfy


def mixture(rows: Mapping[Any, Sequence[Fraction]], level: Fraction) -> dict[Any, Fraction] | None:
    """Probabilities of decisions, a certain one if possible, that average each column to a level.

    Args:
        rows: for each decision its numbers, all of one length.
        level: what each column shall average to.

    Returns:
        the probabilities; None where there are none.
    """
    for decision, row in rows.items():
        if all(cell == level for cell in row):
            return {decision: Fraction(1)}
    if len(rows) == 1:
        return None
    names = {f"p{i}": decision for i, decision in enumerate(rows)}
    system: list[Row] = [Row({name: Fraction(1)}) for name in names]
    system += equal(dict.fromkeys(names, Fraction(1)), Fraction(1))
    for column in zip(*rows.values(), strict=True):
        system += equal(dict(zip(names, column, strict=True)), level)
    found = satisfy(system)
    if isinstance(found, Refutation):
        return None
    return {d: p for name, d in names.items() if (p := found.get(name, Fraction(0)))}
