"""Where things that lie side by side along an axis of a result lie in what it was made from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import prod

from extract.network import Network, Node
from extract.operator.elementwise import ROWS as ELEMENTWISE


@dataclass(frozen=True)
class Along:
    """Branches side by side in a tensor: branch b has the entries i of an axis with
    i // stride % size = b.
    """

    axis: int
    size: int
    stride: int = 1


class _Mixed:
    """Branches are not held apart in an operand."""


MIXED = _Mixed()


def operand_axis(
    network: Network, node: Node, position: int, place: Along
) -> Along | _Mixed | None:
    """Where the branches that lie along an axis of a node's result lie in one of its operands.

    Returns:
        their place; None if all branches read the operand as it is; `MIXED` if entries of several
        branches go into one, or it cannot be told.
    """
    shape, out = network.node(node.inputs[position]).shape, node.shape
    last, op = len(out) - 1, node.op
    if op in ELEMENTWISE:
        return _broadcast(shape, out, place)
    if op == "linear":
        if position == 0:
            return place if place.axis < last else None
        return replace(place, axis=0) if place.axis == last else None
    if op == "matmul":
        lone = {last: 0, last - 1: 1}.get(place.axis)
        return None if lone == position else _broadcast(shape, out, place)
    if op == "conv2d" and place.axis < 2 and node.attributes["groups"] == 1:
        if position == 0:
            return place if place.axis == 0 else None
        return replace(place, axis=0) if place.axis == 1 else None
    if op in ("max_pool", "avg_pool") and place.axis < 2:
        return place
    if op.startswith("reduce_"):
        gone = sorted(node.attributes["axes"])
        if node.attributes["keepdims"]:
            return place
        left = [axis for axis in range(len(shape)) if axis not in gone]
        return replace(place, axis=left[place.axis])
    if op == "reshape":
        return _restride(shape, out, place)
    if op == "transpose":
        return replace(place, axis=node.attributes["perm"][place.axis])
    if op == "gather" and node.attributes["axis"] == place.axis:
        indices = node.attributes["indices"]
        if len(set(indices)) == 1:
            return None
        return place if indices == tuple(range(shape[place.axis])) else MIXED
    if op in ("concat", "slice", "gather", "softmax"):
        return place if node.attributes["axis"] != place.axis else MIXED
    return MIXED


def _broadcast(shape: tuple[int, ...], out: tuple[int, ...], place: Along) -> Along | None:
    """The same axis, counted from the right, unless the operand is spread along it."""
    axis = place.axis - len(out) + len(shape)
    if axis < 0 or shape[axis] != out[place.axis]:
        return None
    return replace(place, axis=axis)


def _restride(shape: tuple[int, ...], out: tuple[int, ...], place: Along) -> Along | _Mixed:
    """The axis of another shape in which the same flat entries are branches."""
    step = prod(out[place.axis + 1 :]) * place.stride
    for axis in range(len(shape)):
        inner = prod(shape[axis + 1 :])
        whole = inner * shape[axis]
        if step % inner == 0 and whole % (step * place.size) == 0:
            return Along(axis, place.size, step // inner)
    return MIXED
