"""Mechanised causal graphs, and the discovery of agents in them.

Kenton, Kumar, Farquhar, Richens, MacDermott and Everitt, Discovering agents, 2022 (arXiv
2208.08345). Every variable V has a mechanism, the rule by which it follows its parents. An edge
from the mechanism of V to that of W says that W's rule changes when V's does, all others held
fixed. It is terminal if it is there even while no child of V follows V: then W does not adapt to
V for what V brings about, but for V itself. What adapts so is a decision; what it adapts to, its
utility. Where W observes V, it is a child of V as well; it is then asked for a rule that does not
follow V, so that a source of information is not taken for a goal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import combinations, product
from typing import Any, TypeAlias

from theory.causal.diagram import Diagram
from theory.causal.graph import InfluenceGraph
from theory.causal.optimum import optimum
from theory.causal.path import descendants, separated
from theory.causal.rule import Context, Rule
from theory.causal.value import Value

Response: TypeAlias = Callable[[Diagram, str], Mapping[Context, Mapping[Value, Fraction]] | None]
"""The rule that a variable adopts among given mechanisms of all others, in the contexts that can
occur; None where it keeps the rule that it has."""


@dataclass(frozen=True)
class Mechanised:
    """What discovery found.

    Attributes:
        edges: (V, W) where the rule of W depends on the mechanism of V.
        terminal: those of them that stay when no child of V follows V.
    """

    edges: frozenset[tuple[str, str]]
    terminal: frozenset[tuple[str, str]]

    @property
    def decisions(self) -> frozenset[str]:
        """The variables with a terminal edge into their mechanisms: Algorithm 2."""
        return frozenset(adapts for _, adapts in self.terminal)

    @property
    def utilities(self) -> frozenset[str]:
        """The variables with a terminal edge out of their mechanisms: Algorithm 2."""
        return frozenset(wanted for wanted, _ in self.terminal)


def best_reply(diagram: Diagram, name: str) -> dict[Context, dict[Value, Fraction]] | None:
    """The rule of a rational agent: uniform over what is optimal; a device keeps its own rule."""
    node = diagram.node(name)
    if node.agent is None or node.utility:
        return None
    opened = diagram.replacing(replace(node, rule=None))
    best = optimum(opened, node.agent).choices[name].optimal
    return {
        context: {action: Fraction(1, len(actions)) for action in actions}
        for context, actions in best.items()
    }


def discover(
    diagram: Diagram, variants: Mapping[str, Sequence[Rule]], respond: Response = best_reply
) -> Mechanised:
    """The mechanised graph, by leave-one-out interventions on mechanisms: Algorithm 1.

    Every combination of variants is tried for the mechanisms that are held fixed.

    Args:
        diagram: the variables; decisions may be open. What is a decision or a utility is known to
            `respond` only, not to the discovery.
        variants: for each variable the rules to which its mechanism can be set, two or more.
        respond: how a variable's rule adapts to the mechanisms of all others.

    Returns:
        the edges for which some pair of variants shows a difference.
    """
    names = [name for name in diagram.order if name in variants]
    edges: set[tuple[str, str]] = set()
    terminal: set[tuple[str, str]] = set()
    for adapts in diagram.order:
        for source in names:
            if source == adapts:
                continue
            if _differs(diagram, variants, respond, source, adapts, cut=()):
                edges.add((source, adapts))
                children = tuple(diagram.graph.successors(source))
                if _differs(diagram, variants, respond, source, adapts, cut=children):
                    terminal.add((source, adapts))
    return Mechanised(frozenset(edges), frozenset(terminal))


def _differs(
    diagram: Diagram,
    variants: Mapping[str, Sequence[Rule]],
    respond: Response,
    source: str,
    adapts: str,
    cut: Sequence[str],
) -> bool:
    """Whether the rule of one variable depends on the mechanism of another.

    A variable that is to be cut off and adapts itself is asked for a rule that does not follow
    the source: it does not observe it.
    """
    if adapts in cut:
        node = diagram.node(adapts)
        blind = tuple(parent for parent in node.parents if parent != source)
        made = replace(node, parents=blind, rule=None, domain=diagram.domain(adapts))
        diagram = diagram.replacing(made)
    others = [n for n in diagram.order if n not in (source, adapts) and (n in variants or n in cut)]
    options = [
        list(_severed(diagram, name)) if name in cut else list(variants[name]) for name in others
    ]
    for chosen in product(*options):
        fixed = dict(zip(others, chosen, strict=True))
        replies = (
            respond(_with(diagram, {**fixed, source: rule}), adapts) for rule in variants[source]
        )
        for left, right in combinations(replies, 2):
            if left is None or right is None:
                return False
            if any(left[context] != right[context] for context in left if context in right):
                return True
    return False


def _severed(diagram: Diagram, name: str) -> Iterator[Rule]:
    """The structural interventions on a mechanism: rules that follow no parent (Definition 2)."""
    for value in diagram.domain(name):
        yield _always(value)


def _always(value: Any) -> Rule:
    return lambda *_: value


def _with(diagram: Diagram, rules: Mapping[str, Rule]) -> Diagram:
    return diagram.replacing(*(replace(diagram.node(n), rule=rule) for n, rule in rules.items()))


def relevant(graph: InfluenceGraph, name: str, decision: str) -> bool:
    """Whether the mechanism of a variable may bear on a decision's rule, by the graph alone.

    It may unless a node for it is d-separated from the utilities below the decision, given what
    is known there (Koller and Milch, 2003; for mechanisms of all variables: Hammond, Foxabbott,
    Wooldridge and others, Reasoning about causality in games, 2023).
    """
    below = descendants(graph.graph, decision) & set(graph.utilities_of(decision))
    known = {decision, *graph.parents(decision)}
    extended = graph.graph.copy()
    extended.add_edge("mechanism", graph.known(name))
    return name != decision and not separated(extended, {"mechanism"}, below, known)
