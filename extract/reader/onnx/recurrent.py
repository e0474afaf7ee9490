"""ONNX's recurrent layers."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np

from extract.reader.build import Value
from extract.reader.onnx.node import Handler, OnnxNode
from extract.reader.recurrent import Cell, Step, Weights, at, run, stacked, zeros


def _layer(
    step: Step, order: str, functions: Sequence[str], parts: int = 1, peephole: int | None = None
) -> Handler:
    """A layer of one or two directions.

    Args:
        step: what is repeated.
        order: of the gates in the weights.
        functions: the activations of one direction.
        parts: of the state.
        peephole: position of the operand that would add weights from the memory to the gates.
    """

    def handler(n: OnnxNode) -> list[Value]:
        b = n.builder
        way = n.attribute("direction", "forward")
        backward = {"forward": [False], "reverse": [True], "bidirectional": [False, True]}.get(way)
        if backward is None:
            raise b.wrong(f"direction = {way!r}")
        n.must_be("activations", list(functions) * len(backward))
        n.must_be("input_forget", 0)
        n.must_be("layout", 0)
        n.ignore("hidden_size", "activation_alpha", "activation_beta")
        x = n.operand(0)
        _check_lengths(n, x)
        seen = None if peephole is None else n.optional(peephole)
        if seen is not None and b.known(seen, "a peephole").any():
            raise b.unsupported("peepholes")
        size = n.operand(2).shape[-1]
        shown: list[list[Value]] = []
        last: list[list[Value]] = []
        for place, turned in enumerate(backward):
            cell = Cell(b, _weights(n, place, order), f"{b.place}.{place}")
            firsts = (n.optional(5 + part) for part in range(parts))
            state = [
                zeros(b, (x.shape[1], size), x)
                if first is None
                else at(b, first, place, f"{cell.name}.first")
                for first in firsts
            ]
            outputs, end = run(cell, step, x, state, backward=turned)
            shown.append(outputs)
            last.append(end)
        return _results(n, shown, last)

    return handler


def _check_lengths(n: OnnxNode, x: Value) -> None:
    lengths = n.optional(4)
    if lengths is not None and set(n.builder.integers(lengths, "sequence_lens")) != {x.shape[0]}:
        raise n.builder.unsupported("sequences that end early")


def _weights(n: OnnxNode, place: int, order: str) -> Weights:
    b = n.builder
    entry, state, biases = n.operand(1), n.operand(2), n.optional(3)
    rows = len(order) * state.shape[-1]
    b.known(entry, "a weight")
    b.known(state, "a weight")
    first = second = None
    if biases is not None:
        both = b.known(biases, "a bias")
        if both.ndim != 2 or both.shape[1] != 2 * rows or place >= len(both):
            raise b.wrong(f"a bias of shape {both.shape} does not fit {rows} rows")
        first, second = (
            b.constant(f"{biases.name}[{place}].{kind}", np.ascontiguousarray(half))
            for kind, half in zip(("entry", "state"), np.split(both[place], 2), strict=True)
        )
    if min(entry.shape[0], state.shape[0]) <= place:
        raise b.wrong("a direction has no weights")
    made = Weights(at(b, entry, place, ""), at(b, state, place, ""), first, second, order)
    made.check(b)
    return made


def _results(
    n: OnnxNode, shown: Sequence[Sequence[Value]], last: Sequence[Sequence[Value]]
) -> list[Value]:
    """All shown states (steps, directions, batch, size), then the last ones by part; what has no
    name is not made, since nobody reads it.
    """
    b = n.builder
    names = [*n.proto.output, "", "", ""]
    results = [shown[0][-1], *last[0]]
    if names[0]:
        both = [stacked(b, s, 0, b.fresh(f"{b.place}.step")) for s in zip(*shown, strict=True)]
        results[0] = stacked(b, both, 0, names[0])
    for part, name in enumerate(names[1 : len(results)]):
        if name:
            results[1 + part] = stacked(b, [end[part] for end in last], 0, name)
    return results


def _gru(n: OnnxNode) -> list[Value]:
    after = bool(n.attribute("linear_before_reset", 0))
    step = partial(Cell.gru, reset_after=after)
    return _layer(step, "zrn", ("Sigmoid", "Tanh"))(n)


def _plain(n: OnnxNode) -> list[Value]:
    named: list[str] = n.attribute("activations", ["Tanh"])
    first = named[0] if named else "Tanh"
    functions = {"Tanh": "tanh", "Relu": "relu"}
    if first not in functions:
        raise n.builder.unsupported(f"activation {first!r}")
    return _layer(partial(Cell.plain, function=functions[first]), "h", (first,))(n)


ROWS: dict[str, Handler] = {
    "GRU": _gru,
    "LSTM": _layer(Cell.lstm, "iofg", ("Sigmoid", "Tanh", "Tanh"), parts=2, peephole=7),
    "RNN": _plain,
}
