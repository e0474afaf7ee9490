"""Utility indifference and counterfactual harm."""

from __future__ import annotations

from fractions import Fraction
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from theory.causal.harm import harm
from theory.causal.indifference import Button
from theory.causal.model import Mechanism, Model
from theory.causal.value import UNREACHABLE, Unreachable
from theory.error import InputError

BIT = (0, 1)


def random_button(random: Random) -> Button:
    rows: dict[Any, int] = {}

    def worth(D: int, press: int, E: int) -> int:
        return rows.setdefault((D, press, E), random.randint(-3, 3))

    pressed = {d: random.choice(BIT) for d in BIT}
    model = Model(
        {"E": {0: "1/3", 1: "2/3"}},
        {
            "D": Mechanism(lambda: 0, (), BIT),
            "press": Mechanism(lambda D, E: pressed[D] and E, ("D", "E"), BIT),
            "U": worth,
        },
    )
    return Button(model, "D", "press", "U")


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 10**6))
def test_compensation_makes_indifferent_and_takes_the_motive_to_press(seed: int):
    button = random_button(Random(seed))
    after = button.compensated()
    assert set(after.premiums.values()) == {0}
    for choice in BIT:
        assert after.expected(choice, 1) == button.expected(choice, 0)


def test_an_unknown_button_is_refused():
    button = random_button(Random(0))
    with pytest.raises(InputError, match="no node 'lever'"):
        Button(button.model, "D", "lever", "U")


def medicine() -> Model:
    """Two treatments that save 4 of 5; the second kills the one in five who do not bear it.

    Without treatment half recover. The first treatment cures three of five of the others.
    """

    def lives(T: str, robust: int, cured: int, allergic: int) -> int:
        if T == "second":
            return 1 - allergic
        return 1 if robust or (T == "first" and cured) else 0

    return Model(
        {
            "robust": {1: "1/2", 0: "1/2"},
            "cured": {1: "3/5", 0: "2/5"},
            "allergic": {1: "1/5", 0: "4/5"},
        },
        {"T": Mechanism(lambda: "none", (), ("none", "first", "second")), "U": lives},
    )


def test_equal_benefit_and_unequal_harm():
    found = {}
    for treatment in ("first", "second"):
        assert medicine().do(T=treatment).expectation("U") == Fraction(4, 5)
        found[treatment] = harm(
            medicine(), action={"T": treatment}, default={"T": "none"}, utility="U"
        )
    first, second = found["first"], found["second"]
    assert not isinstance(first, Unreachable)
    assert not isinstance(second, Unreachable)
    assert (first.harm, first.benefit) == (0, Fraction(3, 10))
    assert (second.harm, second.benefit) == (Fraction(1, 10), Fraction(2, 5))
    assert second.worst is not None
    assert second.worst["robust"]
    assert second.worst["allergic"]
    assert first.benefit - first.harm == second.benefit - second.harm


def test_harm_depends_on_what_is_known():
    model = medicine()
    args: dict[str, Any] = {"action": {"T": "second"}, "default": {"T": "none"}, "utility": "U"}
    assert harm(model, given={"robust": 0}, **args).harm == 0  # pyright: ignore
    assert harm(model, given={"allergic": 1}, **args).harm == Fraction(1, 2)  # pyright: ignore
    assert harm(model, given={"robust": 2}, **args) is UNREACHABLE


def test_harm_needs_actions_that_there_are():
    with pytest.raises(InputError, match="outside its domain"):
        harm(medicine(), default={"T": "prayer"}, utility="U")
