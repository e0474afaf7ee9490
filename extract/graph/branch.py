"""Branches of equal use: each action's score is what one and the same tail says of its own state.

Where a network tries every action, it makes one state for each from the state that it is in, and
judges all of them alike. With a second ply there is one for each action and answer to it. Such
states, of the size of a tensor that all branches start from, are what may be predicted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from extract.graph.front import OWN, Front, trace
from extract.network import Network
from extract.operator.elementwise import ROWS as ELEMENTWISE

MOST = 12
"""Pairs of a start and an end of branches that are looked at, those nearest to the scores first."""


@dataclass(frozen=True)
class Branching:
    """Branches between a state and the scores.

    Attributes:
        latent: the tensor that all branches start from.
        predicted: the front at which every branch has as many entries as `latent`.
        values: the front at which every branch has one entry, what its state is judged to be worth.
        scores: the tensor of scores.
        nodes: from behind `latent` to `predicted`.
        parameters: the weights on that way; what only says which action it is, is none.
        tail: the nodes behind `predicted`, to the scores.
    """

    latent: str
    predicted: Front
    values: Front
    scores: str
    nodes: frozenset[str]
    parameters: frozenset[str]
    tail: frozenset[str]

    @property
    def sizes(self) -> tuple[int, ...]:
        """The number of actions, of answers to each, and so on."""
        return tuple(self.predicted.sizes.values())


def find_branchings(network: Network, scores: str) -> tuple[Branching, ...]:
    """The branchings whose scores are functions of the predicted states alone, judged alike."""
    fronts = trace(network, scores)
    homes = {name: front for front in fronts for name in (*front.within, *front.names)}
    found: list[Branching] = []
    for front in fronts:
        if front.width(network) < 2 or _is_laid_out(network, front, homes):
            continue
        below = network.ancestors([scores], stop=front.names)
        tail = below - set(network.parameters) - set(front.names)
        if any(name not in homes or homes[name].own.keys() & front.sizes for name in tail):
            continue
        values = [one for one in fronts if set(one.names) <= tail and one.width(network) == 1]
        values = [one for one in values if one.sizes.keys() == front.sizes.keys()]
        if values:
            found += _starts(network, front, values[-1], scores, frozenset(tail), homes)
    return tuple(found[:MOST])


def _starts(
    network: Network,
    front: Front,
    values: Front,
    scores: str,
    tail: frozenset[str],
    homes: Mapping[str, Front],
) -> list[Branching]:
    """The branchings that end at a front, by the tensors of equal size they may start from."""
    found: list[Branching] = []
    above = network.ancestors(front.names) - set(network.parameters)
    shared = [n for n in network.nodes if n.name in above and OWN not in _sizes(homes, n.name)]
    for node in reversed(shared):
        inside = network.ancestors(front.names, stop=[node.name]) - {node.name}
        if node.size != front.width(network) or inside & set(network.inputs):
            continue
        nodes = frozenset(inside) - set(network.parameters)
        parameters = frozenset(
            name for inner in nodes for name in _weights(network, inner, homes.get(inner))
        )
        if parameters:
            found.append(Branching(node.name, front, values, scores, nodes, parameters, tail))
    return found


def _weights(network: Network, name: str, home: Front | None) -> set[str]:
    """The parameters that a node reads, but for those that only say which branch it is in."""
    node = network.node(name)
    read = set(node.inputs) & set(network.parameters)
    says = home is not None and node.op in (*ELEMENTWISE, "concat")
    if home is None or not says:
        return read
    return read - frozenset().union(*home.own.values())


def _sizes(homes: Mapping[str, Front], name: str) -> Mapping[int, int]:
    return homes[name].sizes if name in homes else {}


def _is_laid_out(network: Network, front: Front, homes: Mapping[str, Front]) -> bool:
    """Whether a front is read by nothing but a reshape that holds the same branches."""
    readers = {user.name for name in front.names for user in network.consumers(name)}
    return bool(readers) and all(
        network.node(name).op == "reshape" and _sizes(homes, name) == front.sizes
        for name in readers
    )
