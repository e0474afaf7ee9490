"""Requisite observations and the minimal reduction of an influence graph."""

from __future__ import annotations

from theory.causal.graph import InfluenceGraph
from theory.causal.path import descendants, separated
from theory.causal.recall import need_recall


def requisite(graph: InfluenceGraph, observation: str, decision: str) -> bool:
    """Whether an observation may matter at a decision: Everitt et al., AAAI 2021, Definition 7.

    X is nonrequisite if it is d-separated from the utilities below D by D and the other
    observations. (The criterion is that of Fagiuoli and Zaffalon, 1998.)
    """
    below = descendants(graph.graph, decision) & set(graph.utilities_of(decision))
    known = {decision, *graph.parents(decision)} - {observation}
    return not separated(graph.graph, {observation}, below, known)


def minimal_reduction(graph: InfluenceGraph) -> InfluenceGraph:
    """The graph without its nonrequisite observations: Everitt et al., AAAI 2021, Definition 11.

    With several decisions links are removed until all are requisite (Lauritzen and Nilsson,
    Representing and solving decision problems with limited information, 2001).

    Raises:
        InputError: an agent with several decisions forgets what matters.
    """
    if len(graph.decisions) > 1:
        need_recall(graph)
    while True:
        idle = [
            (observation, decision)
            for decision in graph.decisions
            for observation in graph.parents(decision)
            if not requisite(graph, observation, decision)
        ]
        if not idle:
            return graph
        graph = graph.without_edges(idle)
