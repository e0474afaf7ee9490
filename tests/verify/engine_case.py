"""Tiny networks in two forms: the graph that engines take, and plain Python to judge them by.

The plain form works on any numbers with `+ - *` and comparisons: fractions, enclosures, and the
affine numbers of `sweep`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, TypeVar

import numpy as np
from hypothesis.strategies import DrawFn
from strategy import dyadics, flat, pick

from extract.network import Array, Network, Node
from theory import Agent, Interpretation
from theory.enclosure import largest, smallest, tanh
from theory.value import Vector

Numbers = list[Any]
T = TypeVar("T")
Rows = tuple[tuple[Fraction, ...], ...]


@dataclass
class Drawing:
    """Grows the graph of a tiny network; every tensor has shape (1, n)."""

    nodes: list[Node] = field(default_factory=list[Node])
    parameters: dict[str, Array] = field(default_factory=dict[str, Array])

    def add(self, op: str, inputs: Sequence[str], size: int, **attributes: Any) -> str:
        """A node with a result of shape (1, size); its name."""
        return self._put(Node(f"{op}{len(self.nodes)}", op, tuple(inputs), (1, size), attributes))

    def hold(self, values: Any) -> str:
        """A parameter; its name."""
        array = np.array(values, dtype=np.float32)
        name = self._put(Node(f"parameter{len(self.nodes)}", "parameter", (), array.shape))
        self.parameters[name] = array
        return name

    def _put(self, node: Node) -> str:
        self.nodes.append(node)
        return node.name


@dataclass(frozen=True)
class Dense:
    """y = W x + b."""

    weights: Rows
    biases: tuple[Fraction, ...]

    def size(self, inputs: int) -> int:
        """The number of outputs."""
        return len(self.biases)

    def __call__(self, x: Numbers) -> Numbers:
        """Evaluate."""
        return [
            sum((w * v for w, v in zip(row, x, strict=True)), bias)
            for row, bias in zip(self.weights, self.biases, strict=True)
        ]

    def draw(self, drawing: Drawing, x: str, size: int) -> str:
        """Put it into a graph."""
        weights, biases = drawing.hold(_floats(self.weights)), drawing.hold(_floats(self.biases))
        return drawing.add("linear", (x, weights, biases), len(self.biases))


@dataclass(frozen=True)
class Bend:
    """A function of one number, applied to each."""

    op: str
    alpha: Fraction = Fraction(1, 4)

    def size(self, inputs: int) -> int:
        """The number of outputs."""
        return inputs

    def __call__(self, x: Numbers) -> Numbers:
        """Evaluate."""
        match self.op:
            case "relu":
                return [largest(v, Fraction(0)) for v in x]
            case "leaky_relu":
                return [largest(v, Fraction(0)) + smallest(v, Fraction(0)) * self.alpha for v in x]
            case "abs":
                return [abs(v) for v in x]
            case _:
                return [tanh(v) for v in x]

    def draw(self, drawing: Drawing, x: str, size: int) -> str:
        """Put it into a graph."""
        attributes = {"alpha": float(self.alpha)} if self.op == "leaky_relu" else {}
        return drawing.add(self.op, (x,), size, **attributes)


@dataclass(frozen=True)
class Halves:
    """The larger, or the smaller, of x's first half and its second, entry by entry."""

    op: str

    def size(self, inputs: int) -> int:
        """The number of outputs."""
        return inputs // 2

    def __call__(self, x: Numbers) -> Numbers:
        """Evaluate."""
        half = len(x) // 2
        chosen = largest if self.op == "maximum" else smallest
        return [chosen(a, b) for a, b in zip(x[:half], x[half:], strict=True)]

    def draw(self, drawing: Drawing, x: str, size: int) -> str:
        """Put it into a graph."""
        half = size // 2
        pieces = [
            drawing.add("slice", (x,), half, axis=1, start=start, stop=start + half, step=1)
            for start in (0, half)
        ]
        return drawing.add(self.op, pieces, half)


@dataclass(frozen=True)
class Largest:
    """The largest entry."""

    def size(self, inputs: int) -> int:
        """The number of outputs."""
        return 1

    def __call__(self, x: Numbers) -> Numbers:
        """Evaluate."""
        best = x[0]
        for v in x[1:]:
            best = largest(best, v)
        return [best]

    def draw(self, drawing: Drawing, x: str, size: int) -> str:
        """Put it into a graph."""
        return drawing.add("reduce_max", (x,), 1, axes=(1,), keepdims=1)


@dataclass(frozen=True)
class Residual:
    """x + f(x), for layers f that keep the size."""

    layers: tuple[Layer, ...]

    def size(self, inputs: int) -> int:
        """The number of outputs."""
        return inputs

    def __call__(self, x: Numbers) -> Numbers:
        """Evaluate."""
        y = x
        for layer in self.layers:
            y = layer(y)
        return [a + b for a, b in zip(x, y, strict=True)]

    def draw(self, drawing: Drawing, x: str, size: int) -> str:
        """Put it into a graph."""
        y, now = x, size
        for layer in self.layers:
            y, now = layer.draw(drawing, y, now), layer.size(now)
        return drawing.add("add", (x, y), size)


Layer = Dense | Bend | Halves | Largest | Residual


@dataclass(frozen=True)
class Tiny:
    """A network of a few layers."""

    inputs: int
    layers: tuple[Layer, ...]

    def __call__(self, x: Sequence[Any]) -> Numbers:
        """The outputs at a flat input."""
        values = list(x)
        for layer in self.layers:
            values = layer(values)
        return values

    @property
    def bends(self) -> int:
        """How many of its entries are piecewise."""
        return _bends(self.layers, self.inputs)

    def network(self, name: str = "tiny") -> Network:
        """The graph."""
        drawing = Drawing([Node("x", "input", (), (1, self.inputs))])
        tensor, size = "x", self.inputs
        for layer in self.layers:
            tensor, size = layer.draw(drawing, tensor, size), layer.size(size)
        return Network(tuple(drawing.nodes), ("x",), (tensor,), drawing.parameters, name)


def dense(*layers: tuple[Sequence[Sequence[Any]], Sequence[Any]], bend: str = "relu") -> Tiny:
    """Fully connected layers with a bend after every one but the last."""
    built: list[Layer] = []
    for weights, biases in layers:
        if built:
            built.append(Bend(bend))
        rows = tuple(tuple(Fraction(w) for w in row) for row in weights)
        built.append(Dense(rows, tuple(Fraction(b) for b in biases)))
    return Tiny(len(layers[0][0][0]), tuple(built))


KINDS = ("relu", "relu", "relu", "leaky_relu", "abs", "halves", "residual", "largest", "linear")


AWKWARD = tuple(
    Fraction(float(np.float32(w)))
    for w in (0.1, -0.1, 1 / 3, -0.7, 1.1, -2.3, 1e-3, 97.3, -311.7, 1e-7, 2.0**20 + 0.1)
)
"""Weights with all the digits of float32, of very different sizes."""


def draw_tiny(
    draw: DrawFn,
    inputs: int,
    outputs: int,
    *,
    bends: int,
    kinds: Sequence[str] = KINDS,
    awkward: bool = False,
) -> Tiny:
    """A random network with at most so many piecewise entries.

    Args:
        draw: given by hypothesis.
        inputs, outputs: its sizes.
        bends: the most piecewise entries.
        kinds: what its layers may be.
        awkward: whether its weights have many digits, so that float32 rounds.
    """
    weigh = _awkward if awkward else _dyadic
    layers: list[Layer] = []
    size, left = inputs, bends
    for _ in range(pick(draw, (1, 1, 2))):
        if left <= 0:
            break
        kind, width = pick(draw, kinds), pick(draw, range(1, min(left, 3) + 1))
        match kind:
            case "linear":
                continue
            case "halves":
                layers.append(_dense(draw, size, 2 * width, weigh))
                layers.append(Halves(pick(draw, ("maximum", "minimum"))))
            case "largest":
                layers += [_dense(draw, size, width, weigh), Largest()]
            case "residual":
                first, last = _dense(draw, size, width, weigh), _dense(draw, width, size, weigh)
                layers.append(Residual((first, Bend("relu"), last)))
            case _:
                layers += [_dense(draw, size, width, weigh), Bend(kind)]
        left -= width
        size = _size(layers, inputs)
    layers.append(_dense(draw, size, outputs, weigh))
    return Tiny(inputs, tuple(layers))


def interpretation(agent: Agent, functions: Mapping[str, Tiny], **more: Any) -> Interpretation:
    """The networks as the meaning of `score` and `value`."""

    def call(name: str, tiny: Tiny) -> Callable[..., Any]:
        if name == "score":
            return lambda o: Vector(tuple(tiny(flat(agent, o))), agent.action_sort)
        return lambda o: tiny(flat(agent, o))[0]

    return Interpretation({name: call(name, tiny) for name, tiny in functions.items()}, **more)


def _size(layers: Sequence[Layer], inputs: int) -> int:
    size = inputs
    for layer in layers:
        size = layer.size(size)
    return size


def _bends(layers: Sequence[Layer], inputs: int) -> int:
    size, count = inputs, 0
    for layer in layers:
        if isinstance(layer, Residual):
            count += _bends(layer.layers, size)
        elif not isinstance(layer, Dense):
            count += layer.size(size)
        size = layer.size(size)
    return count


Weigh = Callable[[DrawFn], Fraction]


def _dense(draw: DrawFn, inputs: int, outputs: int, weigh: Weigh) -> Dense:
    """Weights a third of which are zero, so that ties and unread inputs occur."""

    def weight() -> Fraction:
        return Fraction(0) if pick(draw, (0, 1, 2)) == 0 else weigh(draw)

    rows = tuple(tuple(weight() for _ in range(inputs)) for _ in range(outputs))
    return Dense(rows, tuple(weigh(draw) for _ in range(outputs)))


def _dyadic(draw: DrawFn) -> Fraction:
    return draw(dyadics(2, 2))


def _awkward(draw: DrawFn) -> Fraction:
    return pick(draw, AWKWARD)


def _floats(values: Any) -> Any:
    return np.array(values, dtype=np.float32)


def on_time(seconds: float, work: Callable[[], T], tries: int = 3) -> T:
    """What `work` returns, within so many seconds in one try at least: the machine may be busy."""
    took: list[float] = []
    for _ in range(tries):
        started = time.monotonic()
        result = work()
        took.append(time.monotonic() - started)
        if took[-1] < seconds:
            return result
    raise AssertionError(f"took {took}, not below {seconds} seconds")


def identity() -> Network:
    """relu(x) - relu(-x), which is x."""
    parameters: dict[str, Any] = {
        "w": np.array([[1.0], [-1.0]], dtype=np.float32),
        "v": np.array([[1.0, -1.0]], dtype=np.float32),
    }
    nodes = (
        Node("w", "parameter", (), (2, 1)),
        Node("v", "parameter", (), (1, 2)),
        Node("o", "input", (), (1,)),
        Node("z", "linear", ("o", "w"), (2,)),
        Node("a", "relu", ("z",), (2,)),
        Node("y", "linear", ("a", "v"), (1,)),
    )
    return Network(nodes, ("o",), ("y",), parameters, "identity")
