"""Influence diagrams: chance, decisions and utilities of any number of agents, with numbers.

    diagram = Diagram(
        chance("state", {"good": "9/10", "bad": "1/10"}),
        chance("report", lambda state: {state: "4/5", "unclear": "1/5"}),
        decision("act", ["go", "stay"], sees=["report"]),
        utility("gain", lambda state, act: 0 if act == "stay" else {"good": 1, "bad": -20}[state]),
    )

A diagram with a policy for every decision is a causal model (`Diagram.model`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from typing import Any, TypeAlias

import networkx as nx

from theory.causal.factor import Factor, eliminate, factor
from theory.causal.graph import AGENT, InfluenceGraph
from theory.causal.model import Mechanism, Model
from theory.causal.path import ancestors, order
from theory.causal.rule import Context, Rule, Table, tabulate
from theory.causal.sample import sampled
from theory.causal.value import Value, number, parameters, shown
from theory.error import InputError
from theory.rational import Exact, exact

Policy: TypeAlias = Mapping[str, Rule]
"""A decision rule for each decision: a function of what it observes or a table, either giving a
decision or a distribution over decisions."""


@dataclass(frozen=True)
class Node:
    """A node: by chance, by decision (`rule` is None) or a utility.

    Attributes:
        name: what rules and graphs call it.
        parents: what it depends on, or observes.
        rule: how its value comes about; None for a decision without a policy.
        domain: its values; for chance and utility nodes None means those that the rule gives.
        agent: who decides, or whose utility it is; None for chance.
        utility: whether it is a utility.
    """

    name: str
    parents: tuple[str, ...]
    rule: Rule | None
    domain: tuple[Any, ...] | None = None
    agent: str | None = None
    utility: bool = False

    @property
    def where(self) -> str:
        """How errors call it."""
        return f"node {self.name!r}"


def chance(
    name: str, rule: Rule, parents: Sequence[str] | None = None, domain: Sequence[Any] | None = None
) -> Node:
    """A chance node: a distribution, a function of its parents by name, or a table (see `Rule`)."""
    names = _parents(name, rule, parents)
    if domain is None and not callable(rule) and not names:
        domain = tuple(rule)
    return Node(name, names, rule, None if domain is None else tuple(domain))


def decision(
    name: str, domain: Sequence[Any], sees: Sequence[str] = (), agent: str = AGENT
) -> Node:
    """A decision among the values of `domain`, made in the knowledge of what it `sees`."""
    if not domain:
        raise InputError(f"node {name!r}: a decision needs something to choose from")
    return Node(name, tuple(sees), None, tuple(domain), agent)


def utility(
    name: str,
    rule: Rule,
    parents: Sequence[str] | None = None,
    agent: str = AGENT,
    domain: Sequence[Exact] | None = None,
) -> Node:
    """A utility: a function of its parents by name, or a table, giving numbers.

    The domain is what an agent who controls the utility itself could make it; None stands for the
    values that the rule gives.
    """
    numbers = None if domain is None else tuple(exact(v, f"node {name!r}") for v in domain)
    return Node(name, _parents(name, rule, parents), rule, numbers, agent, utility=True)


def _parents(name: str, rule: Rule, parents: Sequence[str] | None) -> tuple[str, ...]:
    if parents is not None:
        return tuple(parents)
    return parameters(rule, f"node {name!r}") if callable(rule) else ()


class Diagram:
    """A multi-agent causal influence diagram over finite domains.

    Raises:
        InputError: naming the node: two of one name, unknown parents, a cycle, probabilities that
            do not sum to 1, a utility without a value.
    """

    def __init__(self, *nodes: Node) -> None:
        self.nodes: dict[str, Node] = {}
        for node in nodes:
            if node.name in self.nodes:
                raise InputError(f"{node.where} is there twice")
            self.nodes[node.name] = node
        graph: nx.DiGraph[str] = nx.DiGraph()
        graph.add_nodes_from(self.nodes)
        for node in nodes:
            for parent in node.parents:
                if parent not in self.nodes:
                    raise InputError(f"{node.where}: there is no node {parent!r} to be its parent")
                graph.add_edge(parent, node.name)
        self.order = order(graph)
        self.structure = InfluenceGraph(
            graph,
            {n.name: n.agent or AGENT for n in nodes if n.rule is None},
            {n.name: n.agent or AGENT for n in nodes if n.utility},
        )
        self._domains: dict[str, tuple[Any, ...]] = {}
        self._tables: dict[str, Table] = {}
        for name in self.order:
            self._read(self.nodes[name])

    def _read(self, node: Node) -> None:
        if node.rule is None:
            self._domains[node.name] = node.domain or ()
            return
        over = [self._domains[parent] for parent in node.parents]
        table = tabulate(node.rule, node.parents, over, node.domain, node.where)
        if node.utility:
            table = {context: _numbers(node, context, row) for context, row in table.items()}
        found = dict.fromkeys(value for row in table.values() for value in row)
        self._domains[node.name] = node.domain if node.domain is not None else tuple(found)
        self._tables[node.name] = table

    # --- what is in it -----------------------------------------------------------------------

    @property
    def graph(self) -> nx.DiGraph[str]:
        """The edges."""
        return self.structure.graph

    @property
    def agents(self) -> tuple[str, ...]:
        """Who decides or has a utility."""
        return self.structure.agents

    def node(self, name: str) -> Node:
        """The node of a name; InputError where there is none."""
        return self.nodes[self.structure.known(name)]

    def domain(self, name: str) -> tuple[Any, ...]:
        """The values of a node."""
        return self._domains[self.node(name).name]

    def table(self, name: str) -> Table:
        """The distribution of a chance or utility node in each context of its parents."""
        if name not in self._tables:
            raise InputError(f"{self.node(name).where} is a decision without a policy")
        return self._tables[name]

    def decisions(self, agent: str | None = None) -> tuple[str, ...]:
        """The decisions without a policy, those of one agent or all, parents first."""
        owners = self.structure.decisions
        return tuple(v for v in self.order if v in owners and agent in (None, owners[v]))

    def utilities(self, agent: str) -> tuple[str, ...]:
        """The utilities of an agent, whose sum it maximises."""
        owners = self.structure.utilities
        found = tuple(v for v in self.order if owners.get(v) == agent)
        if not found:
            raise InputError(f"agent {agent!r} has no utility; the agents are {self.agents}")
        return found

    def only_agent(self) -> str:
        """The agent, where there is one; InputError where it must be named."""
        if len(self.agents) != 1:
            raise InputError(f"name the agent: {', '.join(self.agents) or 'there is none'}")
        return self.agents[0]

    # --- changes -----------------------------------------------------------------------------

    def replacing(self, *nodes: Node) -> Diagram:
        """The diagram with some nodes replaced by others of the same name, or added."""
        changed = {**self.nodes, **{node.name: node for node in nodes}}
        return Diagram(*changed.values())

    def seeing(self, decision: str, observations: Iterable[str]) -> Diagram:
        """The diagram in which a decision observes exactly these nodes."""
        node = self.node(decision)
        return self.replacing(replace(node, parents=tuple(dict.fromkeys(observations))))

    def deciding(self, name: str, agent: str) -> Diagram:
        """The diagram in which an agent decides what a chance or utility node was, seeing the same.

        A utility stays a utility only where it is not decided: one that is decided becomes two
        nodes, the decision of the old name and the utility that copies it.
        """
        node = self.node(name)
        made = Node(name, node.parents, None, self.domain(name), agent)
        if not node.utility:
            return self.replacing(made)
        copy = Node(f"{name} decided", (name,), _same, None, node.agent, utility=True)
        return self.replacing(made, copy)

    def impute(self, policy: Policy) -> Diagram:
        """The diagram in which the decisions of the policy are made by its rules, as by chance."""
        changed: list[Node] = []
        for name, rule in policy.items():
            node = self.node(name)
            if node.rule is not None:
                raise InputError(f"policy: {node.where} is not a decision")
            changed.append(Node(name, node.parents, rule, node.domain))
        return self.replacing(*changed)

    # --- what it means -----------------------------------------------------------------------

    def model(self, policy: Policy | None = None) -> Model:
        """The causal model under a policy for every decision that is left.

        A root becomes an exogenous variable. Any other node whose rule is stochastic gets an
        exogenous variable of its own, "NAME noise", which cuts [0, 1) at the cumulative
        probabilities of all its rows (the quantile coupling): distributions under interventions
        do not depend on that choice, counterfactuals do. Where they matter, write the noise as a
        root of your own.

        Raises:
            InputError: a decision has no policy.
        """
        diagram = self.impute(policy or {})
        exogenous: dict[str, Mapping[Any, Fraction]] = {}
        endogenous: dict[str, Mechanism] = {}
        for name in diagram.order:
            node, table = diagram.nodes[name], diagram.table(name)
            if not node.parents and len(table[()]) > 1:
                exogenous[name] = table[()]
                continue
            noise, endogenous[name] = sampled(name, node.parents, table, diagram.domain(name))
            exogenous.update(noise)
        return Model(exogenous, endogenous)

    def expected_utility(self, policy: Policy | None = None, agent: str | None = None) -> Fraction:
        """The expected sum of an agent's utilities under a policy for every decision left."""
        diagram = self.impute(policy or {})
        if diagram.decisions():
            raise InputError(f"node {diagram.decisions()[0]!r} is a decision without a policy")
        names = diagram.utilities(agent or diagram.only_agent())
        return sum((diagram.utility_sum(name, ())[0] for name in names), Fraction(0))

    def utility_sum(self, name: str, keep: Sequence[str]) -> list[Fraction]:
        """Of one utility: its sum over all but `keep`, weighed by the probabilities of chance.

        Decisions without a policy are mixed uniformly.
        """
        parents = self.node(name).parents
        mean = [sum((v * p for v, p in row.items()), Fraction(0)) for row in self._numbers(name)]
        above = ancestors(self.graph, *parents, *keep)
        return self._sum([factor(parents, mean)], above, keep)

    def weight_sum(self, keep: Sequence[str]) -> list[Fraction]:
        """The joint probabilities of `keep`, decisions without a policy mixed uniformly."""
        return self._sum([], ancestors(self.graph, *keep), keep)

    def _numbers(self, name: str) -> list[dict[Fraction, Fraction]]:
        return [{number(v, name): p for v, p in row.items()} for row in self.table(name).values()]

    def _sum(self, more: list[Factor], names: Iterable[str], keep: Sequence[str]) -> list[Fraction]:
        factors = more + [self._factors[name] for name in names]
        return eliminate(factors, keep, {name: len(d) for name, d in self._domains.items()})

    @cached_property
    def _factors(self) -> dict[str, Factor]:
        zero = Fraction(0)
        found = {
            name: factor(
                (*self.nodes[name].parents, name),
                [row.get(value, zero) for row in table.values() for value in self._domains[name]],
            )
            for name, table in self._tables.items()
        }
        for name in self.decisions():
            size = len(self._domains[name])
            found[name] = Factor((name,), [1] * size, size)
        return found


def _numbers(node: Node, context: Context, row: Mapping[Any, Fraction]) -> dict[Value, Fraction]:
    where = f"{node.where} at {shown(node.parents, context)}"
    return {number(value, where): weight for value, weight in row.items()}


def _same(value: Any) -> Any:
    return value
