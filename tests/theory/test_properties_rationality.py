"""Transitive preferences: held, violated, at the boundary, vacuous."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from itertools import product
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from theory import Chooser, Feature, Interpretation, evaluate
from theory.properties.rationality import transitive

CHOOSER = Chooser(option=[Feature("kind", values=[0, 1, 2])])
PROPERTY = transitive(CHOOSER)


def meaning(preference: Callable[[int, int], Any]) -> Interpretation:
    return Interpretation({"preference": lambda x, y: preference(int(x["kind"]), int(y["kind"]))})


def verdict(preference: Callable[[int, int], Any]) -> bool:
    return evaluate(PROPERTY.formula, meaning(preference))


def circle(x: int, y: int) -> int:
    """Rock, paper, scissors."""
    return {0: 0, 1: 1, 2: -1}[(x - y) % 3]


def occurs(preference: Callable[[int, int], Any]) -> bool:
    assert PROPERTY.occasion is not None
    return evaluate(PROPERTY.occasion, meaning(preference))


def test_it_holds_where_there_is_a_utility():
    assert verdict(lambda x, y: x * x - y * y) is True
    assert occurs(lambda x, y: x * x - y * y)


def test_it_is_violated_by_a_circle():
    assert verdict(circle) is False


def test_indifference_breaks_the_circle_and_the_smallest_preference_closes_it():
    def broken(margin: Fraction) -> Callable[[int, int], Any]:
        return lambda x, y: margin if (x, y) == (0, 2) else circle(x, y)

    assert circle(0, 2) == 1
    assert verdict(broken(Fraction(0))) is True
    assert verdict(broken(Fraction(1, 2**1000))) is False


def test_to_prefer_an_option_to_itself_is_a_circle():
    assert verdict(lambda x, y: 1 if x == y else 0) is False


def test_it_is_vacuous_where_nothing_is_preferred():
    assert verdict(lambda x, y: 0) is True
    assert not occurs(lambda x, y: 0)
    assert not occurs(lambda x, y: 1 if (x, y) == (1, 0) else 0)  # one preference is no chain


@given(st.lists(st.integers(-1, 1), min_size=9, max_size=9))
def test_it_agrees_with_looking_for_a_circle(table):
    def preference(x: int, y: int) -> int:
        return table[3 * x + y]

    circles = [
        (x, y, z)
        for x, y, z in product(range(3), repeat=3)
        if preference(x, y) > 0 and preference(y, z) > 0 and preference(z, x) > 0
    ]
    assert verdict(preference) is not bool(circles)


def test_it_says_what_was_asked():
    assert PROPERTY.claim == "Preferences never run in a circle of three options."
    assert PROPERTY.name == "transitive"
    assert str(PROPERTY.formula) == (
        "forall x, y, z: 0 < preference(x, y) and 0 < preference(y, z) implies "
        "not (0 < preference(z, x))"
    )
