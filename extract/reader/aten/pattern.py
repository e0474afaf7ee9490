"""ATen operators that repeat, turn, shift or pad entries: each entry of the result is an entry of
the operand at a known place, or a known number.
"""

from __future__ import annotations

from math import prod

import numpy as np

from extract.reader import idiom
from extract.reader.aten.call import AtenCall, Handler
from extract.reader.build import Builder, Value


def _along(b: Builder, x: Value, places: dict[int, list[int]], name: str) -> Value:
    """Along some axes the entries at the given places, in order; the last node bears the name."""
    moved = {axis: at for axis, at in places.items() if at != list(range(x.shape[axis]))}
    for axis, at in moved.items():
        if len(at) > idiom.MOST_REPEATS:
            raise b.unsupported(f"an axis of more than {idiom.MOST_REPEATS} entries")
        title = name if axis == list(moved)[-1] else b.fresh(f"{name}.axis{axis}")
        x = b.emit("gather", [x], title, axis=axis, indices=tuple(at))
    return b.alias(name, x)


def _repeat(argument: str) -> Handler:
    """repeat and tile: the whole, side by side."""

    def handler(c: AtenCall) -> list[Value]:
        b, x, times = c.builder, c.tensor("self"), c.integers(argument)
        lead = len(times) - x.rank
        if lead < 0 and argument == "repeats":
            raise b.wrong(f"{argument} = {times} for a tensor of rank {x.rank}")
        if min(times, default=1) < 1:
            raise b.unsupported(f"{argument} = {times}")
        times = [1] * max(-lead, 0) + times
        wide = x
        if lead > 0:
            wide = idiom.unsqueeze(b, x, list(range(lead)), b.fresh(f"{c.name}.lead"))
        shape = dict(enumerate(wide.shape))
        places = {axis: list(range(n)) * times[axis] for axis, n in shape.items()}
        return [_along(b, wide, places, c.name)]

    return handler


def _interleave(c: AtenCall) -> list[Value]:
    """repeat_interleave: each entry several times in a row."""
    b, x, times, axis = c.builder, c.tensor("self"), c.integer("repeats"), c.take("dim")
    c.ignore("output_size")
    if times < 1:
        raise b.unsupported(f"repeats = {times}")
    if axis is None:
        x, axis = idiom.reshape(b, x, (prod(x.shape),), b.fresh(f"{c.name}.flat")), 0
    place = idiom.axis_of(b, axis, x.rank)
    at = [entry for entry in range(x.shape[place]) for _ in range(times)]
    return [_along(b, x, {place: at}, c.name)]


def _flip(c: AtenCall) -> list[Value]:
    b, x = c.builder, c.tensor("self")
    axes = [idiom.axis_of(b, axis, x.rank) for axis in c.integers("dims")]
    return [_along(b, x, {a: list(range(x.shape[a]))[::-1] for a in axes}, c.name)]


def _roll(c: AtenCall) -> list[Value]:
    b, x = c.builder, c.tensor("self")
    shifts, axes = c.integers("shifts"), c.integers("dims")
    if len(shifts) != len(axes) or len({idiom.axis_of(b, a, x.rank) for a in axes}) < len(axes):
        raise b.unsupported(f"shifts = {shifts}, dims = {axes}")
    places: dict[int, list[int]] = {}
    for shift, axis in zip(shifts, axes, strict=True):
        place = idiom.axis_of(b, axis, x.rank)
        size = x.shape[place]
        places[place] = [(entry - shift) % size for entry in range(size)]
    return [_along(b, x, places, c.name)]


def _pad(c: AtenCall) -> list[Value]:
    """Constant padding, and the modes whose entries are copies; negative padding crops."""
    b, x, sides = c.builder, c.tensor("self"), c.integers("pad")
    mode = c.take("mode") if "mode" in c.schema() else "constant"
    given = c.take("value")
    number = float(given) if isinstance(given, int | float) else 0.0
    if len(sides) % 2 or len(sides) > 2 * x.rank:
        raise b.wrong(f"pad = {sides} for a tensor of rank {x.rank}")
    plan = [
        (x.rank - 1 - at, before, after)
        for at, (before, after) in enumerate(zip(sides[::2], sides[1::2], strict=True))
        if before or after
    ]
    for axis, before, after in plan:
        last = (axis, before, after) == plan[-1]
        x = _padded(b, x, axis, (before, after), mode, number, c.name if last else "")
    return [b.alias(c.name, x)]


def _padded(
    b: Builder, x: Value, axis: int, sides: tuple[int, int], mode: str, number: float, name: str
) -> Value:
    size, (before, after) = x.shape[axis], sides
    title = name or b.fresh(f"{b.place}.pad{axis}")
    places = range(-before, size + after)
    if len(places) < 1:
        raise b.wrong(f"the padding {sides} leaves nothing of axis {axis} of shape {x.shape}")
    if mode == "constant" and (before > 0 or after > 0):
        return _framed(b, x, axis, sides, number, title)
    at = {
        "constant": lambda n: n,
        "replicate": lambda n: min(max(n, 0), size - 1),
        "circular": lambda n: n % size,
        "reflect": lambda n: size - 1 - abs(size - 1 - abs(n)),
    }
    if mode not in at:
        raise b.unsupported(f"mode = {mode!r}")
    return _along(b, x, {axis: [at[mode](n) for n in places]}, title)


def _framed(
    b: Builder, x: Value, axis: int, sides: tuple[int, int], number: float, name: str
) -> Value:
    """A tensor between known numbers."""
    kept = range(max(-sides[0], 0), x.shape[axis] - max(-sides[1], 0))
    x = idiom.cut_range(b, x, axis, kept, b.fresh(f"{name}.kept"))
    parts: list[Value] = []
    for at, value in enumerate((sides[0], x, sides[1])):
        if isinstance(value, Value):
            parts.append(value)
        elif value > 0:
            shape = (*x.shape[:axis], value, *x.shape[axis + 1 :])
            frame = np.full(shape, number, dtype=x.dtype)
            parts.append(b.constant(b.fresh(f"{name}.side{at}"), frame))
    return b.emit("concat", parts, name, axis=axis)


def apart(b: Builder, x: Value, axis: int, step: int, name: str) -> Value:
    """The entries along an axis at every so many places, with zeros between."""
    size = x.shape[axis]
    if step == 1 or size == 1:
        return b.alias(name, x)
    framed = _framed(b, x, axis, (0, 1), 0.0, b.fresh(f"{name}.framed"))
    at = [n // step if n % step == 0 else size for n in range((size - 1) * step + 1)]
    return _along(b, framed, {axis: at}, name)


def _nearest(c: AtenCall) -> list[Value]:
    """upsample_nearest2d by whole numbers."""
    b, x = c.builder, c.tensor("input")
    sizes, factors = c.take("output_size"), c.take("scale_factors")
    old = x.shape[2:]
    new = list(sizes) if sizes is not None else [n * f for n, f in zip(old, factors, strict=True)]
    if x.rank != 4 or any(n % m for n, m in zip(new, old, strict=True)):
        raise b.unsupported(f"from {old} to {new}")
    places = {
        axis: [entry // (int(n) // m) for entry in range(int(n))]
        for axis, n, m in zip((2, 3), new, old, strict=True)
    }
    return [_along(b, x, places, c.name)]


def _filled(number: float | None) -> Handler:
    """A constant of the shape of a tensor, or of a shape of its own: zeros_like, new_full, ..."""

    def handler(c: AtenCall) -> list[Value]:
        shape, dtype = c.stated[0]
        if shape is None or not dtype:
            raise c.builder.unsupported("a constant of open size")
        value = c.real("fill_value") if number is None else number
        c.ignore("self", "size", "dtype", "layout", "device", "pin_memory", "memory_format")
        return [c.builder.constant(c.builder.fresh(c.name), np.full(shape, value, dtype=dtype))]

    return handler


ROWS: dict[str, Handler] = {
    "constant_pad_nd.default": _pad,
    "flip.default": _flip,
    "full_like.default": _filled(None),
    "new_full.default": _filled(None),
    "new_ones.default": _filled(1.0),
    "new_zeros.default": _filled(0.0),
    "ones_like.default": _filled(1.0),
    "pad.default": _pad,
    "repeat.default": _repeat("repeats"),
    "repeat_interleave.self_int": _interleave,
    "roll.default": _roll,
    "tile.default": _repeat("dims"),
    "upsample_nearest2d.vec": _nearest,
    "zeros_like.default": _filled(0.0),
}
