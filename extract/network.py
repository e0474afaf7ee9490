"""The typed graph of operators that every reader produces and every engine consumes."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from functools import cached_property
from math import prod
from typing import Any, Literal

import networkx as nx
import numpy as np

from extract.exact import Exact, from_floats
from extract.operator import OPERATORS, Shape, ShapeError
from theory.error import InputError

LARGEST_TENSOR = 2**28
"""Tensors with more entries than this are refused before anything is allocated."""

Array = np.ndarray[Any, Any]
Precision = Literal["float32", "float64"]


@dataclass(frozen=True)
class Node:
    """One operator and the one tensor that it produces.

    Attributes:
        name: unique in the network; also the name of the tensor.
        op: a key of `extract.operator.OPERATORS`.
        inputs: names of the nodes that produce the operands; parameters are nodes too.
        shape: shape of the tensor as the source has it, including a leading batch axis of 1.
        attributes: integers, floats, strings and tuples of those.
        module: the sub-modules that it lies in, where the source says so: dotted paths from outer
            to inner, joined by "/"; "@1" marks the second call of a module, and so on.
    """

    name: str
    op: str
    inputs: tuple[str, ...]
    shape: Shape
    attributes: Mapping[str, Any] = field(default_factory=dict[str, Any])
    module: str = ""

    @property
    def size(self) -> int:
        """The number of entries."""
        return prod(self.shape)


@dataclass(frozen=True, eq=False)
class Network:
    """An immutable graph of operators; checked when built.

    Attributes:
        nodes: in topological order.
        inputs, outputs: names of nodes; flat vectors join them in this order.
        parameters: for every node of op "parameter", its finite float array (read-only).
        name: for messages and reports.
        sha256: of the source.
        aliases: other names of tensors in the source -> the node that holds the same values.
        declared: role -> tensor, where the source itself says which tensor plays a role.
        notes: facts about the source that a report should show, one sentence each.
        scaling: for each of the first inputs the mean and the range with which, as the source says,
            it is made from a physical quantity x: (x - mean) / range. The graph does not do that.
            Empty where the source says nothing of it.
        precision: the float format that the source computes in. A float64 parameter in a float32
            network was computed while reading (batch normalisation) and is not rounded further.

    Raises:
        InputError: the graph is malformed; the message names the network, the node and the fault.
    """

    nodes: tuple[Node, ...]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    parameters: Mapping[str, Array]
    name: str = "network"
    sha256: str = ""
    aliases: Mapping[str, str] = field(default_factory=dict[str, str])
    declared: Mapping[str, str] = field(default_factory=dict[str, str])
    notes: tuple[str, ...] = ()
    scaling: tuple[tuple[float, float], ...] = ()
    precision: Precision = "float32"

    def __post_init__(self) -> None:
        frozen = {name: _frozen(array) for name, array in self.parameters.items()}
        object.__setattr__(self, "parameters", frozen)
        validate(self)

    @cached_property
    def _table(self) -> dict[str, Node]:
        return {node.name: node for node in self.nodes}

    @cached_property
    def _consumers(self) -> dict[str, tuple[Node, ...]]:
        users: dict[str, list[Node]] = {node.name: [] for node in self.nodes}
        for node in self.nodes:
            for name in dict.fromkeys(node.inputs):
                users[name].append(node)
        return {name: tuple(nodes) for name, nodes in users.items()}

    @cached_property
    def exact_parameters(self) -> dict[str, Exact]:
        """Every parameter as exact rationals."""
        return {name: from_floats(array) for name, array in self.parameters.items()}

    def __contains__(self, name: object) -> bool:
        return name in self._table or name in self.aliases

    def node(self, name: str) -> Node:
        """The node that produces a tensor, by its name or an alias.

        Raises:
            InputError: there is none; the message suggests near names.
        """
        found = self._table.get(self.aliases.get(name, name))
        if found is None:
            known = [*self._table, *self.aliases]
            near = get_close_matches(name, known, n=3, cutoff=0.5)
            hint = f"; near names: {', '.join(near)}" if near else ""
            raise InputError(f"{self.name}: no tensor named {name!r}{hint}")
        return found

    def consumers(self, name: str) -> tuple[Node, ...]:
        """The nodes that read a tensor, each once, in topological order."""
        return self._consumers[self.node(name).name]

    @property
    def input_size(self) -> int:
        """Number of entries of all inputs together."""
        return sum(self.node(name).size for name in self.inputs)

    @property
    def output_size(self) -> int:
        """Number of entries of all outputs together."""
        return sum(self.node(name).size for name in self.outputs)

    @property
    def parameter_count(self) -> int:
        """Number of entries of all parameters together."""
        return sum(int(array.size) for array in self.parameters.values())

    def ancestors(self, outputs: Iterable[str], stop: Iterable[str] = ()) -> set[str]:
        """Names of the nodes `outputs` depend on, themselves included, not going past `stop`."""
        walls = {self.node(name).name for name in stop}
        queue = deque(self.node(name).name for name in outputs)
        seen: set[str] = set()
        while queue:
            name = queue.popleft()
            if name not in seen:
                seen.add(name)
                queue.extend(() if name in walls else self._table[name].inputs)
        return seen

    @cached_property
    def live(self) -> tuple[Node, ...]:
        """The nodes that the outputs depend on, in topological order."""
        needed = self.ancestors(self.outputs)
        return tuple(node for node in self.nodes if node.name in needed)

    def slice(self, inputs: Sequence[str], outputs: Sequence[str], name: str = "") -> Network:
        """The sub-network that computes `outputs` from `inputs`, both tensors of this one.

        Raises:
            InputError: a tensor is unknown or a parameter, or an output depends on an input of this
                network that `inputs` do not cut off.
        """
        title = name or f"{self.name}[{', '.join(inputs)} -> {', '.join(outputs)}]"
        starts = tuple(self.node(n).name for n in inputs)
        ends = tuple(self.node(n).name for n in outputs)
        for start in starts:
            if self._table[start].op == "parameter":
                raise InputError(f"{title}: {start!r} is a parameter; a slice starts at a tensor")
        needed = self.ancestors(ends, stop=starts)
        free = [n for n in self.inputs if n in needed and n not in starts]
        if free:
            raise InputError(
                f"{title}: the outputs also depend on the input {free[0]!r}, "
                f"which the slice does not start from"
            )
        kept: list[Node] = [
            Node(start, "input", (), self._table[start].shape, {}, self._table[start].module)
            for start in dict.fromkeys(starts)
        ]
        kept += [n for n in self.nodes if n.name in needed and n.name not in starts]
        return Network(
            nodes=tuple(kept),
            inputs=starts,
            outputs=ends,
            parameters={n: a for n, a in self.parameters.items() if n in needed},
            name=title,
            sha256=self.sha256,
            aliases={a: n for a, n in self.aliases.items() if n in needed},
            notes=self.notes,
            precision=self.precision,
        )

    def with_outputs(self, outputs: Sequence[str]) -> Network:
        """The same graph with other outputs."""
        return replace(self, outputs=tuple(self.node(name).name for name in outputs))

    def to_networkx(self) -> nx.DiGraph[str]:
        """The graph of node names; each node carries its `Node` under the key "node"."""
        graph: nx.DiGraph[str] = nx.DiGraph()
        for node in self.nodes:
            graph.add_node(node.name, node=node)
            graph.add_edges_from((name, node.name) for name in node.inputs)
        return graph


def _frozen(array: Array) -> Array:
    copy = np.array(array)
    copy.setflags(write=False)
    return copy


def validate(network: Network) -> None:
    """Check every rule of a network.

    Raises:
        InputError: the first rule that is broken.
    """
    title = network.name
    seen: dict[str, Node] = {}
    varies: set[str] = set()
    for node in network.nodes:
        if node.name in seen:
            raise InputError(f"{title}: two nodes are named {node.name!r}")
        _check_node(title, node, seen, network.parameters)
        if node.op == "input" or any(name in varies for name in node.inputs):
            varies.add(node.name)
        elif node.op != "parameter":
            raise InputError(f"{title}: node {node.name!r} is constant; fold it into a parameter")
        seen[node.name] = node
    _check_ends(network, seen)


def _check_node(
    title: str, node: Node, seen: Mapping[str, Node], parameters: Mapping[str, Array]
) -> None:
    row = OPERATORS.get(node.op)
    if row is None:
        raise InputError(f"{title}: node {node.name!r} has the unknown operator {node.op!r}")
    where = f"{title}: node {node.name!r} ({node.op})"
    check_size(where, node.shape)
    missing = [name for name in node.inputs if name not in seen]
    if missing:
        raise InputError(f"{where} reads {missing[0]!r}, which no earlier node produces")
    if not row.least <= len(node.inputs) <= row.most:
        raise InputError(f"{where} has {len(node.inputs)} operands")
    if set(node.attributes) != set(row.attributes):
        raise InputError(f"{where} has attributes {sorted(node.attributes)}, not {row.attributes}")
    if node.op == "parameter":
        _check_parameter(where, node, parameters.get(node.name))
    elif node.op != "input":
        for position in row.weights:
            if position < len(node.inputs) and seen[node.inputs[position]].op != "parameter":
                raise InputError(f"{where}: operand {position} has to be a parameter")
        try:
            shape = row.shape(node.attributes, [seen[name].shape for name in node.inputs])
        except ShapeError as error:
            raise InputError(f"{where}: {error}") from None
        if shape != node.shape:
            raise InputError(f"{where} has shape {node.shape}, but its operands give {shape}")


def check_size(where: str, shape: Shape) -> None:
    """Refuse empty and absurd shapes.

    Raises:
        InputError: an axis is not a positive integer, or the entries are more than LARGEST_TENSOR.
    """
    if not all(type(n) is int and n >= 1 for n in shape):
        raise InputError(f"{where} has shape {shape}; every axis needs a size of at least 1")
    if prod(shape) > LARGEST_TENSOR:
        raise InputError(f"{where} has shape {shape}: more than {LARGEST_TENSOR} entries")


def _check_parameter(where: str, node: Node, array: Array | None) -> None:
    if array is None:
        raise InputError(f"{where} has no array")
    if array.dtype not in (np.float32, np.float64):
        raise InputError(f"{where} holds {array.dtype}, not float32 or float64")
    if array.shape != node.shape:
        raise InputError(f"{where} has shape {node.shape}, but its array {array.shape}")
    if not np.isfinite(array).all():
        raise InputError(f"{where} holds NaN or infinite values")


def _check_ends(network: Network, seen: Mapping[str, Node]) -> None:
    title = network.name
    for kind, names in (("input", network.inputs), ("output", network.outputs)):
        if not names:
            raise InputError(f"{title}: the network has no {kind}")
        for name in names:
            if name not in seen:
                raise InputError(f"{title}: the {kind} {name!r} is no node of the network")
    declared = [name for name in network.inputs if seen[name].op != "input"]
    if declared:
        raise InputError(f"{title}: the input {declared[0]!r} has op {seen[declared[0]].op!r}")
    if len(set(network.inputs)) != len(network.inputs):
        raise InputError(f"{title}: an input is listed twice: {network.inputs}")
    leaves = {name for name, node in seen.items() if node.op == "input"}
    if leaves != set(network.inputs):
        loose = sorted(leaves - set(network.inputs))
        raise InputError(f"{title}: the node {loose[0]!r} is an input that is not listed")
    extra = sorted(set(network.parameters) - set(seen))
    if extra:
        raise InputError(f"{title}: the parameter {extra[0]!r} is no node of the network")
    for label, table in (("alias", network.aliases), ("role", network.declared)):
        for key, name in table.items():
            if name not in seen:
                raise InputError(f"{title}: the {label} {key!r} means {name!r}, which is no node")
