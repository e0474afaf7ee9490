"""Building the joint graph of a problem: its flat input, copies of networks, and formula nodes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from math import inf, nextafter
from typing import Any

import numpy as np

from extract.dependence import unread_inputs
from extract.network import Network, Node
from theory.error import MesascopeError
from verify.problem.affine import Affine, constant, entry, float32_holds, float64_holds

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
        self._copies = 0
        self._in_float32: list[bool] = []
        self._reach: list[float] = []
        # Nodes as long as the flat input was when they were made; `finish` makes them longer.
        self._growing: dict[str, int] = {}
        self.deployed: set[str] = set()
        self.casts: set[str] = set()

    @property
    def width(self) -> int:
        """The number of entries of the flat input so far; at least one, which nobody may read."""
        return max(1, len(self._in_float32))

    def variable(self, *, in_float32: bool = True, reach: float = inf) -> Affine:
        """A new entry of the flat input.

        Args:
            in_float32: its values are float32 numbers, so that a network takes them as they are.
            reach: a bound on the magnitude of its values.
        """
        self._in_float32.append(in_float32)
        self._reach.append(reach)
        return entry(POINT, len(self._in_float32) - 1)

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
        unread = unread_inputs(network, [self._reach_of(e) for e in expressions])
        relevant = [
            Affine({}) if position in unread else expression
            for position, expression in enumerate(expressions)
        ]
        key = ("copy", id(network), tuple(e.key for e in relevant))
        if key not in self._known:
            self._known[key] = self._copy(network, relevant)
        return self._known[key]

    def _reach_of(self, expression: Affine) -> float:
        """A bound on the magnitude of an expression in entries of the flat input."""
        if any(tensor != POINT for tensor, _ in expression.terms):
            return inf
        parts = (magnitude(c) * self._reach[i] for (_, i), c in expression.terms.items())
        return magnitude(expression.constant) + sum(parts)

    def finish(self, tensors: Sequence[str], name: str) -> tuple[Network, dict[str, int]]:
        """The network from the flat input to these tensors, and where each starts in its output."""
        point = Node(POINT, "input", (), (self.width,))
        nodes, parameters = self._grown()
        names = tuple(dict.fromkeys((POINT, *tensors)))
        offsets: dict[str, int] = {}
        total = 0
        for tensor in names:
            offsets[tensor] = total
            total += self.width if tensor == POINT else self._sizes[tensor]
        whole = Network(
            nodes=(point, *nodes),
            inputs=(POINT,),
            outputs=names,
            parameters=parameters,
            name=name,
        )
        needed = whole.ancestors(names)
        network = Network(
            nodes=tuple(n for n in whole.nodes if n.name in needed or n.name == POINT),
            inputs=(POINT,),
            outputs=names,
            parameters={k: v for k, v in parameters.items() if k in needed},
            name=name,
        )
        return network, offsets

    def _grown(self) -> tuple[list[Node], dict[str, np.ndarray[Any, Any]]]:
        """Nodes and parameters, with zero weights for entries of the input that came later."""
        nodes: list[Node] = []
        parameters = dict(self._parameters)
        for node in self._nodes:
            missing = self.width - self._growing.get(node.name, self.width)
            if missing and node.name in parameters:
                parameters[node.name] = np.pad(parameters[node.name], ((0, 0), (0, missing)))
            shape = (*node.shape[:-1], node.shape[-1] + missing) if missing else node.shape
            nodes.append(replace(node, shape=shape))
        return nodes, parameters

    def _gather(self, expressions: Sequence[Affine], to_network: bool) -> str:
        found = dict.fromkeys(t for e in expressions for t, _ in e.terms)
        sources = [t for t in found if t != POINT]
        rounds = to_network and not all(self._is_float32(e) for e in expressions)
        alone = len(found) == len(sources) == 1 and not rounds
        if alone and self._is_whole(sources[0], expressions):
            return self._flat(sources[0])
        if POINT in found or not sources:
            sources.append(POINT)  # last, because it may grow
        starts: dict[str, int] = {}
        total = 0
        for source in sources:
            starts[source] = total
            total += self.width if source == POINT else self._sizes[source]
        weight = np.zeros((len(expressions), total))
        bias = np.zeros(len(expressions))
        for row, expression in enumerate(expressions):
            bias[row] = _float64(expression.constant)
            for (tensor, position), coefficient in expression.terms.items():
                weight[row, starts[tensor] + position] = _float64(coefficient)
        flats = [self._flat(s) for s in sources]
        joined = (
            flats[0]
            if len(flats) == 1
            else self._add("formula", "concat", tuple(flats), (total,), {"axis": 0})
        )
        w = self._parameter("formula", weight)
        b = self._parameter("formula", bias)
        if sources[-1] == POINT:
            self._growing |= {n: self.width for n in (joined, w) if n != POINT}
        node = self._add("formula", "linear", (joined, w, b), (len(expressions),))
        if rounds:
            self.casts.add(node)
        return node

    def _is_float32(self, expression: Affine) -> bool:
        """Whether a deployed network takes the value as it is: a float32 constant, or plus or minus
        an entry that is a float32 number already.
        """
        if expression.is_constant:
            return float32_holds(expression.constant)
        if expression.constant != 0 or len(expression.terms) != 1:
            return False
        ((tensor, position), factor), *_ = expression.terms.items()
        held = self._in_float32[position] if tensor == POINT else tensor in self.deployed
        return held and abs(factor) == 1

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
        prefix = f"copy{self._copies}"
        self._copies += 1
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
        return [e for name in network.outputs for e in self._entries(network, name, names[name])]

    def _entries(self, network: Network, name: str, made: str) -> list[Affine]:
        """The flat entries of an output; one that depends on no input is constant."""
        if name in network.parameters:
            return [constant(Fraction(v)) for v in network.parameters[name].flatten().tolist()]
        return [entry(made, i) for i in range(network.node(name).size)]

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


def magnitude(number: Fraction) -> float:
    """The absolute value, rounded up; infinite where no float is as large."""
    try:
        return nextafter(abs(float(number)), inf)
    except OverflowError:
        return inf


def _float64(value: Fraction) -> float:
    if not float64_holds(value):
        raise NotRepresentable(
            f"{value} is not exactly a float64, which an input of a network needs"
        )
    return float(value)
