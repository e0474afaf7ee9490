"""Transitive preferences: held, violated, at the boundary, vacuous."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from theory import Chooser, Feature, Interpretation, Property, evaluate
from theory.error import InputError
from theory.properties.rationality import independent, monotone, transitive

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


MIXER = Chooser(option=[Feature("p", 0, 1), Feature("q", 0, 1)])
POINTS = [{"p": Fraction(a, 4), "q": Fraction(b, 4)} for a in (0, 2, 4) for b in (0, 2, 4)]


def mixed_verdict(prop: Property, score: Callable[[Any], Any]) -> bool:
    """The truth of a property for preference score(x) - score(y), on a grid of options."""
    interpretation = Interpretation(
        {"preference": lambda x, y: score(x) - score(y)},
        points=dict.fromkeys(("x", "y", "z"), POINTS),
    )
    return evaluate(prop.formula, interpretation)


def test_linear_scores_are_independent_and_curved_ones_are_not():
    for weight in ("1/2", "1/100"):
        prop = independent(MIXER, weight=weight)
        assert mixed_verdict(prop, lambda x: 2 * x["p"] - x["q"]) is True
        assert mixed_verdict(prop, lambda x: x["p"] * x["p"] - x["p"] * x["q"]) is False
    # just across the boundary: the smallest curvature shows where options were close
    slight, half = Fraction(1, 10**20), Fraction(1, 2)

    def bent(x: Any) -> Any:
        return x["p"] + x["q"] - slight * (x["p"] - half) * (x["p"] - half)

    assert mixed_verdict(independent(MIXER, weight="1/2"), bent) is False


def test_independence_is_vacuous_where_nothing_is_preferred():
    prop = independent(MIXER)
    assert prop.occasion is not None
    nothing = Interpretation(
        {"preference": lambda x, y: 0}, points=dict.fromkeys(("x", "y", "z"), POINTS)
    )
    assert evaluate(prop.formula, nothing) is True
    assert evaluate(prop.occasion, nothing) is False


def test_options_are_mixed_feature_by_feature():
    assert independent(MIXER, weight="1/4").name == "independent(0.25)"
    with pytest.raises(InputError, match="not strictly between 0 and 1"):
        independent(MIXER, weight=1)
    with pytest.raises(InputError, match="feature 'kind' has finitely many values"):
        independent(CHOOSER)


def test_dominated_options_are_not_preferred():
    prop = monotone(MIXER, lower_is_better=["q"])
    assert mixed_verdict(prop, lambda x: x["p"] - x["q"]) is True
    assert mixed_verdict(prop, lambda x: x["p"]) is True
    assert mixed_verdict(prop, lambda x: x["p"] + Fraction(1, 10**20) * x["q"]) is False
    assert mixed_verdict(monotone(MIXER), lambda x: x["p"] + x["q"]) is True
    with pytest.raises(InputError, match="no feature 'r'"):
        monotone(MIXER, lower_is_better=["r"])
