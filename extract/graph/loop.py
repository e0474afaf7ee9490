"""Loops that a network has unrolled: steps in a row that use the same weights in the same way.

A parameter that several nodes read, each below the last, ties them. What one use needs beyond what
the use before it needed is one step. Steps are equal if they have the same operators, attributes
and weights. Parameters are the same if their entries are, whatever their names.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import networkx as nx

from extract.network import Network, Node
from extract.operator import OPERATORS, Kind


@dataclass(frozen=True)
class Loop:
    """One loop.

    Attributes:
        steps: the nodes of each step, in order; all steps equal but for what they read.
        carried: the tensors that each step hands to the next; the last one's leave the loop.
        parameters: what every whole step reads of the weights.
        invariant: tensors from outside that every whole step reads.
        uses: the node of each step that reads the tying weight, and the last such node of all.
    """

    steps: tuple[tuple[str, ...], ...]
    carried: tuple[tuple[str, ...], ...]
    parameters: frozenset[str]
    invariant: frozenset[str]
    uses: tuple[str, ...] = ()

    @property
    def nodes(self) -> frozenset[str]:
        """All nodes of all steps."""
        return frozenset(name for step in self.steps for name in step)

    def states(self, network: Network) -> tuple[str, ...]:
        """The one tensor through which each step hands on, the smallest of its kind; the same one
        before the first step comes first, where there is one, and that after the last use of the
        weights last. Empty where a step hands on several.
        """
        found: list[str] = []
        for step, use in zip(self.steps, self.uses, strict=False):
            inside = set(step)
            graph: nx.DiGraph[str] = nx.DiGraph()
            for name in step:
                for user in network.consumers(name):
                    graph.add_edge(name, user.name if user.name in inside else "")
                if name in network.outputs:
                    graph.add_edge(name, "")
            if use not in graph or "" not in graph:
                return ()
            table = nx.immediate_dominators(graph, use)
            chain, name = [], table.get("", use)
            while name != use:
                chain.append(name)
                name = table[name]
            if not chain:
                chain = [use]
            alike = [n for n in (*chain, use) if found and _alike(network, n, found[0])]
            found.append(min(alike or chain, key=lambda one: network.node(one).size))
        first = self._before(network, found[0]) if found else None
        last = self._after(network, found[-1]) if found else None
        return tuple(filter(None, [first, *found, last]))

    def held(self, network: Network) -> tuple[tuple[str, ...], ...]:
        """What each step hands to the next, without what is only laid beside it."""
        return tuple(
            tuple(dict.fromkeys(part for name in names for part in self._apart(network, name)))
            for names in self.carried
        )

    def _apart(self, network: Network, name: str) -> list[str]:
        """A tensor; where it is joined from others, those that depend on a use of the weights."""
        node = network.node(name)
        if node.op != "concat":
            return [name]
        used = [one for one in node.inputs if network.ancestors([one]) & set(self.uses)]
        return [part for one in used for part in self._apart(network, one)]

    def _after(self, network: Network, state: str) -> str | None:
        """What stands behind the last use where `state` stands behind the last whole step's."""
        if len(self.uses) == len(self.steps):
            return None
        way = nx.shortest_path(
            nx.subgraph(network.to_networkx(), self.steps[-1]), self.uses[-2], state
        )
        here = self.uses[-1]
        for name in way[1:]:
            onward = [u for u in network.consumers(here) if _alike(network, u.name, name)]
            if len(onward) != 1:
                return None
            here = onward[0].name
        return here

    def _before(self, network: Network, state: str) -> str | None:
        """What stands before the first step where `state` stands after it."""
        if len(self.steps) < 2:
            return None
        here, there = self.uses[1], self.uses[0]
        while True:
            late, early = network.node(here), network.node(there)
            if here == state:
                return there
            if late.op != early.op or len(late.inputs) != len(early.inputs):
                return None
            graph_inputs = [
                (a, b)
                for a, b in zip(late.inputs, early.inputs, strict=True)
                if a != b and a in self.steps[0]
            ]
            if len(graph_inputs) != 1 or graph_inputs[0][1] in network.parameters:
                return None
            here, there = graph_inputs[0]

    def is_over_time(self, network: Network) -> bool:
        """Whether each step reads something of its own from outside, or cut out of a history."""
        inside = self.nodes | set(network.parameters) | self.invariant
        own = [
            frozenset({s for n in step for s in network.node(n).inputs} - inside)
            for step in self.steps
        ]
        cuts = [
            frozenset(Counter(_key(network, network.node(n)) for n in step).items())
            for step in self.steps
        ]
        count = len(self.steps)
        apart = len(set(own)) == count and all(own)
        return count > 1 and (apart or len(set(cuts)) == count)

    def entry(self, network: Network) -> tuple[str, ...]:
        """The tensors that the first step reads where later ones read what is carried."""
        inside = self.nodes
        read = {s for name in self.steps[0] for s in network.node(name).inputs}
        outside = read - inside - self.invariant - set(network.parameters)
        return tuple(node.name for node in network.nodes if node.name in outside)


def _alike(network: Network, one: str, other: str) -> bool:
    return _key(network, network.node(one)) == _key(network, network.node(other))


def find_loops(network: Network) -> tuple[Loop, ...]:
    """The loops of a network, those with most nodes first; no node is in two of them."""
    found: list[Loop] = []
    for loop in sorted(_candidates(network), key=lambda one: -len(one.nodes)):
        if all(loop.nodes.isdisjoint(other.nodes) for other in found):
            found.append(loop)
    return tuple(found)


def ties(network: Network) -> dict[str, list[Node]]:
    """For each parameter with several readers, those readers in order; equal arrays are one."""
    names: dict[tuple[bytes, tuple[int, ...]], str] = {}
    same = {
        name: names.setdefault((array.tobytes(), array.shape), name)
        for name, array in network.parameters.items()
        if array.size > 1
    }
    users: dict[str, list[Node]] = defaultdict(list)
    for node in network.nodes:
        for source in dict.fromkeys(same[name] for name in node.inputs if name in same):
            users[source].append(node)
    return {name: nodes for name, nodes in users.items() if len(nodes) > 1}


def _candidates(network: Network) -> Iterator[Loop]:
    above = _above(network)
    seen: set[tuple[str, ...]] = set()
    for users in ties(network).values():
        chain = _chain([node.name for node in users], above)
        if len(chain) > 1 and tuple(chain) not in seen:
            seen.add(tuple(chain))
            loop = _loop(network, chain, above)
            if loop is not None:
                yield loop


def _above(network: Network) -> dict[str, frozenset[str]]:
    """For each node the nodes it depends on, itself and parameters excepted."""
    above: dict[str, frozenset[str]] = {}
    for node in network.nodes:
        sources = [name for name in node.inputs if name not in network.parameters]
        above[node.name] = frozenset(sources).union(*(above[name] for name in sources))
    return above


def _chain(users: list[str], above: dict[str, frozenset[str]]) -> list[str]:
    """The users that lie one below the other, from the first on."""
    chain: list[str] = []
    for name in users:
        if not chain or chain[-1] in above[name]:
            chain.append(name)
    return chain


def _loop(network: Network, chain: list[str], above: dict[str, frozenset[str]]) -> Loop | None:
    """The longest run of equal steps that a chain of uses ends in; None if there are not two.

    A step is what the next use needs beyond what this one needed. The last use has no next: its
    step consists of those of its readers that the other steps have, too. The first of all may read
    constants, an initial state, where the others read what the step before them left.
    """
    steps = [
        [n.name for n in network.nodes if n.name in above[after] - above[use] | {use}]
        for use, after in pairwise(chain)
    ]
    forms = [_form(network, step, use, above) for step, use in zip(steps, chain[:-1], strict=True)]
    start = len(steps) - 1
    while start > 0 and forms[start - 1] == forms[-1]:
        start -= 1
    if start == 1 and _starts(network, steps, chain[0], forms[-1], above):
        start = 0
    kept = [tuple(step) for step in steps[start:]]
    last = _last(network, chain[-1], forms[-1], above, _joins(network, steps[-1], chain[-1]))
    if last is not None:
        kept.append(last)
    if len(kept) < 2:
        return None
    inside = {name for step in kept for name in step}
    whole = [step for step in kept if len(step) == len(kept[0])]
    reads = [{s for name in step for s in network.node(name).inputs} for step in whole]
    parameters = frozenset.intersection(*(frozenset(r) for r in reads)) & frozenset(
        network.parameters
    )
    invariant = frozenset.intersection(*(frozenset(r) for r in reads)) - parameters - inside
    uses = tuple(chain[start:])
    return Loop(tuple(kept), _carried(network, kept), parameters, invariant, uses)


def _form(
    network: Network,
    step: list[str],
    use: str,
    above: dict[str, frozenset[str]],
    known: frozenset[bytes] | None = None,
) -> Counter[tuple[object, ...]]:
    """What a step consists of. What it only reads of the outside may be cut out elsewhere."""
    return Counter(
        _key(
            network, network.node(name), is_side=name != use and use not in above[name], known=known
        )
        for name in step
    )


def _key(
    network: Network,
    node: Node,
    *,
    is_side: bool = False,
    known: frozenset[bytes] | None = None,
) -> tuple[object, ...]:
    """What a node is: its operator and the weights that it reads, or those of them in `known`."""
    weights = tuple(network.parameters[n].tobytes() for n in node.inputs if n in network.parameters)
    if known is not None:
        weights = tuple(weight for weight in weights if weight in known)
    attributes = () if is_side else tuple(sorted(node.attributes.items()))
    return node.op, attributes, node.shape, weights


def _starts(
    network: Network,
    steps: list[list[str]],
    use: str,
    model: Counter[tuple[object, ...]],
    above: dict[str, frozenset[str]],
) -> bool:
    """Whether the first step is as the later ones, constants left out that only it reads."""
    known = frozenset(
        network.parameters[source].tobytes()
        for name in steps[1]
        for source in network.node(name).inputs
        if source in network.parameters
    )
    return _form(network, steps[0], use, above, known) == model


def _joins(network: Network, step: list[str], use: str) -> Counter[str]:
    """The operators of a step that only put entries in the places where the next use reads them."""
    found: set[str] = set()
    for name in reversed(step):
        users = {user.name for user in network.consumers(name)}
        layout = OPERATORS[network.node(name).op].kind is Kind.LAYOUT
        if layout and users <= found | {use} and name not in network.outputs:
            found.add(name)
    return Counter(network.node(name).op for name in found)


def _last(
    network: Network,
    use: str,
    model: Counter[tuple[object, ...]],
    above: dict[str, frozenset[str]],
    joins: Counter[str],
) -> tuple[str, ...] | None:
    """The step that begins with the last use, if the whole form is there but for what only
    prepares a next use.
    """
    form = model.copy()
    step: list[str] = []
    for node in network.nodes:
        belongs = node.name == use or use in above[node.name]
        key = _key(network, node, is_side=not belongs)
        side = node.name not in above[use] and not belongs and bool(node.inputs)
        if (belongs or side) and form[key] > 0 and node.op != "parameter":
            form[key] -= 1
            step.append(node.name)
    missing = Counter(str(key[0]) for key in form.elements())
    return tuple(step) if missing <= joins and use in step else None


def _carried(network: Network, steps: list[tuple[str, ...]]) -> tuple[tuple[str, ...], ...]:
    carried: list[tuple[str, ...]] = []
    for at, step in enumerate(steps):
        later = set(steps[at + 1]) if at + 1 < len(steps) else None
        inside = set(step)
        out = [
            name
            for name in step
            for user in network.consumers(name)
            if (user.name in later if later is not None else user.name not in inside)
        ]
        out += [name for name in step if later is None and name in network.outputs]
        carried.append(tuple(dict.fromkeys(out)))
    return tuple(carried)
