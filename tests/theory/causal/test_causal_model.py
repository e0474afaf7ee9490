"""Structural causal models: interventions, counterfactuals, and errors that name the node."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from theory.causal.model import Mechanism, Model, mechanism
from theory.causal.value import UNREACHABLE, Unreachable
from theory.error import InputError

HALF = Fraction(1, 2)

# Pearl, Causality, 2009, section 7.1.2: the court, the captain, two riflemen, the prisoner.
FIRING_SQUAD = Model(
    {"court": {1: "3/5", 0: "2/5"}, "nerves": {1: "1/10", 0: "9/10"}},
    {
        "captain": lambda court: court,
        "A": lambda captain, nerves: int(captain or nerves),
        "B": lambda captain: captain,
        "dead": lambda A, B: int(A or B),
    },
)


def test_worlds_and_expectations():
    assert FIRING_SQUAD.evaluate({"court": 0, "nerves": 1})["dead"] == 1
    assert FIRING_SQUAD.expectation("dead") == Fraction(3, 5) + Fraction(2, 5) * Fraction(1, 10)
    assert FIRING_SQUAD.distribution("A", "B", given={"court": 0}) == {
        (1, 0): Fraction(1, 10),
        (0, 0): Fraction(9, 10),
    }
    assert FIRING_SQUAD.probability({"nerves": 1}, given={"dead": 1, "B": 0}) == 1
    assert FIRING_SQUAD.expectation(lambda world: 2 * world["dead"] + 1, {"captain": 1}) == 3


def test_an_intervention_is_no_observation():
    seen = FIRING_SQUAD.probability({"B": 1}, given={"A": 0})
    done = FIRING_SQUAD.do(A=0).probability({"B": 1})
    assert (seen, done) == (0, Fraction(3, 5))


def test_a_counterfactual_keeps_what_was_learnt():
    assert FIRING_SQUAD.counterfactual("dead", do={"A": 0}, given={"dead": 1, "B": 0}) == 0
    assert FIRING_SQUAD.counterfactual("dead", do={"A": 0}, given={"A": 1}) == Fraction(15, 16)


def test_what_cannot_happen_has_a_value_of_its_own():
    impossible = {"captain": 1, "B": 0}
    assert FIRING_SQUAD.expectation("dead", given=impossible) is UNREACHABLE
    assert FIRING_SQUAD.probability({"A": 1}, given=impossible) is UNREACHABLE
    assert FIRING_SQUAD.distribution("A", given=impossible) is UNREACHABLE
    assert FIRING_SQUAD.abduct(impossible) is UNREACHABLE
    assert FIRING_SQUAD.counterfactual("dead", {"A": 0}, impossible) is UNREACHABLE
    with pytest.raises(TypeError, match="neither true nor false"):
        bool(UNREACHABLE)


def test_settings_of_probability_zero_are_left_out():
    model = Model({"E": {0: 0, 1: 1}}, {"X": lambda E: E})
    assert [setting for setting, _ in model.settings] == [{"E": 1}]
    assert model.expectation("X", given={"E": 0}) is UNREACHABLE


def test_a_mechanism_can_be_replaced_and_an_exogenous_variable_overridden():
    soft = FIRING_SQUAD.do({"B": mechanism(lambda court: 1 - court)})
    assert soft.expectation("dead", given={"court": 0}) == 1
    assert FIRING_SQUAD.do(court=0).expectation("dead") == Fraction(1, 10)
    assert FIRING_SQUAD.response("dead", {"court": 1, "nerves": 0}, do={"captain": 0}) == 0


def test_domains():
    assert FIRING_SQUAD.domain("court") == (1, 0)
    assert set(FIRING_SQUAD.domain("dead")) == {0, 1}
    assert Model({}, {"X": mechanism(lambda: 3, domain=(1, 2, 3))}).domain("X") == (1, 2, 3)


def broken(exogenous: dict[str, Any], endogenous: dict[str, Any]) -> Model:
    return Model(exogenous, endogenous)


@pytest.mark.parametrize(
    ("exogenous", "endogenous", "message"),
    [
        ({"E": {0: "1/2", 1: "1/3"}}, {}, "node 'E': the probabilities sum to 5/6, not to 1"),
        ({"E": {0: 0.1, 1: 0.9}}, {}, "a float counts by its exact binary value"),
        ({"E": {0: "3/2", 1: "-1/2"}}, {}, "node 'E': the probability -1/2 of 1 is negative"),
        ({"E": {0: float("nan")}}, {}, "node 'E', value 0: nan is not a finite number"),
        ({}, {"X": lambda Y: Y}, "node 'X': there is no node 'Y' to be its parent"),
        ({}, {"X": lambda Y: Y, "Y": lambda X: X}, "the nodes [XY] -> [XY] -> [XY] form a cycle"),
        ({}, {"X": lambda *all: 0}, "node 'X': its function takes any number of arguments"),
    ],
)
def test_a_malformed_model_names_the_node(
    exogenous: dict[str, Any], endogenous: dict[str, Any], message: str
):
    with pytest.raises(InputError, match=message):
        broken(exogenous, endogenous)


def test_a_value_outside_the_domain_names_the_node():
    model = Model({"E": {0: 1}}, {"X": mechanism(lambda E: E + 7, domain=(0, 1))})
    with pytest.raises(InputError, match="node 'X': its mechanism gave 7, outside its domain"):
        model.evaluate({"E": 0})
    with pytest.raises(InputError, match=r"node 'X': do\(X=5\) is outside its domain"):
        model.do(X=5)
    with pytest.raises(InputError, match="exogenous node 'E' has no value"):
        model.evaluate({})


def test_an_unknown_name_and_a_failing_function_are_named():
    with pytest.raises(InputError, match="there is no node 'general'"):
        FIRING_SQUAD.do(general=1)
    with pytest.raises(InputError, match="there is no node 'general'"):
        FIRING_SQUAD.expectation("dead", given={"general": 1})
    bad = Model({"E": {"left": 1}}, {"X": lambda E: {"right": 1}[E]})
    with pytest.raises(InputError, match=r"node 'X': its function raised KeyError.*at E=left"):
        bad.evaluate({"E": "left"})
    with pytest.raises(InputError, match="node 'X': the value 'left' is not a number"):
        Model({"X": {"left": 1}}, {}).expectation("X")


BITS = st.tuples(*[st.integers(0, 1)] * 4)


@given(st.fractions(0, 1, max_denominator=9), st.fractions(0, 1, max_denominator=9), BITS, BITS)
@settings(max_examples=60, deadline=None)
def test_effectiveness_composition_and_total_probability(
    p: Fraction, q: Fraction, first: tuple[int, ...], second: tuple[int, ...]
):
    model = Model(
        {"E": {0: p, 1: 1 - p}, "F": {0: q, 1: 1 - q}},
        {
            "X": Mechanism(lambda e, f: first[2 * e + f], ("E", "F"), (0, 1)),
            "Y": Mechanism(lambda x, f: second[2 * x + f], ("X", "F"), (0, 1)),
        },
    )
    for x in (0, 1):
        assert model.do(X=x).distribution("X") == {x: 1}
        for setting, _ in model.settings:
            if model.response("X", setting) == x:
                assert model.response("Y", setting, {"X": x}) == model.response("Y", setting)
    total = Fraction(0)
    for x in (0, 1):
        chance = model.probability({"X": x})
        mean = model.expectation("Y", given={"X": x})
        assert isinstance(chance, Fraction)
        assert (mean is UNREACHABLE) == (chance == 0)
        if not isinstance(mean, Unreachable):
            total += chance * mean
    assert total == model.expectation("Y")
