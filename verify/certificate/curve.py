"""Smooth functions and the lines that enclose them, by ball arithmetic (Arb, in python-flint).

On an interval, a function less a line is least and largest at an end or where both have the same
slope. Slopes are chosen in floats; whatever they are, the offsets are rounded outward from the
balls at these points, so that the lines enclose the function.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import flint
import numpy as np
from numpy.typing import NDArray

Reals = NDArray[np.float64]
Ball: Any = vars(flint)["arb"]
"""Arb's real balls, which have no types; every operation encloses the exact result."""

FAR = 1e100
"""Of operands beyond this nothing is said."""

NEAR = 2.0**-100
"""Of quotients by what may be nearer to zero nothing is said: a library may take it for zero."""

ROUNDS = 40
"""Of bisection for a tangent."""


@dataclass(frozen=True)
class Form:
    """A monotone function of one variable.

    Attributes:
        name: of the function.
        value: its value on a ball.
        turns: for a slope, the points among which are all where the function less a line of this
            slope is least or largest inside of an interval.
        slopes: for intervals, the slopes of good lines below and above, in floats.
        rises: or falls.
    """

    name: str
    value: Callable[[Any], Any]
    turns: Callable[[Any], Sequence[Any]]
    slopes: Callable[[Reals, Reals], tuple[Reals, Reals]]
    rises: bool = True


@dataclass(frozen=True)
class Lines:
    """Slopes and offsets of lines below and above, and bounds of the values; not rounded back."""

    below: Reals
    floor: Reals
    above: Reals
    ceiling: Reals
    least: Reals
    most: Reals


def lines(form: Form, low: Reals, high: Reals) -> Lines:
    """Lines that enclose a function on intervals [low, high], of any shape."""
    with np.errstate(all="ignore"):
        below, above = (
            np.where(np.isfinite(slope), slope, np.nan) for slope in form.slopes(low, high)
        )
    columns = [a.ravel().tolist() for a in (low, high, below, above)]
    found = np.array([_entry(form, *entry) for entry in zip(*columns, strict=True)])
    floor, ceiling, least, most = found.reshape(-1, 4).T.reshape(4, *low.shape)
    return Lines(below, floor, above, ceiling, least, most)


def _entry(
    form: Form, low: float, high: float, below: float, above: float
) -> tuple[float, float, float, float]:
    if not -FAR < low <= high < FAR or (form.name == "inverse" and low <= NEAR and high >= -NEAR):
        return -np.inf, np.inf, -np.inf, np.inf
    ends = Ball(low), Ball(high)
    values = form.value(ends[0]), form.value(ends[1])
    least, most = values if form.rises else values[::-1]
    floor = _offsets(form, ends, values, below)
    ceiling = floor if above == below else _offsets(form, ends, values, above)
    return (
        min(map(_down, floor)), max(map(_up, ceiling)), _down(least), _up(most)
    )  # fmt: skip


def _offsets(form: Form, ends: tuple[Any, Any], values: tuple[Any, Any], slope: float) -> list[Any]:
    """Balls of f(x) - slope * x where it may be least or largest."""
    line = Ball(slope)
    found = [value - line * end for value, end in zip(values, ends, strict=True)]
    for turn in form.turns(line):
        if not (turn < ends[0] or turn > ends[1]):  # neither is certain
            found.append(form.value(turn) - line * turn)
    return found


def _down(ball: Any) -> float:
    """A float below a ball; a ball that is no number is above nothing."""
    value = float(ball.lower())
    return float(np.nextafter(value, -np.inf)) if value == value else -np.inf


def _up(ball: Any) -> float:
    return -_down(-ball)


def _tanh_turns(slope: Any) -> Sequence[Any]:
    """1 - tanh^2 x = s where cosh x = 1 / sqrt s."""
    if not (slope > 0 and slope < 1):
        return ()
    turn = ((1 + (1 - slope).sqrt()) / slope.sqrt()).log()
    return turn, -turn


def _tanh_slopes(low: Reals, high: Reals) -> tuple[Reals, Reals]:
    return _s_below(low, high), _s_below(-high, -low)


def _s_below(low: Reals, high: Reals) -> Reals:
    """Of a line below tanh: the chord right of 0, the tangent at the middle left of it, and across
    it the tangent through the right end, or the chord where that touches left of the interval.
    """
    left, right = np.full_like(high, -20.0), np.zeros_like(high)
    top = np.tanh(high)
    for _ in range(ROUNDS):
        touch = (left + right) / 2
        value = np.tanh(touch)
        short = (1 - value**2) * (high - touch) < top - value
        left, right = np.where(short, touch, left), np.where(short, right, touch)
    width = high - low
    middle = 1 - np.tanh(low / 2 + high / 2) ** 2
    narrow = width < 1e-6
    chord = np.where(narrow, middle, (top - np.tanh(low)) / np.where(narrow, 1.0, width))
    across = np.where(left > low, 1 - np.tanh(left) ** 2, chord)
    return np.clip(np.where(low >= 0, chord, np.where(high <= 0, middle, across)), 0.0, 1.0)


def _exp_slopes(low: Reals, high: Reals) -> tuple[Reals, Reals]:
    width = high - low
    below = np.exp(np.minimum(low / 2 + high / 2, low + 1))
    narrow = width < 1e-6
    chord = (np.exp(high) - np.exp(low)) / np.where(narrow, 1.0, width)
    return below, np.where(narrow, below, chord)


def _inverse_slopes(low: Reals, high: Reals) -> tuple[Reals, Reals]:
    """Of the chord; the tangent of the same slope is nearest at the geometric middle."""
    slope = -1 / (low * high)
    return slope, slope


def _inverse_turns(slope: Any) -> Sequence[Any]:
    if not slope < 0:
        return ()
    turn = 1 / (-slope).sqrt()
    return turn, -turn


TANH = Form("tanh", lambda x: x.tanh(), _tanh_turns, _tanh_slopes)
EXP = Form("exp", lambda x: x.exp(), lambda s: (s.log(),) if s > 0 else (), _exp_slopes)
INVERSE = Form("inverse", lambda x: 1 / x, _inverse_turns, _inverse_slopes, rises=False)


def elu(alpha: float) -> Form:
    """x for x >= 0, alpha (e^x - 1) for x <= 0, where alpha is not negative."""
    scale = Ball(alpha)

    def value(x: Any) -> Any:
        return x.max(Ball(0)) + scale * x.min(Ball(0)).expm1()

    def turns(slope: Any) -> Sequence[Any]:
        return (Ball(0), (slope / scale).log()) if slope > 0 and alpha > 0 else (Ball(0),)

    def slopes(low: Reals, high: Reals) -> tuple[Reals, Reals]:
        def at(x: Reals) -> Reals:
            return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0.0)))

        width, middle = high - low, low / 2 + high / 2
        tangent = np.where(middle > 0, 1.0, alpha * np.exp(np.minimum(middle, 0.0)))
        narrow = width < 1e-6
        chord = (at(high) - at(low)) / np.where(narrow, 1.0, width)
        chord = np.where(narrow, tangent, chord)
        kinked = (low < 0) & (high > 0) & (alpha > 1)
        return np.where(kinked, np.minimum(chord, 1.0), tangent), chord

    return Form("elu", value, turns, slopes)
