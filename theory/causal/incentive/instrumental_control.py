"""Instrumental control incentive: does the agent want to steer X, for what it brings?

Everitt, Carey, Langlois, Ortega and Legg, Agent incentives: a causal perspective, AAAI 2021,
Definition 17 and Theorem 18. With D following an optimal policy, would the utility be another if
X alone were as under some other decision d, E[U_{X_d} | pa] != E[U | pa]?
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from theory.causal.diagram import Diagram, Policy
from theory.causal.graph import InfluenceGraph
from theory.causal.incentive.answer import Answer, alone
from theory.causal.incentive.mixture import mixture
from theory.causal.model import Model
from theory.causal.optimum import optimum
from theory.causal.path import ancestors, descendants
from theory.causal.rule import Context
from theory.causal.value import number
from theory.error import InputError


def admits(graph: InfluenceGraph, name: str, decision: str | None = None) -> bool:
    """Whether some model of the graph has an instrumental control incentive on X.

    One does if and only if there is a path D -> ... -> X -> ... -> U; D and U themselves count.
    """
    decision = decision or graph.single_decision()
    return graph.known(name) in descendants(graph.graph, decision) & ancestors(
        graph.graph, *graph.utilities_of(decision)
    )


def admitted(graph: InfluenceGraph, decision: str | None = None) -> tuple[str, ...]:
    """All nodes that admit it."""
    return tuple(name for name in graph.graph if admits(graph, name, decision))


def has(
    diagram: Diagram,
    name: str,
    given: Policy | None = None,
    context: Mapping[str, Any] | None = None,
) -> Answer:
    """Whether this model has an instrumental control incentive on X in some context.

    Every optimal policy must have some decision d that makes a difference, the stochastic ones
    included.

    Args:
        diagram: with one decision left.
        name: X.
        given: policies of the other decisions.
        context: what the decision observes; None asks about all contexts.

    Raises:
        InputError: the context is not one of the decision.
    """
    diagram, decision = alone(diagram, None, given)
    diagram.node(name)
    choice = optimum(diagram, diagram.structure.decisions[decision]).choices[decision]
    asked = choice.contexts if context is None else (_context(choice.observations, context),)
    best = choice.optimal
    reachable = [one for one in asked if one in best]
    options = diagram.domain(decision)
    if context is not None and not reachable:
        choice.at(asked[0])
        return Answer(None, f"the context {dict(context)} is unreachable: it has probability 0")
    if len(options) == 1:
        return Answer(None, f"{decision} has one option: there is no other that X could follow")
    gains = _gains(diagram, name, decision, reachable, best)
    counted = f"{len(reachable)} contexts of positive probability, {len(options)} decisions each"
    indifferent: dict[Context, Any] = {}
    for one in reachable:
        worth = choice.worth[one][best[one][0]]
        rows = {a: [gains[one, a, d] for d in options] for a in best[one]}
        level = mixture(rows, worth)
        if level is None:
            action = best[one][0]
            other = next((d for d in options if gains[one, action, d] != worth), options[0])
            return Answer(
                True,
                f"in this context every optimal decision differs from one with {name} as under "
                f"another decision ({counted})",
                {
                    "decision": decision,
                    "context": dict(zip(choice.observations, one, strict=True)),
                    "optimal": best[one],
                    "alternative": other,
                    "policy": {decision: {c: best[c][0] for c in best}},
                    "expected utility": worth,
                    f"expected utility with {name} as under the alternative": gains[
                        one, action, other
                    ],
                },
                gains[one, action, other] - worth,
            )
        indifferent[one] = level
    return Answer(
        False,
        f"an optimal policy loses and gains nothing if {name} is as under any other decision "
        f"({counted})",
        {"decision": decision, "policy": {decision: indifferent}},
        Fraction(0),
    )


def _context(observations: tuple[str, ...], context: Mapping[str, Any]) -> Context:
    if set(context) != set(observations):
        raise InputError(
            f"context {dict(context)}: the decision observes {', '.join(observations)}"
        )
    return tuple(context[name] for name in observations)


def _gains(
    diagram: Diagram,
    name: str,
    decision: str,
    reachable: list[Context],
    best: Mapping[Context, tuple[Any, ...]],
) -> dict[tuple[Context, Any, Any], Fraction]:
    """E[U_{X_d} | pa] with D = a, for every reachable context pa, optimal a, and decision d."""
    options, parents = diagram.domain(decision), diagram.node(decision).parents
    utilities = diagram.utilities(diagram.structure.decisions[decision])
    model = diagram.model({decision: lambda *_: options[0]})
    under = {d: model.do({decision: d}) for d in options}
    held: dict[tuple[Any, Any], Model] = {}
    sums: dict[tuple[Context, Any, Any], Fraction] = {}
    mass: dict[Context, Fraction] = {}
    wanted = set(reachable)
    for index, (setting, weight) in enumerate(model.settings):
        world = under[options[0]].worlds[index][0]
        context = tuple(world[parent] for parent in parents)
        if context not in wanted:
            continue
        mass[context] = mass.get(context, Fraction(0)) + weight
        for d in options:
            steered = under[d].worlds[index][0][name]
            for a in best[context]:
                if name == decision:
                    outcome = under[d].worlds[index][0]
                elif under[a].worlds[index][0][name] == steered:
                    outcome = under[a].worlds[index][0]
                else:
                    if (a, steered) not in held:
                        held[a, steered] = under[a].do({name: steered})
                    outcome = held[a, steered].evaluate(setting)
                gain = sum((number(outcome[u], u) for u in utilities), Fraction(0))
                key = context, a, d
                sums[key] = sums.get(key, Fraction(0)) + weight * gain
    return {key: total / mass[key[0]] for key, total in sums.items()}
