"""Connectives and quantifiers: what they build and what they refuse."""

from __future__ import annotations

from typing import Any, cast

import pytest

from theory import (
    Agent,
    Feature,
    Term,
    and_,
    eq,
    exists,
    forall,
    iff,
    implies,
    maximum,
    minimum,
    not_,
    number,
    or_,
    real,
    truth,
)
from theory.error import InputError
from theory.sort import REAL, VectorSort
from theory.term import variable

AGENT = Agent(observation=[Feature("x", -1, 1)], actions=["left", "right"])
OTHER = Agent(observation=[Feature("x", -2, 2)], actions=["up", "down"])
O = AGENT.observation("o")
P = O["x"] < 1
Q = O["x"] > 0
SLIP: Any = O["x"] is P  # what O["x"] == 1 gives: False, no formula


def test_one_formula_is_joined_to_itself():
    assert and_(P) is P
    assert or_(Q) is Q
    assert and_().operator == "and"
    assert or_().arguments == ()


def test_equality_of_names_takes_the_name():
    a = AGENT.action("a")
    assert eq(a, "left") is eq(a, eq(a, "left").arguments[1])
    assert eq("left", a).arguments[0].payload[0] == "left"


def test_a_variable_ranges_over_the_box():
    t = real("t", "0.1", 1)
    assert str(t.sort) == "[0.1, 1]"
    assert forall(t, t >= 0).payload == ((t.payload[0], t.sort),)


def test_an_inner_quantifier_may_reuse_a_name():
    inner = real("x", 0, 1)
    outer = real("x", 5, 6)
    formula = forall(outer, and_(outer > 1, exists(inner, inner < 1)))
    assert formula.payload[0][1] == outer.sort


@pytest.mark.parametrize(
    ("use", "message"),
    [
        (lambda: not_(O["x"]), "not takes formulas, got Real"),
        (lambda: and_(O["x"]), "and takes formulas, got Real"),
        (lambda: or_(P, O["x"]), "or takes formulas, got Real"),
        (
            lambda: implies(SLIP, P),
            "implies takes terms, got False (== builds no formula: write eq(a, b); "
            "a constant is truth(...), or 1 or 0)",
        ),
        (
            lambda: and_(SLIP),
            "and takes terms, got False (== builds no formula: write eq(a, b); "
            "a constant is truth(...), or 1 or 0)",
        ),
        (lambda: iff(P, number(1)), "iff takes formulas, got Real"),
        (lambda: eq(O, O), "eq compares numbers, names, truth values and vectors, not Observation"),
        (lambda: eq(P, 1), "eq takes two terms of one sort, got Bool and Real"),
        (
            lambda: eq(AGENT.action(), "up"),
            "unknown action 'up'; it is one of: left, right",
        ),
        (
            lambda: eq(AGENT.action(), OTHER.action()),
            "eq takes two terms of one sort, got action and action",
        ),
        (lambda: maximum(P, 1), "max takes real numbers, got Bool"),
        (lambda: minimum(1, O), "min takes real numbers, got Observation"),
        (lambda: forall(P), "forall takes one or more variables and then a formula"),
        (lambda: forall(O, O["x"]), "forall takes a formula last, got 'o.x' of sort Real"),
        (lambda: forall(P, P), "forall binds variables, got 'o.x < 1'"),
        (lambda: forall(cast(Any, "o"), P), "forall takes variables and then a formula, got 'o'"),
        (lambda: exists(O, cast(Any, True)), "exists takes variables and then a formula, got True"),
        (
            lambda: forall(variable("v", REAL), P),
            "forall: variable v has no range; make it with real(name, lower, upper)",
        ),
        (
            lambda: forall(variable("v", VectorSort(2)), P),
            "forall: cannot quantify over Real^2",
        ),
        (lambda: forall(O, O, P), "forall binds a name twice: o, o"),
        (
            lambda: forall(real("t", 0, 1), real("t", 0, 2) < 1),
            "forall binds t in [0, 1], but its formula uses another t, in [0, 2]",
        ),
        (
            lambda: forall(OTHER.observation("o"), P),
            "forall binds o in Observation, but its formula uses another o, in Observation",
        ),
        (lambda: real("t", 1, 0), "variable 't': lower 1 is above upper 0"),
        (lambda: real("t", 0, float("inf")), "variable 't': inf is not a finite number"),
        (
            lambda: real("", 0, 1),
            "the name of a feature, action or variable is printable text, not ''",
        ),
    ],
)
def test_what_makes_no_sense_is_refused_on_one_line(use: Any, message: str):
    with pytest.raises(InputError) as error:
        use()
    assert str(error.value) == message


def test_truth_values_can_be_compared():
    assert eq(P, truth(True)).sort == P.sort
    assert isinstance(eq(P, Q), Term)
