"""Entries that stand for close ones: never a bound too narrow, and what cancels cancels."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
import torch
from bound_case import Sketch, draw_boxes
from numpy.random import Generator
from test_bounds import FORMATS, bound, check, weights
from torch import nn

from extract.network import Array
from extract.reader.python_file import export
from extract.reader.torch_export import translate
from theory import Agent, Feature, and_, forall
from verify.answer import Deadline
from verify.neural.bounds.twin import PARALLEL, Twins
from verify.neural.branch import Search
from verify.problem import Problem, compile_goal

BENT = ("relu", "abs", "leaky_relu")
UNITS = 5


def bend(sketch: Sketch, op: str, source: str) -> str:
    return sketch.put(op, source, **({"alpha": 0.1} if op == "leaky_relu" else {}))


def parallel(rng: Generator, matrix: Array, bias: Array, *, off: float) -> tuple[Array, Array]:
    """Weights with as many rows again: the same ones, scaled, and off by so large a share."""
    scale = 10.0 ** rng.uniform(-2, 2, size=(len(matrix), 1))
    more = np.concatenate([matrix, bias[:, None]], axis=1) * scale
    more = more * (1 + off * rng.normal(size=more.shape))
    return (
        np.concatenate([matrix, more[:, :-1]]).astype(matrix.dtype),
        np.concatenate([bias, more[:, -1]]).astype(bias.dtype),
    )


def sketch_of(rng: Generator, op: str) -> tuple[Problem, list[str]]:
    """A layer with parallel units, then a layer that is read twice, from close inputs."""
    sketch = Sketch(3)
    off = float(rng.choice([0, 1e-7, 1e-6, 1e-4]))
    first = parallel(rng, weights(rng, UNITS, 3), weights(rng, UNITS), off=off)
    inner = bend(sketch, op, sketch.put("linear", "x", *map(sketch.hold, first)))
    near = np.eye(2 * UNITS) * (1 + rng.normal() * float(rng.choice([0, 1e-7, 1e-3, 1.0])))
    moved = sketch.put("linear", inner, sketch.hold(near.astype(np.float32)))
    shared = [sketch.hold(weights(rng, 4, 2 * UNITS)), sketch.hold(weights(rng, 4))]
    ends = [bend(sketch, op, sketch.put("linear", one, *shared)) for one in (inner, moved, moved)]
    joined = sketch.put("concat", *ends, axis=0)
    outward = weights(rng, 4, 4)
    last = np.concatenate([outward, -outward, rng.normal(size=(4, 4))], axis=1)
    made = sketch.put("linear", joined, sketch.hold(last.astype(np.float32)))
    names = [node.name for node in sketch.nodes if node.op not in ("input", "parameter")]
    return sketch.problem(made), [*(n for n in names if n != made), made]


@pytest.mark.parametrize("op", BENT)
@pytest.mark.parametrize("seed", range(8))
def test_bounds_hold(op: str, seed: int) -> None:
    rng = np.random.default_rng([seed, BENT.index(op)])
    problem, tensors = sketch_of(rng, op)
    low, high = draw_boxes(rng, 3, ("wide", "narrow", "point", "one ulp", "mixed"))
    check(problem, tensors, low, high, rng)


@pytest.mark.slow
@pytest.mark.parametrize("op", BENT)
def test_bounds_hold_at_length(op: str) -> None:
    for seed in range(8, 300):
        test_bounds_hold(op, seed)


def least(problem: Problem, start: dict[str, Array], dtype: torch.dtype) -> float:
    """The lower bound of a functional where every input is in [-1, 1]."""
    side = np.ones((1, 3), dtype=np.float32)
    graph, state = bound(problem, dtype, -side, side, deployed=True)
    rows = {n: torch.tensor(c)[None, None].to(dtype) for n, c in start.items()}
    with torch.no_grad():
        lower, _, _ = graph.lower(state, rows, torch.zeros(1, 1, dtype=dtype))
    return float(lower)


@pytest.mark.parametrize("dtype", FORMATS)
def test_units_that_cancel_cost_only_their_rounding(dtype: torch.dtype) -> None:
    rng = np.random.default_rng(0)
    matrix, bias = rng.normal(size=(1, 3)).astype(np.float32), np.zeros(1, dtype=np.float32)
    for off, close in ((0.0, True), (1e-7, True), (100 * PARALLEL, False)):
        sketch = Sketch(3)
        both = parallel(rng, matrix, bias, off=off)
        factor = float(both[0][1, 0] / both[0][0, 0])
        end = sketch.put("relu", sketch.put("linear", "x", *map(sketch.hold, both)))
        found = least(sketch.problem(end), {end: np.array([factor, -1.0])}, dtype)
        assert found <= 0
        assert (found > -1e-5 * max(factor, 1)) is close


@pytest.mark.parametrize("dtype", FORMATS)
def test_copies_of_a_layer_differ_as_little_as_their_inputs(dtype: torch.dtype) -> None:
    rng = np.random.default_rng(1)
    sketch = Sketch(3)
    near = np.eye(3, dtype=np.float32) * np.float32(1 + 1e-4)
    moved = sketch.put("linear", "x", sketch.hold(near))
    shared = sketch.hold(rng.normal(size=(4, 3)).astype(np.float32))
    ends = [sketch.put("relu", sketch.put("linear", one, shared)) for one in ("x", moved)]
    problem = sketch.problem(*ends)
    difference = {ends[0]: np.ones(4), ends[1]: -np.ones(4)}
    assert -2e-3 < least(problem, difference, dtype) < 0
    alone = least(problem, {ends[1]: -np.ones(4)}, dtype)
    assert alone < -1  # and a copy by itself is bounded as ever


def test_layers_that_only_look_alike_are_no_copies() -> None:
    """The same weights under another bias, or before another function, are another layer."""
    rng = np.random.default_rng(2)
    sketch = Sketch(3)
    matrix = sketch.hold(rng.normal(size=(4, 3)).astype(np.float32))
    biases = [sketch.hold(rng.normal(size=4).astype(np.float32)) for _ in range(2)]
    ends = [sketch.put("relu", sketch.put("linear", "x", matrix, bias)) for bias in biases]
    ends.append(sketch.put("abs", sketch.put("linear", "x", matrix, biases[0])))
    network = sketch.problem(*ends).network
    assert not Twins.of(network.nodes, network.parameters, "cpu").earlier


def test_weights_that_point_the_other_way_are_not_parallel() -> None:
    sketch = Sketch(3)
    row = np.array([[1.0, -2.0, 0.5]], dtype=np.float32)
    end = sketch.put("relu", sketch.put("linear", "x", sketch.hold(np.concatenate([row, -row]))))
    network = sketch.problem(end).network
    assert not Twins.of(network.nodes, network.parameters, "cpu").links


def test_weights_of_quite_another_size_are_not_compared() -> None:
    """Their factor would be more than any float32: nought times that is no number."""
    rng = np.random.default_rng(3)
    sketch = Sketch(3)
    row = rng.normal(size=(1, 3)).astype(np.float32)
    both = np.concatenate([row * np.float32(1e-30), row * np.float32(1e15)])
    end = sketch.put("relu", sketch.put("linear", "x", sketch.hold(both)))
    problem = sketch.problem(end)
    assert np.isfinite(least(problem, {end: np.array([1.0, -1.0])}, torch.float32))
    assert not Twins.of(problem.network.nodes, problem.network.parameters, "cpu").links


def test_a_difference_that_is_nought_but_for_rounding_is_decided() -> None:
    """Nine inputs, and eight units that only hide what the rest does: |f - g| <= 1/1000."""
    agent = Agent(observation=[Feature(f"f{i}", -1, 1) for i in range(9)], actions=["a", "b"])
    o = agent.observation("o")
    torch.manual_seed(0)
    first = nn.Linear(9, 20)
    last = nn.Linear(20, 1)
    with torch.no_grad():
        first.weight[12:16] = first.weight[16:20] * 3
        first.bias[12:16] = first.bias[16:20] * 3
        last.weight[0, 16:20] = last.weight[0, 12:16] * -3
        last.weight[0, :12] = 0
    program = export("case", nn.Sequential(first, nn.ReLU(), last).eval(), (torch.zeros(1, 9),), {})
    net = translate("case", program, sha256="").require()
    gap = agent.value(o) - Fraction(float(last.bias.detach()))
    close = and_(gap <= Fraction(1, 1000), -gap <= Fraction(1, 1000))
    problem = compile_goal(forall(o, close), {"value": net}, wanted=False)
    answer = Search(problem).run(Deadline.after(20))
    assert answer.reached is False
