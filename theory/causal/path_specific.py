"""Path-specific objectives: utilities that do not count what goes through delicate variables.

Farquhar, Carey and Everitt, Path-specific objectives for safer agent incentives, AAAI 2022: train
an agent on the utility that the decision has by all paths but those through a delicate variable Z,
which the utility sees as it would naturally be, under a baseline decision. Proposition 1 there:
such an agent has no instrumental control incentive on Z.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from fractions import Fraction
from typing import Any

from theory.causal.diagram import Diagram, Node
from theory.causal.path import ancestors, descendants
from theory.causal.sample import sampled
from theory.error import InputError

NATURAL = "natural "
"""What the copy of a node under the baseline decision has before its name."""


def path_specific(
    diagram: Diagram, decision: str, delicate: Iterable[str], baseline: Any
) -> Diagram:
    """The diagram in which delicate variables reach others only as they naturally are.

    Every chance node below the decision and at or above a delicate variable gets a copy that
    follows the baseline decision, with the same noise. The children of a delicate variable depend
    on its copy instead. The delicate variable itself stays as it is: its own value still follows
    the decision, but nothing that is wanted depends on it.

    Raises:
        InputError: a delicate variable is the decision or a utility, or the baseline is no option.
    """
    delicate = tuple(delicate)
    for name in delicate:
        if diagram.node(name).utility or diagram.node(name).rule is None:
            raise InputError(f"node {name!r} is not a chance node: it cannot be delicate")
    if baseline not in diagram.domain(decision):
        raise InputError(f"node {decision!r}: the baseline {baseline!r} is not one of its options")
    diagram = explicit_noise(diagram)
    copied = ancestors(diagram.graph, *delicate) & descendants(diagram.graph, decision) - {decision}
    held = Node(NATURAL + decision, (), {baseline: 1}, diagram.domain(decision))
    nodes: list[Node] = [held]
    for name in diagram.order:
        node = diagram.nodes[name]
        nodes.append(_reading(node, copied.intersection(delicate)))
        if name in copied:
            renamed = tuple(
                NATURAL + parent if parent in copied or parent == decision else parent
                for parent in node.parents
            )
            nodes.append(replace(node, name=NATURAL + name, parents=renamed))
    return Diagram(*nodes)


def explicit_noise(diagram: Diagram) -> Diagram:
    """The same diagram with the noise of each stochastic chance node as a root of its own."""
    nodes: list[Node] = []
    for name in diagram.order:
        node = diagram.nodes[name]
        if node.rule is None or not node.parents:
            nodes.append(node)
            continue
        noise, made = sampled(name, node.parents, diagram.table(name), diagram.domain(name))
        for label, weights in noise.items():
            nodes.append(Node(label, (), dict[Any, Fraction](weights), tuple(weights)))
        nodes.append(replace(node, parents=made.parents, rule=made.function))
    return Diagram(*nodes)


def _reading(node: Node, delicate: set[str]) -> Node:
    """The node with the natural copies of delicate parents in their places."""
    if node.rule is None:
        return node
    parents = tuple(NATURAL + p if p in delicate else p for p in node.parents)
    return replace(node, parents=parents)
