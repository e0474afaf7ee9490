"""The graph of units: rows of weight matrices and channels of kernels, joined by |weights|.

Filan, Casper, Hod, Wild, Critch and Russell, Clusterability in neural networks, 2021 (arXiv
2103.03386): an edge weighs the absolute value of the weight, of a kernel the sum of its absolute
values; biases do not count. Tied layers are one layer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from extract.network import Array, Network, Node
from extract.operator import OPERATORS, Kind
from theory.error import InputError

NOBODY = -1
"""For an entry that is the work of no one unit."""


@dataclass(frozen=True, eq=False)
class UnitGraph:
    """Units and the undirected weights between them.

    Attributes:
        units: for each unit, the tensor it belongs to (an input, or a weight) and its place there.
        weights: symmetric (n, n), not negative.
        entries: for each unit, a node that holds its activation, and the flat positions there.
        joins: for each weight tensor the number of the unit that each of its columns reads in each
            of its rows, (rows, columns); `NOBODY` where that is no one unit, or a dropped one.
    """

    units: tuple[tuple[str, int], ...]
    weights: sparse.csr_array
    entries: tuple[tuple[str, Array], ...]
    joins: Mapping[str, Array]

    def connected(self) -> UnitGraph:
        """Without the units that no weight joins to any other."""
        degree = np.asarray(self.weights.sum(axis=1)).ravel()
        kept = np.flatnonzero(degree > 0)
        number = np.full(len(self.units) + 1, NOBODY)
        number[kept] = np.arange(len(kept))
        return UnitGraph(
            tuple(self.units[i] for i in kept),
            self.weights[kept][:, kept],
            tuple(self.entries[i] for i in kept),
            {name: number[columns] for name, columns in self.joins.items()},
        )

    def joining(self) -> dict[str, Array]:
        """For each weight tensor, which (rows, columns) are between two of the units."""
        rows = set(self.units)
        return {
            name: (columns != NOBODY)
            & np.array([(name, row) in rows for row in range(len(columns))])[:, None]
            for name, columns in self.joins.items()
        }


def unit_graph(network: Network) -> UnitGraph:
    """The graph of a network's fully connected and convolutional layers.

    Raises:
        InputError: it has fewer than two such layers' worth of units.
    """
    builder = _Builder(network)
    for node in network.live:
        builder.visit(node)
    graph = builder.graph()
    if len(graph.units) < 3 or graph.weights.nnz == 0:
        raise InputError(f"{network.name}: no layers of units to segment")
    return graph


class _Builder:
    """Carries through the graph, for every tensor, which unit each entry is the work of."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.numbers: dict[tuple[str, int], int] = {}
        self.owners: dict[str, Array] = {}
        self.places: dict[int, tuple[str, Array]] = {}
        self.edges: dict[tuple[int, int], float] = {}
        self.joins: dict[str, Array] = {}

    def visit(self, node: Node) -> None:
        if node.op == "parameter":
            return
        if node.op == "input":
            self.owners[node.name] = self._input(node)
        elif node.op in ("linear", "conv2d"):
            self.owners[node.name] = self._layer(node)
        else:
            self.owners[node.name] = self._passed(node)
            self._note(node)

    def graph(self) -> UnitGraph:
        count = len(self.numbers)
        if not self.edges:
            return UnitGraph(tuple(self.numbers), sparse.csr_array((count, count)), (), {})
        rows, columns = np.array(list(self.edges)).T
        half = sparse.coo_array((list(self.edges.values()), (rows, columns)), (count, count))
        places = tuple(self.places[i] for i in range(count))
        whole = sparse.csr_array(half + half.T)
        return UnitGraph(tuple(self.numbers), whole, places, self.joins)

    def _number(self, tensor: str, place: int) -> int:
        return self.numbers.setdefault((tensor, place), len(self.numbers))

    def _input(self, node: Node) -> Array:
        """A unit for each channel of a picture, for each entry of anything else."""
        axis = 1 if len(node.shape) == 4 else None
        owners = np.arange(node.size).reshape(node.shape)
        if axis is not None:
            owners = np.arange(node.shape[1]).reshape(1, -1, 1, 1)
        lookup = np.array([self._number(node.name, i) for i in range(int(owners.max()) + 1)])
        owners = np.broadcast_to(lookup[owners], node.shape)
        self._place(node, owners)
        return owners

    def _layer(self, node: Node) -> Array:
        """Join the units of the operand to those of the layer."""
        kernel = np.abs(self.network.parameters[node.inputs[1]])
        groups = node.attributes.get("groups", 1)
        weight = kernel.reshape(*kernel.shape[:2], -1).sum(axis=2)
        sources = self.owners[node.inputs[0]]
        sources = np.moveaxis(sources, -1 if node.op == "linear" else 1, 0)
        sources = sources.reshape(len(sources), -1)
        alone = np.where((sources == sources[:, :1]).all(axis=1), sources[:, 0], NOBODY)
        rows = np.array([self._number(node.inputs[1], i) for i in range(len(weight))])
        starts = np.arange(len(weight)) // (len(weight) // groups) * weight.shape[1]
        columns = alone[starts[:, None] + np.arange(weight.shape[1])]
        known = self.joins.setdefault(node.inputs[1], columns)
        self.joins[node.inputs[1]] = np.where(known == NOBODY, columns, known)
        for row, (number, start) in enumerate(zip(rows, starts, strict=True)):
            for column in np.flatnonzero(weight[row]):
                source = int(alone[start + column])
                if source not in (NOBODY, number):
                    edge = (source, int(number))
                    self.edges[edge] = max(self.edges.get(edge, 0.0), float(weight[row, column]))
        shape = (1, -1, 1, 1) if node.op == "conv2d" else (-1,)
        owners = np.broadcast_to(rows.reshape(shape), node.shape)
        self._place(node, owners)
        return owners

    def _passed(self, node: Node) -> Array:
        """Whose work the entries are where an operator moves them or acts on each alone."""
        operands = [
            self.owners.get(name, np.full(self.network.node(name).shape, NOBODY))
            for name in node.inputs
        ]
        move = _MOVES.get(node.op)
        if move is not None:
            return move(node, operands)
        if node.op in ("max_pool", "avg_pool") and len(node.shape) == 4:
            return np.broadcast_to(operands[0][:, :, :1, :1], node.shape)
        plain = OPERATORS[node.op].kind is not Kind.LAYOUT
        active = [o for o, name in zip(operands, node.inputs, strict=True) if name in self.owners]
        if plain and len(active) == 1 and active[0].shape == node.shape:
            return active[0]
        return np.full(node.shape, NOBODY)

    def _place(self, node: Node, owners: Array) -> None:
        flat = owners.ravel()
        for number in np.unique(flat):
            self.places.setdefault(int(number), (node.name, np.flatnonzero(flat == number)))

    def _note(self, node: Node) -> None:
        """After a nonlinearity the activation of a unit is the result."""
        if OPERATORS[node.op].kind in (Kind.PIECEWISE, Kind.SMOOTH):
            flat = self.owners[node.name].ravel()
            for number in np.unique(flat[flat != NOBODY]):
                self.places[int(number)] = (node.name, np.flatnonzero(flat == number))


def _slice(node: Node, operands: list[Array]) -> Array:
    start, stop, step = (node.attributes[key] for key in ("start", "stop", "step"))
    at = (slice(None),) * node.attributes["axis"]
    return operands[0][(*at, slice(start, stop, step))]


_MOVES: dict[str, Callable[[Node, list[Array]], Array]] = {
    "reshape": lambda node, xs: xs[0].reshape(node.shape),
    "transpose": lambda node, xs: xs[0].transpose(node.attributes["perm"]),
    "concat": lambda node, xs: np.concatenate(xs, axis=node.attributes["axis"]),
    "slice": _slice,
    "gather": lambda node, xs: xs[0].take(node.attributes["indices"], axis=node.attributes["axis"]),
}
