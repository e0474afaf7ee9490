"""Counterfactual fairness, effects, and path-specific objectives."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from diagram_case import diagrams
from hypothesis import given, settings

from theory.causal.diagram import Diagram, chance, decision, utility
from theory.causal.effect import introduced_total_effect, total_effect
from theory.causal.incentive import instrumental_control, response_incentive
from theory.causal.incentive.fairness import fair
from theory.causal.optimum import optimum, rules
from theory.causal.path_specific import explicit_noise, path_specific
from theory.error import InputError

HALF = Fraction(1, 2)


@given(diagram=diagrams())
@settings(max_examples=25, deadline=None)
def test_all_optimal_rules_are_unfair_iff_there_is_a_response_incentive(diagram: Diagram):
    """Everitt et al., AAAI 2021, Theorem 14, over deterministic policies."""
    best = optimum(diagram).value
    optimal = [r for r in rules(diagram, "D") if diagram.expected_utility({"D": r}) == best]
    for name in diagram.structure.chances:
        unfair = all(not fair(diagram, {"D": rule}, name).present for rule in optimal)
        assert unfair == response_incentive.has(diagram, name).present


def mixed_case() -> tuple[Diagram, dict[str, Any]]:
    """A never is 1. Were it 1, D would see "u" or "v", which never happen otherwise."""
    diagram = Diagram(
        chance("A", {0: 1, 1: 0}),
        chance("E", {"l": "1/3", "r": "1/3", "m": "1/3"}),
        chance("F", {0: "1/2", 1: "1/2"}),
        chance("S", lambda A, E, F: E if A == 0 else {"l": "u", "r": "v", "m": "uv"[F]}[E]),
        decision("D", ["x", "y"], sees=["S"]),
        utility("U", lambda S, D: {"l": D == "x", "r": D == "y"}.get(S, True)),
    )
    mixed: dict[str, Any] = {"l": "x", "r": "y", "m": {"x": HALF, "y": HALF}, "u": "x", "v": "y"}
    return diagram, {"D": mixed}


def test_a_mixed_policy_can_be_fair_where_every_policy_responds():
    """Why Theorem 14 is tested over deterministic policies, or attributes that vary."""
    diagram, policy = mixed_case()
    assert diagram.expected_utility(policy) == optimum(diagram).value == 1
    assert response_incentive.has(diagram, "A").present
    assert fair(diagram, policy, "A").present
    for rule in optimum(diagram).policies():
        assert not fair(diagram, rule, "A").present


def test_an_unfair_policy_has_a_witness():
    diagram = Diagram(
        chance("race", {"a": "1/2", "b": "1/2"}),
        chance("school", lambda race: {"good": "3/4", "poor": "1/4"} if race == "a" else "poor"),
        decision("admit", [0, 1], sees=["school"]),
        utility("U", lambda school, admit: admit * (1 if school == "good" else -1)),
    )
    answer = fair(diagram, optimum(diagram).policy(), "race")
    assert answer.present is False
    assert answer.witness["race set to"] != answer.witness["race"]
    assert fair(diagram, {"admit": lambda school: 0}, "race").present
    with pytest.raises(InputError, match="node 'admit' is the decision itself"):
        fair(diagram, {"admit": lambda school: 0}, "admit")
    model = diagram.model(optimum(diagram).policy())
    assert total_effect(model, "race", "admit", "b", "a") == Fraction(3, 4)


def test_introduced_bias():
    """PyCID's get_introduced_bias: fair labels, yet the optimal prediction is not."""
    diagram = Diagram(
        chance("A", {0: "1/2", 1: "1/2"}),
        chance("Z", {0: "1/2", 1: "1/2"}),
        chance("X", lambda A, Z: A * Z),
        chance("Y", lambda X, Z: X + Z),
        decision("D", [0, 1], sees=["X"]),
        utility("U", lambda D, Y: -((D - Y) ** 2)),
    )
    model = diagram.model(optimum(diagram).policy())
    assert introduced_total_effect(model, "A", "D", "Y", 0, 1) == 0
    ignoring = diagram.model({"D": lambda X: 0})
    assert introduced_total_effect(ignoring, "A", "D", "Y", 0, 1) == -HALF


def recommender() -> Diagram:
    """Posts that sway opinions; clicks come of posts and of opinions."""
    return Diagram(
        chance("O", {0: "2/3", 1: "1/3"}),
        decision("P", [0, 1], sees=["O"]),
        chance("I", lambda O, P: {1: "3/4", 0: "1/4"} if P else O, domain=[0, 1]),
        utility("C", lambda I, P: 3 * I - P),
    )


def test_a_path_specific_objective_takes_the_incentive_away():
    plain, safe = recommender(), path_specific(recommender(), "P", ["I"], baseline=0)
    assert instrumental_control.has(plain, "I").present
    assert optimum(plain).choices["P"].at((0,)) == (1,)
    assert not instrumental_control.has(safe, "I").present
    assert optimum(safe).choices["P"].at((0,)) == (0,)
    with pytest.raises(InputError, match="the baseline 7 is not one of its options"):
        path_specific(plain, "P", ["I"], baseline=7)
    with pytest.raises(InputError, match="node 'C' is not a chance node"):
        path_specific(plain, "P", ["C"], baseline=0)


@given(diagram=diagrams())
@settings(max_examples=25, deadline=None)
def test_path_specific_agents_have_no_incentive_on_what_is_delicate(diagram: Diagram):
    """Farquhar, Carey and Everitt, AAAI 2022, Proposition 1."""
    assert optimum(explicit_noise(diagram)).value == optimum(diagram).value
    for name in diagram.structure.chances:
        safe = path_specific(diagram, "D", [name], baseline=0)
        assert not instrumental_control.admits(safe.structure, name)
        assert not instrumental_control.has(safe, name).present
