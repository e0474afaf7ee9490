"""An exact and complete judge of formulas about one real parameter, by plain evaluation.

Along a line every number of a piecewise-affine formula is a function a + b t of the parameter, as
long as no comparison changes its outcome. `Affine` carries a, the value at the present t, and the
slope b; every comparison notes where its two sides meet. Evaluating the formula at one t therefore
gives its truth value on the whole interval around t up to the nearest noted root, and a sweep over
such intervals and their ends decides it for all t, in rationals, with no engine's code in it.
"""

# A fraction that keeps books: its operators answer in its own class.
# pyright: reportIncompatibleMethodOverride=false, reportAssignmentType=false

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any


class Roots:
    """Where, on either side of the present parameter, some comparison changes its outcome.

    Attributes:
        low, high: the nearest such parameters, or the ends of the range.
        here: whether some comparison changes at the parameter itself.
    """

    def __init__(self, at: Fraction, low: Fraction, high: Fraction) -> None:
        self.at, self.low, self.high, self.here = at, low, high, False

    def note(self, value: Fraction, slope: Fraction) -> None:
        """A comparison of `value + slope (t - at)` with zero."""
        if slope == 0:
            return
        root = self.at - value / slope
        self.here = self.here or root == self.at
        if self.low < root < self.at:
            self.low = root
        if self.at < root < self.high:
            self.high = root


class Affine(Fraction):
    """A number that depends on the parameter: its value here, and its slope."""

    slope: Fraction
    roots: Roots

    def __new__(cls, value: Fraction, slope: Fraction, roots: Roots) -> Affine:
        """Make one."""
        made = super().__new__(cls, value)
        made.slope, made.roots = slope, roots
        return made

    def __reduce__(self) -> Any:
        raise TypeError("an affine number belongs to one evaluation")

    def _make(self, value: Fraction, slope: Fraction) -> Affine:
        return Affine(value, slope, self.roots)

    def __add__(self, other: Any) -> Affine:
        return self._make(plain(self) + plain(other), self.slope + slope_of(other))

    __radd__ = __add__

    def __neg__(self) -> Affine:
        return self._make(-plain(self), -self.slope)

    def __sub__(self, other: Any) -> Affine:
        return self + -other

    def __rsub__(self, other: Any) -> Affine:
        return -self + other

    def __mul__(self, other: Any) -> Affine:
        if self.slope != 0 and slope_of(other) != 0:
            raise ArithmeticError("a product of two numbers that vary is not affine")
        slope = self.slope * plain(other) + plain(self) * slope_of(other)
        return self._make(plain(self) * plain(other), slope)

    __rmul__ = __mul__

    def __abs__(self) -> Affine:
        return self if self >= 0 else -self

    def _compare(self, other: Any) -> Fraction:
        gap = plain(self) - plain(other)
        self.roots.note(gap, self.slope - slope_of(other))
        return gap

    def __lt__(self, other: Any) -> bool:
        return self._compare(other) < 0

    def __le__(self, other: Any) -> bool:
        return self._compare(other) <= 0

    def __gt__(self, other: Any) -> bool:
        return self._compare(other) > 0

    def __ge__(self, other: Any) -> bool:
        return self._compare(other) >= 0

    def __eq__(self, other: object) -> bool:
        return self._compare(other) == 0

    def __hash__(self) -> int:
        raise TypeError("an affine number has no hash: its equality notes roots")


def plain(value: Any) -> Fraction:
    """The value here."""
    return Fraction(value.numerator, value.denominator)


def slope_of(value: Any) -> Fraction:
    """The slope; zero for a constant."""
    return value.slope if isinstance(value, Affine) else Fraction(0)


Judge = Callable[[Fraction], bool]


def breakpoints(function: Callable[[Affine], Any], low: Fraction, high: Fraction) -> list[Fraction]:
    """The ends of a range, and parameters in it between which a function is affine, ascending."""
    found = {low, high}

    def noted(t: Affine) -> bool:
        found.add(plain(t))
        function(t)
        return True

    false_somewhere(noted, low, high)
    return sorted(found)


def false_somewhere(
    formula: Callable[[Affine], bool], low: Fraction, high: Fraction, *, most: int = 20_000
) -> Fraction | None:
    """A parameter in [low, high] at which a formula is false, or None where there is none.

    Args:
        formula: evaluates the formula for the parameter as an affine number of slope 1.
        low, high: the range.
        most: evaluations before giving up with an error.
    """

    def at(t: Fraction, below: Fraction, above: Fraction) -> tuple[bool, Roots]:
        roots = Roots(t, below, above)
        return formula(Affine(t, Fraction(1), roots)), roots

    points, gaps = [low, high], [(low, high)] if low < high else []
    while points or gaps:
        most -= 1
        if most < 0:
            raise RuntimeError("too many pieces")
        if points:
            t = points.pop()
            if not at(t, t, t)[0]:
                return t
            continue
        below, above = gaps.pop()
        middle = (below + above) / 2
        true, roots = at(middle, below, above)
        if not true:
            return middle
        left, right = (middle, middle) if roots.here else (roots.low, roots.high)
        for edge, rest in ((left, (below, left)), (right, (right, above))):
            if rest[0] < rest[1]:
                points.append(edge)
                gaps.append(rest)
    return None
