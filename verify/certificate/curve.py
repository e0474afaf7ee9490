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
from scipy import special

Reals = NDArray[np.float64]
Ball: Any = vars(flint)["arb"]
"""Arb's real balls, which have no types; every operation encloses the exact result."""

_erf: Any = vars(special)["erf"]
FAR = 1e100
"""Of operands beyond this nothing is said."""

Real = Callable[[Reals], Reals]
Slopes = Callable[[Reals, Reals], tuple[Reals, Reals]]
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
        least: of smaller operands nothing is said.
        level: added to its magnitude where rounding errors are in proportion: a library may find a
            value near 0 as a difference of larger ones.
    """

    name: str
    value: Callable[[Any], Any]
    turns: Callable[[Any], Sequence[Any]]
    slopes: Slopes
    rises: bool = True
    least: float = -FAR
    level: float = 0.0


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
    if not form.least <= low <= high < FAR or (form is INVERSE and low <= NEAR and high >= -NEAR):
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


def _s_slopes(value: Real, steepness: Real, flat: float) -> Slopes:
    """Of lines about an odd function that rises and is convex left of 0; flat beyond -flat."""

    def below(low: Reals, high: Reals) -> Reals:
        """The chord right of 0, the tangent at the middle left of it, and across it the tangent
        through the right end, or the chord where that touches left of the interval.
        """
        left, right = np.full_like(high, -flat), np.zeros_like(high)
        top = value(high)
        for _ in range(ROUNDS):
            touch = (left + right) / 2
            short = steepness(touch) * (high - touch) < top - value(touch)
            left, right = np.where(short, touch, left), np.where(short, right, touch)
        chord = _chord(value, steepness)(low, high)
        across = np.where(left > low, steepness(left), chord)
        middle = steepness(low / 2 + high / 2)
        return np.where(low >= 0, chord, np.where(high <= 0, middle, across))

    return lambda low, high: (below(low, high), below(-high, -low))


def _chord(value: Real, steepness: Real) -> Callable[[Reals, Reals], Reals]:
    """Slopes of chords; of the tangent at the middle where an interval is narrow."""

    def slope(low: Reals, high: Reals) -> Reals:
        width = high - low
        narrow = width < 1e-6
        chord = (value(high) - value(low)) / np.where(narrow, 1.0, width)
        return np.where(narrow, steepness(low / 2 + high / 2), chord)

    return slope


def _convex_slopes(value: Real, steepness: Real) -> Slopes:
    """The tangent at the middle below, the chord above."""
    chord = _chord(value, steepness)
    return lambda low, high: (steepness(low / 2 + high / 2), chord(low, high))


def _concave_slopes(value: Real, steepness: Real) -> Slopes:
    """The chord below, the tangent at the middle above."""
    chord = _chord(value, steepness)
    return lambda low, high: (chord(low, high), steepness(low / 2 + high / 2))


def _exp_slopes(low: Reals, high: Reals) -> tuple[Reals, Reals]:
    """Below, the tangent not too far from the left end, so that it stays above zero."""
    return np.exp(np.minimum(low / 2 + high / 2, low + 1)), _chord(np.exp, np.exp)(low, high)


def _inverse_slopes(low: Reals, high: Reals) -> tuple[Reals, Reals]:
    """Of the chord; the tangent of the same slope is nearest at the geometric middle."""
    slope = -1 / (low * high)
    return slope, slope


def _inverse_turns(slope: Any) -> Sequence[Any]:
    if not slope < 0:
        return ()
    turn = 1 / (-slope).sqrt()
    return turn, -turn


def _erf_turns(slope: Any) -> Sequence[Any]:
    """2 / sqrt(pi) e^(-x^2) = s."""
    if not slope > 0:
        return ()
    square = -(slope * Ball.pi().sqrt() / 2).log()
    if square > 0:
        return square.sqrt(), -square.sqrt()
    if square < 0:
        return ()
    return (Ball(0, square.abs_upper().sqrt().upper()),)


def _softplus_turns(slope: Any) -> Sequence[Any]:
    return ((slope / (1 - slope)).log(),) if slope > 0 and slope < 1 else ()


def _sigmoid(x: Reals) -> Reals:
    return 0.5 + np.tanh(x / 2) / 2


TANH = Form(
    "tanh",
    lambda x: x.tanh(),
    _tanh_turns,
    _s_slopes(np.tanh, lambda x: 1 - np.tanh(x) ** 2, 20.0),
    level=1.0,
)
ERF = Form(
    "erf",
    lambda x: x.erf(),
    _erf_turns,
    _s_slopes(_erf, lambda x: 2 / np.sqrt(np.pi) * np.exp(-x * x), 6.0),
    level=1.0,
)
EXP = Form("exp", lambda x: x.exp(), lambda s: (s.log(),) if s > 0 else (), _exp_slopes)
SOFTPLUS = Form(
    "softplus",
    lambda x: x.exp().log1p(),
    _softplus_turns,
    _convex_slopes(lambda x: np.logaddexp(0, x), _sigmoid),
    level=1.0,
)
LOG = Form(
    "log",
    lambda x: x.log(),
    lambda s: (1 / s,) if s > 0 else (),
    _concave_slopes(np.log, lambda x: 1 / x),
    least=NEAR,
    level=1.0,
)
SQRT = Form(
    "sqrt",
    lambda x: x.sqrt(),
    lambda s: (1 / (2 * s) ** 2,) if s > 0 else (),
    _concave_slopes(np.sqrt, lambda x: 1 / (2 * np.sqrt(x))),
    least=0.0,
    level=1e-12,  # the root of what a library takes for zero, over its relative error
)
INVERSE = Form("inverse", lambda x: 1 / x, _inverse_turns, _inverse_slopes, rises=False)
FORMS = {"tanh": TANH, "erf": ERF, "exp": EXP, "softplus": SOFTPLUS, "log": LOG, "sqrt": SQRT}
"""By operator."""


def elu(alpha: float) -> Form:
    """x for x >= 0, alpha (e^x - 1) for x <= 0, where alpha is not negative."""
    scale = Ball(alpha)

    def value(x: Any) -> Any:
        return x.max(Ball(0)) + scale * x.min(Ball(0)).expm1()

    def turns(slope: Any) -> Sequence[Any]:
        return (Ball(0), (slope / scale).log()) if slope > 0 and alpha > 0 else (Ball(0),)

    def at(x: Reals) -> Reals:
        return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0.0)))

    def steepness(x: Reals) -> Reals:
        return np.where(x > 0, 1.0, alpha * np.exp(np.minimum(x, 0.0)))

    def slopes(low: Reals, high: Reals) -> tuple[Reals, Reals]:
        below, above = _convex_slopes(at, steepness)(low, high)
        kinked = (low < 0) & (high > 0) & (alpha > 1)
        return np.where(kinked, np.minimum(above, 1.0), below), above

    return Form("elu", value, turns, slopes, level=1.0 + alpha)
