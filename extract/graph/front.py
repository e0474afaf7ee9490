"""Where the branches of a choice lie in a network, traced upwards from its scores.

The scores have one entry for each action. What one entry was made from is a *branch*, and a *front*
is a place that all branches pass: one tensor in which they lie side by side along an axis, or
tensors of their own, or both. A maximum above the scores opens a second branching (the answers to
each action), and so on. Where entries of several branches are mixed, tracing ends.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from math import prod

import numpy as np

from extract.graph.axis import MIXED, Along, operand_axis
from extract.network import Array, Network, Node

OWN = 0
"""The branching of the agent's own actions; those of answers have higher numbers."""
DEEPEST = 4
"""Branchings that are followed at most."""


@dataclass(frozen=True)
class Front:
    """One place that all branches pass.

    Attributes:
        names: tensors, one for each combination of the branches in `apart`, the last varying
            fastest.
        apart: branchings whose branches are tensors of their own, each with its size.
        along: branchings whose branches lie along an axis of every one of the tensors.
        own: branching -> parameters read here that differ between its branches.
        within: nodes between this front and the one above it: maxima within a maximum.
    """

    names: tuple[str, ...]
    apart: tuple[tuple[int, int], ...] = ()
    along: tuple[tuple[int, Along], ...] = ()
    own: Mapping[int, frozenset[str]] = field(default_factory=dict[int, frozenset[str]])
    within: frozenset[str] = frozenset()

    @property
    def sizes(self) -> dict[int, int]:
        """Branching -> number of its branches, in order."""
        both = [*self.apart, *((label, one.size) for label, one in self.along)]
        return dict(sorted(both))

    def width(self, network: Network) -> int:
        """The number of entries that each branch has."""
        return network.node(self.names[0]).size * len(self.names) // prod(self.sizes.values())

    def read(self, network: Network, values: Mapping[str, Array]) -> Array:
        """What the branches have (N, actions, answers, entries), given the tensors' values."""
        rows = [values[name].reshape(len(values[name]), -1) for name in self.names]
        return np.concatenate(rows, axis=1)[:, self._places(network)]

    def put(self, network: Network, entries: Array) -> dict[str, Array]:
        """Values for the tensors that give the branches (N, actions, answers, entries); an axis of
        size 1 stands for all.
        """
        places, count = self._places(network), len(entries)
        flat = np.empty((count, places.size))
        flat[:, places.ravel()] = np.broadcast_to(entries, (count, *places.shape)).reshape(
            count, -1
        )
        shape = network.node(self.names[0]).shape
        parts = np.split(flat, len(self.names), axis=1)
        return {n: v.reshape(count, *shape) for n, v in zip(self.names, parts, strict=True)}

    def _places(self, network: Network) -> Array:
        """Which entries of all tensors, joined flat, each branch has."""
        shape = network.node(self.names[0]).shape
        total, count = prod(shape), len(self.names)
        flat = np.arange(total)
        digits: dict[int, Array] = {}
        for label, one in self.along:
            index = flat // prod(shape[one.axis + 1 :]) % shape[one.axis]
            digits[label] = np.tile(index // one.stride % one.size, count)
        left = np.repeat(np.arange(count), total)
        for label, size in reversed(self.apart):
            digits[label] = left % size
            left = left // size
        keys = [digits[label] for label in reversed(self.sizes)]
        order = np.lexsort([np.arange(total * count), *keys])
        first, *rest = self.sizes.values()
        return order.reshape(first, prod(rest), -1)


def trace(network: Network, scores: str) -> tuple[Front, ...]:
    """The fronts above the scores, from the scores upwards, as far as branches are held apart."""
    start = network.node(scores)
    axis = max(range(len(start.shape)), key=lambda at: start.shape[at], default=0)
    if not start.shape or start.shape[axis] != start.size:
        return ()
    tracer = _Tracer(network)
    tracer.walk(Front((start.name,), along=((OWN, Along(axis, start.size)),)))
    return tracer.whole()


class _Tracer:
    """A walk upwards that remembers which front each tensor belongs to."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.fronts: dict[tuple[str, ...], Front] = {}
        self.home: dict[str, tuple[str, ...]] = {}
        self.torn: set[tuple[str, ...]] = set()
        self.labels = 1

    def walk(self, start: Front) -> None:
        """Follow the branches as far up as they go."""
        queue = deque([start])
        while queue:
            front = queue.popleft()
            if OWN not in front.sizes or self._is_known(front):
                continue
            own, above = self._above(front)
            inner = {name for one in front.names for name in _nest(self.network, one)[1]}
            self.fronts[front.names] = replace(front, own=own, within=frozenset(inner))
            queue.extend(above)

    def whole(self) -> tuple[Front, ...]:
        """The fronts in which no two ways disagree."""
        return tuple(front for names, front in self.fronts.items() if names not in self.torn)

    def _is_known(self, front: Front) -> bool:
        """Whether a front was met before; fronts that overlap otherwise are both torn."""
        others = {self.home[name] for name in front.names if name in self.home}
        known = self.fronts.get(front.names)
        if known is not None and (known.apart, known.along) == (front.apart, front.along):
            return True
        if others:
            self.torn |= {front.names, *others}
        for name in front.names:
            self.home.setdefault(name, front.names)
        return known is not None

    def _above(self, front: Front) -> tuple[dict[int, frozenset[str]], list[Front]]:
        """The parameters that differ between branches, and the fronts that are read."""
        nodes = [self.network.node(name) for name in front.names]
        first = nodes[0]
        if any(_look(node) != _look(first) for node in nodes):
            return {}, []
        opened = self._opened(front, nodes)
        if opened is not None:
            return {}, [opened]
        own: dict[int, frozenset[str]] = {}
        above: list[Front] = []
        for position in range(len(first.inputs)):
            names = tuple(node.inputs[position] for node in nodes)
            along = [
                (label, place, operand_axis(self.network, first, position, place))
                for label, place in front.along
            ]
            if all(name in self.network.parameters for name in names):
                differ = {label for label, _, there in along if isinstance(there, Along)}
                for label in differ | self._differing(front, names):
                    own[label] = own.get(label, frozenset()) | set(names)
            elif not any(name in self.network.parameters for name in names) and not any(
                there is MIXED and label == OWN for label, _, there in along
            ):
                kept = tuple((label, to) for label, _, to in along if isinstance(to, Along))
                above.append(_joined(Front(names, front.apart, kept)))
        return own, above

    def _differing(self, front: Front, names: tuple[str, ...]) -> set[int]:
        """The branchings between whose branches some of the parameters differ."""
        arrays = [self.network.parameters[name].tobytes() for name in names]
        index = np.array([arrays.index(one) for one in arrays])
        table = index.reshape([size for _, size in front.apart])
        return {
            label
            for axis, (label, _) in enumerate(front.apart)
            if (table != table.take([0], axis=axis)).any()
        }

    def _opened(self, front: Front, nodes: list[Node]) -> Front | None:
        """What lies above where branches become tensors of their own, or answers are compared."""
        first = nodes[0]
        if first.op == "concat":
            for label, place in front.along:
                if _is_join(self.network, first, place):
                    names = tuple(name for node in nodes for name in node.inputs)
                    rest = tuple(one for one in front.along if one[0] != label)
                    return _joined(Front(names, (*front.apart, (label, place.size)), rest))
        if self.labels >= DEEPEST:
            return None
        return self._compared(front, nodes) or self._reduced(front, nodes)

    def _compared(self, front: Front, nodes: list[Node]) -> Front | None:
        """The tensors that a maximum or minimum of tensors of equal look compares."""
        if nodes[0].op not in ("maximum", "minimum"):
            return None
        nests = [_nest(self.network, node.name)[0] for node in nodes]
        names = tuple(name for nest in nests for name in nest)
        looks = {_look(self.network.node(name)) for name in names}
        if len({len(nest) for nest in nests}) > 1 or len(looks) > 1:
            return None
        if any(name in self.network.parameters for name in names):
            return None
        return Front(names, (*front.apart, (self._next(), len(nests[0]))), front.along)

    def _reduced(self, front: Front, nodes: list[Node]) -> Front | None:
        """The tensors along an axis of which a maximum is taken."""
        first = nodes[0]
        if first.op != "reduce_max" or len(first.attributes["axes"]) != 1:
            return None
        (axis,) = first.attributes["axes"]
        shape = self.network.node(first.inputs[0]).shape
        kept = [
            (label, there)
            for label, place in front.along
            for there in [operand_axis(self.network, first, 0, place)]
            if isinstance(there, Along)
        ]
        if shape[axis] < 2 or len(kept) < len(front.along):
            return None
        kept.append((self._next(), Along(axis, shape[axis])))
        return _joined(Front(tuple(node.inputs[0] for node in nodes), front.apart, tuple(kept)))

    def _next(self) -> int:
        self.labels += 1
        return self.labels - 1


def _is_join(network: Network, node: Node, place: Along) -> bool:
    """Whether a concatenation joins one tensor for each branch."""
    sizes = {network.node(name).shape[place.axis] for name in node.inputs}
    fits = node.shape[place.axis] == place.size * place.stride and len(node.inputs) == place.size
    same = node.attributes["axis"] == place.axis and sizes == {place.stride}
    return fits and same and not any(name in network.parameters for name in node.inputs)


def _joined(front: Front) -> Front:
    """Without the branchings in which all branches are the same tensors."""
    table = np.array(front.names, dtype=object).reshape([size for _, size in front.apart])
    kept: list[tuple[int, int]] = []
    for label, size in front.apart:
        first = table.take([0], axis=len(kept))
        if (table == first).all():
            table = table.take(0, axis=len(kept))
        else:
            kept.append((label, size))
    return replace(front, names=tuple(np.ravel(table).tolist()), apart=tuple(kept))


def _look(node: Node) -> tuple[object, ...]:
    return node.op, node.shape, tuple(sorted(node.attributes.items()))


def _nest(network: Network, name: str) -> tuple[list[str], list[str]]:
    """The operands of a maximum of maxima or a minimum of minima, and the inner ones of these."""
    node = network.node(name)
    operands: list[str] = []
    inner: list[str] = []
    if node.op not in ("maximum", "minimum"):
        return operands, inner
    for source in node.inputs:
        lone = len(network.consumers(source)) == 1 and source not in network.outputs
        if network.node(source).op == node.op and lone:
            deeper, within = _nest(network, source)
            operands += deeper
            inner += [source, *within]
        else:
            operands.append(source)
    return operands, inner
