"""ATen's recurrent cells, and its layers over whole sequences."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from extract.reader import idiom
from extract.reader.aten.call import AtenCall, Handler
from extract.reader.build import Value
from extract.reader.recurrent import Cell, Step, Weights, at, run, stacked

RELU = partial(Cell.plain, function="relu")


def _titles(c: AtenCall, count: int) -> list[str]:
    """Names of the results; where one is not used, of a helper."""
    given = [*c.call.outputs, *(None,) * count][:count]
    return [n or c.builder.fresh(f"{c.name}.{i}") for i, n in enumerate(given)]


def _cell(step: Step, order: str, parts: int = 1) -> Handler:
    def handler(c: AtenCall) -> list[Value]:
        state = c.take("hx") if parts > 1 else [c.tensor("hx")]
        weights = Weights(
            c.tensor("w_ih"), c.tensor("w_hh"), c.optional("b_ih"), c.optional("b_hh"), order
        )
        weights.check(c.builder)
        if len(state) != parts or not all(isinstance(v, Value) for v in state):
            raise c.builder.wrong("its argument 'hx' is no state")
        return step(Cell(c.builder, weights, c.name), c.tensor("input"), state, _titles(c, parts))

    return handler


def _layer(step: Step, order: str, parts: int = 1) -> Handler:
    def handler(c: AtenCall) -> list[Value]:
        b = c.builder
        if c.flag("train") and c.real("dropout"):
            raise b.unsupported("training mode: call eval() before exporting")
        c.ignore("dropout")
        directions = 2 if c.flag("bidirectional") else 1
        first: list[Value] = c.take("hx") if parts > 1 else [c.tensor("hx")]
        weights: list[Value] = c.take("params")
        each = 4 if c.flag("has_biases") else 2
        layers = c.integer("num_layers")
        if len(weights) != layers * directions * each or len(first) != parts:
            raise b.unsupported(f"{len(weights)} weights for {layers} layers (projections?)")
        sequence = c.tensor("input")
        turned = c.flag("batch_first")
        if turned:
            sequence = idiom.transpose(b, sequence, (1, 0, 2), b.fresh(f"{c.name}.steps"))
        last: list[list[Value]] = []
        for layer in range(layers):
            shown: list[list[Value]] = []
            for way in range(directions):
                place = layer * directions + way
                cell = _cell_at(c, weights[place * each : (place + 1) * each], order, place)
                state = [at(b, part, place, f"{cell.name}.first") for part in first]
                outputs, end = run(cell, step, sequence, state, backward=bool(way))
                shown.append(outputs)
                last.append(end)
            sequence = _joined(c, shown, layer, layers, turned)
        names = _titles(c, parts + 1)
        ends = [stacked(b, [end[i] for end in last], 0, names[1 + i]) for i in range(parts)]
        return [sequence, *ends]

    return handler


def _cell_at(c: AtenCall, weights: Sequence[Value], order: str, place: int) -> Cell:
    entry, state, *biases = weights
    first, second = biases or (None, None)
    made = Weights(entry, state, first, second, order)
    made.check(c.builder)
    return Cell(c.builder, made, f"{c.name}.{place}")


def _joined(
    c: AtenCall, shown: Sequence[Sequence[Value]], layer: int, layers: int, turned: bool
) -> Value:
    """What a layer shows as one sequence, both directions side by side."""
    b, final = c.builder, layer == layers - 1
    steps = [
        both[0]
        if len(both) == 1
        else b.emit("concat", both, b.fresh(f"{c.name}.{layer}.both"), axis=1)
        for both in zip(*shown, strict=True)
    ]
    name = c.name if final else b.fresh(f"{c.name}.{layer}.shown")
    return stacked(b, steps, 1 if turned and final else 0, name)


ROWS: dict[str, Handler] = {
    "gru.input": _layer(Cell.gru, "rzn"),
    "gru_cell.default": _cell(Cell.gru, "rzn"),
    "lstm.input": _layer(Cell.lstm, "ifgo", 2),
    "lstm_cell.default": _cell(Cell.lstm, "ifgo", 2),
    "rnn_relu.input": _layer(RELU, "h"),
    "rnn_relu_cell.default": _cell(RELU, "h"),
    "rnn_tanh.input": _layer(Cell.plain, "h"),
    "rnn_tanh_cell.default": _cell(Cell.plain, "h"),
}
