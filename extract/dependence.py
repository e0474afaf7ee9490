"""Which entries of its input a network cannot depend on, because every weight on the way is zero.

A mask is carried from the outputs to the inputs: an entry counts as read if some entry that counts
is computed from it with a weight that is not zero. What is not known to be unread counts as read;
so does all that enters a tensor that may overflow, for zero times infinity is not zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import inf
from typing import Any

import numpy as np

from extract.network import Network, Node

Mask = np.ndarray[Any, np.dtype[np.bool_]]

SAFE = 1e30
"""Entries whose magnitude is proved to be below this are finite in float32, rounding included."""

_SHRINKING = frozenset(
    {"relu", "abs", "neg", "reshape", "transpose", "slice", "gather", "concat", "reduce_max"}
)
"""Operators whose results are no larger than the largest of their operands."""

_ENTRYWISE = frozenset({"add", "sub", "mul", "neg", "relu", "abs"})
"""Operators that compute each entry from the entries at its own place."""


def unread_inputs(network: Network, reach: Sequence[float]) -> frozenset[int]:
    """Flat positions of the input that no output depends on.

    Args:
        network: the network.
        reach: a bound on the magnitude of each entry of the flat input; may be infinite.
    """
    sizes = _sizes(network, reach)
    masks = {node.name: np.zeros(node.shape, dtype=np.bool_) for node in network.live}
    for name in network.outputs:
        masks[network.node(name).name][...] = True
    for node in reversed(network.live):
        for position, operand in enumerate(node.inputs):
            if operand not in network.parameters:
                mask = masks[node.name] if sizes[node.name] < SAFE else None
                masks[operand] |= _read(network, node, position, mask)
    read = [
        masks.get(network.node(name).name, np.zeros(network.node(name).shape, dtype=np.bool_))
        for name in network.inputs
    ]
    flat = np.concatenate([mask.ravel() for mask in read])
    return frozenset(int(i) for i in np.flatnonzero(~flat))


def _sizes(network: Network, reach: Sequence[float]) -> dict[str, float]:
    """For every live node a bound on the magnitude of its entries; infinite where none is known."""
    sizes: dict[str, float] = {}
    start = 0
    for name in network.inputs:
        entries = reach[start : start + network.node(name).size]
        sizes[network.node(name).name] = max(entries, default=0.0)
        start += len(entries)
    for node in network.live:
        if node.op == "parameter":
            sizes[node.name] = float(np.abs(network.parameters[node.name]).max())
        elif node.op != "input":
            sizes[node.name] = _size(network, node, [sizes[name] for name in node.inputs])
    return sizes


def _size(network: Network, node: Node, operands: Sequence[float]) -> float:
    match node.op:
        case "linear" if not operands[0] < SAFE:
            return inf
        case "linear":
            weight = np.abs(network.parameters[node.inputs[1]].astype(np.float64))
            return float(weight.sum(axis=1).max()) * operands[0] + sum(operands[2:])
        case "add" | "sub":
            return sum(operands)
        case "mul":
            return operands[0] * operands[1] if inf not in operands else inf
        case "tanh" | "sigmoid" | "softmax":
            return 1.0 if operands[0] < SAFE else inf
        case op if op in _SHRINKING:
            return max(operands)
        case _:
            return inf


def _read(network: Network, node: Node, position: int, mask: Mask | None) -> Mask:
    """Which entries of an operand are read for the entries in a mask; all, where it is None."""
    shape = network.node(node.inputs[position]).shape
    if mask is None:
        return np.ones(shape, dtype=np.bool_)
    match node.op:
        case "linear":
            weight = network.parameters[node.inputs[1]] != 0
            return (mask[..., :, None] & weight).any(axis=-2)
        case "reshape":
            return mask.reshape(shape)
        case "concat":
            axis = node.attributes["axis"]
            before = sum(network.node(name).shape[axis] for name in node.inputs[:position])
            return mask.take(before + np.arange(shape[axis]), axis=axis)
        case "slice":
            read = np.zeros(shape, dtype=np.bool_)
            start, stop, step = (node.attributes[key] for key in ("start", "stop", "step"))
            at = (slice(None),) * node.attributes["axis"]
            read[(*at, slice(start, stop, step))] = mask
            return read
        case op if op in _ENTRYWISE and shape == node.shape:
            return mask
        case _:
            return np.full(shape, mask.any())
