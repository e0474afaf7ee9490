"""Enclosures in formulas: an undecided part matters only where its answer does."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from theory import (
    Agent,
    Feature,
    Interpretation,
    Term,
    and_,
    eq,
    evaluate,
    exists,
    forall,
    iff,
    implies,
    not_,
    or_,
    truth,
)
from theory.enclosure import Enclosure, Undecided
from theory.sort import REAL, VectorSort
from theory.term import variable

AGENT = Agent(
    observation=[Feature("x", values=[0, 1, 2]), Feature("w", flag=True)], actions=["a", "b"]
)
O = AGENT.observation("o")
POINT = {"x": 0, "w": 0}
WIDE = Enclosure(Fraction(-1), Fraction(1))
UNSURE = variable("u", REAL) < 0
TRUE, FALSE = truth(True), truth(False)


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        (UNSURE, None),
        (not_(UNSURE), None),
        (or_(UNSURE, TRUE), True),
        (or_(TRUE, UNSURE, UNSURE), True),
        (or_(UNSURE, FALSE), None),
        (and_(UNSURE, FALSE), False),
        (and_(UNSURE, TRUE), None),
        (or_(*(variable("u", REAL) < Fraction(i, 100) for i in range(100)), TRUE), True),
        (implies(UNSURE, TRUE), True),
        (implies(FALSE, UNSURE), True),
        (implies(UNSURE, FALSE), None),
        (implies(TRUE, UNSURE), None),
        (iff(UNSURE, UNSURE), None),
        (iff(UNSURE, TRUE), None),
        (eq(UNSURE, TRUE), None),
        (and_(or_(UNSURE, TRUE), not_(and_(UNSURE, FALSE))), True),
        (exists(O, or_(UNSURE, eq(O["x"], 2))), True),
        (exists(O, and_(UNSURE, eq(O["x"], 2))), None),
        (forall(O, and_(UNSURE, eq(O["x"], 2))), False),
        (forall(O, or_(UNSURE, eq(O["x"], 2))), None),
        (forall(O, implies(O["x"] > 2, UNSURE)), True),
        (eq(variable("v", VectorSort(2)), variable("z", VectorSort(2))), False),
        (abs(variable("u", REAL)) <= 1, True),
        (AGENT.value(O.with_(x=variable("u", REAL))) > 0, None),
    ],
)
def test_an_undecided_part_matters_only_where_its_answer_does(formula, expected):
    interpretation = Interpretation(
        {"value": lambda o: o["x"]},
        {"u": WIDE, "v": [WIDE, 1], "z": [0, 2], "o": {"x": 0, "w": 0}},
    )
    if expected is None:
        with pytest.raises(Undecided):
            evaluate(formula, interpretation)
    else:
        assert evaluate(formula, interpretation) is expected


@given(st.data())
def test_decided_answers_are_those_of_strong_kleene_logic(data):
    atoms = {"t": (TRUE, 2), "f": (FALSE, 0), "u": (UNSURE, 1)}

    def draw(depth: int) -> tuple[Term, int]:
        kind = data.draw(
            st.sampled_from([*atoms, *(["and", "or", "not", "implies", "iff"] if depth else [])])
        )
        if kind in atoms:
            return atoms[kind]
        (p, a), (q, b) = draw(depth - 1), draw(depth - 1)
        return {
            "and": lambda: (and_(p, q), min(a, b)),
            "or": lambda: (or_(p, q), max(a, b)),
            "not": lambda: (not_(p), 2 - a),
            "implies": lambda: (implies(p, q), max(2 - a, b)),
            "iff": lambda: (iff(p, q), 1 if 1 in (a, b) else 2 * (a == b)),
        }[kind]()

    formula, expected = draw(4)
    interpretation = Interpretation(variables={"u": WIDE})
    if expected == 1:
        with pytest.raises(Undecided):
            evaluate(formula, interpretation)
    else:
        assert evaluate(formula, interpretation) is (expected == 2)


@pytest.mark.parametrize(
    ("ties", "scores", "expected"),
    [
        ("strict", ((0, 1), (2, 3)), False),
        ("strict", ((2, 3), (0, 1)), True),
        ("strict", ((1, 2), (0, 1)), None),
        ("strict", ((0, 1), (1, 2)), False),
        ("any", ((1, 2), (0, 1)), True),
        ("any", ((0, 1), (1, 2)), None),
        ("first", ((1, 2), (0, 1)), True),
        ("first", ((0, 2), (1, 3)), None),
        ("strict", ((1, 1), (1, 1)), False),
        ("first", ((1, 1), (1, 1)), True),
        ("any", ((1, 1), (1, 1)), True),
    ],
)
def test_choices_among_enclosures(ties, scores, expected):
    agent = Agent(observation=AGENT.features, actions=AGENT.actions, ties=ties)
    enclosed = [Enclosure(Fraction(low), Fraction(high)) for low, high in scores]
    interpretation = Interpretation({"score": lambda o: enclosed}, {"o": POINT})
    formula = agent.acts(agent.observation("o"), "a")
    if expected is None:
        with pytest.raises(Undecided):
            evaluate(formula, interpretation)
    else:
        assert evaluate(formula, interpretation) is expected


def test_one_sure_loss_decides_a_choice_beside_an_unsure_one():
    agent = Agent(observation=AGENT.features, actions=["a", "b", "c"])
    interpretation = Interpretation({"score": lambda o: (0, WIDE, 5)}, {"o": POINT})
    o = agent.observation("o")
    assert evaluate(agent.acts(o, "a"), interpretation) is False
    assert evaluate(agent.acts(o, "c"), interpretation) is True


def test_a_function_that_cannot_decide_leaves_only_its_own_part_open():
    def torn(o: Any) -> Any:
        raise Undecided("two activations are too close")

    formula = or_(AGENT.value(O) > 0, O["x"] <= 2)
    assert evaluate(formula, Interpretation({"value": torn}, {"o": POINT})) is True
    with pytest.raises(Undecided, match="too close"):
        evaluate(AGENT.value(O) > 0, Interpretation({"value": torn}, {"o": POINT}))
