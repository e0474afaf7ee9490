"""The box of a problem and its parts, exactly: where the auditor says what a split covers."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

import numpy as np

from verify.certificate.argument import Argument
from verify.certificate.step import Reals, Truth
from verify.problem.problem import Variable

Ends = tuple[Reals, Reals]
"""Lower and upper ends of what is known of entries, infinite where nothing is."""


@dataclass(frozen=True)
class Box:
    """One box: corners (n,) in float64, rounded outward, and the known signs of entries.

    Attributes:
        low, high: corners.
        signs: for tensors by name, 1, -1 or 0 for each entry.
        argument: why it is closed, where plain bounds do not tell.
        limits: for tensors by name, ends of their entries (size,).
    """

    low: Reals
    high: Reals
    signs: dict[str, Reals]
    argument: Argument | None = None
    limits: dict[str, Ends] = field(default_factory=dict[str, Ends])


@dataclass(frozen=True)
class Boxes:
    """A batch of boxes.

    Attributes:
        low, high: corners (B, n).
        signs: for tensors of the problem's network, what is known of the sign of each entry:
            1 not negative, -1 not positive, 0 nothing; (B, size).
        limits: for tensors of the problem's network, ends of their entries (B, size).
    """

    low: Reals
    high: Reals
    signs: Mapping[str, Reals]
    limits: Mapping[str, Ends] = field(default_factory=dict[str, Ends])

    def select(self, boxes: Truth) -> Boxes:
        """Some of the boxes."""
        signs = {name: sign[boxes] for name, sign in self.signs.items()}
        limits = {name: (a[boxes], b[boxes]) for name, (a, b) in self.limits.items()}
        return Boxes(self.low[boxes], self.high[boxes], signs, limits)


def stacked(boxes: Sequence[Box]) -> Boxes:
    """A batch of boxes."""
    sizes = {name: len(sign) for box in boxes for name, sign in box.signs.items()}
    signs = {
        name: np.stack([box.signs.get(name, np.zeros(size)) for box in boxes])
        for name, size in sizes.items()
    }
    limited = {name: len(ends[0]) for box in boxes for name, ends in box.limits.items()}
    limits: dict[str, Ends] = {}
    for name, size in limited.items():
        rows = [box.limits.get(name, _endless(size)) for box in boxes]
        limits[name] = np.stack([a for a, _ in rows]), np.stack([b for _, b in rows])
    low, high = np.stack([b.low for b in boxes]), np.stack([b.high for b in boxes])
    return Boxes(low, high, signs, limits)


def _endless(size: int) -> Ends:
    return np.full(size, -np.inf), np.full(size, np.inf)


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
    return replace(box, high=left_high), replace(box, low=right_low)


def parts(box: Box, tensor: str, size: int, position: int, cut: float) -> tuple[Box, Box]:
    """The parts in which an entry of a tensor is at most somewhere, and at least there."""
    if cut == 0:
        return _signed(box, tensor, size, position)
    low, high = box.limits.get(tensor, _endless(size))
    below, above = high.copy(), low.copy()
    below[position] = min(cut, high[position])
    above[position] = max(cut, low[position])
    ends = (low, below), (above, high)
    left, right = (replace(box, limits={**box.limits, tensor: pair}) for pair in ends)
    return left, right


def _signed(box: Box, tensor: str, size: int, position: int) -> tuple[Box, Box]:
    known = box.signs.get(tensor, np.zeros(size))
    found: list[Box] = []
    for sign in (-1.0, 1.0):
        signs = known.copy()
        signs[position] = sign
        found.append(replace(box, signs={**box.signs, tensor: signs}))
    return found[0], found[1]


def below(value: Fraction) -> float:
    """The largest float64 that is not above a rational."""
    try:
        nearest = float(value)
    except OverflowError:
        nearest = np.inf if value > 0 else -np.inf
    while nearest == np.inf or (nearest > -np.inf and Fraction(nearest) > value):
        nearest = float(np.nextafter(nearest, -np.inf))
    return nearest
