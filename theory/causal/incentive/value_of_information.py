"""Value of information: would the agent do better if it observed X?

Everitt, Carey, Langlois, Ortega and Legg, Agent incentives: a causal perspective, AAAI 2021,
Theorem 9 (the graph question). The model question goes back to Howard, Information value theory,
1966.
"""

from __future__ import annotations

from fractions import Fraction

from theory.causal.diagram import Diagram, Policy
from theory.causal.graph import InfluenceGraph
from theory.causal.incentive.answer import Answer, alone
from theory.causal.optimum import Optimum, optimum
from theory.causal.path import descendants
from theory.causal.reduction import minimal_reduction
from theory.error import InputError


def admits(graph: InfluenceGraph, name: str, decision: str | None = None) -> bool:
    """Whether some model of the graph gives X value of information.

    It does if and only if X is no descendant of D, and requisite once D observes it. The theorem
    is for graphs with one decision; where there are several, name the one that would observe X.
    """
    decision = decision or graph.single_decision()
    if graph.known(name) in descendants(graph.graph, decision):
        return False
    reduced = minimal_reduction(graph.with_edge(name, decision))
    return name in reduced.parents(decision)


def admitted(graph: InfluenceGraph, decision: str | None = None) -> tuple[str, ...]:
    """All nodes that admit it."""
    return tuple(name for name in graph.graph if admits(graph, name, decision))


def value(diagram: Diagram, name: str, given: Policy | None = None) -> Fraction:
    """By how much observing X raises the greatest expected utility; never negative.

    Raises:
        InputError: X is below the decision, which cannot observe it.
    """
    diagram, decision = alone(diagram, None, given)
    seeing, without = _both(diagram, decision, name)
    return seeing.value - without.value


def has(diagram: Diagram, name: str, given: Policy | None = None) -> Answer:
    """Whether this model gives X value of information, and how much."""
    diagram, decision = alone(diagram, None, given)
    if len(diagram.domain(decision)) == 1:
        return Answer(None, f"{decision} has one option: there is nothing to decide")
    seeing, without = _both(diagram, decision, name)
    gain = seeing.value - without.value
    contexts = len(seeing.choices[decision].worth)
    return Answer(
        gain > 0,
        f"the best of every policy over {contexts} contexts of positive probability: "
        f"{seeing.value} with {name} observed, {without.value} without",
        {"decision": decision, "policy": seeing.policy(), "policy without": without.policy()},
        gain,
    )


def _both(diagram: Diagram, decision: str, name: str) -> tuple[Optimum, Optimum]:
    """What is optimal with X observed, and without."""
    if diagram.node(name).name in descendants(diagram.graph, decision):
        raise InputError(f"node {name!r} is below {decision!r}, which cannot observe it")
    agent = diagram.structure.decisions[decision]
    others = [parent for parent in diagram.node(decision).parents if parent != name]
    seeing = optimum(diagram.seeing(decision, [*others, name]), agent)
    return seeing, optimum(diagram.seeing(decision, others), agent)
