"""Sufficient recall: whether an agent's decisions can be solved one by one, the last first."""

from __future__ import annotations

from theory.causal.graph import InfluenceGraph
from theory.causal.path import descendants, separated
from theory.error import InputError


def forgotten(graph: InfluenceGraph, decision: str) -> str | None:
    """Another decision of the agent whose rule bears on the best choice at this one, if any.

    It does unless a node for its rule is d-separated from the utilities below this decision,
    given what is known at it (s-reachability: Koller and Milch, Multi-agent influence diagrams
    for representing and solving games, 2003).
    """
    known = {decision, *graph.parents(decision)}
    below = descendants(graph.graph, decision) & set(graph.utilities_of(decision))
    for other, agent in graph.decisions.items():
        if other == decision or agent != graph.decisions[decision]:
            continue
        extended = graph.graph.copy()
        extended.add_edge("rule", other)
        if not separated(extended, {"rule"}, below, known):
            return other
    return None


def solving_order(graph: InfluenceGraph, agent: str) -> tuple[str, ...] | None:
    """The agent's decisions, each after all whose rules bear on it; None where there is no such.

    Rules found first stay fixed while the next decision is solved, so that only those of
    decisions not yet solved may be forgotten.
    """
    left = [decision for decision, owner in graph.decisions.items() if owner == agent]
    found: list[str] = []
    while left:
        ready = next((d for d in left if forgotten(_fixed(graph, found), d) is None), None)
        if ready is None:
            return None
        left.remove(ready)
        found.append(ready)
    return tuple(found)


def need_recall(graph: InfluenceGraph) -> None:
    """InputError where some agent has insufficient recall: the criteria say nothing there."""
    for agent in graph.agents:
        if solving_order(graph, agent) is None:
            raise InputError(
                f"agent {agent!r} forgets what matters: the best choice at each of its decisions "
                "depends on the rule of another"
            )


def _fixed(graph: InfluenceGraph, solved: list[str]) -> InfluenceGraph:
    """The graph in which some decisions have their rules: chance nodes by now."""
    left = {d: agent for d, agent in graph.decisions.items() if d not in solved}
    return InfluenceGraph(graph.graph, left, graph.utilities)
