"""Bounds contain every value: exact ones, and those of float32 in any order of summation."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import torch
from bound_case import (
    Sketch,
    draw_boxes,
    draw_points,
    ends,
    exact_values,
    in_float32,
    single,
)
from numpy.random import Generator

from extract.network import Array, Network, Node
from extract.operator import OPERATORS, Kind, Shape
from theory import Agent, Feature, forall
from theory.error import InputError, UnsupportedOperator
from verify.neural.bounds.affine import ROUNDLESS
from verify.neural.bounds.graph import BoundGraph
from verify.neural.bounds.line import LINES
from verify.neural.bounds.product import divide
from verify.neural.bounds.rule import RULES
from verify.neural.bounds.sweep import Sweep
from verify.problem import Problem, compile_goal

FORMATS = (torch.float32, torch.float64)
Instance = tuple[dict[str, Any], list[Shape | Array]]


def weights(rng: Generator, *shape: int) -> Array:
    """Parameters of many sizes; now and then in float64, which float32 does not hold."""
    scale = 10.0 ** rng.integers(-3, 4)
    values = rng.normal(size=shape) * scale
    values[rng.random(shape) < 0.2] = 0.0
    return values if rng.random() < 0.3 else values.astype(np.float32)


def away_from_zero(rng: Generator, *shape: int) -> Array:
    values = weights(rng, *shape)
    return np.where(np.abs(values) < 1e-3, values.dtype.type(0.7), values)


def _window(rng: Generator) -> dict[str, Any]:
    return {
        "stride": (int(rng.integers(1, 3)), int(rng.integers(1, 3))),
        "padding": tuple(int(n) for n in rng.integers(0, 2, size=4)),
        "dilation": (1, 1),
    }


IMAGE: Shape = (1, 2, 4, 3)

INSTANCES: dict[str, Callable[[Generator], Instance]] = {
    "linear": lambda r: ({}, [(1, 6), weights(r, 4, 6), weights(r, 4)]),
    "linear on rows": lambda r: ({}, [(3, 2), weights(r, 4, 2)]),
    "matmul": lambda r: ({}, [(2, 3), weights(r, 3, 2)]),
    "matmul from the left": lambda r: ({}, [weights(r, 2, 3), (3, 2)]),
    "matmul of stacks": lambda r: ({}, [(2, 2, 3), weights(r, 3, 1)]),
    "conv2d": lambda r: (
        {**_window(r), "groups": 1},
        [IMAGE, weights(r, 3, 2, 2, 2), weights(r, 3)],
    ),
    "conv2d in groups": lambda r: ({**_window(r), "groups": 2}, [IMAGE, weights(r, 4, 1, 3, 2)]),
    "avg_pool": lambda r: (
        {"kernel": (2, 2), **_window(r), "count_padding": int(r.integers(0, 2))},
        [IMAGE],
    ),
    "add": lambda r: ({}, [(2, 3), (3,)]),
    "add a constant": lambda r: ({}, [weights(r, 2, 3), (2, 1)]),
    "sub": lambda r: ({}, [(2, 1), (1, 3)]),
    "sub from a constant": lambda r: ({}, [weights(r, 2, 3), (3,)]),
    "sub a constant": lambda r: ({}, [(2, 3), weights(r, 3)]),
    "mul by a constant": lambda r: ({}, [(2, 3), weights(r, 3)]),
    "mul a constant": lambda r: ({}, [weights(r, 2, 3), (3,)]),
    "div by a constant": lambda r: ({}, [(2, 3), away_from_zero(r, 3)]),
    "neg": lambda r: ({}, [(5,)]),
    "reduce_sum": lambda r: ({"axes": (0, 2), "keepdims": 1}, [(2, 3, 2)]),
    "reduce_mean": lambda r: ({"axes": (1,), "keepdims": 0}, [(2, 5)]),
    "moment": lambda r: ({"axes": (1,), "keepdims": 0}, [(2, 5)]),
    "concat": lambda r: ({"axis": 1}, [(2, 1), weights(r, 2, 2), (2, 2)]),
    "gather": lambda r: ({"axis": 1, "indices": (2, 0, 2, 2)}, [(2, 3)]),
    "slice": lambda r: ({"axis": 0, "start": 1, "stop": 6, "step": 2}, [(7,)]),
    "transpose": lambda r: ({"perm": (2, 0, 1)}, [(2, 3, 2)]),
    "reshape": lambda r: ({"shape": (3, 2)}, [(2, 3)]),
    "relu": lambda r: ({}, [(6,)]),
    "leaky_relu": lambda r: ({"alpha": float(r.choice([0.01, 0.1, 0.25, 1.0, 3.0]))}, [(6,)]),
    "abs": lambda r: ({}, [(6,)]),
    "tanh": lambda r: ({}, [(6,)]),
    "sigmoid": lambda r: ({}, [(6,)]),
    "exp": lambda r: ({}, [(6,)]),
    "erf": lambda r: ({}, [(6,)]),
    "softplus": lambda r: ({}, [(6,)]),
    "log": lambda r: ({}, [(6,)]),
    "sqrt": lambda r: ({}, [(6,)]),
    "elu": lambda r: ({"alpha": float(r.choice([0.1, 1.0, 2.5]))}, [(6,)]),
    "maximum": lambda r: ({}, [(2, 3), (3,)]),
    "maximum with a constant": lambda r: ({}, [(2, 3), weights(r, 3)]),
    "minimum": lambda r: ({}, [(3,), (2, 3)]),
    "minimum with a constant": lambda r: ({}, [weights(r, 2, 3), (3,)]),
    "reduce_max": lambda r: ({"axes": (0,), "keepdims": 1}, [(4, 2)]),
    "max_pool": lambda r: ({"kernel": (2, 2), **_window(r)}, [IMAGE]),
    "mul": lambda r: ({}, [(2, 3), (3,)]),
    "div": lambda r: ({}, [(2, 3), (3,)]),
    "div a constant": lambda r: ({}, [weights(r, 3), (3,)]),
    "softmax": lambda r: ({"axis": 1}, [(2, 4)]),
    "softmax along the first axis": lambda r: ({"axis": 0}, [(3, 2)]),
    "matmul of two": lambda r: ({}, [(2, 3), (3, 2)]),
    "matmul of two stacks": lambda r: ({}, [(2, 1, 2, 2), (3, 2, 1)]),
    "max_pool overlapping": lambda r: (
        {"kernel": (3, 2), "stride": (1, 1), "padding": (1, 1, 0, 0), "dilation": (1, 1)},
        [IMAGE],
    ),
}
"""Operator (and a word on its operands) -> a random instance of it."""

POSITIVE = {"log", "sqrt"}
"""Operators that need positive numbers."""

SMALL = {"exp": 8.0, "elu": 8.0}
"""Operators that grow fast: their boxes are scaled into this range."""


def bound(
    problem: Problem, dtype: torch.dtype, low: Array, high: Array, *, deployed: bool
) -> tuple[BoundGraph, Sweep]:
    graph = BoundGraph(problem, dtype=dtype, deployed=deployed)
    with torch.no_grad():
        return graph, graph.sweep(torch.tensor(low).to(dtype), torch.tensor(high).to(dtype))


def inside(low: float, value: Any, high: float) -> bool:
    """Whether a value can lie between bounds; a bound that is not a number says nothing."""
    below, above = ends(value)
    too_low = Fraction(low) > above if np.isfinite(low) else low == np.inf
    too_high = Fraction(high) < below if np.isfinite(high) else high == -np.inf
    return not too_low and not too_high


def check(problem: Problem, tensors: list[str], low: Array, high: Array, rng: Generator) -> None:
    """All tensors, and functionals of the last, against exact and float32 values at points."""
    size = problem.network.node(tensors[-1]).size
    # Coefficients of a goal that speaks of the tensor directly, some large, some small.
    rows = rng.normal(size=(1, 3, size)) * 10.0 ** rng.integers(-3, 4, size=(1, 3, size))
    offsets = rng.normal(size=(1, 3))
    points = [draw_points(rng, *corners, 4) for corners in zip(low, high, strict=True)]
    exact = [[_exact(problem, point, tensors) for point in box] for box in points]
    single = [[in_float32(problem, point, rng) for point in box] for box in points]
    for dtype in FORMATS:
        for deployed in (False, True):
            graph, state = bound(problem, dtype, low, high, deployed=deployed)
            start, offset = torch.tensor(rows).to(dtype), torch.tensor(offsets).to(dtype)
            with torch.no_grad():
                line = graph.lower(state, {tensors[-1]: start}, offset)
            for box, point in np.ndindex(low.shape[0], 4):
                x, values = points[box][point], exact[box][point]
                if values is None:
                    continue
                runs = [values]
                if deployed:
                    runs.append({n: _numbers(single[box][point][n]) for n in tensors})
                for run in runs:
                    for name in tensors:
                        sides = [side[box].tolist() for side in state.bounds[name]]
                        for a, value, b in zip(sides[0], run[name], sides[1], strict=True):
                            assert inside(a, value, b), (name, dtype, deployed, a, value, b)
                    check_line(line, box, x, start, offset, run[tensors[-1]])


def check_line(
    line: tuple[torch.Tensor, torch.Tensor, torch.Tensor],
    box: int,
    x: Array,
    start: torch.Tensor,
    offset: torch.Tensor,
    values: list[Any],
) -> None:
    """Functionals of a tensor are above their bounds and above their lines over the input."""
    least, slope, constant = line
    for row in range(start.shape[1]):
        functional = _dot(start[0, row], values) + Fraction(float(offset[0, row]))
        for claimed, more in (
            (least[box, row], Fraction(0)),
            (constant[box, row], _dot(slope[box, row], _numbers(x))),
        ):
            if bool(torch.isfinite(claimed)):
                below = Fraction(float(claimed)) + more
                assert not ends(functional)[1] < below


def _exact(problem: Problem, point: Array, tensors: list[str]) -> dict[str, list[Any]] | None:
    try:
        return exact_values(problem, point, tensors)
    except InputError:
        return None  # a division by zero


def _numbers(values: Array) -> list[Any]:
    return [Fraction(float(v)) if np.isfinite(v) else float(v) for v in values]


def _dot(coefficients: torch.Tensor, values: list[Any]) -> Any:
    pairs = zip(coefficients.tolist(), values, strict=True)
    return sum((v * exactly(c) for c, v in pairs if c != 0), Fraction(0))


def exactly(value: float) -> Any:
    """A float as a rational, where it is finite."""
    return Fraction(value) if np.isfinite(value) else value


@pytest.mark.parametrize("name", INSTANCES)
def test_every_operator(name: str) -> None:
    try_operator(name, np.random.default_rng(list(name.encode())), 3)


def try_operator(name: str, rng: Generator, count: int) -> None:
    for _ in range(count):
        attributes, operands = INSTANCES[name](rng)
        problem, node = single(name.split()[0], attributes, operands)
        low, high = draw_boxes(rng, problem.network.input_size)
        limit = SMALL.get(name)
        if limit is not None:
            low, high = np.clip(low, -limit, limit), np.clip(high, -limit, limit)
        if name in POSITIVE:
            low, high = (
                np.minimum(abs(low), abs(high)) + 1e-6,
                np.maximum(abs(low), abs(high)) + 1e-6,
            )
        check(problem, [node], low, high, rng)


KINDS = ("linear", "linear", "unary", "unary", "pair", "concat", "slice", "scale")


def random_graph(rng: Generator) -> tuple[Problem, list[str]]:
    """Layers, residual sums, products, maxima, and tensors that several others read."""
    sketch = Sketch(3)
    sizes = {"x": 3}
    for _ in range(int(rng.integers(4, 9))):
        names = list(sizes)
        a = names[int(rng.integers(len(names)))]
        alike = [name for name in names if sizes[name] == sizes[a]]
        b = alike[int(rng.integers(len(alike)))]
        match rng.choice(KINDS):
            case "linear":
                matrix, bias = weights(rng, 3, sizes[a]), weights(rng, 3)
                made = sketch.put("linear", a, sketch.hold(matrix), sketch.hold(bias))
            case "unary":
                op = str(rng.choice(["relu", "leaky_relu", "abs", "tanh", "sigmoid", "neg"]))
                made = sketch.put(op, a, **({"alpha": 0.1} if op == "leaky_relu" else {}))
            case "pair":
                op = str(rng.choice(["add", "sub", "maximum", "minimum", "mul"]))
                made = sketch.put(op, a, b)
            case "concat":
                made = sketch.put("concat", a, b, axis=0)
            case "slice":
                made = sketch.put("slice", a, axis=0, start=0, stop=max(1, sizes[a] - 1), step=1)
            case _:
                made = sketch.put("mul", a, sketch.hold(weights(rng, 1)))
        sizes[made] = next(n.size for n in sketch.nodes if n.name == made)
    read = {name for node in sketch.nodes for name in node.inputs}
    ends_of = [name for name in sizes if name not in read]
    return sketch.problem(*ends_of), [name for name in sizes if name != "x"]


@pytest.mark.parametrize("seed", range(40))
def test_random_graphs(seed: int) -> None:
    rng = np.random.default_rng(seed)
    problem, tensors = random_graph(rng)
    low, high = draw_boxes(rng, 3, ("wide", "narrow", "point", "one ulp", "mixed"))
    check(problem, tensors, low, high, rng)


@pytest.mark.slow
def test_random_graphs_at_length() -> None:
    for seed in range(40, 1500):
        test_random_graphs(seed)


@pytest.mark.slow
@pytest.mark.parametrize("name", INSTANCES)
def test_every_operator_at_length(name: str) -> None:
    for seed in range(40):
        try_operator(name, np.random.default_rng([seed, *name.encode()]), 2)


def test_every_operator_with_bounds_has_an_instance() -> None:
    """The tables together: what is neither affine nor has a row is refused, and only this."""
    covered = {name.split()[0] for name in INSTANCES}
    refused = {"input", "parameter", "argmax"}
    assert covered == set(OPERATORS) - refused
    affine = {op for op, row in OPERATORS.items() if row.kind in (Kind.AFFINE, Kind.LAYOUT)}
    assert set(LINES) | set(RULES) | affine == set(OPERATORS) - refused
    assert set(OPERATORS) >= ROUNDLESS


# What rounding can do to a network: each of these is a way in which a bound could be too narrow.


def least_of(
    problem: Problem, start: dict[str, Any], low: Any, high: Any, dtype: torch.dtype
) -> tuple[float, Sweep]:
    """The lower bound of one functional over one box, in exact arithmetic."""
    corners = [np.array([side], dtype=np.float64) for side in (low, high)]
    graph, state = bound(problem, dtype, corners[0], corners[1], deployed=False)
    rows = {n: torch.tensor([[c]], dtype=torch.float64).to(dtype) for n, c in start.items()}
    with torch.no_grad():
        least, _, _ = graph.lower(state, rows, torch.zeros(1, 1, dtype=dtype))
    return float(least), state


@pytest.mark.parametrize("dtype", FORMATS)
@pytest.mark.parametrize("behind", ["slice", "relu"])
def test_coefficients_that_cancel_on_their_way_to_one_tensor(
    dtype: torch.dtype, behind: str
) -> None:
    """Between 2^k and -2^k each 1 is lost, and the sum comes out as 0 instead of their number."""
    bits = {torch.float32: 25, torch.float64: 54}[dtype]
    sketch = Sketch(1)
    source = sketch.lay("relu", "x") if behind == "relu" else "x"
    slices = [sketch.lay("slice", source, axis=0, start=0, stop=1, step=1) for _ in range(60)]
    problem = sketch.problem(*slices)
    factors = [2.0**bits, *[1.0] * 58, -(2.0**bits)]
    start = {name: [factor] for name, factor in zip(slices, factors, strict=True)}
    least, _ = least_of(problem, start, [0.75], [1.0], dtype)
    assert least <= 58 * 0.75
    negative = {name: [-factor] for name, (factor,) in start.items()}
    least, _ = least_of(problem, negative, [0.75], [1.0], dtype)
    assert least <= -58


def test_coefficients_that_vanish_on_their_way_to_a_large_input() -> None:
    sketch = Sketch(1)
    weight = sketch.hold(np.array([[1.5e-18]], dtype=np.float32))
    once = sketch.lay("linear", "x", weight)
    twice = sketch.lay("linear", once, weight)
    problem = sketch.problem(twice)
    exact = float(np.float32(1.5e-18)) ** 2 * 1e-9 * 1e37
    least, _ = least_of(problem, {twice: [1e-9]}, [1e37], [1e37], torch.float32)
    assert least <= exact
    least, _ = least_of(problem, {twice: [-1e-9]}, [1e37], [1e37], torch.float32)
    assert least <= -exact


def deployed_bounds(problem: Problem, node: str, low: Any, high: Any) -> list[tuple[float, float]]:
    """Bounds of the first entry of a node over one box, in either format, rounding covered."""
    found: list[tuple[float, float]] = []
    for dtype in FORMATS:
        corners = [np.array([side], dtype=np.float64) for side in (low, high)]
        _, state = bound(problem, dtype, corners[0], corners[1], deployed=True)
        below, above = (float(side[0, 0]) for side in state.bounds[node])
        found.append((below, above))
    return found


@pytest.mark.parametrize("op", ["maximum", "minimum", "concat"])
def test_a_constant_that_the_deployed_network_rounds(op: str) -> None:
    """0.1 in float64 becomes another number in float32, even where nothing is computed with it."""
    sketch = Sketch(1)
    constant = sketch.hold(np.array([0.1]))
    attributes = {"axis": 0} if op == "concat" else {}
    operands = (constant, "x")
    node = sketch.put(op, *operands, **attributes)
    value = {"maximum": -1.0, "minimum": 1.0, "concat": 0.0}[op]
    for below, above in deployed_bounds(sketch.problem(node), node, [value], [value]):
        for seen in (0.1, float(np.float32(0.1))):
            assert below <= seen <= above


def test_a_deployed_network_that_overflows_has_no_bounds() -> None:
    sketch = Sketch(1)
    grow, shrink = (sketch.hold(np.array([[s]], dtype=np.float32)) for s in (1e30, 1e-30))
    large = sketch.put("linear", "x", grow)
    node = sketch.put("linear", large, shrink)
    for below, above in deployed_bounds(sketch.problem(node), node, [1e10], [1e10]):
        assert not (np.isfinite(below) and np.isfinite(above))
    for below, above in deployed_bounds(sketch.problem(node), node, [1e5], [1e5]):
        assert 0.99e5 < below < 1e5 < above < 1.01e5


def test_a_weight_too_small_for_float32() -> None:
    """Exactly 1e-26, but 0 where the weight is rounded to float32 first."""
    sketch = Sketch(1)
    node = sketch.put("linear", "x", sketch.hold(np.array([[1e-46]])))
    for below, above in deployed_bounds(sketch.problem(node), node, [1e20], [1e20]):
        assert below <= 0 <= 1.01e-26 <= above


def test_a_divisor_too_small_for_float32() -> None:
    sketch = Sketch(1)
    node = sketch.put("div", "x", sketch.hold(np.array([1e-46])))
    for below, above in deployed_bounds(sketch.problem(node), node, [1e-20], [1e-20]):
        assert not (np.isfinite(below) and np.isfinite(above))


@pytest.mark.parametrize("op", ["maximum", "div"])
def test_a_constant_too_small_for_float32(op: str) -> None:
    sketch = Sketch(1)
    node = sketch.put(op, sketch.hold(np.array([1e-46])), "x")
    value = {"maximum": -1.0, "div": 1e-36}[op]
    for below, above in deployed_bounds(sketch.problem(node), node, [value], [value]):
        assert below <= 0 <= {"maximum": 1e-46, "div": 1.01e-10}[op] <= above


def test_inputs_so_small_that_they_may_count_as_zero() -> None:
    """With flushing to zero an input of 1e-40 is lost, whatever it is multiplied by."""
    sketch = Sketch(1)
    node = sketch.put("linear", "x", sketch.hold(np.array([[1e20]], dtype=np.float32)))
    for below, above in deployed_bounds(sketch.problem(node), node, [1e-40], [1e-40]):
        assert below <= 0 <= 1.01e-20 <= above


@pytest.mark.parametrize(("op", "other"), [("mul", 1e30), ("matmul", 1e30), ("div", 1e-37)])
def test_factors_so_small_that_they_may_count_as_zero(op: str, other: float) -> None:
    """With flushing to zero 1e-39 is lost, whatever it is multiplied by or divided by."""
    sketch = Sketch(2)
    shape = (1, 1)
    small, large = (
        sketch.lay("reshape", sketch.lay("slice", "x", axis=0, start=i, stop=i + 1, step=1),
                   shape=shape)
        for i in (0, 1)
    )  # fmt: skip
    node = sketch.put(op, small, large)
    corner = [1e-39, other]
    for below, above in deployed_bounds(sketch.problem(node), node, corner, corner):
        assert below <= 0
        assert above >= (1e-2 if op == "div" else 1e-9) * 0.99


def test_inputs_so_small_that_nothing_is_divided_by_them() -> None:
    """With flushing to zero 1 / x is infinite, and so is log x; no bounds are finite."""
    for op, operands in (("div", ("parameter1", "x")), ("log", ("x",))):
        sketch = Sketch(1)
        sketch.hold(np.array([1e-5], dtype=np.float32))
        node = sketch.put(op, *operands)
        for below, above in deployed_bounds(sketch.problem(node), node, [1e-39], [1e-39]):
            assert not np.isfinite(above - below)


@pytest.mark.parametrize("size", [2**20, 2**30])
def test_sums_with_large_terms_that_cancel(size: int) -> None:
    """x -> (x + 2^30) - 2^30 is the identity, and in float32 almost constant."""
    sketch = Sketch(1)
    large = sketch.hold(np.array([size], dtype=np.float32))
    node = sketch.put("sub", sketch.put("add", "x", large), large)
    problem = sketch.problem(node)
    for below, above in deployed_bounds(problem, node, [0.3], [0.3]):
        seen = np.float32(np.float32(0.3) + np.float32(size)) - np.float32(size)
        assert below <= float(seen) <= above
        assert above - below >= size * 2.0**-24
    for dtype in FORMATS:
        corner = np.array([[0.3]], dtype=np.float32)
        _, state = bound(problem, dtype, corner, corner, deployed=False)
        low, high = (float(side[0, 0]) for side in state.bounds[node])
        assert low <= float(np.float32(0.3)) <= high


def test_rows_of_large_and_small_weights() -> None:
    """Sums whose terms cancel to a small rest, in orders that lose it and orders that keep it."""
    rng = np.random.default_rng(1)
    sketch = Sketch(40)
    row = np.concatenate([10.0 ** rng.integers(0, 9, 20), np.zeros(20)])
    row[20:] = -row[:20]
    matrix = np.stack([row, rng.permutation(row)]).astype(np.float32)
    hidden = sketch.put("linear", "x", sketch.hold(matrix))
    node = sketch.put("relu", hidden)
    last = sketch.put("linear", node, sketch.hold(np.array([[1.0, -1.0]], dtype=np.float32)))
    problem = sketch.problem(hidden, node, last)
    low = np.repeat(rng.normal(size=(1, 20)), 2, axis=1).astype(np.float32)
    check(problem, [hidden, node, last], np.vstack([low, low]), np.vstack([low, low + 1]), rng)


def test_planes_about_quotients_by_what_may_be_small_or_large() -> None:
    """Their slopes may be below the normal floats, where little is left of their digits."""
    rng = np.random.default_rng(5)
    size = 400
    near = 10.0 ** rng.uniform(-6, 14, size=size)
    ends_ = np.stack([near, np.minimum(near * 10.0 ** rng.uniform(0, 36, size=size), 3e38)])
    low, high = torch.tensor(ends_, dtype=torch.float32)
    above, below = torch.tensor(10.0 ** rng.uniform(-3, 20, size=(2, size)), dtype=torch.float32)
    x, y = (Node(name, "input", (), (size,)) for name in "xy")
    node = Node("z", "div", ("x", "y"), (size,))
    bounds = (-below[None], above[None]), (low[None], high[None])
    found = divide(node, [x, y], bounds, None)
    finite = 0
    for at in range(size):
        least, most = float(low[at]), float(high[at])
        middle = min(max((least * most) ** 0.5, least), most)
        for top in (Fraction(-float(below[at])), Fraction(float(above[at]))):
            for bottom in map(Fraction, (least, middle, most)):
                floor, ceiling = found.offset_below[0, at], found.offset_above[0, at]
                if not (floor.isfinite() and ceiling.isfinite()):
                    continue
                finite += 1
                lower, upper = Fraction(float(floor)), Fraction(float(ceiling))
                for part, value in zip(found.parts, (top, bottom), strict=True):
                    lower += Fraction(float(part.slope_below[0, at])) * value
                    upper += Fraction(float(part.slope_above[0, at])) * value
                assert lower <= top / bottom <= upper
    assert finite > size


def test_a_sum_that_is_too_long_is_refused() -> None:
    sketch = Sketch(100_100)
    node = sketch.put("linear", "x", sketch.hold(np.ones((1, 100_100), dtype=np.float32)))
    with pytest.raises(UnsupportedOperator, match=r"a sum of 1001.. terms is too long"):
        BoundGraph(sketch.problem(node))


def test_an_operator_without_bounds_is_refused() -> None:
    problem, _ = single("argmax", {"axis": 0, "keepdims": 1}, [(3,)])
    with pytest.raises(UnsupportedOperator, match="argmax"):
        BoundGraph(problem)


@pytest.mark.parametrize("dtype", FORMATS)
def test_what_is_rounded_on_its_way_into_a_network(dtype: torch.dtype) -> None:
    """relu(3x): nothing is rounded but 3x, where the network takes it."""
    agent = Agent(observation=[Feature("x", 0, 1)], actions=["left", "right"])
    o = agent.observation("o")
    nodes = (Node("i", "input", (), (1,)), Node("r", "relu", ("i",), (1,)))
    network = Network(nodes, ("i",), ("r",), {}, "relu")
    formula = forall(o, agent.value(o.with_(x=3 * o["x"])) <= 1)
    problem = compile_goal(formula, {"value": network}, wanted=False)
    output = problem.network.outputs[-1]
    for x in np.random.default_rng(0).random(50).astype(np.float32):
        corner = np.array([[x]])
        _, state = bound(problem, dtype, corner, corner, deployed=True)
        below, above = (Fraction(float(side[0, 0])) for side in state.bounds[output])
        exact = 3 * Fraction(float(x))
        assert below <= exact <= above
        assert below <= Fraction(float(np.float32(float(exact)))) <= above
