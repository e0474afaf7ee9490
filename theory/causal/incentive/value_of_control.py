"""Value of control: would the agent do better if it could also set X?

Everitt, Carey, Langlois, Ortega and Legg, Agent incentives: a causal perspective, AAAI 2021,
Definition 15 and Theorem 16. To set X is to choose how it depends on its parents.
"""

from __future__ import annotations

from fractions import Fraction

from theory.causal.diagram import Diagram, Policy
from theory.causal.graph import InfluenceGraph
from theory.causal.incentive.answer import Answer, alone
from theory.causal.optimum import best_policy, optimum
from theory.causal.path import ancestors
from theory.causal.reduction import minimal_reduction
from theory.error import InputError


def admits(graph: InfluenceGraph, name: str) -> bool:
    """Whether some model of the graph gives X value of control.

    It does if and only if X is not the decision, and a path leads from X to a utility in the
    minimal reduction.

    Raises:
        InputError: there are several agents.
    """
    if len(graph.agents) > 1:
        raise InputError(f"whose control of {name!r}? the agents are {', '.join(graph.agents)}")
    if graph.known(name) in graph.decisions:
        return False
    return name in ancestors(minimal_reduction(graph).graph, *graph.utilities)


def admitted(graph: InfluenceGraph) -> tuple[str, ...]:
    """All nodes that admit it."""
    return tuple(name for name in graph.graph if admits(graph, name))


def value(diagram: Diagram, name: str, given: Policy | None = None) -> Fraction:
    """By how much control of X raises the greatest expected utility; never negative.

    Raises:
        InputError: X is the decision itself, or there are too many ways to set X.
    """
    return _best(diagram, name, given)[0]


def has(diagram: Diagram, name: str, given: Policy | None = None) -> Answer:
    """Whether this model gives X value of control, and how much."""
    gain, witness, proof = _best(diagram, name, given)
    return Answer(gain > 0, proof, witness, gain)


def _best(
    diagram: Diagram, name: str, given: Policy | None
) -> tuple[Fraction, dict[str, object], str]:
    diagram, decision = alone(diagram, None, given)
    if diagram.node(name).name == decision:
        raise InputError(f"node {name!r} is the decision: the agent has control of it already")
    agent = diagram.structure.decisions[decision]
    without = optimum(diagram, agent).value
    control, policy = best_policy(diagram.deciding(name, agent), agent)
    proof = (
        f"the best of every joint choice of a rule for {decision} and one for {name}: {control}; "
        f"of a rule for {decision} alone: {without}"
    )
    return control - without, {"decision": decision, "policy": policy}, proof
