"""Lines about smooth functions: whatever slopes they have, they enclose the function."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from numpy.random import Generator

from extract.exact import from_numbers
from extract.operator import OPERATORS
from verify.certificate.curve import EXP, FAR, INVERSE, Form, Lines, elu, lines
from verify.certificate.curve import FORMS as BY_OPERATOR
from verify.certificate.step import Reals

FORMS = {
    **{name: (form, name, {}) for name, form in BY_OPERATOR.items()},
    "inverse": (INVERSE, "div", {}),
    **{f"elu {a}": (elu(a), "elu", {"alpha": a}) for a in (0.0, 0.1, 1.0, 2.5)},
}


def exact(name: str, x: float) -> tuple[Fraction, Fraction]:
    """An enclosure of the function's value, by the operator's exact meaning."""
    _, op, attributes = FORMS[name]
    point = from_numbers([x], (1,))
    one = [from_numbers([1], (1,))] if op == "div" else []
    value = OPERATORS[op].exact(attributes, [*one, point])
    low, high = (Fraction(int(v.item()), value.denominator) for v in (value.lower, value.upper))
    return low, high


def intervals(rng: Generator, name: str, count: int) -> tuple[Reals, Reals]:
    middle = rng.normal(size=count) * np.float_power(10.0, rng.integers(-4, 2, size=count))
    width = rng.random(count) * np.float_power(10.0, rng.integers(-12, 2, size=count))
    width[rng.random(count) < 0.1] = 0.0
    if name in {"inverse", "log", "sqrt"}:
        middle = np.where(np.abs(middle) < 1e-3, 0.5, middle)
        middle = middle if name == "inverse" else np.abs(middle)
        width = np.minimum(width, np.abs(middle) * 0.99)
    return middle - width, middle + width


def check(name: str, found: Lines, low: Reals, high: Reals, rng: Generator) -> int:
    """Values at the ends, in between and where slopes touch; how many lines are finite."""
    finite = 0
    for at in range(len(low)):
        shares = [0.0, 1.0, *rng.random(3)]
        points = [float(np.clip(low[at] + s * (high[at] - low[at]), low[at], high[at]))
                  for s in shares]  # fmt: skip
        points += [0.0] if low[at] < 0 < high[at] else []
        for x in points:
            below, above = exact(name, x)
            assert Fraction(found.least[at]) <= above
            assert Fraction(found.most[at]) >= below
            for slope, offset, side in (
                (found.below[at], found.floor[at], 1),
                (found.above[at], found.ceiling[at], -1),
            ):
                if not (np.isfinite(slope) and np.isfinite(offset)):
                    continue
                finite += 1
                line = Fraction(slope) * Fraction(x) + Fraction(offset)
                assert line <= above if side > 0 else line >= below, (name, low[at], high[at], x)
    return finite


@pytest.mark.parametrize("name", FORMS)
def test_the_chosen_lines(name: str) -> None:
    rng = np.random.default_rng(len(name))
    low, high = intervals(rng, name, 60)
    found = lines(FORMS[name][0], low, high)
    assert check(name, found, low, high, rng) == 120 * 5 + 2 * int(((low < 0) & (high > 0)).sum())
    # They are near: on narrow intervals of moderate size nearly as near as can be.
    narrow = (high - low < 1e-3) & (np.abs(low) < 5) & (np.abs(low) > 0.1)
    gap = (found.above - found.below) * low + found.ceiling - found.floor
    assert narrow.any()
    assert (gap[narrow] < 1e-2).all()


@pytest.mark.parametrize("name", FORMS)
def test_any_slopes(name: str) -> None:
    rng = np.random.default_rng(len(name) + 1)
    low, high = intervals(rng, name, 60)

    def slopes(a: Reals, b: Reals) -> tuple[Reals, Reals]:
        some = rng.normal(size=(2, *a.shape)) * 10.0 ** rng.integers(-9, 3, size=(2, *a.shape))
        some[rng.random(some.shape) < 0.2] = 0.0
        some[rng.random(some.shape) < 0.1] = 1.0
        return some[0], some[1]

    form: Form = replace(FORMS[name][0], slopes=slopes)
    if FORMS[name][0] is INVERSE:
        low, high = np.abs(low), np.abs(high)
        low, high = np.minimum(low, high), np.maximum(low, high)
    assert check(name, lines(form, low, high), low, high, rng) > 0


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize(
    "ends",
    [(-np.inf, np.inf), (0.0, np.inf), (np.nan, 1.0), (-1.0, np.nan), (1.0, -1.0), (0.0, FAR * 2)],
)
def test_intervals_that_are_none_say_nothing(name: str, ends: tuple[float, float]) -> None:
    found = lines(FORMS[name][0], *(np.array([end]) for end in ends))
    assert not np.isfinite([found.floor, found.ceiling, found.least, found.most]).any()


@pytest.mark.parametrize("name", ["log", "sqrt"])
def test_what_has_no_value_has_no_bounds(name: str) -> None:
    found = lines(FORMS[name][0], np.array([-1e-9]), np.array([1.0]))
    assert not np.isfinite([found.floor, found.ceiling, found.least, found.most]).any()


def test_the_steepest_slopes_of_erf() -> None:
    """About 2 / sqrt(pi), where the points of contact are too near to be told apart."""
    rng = np.random.default_rng(0)
    low, high = -rng.random(40), rng.random(40)
    for ulps in (-2, -1, 0, 1, 2):
        steep = np.full(40, 2 / np.sqrt(np.pi) * (1 + ulps * 2.0**-52))
        form = replace(FORMS["erf"][0], slopes=lambda a, b, s=steep: (s, s))
        assert check("erf", lines(form, low, high), low, high, rng) > 0


@pytest.mark.parametrize("ends", [(-1.0, 1.0), (0.0, 1.0), (-1.0, 0.0), (0.0, 0.0), (1e-320, 1.0)])
def test_the_inverse_of_what_may_vanish_is_unbounded(ends: tuple[float, float]) -> None:
    found = lines(INVERSE, *(np.array([end]) for end in ends))
    assert not np.isfinite([found.floor, found.ceiling, found.least, found.most]).any()


def test_overflow_says_nothing() -> None:
    """An infinite slope would make the line infinitely low left of zero."""
    found: Any = lines(EXP, np.array([700.0]), np.array([800.0]))
    assert found.most[0] == np.inf
    assert np.isnan(found.above[0])
    assert found.ceiling[0] == np.inf
