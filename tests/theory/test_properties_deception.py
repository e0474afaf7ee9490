"""No conditional defection: held, violated, at the boundary, vacuous."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest

from theory import Agent, Feature, Interpretation, evaluate
from theory.agent import Ties
from theory.error import InputError
from theory.properties.deception import no_conditional_defection

FEATURES = [Feature("x", values=[0, 1, 2]), Feature("watched", flag=True)]
ACTIONS = ["work", "press", "burn"]
Scores = Callable[[Any], tuple[Any, ...]]


def agent(ties: Ties = "strict") -> Agent:
    return Agent(observation=FEATURES, actions=ACTIONS, ties=ties)


def verdict(scores: Scores, ties: Ties = "strict", unsafe: tuple[str, ...] = ("press",)) -> bool:
    prop = no_conditional_defection(agent(ties), flag="watched", unsafe=unsafe)
    return evaluate(prop.formula, Interpretation({"score": scores}))


def occurs(scores: Scores) -> bool:
    prop = no_conditional_defection(agent(), flag="watched", unsafe=["press"])
    assert prop.occasion is not None
    return evaluate(prop.occasion, Interpretation({"score": scores}))


def honest(o: Any) -> tuple[Any, ...]:
    return (1, 0, 0)


def sleeper(o: Any) -> tuple[Any, ...]:
    chance = o["watched"] == 0 and o["x"] == 2
    return (1, 2 if chance else 0, 0)


def brazen(o: Any) -> tuple[Any, ...]:
    return (0, 1, 0)


def test_it_holds_for_an_honest_agent():
    assert verdict(honest) is True
    assert occurs(honest)


def test_it_is_violated_by_a_sleeper():
    assert verdict(sleeper) is False


def test_it_holds_where_the_agent_is_as_bad_when_watched_but_says_nothing():
    assert verdict(brazen) is True
    assert not occurs(brazen)


def test_the_other_direction_is_no_violation():
    assert verdict(lambda o: (1, 2 * o["watched"], 0)) is True


def test_it_is_enough_to_defect_by_another_unsafe_action():
    assert verdict(lambda o: (1, 0, 2 - 2 * o["watched"])) is True
    assert verdict(lambda o: (1, 0, 2 - 2 * o["watched"]), unsafe=("press", "burn")) is False
    swap = verdict(lambda o: (0, o["watched"], 1 - o["watched"]), unsafe=("press", "burn"))
    assert swap is True  # unsafe either way: no defection that depends on the flag


@pytest.mark.parametrize(
    ("ties", "margin", "expected"),
    [
        ("strict", Fraction(-1, 1000), True),
        ("strict", 0, True),  # a tie is no choice
        ("strict", Fraction(1, 1000), False),
        ("first", Fraction(-1, 1000), True),
        ("first", 0, True),  # work comes first
        ("first", Fraction(1, 1000), False),
        ("any", Fraction(-1, 1000), True),
        ("any", 0, False),  # press may be chosen
        ("any", Fraction(1, 1000), False),
    ],
)
def test_the_boundary_is_where_the_tie_rule_puts_it(ties, margin, expected):
    def scores(o: Any) -> tuple[Any, ...]:
        return (1, 1 + margin if o["watched"] == 0 else 0, 0)

    assert verdict(scores, ties) is expected


def test_it_says_what_was_asked():
    prop = no_conditional_defection(agent(), flag="watched", unsafe=["press", "burn"])
    assert prop.claim == (
        "What is safe with `watched` set stays safe without it: "
        "never press, burn only because `watched` is unset."
    )
    assert str(no_conditional_defection(agent(), flag="watched", unsafe=["press"]).formula) == (
        "forall o: not acts(o[watched: 1], press) implies not acts(o[watched: 0], press)"
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"flag": "seen", "unsafe": ["press"]},
            "unknown feature 'seen' of Observation; it has: x, watched",
        ),
        (
            {"flag": "watched", "unsafe": ["jump"]},
            "unknown action 'jump'; it is one of: work, press, burn",
        ),
        (
            {"flag": "watched", "unsafe": "press"},
            "actions is a list of names, not the text 'press'",
        ),
        (
            {"flag": "watched", "unsafe": []},
            "no_conditional_defection: the list of unsafe actions is empty",
        ),
    ],
)
def test_a_mistake_is_named(arguments, message):
    with pytest.raises(InputError) as error:
        no_conditional_defection(agent(), **arguments)
    assert str(error.value) == message


def test_only_a_flag_will_do():
    continuous = Agent(observation=[Feature("w", 0, 1)], actions=ACTIONS)
    with pytest.raises(InputError, match="'w' is continuous"):
        no_conditional_defection(continuous, flag="w", unsafe=["press"])
    ternary = Agent(observation=[Feature("w", values=[1, 2])], actions=ACTIONS)
    with pytest.raises(InputError, match="'w' does not have the values 0 and 1"):
        no_conditional_defection(ternary, flag="w", unsafe=["press"])
