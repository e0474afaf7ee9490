"""A stochastic rule as a mechanism with noise of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import accumulate, pairwise
from typing import Any

from theory.causal.model import Mechanism
from theory.causal.rule import Context, Table


def sampled(
    name: str, parents: Sequence[str], table: Table, domain: tuple[Any, ...]
) -> tuple[dict[str, Mapping[Any, Fraction]], Mechanism]:
    """The noise (none for a deterministic rule) and the mechanism that together are the table.

    The noise numbers the intervals between the cumulative probabilities of all rows; in each
    context an interval gives the value whose own interval covers it.
    """
    names = tuple(parents)
    if all(_is_certain(row) for row in table.values()):
        certain = {c: next(v for v, p in row.items() if p) for c, row in table.items()}
        return {}, Mechanism(lambda *context: certain[context], names, domain)
    steps = {
        c: list(accumulate(row.get(v, Fraction(0)) for v in domain)) for c, row in table.items()
    }
    cuts = sorted({Fraction(0), *(step for row in steps.values() for step in row)})
    noise = {i: upper - lower for i, (lower, upper) in enumerate(pairwise(cuts))}
    values: dict[Context, list[Any]] = {
        context: [
            domain[next(k for k, step in enumerate(row) if step >= upper)] for upper in cuts[1:]
        ]
        for context, row in steps.items()
    }
    label = f"{name} noise"
    made = Mechanism(lambda *all_: values[all_[:-1]][all_[-1]], (*names, label), domain)
    return {label: noise}, made


def _is_certain(row: Mapping[Any, Fraction]) -> bool:
    return sum(1 for weight in row.values() if weight) == 1
