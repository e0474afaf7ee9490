"""Building the joint graph of a problem: its flat input, copies of networks, and formula nodes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from extract.network import Network, Node
from theory.error import MesascopeError
from verify.problem.affine import Affine, entry, float64_holds

POINT = "x"
"""Name of the flat input."""

Key = tuple[Any, ...]


class NotRepresentable(MesascopeError):
    """A coefficient that no float64 holds exactly, where the graph needs one."""


class GraphBuilder:
    """Grows a graph node by node; the same request twice gives the same node."""

    def __init__(self) -> None:
        self._nodes: list[Node] = []
        self._sizes: dict[str, int] = {}
        self._parameters: dict[str, np.ndarray[Any, Any]] = {}
        self._known: dict[Key, Any] = {}
        self.width = 0
        self.deployed: set[str] = set()
        self.casts: set[str] = set()

    def variable(self) -> Affine:
        """A new entry of the flat input."""
        self.width += 1
        return entry(POINT, self.width - 1)

    def gathered(self, expressions: Sequence[Affine], *, to_network: bool) -> str:
        """A vector node with these expressions as entries.

        Args:
            expressions: its entries.
            to_network: the vector enters a deployed copy, which takes float32.

        Raises:
            NotRepresentable: a coefficient is no float64.
        """
        key = ("gathered", tuple(e.key for e in expressions), to_network)
        if key not in self._known:
            self._known[key] = self._gather(expressions, to_network)
        return self._known[key]

    def operation(self, op: str, operands: Sequence[str], size: int) -> str:
        """A formula node that acts entry by entry on vectors of one size."""
        key = (op, tuple(operands))
        if key not in self._known:
            self._known[key] = self._add("formula", op, tuple(operands), (size,))
        return self._known[key]

    def copy(self, network: Network, expressions: Sequence[Affine]) -> list[Affine]:
        """The outputs of a copy of a network at these inputs, flat."""
        unread = unread_inputs(network)
        relevant = [
            Affine({}) if position in unread else expression
            for position, expression in enumerate(expressions)
        ]
        key = ("copy", id(network), tuple(e.key for e in relevant))
        if key not in self._known:
            self._known[key] = self._copy(network, relevant)
        return self._known[key]

    def finish(self, tensors: Sequence[str], name: str) -> tuple[Network, dict[str, int]]:
        """The network from the flat input to these tensors, and the offset of each in its output."""
        point = Node(POINT, "input", (), (self.width,))
        names = tuple(dict.fromkeys((POINT, *tensors)))
        offsets: dict[str, int] = {}
        total = 0
        for tensor in names:
            offsets[tensor] = total
            total += self.width if tensor == POINT else self._sizes[tensor]
        whole = Network(
            nodes=(point, *self._nodes),
            inputs=(POINT,),
            outputs=names,
            parameters=self._parameters,
            name=name,
        )
        needed = whole.ancestors(names)
        network = Network(
            nodes=tuple(n for n in whole.nodes if n.name in needed or n.name == POINT),
            inputs=(POINT,),
            outputs=names,
            parameters={k: v for k, v in self._parameters.items() if k in needed},
            name=name,
        )
        return network, offsets

    def _gather(self, expressions: Sequence[Affine], to_network: bool) -> str:
        sources = list(dict.fromkeys(t for e in expressions for t, _ in e.terms))
        if len(sources) == 1 and sources[0] != POINT and self._is_whole(sources[0], expressions):
            return self._flat(sources[0])
        starts: dict[str, int] = {}
        total = 0
        for source in sources:
            starts[source] = total
            total += self.width if source == POINT else self._sizes[source]
        weight = np.zeros((len(expressions), total or self.width))
        bias = np.zeros(len(expressions))
        for row, expression in enumerate(expressions):
            bias[row] = _float64(expression.constant)
            for (tensor, position), coefficient in expression.terms.items():
                weight[row, starts[tensor] + position] = _float64(coefficient)
        flats = [self._flat(s) for s in sources] or [POINT]
        joined = (
            flats[0]
            if len(flats) == 1
            else self._add("formula", "concat", tuple(flats), (total,), {"axis": 0})
        )
        w = self._parameter("formula", weight)
        b = self._parameter("formula", bias)
        node = self._add("formula", "linear", (joined, w, b), (len(expressions),))
        if to_network and not all(e.is_exact_float32 for e in expressions):
            self.casts.add(node)
        return node

    def _is_whole(self, tensor: str, expressions: Sequence[Affine]) -> bool:
        return len(expressions) == self._sizes[tensor] and all(
            e.constant == 0 and dict(e.terms) == {(tensor, i): 1} for i, e in enumerate(expressions)
        )

    def _flat(self, tensor: str) -> str:
        if tensor == POINT:
            return POINT
        key = ("flat", tensor)
        if key not in self._known:
            size = self._sizes[tensor]
            shape = next(n.shape for n in self._nodes if n.name == tensor)
            self._known[key] = (
                tensor
                if shape == (size,)
                else self._add("formula", "reshape", (tensor,), (size,), {"shape": (size,)})
            )
        return self._known[key]

    def _copy(self, network: Network, expressions: Sequence[Affine]) -> list[Affine]:
        vector = self.gathered(expressions, to_network=True)
        number = sum(1 for key in self._known if key[0] == "copy")
        prefix = f"copy{number}"
        names: dict[str, str] = {}
        start = 0
        for name in network.inputs:
            node = network.node(name)
            piece = vector
            if len(network.inputs) > 1:
                window = {"axis": 0, "start": start, "stop": start + node.size, "step": 1}
                piece = self._add("formula", "slice", (vector,), (node.size,), window)
            if node.shape != (node.size,):
                piece = self._add("formula", "reshape", (piece,), node.shape, {"shape": node.shape})
            names[name] = piece
            start += node.size
        for node in network.live:
            if node.op == "parameter":
                names[node.name] = self._shared(network, node)
            elif node.op != "input":
                operands = tuple(names[i] for i in node.inputs)
                made = self._add(prefix, node.op, operands, node.shape, node.attributes)
                names[node.name] = made
                self.deployed.add(made)
        return [
            entry(names[name], i)
            for name in network.outputs
            for i in range(network.node(name).size)
        ]

    def _shared(self, network: Network, node: Node) -> str:
        key = ("parameter", id(network.parameters[node.name]), node.name)
        if key not in self._known:
            self._known[key] = self._parameter("weight", network.parameters[node.name])
        return self._known[key]

    def _parameter(self, prefix: str, array: np.ndarray[Any, Any]) -> str:
        name = f"{prefix}/parameter{len(self._nodes)}"
        self._parameters[name] = array
        self._nodes.append(Node(name, "parameter", (), tuple(array.shape)))
        self._sizes[name] = int(array.size)
        return name

    def _add(
        self,
        prefix: str,
        op: str,
        inputs: tuple[str, ...],
        shape: tuple[int, ...],
        attributes: Mapping[str, Any] | None = None,
    ) -> str:
        name = f"{prefix}/{op}{len(self._nodes)}"
        node = Node(name, op, inputs, shape, dict(attributes or {}))
        self._nodes.append(node)
        self._sizes[name] = node.size
        return name


def unread_inputs(network: Network) -> frozenset[int]:
    """Flat positions of the input that cannot reach any output, because every weight on them is zero.

    Only inputs that go straight (or through a reshape) into fully connected layers are looked at;
    for others the answer is the empty set, which is always sound.
    """
    unread: set[int] = set()
    start = 0
    for name in network.inputs:
        node = network.node(name)
        used = _used_columns(network, name)
        if used is not None:
            repeats = node.size // used.size
            unread |= {start + i for i, u in enumerate(np.tile(used, repeats)) if not u}
        start += node.size
    return frozenset(unread)


def _used_columns(network: Network, tensor: str) -> np.ndarray[Any, Any] | None:
    node = network.node(tensor)
    if node.name in network.outputs:
        return None
    used: np.ndarray[Any, Any] | None = None
    for consumer in network.consumers(tensor):
        if consumer.op == "linear" and consumer.inputs[0] == node.name:
            columns = np.any(network.parameters[consumer.inputs[1]] != 0, axis=0)
        elif consumer.op == "reshape":
            inner = _used_columns(network, consumer.name)
            if inner is None or inner.size != node.size:
                return None
            columns = inner
        else:
            return None
        if used is not None and used.size != columns.size:
            return None
        used = columns if used is None else used | columns
    return used


def _float64(value: Fraction) -> float:
    if not float64_holds(value):
        raise NotRepresentable(
            f"{value} is not exactly a float64, which an input of a network needs"
        )
    return float(value)
