"""Influence diagrams and their optimal policies, against enumeration of all policies."""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from typing import Any

import pytest
from diagram_case import diagrams
from hypothesis import given, settings

from theory.causal.diagram import Diagram, chance, decision, utility
from theory.causal.optimum import best_policy, optimum, rules
from theory.causal.value import UNREACHABLE
from theory.error import InputError


def clinic(sees: list[str]) -> Diagram:
    """A state, a test of it, a treatment."""
    return Diagram(
        chance("ill", {True: "1/10", False: "9/10"}),
        chance("test", lambda ill: {"+": "4/5", "-": "1/5"} if ill else {"+": 0, "-": 1}),
        decision("treat", ["yes", "no"], sees=sees),
        utility("health", {(True, "yes"): 5, (True, "no"): -10, (False, "yes"): -1,
                           (False, "no"): 0}, ["ill", "treat"]),
    )  # fmt: skip


def test_an_optimum():
    best = optimum(clinic(["test"]))
    assert best.choices["treat"].optimal == {("+",): ("yes",), ("-",): ("no",)}
    assert best.value == Fraction(8, 100) * 5 - Fraction(2, 100) * 10
    assert best.count == 1
    assert clinic(["test"]).expected_utility(best.policy()) == best.value


def test_a_context_of_probability_zero_has_a_value_of_its_own():
    best = optimum(clinic(["ill", "test"])).choices["treat"]
    assert best.at((False, "+")) is UNREACHABLE
    assert (False, "+") not in best.optimal
    with pytest.raises(InputError, match="is none of its contexts"):
        best.at((False, "?"))


def test_a_tie_keeps_every_optimal_decision():
    diagram = Diagram(
        chance("coin", {0: "1/2", 1: "1/2"}),
        decision("D", ["a", "b", "c"], sees=["coin"]),
        utility("U", lambda coin, D: int(D == "a" or (D == "b" and coin == 0))),
    )
    best = optimum(diagram)
    assert best.choices["D"].optimal == {(0,): ("a", "b"), (1,): ("a",)}
    assert (best.count, len(list(best.policies()))) == (2, 2)


def test_a_model_agrees_with_its_diagram_under_a_mixed_policy():
    diagram = clinic(["test"])
    policy: dict[str, Any] = {
        "treat": lambda test: {"yes": "1/3", "no": "2/3"} if test == "+" else "no"
    }
    model = diagram.model(policy)
    assert model.expectation("health") == diagram.expected_utility(policy)
    assert model.distribution("treat", given={"test": "+"}) == {
        "yes": Fraction(1, 3),
        "no": Fraction(2, 3),
    }
    assert model.distribution("test", "ill") == {
        ("+", True): Fraction(8, 100),
        ("-", True): Fraction(2, 100),
        ("-", False): Fraction(9, 10),
    }


def test_two_decisions_with_recall_are_solved_backward():
    diagram = Diagram(
        chance("S", {0: "1/2", 1: "1/2"}),
        decision("look", [True, False]),
        chance("seen", lambda S, look: S if look else "?"),
        decision("bet", [0, 1, None], sees=["look", "seen"]),
        utility("stake", lambda S, bet: 0 if bet is None else 4 if bet == S else -6),
        utility("cost", lambda look: -1 if look else 0),
    )
    best = optimum(diagram)
    assert best.value == 3
    assert best.choices["look"].optimal == {(): (True,)}
    assert best.choices["bet"].at((False, "?")) == (None,)
    assert best.choices["bet"].at((False, 1)) is UNREACHABLE


def forgetful() -> Diagram:
    return Diagram(
        decision("A", [0, 1]), decision("B", [0, 1]), utility("U", lambda A, B: A * B)
    )  # fmt: skip


def test_an_agent_that_forgets_is_refused_where_choices_are_asked_for():
    with pytest.raises(InputError, match="agent 'agent' forgets what matters"):
        optimum(forgetful())
    assert best_policy(forgetful()) == (1, {"A": {(): 1}, "B": {(): 1}})


def test_several_agents():
    game = Diagram(
        decision("row", ["c", "d"], agent="one"),
        decision("column", ["c", "d"], agent="two"),
        utility("u1", lambda row, column: {"cc": 2, "cd": 0, "dc": 3, "dd": 1}[row + column],
                agent="one"),
        utility("u2", lambda row, column: {"cc": 2, "cd": 3, "dc": 0, "dd": 1}[row + column],
                agent="two"),
    )  # fmt: skip
    assert game.agents == ("one", "two")
    for other in ("c", "d"):
        reply = optimum(game, "one", given={"column": {(): other}})
        assert reply.choices["row"].optimal == {(): ("d",)}
    assert game.expected_utility({"row": {(): "d"}, "column": {(): "d"}}, "two") == 1
    with pytest.raises(InputError, match="'column' is a decision of another agent"):
        optimum(game, "one")
    with pytest.raises(InputError, match="name the agent"):
        optimum(game)


@pytest.mark.parametrize(
    ("nodes", "message"),
    [
        ([chance("X", {0: "1/2", 1: "1/3"})], "node 'X': the probabilities sum to 5/6"),
        (
            [chance("X", {0: 1}), chance("Y", lambda X: {0: "1/2"})],
            "node 'Y' at X=0: the probabilities sum to 1/2",
        ),
        ([chance("X", lambda Y: Y)], "node 'X': there is no node 'Y' to be its parent"),
        ([chance("X", lambda Y: Y), chance("Y", lambda X: X)], "form a cycle"),
        ([chance("X", {0: 1}), chance("X", {0: 1})], "node 'X' is there twice"),
        (
            [decision("D", [0, 1]), utility("U", {(0,): 1}, ["D"])],
            "node 'U' has no value at D=1",
        ),
        ([decision("D", [0, 1]), utility("U", lambda D: None)], "node 'U' has no value at D=0"),
        (
            [decision("D", ["a"]), utility("U", lambda D: D)],
            "node 'U' at D=a: the value 'a' is not a number",
        ),
        (
            [decision("D", [0]), utility("U", {(0,): 1, (7,): 2}, ["D"])],
            "node 'U': .7,. is not a context of D",
        ),
        (
            [chance("X", {0: 1}), chance("Y", lambda X: 5, domain=[0, 1])],
            "node 'Y': the value 5 at X=0 is not in its domain 0, 1",
        ),
    ],
)
def test_a_malformed_diagram_names_the_node(nodes: list[Any], message: str):
    with pytest.raises(InputError, match=message):
        Diagram(*nodes)


def test_a_malformed_policy_names_the_node():
    diagram = clinic(["test"])
    with pytest.raises(InputError, match="node 'treat' has no value at test=-"):
        diagram.model({"treat": {("+",): "yes"}})
    with pytest.raises(InputError, match="node 'treat': the value 'maybe'"):
        diagram.model({"treat": lambda test: "maybe"})
    with pytest.raises(InputError, match="node 'ill' is not a decision"):
        diagram.impute({"ill": {(): True}})
    with pytest.raises(InputError, match="node 'treat' is a decision without a policy"):
        diagram.expected_utility()
    with pytest.raises(InputError, match="node 'treat' is a decision without a policy"):
        diagram.model()
    with pytest.raises(InputError, match="a decision needs something to choose from"):
        decision("D", [])


@given(diagrams())
@settings(max_examples=40, deadline=None)
def test_the_optimum_is_the_best_of_all_policies(diagram: Diagram):
    best = optimum(diagram)
    worth = {
        tuple(rule.items()): diagram.expected_utility({"D": rule}) for rule in rules(diagram, "D")
    }
    assert best.value == max(worth.values())
    allowed = best.choices["D"].optimal
    for rule, value in worth.items():
        picks = all(d in allowed[context] for context, d in rule if context in allowed)
        assert picks == (value == best.value)
    mass = best.choices["D"].probability
    assert sum(mass.values()) == 1
    model = diagram.model(best.policy())
    assert model.expectation("U") == best.value
    parents = diagram.node("D").parents
    for context in product(*(diagram.domain(parent) for parent in parents)):
        chance_of = model.probability(dict(zip(parents, context, strict=True)))
        assert chance_of == mass.get(context, 0)
        mean = model.expectation("U", given=dict(zip(parents, context, strict=True)))
        if context in allowed:
            assert mean == best.choices["D"].worth[context][allowed[context][0]]
        else:
            assert mean is UNREACHABLE
