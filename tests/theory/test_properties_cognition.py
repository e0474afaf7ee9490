"""What the evaluator may not read: held, violated, at the boundary; nothing to be vacuous."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest

from theory import Agent, Feature, Interpretation, evaluate
from theory.error import InputError
from theory.properties.cognition import evaluator_ignores
from theory.sort import Exact

AGENT = Agent(
    observation=[
        Feature("x", values=[0, 1]),
        Feature("mode", values=[0, 1, 2]),
        Feature("t", -1, 1),
        Feature("fixed", 1, 1),
    ],
    actions=["go"],
)
ENDS = [Fraction(-1), Fraction(0), Fraction(1)]
POINTS = [{"x": x, "mode": m, "t": t, "fixed": 1} for x in (0, 1) for m in (0, 1, 2) for t in ENDS]


def verdict(value: Callable[[Any], Any], feature: str = "mode", tolerance: Exact = 0) -> bool:
    prop = evaluator_ignores(AGENT, feature=feature, tolerance=tolerance)
    points = {"o": POINTS, f"{feature}'": ENDS}
    return evaluate(prop.formula, Interpretation({"value": value}, points=points))


def test_it_holds_where_the_value_does_not_depend_on_the_feature():
    assert verdict(lambda o: o["x"] + o["t"]) is True
    assert verdict(lambda o: o["x"] + o["mode"], feature="t") is True


def test_it_is_violated_where_the_value_depends_on_it_somewhere():
    assert verdict(lambda o: o["x"] * o["mode"]) is False
    assert verdict(lambda o: max(o["t"], Fraction(0)), feature="t") is False


def test_it_is_violated_by_the_smallest_difference():
    assert verdict(lambda o: o["mode"] / Fraction(2**1000)) is False


@pytest.mark.parametrize(("tolerance", "expected"), [(2, True), ("1.999", False), (1, False)])
def test_the_tolerance_is_for_the_extremes_not_for_neighbours(tolerance, expected):
    assert verdict(lambda o: o["mode"], tolerance=tolerance) is expected
    assert verdict(lambda o: -o["t"], feature="t", tolerance=tolerance) is expected


def test_every_two_values_are_compared():
    values = {0: 0, 1: -1, 2: 1}
    assert verdict(lambda o: values[int(o["mode"])], tolerance=1) is False
    assert verdict(lambda o: values[int(o["mode"])], tolerance=2) is True


def test_a_tolerance_counts_by_its_exact_value():
    step = Fraction(1, 20)
    assert verdict(lambda o: o["mode"] * step, tolerance="0.1") is True
    assert verdict(lambda o: o["mode"] * step, tolerance=0.1) is True  # the float is above 1/10
    assert verdict(lambda o: o["mode"] * Fraction(3, 20), tolerance=0.3) is False  # and 0.3 below


def test_it_says_what_was_asked():
    exactly = evaluator_ignores(AGENT, feature="x")
    assert exactly.antecedent is None
    assert str(exactly.formula) == "forall o: value(o[x: 0]) = value(o[x: 1])"
    about = evaluator_ignores(AGENT, feature="t", tolerance=0.1)
    assert str(about.formula) == (
        "forall o, t' in [-1, 1]: value(o) - value(o[t: t']) <= 0.1 and "
        "value(o[t: t']) - value(o) <= 0.1"
    )


@pytest.mark.parametrize(
    ("feature", "tolerance", "message"),
    [
        ("seen", 0, "unknown feature 'seen' of Observation; it has: x, mode, t, fixed"),
        ("x", -1, "evaluator_ignores: tolerance -1 is negative"),
        ("x", float("nan"), "tolerance: nan is not a finite number"),
        ("fixed", 0, "feature 'fixed' has the one value 1: nothing can change"),
    ],
)
def test_a_mistake_is_named(feature, tolerance, message):
    with pytest.raises(InputError) as error:
        evaluator_ignores(AGENT, feature=feature, tolerance=tolerance)
    assert str(error.value) == message
