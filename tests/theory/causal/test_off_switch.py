"""The off-switch game: the theorems on random beliefs, the diagram, and errors."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from theory.causal.off_switch import OffSwitch, off_switch
from theory.causal.optimum import optimum
from theory.error import InputError

utilities = st.integers(-4, 4).map(Fraction)
shares = st.lists(st.integers(1, 5), min_size=1, max_size=4)


@st.composite
def beliefs(draw: st.DrawFn) -> dict[Fraction, Fraction]:
    parts = draw(shares)
    worth = draw(st.lists(utilities, min_size=len(parts), max_size=len(parts), unique=True))
    return {u: Fraction(part, sum(parts)) for u, part in zip(worth, parts, strict=True)}


@given(beliefs())
def test_a_rational_human_is_deferred_to(belief: dict[Fraction, Fraction]):
    incentive = off_switch(belief).incentive
    assert incentive >= 0
    assert (incentive > 0) == (min(belief) < 0 < max(belief))


@given(beliefs(), st.fractions(0, 1, max_denominator=12))
def test_the_threshold_is_where_deferring_stops_to_pay(
    belief: dict[Fraction, Fraction], error: Fraction
):
    game = off_switch(belief, error)
    if game.threshold is None:
        assert game.incentive == 0
    else:
        assert (game.incentive >= 0) == (error <= game.threshold)
        assert off_switch(belief, game.threshold).incentive == 0
        assert 0 <= game.threshold <= Fraction(1, 2)


@settings(max_examples=30, deadline=None)
@given(beliefs(), st.fractions(0, 1, max_denominator=6))
def test_the_diagram_says_the_same(belief: dict[Fraction, Fraction], error: Fraction):
    game = off_switch(belief, error)
    best = optimum(game.diagram())
    assert best.value == max(game.defer, game.alone)
    assert ("defer" in best.choices["robot"].optimal[()]) == (game.incentive >= 0)


def test_the_error_may_depend_on_the_stakes():
    careful = off_switch({-1: "1/4", 1: "3/4"}, lambda u: 0 if u < 0 else "1/2")
    assert careful.incentive == Fraction(3, 8) - Fraction(1, 2)


def test_utilities_may_be_given_as_pairs():
    assert off_switch([(-1, "1/2"), (1, "1/2")]) == off_switch({-1: "1/2", 1: "1/2"})


@pytest.mark.parametrize(
    ("worth", "error", "message"),
    [
        ({1: "1/2"}, 0, "sum to 1/2"),
        ({1: "3/2", 0: "-1/2"}, 0, "outside"),
        ({1: 1}, 2, "human error at the utility 1 is 2"),
    ],
)
def test_errors(worth: dict[int, str], error: int, message: str):
    with pytest.raises(InputError, match=message):
        off_switch(worth, error)


def test_a_game_is_plain_data():
    assert OffSwitch(((Fraction(1), Fraction(1), Fraction(0)),)) == off_switch({1: 1})
