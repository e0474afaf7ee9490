"""Agents and choosers: the terms they make and the mistakes they name."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, cast

import pytest

from theory import Agent, Chooser, Feature, Interpretation, eq, evaluate
from theory.error import InputError, SortError
from theory.sort import BOOL, REAL, EnumSort, VectorSort
from theory.value import Vector

FEATURES = [Feature("x", -1, 1), Feature("watched", flag=True)]
AGENT = Agent(observation=FEATURES, actions=["left", "right", "wait"], latent=4)
O = AGENT.observation()


def test_an_agent_lists_what_it_was_given():
    assert AGENT.features == tuple(FEATURES)
    assert AGENT.actions == ("left", "right", "wait")
    assert AGENT.feature("watched").is_flag
    assert AGENT.ties == "strict"
    assert Agent(observation=FEATURES, actions=(name for name in "ab")).actions == ("a", "b")


def test_terms_have_the_sorts_of_their_roles():
    assert str(O) == "o"
    assert O.sort == AGENT.observation_sort
    assert AGENT.action().sort == EnumSort("action", AGENT.actions)
    assert AGENT.score(O).sort == VectorSort(3, AGENT.action_sort)
    assert AGENT.score(O, "left").sort == REAL
    assert AGENT.acts(O, "left").sort == BOOL
    assert AGENT.value(O).sort == REAL
    assert AGENT.perceive(O).sort == VectorSort(4)
    assert AGENT.predict(AGENT.perceive(O), "left").sort == VectorSort(4)
    assert AGENT.value(AGENT.perceive(O)).sort == REAL


def test_actions_may_be_names_or_variables():
    a = AGENT.action("a")
    assert AGENT.acts(O, a).arguments[1] is a
    assert AGENT.score(O, a) is AGENT.score(O)[a]
    assert AGENT.predict(AGENT.perceive(O), a).arguments[1] is a


def test_one_of_several_actions():
    assert AGENT.acts_in(O, ["left"]) is AGENT.acts(O, "left")
    either = AGENT.acts_in(O, ("left", "wait"))
    assert "score(o)[right] < score(o)[left]" in str(either)
    for scores, chosen in (
        ((1, 0, 0), True),
        ((1, 0, 1), True),
        ((1, 1, 0), False),
        ((0, 1, 0), False),
    ):
        value = Vector(tuple(map(Fraction, scores)), AGENT.action_sort)
        meaning = Interpretation(
            {"score": lambda o, value=value: value},
            {"o": {"x": Fraction(0), "watched": Fraction(0)}},
        )
        assert evaluate(either, meaning) is chosen
    assert str(AGENT.acts_in(O, [])) == "false"


def test_the_rule_for_ties_is_part_of_the_formula():
    loose = Agent(observation=FEATURES, actions=AGENT.actions, ties="any")
    assert loose.observation() is O
    assert loose.acts(O, "left") is not AGENT.acts(O, "left")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"observation": []}, "at least one feature is needed"),
        ({"actions": []}, "at least one action is needed"),
        ({"observation": [*FEATURES, Feature("x", 0, 1)]}, "the feature 'x' is given twice"),
        ({"actions": ["a", "b", "a"]}, "the action 'a' is given twice"),
        ({"actions": "left"}, "actions is a list of names, not the text 'left'"),
        (
            {"actions": ["left", 3]},
            "the name of a feature, action or variable is printable text, not 3",
        ),
        ({"observation": ["x"]}, "'x' is not a Feature(...)"),
        ({"ties": "random"}, "ties is 'strict', 'first' or 'any', not 'random'"),
        ({"latent": 0}, "latent is the size of the latent state, not 0"),
        ({"latent": "big"}, "latent is the size of the latent state, not 'big'"),
    ],
)
def test_a_bad_agent_is_refused(arguments, message):
    options: dict[str, Any] = {"observation": FEATURES, "actions": ["a", "b"], **arguments}
    with pytest.raises(InputError) as error:
        Agent(**options)
    assert str(error.value) == message


@pytest.mark.parametrize(
    ("use", "message"),
    [
        (lambda: AGENT.feature("z"), "unknown feature 'z' of Observation; it has: x, watched"),
        (
            lambda: AGENT.acts(O, "up"),
            "unknown action 'up'; it is one of: left, right, wait",
        ),
        (
            lambda: AGENT.acts(O, O["x"]),
            "the components of this Real^3 are not named by Real",
        ),
        (
            lambda: AGENT.acts_in(O, "left"),
            "actions is a list of names, not the text 'left'",
        ),
        (lambda: AGENT.score(O["x"]), "score takes (Observation), got (Real)"),
        (
            lambda: AGENT.score(Agent(observation=FEATURES[:1], actions=["a"]).observation()),
            "score takes (Observation), got (Observation) with other features",
        ),
        (
            lambda: AGENT.value(O["x"]),
            "value takes an observation or a latent state, got Real",
        ),
        (
            lambda: AGENT.value(cast(Any, "o")),
            "value takes an observation or a latent state, got 'o'",
        ),
        (
            lambda: AGENT.predict(O, "left"),
            "predict takes (Real^4, action), got (Observation, action)",
        ),
        (
            lambda: Agent(observation=FEATURES, actions=["a"]).perceive(O),
            "perceive and predict need the size of the latent state: Agent(latent=...)",
        ),
        (
            lambda: AGENT.observation(""),
            "the name of a feature, action or variable is printable text, not ''",
        ),
        (lambda: eq(AGENT.action(), "up"), "unknown action 'up'; it is one of: left, right, wait"),
    ],
)
def test_a_mistake_is_named_on_one_line(use, message):
    with pytest.raises(InputError) as error:
        use()
    assert str(error.value) == message


def test_a_chooser_prefers_where_its_output_is_positive():
    chooser = Chooser(option=[Feature("price", 0, 1)])
    x, y = chooser.option("x"), chooser.option("y")
    assert chooser.preference(x, y).sort == REAL
    assert str(chooser.prefers(x, y)) == "0 < preference(x, y)"
    with pytest.raises(SortError):
        chooser.prefers(x, O)


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ([], "at least one feature is needed"),
        ([Feature("x", 0, 1), Feature("x", 0, 2)], "the feature 'x' is given twice"),
    ],
)
def test_a_bad_chooser_is_refused(option, message):
    with pytest.raises(InputError) as error:
        Chooser(option=option)
    assert str(error.value) == message
