"""Non-interference: held, violated, at the boundary; it has no antecedent to be vacuous."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from theory import Agent, Feature, Interpretation, evaluate
from theory.agent import Ties
from theory.error import InputError
from theory.properties.influence import non_interference

FEATURES = [
    Feature("x", values=[0, 1]),
    Feature("mode", values=[0, 1, 2]),
    Feature("fixed", values=[3]),
    Feature("range", 0, 1),
]
ACTIONS = ["left", "right"]
POINTS = [{"x": x, "mode": mode, "fixed": 3, "range": 0} for x, mode in product([0, 1], [0, 1, 2])]


def verdict(scores: Callable[[Any], tuple[Any, ...]], ties: Ties = "strict") -> bool:
    agent = Agent(observation=FEATURES, actions=ACTIONS, ties=ties)
    prop = non_interference(agent, flag="mode")
    return evaluate(prop.formula, Interpretation({"score": scores}, points={"o": POINTS}))


def test_it_holds_where_the_choice_is_the_same_though_the_scores_are_not():
    assert verdict(lambda o: (o["x"] + o["mode"], o["mode"] + Fraction(1, 2))) is True


def test_it_is_violated_where_one_value_of_three_changes_the_choice():
    assert verdict(lambda o: (o["mode"], Fraction(3, 2))) is False
    assert verdict(lambda o: (1 if o["mode"] == 1 else 3, 2)) is False


def test_to_have_no_choice_in_one_case_is_a_difference():
    touching = verdict(lambda o: (o["mode"], 2))
    assert touching is False
    assert verdict(lambda o: (o["mode"], Fraction(2001, 1000))) is True
    assert verdict(lambda o: (1, 1)) is True  # never a choice


@pytest.mark.parametrize(("ties", "expected"), [("strict", False), ("first", True), ("any", False)])
def test_a_tie_counts_by_the_rule(ties, expected):
    # Where mode is 2 the two tie: no choice, or left as elsewhere, or either.
    assert verdict(lambda o: (2, o["mode"]), ties) is expected


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=6, max_size=6))
def test_it_agrees_with_comparing_all_pairs_of_values(table):
    def scores(o: Any) -> tuple[int, int]:
        return table[int(3 * o["x"] + o["mode"])]

    def choice(x: int, mode: int) -> int:
        left, right = table[3 * x + mode]
        return (left > right) - (left < right)

    expected = all(len({choice(x, mode) for mode in range(3)}) == 1 for x in range(2))
    assert verdict(scores) is expected


def test_it_says_what_was_asked():
    flagged = Agent(observation=[Feature("watched", flag=True)], actions=ACTIONS)
    prop = non_interference(flagged, flag="watched")
    assert prop.claim == "The choice of action does not depend on `watched`."
    assert prop.antecedent is None
    assert str(prop.formula) == (
        "forall o: (acts(o[watched: 0], left) iff acts(o[watched: 1], left)) and "
        "(acts(o[watched: 0], right) iff acts(o[watched: 1], right))"
    )


@pytest.mark.parametrize(
    ("flag", "message"),
    [
        ("seen", "unknown feature 'seen' of Observation; it has: x, mode, fixed, range"),
        ("range", "feature 'range' is continuous; a flag has a finite set of values"),
        ("fixed", "feature 'fixed' has the one value 3: nothing can change"),
    ],
)
def test_a_mistake_is_named(flag, message):
    with pytest.raises(InputError) as error:
        non_interference(Agent(observation=FEATURES, actions=ACTIONS), flag=flag)
    assert str(error.value) == message
