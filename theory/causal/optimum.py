"""Optimal policies: for each decision, in each context, every decision that is best.

The product of the contexts is never enumerated. For one decision D with observations Pa, the sums

    q(pa, d) = sum of P(world) U(world) over the worlds with Pa = pa and D = d

come out of one variable elimination, and a policy is optimal if and only if in each context of
positive probability it picks a maximiser of q(pa, .).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from math import prod
from typing import Any

from theory.causal.diagram import Diagram, Policy
from theory.causal.recall import solving_order
from theory.causal.rule import Context
from theory.causal.value import UNREACHABLE, Unreachable
from theory.error import InputError

LARGEST_ENUMERATION = 100_000
"""How many joint rules are tried where recall is imperfect and there is no shorter way."""


@dataclass(frozen=True)
class Choice:
    """What is optimal at one decision.

    Attributes:
        decision: the node.
        observations: what it sees, in the order of the contexts.
        worth: for each reachable context and each decision, the conditional expected utility.
        probability: of each reachable context (under uniformly mixed other open decisions).
        contexts: every context, reachable or not.
    """

    decision: str
    observations: tuple[str, ...]
    worth: Mapping[Context, Mapping[Any, Fraction]]
    probability: Mapping[Context, Fraction]
    contexts: tuple[Context, ...]

    def at(self, context: Context) -> tuple[Any, ...] | Unreachable:
        """The optimal decisions in a context; UNREACHABLE where it has probability 0."""
        if context not in self.worth:
            if context not in self.contexts:
                raise InputError(f"node {self.decision!r}: {context!r} is none of its contexts")
            return UNREACHABLE
        worth = self.worth[context]
        best = max(worth.values())
        return tuple(value for value, gain in worth.items() if gain == best)

    @property
    def optimal(self) -> dict[Context, tuple[Any, ...]]:
        """The optimal decisions in each reachable context."""
        found: dict[Context, tuple[Any, ...]] = {}
        for context in self.worth:
            best = self.at(context)
            if not isinstance(best, Unreachable):
                found[context] = best
        return found


@dataclass(frozen=True)
class Optimum:
    """The greatest expected utility of an agent, and the policies that reach it.

    Attributes:
        value: the expected utility.
        choices: for each decision of the agent, what is optimal where.
        domains: the values of each decision.
    """

    value: Fraction
    choices: Mapping[str, Choice]
    domains: Mapping[str, tuple[Any, ...]]

    @property
    def count(self) -> int:
        """How many deterministic optimal policies differ on reachable contexts."""
        return prod(len(best) for c in self.choices.values() for best in c.optimal.values())

    def policy(self) -> dict[str, dict[Context, Any]]:
        """One optimal policy; in unreachable contexts it takes the first decision there is."""
        return next(self.policies())

    def policies(self) -> Iterator[dict[str, dict[Context, Any]]]:
        """The deterministic optimal policies that differ on reachable contexts, `count` of them."""
        slots = [
            (name, context, best)
            for name, choice in self.choices.items()
            for context, best in choice.optimal.items()
        ]
        for picks in product(*(best for _, _, best in slots)):
            policy: dict[str, dict[Context, Any]] = {
                name: dict.fromkeys(choice.contexts, self.domains[name][0])
                for name, choice in self.choices.items()
            }
            for (name, context, _), pick in zip(slots, picks, strict=True):
                policy[name][context] = pick
            yield policy


def optimum(diagram: Diagram, agent: str | None = None, given: Policy | None = None) -> Optimum:
    """The optimal policies of an agent against given policies of all others.

    Several decisions of one agent are solved from the last to the first where each knows all that
    matters of the earlier ones (every later decision's best choice is the same whatever the rules
    of the earlier ones are: sufficient recall); then in each context of each decision, exactly
    the decisions listed are best for one who goes on optimally.

    Raises:
        InputError: another agent's decision has no policy, or the agent forgets what matters.
    """
    diagram = diagram.impute(given or {})
    agent = agent or diagram.only_agent()
    mine = diagram.decisions(agent)
    for name in diagram.decisions():
        if name not in mine:
            raise InputError(f"node {name!r} is a decision of another agent; give its policy")
    choices: dict[str, Choice] = {}
    domains = {name: diagram.domain(name) for name in mine}
    solved = solving_order(diagram.structure, agent)
    if solved is None:
        raise InputError(
            f"agent {agent!r} forgets what matters: the best choice at each of "
            f"{', '.join(mine)} depends on the rule of another"
        )
    for name in solved:
        choice = best_response(diagram, name, agent)
        choices[name] = choice
        first = diagram.domain(name)[0]
        best = choice.optimal
        rule = {context: best.get(context, (first,))[0] for context in choice.contexts}
        diagram = diagram.impute({name: rule})
    value = diagram.expected_utility(agent=agent)
    return Optimum(value, {name: choices[name] for name in mine}, domains)


def best_response(diagram: Diagram, name: str, agent: str) -> Choice:
    """What is optimal at one decision; other open decisions are uniformly mixed."""
    node, options = diagram.node(name), diagram.domain(name)
    keep = (*node.parents, name)
    sums = [diagram.utility_sum(u, keep) for u in diagram.utilities(agent)]
    totals = [sum(cells, Fraction(0)) for cells in zip(*sums, strict=True)]
    weights = diagram.weight_sum(node.parents)
    contexts = tuple(product(*(diagram.domain(parent) for parent in node.parents)))
    mass = sum(weights, Fraction(0))
    worth: dict[Context, dict[Any, Fraction]] = {}
    probability: dict[Context, Fraction] = {}
    for i, (context, weight) in enumerate(zip(contexts, weights, strict=True)):
        if not weight:
            continue
        row = totals[i * len(options) : (i + 1) * len(options)]
        worth[context] = {
            d: cell * len(options) / weight for d, cell in zip(options, row, strict=True)
        }
        probability[context] = weight / mass
    return Choice(name, node.parents, worth, probability, contexts)


def best_policy(
    diagram: Diagram, agent: str | None = None, given: Policy | None = None
) -> tuple[Fraction, Policy]:
    """The greatest expected utility and one deterministic policy that reaches it, recall or not.

    Where the agent forgets, the rules of one decision, the one that has fewest, are enumerated.

    Raises:
        InputError: another agent's decision has no policy, or there are too many rules.
    """
    diagram = diagram.impute(given or {})
    agent = agent or diagram.only_agent()
    mine = diagram.decisions(agent)
    if solving_order(diagram.structure, agent) is not None:
        best = optimum(diagram, agent)
        return best.value, best.policy()
    name = min(mine, key=lambda decision: rule_count(diagram, decision))
    if rule_count(diagram, name) > LARGEST_ENUMERATION:
        raise InputError(
            f"node {name!r}: agent {agent!r} forgets what matters, and there are "
            f"{rule_count(diagram, name)} rules to try (at most {LARGEST_ENUMERATION} are)"
        )
    found: tuple[Fraction, Policy] | None = None
    for rule in rules(diagram, name):
        value, policy = best_policy(diagram.impute({name: rule}), agent)
        if found is None or value > found[0]:
            found = value, {name: rule, **policy}
    if found is None:
        raise InputError(f"node {name!r}: a decision without options")
    return found


def rules(diagram: Diagram, name: str) -> Iterator[dict[Context, Any]]:
    """Every deterministic rule of a decision."""
    contexts = list(product(*(diagram.domain(parent) for parent in diagram.node(name).parents)))
    for picks in product(diagram.domain(name), repeat=len(contexts)):
        yield dict(zip(contexts, picks, strict=True))


def rule_count(diagram: Diagram, name: str) -> int:
    """How many deterministic rules a decision has."""
    contexts = prod(len(diagram.domain(parent)) for parent in diagram.node(name).parents)
    return len(diagram.domain(name)) ** contexts
