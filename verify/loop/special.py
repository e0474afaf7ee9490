"""A network where some inputs are known: parts that they switch off are taken out.

A policy that depends on a mode is often a sum of networks, each times a flag. With the flags known,
a product with 0 is 0, a product with 1 and a sum with 0 are the other operand: exactly so in
float32, too, as long as the other operand is finite.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import numpy as np

from extract.network import Network, Node
from theory.error import InputError

LAYOUT = ("slice", "reshape")


def specialised(network: Network, known: Mapping[int, Fraction]) -> Network:
    """The network with the same inputs and, where the known ones are as they are, the same outputs.

    Args:
        network: the network.
        known: values of inputs by their flat position.
    """
    constants: dict[str, np.ndarray[Any, Any]] = dict(network.parameters)
    partial = _inputs(network, known)
    same: dict[str, str] = {}
    kept: list[Node] = []
    for node in network.nodes:
        operands = tuple(same.get(name, name) for name in node.inputs)
        value = _known(node, operands, constants, partial)
        other = None if value is not None else _unchanged(network, node, operands, constants)
        if value is not None:
            constants[node.name] = value
            kept.append(Node(node.name, "parameter", (), node.shape))
        elif other is not None:
            same[node.name] = other
        else:
            kept.append(Node(node.name, node.op, operands, node.shape, dict(node.attributes)))
    outputs = tuple(same.get(name, name) for name in network.outputs)
    if len(set(outputs)) < len(outputs):
        return network
    try:
        whole = Network(
            nodes=tuple(kept),
            inputs=network.inputs,
            outputs=outputs,
            parameters={n.name: constants[n.name] for n in kept if n.op == "parameter"},
            name=network.name,
            precision=network.precision,
        )
    except InputError:  # more than sums and products is constant now
        return network
    needed = whole.ancestors(outputs) | set(network.inputs)
    nodes = tuple(node for node in kept if node.name in needed)
    return Network(
        nodes=nodes,
        inputs=network.inputs,
        outputs=outputs,
        parameters={n.name: constants[n.name] for n in nodes if n.op == "parameter"},
        name=network.name,
        precision=network.precision,
    )


def _inputs(
    network: Network, known: Mapping[int, Fraction]
) -> dict[str, np.ma.MaskedArray[Any, Any]]:
    """The inputs as arrays in which what is not known is masked."""
    found: dict[str, np.ma.MaskedArray[Any, Any]] = {}
    start = 0
    for name in network.inputs:
        node = network.node(name)
        given = [known.get(at) for at in range(start, start + node.size)]
        # Only numbers that a switch has are worth anything here.
        mask = [value not in (0, 1) for value in given]
        data = [float(value or 0) for value in given]
        found[node.name] = np.ma.MaskedArray(np.array(data, np.float32), mask).reshape(node.shape)
        start += node.size
    return found


def _known(
    node: Node,
    operands: tuple[str, ...],
    constants: Mapping[str, np.ndarray[Any, Any]],
    partial: dict[str, np.ma.MaskedArray[Any, Any]],
) -> np.ndarray[Any, Any] | None:
    """The value of a node where it is known; parameters are left as they are."""
    if node.op in LAYOUT and operands[0] in partial:
        moved = _moved(node, partial[operands[0]])
        partial[node.name] = moved
        return None if np.ma.getmaskarray(moved).any() else np.asarray(moved.data)
    if node.op == "mul":
        for name in operands:
            if name in constants and not constants[name].any():
                return np.zeros(node.shape, np.float32)
    nothing = all(name in constants and not constants[name].any() for name in operands)
    return np.zeros(node.shape, np.float32) if node.op == "add" and nothing else None


def _moved(node: Node, value: Any) -> Any:
    if node.op == "reshape":
        return value.reshape(node.shape)
    attributes: Mapping[str, Any] = node.attributes
    window = slice(attributes["start"], attributes["stop"], attributes["step"])
    return value[(slice(None),) * attributes["axis"] + (window,)]


def _unchanged(
    network: Network,
    node: Node,
    operands: tuple[str, ...],
    constants: Mapping[str, np.ndarray[Any, Any]],
) -> str | None:
    """The operand that the node gives as it is."""
    if node.op not in ("mul", "add") or len(operands) != 2:
        return None
    neutral = 1.0 if node.op == "mul" else 0.0
    for name, other in (operands, operands[::-1]):
        if name in constants and (constants[name] == neutral).all():
            return other if network.node(other).shape == node.shape else None
    return None
