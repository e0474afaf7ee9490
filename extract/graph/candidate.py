"""Which tensors of a network have the type that a role needs."""

from __future__ import annotations

from dataclasses import dataclass

import networkx as nx

from extract.network import Network
from extract.operator import OPERATORS, Kind
from theory.error import InputError

REDUCERS = ("reduce_max", "softmax", "argmax", "maximum", "max_pool")


@dataclass(frozen=True)
class Interface:
    """How an agent meets its world.

    Attributes:
        scores: the tensor whose largest entry is the action.
        actions: how many there are.
        observations: the inputs that the scores depend on.
        action: an input of one entry for each action that they do not depend on, if there is one.
    """

    scores: str
    actions: int
    observations: tuple[str, ...]
    action: str | None = None


def find_interface(network: Network, actions: int | None = None) -> Interface:
    """The scores and the inputs of a network.

    Args:
        network: the network.
        actions: their number, where an environment says so.

    Raises:
        InputError: no output has one entry for each action, or it cannot be told which.
    """
    scores = _scores(network, actions)
    count = network.node(scores).size
    needed = network.ancestors([scores])
    observations = tuple(name for name in network.inputs if name in needed)
    free = [
        name for name in network.inputs if name not in needed and network.node(name).size == count
    ]
    return Interface(scores, count, observations, free[0] if len(free) == 1 else None)


def _scores(network: Network, actions: int | None) -> str:
    if "policy" in network.declared:
        ends = [network.node(network.declared["policy"]).name]
    else:
        ends = list(network.outputs)
    ends = [network.node(e).inputs[0] if network.node(e).op == "argmax" else e for e in ends]
    if actions is not None:
        ends = [name for name in ends if network.node(name).size == actions]
        if not ends:
            raise InputError(
                f"{network.name}: no output has one entry for each of the {actions} actions"
            )
    wide = [name for name in ends if network.node(name).size > 1]
    if not wide:
        raise InputError(f"{network.name}: no output has more than one entry, so none chooses")
    return wide[0]


def handed_on(network: Network, interface: Interface) -> tuple[tuple[str, str], ...]:
    """Pairs (input, output) of one shape by which a state may be handed on: the output is computed
    from the input and from what else is observed. Of several that fit, they go by their order.
    """
    if len(interface.observations) < 2:
        return ()
    pairs: dict[str, str] = {}
    for late in network.outputs:
        needed = network.ancestors([late])
        for early in interface.observations:
            fits = network.node(early).shape == network.node(late).shape
            others = set(interface.observations) - {early}
            fits = fits and late != interface.scores and early in needed and bool(others & needed)
            if fits and early not in pairs:
                pairs[early] = late
                break
    return tuple(pairs.items())


def transitions(network: Network, interface: Interface) -> list[tuple[str, str]]:
    """Pairs (latent, next latent): the second has the first's shape and is computed from it and the
    action alone.
    """
    if interface.action is None:
        return []
    graph = steps(network)
    below = nx.descendants(graph, interface.action)
    before = network.ancestors([interface.scores]) - set(network.parameters)
    pairs: list[tuple[str, str]] = []
    for late in (n for n in reversed(network.nodes) if n.name in below):
        for early in (n for n in network.nodes if n.name in before and n.shape == late.shape):
            cut = network.ancestors([late.name], stop=[early.name, interface.action])
            if early.name in cut and not cut & set(interface.observations):
                pairs.append((early.name, late.name))
    ends = {late for _, late in pairs}
    last = [late for late in ends if not nx.descendants(graph, late) & ends]
    nearest = {late: early for early, late in pairs}  # the last one read on the way
    return [(nearest[late], late) for late in last]


def evaluators(network: Network, interface: Interface) -> list[str]:
    """Tensors of one entry, or of one for each action, that may hold a value of the present state:
    not copies of one another, and not constants.
    """
    action = {interface.action} if interface.action else set[str]()
    found: dict[tuple[str, ...], str] = {}
    for node in network.nodes:
        if OPERATORS[node.op].kind in (Kind.SOURCE, Kind.DISCRETE):
            continue
        if node.size not in (1, interface.actions) or network.ancestors([node.name]) & action:
            continue
        core = node
        while core.op == "reshape":
            core = network.node(core.inputs[0])
        found.setdefault((core.name,), node.name)
    kept = set(found.values())
    return [name for name in in_order(network, kept) if not _passes_on(network, name, kept)]


def in_order(network: Network, names: set[str]) -> list[str]:
    """Names in the order of the graph."""
    return [node.name for node in network.nodes if node.name in names]


def _passes_on(network: Network, name: str, kept: set[str]) -> bool:
    """Whether a tensor is only a step on the way to others of its size."""
    size = network.node(name).size
    readers = network.consumers(name)
    alike = [user.name in kept and user.size == size for user in readers]
    return bool(readers) and all(alike) and name not in network.outputs


def steps(network: Network) -> nx.DiGraph[str]:
    """The graph without parameters."""
    graph = network.to_networkx()
    graph.remove_nodes_from(list(network.parameters))
    return graph
