"""Random small influence diagrams with one decision D and one utility U, for theorems as tests."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import combinations, product
from typing import Any

from hypothesis import strategies as st

from theory.causal.diagram import Diagram, Node, chance, decision, utility
from theory.causal.graph import InfluenceGraph, influence_graph

PROBABILITIES = [Fraction(0), Fraction(1, 4), Fraction(1, 3), Fraction(1, 2), Fraction(1)]
BITS = (0, 1)


@st.composite
def graphs(draw: st.DrawFn, chances: int = 3) -> InfluenceGraph:
    """Chance nodes A, B, C, decision D and utility U in a random order, U last."""
    names = [*draw(st.permutations([*"ABC"[:chances], "D"])), "U"]
    edges = [pair for pair in combinations(names, 2) if draw(st.booleans())]
    for name in names[:-1]:
        if not any(name in edge for edge in edges):
            edges.append((name, "U"))
    if not any(head == "U" for _, head in edges):
        edges.append(("D", "U"))
    return influence_graph(edges, "D", "U")


@st.composite
def diagrams(draw: st.DrawFn, graph: InfluenceGraph | None = None) -> Diagram:
    """A model of a graph: binary nodes, rational tables, utilities from -2 to 2."""
    graph = graph if graph is not None else draw(graphs())
    return model(graph, lambda pool: draw(st.sampled_from(pool)))


def model(graph: InfluenceGraph, pick: Any) -> Diagram:
    """A model of a graph; `pick` chooses one of several numbers."""
    nodes: list[Node] = []
    for name in graph.graph:
        parents = graph.parents(name)
        if name == "D":
            nodes.append(decision("D", BITS, parents))
        elif name == "U":
            gains = table(parents, lambda: pick(range(-2, 3)))
            nodes.append(utility("U", gains, parents, domain=range(-2, 3)))
        else:
            nodes.append(chance(name, _chances(parents, pick), parents, BITS))
    return Diagram(*nodes)


def _chances(parents: Sequence[str], pick: Any) -> Any:
    def row() -> dict[int, Fraction]:
        zero = pick(PROBABILITIES)
        return {0: zero, 1: 1 - zero}

    return table(parents, row) if parents else row()


def table(parents: Sequence[str], row: Any) -> dict[Any, Any]:
    """A row for every context of binary parents."""
    return {context: row() for context in product(BITS, repeat=len(parents))}
