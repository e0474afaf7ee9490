"""The builder through which every reader makes a network.

A reader walks its source and hands over one operator at a time. What is known while reading
(weights, shapes, arithmetic on them) stays an array; what depends on an input becomes a node. Only
the operators of the table come out; `extract.reader.idiom` spells the others in terms of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from extract.network import Array, Network, Node, Precision, check_size
from extract.operator import OPERATORS, Shape, ShapeError
from extract.reader.reading import Reading, Refusal
from extract.reader.tidy import tidy
from theory.error import InputError, UnsupportedOperator

FLOATS = ("float32", "float64")


@dataclass(frozen=True)
class Value:
    """A tensor while reading.

    Attributes:
        name: of the node that produces it, or of the constant.
        shape: its shape.
        dtype: numpy's name of the type of its entries in the source.
        array: its entries where they are known while reading.
    """

    name: str
    shape: Shape
    dtype: str
    array: Array | None = None

    @property
    def rank(self) -> int:
        """The number of axes."""
        return len(self.shape)


@dataclass
class Builder:
    """Collects nodes, parameters and refusals of one source.

    Attributes:
        title: name of the source, for messages and for the network.
        reserved: names of the source's own tensors, which no helper node may take.
        weights: number of weights the source holds.
        precision: float64 as soon as one input is.
    """

    title: str
    nodes: list[Node] = field(default_factory=list[Node])
    parameters: dict[str, Array] = field(default_factory=dict[str, Array])
    inputs: list[str] = field(default_factory=list[str])
    aliases: dict[str, str] = field(default_factory=dict[str, str])
    operators: Counter[str] = field(default_factory=Counter[str])
    refusals: list[Refusal] = field(default_factory=list[Refusal])
    reserved: frozenset[str] = frozenset()
    weights: int = 0
    precision: Precision = "float32"
    operator: str = ""
    place: str = ""
    module: str = ""
    _taken: set[str] = field(default_factory=set[str])

    def at(self, operator: str, place: str, module: str = "") -> None:
        """State which node of the source is being read."""
        self.operator, self.place, self.module = operator, place, module
        self.operators[operator] += 1

    def unsupported(self, reason: str = "") -> UnsupportedOperator:
        """The error that refuses the present node."""
        return UnsupportedOperator(self.operator, self.place, reason)

    def wrong(self, reason: str) -> InputError:
        """The error for a malformed source at the present node."""
        return InputError(f"{self.title}: node {self.place!r} ({self.operator}): {reason}")

    def refuse(self, error: UnsupportedOperator) -> None:
        """Note a refusal and go on, so that all of them can be reported together."""
        reason = str(error).partition(f"{error.node!r}: ")[2]
        self.refusals.append(Refusal(self.place, self.operator, reason))

    def input(self, name: str, shape: Shape, dtype: str) -> Value:
        """Declare an input of the network."""
        if dtype not in FLOATS:
            raise InputError(f"{self.title}: input {name!r} holds {dtype}; float32 is needed")
        check_size(f"{self.title}: input {name!r}", shape)
        if dtype == "float64":
            self.precision = dtype
        self.inputs.append(self._claim(name))
        self.nodes.append(Node(name, "input", (), shape))
        return Value(name, shape, dtype)

    def opaque(self, name: str, shape: Shape, dtype: str) -> Value:
        """Stand in for the result of a refused node; no network comes of it."""
        self.nodes.append(Node(self._claim(name), "input", (), shape))
        return Value(name, shape, dtype)

    def constant(self, name: str, array: Array) -> Value:
        """A tensor known while reading; it becomes a parameter when a node needs it.

        Raises:
            InputError: it holds NaN.
        """
        kind = str(array.dtype)
        if array.dtype.kind == "f" and np.isnan(array).any():
            raise InputError(f"{self.title}: tensor {name!r} holds NaN")
        return Value(name, tuple(int(n) for n in array.shape), kind, array)

    def scalar(self, number: float, like: Value) -> Value:
        """A number, rounded to the arithmetic of `like` as its operator does when it runs."""
        array = np.array(number, dtype=np.float64).astype(like.dtype)
        suffix = "" if like.dtype == "float32" else f":{like.dtype}"
        return self.constant(f"const({array.item()!r}){suffix}", array)

    def rounded(self, number: float, like: Value) -> float:
        """An attribute, rounded to the arithmetic of `like` as its operator does when it runs."""
        return float(np.array(number, dtype=np.float64).astype(like.dtype))

    def known(self, value: Value, what: str) -> Array:
        """The entries of an operand that has to be known while reading.

        Raises:
            UnsupportedOperator: they depend on an input.
        """
        if value.array is None:
            raise self.unsupported(f"{what} is not a constant")
        return value.array

    def integers(self, value: Value, what: str) -> list[int]:
        """The entries of a constant operand as integers."""
        array = self.known(value, what)
        if array.dtype.kind not in "iu":
            raise self.wrong(f"{what} holds {array.dtype}, not integers")
        return [int(n) for n in array.ravel()]

    def emit(self, op: str, operands: Sequence[Value], name: str, **attributes: Any) -> Value:
        """Add one node; constant operands become parameters.

        Raises:
            InputError: shapes do not fit, or a weight is infinite or of another type than float.
            UnsupportedOperator: an operand of a real operator holds integers.
        """
        row = OPERATORS[op]
        layout = op in ("reshape", "transpose", "slice", "gather", "concat")
        for value in operands:
            if value.dtype not in FLOATS and not layout:
                raise self.unsupported(f"arithmetic on {value.dtype}")
        try:
            shape = row.shape(attributes, [value.shape for value in operands])
        except ShapeError as error:
            raise self.wrong(str(error)) from None
        check_size(f"{self.title}: node {self.place!r}", shape)
        sources = tuple(self.node_of(value) for value in operands)
        self.nodes.append(
            Node(self._claim(name), op, sources, shape, dict(attributes), self.module)
        )
        return Value(
            name, shape, "int64" if op == "argmax" else _common([v.dtype for v in operands])
        )

    def node_of(self, value: Value) -> str:
        """Name of the node behind a value; a constant becomes a parameter on first use."""
        if value.array is None:
            return value.name
        if value.dtype not in FLOATS:
            raise self.unsupported(f"the constant {value.name!r} holds {value.dtype}")
        if not np.isfinite(value.array).all():
            raise InputError(f"{self.title}: tensor {value.name!r} holds infinite values")
        held = self.parameters.get(value.name)
        if held is not None:
            if held.shape != value.shape or not np.array_equal(held, value.array):
                raise self.wrong(f"two constants are named {value.name!r}")
            return value.name
        check_size(f"{self.title}: tensor {value.name!r}", value.shape)
        self.parameters[self._claim(value.name)] = value.array
        self.nodes.append(Node(value.name, "parameter", (), value.shape))
        return value.name

    def alias(self, name: str, value: Value) -> Value:
        """Let another name of the source mean an existing tensor."""
        if value.array is not None:
            return replace(value, name=name)
        if name != value.name:
            self.aliases[name] = value.name
        return value

    def fresh(self, name: str) -> str:
        """A name near the given one that no node bears yet."""
        number, result = 1, name
        while result in self._taken or result in self.reserved:
            number += 1
            result = f"{name}~{number}"
        return result

    def _claim(self, name: str) -> str:
        if not name or name in self._taken:
            raise InputError(f"{self.title}: two tensors are named {name!r}")
        self._taken.add(name)
        return name

    def finish(
        self,
        outputs: Sequence[tuple[str, Value]],
        *,
        sha256: str,
        declared: Mapping[str, str] | None = None,
        notes: Sequence[str] = (),
        scaling: Sequence[tuple[float, float]] = (),
    ) -> Reading:
        """Close the graph.

        Args:
            outputs: name and value of each output, in order.
            sha256: of the source.
            declared: role -> tensor, where the source says so.
            notes: facts for the report.
            scaling: of the first inputs, where the source says it and the graph does not do it.

        Returns:
            The reading; with a network unless a node was refused.

        Raises:
            InputError: an output does not depend on any input, or the graph is malformed.
        """
        reading = Reading(
            self.title, sha256, dict(self.operators), self.weights, tuple(self.refusals)
        )
        if self.refusals:
            return reading
        ends: list[str] = []
        for name, value in outputs:
            if value.array is not None:
                raise InputError(f"{self.title}: output {name!r} does not depend on any input")
            self.operator, self.place, self.module = "output", name, ""
            end = value
            if name != value.name and name not in self._taken:
                self.aliases.pop(name, None)
                end = self.emit("reshape", [value], name, shape=value.shape)
            ends.append(end.name)
        network = Network(
            nodes=tuple(self.nodes),
            inputs=tuple(self.inputs),
            outputs=tuple(ends),
            parameters=self.parameters,
            name=self.title,
            sha256=sha256,
            aliases=self.aliases,
            declared=dict(declared or {}),
            notes=tuple(notes),
            scaling=tuple(scaling),
            precision=self.precision,
        )
        return replace(reading, network=tidy(network))


def _common(dtypes: Sequence[str]) -> str:
    floats = [dtype for dtype in dtypes if dtype in FLOATS]
    if not floats:
        return dtypes[0]
    return "float64" if "float64" in floats else "float32"
