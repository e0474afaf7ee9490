"""Branches side by side, one for each action, that use the same weights in the same way.

Where a network tries every action at once, its scores are joined from branches that are equal but
for a constant which says what the action is. Each branch leads from the state that all of them read
to a tensor of the same shape, and from there, without the constant, to one number.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from extract.network import Network, Node


@dataclass(frozen=True)
class Fan:
    """Branches of equal weights between a state and the scores.

    Attributes:
        latent: the tensor that all branches start from.
        predicted: in each branch, the tensor of the shape of `latent` behind the constant.
        scores: in each branch, its number.
        steps: in each branch, the nodes from the start to `predicted`.
        parameters: the weights that all branches share on that way.
        tail: the nodes from the `predicted` to the scores, of all branches.
    """

    latent: str
    predicted: tuple[str, ...]
    scores: tuple[str, ...]
    steps: tuple[tuple[str, ...], ...]
    parameters: frozenset[str]
    tail: frozenset[str]

    @property
    def nodes(self) -> frozenset[str]:
        """All nodes on the way to what is predicted."""
        return frozenset(name for branch in self.steps for name in branch)


def find_fan(network: Network, scores: str) -> Fan | None:
    """The fan whose branches are joined to the scores; None where there is none."""
    joint = network.node(scores)
    while joint.op == "reshape":
        joint = network.node(joint.inputs[0])
    if joint.op != "concat" or any(network.node(name).size != 1 for name in joint.inputs):
        return None
    reach = [_above(network, name) for name in joint.inputs]
    common = set[str].intersection(*reach)
    branches = [_in_order(network, above - common) for above in reach]
    if len(joint.inputs) < 2 or len({len(branch) for branch in branches}) != 1:
        return None
    looks = [[_look(network, node, common) for node in branch] for branch in branches]
    if any(look != looks[0] for look in looks):
        return None
    read = {name for branch in branches for node in branch for name in node.inputs} & common
    if len(read) != 1:
        return None
    return _between(network, read.pop(), branches, joint.inputs)


def _between(
    network: Network, latent: str, branches: list[list[Node]], ends: tuple[str, ...]
) -> Fan | None:
    """Where in the branches the state is predicted: the first place behind all constants."""
    own = _constants(network, branches)
    shape = network.node(latent).shape
    for at, node in enumerate(branches[0][:-1]):
        if node.shape != shape:
            continue
        predicted = tuple(branch[at].name for branch in branches)
        behind = [
            network.ancestors([end], stop=[name]) for end, name in zip(ends, predicted, strict=True)
        ]
        if any(latent in above or above & own for above in behind):
            continue
        steps = tuple(
            tuple(n.name for n in branch if n.name in network.ancestors([name], stop=[latent]))
            for branch, name in zip(branches, predicted, strict=True)
        )
        weights = {i for step in steps for name in step for i in network.node(name).inputs}
        shared = frozenset(weights & set(network.parameters) - own)
        if not own or not shared:
            return None
        inner = frozenset().union(*behind) - set(network.parameters) - set(predicted)
        return Fan(latent, predicted, tuple(ends), steps, shared, inner)
    return None


def _above(network: Network, name: str) -> set[str]:
    return network.ancestors([name]) - set(network.parameters)


def _in_order(network: Network, names: set[str]) -> list[Node]:
    return [node for node in network.nodes if node.name in names]


def _look(network: Network, node: Node, common: set[str]) -> tuple[Any, ...]:
    """What a node is, but for the names in its branch and the values of constants."""
    operands = tuple(name if name in common else None for name in node.inputs)
    return node.op, node.shape, tuple(sorted(node.attributes.items())), operands


def _constants(network: Network, branches: list[list[Node]]) -> set[str]:
    """The parameters that differ from branch to branch."""
    own: set[str] = set()
    for nodes in zip(*branches, strict=True):
        for operands in zip(*(node.inputs for node in nodes), strict=True):
            if operands[0] in network.parameters:
                arrays = [network.parameters[name].tobytes() for name in operands]
                own |= set(operands) if len(set(arrays)) > 1 else set()
    return own
