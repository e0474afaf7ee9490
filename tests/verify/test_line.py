"""Linear relaxations enclose their functions, on many intervals, densely, to many digits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np
import pytest
import torch
from scipy.special import erf  # pyright: ignore[reportMissingTypeStubs]

from extract.network import Array, Node
from verify.neural.bounds.curve import Lines, Turns
from verify.neural.bounds.fan import fan
from verify.neural.bounds.fan import turns as is_turning
from verify.neural.bounds.line import LINES

COUNT = 100_000
"""Intervals for each function and format."""

CLOSEST = 60
"""So many of the tightest places are evaluated again, to 60 digits."""

Long = np.ndarray[Any, Any]


def relu(z: Long, alpha: float) -> Long:
    return np.maximum(z, 0)


def leaky(z: Long, alpha: float) -> Long:
    return np.where(z > 0, z, alpha * z)


def elu(z: Long, alpha: float) -> Long:
    return np.where(z > 0, z, alpha * np.expm1(np.minimum(z, 0)))


PLAIN: dict[str, Callable[[Long, float], Long]] = {
    "relu": relu,
    "leaky_relu": leaky,
    "abs": lambda z, alpha: np.abs(z),
    "tanh": lambda z, alpha: np.tanh(z),
    "sigmoid": lambda z, alpha: 1 / (1 + np.exp(-z)),
    "exp": lambda z, alpha: np.exp(z),
    "erf": lambda z, alpha: erf(z.astype(np.float64)),
    "softplus": lambda z, alpha: np.logaddexp(z, 0),
    "log": lambda z, alpha: np.log(z),
    "sqrt": lambda z, alpha: np.sqrt(z),
    "elu": elu,
}

DIGITS: dict[str, Callable[[Any, Any], Any]] = {
    "relu": lambda z, alpha: max(z, mpmath.mpf(0)),
    "leaky_relu": lambda z, alpha: z if z > 0 else alpha * z,
    "abs": lambda z, alpha: abs(z),
    "tanh": lambda z, alpha: mpmath.tanh(z),
    "sigmoid": lambda z, alpha: 1 / (1 + mpmath.exp(-z)),
    "exp": lambda z, alpha: mpmath.exp(z),
    "erf": lambda z, alpha: mpmath.erf(z),
    "softplus": lambda z, alpha: mpmath.log1p(mpmath.exp(-abs(z))) + max(z, 0),
    "log": lambda z, alpha: mpmath.log(z),
    "sqrt": lambda z, alpha: mpmath.sqrt(z),
    "elu": lambda z, alpha: z if z > 0 else alpha * mpmath.expm1(z),
}

ALPHAS = {"leaky_relu": (0.01, 0.1, 1.0, 2.5), "elu": (0.3, 1.0, 1.7)}
LEAST = {"log": 1e-30, "sqrt": 0.0}
"""The domain of a function begins here."""

LARGEST = {"exp": 60.0, "elu": 1e6}
WIDE = torch.float64
CASES = [(op, alpha) for op in LINES for alpha in ALPHAS.get(op, (1.0,))]


def intervals(
    rng: np.random.Generator, count: int, largest: float, kind: type[np.floating[Any]]
) -> tuple[Array, Array]:
    """Ends of every size and sign: wide, narrow, of width zero, of one unit, across zero."""
    scale = 10.0 ** rng.uniform(-9, 4, size=count)
    middle = rng.normal(size=count) * scale
    width = np.abs(rng.normal(size=count)) * 10.0 ** rng.uniform(-9, 4, size=count)
    sort = rng.integers(0, 8, size=count)
    width[sort == 0] = 0
    middle[sort == 1] = 0
    low = np.clip(middle - width, -largest, largest).astype(kind)
    high = np.clip(middle + width, -largest, largest).astype(kind)
    low[sort == 2], high[sort == 3] = 0, 0
    high[sort == 4] = np.nextafter(low[sort == 4], kind(np.inf))
    low[sort == 5] = -0.0
    return np.minimum(low, high), np.maximum(low, high)


def points(low: Long, high: Long) -> Long:
    """Points of each interval (N, P): both ends, zero, evenly spaced, and crowded at the ends."""
    even = np.linspace(0, 1, 9)
    crowded = 10.0 ** -np.arange(2, 9, 2)
    shares = np.concatenate([even, crowded, 1 - crowded]).astype(low.dtype)
    inner = low[:, None] + shares * (high - low)[:, None]
    zero = np.clip(np.zeros_like(low), low, high)[:, None]
    return np.clip(np.concatenate([inner, zero], axis=1), low[:, None], high[:, None])


@pytest.mark.parametrize(("op", "alpha"), CASES)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_lines_enclose_their_function(op: str, alpha: float, dtype: torch.dtype) -> None:
    check(op, alpha, dtype, COUNT // len(ALPHAS.get(op, (1.0,))) // (8 if dtype is WIDE else 1))


@pytest.mark.slow
@pytest.mark.parametrize(("op", "alpha"), CASES)
def test_lines_enclose_their_function_at_length(op: str, alpha: float) -> None:
    check(op, alpha, WIDE, COUNT)


def check(op: str, alpha: float, dtype: torch.dtype, count: int) -> None:
    """Half of the lines as they come by default, half as some turn says."""
    rng = np.random.default_rng(len(op))
    for chosen in (False, True):
        check_lines(op, alpha, dtype, count // 2, rng, chosen=chosen)


def drawn_turn(rng: np.random.Generator, count: int, dtype: torch.dtype) -> torch.Tensor:
    """Shares, many of them at the ends."""
    share = rng.random(count)
    return torch.tensor(np.where(rng.random(count) < 0.3, np.round(share), share)).to(dtype)


def check_lines(
    op: str, alpha: float, dtype: torch.dtype, count: int, rng: np.random.Generator, *, chosen: bool
) -> None:
    turns = (drawn_turn(rng, count, dtype), drawn_turn(rng, count, dtype)) if chosen else None
    kind = np.float64 if dtype is WIDE else np.float32
    low, high = intervals(rng, count, LARGEST.get(op, 1e6), kind)
    if op in LEAST:
        low, high = (np.maximum(np.abs(end), kind(LEAST[op])) for end in (low, high))
        low, high = np.minimum(low, high), np.maximum(low, high)
    with torch.no_grad():
        ends = torch.tensor(low).to(dtype), torch.tensor(high).to(dtype)
        lines = LINES[op](*ends, {"alpha": alpha})
        if turns is not None:
            lines = turned(op, alpha, ends, lines, turns)
    # Bulk in the next wider format: far finer than the slack of the lines.
    wide = np.float64 if dtype is torch.float32 else np.longdouble
    below = [t.numpy().astype(wide) for t in (lines.slope_below, lines.offset_below)]
    above = [t.numpy().astype(wide) for t in (lines.slope_above, lines.offset_above)]
    z = points(low.astype(wide), high.astype(wide))
    with np.errstate(over="ignore"):
        value = PLAIN[op](z, alpha)
    room_below = value - (below[0][:, None] * z + below[1][:, None])
    room_above = (above[0][:, None] * z + above[1][:, None]) - value
    inside = np.finfo(wide).eps * 16 * np.abs(value)
    assert (value >= lines.least.numpy()[:, None] - inside).all()
    assert (value <= lines.most.numpy()[:, None] + inside).all()
    terms = np.abs(np.stack([below[0] * low, below[0] * high, below[1], above[1]]))
    assert (terms <= lines.size.numpy().astype(wide) * (1 + 1e-6)).all()
    assert np.isfinite(room_below).all()
    assert np.isfinite(room_above).all()
    for room, (slope, offset), sign in ((room_below, below, 1), (room_above, above, -1)):
        size = np.abs(value) + np.abs(slope[:, None] * z) + np.abs(offset[:, None])
        digits = np.finfo(wide).eps * 16 * size
        assert (room >= -digits).all()
        for row, column in closest(room / (size + 1e-300)):
            with mpmath.workdps(60):
                at = _exactly(z[row, column])
                line = _exactly(slope[row]) * at + _exactly(offset[row])
                gap = DIGITS[op](at, mpmath.mpf(alpha)) - line
                assert gap * sign >= 0, (op, dtype, low[row], high[row], z[row, column])


def turned(
    op: str, alpha: float, ends: tuple[torch.Tensor, torch.Tensor], lines: Lines, turns: Turns
) -> Lines:
    """The lines as turns say, where they can be turned."""
    node = Node("y", op, ("x",), (len(ends[0]),), attributes={"alpha": alpha})
    if not is_turning(node):
        return lines
    rows = ends[0][None], ends[1][None]
    stacked = lines.select(torch.arange(len(ends[0]))[None])
    below, above = fan(node, rows, stacked).lines(turns)
    numbers = (below.slope, below.offset, above.slope, above.offset)
    under, start, over, end = (n.reshape(-1) for n in numbers)
    return Lines(under, start, over, end, lines.least, lines.most, lines.size)


@pytest.mark.parametrize("op", ["tanh", "sigmoid", "erf", "exp", "softplus", "elu"])
def test_derivatives_by_turns(op: str) -> None:
    """Against differences."""
    rng = torch.Generator().manual_seed(2)
    low = torch.randn(1, 100, generator=rng, dtype=torch.float64) * 3
    high = low + torch.rand(1, 100, generator=rng, dtype=torch.float64) * 5
    node = Node("y", op, ("x",), (100,), attributes={"alpha": 0.7})
    found = fan(node, (low, high), LINES[op](low, high, node.attributes))
    turns = [torch.rand(1, 1, 100, generator=rng, dtype=torch.float64) for _ in range(2)]

    def total(below: torch.Tensor, above: torch.Tensor) -> torch.Tensor:
        under, over = found.lines((below, above))
        return 1.3 * under.slope + 0.7 * under.offset - 0.4 * over.slope + 2.1 * over.offset

    for at in (0, 1):
        moved = [t.clone().requires_grad_(True) for t in turns]
        (slope,) = torch.autograd.grad(total(*moved).sum(), moved[at], materialize_grads=True,
                                       allow_unused=True)  # fmt: skip
        step = [1e-6 * (side == at) for side in (0, 1)]
        ahead, behind = (
            total(*(t + sign * s for t, s in zip(turns, step, strict=True))) for sign in (1, -1)
        )
        assert torch.allclose(slope, (ahead - behind) / 2e-6, rtol=1e-4, atol=1e-5)


def closest(room: Long) -> list[tuple[int, int]]:
    order = np.argsort(room, axis=None)[:CLOSEST]
    return [(int(i) // room.shape[1], int(i) % room.shape[1]) for i in order]


def _exactly(value: Any) -> Any:
    """A double, or a long double, as the number it is."""
    high = float(value)
    return mpmath.mpf(high) + mpmath.mpf(float(value - type(value)(high)))


@pytest.mark.parametrize("op", list(LINES))
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_lines_are_tight_on_moderate_intervals(op: str, dtype: torch.dtype) -> None:
    """On a point both lines meet the function; safety costs no more than 1e-3 of it."""
    z = torch.linspace(-3, 3, 61).to(dtype) + (3.1 if op in LEAST else 0)
    lines: Lines = LINES[op](z, z, {"alpha": 0.5})
    gap = (lines.slope_above - lines.slope_below) * z + lines.offset_above - lines.offset_below
    assert bool((gap.abs() < (1e-2 if dtype is torch.float32 else 1e-9)).all())


@pytest.mark.parametrize("op", list(LINES))
def test_what_is_not_a_number_gives_no_bounds(op: str) -> None:
    """Nothing may be proved from bounds that overflowed."""
    nan, inf = float("nan"), float("inf")
    low = torch.tensor([nan, 0.0, -inf])
    high = torch.tensor([1.0, nan, nan])
    lines: Lines = LINES[op](low, high, {"alpha": 0.5})
    at_low = lines.slope_below * low + lines.offset_below
    at_high = lines.slope_above * high + lines.offset_above
    assert not bool(torch.isfinite(at_low + at_high).any())
