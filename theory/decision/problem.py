"""A small causal decision problem: chance, one decision, utilities, and those who predict it.

    newcomb = Problem(
        decision("act", ["one", "two"]),
        chance("prediction", lambda policy: noisy(policy(), "0.99", ["one", "two"])),
        utility("money", lambda act, prediction: ...),
    )

`policy` is the decision's mechanism: what the agent does after each observation. A node that has it
for a parent is a predictor, a copy or a simulation of the agent. What makes the agent the kind of
agent that it is, is its `inclination`: the distribution of the policy, which may depend on chance
(a lesion). This is the mechanised model of Hammond et al., Reasoning about causality in games, 2023
(arXiv 2301.02324), for one decision; MacDermott, Everitt and Belardinelli, Characterising decision
theories with mechanised causal graphs, 2023 (arXiv 2307.10987), state the theories on it.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import product
from typing import Any, TypeAlias, cast

import networkx as nx

from theory.causal.diagram import Diagram, Node, chance
from theory.causal.path import descendants, order
from theory.causal.rule import Context, Rule
from theory.causal.value import World, call, distribution, number, parameters, shown
from theory.error import InputError
from theory.rational import Exact, exact

POLICY = "policy"
MOST_POLICIES = 100_000
ONE = Fraction(1)

Change: TypeAlias = Callable[["Policy"], "Policy"]
Weighted: TypeAlias = list[tuple[dict[str, Any], Fraction]]


@dataclass(frozen=True)
class Policy:
    """What is done after each observation.

    Attributes:
        rows: for every context of what is observed, in order, the act.
    """

    rows: tuple[tuple[Context, Any], ...]

    def __call__(self, *seen: Any) -> Any:
        """The act after an observation, its values in the order of the decision's `sees`."""
        for context, act in self.rows:
            if context == seen:
                return act
        raise InputError(f"policy: nothing is decided for the observation {seen!r}")

    def changed(self, seen: Context, act: Any) -> Policy:
        """The policy that does `act` after one observation, and the same after all others."""
        return Policy(tuple((c, act if c == seen else old) for c, old in self.rows))

    def __str__(self) -> str:
        if len(self.rows) == 1:
            return str(self.rows[0][1])
        return ", ".join(f"{'/'.join(map(str, seen))}: {act}" for seen, act in self.rows)


def noisy(value: Any, accuracy: Exact, values: Sequence[Any]) -> dict[Any, Fraction]:
    """The right value with the probability `accuracy`, each other one with its share of the rest.

    Raises:
        InputError: the value is not among the values, or there is no other for an error to be.
    """
    right = exact(accuracy, "accuracy")
    others = [other for other in values if other != value]
    if len(others) != len(values) - 1 or not others:
        raise InputError(f"noisy: {value!r} is not one of several values {list(values)!r}")
    return {v: right if v == value else (1 - right) / len(others) for v in values}


class Problem:
    """A decision problem.

    Args:
        nodes: chance, exactly one decision, and at least one utility, in any order.
        inclination: the distribution of the policy, as a rule with chance nodes for parents: over
            acts (done whatever is seen) or policies. By default all policies are equally likely.
        at: the observation after which the question is asked; by default the first that there is.

    Raises:
        InputError: naming the node: unknown parents, cycles, a decision that is not the only one,
            probabilities that do not sum to 1, a utility without a value.
    """

    def __init__(
        self, *nodes: Node, inclination: Rule | None = None, at: Mapping[str, Any] | None = None
    ) -> None:
        self.nodes = {node.name: node for node in nodes}
        if len(self.nodes) != len(nodes):
            names = [node.name for node in nodes]
            twice = next(name for name in names if names.count(name) > 1)
            raise InputError(f"node {twice!r} is there twice")
        if POLICY in self.nodes:
            raise InputError(f"node {POLICY!r}: this name stands for the decision's mechanism")
        decisions = [node for node in nodes if node.rule is None]
        if len(decisions) != 1:
            named = ", ".join(repr(node.name) for node in decisions) or "none"
            raise InputError(f"a problem has exactly one decision; here are {named}")
        self.decision = decisions[0]
        self.acts: tuple[Any, ...] = self.decision.domain or ()
        self.sees: tuple[str, ...] = self.decision.parents
        if None in self.acts or len(set(self.acts)) < len(self.acts):
            raise InputError(f"{self.decision.where}: its acts must be different, and not None")
        if POLICY in self.sees:
            raise InputError(f"{self.decision.where}: a decision cannot see its own policy")
        self.utilities = tuple(node.name for node in nodes if node.utility)
        if not self.utilities:
            raise InputError("a problem needs a utility")
        self.inclination = inclination
        self.inclined_by = parameters(inclination, "inclination") if callable(inclination) else ()
        self.graph = self._connected()
        self.order = order(self.graph)
        self.contexts: tuple[Context, ...] = tuple(product(*map(self._domain, self.sees)))
        self.asked = self.context(at or {}) if at is not None or not self.sees else self.contexts[0]

    def _connected(self) -> nx.DiGraph[str]:
        graph: nx.DiGraph[str] = nx.DiGraph()
        graph.add_nodes_from([POLICY, *self.nodes])
        graph.add_edge(POLICY, self.decision.name)
        edges = [(parent, node.name) for node in self.nodes.values() for parent in node.parents]
        for parent, child in [*edges, *((parent, POLICY) for parent in self.inclined_by)]:
            if parent not in graph:
                raise InputError(f"node {child!r}: there is no node {parent!r} to be its parent")
            if parent in self.utilities:
                raise InputError(f"node {child!r}: the utility {parent!r} cannot be its parent")
            graph.add_edge(parent, child)
        return graph

    def _domain(self, name: str) -> tuple[Any, ...]:
        """The values that an observation may have."""
        declared = self.nodes[name].domain
        if declared is not None:
            return declared
        if name in descendants(self.graph, POLICY):
            raise InputError(
                f"node {name!r}: a policy answers every value of it, and it depends on the policy: "
                f"declare its domain"
            )
        worlds: Weighted = [({}, ONE)]
        for node in self.order:
            if node == POLICY or node in descendants(self.graph, POLICY):
                continue
            worlds = self._extended(worlds, self.nodes[node])
        return tuple(dict.fromkeys(world[name] for world, _ in worlds))

    def context(self, at: Mapping[str, Any]) -> Context:
        """An observation in the order of `sees`; InputError where it is not one."""
        if set(at) != set(self.sees):
            need = ", ".join(self.sees) or "nothing"
            raise InputError(f"at: the decision sees {need}, not {', '.join(at) or 'nothing'}")
        seen = tuple(at[name] for name in self.sees)
        if seen not in self.contexts:
            raise InputError(f"at: {shown(self.sees, seen)} is not an observation")
        return seen

    def asking(self, seen: Context) -> Problem:
        """The same problem, asked after another observation (in the order of `sees`)."""
        at = dict(zip(self.sees, seen, strict=True))
        return Problem(*self.nodes.values(), inclination=self.inclination, at=at)

    # --- policies ----------------------------------------------------------------------------

    @cached_property
    def policies(self) -> tuple[Policy, ...]:
        """Every policy."""
        count = len(self.acts) ** len(self.contexts)
        if count > MOST_POLICIES:
            raise InputError(f"node {self.decision.name!r}: {count} policies are too many to list")
        every = product(self.acts, repeat=len(self.contexts))
        return tuple(Policy(tuple(zip(self.contexts, acts, strict=True))) for acts in every)

    def always(self, act: Any) -> Policy:
        """The policy that does the act whatever is seen."""
        if act not in self.acts:
            raise InputError(f"node {self.decision.name!r}: {act!r} is none of its acts")
        return Policy(tuple((context, act) for context in self.contexts))

    def inclined(self, world: World) -> dict[Policy, Fraction]:
        """The distribution of the policy, given what it depends on."""
        if self.inclination is None:
            return dict.fromkeys(self.policies, Fraction(1, len(self.policies)))
        weights: Any = self.inclination
        if callable(self.inclination):
            values = [world[name] for name in self.inclined_by]
            weights = call(self.inclination, self.inclined_by, values, "inclination")
        if not isinstance(weights, Mapping):
            raise InputError("inclination: it gives no distribution over acts or policies")
        found: dict[Policy, Fraction] = {}
        for key, weight in distribution(cast(Mapping[Any, Any], weights), "inclination").items():
            policy = key if isinstance(key, Policy) else self.always(key)
            found[policy] = found.get(policy, Fraction(0)) + weight
        return found

    # --- what happens --------------------------------------------------------------------------

    def worlds(self, policy: Policy | Change | None = None, act: Any = None) -> Weighted:
        """Every world of positive probability, with its probability.

        Args:
            policy: the policy under do(policy); or how the policy that the agent has by
                inclination is changed; None leaves it to the inclination.
            act: the act under do(act); None leaves it to the policy.
        """
        worlds: Weighted = [({}, ONE)]
        for name in self.order:
            if name == POLICY:
                worlds = [
                    ({**world, POLICY: chosen}, weight * p)
                    for world, weight in worlds
                    for chosen, p in self._chosen(policy, world)
                    if p
                ]
            elif name == self.decision.name:
                for world, _ in worlds:
                    seen = (world[parent] for parent in self.sees)
                    world[name] = world[POLICY](*seen) if act is None else act
            else:
                worlds = self._extended(worlds, self.nodes[name])
        return worlds

    def _chosen(
        self, policy: Policy | Change | None, world: World
    ) -> list[tuple[Policy, Fraction]]:
        if isinstance(policy, Policy):
            return [(policy, ONE)]
        own = self.inclined(world).items()
        return [(policy(chosen) if policy else chosen, p) for chosen, p in own]

    def _extended(self, worlds: Weighted, node: Node) -> Weighted:
        return [
            ({**world, node.name: value}, weight * p)
            for world, weight in worlds
            for value, p in self._row(node, world)
            if p
        ]

    def _row(self, node: Node, world: World) -> list[tuple[Any, Fraction]]:
        values = tuple(world[parent] for parent in node.parents)
        result = _result(node, values)
        where = f"{node.where} at {shown(node.parents, values)}" if values else node.where
        if node.utility:
            return [(number(result, where), ONE)]
        if not isinstance(result, Mapping) and not isinstance(result, Hashable):
            raise InputError(f"{where}: the value {result!r} cannot be compared; use a tuple")
        weights = cast(Mapping[Any, Any], result if isinstance(result, Mapping) else {result: ONE})
        row = distribution(weights, where)
        for value in row:
            if node.domain is not None and value not in node.domain:
                raise InputError(f"{where}: the value {value!r} is not in its domain")
        return list(row.items())

    def utility(self, world: World) -> Fraction:
        """The sum of the utilities in a world."""
        return sum((world[name] for name in self.utilities), Fraction(0))

    def seen(self, world: World) -> Context:
        """What the decision observes in a world."""
        return tuple(world[name] for name in self.sees)

    def worth(self, policy: Policy) -> Fraction:
        """The expected utility under do(policy), before anything is observed."""
        return sum((p * self.utility(w) for w, p in self.worlds(policy)), Fraction(0))

    # --- other rooms ---------------------------------------------------------------------------

    def diagram(self, policy: Policy | None = None, act: Any = None) -> Diagram:
        """The same as a causal diagram without decisions, for graphs and for `Diagram.model`."""
        own = [n for n in self.nodes.values() if n.rule is not None]
        tails = self.inclined_by
        if policy is not None:
            mechanism = chance(POLICY, {policy: 1}, domain=self.policies)
        else:
            mechanism = chance(
                POLICY,
                lambda *values: self.inclined(dict(zip(tails, values, strict=True))),
                tails,
                self.policies,
            )

        def does(chosen: Policy, *seen: Any) -> Any:
            return chosen(*seen) if act is None else act

        made = chance(self.decision.name, does, (POLICY, *self.sees), self.acts)
        return Diagram(mechanism, made, *own)


def _result(node: Node, values: Context) -> Any:
    """What a node's rule gives: a value or a distribution."""
    rule = node.rule
    if callable(rule):
        result = call(rule, node.parents, values, node.where)
    elif not node.parents:
        result = rule
    else:
        table = cast(Mapping[Any, Any], rule)
        result = table.get(values, table.get(values[0]) if len(values) == 1 else None)
    if result is None:
        raise InputError(f"{node.where} has no value at {shown(node.parents, values)}")
    return result
