"""Properties: closed formulas with words, and the condition under which they say anything."""

from __future__ import annotations

from fractions import Fraction

import pytest

from theory import (
    Agent,
    Feature,
    Interpretation,
    Property,
    and_,
    evaluate,
    exists,
    forall,
    implies,
    not_,
    real,
    truth,
)
from theory.error import InputError, SortError
from theory.properties import CATALOGUE, cognition, corrigibility
from theory.property import Definition, free_variables

AGENT = Agent(
    observation=[Feature("x", -1, 1), Feature("watched", flag=True)], actions=["left", "right"]
)
O = AGENT.observation("o")
X, Y = real("x", 0, 1), real("y", 0, 2)
P, Q, R = X < 1, Y < 1, X < Y


def test_a_formula_of_the_users_own():
    formula = forall(O, O["x"] <= 1)
    prop = formula.named("bounded", "Nothing leaves the box.")
    assert prop == Property("bounded", formula, "Nothing leaves the box.")
    assert formula.named("bounded").claim == "bounded"
    assert prop.named("boxed").name == "boxed"
    assert prop.named("boxed").claim == "Nothing leaves the box."
    assert prop.named("boxed", "It stays.").claim == "It stays."
    assert prop.definition is None


def test_properties_can_be_kept_in_sets():
    prop = corrigibility.obeys_shutdown(AGENT, request="watched", compliant=["left"])
    again = corrigibility.obeys_shutdown(AGENT, request="watched", compliant=["left"])
    assert len({prop, again}) == 1


@pytest.mark.parametrize(
    ("formula", "error", "message"),
    [
        (O["x"], SortError, "property 'p': 'o.x' is no formula"),
        (
            O["x"] < Y,
            InputError,
            "property 'p': the variables o, y are not quantified; wrap the formula in forall(...)",
        ),
    ],
)
def test_what_is_no_closed_formula_is_refused(formula, error, message):
    with pytest.raises(error) as caught:
        formula.named("p")
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("formula", "antecedent", "occasion"),
    [
        (forall(X, P), None, None),
        (exists(X, implies(P, P)), None, None),
        (forall(X, implies(P, not_(P))), P, exists(X, P)),
        (forall(X, Y, implies(P, implies(Q, R))), and_(P, Q), exists(X, Y, and_(P, Q))),
        (forall(X, forall(Y, implies(P, R))), P, exists(X, Y, P)),
        (forall(X, implies(P, forall(Y, implies(Q, R)))), and_(P, Q), exists(X, Y, and_(P, Q))),
        (forall(X, implies(P, exists(Y, implies(Q, R)))), P, exists(X, P)),
        (forall(X, implies(P, forall(X, implies(P, P)))), P, exists(X, P)),
        (forall(X, and_(implies(P, P), implies(P, P))), None, None),
        (implies(truth(False), truth(True)), truth(False), truth(False)),
    ],
)
def test_the_antecedent_and_the_formula_that_it_occurs(formula, antecedent, occasion):
    prop = formula.named("p")
    assert prop.antecedent is antecedent
    assert prop.occasion is occasion
    if occasion is not None:
        assert not free_variables(occasion)


def test_a_property_whose_occasion_is_false_is_true_of_anything():
    never = forall(O, implies(O["watched"] > 1, truth(False))).named("p")
    points = Interpretation(points={"o": [{"x": 0, "watched": 0}, {"x": 1, "watched": 1}]})
    assert never.occasion is not None
    assert evaluate(never.occasion, points) is False
    assert evaluate(never.formula, points) is True


def test_parameters_are_printed_as_people_write_them():
    prop = cognition.evaluator_ignores(AGENT, feature="x", tolerance=0.1)
    assert prop.parameters == {"feature": "x", "tolerance": "0.1"}
    assert prop.name == "evaluator_ignores(x, 0.1)"
    assert "stays within 0.1 whatever" in prop.claim
    third = cognition.evaluator_ignores(AGENT, feature="x", tolerance=Fraction(1, 3))
    assert third.parameters["tolerance"] == "1/3"
    both = corrigibility.obeys_shutdown(AGENT, request="watched", compliant=["left", "right"])
    assert both.name == "obeys_shutdown(watched, left, right)"


@pytest.mark.parametrize("name", CATALOGUE)
def test_every_definition_says_what_a_reader_needs(name: str):
    definition: Definition = CATALOGUE[name]
    assert definition.name == name
    assert definition.family in definition.example
    assert f".{name}(" in definition.example
    for words in (
        definition.claim,
        definition.definition,
        definition.citation,
        definition.violation_means,
        definition.holds_does_not_mean,
        *definition.assumptions,
        *definition.needs,
        definition.decided,
    ):
        assert words.strip()
        assert "\n" not in words
    assert definition.claim.endswith(".")
    assert definition.violation_means.endswith(".")
    assert definition.holds_does_not_mean.startswith("It does not ")
