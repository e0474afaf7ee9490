"""The box of a problem and its halves, exactly: where the auditor says what a split covers."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from verify.certificate.argument import Argument
from verify.certificate.step import Reals
from verify.problem.problem import Variable


@dataclass(frozen=True)
class Box:
    """One box: corners (n,) in float64, rounded outward, and the known signs of entries.

    Attributes:
        low, high: corners.
        signs: for tensors by name, 1, -1 or 0 for each entry.
        argument: why it is closed, where plain bounds do not tell.
    """

    low: Reals
    high: Reals
    signs: dict[str, Reals]
    argument: Argument | None = None


def whole(variables: Sequence[Variable]) -> Box:
    """The box of all values of the variables."""
    low = np.array([below(v.lower) for v in variables])
    high = np.array([-below(-v.upper) for v in variables])
    return Box(low, high, {})


def halves(box: Box, variables: Sequence[Variable], axis: int, cut: float) -> tuple[Box, Box]:
    """The values up to the cut, and those from the cut on; of a finite set, those above it."""
    left_high, right_low = box.high.copy(), box.low.copy()
    values = variables[axis].values
    left_high[axis] = right_low[axis] = cut
    if values is not None:
        at = bisect_right(values, Fraction(cut))
        left_high[axis] = -below(-values[at - 1]) if at else -np.inf
        right_low[axis] = below(values[at]) if at < len(values) else np.inf
    return Box(box.low, left_high, box.signs), Box(right_low, box.high, box.signs)


def phases(box: Box, tensor: str, size: int, position: int) -> tuple[Box, Box]:
    """The parts in which an entry of a tensor is at most zero, and at least zero."""
    known = box.signs.get(tensor, np.zeros(size))
    parts: list[Box] = []
    for sign in (-1.0, 1.0):
        signs = known.copy()
        signs[position] = sign
        parts.append(Box(box.low, box.high, {**box.signs, tensor: signs}))
    return parts[0], parts[1]


def below(value: Fraction) -> float:
    """The largest float64 that is not above a rational."""
    try:
        nearest = float(value)
    except OverflowError:
        nearest = np.inf if value > 0 else -np.inf
    while nearest == np.inf or (nearest > -np.inf and Fraction(nearest) > value):
        nearest = float(np.nextafter(nearest, -np.inf))
    return nearest
