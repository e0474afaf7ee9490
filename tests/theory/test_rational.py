"""Numbers are read exactly and shown as people write them."""

from __future__ import annotations

import time
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from theory.error import InputError
from theory.rational import exact, number_text


@pytest.mark.parametrize(
    ("given_value", "expected"),
    [
        (1, Fraction(1)),
        (0.5, Fraction(1, 2)),
        (0.1, Fraction(3602879701896397, 36028797018963968)),
        ("0.1", Fraction(1, 10)),
        ("1/3", Fraction(1, 3)),
        (" -2.5e-3 ", Fraction(-1, 400)),
        (Fraction(2, 6), Fraction(1, 3)),
        (Decimal("0.1"), Fraction(1, 10)),
        (-0.0, Fraction(0)),
        (5e-324, Fraction(1, 2**1074)),
        ("1e400", Fraction(10**400)),
    ],
)
def test_floats_count_by_their_bits_and_text_by_its_digits(given_value, expected):
    assert exact(given_value) == expected


def test_numpy_scalars_count_as_what_they_are_and_do_not_overflow():
    numpy = pytest.importorskip("numpy")
    assert exact(numpy.float32(0.1)) == Fraction(13421773, 134217728)
    assert exact(numpy.int64(2**62)) * 4 == 2**64


@pytest.mark.parametrize(
    "value",
    [
        float("nan"), float("inf"), -float("inf"), "left", "", "nan", "inf", "1/0", "1e401",
        "1e-1000000000", "1e1000000000", "1e-99999999999999999999", None, [1], {}, 1j,
    ],
)  # fmt: skip
def test_what_is_no_finite_number_is_refused_at_once_and_by_name(value):
    started = time.monotonic()
    with pytest.raises(InputError) as error:
        exact(value, "feature 'x'")
    assert str(error.value) == f"feature 'x': {value!r} is not a finite number"
    assert time.monotonic() - started < 1


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Fraction(0.1), "0.1"),
        (Fraction(1, 10), "0.1"),
        (Fraction(1, 3), "1/3"),
        (Fraction(-7, 2), "-3.5"),
        (Fraction(4, 2), "2"),
        (Fraction(1, 2**20), "9.5367431640625e-07"),
        (Fraction(10**400, 3), f"{10**400}/3"),
        (Fraction(1, 10**400), f"1/{10**400}"),
        (Fraction(10**30), str(10**30)),
    ],
)
def test_number_text(value, text):
    assert number_text(value) == text


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_float_is_shown_by_digits_that_give_the_same_float(value):
    assert float(Fraction(number_text(Fraction(value)))) == value


@given(st.fractions())
def test_a_shown_rational_is_the_number_or_a_float_next_to_it(value):
    shown = Fraction(number_text(value))
    assert shown == value or Fraction(float(shown)) == value
