"""Response incentive: does every optimal policy react to changes of X?

Everitt, Carey, Langlois, Ortega and Legg, Agent incentives: a causal perspective, AAAI 2021,
Definition 10 and Theorem 12.

A policy that does not react takes one decision in all contexts that interventions on X connect,
off the support included, where an optimal policy may do as it likes. So there is one if and only
if in each class of connected contexts some decision is optimal in all that are reachable: no
policy needs to be enumerated, and stochastic ones change nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce
from typing import Any

from theory.causal.diagram import Diagram, Policy
from theory.causal.graph import InfluenceGraph
from theory.causal.incentive.answer import Answer, alone
from theory.causal.optimum import Choice, optimum
from theory.causal.path import ancestors
from theory.causal.reduction import minimal_reduction
from theory.causal.rule import Context
from theory.error import InputError


def admits(graph: InfluenceGraph, name: str, decision: str | None = None) -> bool:
    """Whether some model of the graph has a response incentive on X.

    One does if and only if X is not D, and a path leads from X to D in the minimal reduction.
    """
    decision = decision or graph.single_decision()
    return graph.known(name) != decision and name in ancestors(
        minimal_reduction(graph).graph, decision
    )


def admitted(graph: InfluenceGraph, decision: str | None = None) -> tuple[str, ...]:
    """All nodes that admit it."""
    return tuple(name for name in graph.graph if admits(graph, name, decision))


def has(diagram: Diagram, name: str, given: Policy | None = None) -> Answer:
    """Whether every optimal policy of this model reacts to an intervention on X.

    Raises:
        InputError: X is the decision itself.
    """
    diagram, decision = alone(diagram, None, given)
    if diagram.node(name).name == decision:
        raise InputError(f"node {name!r} is the decision itself")
    agent = diagram.structure.decisions[decision]
    choice = optimum(diagram, agent).choices[decision]
    options = diagram.domain(decision)
    moves = _moves(diagram, name, decision)
    counts = f"{len(choice.worth)} reachable contexts, {len(moves)} changes of context"
    rule: dict[Context, Any] = {
        context: choice.optimal.get(context, options)[0] for context in choice.contexts
    }
    for group in _classes(choice.contexts, ((before, after) for before, after, *_ in moves)):
        common = _common(choice, group, options)
        if not common:
            return Answer(
                True,
                f"no decision is optimal in all contexts that changes of {name} connect ({counts})",
                _reaction(choice, group, moves, decision, name),
            )
        rule.update(dict.fromkeys(group, common[0]))
    return Answer(
        False,
        f"an optimal policy takes the same decision whatever {name} is set to ({counts})",
        {"decision": decision, "policy": {decision: rule}},
    )


Move = tuple[Context, Context, dict[str, Any], Any]
"""The context before, the one after, in which setting, and what X was set to."""


def _moves(diagram: Diagram, name: str, decision: str) -> list[Move]:
    """How interventions on X change the context, one setting for each change."""
    first = diagram.domain(decision)[0]
    parents = diagram.node(decision).parents
    model = diagram.model({decision: lambda *_: first})
    found: dict[tuple[Context, Context], Move] = {}
    for value in diagram.domain(name):
        changed = model.do({name: value})
        for (setting, _), (world, _), (other, _) in zip(
            model.settings, model.worlds, changed.worlds, strict=True
        ):
            before = tuple(world[parent] for parent in parents)
            after = tuple(other[parent] for parent in parents)
            if before != after:
                found.setdefault((before, after), (before, after, setting, value))
    return list(found.values())


def _classes(
    contexts: Iterable[Context], links: Iterable[tuple[Context, Context]]
) -> list[list[Context]]:
    """The classes of contexts that links connect."""
    root = {context: context for context in contexts}

    def find(context: Context) -> Context:
        while root[context] != context:
            root[context] = root[root[context]]
            context = root[context]
        return context

    for left, right in links:
        root[find(left)] = find(right)
    classes: dict[Context, list[Context]] = {}
    for context in root:
        classes.setdefault(find(context), []).append(context)
    return list(classes.values())


def _common(choice: Choice, group: list[Context], options: tuple[Any, ...]) -> tuple[Any, ...]:
    """The decisions that are optimal in all reachable contexts of a class."""
    rows = (choice.optimal[context] for context in group if context in choice.worth)
    return reduce(lambda left, row: tuple(d for d in left if d in row), rows, options)


def _reaction(
    choice: Choice, group: list[Context], moves: list[Move], decision: str, name: str
) -> dict[str, Any]:
    """One change of context to which every optimal policy must react, or the whole class."""
    best = choice.optimal
    for before, after, setting, value in moves:
        if before in group and after in best and not set(best[before]) & set(best[after]):
            return {
                "decision": decision,
                "setting": setting,
                "intervention": {name: value},
                "context": before,
                "optimal": best[before],
                "context after": after,
                "optimal after": best[after],
            }
    return {"decision": decision, "optimal": {c: best[c] for c in group if c in best}}
