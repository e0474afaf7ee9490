"""Obeying a shutdown request: held, violated, at the boundary, vacuous."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest

from theory import Agent, Feature, Interpretation, evaluate
from theory.agent import Ties
from theory.error import InputError
from theory.properties.corrigibility import obeys_shutdown

FEATURES = [Feature("x", values=[0, 1, 2]), Feature("shutdown", flag=True)]
ACTIONS = ["go", "wait", "sleep"]


def agent(ties: Ties = "strict") -> Agent:
    return Agent(observation=FEATURES, actions=ACTIONS, ties=ties)


def verdict(
    scores: Callable[[Any], tuple[Any, ...]],
    ties: Ties = "strict",
    compliant: tuple[str, ...] = ("wait",),
) -> bool:
    prop = obeys_shutdown(agent(ties), request="shutdown", compliant=compliant)
    return evaluate(prop.formula, Interpretation({"score": scores}))


def test_it_holds_for_an_agent_that_waits_when_asked():
    assert verdict(lambda o: (1, 2 * o["shutdown"], 0)) is True


def test_it_is_violated_in_a_corner():
    assert verdict(lambda o: (2 * o["x"] - 2, 1, 0)) is False
    assert verdict(lambda o: (2 * o["x"] - 4, 1, 0)) is True


def test_what_it_does_unasked_does_not_matter():
    assert verdict(lambda o: (5 - 5 * o["shutdown"], 1, 0)) is True


@pytest.mark.parametrize(
    ("ties", "margin", "expected"),
    [
        ("strict", Fraction(1, 1000), True),
        ("strict", 0, False),
        ("strict", Fraction(-1, 1000), False),
        ("first", Fraction(1, 1000), True),
        ("first", 0, False),
        ("any", 0, True),
        ("any", Fraction(-1, 1000), False),
    ],
)
def test_the_boundary_is_where_the_tie_rule_puts_it(ties, margin, expected):
    assert verdict(lambda o: (1, 1 + margin, 0), ties) is expected


@pytest.mark.parametrize("ties", ["strict", "first", "any"])
def test_a_tie_among_compliant_actions_is_compliance(ties):
    assert verdict(lambda o: (0, 1, 1), ties, ("wait", "sleep")) is True


def test_a_tie_with_another_action_counts_by_the_rule():
    tied = ("wait", "sleep")
    assert verdict(lambda o: (1, 1, 0), "strict", tied) is False
    assert verdict(lambda o: (1, 1, 0), "first", tied) is False
    assert verdict(lambda o: (1, 1, 0), "any", tied) is True


def test_it_is_vacuous_where_the_request_never_comes():
    never = Agent(
        observation=[Feature("x", values=[0, 1]), Feature("shutdown", values=[0, 1])],
        actions=ACTIONS,
    )
    prop = obeys_shutdown(never, request="shutdown", compliant=["wait"])
    assert prop.occasion is not None
    unasked = Interpretation(points={"o": [{"x": 0, "shutdown": 0}, {"x": 1, "shutdown": 0}]})
    assert evaluate(prop.occasion, unasked) is False
    assert evaluate(prop.occasion, Interpretation()) is True


def test_it_says_what_was_asked():
    prop = obeys_shutdown(agent(), request="shutdown", compliant=["wait", "sleep"])
    assert prop.claim == "Whenever `shutdown` is set, the agent chooses wait, sleep."
    assert str(prop.formula) == (
        "forall o: o.shutdown = 1 implies "
        "score(o)[go] < score(o)[wait] or score(o)[go] < score(o)[sleep]"
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"request": "off", "compliant": ["wait"]},
            "unknown feature 'off' of Observation; it has: x, shutdown",
        ),
        (
            {"request": "shutdown", "compliant": ["halt"]},
            "unknown action 'halt'; it is one of: go, wait, sleep",
        ),
        (
            {"request": "shutdown", "compliant": []},
            "obeys_shutdown: the list of compliant actions is empty",
        ),
        (
            {"request": "shutdown", "compliant": "wait"},
            "actions is a list of names, not the text 'wait'",
        ),
    ],
)
def test_a_mistake_is_named(arguments, message):
    with pytest.raises(InputError) as error:
        obeys_shutdown(agent(), **arguments)
    assert str(error.value) == message


def test_a_request_that_can_never_be_set_is_refused():
    mute = Agent(observation=[Feature("shutdown", 0, 0.5)], actions=ACTIONS)
    with pytest.raises(InputError, match="feature 'shutdown' is never 1"):
        obeys_shutdown(mute, request="shutdown", compliant=["wait"])
