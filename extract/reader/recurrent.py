"""Recurrent layers, spelled out step by step in the operators of the table.

A gate is one sum over the input and the state, `act(W x + R h + a + b)`: one `linear` over both,
joined with a constant 1 that carries the second bias. Libraries differ in which of the parts they
add first, and whether they add the biases beforehand; bounds on one sum in any order cover all of
them. The new state of a GRU is n + z (h - n): the rounding errors of that form also cover those of
(1 - z) n + z h.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from extract.network import Array
from extract.reader import idiom
from extract.reader.build import Builder, Value

LONGEST_SEQUENCE = 512
"""Longer sequences are refused: every step is spelled out."""


@dataclass(frozen=True)
class Weights:
    """The weights of one direction of one layer; several gates are stacked along the first axis.

    Attributes:
        entry: on the input, (gates * size, inputs).
        state: on the state, (gates * size, size).
        entry_bias, state_bias: (gates * size,); of which the second may be multiplied by a gate.
        order: the gates, a letter each, in the order in which they are stacked.
    """

    entry: Value
    state: Value
    entry_bias: Value | None
    state_bias: Value | None
    order: str

    @property
    def size(self) -> int:
        """The number of entries of a state."""
        return self.state.shape[-1]

    def check(self, b: Builder) -> None:
        """Refuse weights that are not known, or whose shapes do not fit.

        Raises:
            UnsupportedOperator: they are not known while reading.
            InputError: they do not fit.
        """
        rows = len(self.order) * self.size
        b.known(self.state, "a weight")
        b.known(self.entry, "a weight")
        for bias in (self.entry_bias, self.state_bias):
            if bias is not None and b.known(bias, "a bias").shape != (rows,):
                raise b.wrong(f"a bias of shape {bias.shape} does not fit {rows} rows")
        if self.entry.rank != 2 or self.entry.shape[0] != rows or self.state.shape[:1] != (rows,):
            raise b.wrong(f"weights of shapes {self.entry.shape} and {self.state.shape} do not fit")

    def part(self, b: Builder, gates: str, kind: str) -> Value | None:
        """Of some gates, the weights or biases of a kind, "entry" to "state_bias"."""
        value: Value | None = getattr(self, kind)
        if value is None or gates == self.order:
            return value
        rows = np.arange(len(self.order) * self.size).reshape(-1, self.size)
        picked = np.concatenate([rows[self.order.index(gate)] for gate in gates])
        return b.constant(f"{value.name}:{gates}", b.known(value, "a weight")[picked])


@dataclass(frozen=True)
class Cell:
    """Reads one step of a recurrent layer.

    Attributes:
        builder: gets the nodes.
        weights: of the cell.
        name: that the names of helper nodes begin with.
    """

    builder: Builder
    weights: Weights
    name: str

    def _emit(self, op: str, operands: Sequence[Value], part: str) -> Value:
        b = self.builder
        return b.emit(op, operands, b.fresh(f"{self.name}.{part}"))

    def _sum(self, x: Value, h: Value, gates: str, *, only: str = "") -> Value:
        """W x + R h + biases of some gates; of the `only` "entry" or "state", the other with
        weights of zero where it varies and this does not.
        """
        b, w = self.builder, self.weights
        entry, state, first, second = (
            w.part(b, gates, kind) for kind in ("entry", "state", "entry_bias", "state_bias")
        )
        if entry is None or state is None:
            raise b.wrong("a weight is missing")
        title = b.fresh(f"{self.name}.{gates}{only and '.'}{only}")
        if only:
            one, matrix, bias = (x, entry, first) if only == "entry" else (h, state, second)
            if one.array is None:
                return idiom.linear(b, one, matrix, bias, title)
            nought = state if only == "entry" else entry
            blank = b.constant(f"{nought.name}:0", np.zeros_like(b.known(nought, "a weight")))
            entry, state = (matrix, blank) if only == "entry" else (blank, matrix)
            first, second = bias, None
        parts, columns = [x, h], [b.known(entry, "a weight"), b.known(state, "a weight")]
        label = f"{entry.name}|{state.name}"
        if second is not None:
            ones = np.ones((*x.shape[:-1], 1), dtype=x.dtype)
            parts.append(b.constant(f"ones{ones.shape}:{x.dtype}", ones))
            columns.append(b.known(second, "a bias")[:, None])
            label = f"{label}|{second.name}"
        joined = b.emit("concat", parts, b.fresh(f"{title}.joined"), axis=x.rank - 1)
        weight = b.constant(label, np.concatenate(columns, axis=1))
        return idiom.linear(b, joined, weight, first, title)

    def _gates(self, x: Value, h: Value, gates: str) -> list[Value]:
        """The sums of some gates, each by itself."""
        b, size = self.builder, self.weights.size
        total = self._sum(x, h, gates)
        names = [b.fresh(f"{total.name}.{gate}") for gate in gates]
        return idiom.split(b, total, total.rank - 1, [size] * len(gates), names)

    def lstm(self, x: Value, state: Sequence[Value], names: Sequence[str]) -> list[Value]:
        """c' = f c + i g and h' = o tanh c' (Hochreiter and Schmidhuber 1997, with Gers's f)."""
        h, c = state
        sums = dict(zip("ifgo", self._gates(x, h, "ifgo"), strict=True))
        kept = self._emit("mul", [self._emit("sigmoid", [sums["f"]], "forget"), c], "kept")
        gate = self._emit("sigmoid", [sums["i"]], "admit")
        added = self._emit("mul", [gate, self._emit("tanh", [sums["g"]], "new")], "added")
        c = self.builder.emit("add", [kept, added], names[1])
        shown = self._emit("tanh", [c], "shown")
        gate = self._emit("sigmoid", [sums["o"]], "show")
        return [self.builder.emit("mul", [gate, shown], names[0]), c]

    def gru(
        self, x: Value, state: Sequence[Value], names: Sequence[str], *, reset_after: bool = True
    ) -> list[Value]:
        """h' = n + z (h - n), n = tanh(W x + a + r (R h + b)), or R (r h) (Cho et al. 2014)."""
        (h,) = state
        reset, update = (self._emit("sigmoid", [s], "gate") for s in self._gates(x, h, "rz"))
        if reset_after:
            past = self._emit("mul", [reset, self._sum(x, h, "n", only="state")], "past")
            total = self._emit("add", [self._sum(x, h, "n", only="entry"), past], "total")
        else:
            total = self._sum(x, self._emit("mul", [reset, h], "past"), "n")
        new = self._emit("tanh", [total], "new")
        moved = self._emit("mul", [update, self._emit("sub", [h, new], "gap")], "moved")
        return [self.builder.emit("add", [new, moved], names[0])]

    def plain(
        self, x: Value, state: Sequence[Value], names: Sequence[str], *, function: str = "tanh"
    ) -> list[Value]:
        """h' = tanh(W x + R h + biases), or relu (Elman 1990)."""
        total = self._sum(x, state[0], self.weights.order)
        return [self.builder.emit(function, [total], names[0])]


Step = Callable[[Cell, Value, Sequence[Value], Sequence[str]], list[Value]]
"""One step: from the cell, its input and its state to the next state, whose first part is shown."""


def run(
    cell: Cell, step: Step, sequence: Value, state: Sequence[Value], *, backward: bool
) -> tuple[list[Value], list[Value]]:
    """The shown states, in the order of the sequence, and the last state.

    Args:
        cell, step: what is repeated.
        sequence: (steps, batch, inputs).
        state: the first one; each part (batch, size).
        backward: whether to begin at the end.

    Raises:
        UnsupportedOperator: the sequence is too long.
    """
    b, steps = cell.builder, sequence.shape[0]
    if steps > LONGEST_SEQUENCE:
        raise b.unsupported(f"a sequence of {steps} steps; {LONGEST_SEQUENCE} are spelled out")
    if all(value.array is not None for value in (sequence, *state)):
        raise b.unsupported("on constants alone")
    shown: list[Value] = []
    for i in reversed(range(steps)) if backward else range(steps):
        place = f"{cell.name}.{i}"
        x = at(b, sequence, i, f"{place}.input")
        names = [b.fresh(f"{place}.{part}") for part in ("state", "memory")[: len(state)]]
        state = step(Cell(b, cell.weights, place), x, state, names)
        shown.append(state[0])
    return shown[::-1] if backward else shown, list(state)


def at(b: Builder, value: Value, index: int, name: str) -> Value:
    """The entry at an index of the first axis, without that axis."""
    if value.array is not None:
        return b.constant(f"{value.name}[{index}]", value.array[index])
    piece = idiom.cut_range(b, value, 0, range(index, index + 1), b.fresh(f"{name}.cut"))
    return idiom.reshape(b, piece, value.shape[1:], b.fresh(name))


def stacked(b: Builder, values: Sequence[Value], axis: int, name: str) -> Value:
    """Values of one shape along a new axis."""
    wide = [idiom.unsqueeze(b, v, [axis], b.fresh(f"{name}.{i}")) for i, v in enumerate(values)]
    return b.emit("concat", wide, name, axis=axis) if len(wide) > 1 else b.alias(name, wide[0])


def zeros(b: Builder, shape: Sequence[int], like: Value) -> Value:
    """A state of zeros."""
    nought: Array = np.zeros(tuple(shape), dtype=like.dtype)
    return b.constant(f"zeros{nought.shape}:{like.dtype}", nought)
