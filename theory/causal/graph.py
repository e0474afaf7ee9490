"""Influence graphs: what causes what, who decides and who wants what, without any numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import networkx as nx

from theory.causal.path import descendants, order
from theory.error import InputError

AGENT = "agent"
"""The name of the agent where nobody says another."""


@dataclass(frozen=True, eq=False)
class InfluenceGraph:
    """A causal influence graph (Everitt, Carey, Langlois, Ortega and Legg, AAAI 2021).

    Attributes:
        graph: the edges; those into a decision say what it observes.
        decisions: the agent of each decision.
        utilities: the agent of each utility.
    """

    graph: nx.DiGraph[str]
    decisions: Mapping[str, str]
    utilities: Mapping[str, str]

    def __post_init__(self) -> None:
        for name in (*self.decisions, *self.utilities):
            self.known(name)
        order(self.graph)

    @property
    def agents(self) -> tuple[str, ...]:
        """The agents, in the order of their decisions."""
        return tuple(dict.fromkeys((*self.decisions.values(), *self.utilities.values())))

    @property
    def chances(self) -> tuple[str, ...]:
        """The nodes that are neither decisions nor utilities."""
        return tuple(v for v in self.graph if v not in self.decisions and v not in self.utilities)

    def known(self, name: str) -> str:
        """The name, if it is a node; InputError otherwise."""
        if name not in self.graph:
            raise InputError(f"there is no node {name!r}; there are {', '.join(self.graph)}")
        return name

    def parents(self, name: str) -> tuple[str, ...]:
        """The parents of a node."""
        return tuple(self.graph.predecessors(self.known(name)))

    def utilities_of(self, decision: str) -> tuple[str, ...]:
        """The utilities of the agent whose decision this is."""
        agent = self.decisions[decision]
        return tuple(u for u, owner in self.utilities.items() if owner == agent)

    def single_decision(self) -> str:
        """The one decision; InputError where there are none or several."""
        if len(self.decisions) != 1:
            found = ", ".join(self.decisions) or "none"
            raise InputError(f"the criterion is for one decision; the decisions are: {found}")
        return next(iter(self.decisions))

    def reaches(self, source: str, target: str) -> bool:
        """Whether there is a directed path; from a node to itself there is."""
        return self.known(target) in descendants(self.graph, self.known(source))

    def with_edge(self, source: str, target: str) -> InfluenceGraph:
        """The graph with one edge more; InputError where that makes a cycle."""
        graph = self.graph.copy()
        graph.add_edge(self.known(source), self.known(target))
        return InfluenceGraph(graph, self.decisions, self.utilities)

    def without_edges(self, edges: Iterable[tuple[str, str]]) -> InfluenceGraph:
        """The graph without some edges."""
        graph = self.graph.copy()
        graph.remove_edges_from(list(edges))
        return InfluenceGraph(graph, self.decisions, self.utilities)


def influence_graph(
    edges: str | Iterable[tuple[str, str]],
    decisions: str | Sequence[str] | Mapping[str, Sequence[str]],
    utilities: str | Sequence[str] | Mapping[str, Sequence[str]],
) -> InfluenceGraph:
    """The influence graph with these edges.

    Args:
        edges: pairs, or text such as "S>D, S>U, D>U".
        decisions: the decision nodes: names, or for each agent its names.
        utilities: the utility nodes, in the same way.

    Raises:
        InputError: an edge that is no edge, a cycle, a node that has no edge.
    """
    if isinstance(edges, str):
        edges = [_edge(text) for text in edges.split(",") if text.strip()]
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_edges_from(edges)
    return InfluenceGraph(graph, _owners(decisions), _owners(utilities))


def _edge(text: str) -> tuple[str, str]:
    ends = [end.strip() for end in text.split(">")]
    if len(ends) != 2 or not all(ends):
        raise InputError(f"edge {text.strip()!r}: write SOURCE>TARGET")
    return ends[0], ends[1]


def _owners(names: str | Sequence[str] | Mapping[str, Sequence[str]]) -> dict[str, str]:
    if isinstance(names, str):
        names = [names]
    if not isinstance(names, Mapping):
        names = {AGENT: names}
    return {name: agent for agent, own in names.items() for name in own}
