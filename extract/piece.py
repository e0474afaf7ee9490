"""A found part as a network of its own, between the tensors that it reads and those it writes.

A world model that has a branch for each action writes several tensors, one for each: as a function
of a state and an action it gives the one that the action, a one-hot vector, picks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from extract.network import Array, Network, Node
from extract.operator import OPERATORS
from theory.error import InputError

PREDICT = "predict"
ACTION = "found.action"


def piece(network: Network, role: str, reads: Sequence[str], writes: Sequence[str]) -> Network:
    """The part of a network that plays a role.

    Raises:
        InputError: what is written also depends on what is not read, or branches differ in size.
    """
    name = f"{network.name}:{role}"
    part = network.slice(reads, writes, name=name)
    return _picked(part, name) if role == PREDICT and len(writes) > 1 else part


def is_step(part: Network) -> bool:
    """Whether a part leads from a state and something else to a state of the same size."""
    first = part.node(part.inputs[0])
    return len(part.inputs) == 2 and part.output_size == first.size


def chain(first: Network, second: Network, name: str) -> Network:
    """The second network of what the first gives; each has one tensor for the other.

    Raises:
        InputError: the shapes differ.
    """
    (end,), (start,) = first.outputs, second.inputs
    if first.node(end).shape != second.node(start).shape:
        raise InputError(f"{name}: {end!r} and {start!r} differ in shape")
    where = {start: end}
    nodes, parameters = list(first.nodes), dict(first.parameters)
    for node in second.nodes:
        if node.name == start:
            continue
        where[node.name] = f"then.{node.name}"
        sources = tuple(where[source] for source in node.inputs)
        nodes.append(Node(where[node.name], node.op, sources, node.shape, node.attributes))
        if node.op == "parameter":
            parameters[where[node.name]] = second.parameters[node.name]
    outputs = tuple(where[output] for output in second.outputs)
    return Network(
        tuple(nodes), first.inputs, outputs, parameters, name, first.sha256,
        precision=first.precision,
    )  # fmt: skip


def at_place(network: Network, values: str) -> Network | None:
    """A map of values, read where the network itself reads what it makes of it: at the place of the
    agent. A network of one output; None where it does not read the map by a place.

    A place is a map that does not depend on the values and by which something is multiplied that
    does, before both are summed over all cells.
    """
    cells = network.node(values).shape[-2:]
    if len(cells) != 2 or network.node(values).size != cells[0] * cells[1]:
        return None
    places = {
        gate
        for node in network.live
        if node.op == "mul" and _is_summed(network, node)
        for read, gate in (node.inputs, node.inputs[::-1])
        if values in network.ancestors([read])
        and values not in network.ancestors([gate])
        and gate not in network.parameters
        and network.node(gate).shape == (1, 1, *cells)
    }
    if len(places) != 1:
        return None
    (place,) = places
    name = f"{network.name}:{values} at {place}"
    both = network.slice(network.inputs, list(dict.fromkeys([values, place])), name=name)
    shape = (1, 1, *cells)
    nodes = (
        *both.nodes,
        Node("found.map", "reshape", (values,), shape, {"shape": shape}),
        Node("found.here", "mul", ("found.map", place), shape),
        Node("found.value", "reduce_sum", ("found.here",), (1, 1), {"axes": (2, 3), "keepdims": 0}),
    )
    return Network(
        nodes, both.inputs, ("found.value",), both.parameters, name, both.sha256,
        precision=both.precision,
    )  # fmt: skip


def _is_summed(network: Network, node: Node) -> bool:
    """Whether only the sums of a tensor over its last two axes are read."""
    last = {len(node.shape) - 2, len(node.shape) - 1}
    readers = network.consumers(node.name)
    return bool(readers) and all(
        reader.op == "reduce_sum" and set(reader.attributes["axes"]) == last for reader in readers
    )


def _picked(part: Network, name: str) -> Network:
    """Of several branches, each with an output of one size, the one that a one-hot vector names.

    Where the branches differ in constants alone, as when they say which action it is, it is one
    branch whose constants the vector picks; else all branches, and the vector picks a result.
    """
    size, count = part.node(part.outputs[0]).size, len(part.outputs)
    if any(part.node(output).size != size for output in part.outputs):
        raise InputError(f"{name}: the branches differ in size")
    action = Node(ACTION, "input", (), (1, count))
    own = _own(part)
    if own is not None:
        return _one_branch(part, own, action, name)
    flat = [
        Node(f"found.branch.{i}", "reshape", (output,), (1, size), {"shape": (1, size)})
        for i, output in enumerate(part.outputs)
    ]
    table = "found.branches"
    shape = part.node(part.outputs[0]).shape
    nodes = (
        action,
        *part.nodes,
        *flat,
        Node(table, "concat", tuple(node.name for node in flat), (count, size), {"axis": 0}),
        Node("found.picked", "matmul", (ACTION, table), (1, size)),
        Node("found.following", "reshape", ("found.picked",), shape, {"shape": shape}),
    )
    return Network(
        nodes, (*part.inputs, ACTION), ("found.following",), part.parameters, name, part.sha256,
        precision=part.precision,
    )  # fmt: skip


def _one_branch(part: Network, own: Mapping[str, Array], action: Node, name: str) -> Network:
    """The first branch, with a linear function of the action in place of its own constants."""
    branch = part.slice(part.inputs, part.outputs[:1], name=name)
    nodes: list[Node] = [action]
    parameters = dict(branch.parameters)
    for node in branch.nodes:
        if node.name not in own:
            nodes.append(node)
            continue
        rows = own[node.name].reshape(len(own[node.name]), -1)
        weight, picked = f"{node.name}.of", f"{node.name}.picked"
        del parameters[node.name]
        parameters[weight] = rows.T
        nodes += [
            Node(weight, "parameter", (), rows.T.shape),
            Node(picked, "linear", (ACTION, weight), (1, len(rows.T))),
            Node(node.name, "reshape", (picked,), node.shape, {"shape": node.shape}),
        ]
    return Network(
        tuple(nodes), (*branch.inputs, ACTION), branch.outputs, parameters, name, part.sha256,
        precision=part.precision,
    )  # fmt: skip


def _own(part: Network) -> dict[str, Array] | None:
    """Constants of the first branch that the branches differ in -> their values in each, (A, ...);
    None where the branches differ in more, or in the weights of a layer.
    """
    lanes = [_lane(part, output) for output in part.outputs]
    if len({len(lane) for lane in lanes}) != 1:
        return None
    places = [{node.name: at for at, node in enumerate(lane)} for lane in lanes]
    known: dict[str, Array] = {}
    for at, first in enumerate(lanes[0]):
        same = [lane[at] for lane in lanes]
        if any(_look(node) != _look(first) for node in same):
            return None
        for position, operand in enumerate(first.inputs):
            operands = [node.inputs[position] for node in same]
            if operand not in part.parameters:
                found = {
                    where.get(name, name) for where, name in zip(places, operands, strict=True)
                }
                if len(found) != 1:
                    return None
                continue
            if any(name not in part.parameters for name in operands):
                return None
            values = np.stack([part.parameters[name] for name in operands])
            same_everywhere = bool((values == values[0]).all())
            if not same_everywhere and position in OPERATORS[first.op].weights:
                return None
            if not np.array_equal(known.setdefault(operand, values), values):
                return None  # the first branch's constant also stands where all have it
    return {name: values for name, values in known.items() if (values != values[0]).any()}


def _lane(part: Network, output: str) -> list[Node]:
    """The nodes of one branch, in order."""
    needed = part.ancestors([output]) - set(part.parameters) - set(part.inputs)
    return [node for node in part.nodes if node.name in needed]


def _look(node: Node) -> tuple[object, ...]:
    return node.op, node.shape, tuple(sorted(node.attributes.items())), len(node.inputs)
