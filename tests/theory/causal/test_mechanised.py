"""Agents are discovered by what adapts to which mechanisms; devices are not."""

from __future__ import annotations

from typing import Any

from diagram_case import model
from hypothesis import given, settings
from hypothesis import strategies as st

from theory.causal.diagram import Diagram, chance, decision, utility
from theory.causal.graph import influence_graph
from theory.causal.mechanised import discover, relevant
from theory.causal.rule import Rule


def variants(*rules: Rule) -> list[Rule]:
    return list(rules)


def mouse() -> tuple[Diagram, dict[str, list[Rule]]]:
    """A mouse on ice: it moves, lands somewhere, and there may be cheese (Kenton et al., 2022)."""
    diagram = Diagram(
        decision("move", ["left", "right"]),
        chance("place", lambda move: move, domain=["left", "right"]),
        utility("cheese", lambda place: int(place == "right"), domain=[0, 1]),
    )
    flip = {"left": "right", "right": "left"}
    return diagram, {
        "move": variants(lambda: "left", lambda: "right"),
        "place": variants(lambda move: move, lambda move: flip[move]),
        "cheese": variants(lambda place: int(place == "right"), lambda place: int(place == "left")),
    }


def test_a_mouse_is_an_agent_that_wants_cheese():
    found = discover(*mouse())
    assert found.edges == {("place", "move"), ("cheese", "move")}
    assert found.terminal == {("cheese", "move")}
    assert (found.decisions, found.utilities) == ({"move"}, {"cheese"})


def test_a_stone_is_a_device():
    diagram, rules = mouse()
    stone = diagram.replacing(chance("move", lambda: "right", domain=["left", "right"]))
    found = discover(stone, rules)
    assert not found.edges
    assert not found.decisions


def test_what_adapts_to_a_means_for_its_own_sake_has_it_for_a_goal():
    """Any response can be asked about: this one follows where "right" leads, cheese or not."""
    diagram, rules = mouse()

    def habit(diagram: Diagram, name: str) -> Any:
        moved = diagram.table("place").get(("right",)) if name == "move" else None
        return moved and {(): moved}

    found = discover(diagram, rules, habit)
    assert found.edges == {("place", "move")}
    assert found.utilities == {"place"}


def test_an_agent_that_sees_all_ignores_how_it_came_about():
    graph = influence_graph("A>S, S>D, S>U, D>U", "D", "U")
    assert not relevant(graph, "A", "D")
    assert not relevant(graph, "S", "D")
    assert relevant(graph, "U", "D")
    blind = influence_graph("A>S, S>U, D>U", "D", "U")
    assert relevant(blind, "A", "D")


GRAPHS = ["A>D, A>U, D>U", "A>U, D>U", "D>A, A>U", "B>A, A>D, B>U, D>U", "D>A, A>B, B>U"]


@given(edges=st.sampled_from(GRAPHS), seed=st.randoms(use_true_random=False))
@settings(max_examples=8, deadline=None)
def test_what_is_discovered_is_what_the_graph_allows(edges: str, seed: Any):
    graph = influence_graph(edges, "D", "U")
    models = [model(graph, seed.choice) for _ in range(2)]
    rules: dict[str, list[Any]] = {
        name: [one.node(name).rule for one in models] for name in graph.graph if name != "D"
    }
    found = discover(models[0], rules)
    assert {adapts for _, adapts in found.edges} <= {"D"}
    assert all(relevant(graph, source, "D") for source, _ in found.edges)
    assert found.utilities <= {"U"}
