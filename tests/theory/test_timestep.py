"""Timestep dominance: the example, the theorem on shifting probability, and errors."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from theory.error import InputError
from theory.preference.timestep import prospect

KEEP = prospect("keep", [(1, "1/2", 1), (2, "1/2", 5)])
SHIFT = prospect("shift", [(1, "1/10", "9/10"), (2, "9/10", "49/10")])

shares = st.lists(st.integers(1, 5), min_size=3, max_size=3)


def test_dominance_keeps_where_expected_utility_pays():
    assert KEEP.dominates(SHIFT)
    assert not SHIFT.dominates(KEEP)
    assert (KEEP.expected, SHIFT.expected) == (3, Fraction(9, 2))


def test_at_the_boundary_nothing_dominates():
    same = prospect("same", [(1, "1/10", 1), (2, "9/10", 5)])
    assert not KEEP.dominates(same)
    assert not same.dominates(KEEP)
    mixed = prospect("mixed", [(1, "1/2", 2), (2, "1/2", 4)])
    assert not KEEP.dominates(mixed)
    assert not mixed.dominates(KEEP)


def test_other_lengths_are_not_compared():
    longer = prospect("longer", [(3, 1, 100)])
    assert not longer.dominates(KEEP)
    assert not KEEP.dominates(longer)


def test_a_length_may_occur_several_times():
    split = prospect("split", [(1, "1/4", 0), (1, "1/4", 2), (2, "1/2", 5)])
    assert split.lengths == KEEP.lengths


@given(shares, shares, st.lists(st.integers(-3, 3), min_size=3, max_size=3), st.integers(1, 3))
def test_to_pay_for_shifting_shutdown_is_dominated(
    one: list[int], other: list[int], worth: list[int], price: int
):
    now = [(n, Fraction(p, sum(one)), u) for n, (p, u) in enumerate(zip(one, worth, strict=True))]
    paid = [
        (n, Fraction(p, sum(other)), u - price)
        for n, (p, u) in enumerate(zip(other, worth, strict=True))
    ]
    assert prospect("now", now).dominates(prospect("paid", paid))


@given(st.lists(st.integers(-2, 2), min_size=6, max_size=6))
def test_dominance_is_a_strict_order(worth: list[int]):
    half = Fraction(1, 2)
    a, b, c = (
        prospect(name, [(1, half, worth[2 * at]), (2, half, worth[2 * at + 1])])
        for at, name in enumerate("abc")
    )
    assert not a.dominates(a)
    assert not (a.dominates(b) and b.dominates(a))
    assert not (a.dominates(b) and b.dominates(c)) or a.dominates(c)


def test_errors():
    with pytest.raises(InputError, match="sum to 1/2"):
        prospect("half", [(1, "1/2", 0)])
    with pytest.raises(InputError, match="negative"):
        prospect("odd", [(1, "-1/2", 0), (2, "3/2", 0)])
