"""The region of a parameter, exactly."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from theory.error import InputError
from theory.process import process
from theory.region import region
from theory.verdict import Verdict

F = Fraction


def test_a_threshold():
    found = region(lambda p: 9 * p > 1, 0, 1, name="the weak type's prior")
    assert found.where(True) == "the weak type's prior exceeds 1/9"
    assert found.where(False) == "the weak type's prior is at most 1/9"
    assert found.breakpoints == ("1/9",)
    assert str(found) == (
        "False iff the weak type's prior is at most 1/9; True iff the weak type's prior exceeds 1/9"
    )


def test_verdicts_are_named():
    found = region(lambda p: Verdict.HOLDS if p >= F(1, 4) else Verdict.VIOLATED, 0, 1)
    assert str(found) == "VIOLATED iff p is less than 0.25; HOLDS iff p is at least 0.25"


def test_always_and_never():
    found = region(lambda p: p * p >= 0, -1, 1)
    assert (found.where(True), found.where(False), str(found)) == ("always", "never", "True always")


def test_a_single_point_and_its_surroundings():
    found = region(lambda p: p * p - p + F(1, 4) == 0, 0, 1)
    assert found.where(True) == "p is 0.5"
    assert found.where(False) == "p is less than 0.5, or p exceeds 0.5"


def test_an_inner_interval():
    found = region(lambda p: p * (1 - p) > F(2, 9), 0, 1)
    assert found.where(True) == "p is more than 1/3 and less than 2/3"


def test_irrational_ends():
    assert region(lambda p: 2 * p * p > 1, 0, 1).breakpoints == ("sqrt(2)/2",)
    assert region(lambda p: p**3 >= F(1, 3), 0, 1).where(True) == "p is at least 0.6933613..."
    # at the root itself, not near it: p^2 = 1/2 there exactly
    assert region(lambda p: 2 * p * p == 1, 0, 1).where(True) == "p is sqrt(2)/2"
    assert region(lambda p: p**4 * 4 == 1 and p > 0, 0, 1).where(True) == "p is sqrt(2)/2"


def test_the_ends_of_the_range_belong_to_it():
    assert region(lambda p: p == 0 or p == 1, 0, 1).where(True) == "p is 0, or p is 1"
    assert region(lambda p: p > 0, 0, 0).where(True) == "never"


def test_python_on_the_way():
    def decide(p: Fraction) -> str:
        best = max([F(1, 3), p, 1 - p])
        return "middle" if best == F(1, 3) else ("high" if best == p else "low")

    assert str(region(decide, 0, 1)) == "low iff p is less than 0.5; high iff p is at least 0.5"
    assert region(lambda p: abs(2 * p - 1) <= F(1, 2), 0, 1).where(True) == (
        "p is more than 0.25 and less than 0.75"
    ) or region(lambda p: abs(2 * p - 1) <= F(1, 2), 0, 1).where(True) == (
        "p is at least 0.25 and at most 0.75"
    )
    assert region(lambda p: bool(p), 0, 1).where(False) == "p is 0"
    assert region(lambda p: 1 / (1 + p) < F(2, 3), 0, 1).where(True) == "p exceeds 0.5"
    assert region(lambda p: sum([p, p]) == 1, 0, 1).where(True) == "p is 0.5"


def test_a_process_with_a_parameter():
    def best(p: Fraction) -> tuple[str, ...]:
        world = process(
            {"s": {"risk": {"won": 1 - p, "lost": p}, "safe": "fine"}, "won": {"enjoy": "over"}},
            rewards={("won", "enjoy"): 3, ("s", "safe"): 1},
        )
        return world.optimal("s")

    found = region(best, 0, 1)
    assert found.where(("risk",)) == "p is less than 2/3"
    assert found.where(("risk", "safe")) == "p is 2/3"


@pytest.mark.parametrize(
    "leak",
    [lambda p: float(p) > 0, lambda p: hash(p) > 0, lambda p: int(p) > 0, lambda p: 2**p > 1],
)
def test_what_has_no_answer_for_an_interval_is_refused(leak):
    with pytest.raises(InputError):
        region(leak, 0, 1)


def test_a_number_that_loses_the_parameter_has_digits():
    assert region(lambda p: float(p - p + F(1, 2)) == 0.5, 0, 1).where(True) == "always"


def test_division_by_zero_is_met_where_it_happens():
    with pytest.raises(ZeroDivisionError):
        region(lambda p: 1 / p > 1, 0, 1)
    assert region(lambda p: p != 0 and 1 / p >= 2, 0, 1).where(True) == (
        "p is more than 0 and at most 0.5"
    )


def test_an_empty_range_is_refused():
    with pytest.raises(InputError, match="1 is above 0"):
        region(lambda p: p > 0, 1, 0)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.lists(st.integers(-4, 4), min_size=1, max_size=4), min_size=1, max_size=3),
    st.fractions(0, 1, max_denominator=24),
)
def test_it_agrees_with_the_decision_at_any_rational(polynomials, x):
    def decide(p: Fraction) -> tuple[int, ...]:
        signs: list[int] = []
        for coefficients in polynomials:
            value = F(0)
            for c in coefficients:
                value = value * p + c
            signs.append((value > 0) - (value < 0))
        return tuple(signs)

    for piece in region(decide, 0, 1).pieces:
        below = piece.lower.upper < x or (piece.with_lower and piece.lower.lower == x)
        above = x < piece.upper.lower or (piece.with_upper and piece.upper.upper == x)
        if below and above:
            assert piece.answer == decide(x)
