"""Read .nnet files (Julian's format for the ACAS Xu and VCAS networks).

The graph is the raw network of the file: ReLU after every layer but the last, on inputs that are
already normalised and with outputs that are not scaled back. That is what the published benchmarks
state their properties on, and the header is not always to be trusted (in the VCAS files it gives
another range than the benchmark uses). `read(path, normalised=True)` puts the header's scaling
around it: inputs are clipped to [minimum, maximum], then (x - mean) / range; outputs are multiplied
by their range and their mean is added. `header(path)` gives the numbers either way.

Weights are decimal text. The nets of this format were trained in float32 and are printed with six
digits, so the nearest float32 is taken; `precision="float64"` takes the nearest double.

Source: https://github.com/sisl/NNet
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from math import isfinite
from pathlib import Path

import numpy as np

from extract.network import LARGEST_TENSOR, Array, Precision
from extract.reader import idiom
from extract.reader.build import Builder, Value
from extract.reader.reading import Reading
from extract.reader.source import digest, read_bytes
from theory.error import InputError


@dataclass(frozen=True)
class Header:
    """What a .nnet file says before its weights.

    Attributes:
        sizes: number of inputs, of each layer's units, and of outputs.
        minimums, maximums: of each input, in physical units.
        means, ranges: of each input, and last of all outputs together.
    """

    sizes: tuple[int, ...]
    minimums: tuple[float, ...]
    maximums: tuple[float, ...]
    means: tuple[float, ...]
    ranges: tuple[float, ...]

    @property
    def scaling(self) -> tuple[tuple[float, float], ...]:
        """Mean and range of each input."""
        return tuple(zip(self.means[:-1], self.ranges[:-1], strict=True))


def header(path: Path) -> Header:
    """The header of a .nnet file.

    Raises:
        InputError: the file is missing, cut short or malformed.
    """
    return _header(path, _lines(path, read_bytes(path)))


def read(
    path: Path,
    *,
    normalised: bool = False,
    precision: Precision = "float32",
) -> Reading:
    """Read a .nnet file.

    Args:
        path: of the file.
        normalised: put the header's scaling of inputs and outputs around the network.
        precision: of the weights.

    Raises:
        InputError: the file is missing, cut short or malformed, or a number is not finite.
    """
    content = read_bytes(path)
    lines = _lines(path, content)
    top = _header(path, lines)
    builder = Builder(path.name)
    value = builder.input("input", (1, top.sizes[0]), precision)
    if normalised:
        value = _scale_in(builder, top, value)
    layers = list(pairwise(top.sizes))
    for number, (fan_in, fan_out) in enumerate(layers):
        weight = _block(path, lines, fan_out, fan_in, precision, f"weight of layer {number}")
        bias = _block(path, lines, fan_out, 1, precision, f"bias of layer {number}").reshape(-1)
        builder.weights += weight.size + bias.size
        last = number == len(layers) - 1
        builder.at("Linear", f"layer{number}")
        title = "output" if last and not normalised else f"layer{number}"
        value = idiom.linear(
            builder,
            value,
            builder.constant(f"weight{number}", weight),
            builder.constant(f"bias{number}", bias),
            title,
        )
        if not last:
            builder.at("Relu", f"relu{number}")
            value = builder.emit("relu", [value], f"relu{number}")
    if normalised:
        value = _scale_out(builder, top, value)
    extra = next(lines, None)
    if extra is not None:
        raise InputError(f"{path}: line {extra[0]} goes on after the last layer")
    return builder.finish(
        [("output", value)],
        sha256=digest(content),
        notes=_notes(top, normalised),
        scaling=() if normalised else top.scaling,
    )


def _notes(top: Header, normalised: bool) -> list[str]:
    if normalised:
        return ["Inputs are clipped and scaled, outputs scaled back, as the file's header says."]
    return [
        "Inputs and outputs are in the network's own units; the header's scaling is not applied "
        f"(means {list(top.means)}, ranges {list(top.ranges)})."
    ]


Lines = Iterator[tuple[int, list[float]]]


def _lines(path: Path, content: bytes) -> Lines:
    """Number and entries of every line that is no comment and not empty."""
    try:
        text = content.decode("ascii")
    except UnicodeDecodeError:
        raise InputError(f"{path}: not a .nnet file (it is not ASCII text)") from None
    for number, line in enumerate(text.splitlines(), start=1):
        body = line.strip()
        if not body or body.startswith("//"):
            continue
        words = [word.strip() for word in body.rstrip(",").split(",")]
        try:
            entries = [float(word) for word in words]
        except ValueError:
            raise InputError(
                f"{path}: line {number}: {body[:40]!r} is no list of numbers"
            ) from None
        if not all(isfinite(entry) for entry in entries):
            raise InputError(f"{path}: line {number} holds NaN or infinite values")
        yield number, entries


def _take(path: Path, lines: Lines, count: int | None, what: str) -> list[float]:
    number, entries = next(lines, (0, None))
    if entries is None:
        raise InputError(f"{path}: the file ends before {what}")
    if count is not None and len(entries) != count:
        raise InputError(
            f"{path}: line {number}: {what} needs {count} numbers, found {len(entries)}"
        )
    return entries


def _whole(path: Path, entries: list[float], what: str) -> tuple[int, ...]:
    if not all(entry.is_integer() and entry >= 1 for entry in entries):
        raise InputError(f"{path}: {what} {entries} are not positive integers")
    return tuple(int(entry) for entry in entries)


def _header(path: Path, lines: Lines) -> Header:
    first = _whole(path, _take(path, lines, 4, "the first line"), "the sizes in the first line")
    layers, inputs, outputs, _ = first
    sizes = _whole(path, _take(path, lines, layers + 1, "the layer sizes"), "the layer sizes")
    if sizes[0] != inputs or sizes[-1] != outputs:
        raise InputError(
            f"{path}: layer sizes {sizes} do not fit {inputs} inputs, {outputs} outputs"
        )
    if any(a * b > LARGEST_TENSOR for a, b in pairwise(sizes)):
        raise InputError(f"{path}: layer sizes {sizes} are absurd")
    _take(path, lines, None, "the flag")
    minimums = _take(path, lines, inputs, "the minimums of the inputs")
    maximums = _take(path, lines, inputs, "the maximums of the inputs")
    means = _take(path, lines, inputs + 1, "the means")
    ranges = _take(path, lines, inputs + 1, "the ranges")
    if any(low > high for low, high in zip(minimums, maximums, strict=True)):
        raise InputError(f"{path}: an input's minimum is above its maximum")
    if not all(ranges):
        raise InputError(f"{path}: a range is 0")
    return Header(sizes, tuple(minimums), tuple(maximums), tuple(means), tuple(ranges))


def _block(
    path: Path, lines: Lines, rows: int, columns: int, precision: Precision, what: str
) -> Array:
    values = [_take(path, lines, columns, what) for _ in range(rows)]
    with np.errstate(over="ignore"):  # what overflows is refused as infinite
        return np.array(values, dtype=np.float64).astype(precision)


def _scale_in(builder: Builder, top: Header, value: Value) -> Value:
    for op, label, numbers in (
        ("maximum", "minimums", top.minimums),
        ("minimum", "maximums", top.maximums),
        ("sub", "means", top.means[:-1]),
        ("div", "ranges", top.ranges[:-1]),
    ):
        builder.at("Scale", f"input.{label}")
        row = builder.constant(label, np.array(numbers, dtype=value.dtype))
        value = builder.emit(op, [value, row], f"input.{label}")
    return value


def _scale_out(builder: Builder, top: Header, value: Value) -> Value:
    for op, label, number, title in (
        ("mul", "output.range", top.ranges[-1], "output.scaled"),
        ("add", "output.mean", top.means[-1], "output"),
    ):
        builder.at("Scale", title)
        row = builder.constant(label, np.array(number, dtype=value.dtype))
        value = builder.emit(op, [value, row], title)
    return value
