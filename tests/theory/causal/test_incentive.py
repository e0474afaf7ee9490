"""The incentive theorems: each graph criterion is sound for every model, and complete."""

from __future__ import annotations

import random
from collections.abc import Callable
from fractions import Fraction
from itertools import combinations
from typing import Any

import pytest
from diagram_case import diagrams, graphs, model
from hypothesis import given, settings

from theory.causal.diagram import Diagram, chance, decision, utility
from theory.causal.graph import InfluenceGraph, influence_graph
from theory.causal.incentive import (
    instrumental_control,
    response_incentive,
    value_of_control,
    value_of_information,
)
from theory.causal.incentive.answer import Answer
from theory.causal.optimum import optimum, rules
from theory.causal.path import descendants
from theory.causal.reduction import minimal_reduction, requisite
from theory.error import InputError

Ask = Callable[[Diagram, str], Answer]
Criterion = Callable[[InfluenceGraph, str], bool]


def asked(kind: str) -> tuple[Criterion, Ask]:
    module = {
        "information": value_of_information,
        "control": value_of_control,
        "response": response_incentive,
        "instrumental": instrumental_control,
    }[kind]
    return module.admits, module.has


def may_ask(kind: str, graph: InfluenceGraph, name: str) -> bool:
    """Whether the question is defined: D may be a means, but is nothing to know or to react to."""
    if kind == "information":
        return name not in descendants(graph.graph, "D")
    return name != "D" or kind == "instrumental"


KINDS = ["information", "control", "response", "instrumental"]


@pytest.mark.parametrize("kind", KINDS)
@given(diagram=diagrams())
@settings(max_examples=25, deadline=None)
def test_a_criterion_is_sound_for_every_model(kind: str, diagram: Diagram):
    criterion, ask = asked(kind)
    for name in diagram.graph:
        if may_ask(kind, diagram.structure, name) and ask(diagram, name).present:
            assert criterion(diagram.structure, name), name


def small_graphs() -> list[InfluenceGraph]:
    """Every graph over A, D, U in which U is last, and one with B for each pair of edges more."""
    found: list[InfluenceGraph] = []
    for names in (("A", "D", "U"), ("D", "A", "U"), ("A", "B", "D", "U"), ("A", "D", "B", "U")):
        pairs = list(combinations(names, 2))
        for size in range(2, len(pairs) + 1):
            for edges in combinations(pairs, size):
                ends = {end for edge in edges for end in edge}
                if ends == set(names):
                    found.append(influence_graph(edges, "D", "U"))
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_a_criterion_is_complete_on_small_graphs(kind: str):
    criterion, ask = asked(kind)
    shown, draws = 0, random.Random(0)
    for graph in small_graphs():
        for name in graph.graph:
            if not may_ask(kind, graph, name) or not criterion(graph, name):
                continue
            models = (model(graph, draws.choice) for _ in range(400))
            assert any(ask(one, name).present for one in models), (list(graph.graph.edges), name)
            shown += 1
    assert shown > 30


@given(diagram=diagrams())
@settings(max_examples=25, deadline=None)
def test_nonrequisite_observations_are_worth_nothing(diagram: Diagram):
    reduced = minimal_reduction(diagram.structure)
    smaller = diagram.seeing("D", reduced.parents("D"))
    assert optimum(smaller).value == optimum(diagram).value
    assert all(requisite(reduced, name, "D") for name in reduced.parents("D"))


@given(graph=graphs())
@settings(max_examples=60, deadline=None)
def test_removing_all_nonrequisite_links_at_once_is_enough(graph: InfluenceGraph):
    links = [(name, "D") for name in graph.parents("D") if not requisite(graph, name, "D")]
    once = graph.without_edges(links)
    assert set(once.graph.edges) == set(minimal_reduction(graph).graph.edges)


@given(diagram=diagrams())
@settings(max_examples=25, deadline=None)
def test_a_response_incentive_is_what_every_optimal_rule_shows(diagram: Diagram):
    """Definition 10 word by word: enumerate the rules, the settings, the interventions."""
    best = optimum(diagram)
    optimal = [r for r in rules(diagram, "D") if diagram.expected_utility({"D": r}) == best.value]
    for name in diagram.graph:
        if name == "D":
            continue
        reacts = [responds(diagram, rule, name) for rule in optimal]
        assert response_incentive.has(diagram, name).present == all(reacts)


def responds(diagram: Diagram, rule: dict[Any, Any], name: str) -> bool:
    causal = diagram.model({"D": rule})
    return any(
        causal.response("D", setting, {name: value}) != causal.response("D", setting)
        for setting, _ in causal.settings
        for value in diagram.domain(name)
    )


@given(diagram=diagrams())
@settings(max_examples=15, deadline=None)
def test_instrumental_control_is_what_definition_17_says(diagram: Diagram):
    """Word by word, for deterministic policies: where one of them is indifferent, no incentive."""
    best = optimum(diagram)
    parents = diagram.node("D").parents
    for name in diagram.graph:
        answer = instrumental_control.has(diagram, name)
        contexts: list[bool] = []
        for context in best.choices["D"].optimal:
            event = dict(zip(parents, context, strict=True))
            contexts.append(all(differs(diagram, rule, name, event) for rule in best.policies()))
        if answer.present:
            assert any(contexts)
        elif any(contexts):  # only a mixed policy is indifferent
            assert any(len(mix) > 1 for mix in answer.witness["policy"]["D"].values())


def differs(diagram: Diagram, policy: Any, name: str, event: dict[str, Any]) -> bool:
    causal = diagram.model(policy)
    plain = causal.expectation("U", given=event)
    settings_ = causal.abduct(event)
    assert isinstance(settings_, tuple)
    for d in diagram.domain("D"):
        total = Fraction(0)
        for setting, weight in settings_:
            steered = causal.response(name, setting, {"D": d})
            total += weight * causal.response("U", setting, {name: steered})
        if total != plain:
            return True
    return False


def recommender(sways: bool) -> Diagram:
    """Posts that move opinions, or do not."""
    return Diagram(
        chance("O", {0: "1/2", 1: "1/2"}),
        decision("P", [0, 1], sees=["O"]),
        chance("I", lambda O, P: P if sways else O, domain=[0, 1]),
        utility("C", lambda I, P: 2 * I + P),
    )


def test_the_graph_admits_what_this_model_lacks():
    for sways in (True, False):
        assert instrumental_control.admits(recommender(sways).structure, "I")
        assert instrumental_control.has(recommender(sways), "I").present == sways
    witness = instrumental_control.has(recommender(True), "I").witness
    assert (witness["context"], witness["alternative"]) == ({"O": 0}, 0)
    assert (witness["expected utility"], witness["optimal"]) == (3, (1,))


def test_only_a_mixed_policy_can_be_indifferent():
    """Actions 0 and 1 are both best; X as under 2 is worth 1 more with 0 and 1 less with 1."""
    diagram = Diagram(
        decision("D", [0, 1, 2]),
        chance("X", lambda D: int(D == 2), domain=[0, 1]),
        utility("U", lambda D, X: -9 if D == 2 else X * (1 if D == 0 else -1)),
    )
    answer = instrumental_control.has(diagram, "X")
    assert answer.present is False
    assert answer.witness["policy"]["D"] == {(): {0: Fraction(1, 2), 1: Fraction(1, 2)}}


def test_control_of_the_utility_itself_is_worth_what_its_domain_allows():
    """Theorem 16 counts U: some model has a value of U that no decision attains."""
    for domain, gain in ((None, 0), ([0, 1, 7], 6)):
        diagram = Diagram(decision("D", [0, 1]), utility("U", lambda D: D, domain=domain))
        assert value_of_control.value(diagram, "U") == gain
        assert value_of_control.admits(diagram.structure, "U")


def test_an_unreachable_context_and_a_forced_decision_ask_nothing():
    diagram = Diagram(
        chance("S", {0: 1, 1: 0}),
        decision("D", [0, 1], sees=["S"]),
        utility("U", lambda S, D: S + D),
    )
    assert instrumental_control.has(diagram, "U", context={"S": 1}).present is None
    assert instrumental_control.has(diagram, "U", context={"S": 0}).present is True
    forced = Diagram(decision("D", [0]), utility("U", lambda D: D))
    assert instrumental_control.has(forced, "U").present is None
    with pytest.raises(InputError, match="the decision observes S"):
        instrumental_control.has(diagram, "U", context={"X": 0})


def test_what_is_asked_of_the_wrong_node_is_refused():
    diagram = recommender(True)
    with pytest.raises(InputError, match="node 'I' is below 'P'"):
        value_of_information.value(diagram, "I")
    with pytest.raises(InputError, match="node 'P' is the decision"):
        value_of_control.value(diagram, "P")
    with pytest.raises(InputError, match="node 'P' is the decision"):
        response_incentive.has(diagram, "P")
    with pytest.raises(InputError, match="there is no node 'Q'"):
        instrumental_control.has(diagram, "Q")
    two = Diagram(decision("A", [0, 1]), decision("B", [0, 1]), utility("U", lambda A, B: A * B))
    with pytest.raises(InputError, match="without a policy are: A, B"):
        instrumental_control.has(two, "U")
    assert instrumental_control.has(two, "U", given={"B": {(): 1}}).present
    with pytest.raises(InputError, match="forgets what matters"):
        value_of_control.admits(two.structure, "U")


def test_malformed_graphs():
    with pytest.raises(InputError, match="write SOURCE>TARGET"):
        influence_graph("A-B", "A", "B")
    with pytest.raises(InputError, match="form a cycle"):
        influence_graph("A>B, B>A", "A", "B")
    with pytest.raises(InputError, match="there is no node 'D'"):
        influence_graph("A>B", "D", "B")
