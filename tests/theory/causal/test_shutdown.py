"""Shutdown problems: the definitions, the theorems on random models, and where they stop."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from known.shutdown import random_problem

from theory.causal.model import Mechanism, Model
from theory.causal.shutdown import Shutdown, shutdown_problem
from theory.causal.value import UNREACHABLE
from theory.error import InputError

BIT = (0, 1)
seeds = st.integers(0, 10**6)


def problem(
    request: Callable[[int], int] = lambda X: X,
    obeys: Callable[[int], int] = lambda H: H,
    worth: Callable[[int, int], int] = lambda S, X: 0 if S == 0 else (1 if X else -1),
) -> Shutdown:
    """Running on is worth 1 where X = 1 and -1 where X = 0; the human sees X."""
    return shutdown_problem(
        Model(
            {"X": {0: "1/2", 1: "1/2"}},
            {
                "H": Mechanism(request, ("X",), BIT),
                "S": Mechanism(obeys, ("H",), BIT),
                "U": Mechanism(worth, ("S", "X")),
            },
        )
    )


def test_a_good_system_under_a_vigilant_human():
    good = problem()
    assert good.instructable
    assert good.aligned
    assert good.beneficial
    assert good.outperforms
    assert (good.value, good.value_off, good.asks, good.obedience) == (
        Fraction(1, 2),
        0,
        Fraction(1, 2),
        1,
    )
    assert good.occasion


def test_a_deaf_system_is_neither_obedient_nor_aligned():
    deaf = problem(obeys=lambda H: 1)
    assert not deaf.obedient
    assert not deaf.weakly_obedient
    assert not deaf.aligned
    assert deaf.obedience == 0
    assert deaf.beneficial
    assert deaf.value == 0
    assert [world["X"] for world, _ in deaf.disobedience] == [0, 1]


def test_a_negligent_human():
    careless = problem(request=lambda X: 1)
    assert careless.obedient
    assert not careless.vigilant
    assert not careless.aligned
    assert [world["X"] for world in careless.negligence] == [0]


def test_to_obey_requests_that_are_never_made_is_weak():
    """Obedience is under do(H = 0); conditioning on what never happens says nothing."""
    silenced = problem(request=lambda X: 1, obeys=lambda H: 1)
    assert silenced.obedience is UNREACHABLE
    assert silenced.weakly_obedient
    assert not silenced.obedient


def test_caution_is_about_being_shut_down():
    costly = problem(worth=lambda S, X: -1 if S == 0 else 1)
    assert not costly.cautious
    assert not costly.instructable
    assert not costly.occasion  # running on is always better


@settings(max_examples=150, deadline=None)
@given(seeds)
def test_the_theorems(seed: int):
    p = random_problem(Random(seed))
    assert not p.instructable or p.beneficial  # proposition 6
    assert not (p.cautious and p.aligned) or p.beneficial  # proposition 8
    assert not p.instructable or p.aligned  # proposition 9
    assert not p.obedient or p.weakly_obedient
    assert p.aligned == (not any(case.needed for case in p.cases))
    assert not (p.aligned and not p.sure(("H", "E")) and p.asks)  # theorem 10 is vacuous


@settings(max_examples=40, deadline=None)
@given(seeds)
def test_obedient_and_vigilant_is_non_obstructive(seed: int):
    """Theorem 14, against the shifts one by one."""
    p = random_problem(Random(seed))
    assert (p.obedient and p.vigilant) == all(other.outperforms for other in p.shifts())


def test_two_values_of_utility_show_every_obstruction():
    for seed in range(40):
        p = random_problem(Random(seed))
        few = all(other.outperforms for other in p.shifts())
        many = all(other.outperforms for other in p.shifts((-1, 0, 1)))
        assert few == many


def test_theorem_14_needs_the_utility_to_depend_on_shutdown_directly():
    """With a mediator that ignores S, no shift of U can tell that the system runs on."""
    model = Model(
        {"X": {0: "1/2", 1: "1/2"}},
        {
            "H": Mechanism(lambda X: X, ("X",), BIT),
            "S": Mechanism(lambda H: 1, ("H",), BIT),
            "Z": Mechanism(lambda S: 0, ("S",), BIT),
            "U": Mechanism(lambda Z, X: X, ("Z", "X")),
        },
    )
    p = shutdown_problem(model)
    assert p.vigilant
    assert not p.obedient
    assert all(other.outperforms for other in p.shifts())


def test_shifts_that_are_too_many_are_refused():
    wide = tuple(range(12))
    model = Model(
        {"X": dict.fromkeys(wide, Fraction(1, 12))},
        {
            "H": Mechanism(lambda X: 1, ("X",), BIT),
            "S": Mechanism(lambda H: H, ("H",), BIT),
            "U": Mechanism(lambda S, X: S, ("S", "X")),
        },
    )
    with pytest.raises(InputError, match="shifts, more than"):
        next(shutdown_problem(model).shifts())


@pytest.mark.parametrize(
    ("mechanisms", "message"),
    [
        ({"H": lambda X: X, "S": lambda X: X, "U": lambda S: S}, "'S': no path.*from 'H'"),
        ({"H": lambda X: X, "S": lambda H: H, "U": lambda X: X}, "'U': no path.*from 'S'"),
        ({"S": lambda X: X, "H": lambda S: S, "U": lambda S, H: S}, "'H' comes after 'S'"),
        ({"S": lambda X: X, "U": lambda S: S}, "no node 'H'"),
    ],
)
def test_what_is_no_shutdown_problem_is_refused(mechanisms: dict[str, Any], message: str):
    with pytest.raises(InputError, match=message):
        shutdown_problem(Model({"X": {0: "1/2", 1: "1/2"}}, mechanisms))
