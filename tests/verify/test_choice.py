"""Whatever is chosen in a backward pass and known of signs, bounds contain every value."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import torch
from bound_case import Sketch, draw_boxes, draw_points, ends, exact_values, in_float32
from engine_case import dense
from numpy.random import Generator

from extract.network import Array
from theory import Agent, Feature, and_, forall, not_
from theory.enclosure import Undecided
from verify.answer import Deadline
from verify.certificate.tree import NEURON, Record
from verify.neural.arithmetic import Arithmetic
from verify.neural.bounds.choice import Choice, is_bent
from verify.neural.bounds.fan import turns as is_turning
from verify.neural.bounds.graph import BoundGraph
from verify.neural.bounds.phase import ASSUMED, Phases, assumed, split
from verify.neural.bounds.product import choices
from verify.neural.branch import Search
from verify.neural.tighten import conjunctions, tighten
from verify.problem import Problem, compile_goal
from verify.problem.affine import constant, entry
from verify.problem.goal import AllOf, AnyOf, Atom, Inequality

FORMATS = (torch.float32, torch.float64)
BENT = ("relu", "relu", "abs", "leaky_relu", "tanh", "sigmoid", "elu")
ALPHAS = {"leaky_relu": {"alpha": 0.3}, "elu": {"alpha": 0.5}}


def bent_graph(rng: Generator) -> tuple[Problem, str]:
    """Layers with bent functions, one of which is read twice; the last tensor has three entries."""
    sketch = Sketch(3)
    source, size = "x", 3
    for width in (4, 5, 4):
        scale = 10.0 ** rng.integers(-2, 3)
        weight = (rng.normal(size=(width, size)) * scale).astype(np.float32)
        bias = (rng.normal(size=width) * scale).astype(np.float32)
        source = sketch.put("linear", source, sketch.hold(weight), sketch.hold(bias))
        op = str(rng.choice(BENT))
        bent = sketch.put(op, source, **ALPHAS.get(op, {}))
        match int(rng.integers(6)):
            case 0 | 1:
                source = sketch.put("add", bent, source)
            case 2:
                source = sketch.put("mul", bent, source)
            case 3:
                source = sketch.put("mul", bent, bent)
            case 4:
                source = multiplied(sketch, bent, source, width)
            case _:
                source = bent
        size = width
    weight = rng.normal(size=(3, size)).astype(np.float32)
    last = sketch.put("linear", source, sketch.hold(weight))
    return sketch.problem(last), last


def multiplied(sketch: Sketch, one: str, other: str, width: int) -> str:
    """The product of a square matrix, made of two vectors, with one of them."""
    column = sketch.put("reshape", one, shape=(width, 1))
    row = sketch.put("reshape", other, shape=(1, width))
    square = sketch.put("matmul", column, row)
    return sketch.put("reshape", sketch.put("matmul", square, column), shape=(width,))


def random_choice(
    rng: Generator, graph: BoundGraph, phases: torch.Tensor, limits: torch.Tensor, rows: int
) -> Choice:
    """Slopes anywhere between the two sides, prices of any size for the signs that are assumed, and
    of either sign for the limits.
    """
    slopes: dict[str, torch.Tensor] = {}
    turns: dict[str, Any] = {}
    multipliers: dict[str, torch.Tensor] = {}
    batch = phases.shape[0]
    for node in graph.nodes:
        if is_bent(node) and rng.random() < 0.8:
            turn = rng.random((batch, rows, node.size))
            turn = np.where(rng.random(turn.shape) < 0.3, np.round(turn), turn)
            slopes[node.name] = torch.tensor(turn).to(graph.dtype)
        count = choices(node, [graph.node(n) for n in node.inputs])
        count = node.size if is_turning(node) else count
        if count and rng.random() < 0.8:
            both = rng.random((2, batch, rows, count))
            both = np.where(rng.random(both.shape) < 0.3, np.round(both), both)
            turns[node.name] = tuple(torch.tensor(both).to(graph.dtype))
    for name in graph.phases.places:
        sign = graph.phases.of(name, assumed(phases)).to(graph.dtype)[:, None]
        price = rng.exponential(size=(batch, rows, sign.shape[2])) * 10.0 ** rng.integers(-3, 2)
        multipliers[name] = -torch.tensor(price).to(graph.dtype) * sign
    ends_of: dict[str, Any] = {}
    for name in graph.limits.places:
        ends_of[name] = tuple(end.to(graph.dtype) for end in graph.limits.of(name, limits))
        price = rng.normal(size=(batch, rows, graph.size(name))) * 10.0 ** rng.integers(-3, 2)
        multipliers[name] = torch.tensor(price).to(graph.dtype)
    return Choice(slopes, turns, multipliers, limits=ends_of)


def drawn_limits(rng: Generator, graph: BoundGraph, problem: Problem, points: Array) -> Any:
    """For each box ends about some entries at one of its points, near it, at it or far."""
    limits = graph.limits.nothing(len(points), "cpu")
    for row, point in enumerate(points):
        if row % 3 == 2:
            continue
        values = exact_values(problem, point, list(graph.limits.places))
        flat = np.array([float(ends(v)[0]) for n in graph.limits.places for v in values[n]])
        for at, value in enumerate(flat):
            for side, direction in ((0, -1), (1, 1)):
                if rng.random() < 0.4:
                    away = abs(value) * 10.0 ** rng.integers(-8, 1) * (rng.random() < 0.8)
                    limits[row, side, at] = value + direction * away
    return limits


def within_limits(graph: BoundGraph, limits: Array, values: dict[str, list[Any]]) -> bool:
    """Whether all entries are surely within the limits (2, C)."""
    flat = [v for name in graph.limits.places for v in values[name]]
    return all(
        _is_at_most(low, ends(v)[0]) and _is_at_most(-high, -ends(v)[1])
        for low, v, high in zip(limits[0].tolist(), flat, limits[1].tolist(), strict=True)
    )


def sign_of(value: Any) -> int:
    """1 or -1; 0 for zero, and where an enclosure does not say."""
    low, high = ends(value)
    return int(low > 0) - int(high < 0)


def signs_at(graph: BoundGraph, values: dict[str, list[Any]]) -> Array:
    return np.array([sign_of(v) for name in graph.phases.places for v in values[name]], np.int8)


def drawn_phases(rng: Generator, graph: BoundGraph, problem: Problem, points: Array) -> Any:
    """For each box the signs of some entries at one of its points, assumed."""
    rows: list[Array] = []
    for point in points:
        values = exact_values(problem, point, list(graph.phases.places))
        signs = signs_at(graph, values) * ASSUMED
        rows.append(np.where(rng.random(signs.shape) < 0.4, signs, 0).astype(np.int8))
    return torch.tensor(np.stack(rows))


@pytest.mark.parametrize("seed", range(12))
def test_bounds_contain_every_value_with_the_signs_that_were_assumed(seed: int) -> None:
    cut = try_choices(np.random.default_rng(seed))
    assert cut > 10 or seed == NO_CURVE


NO_CURVE = 1
"""The seed of a graph without curves."""


@pytest.mark.slow
def test_bounds_contain_every_value_at_length() -> None:
    for seed in range(12, 90):
        try_choices(np.random.default_rng(seed))


def _is_at_most(bound: float, value: Any) -> bool:
    """Whether a lower bound is one; what is not a number, or minus infinity, says nothing."""
    return bound <= value if np.isfinite(bound) else bound != np.inf


def try_choices(rng: Generator) -> int:
    """How many runs were within limits."""
    problem, last = bent_graph(rng)
    low, high = draw_boxes(rng, 3, ("wide", "narrow", "point", "one ulp", "mixed", "wide"))
    points = [draw_points(rng, *corners, 4) for corners in zip(low, high, strict=True)]
    start = rng.normal(size=(1, 2, 3)) * 10.0 ** rng.integers(-3, 4, size=(1, 2, 3))
    tested = cut = 0
    for dtype in FORMATS:
        for deployed in (False, True):
            graph = BoundGraph(problem, dtype=dtype, deployed=deployed)
            tensors = [*graph.phases.places, *graph.limits.places, last]
            firsts = np.stack([box[0] for box in points])
            phases = drawn_phases(rng, graph, problem, firsts)
            limits = drawn_limits(rng, graph, problem, firsts)
            with torch.no_grad():
                below, above = torch.tensor(low).to(dtype), torch.tensor(high).to(dtype)
                state = graph.sweep(below, above, phases, limits)
                choice = random_choice(rng, graph, phases, limits, 2)
                rows = torch.tensor(start).to(dtype)
                zero = torch.zeros(1, 2, dtype=dtype)
                least, slope, offset = graph.lower(state, {last: rows}, zero, choice)
            for box, at in np.ndindex(len(points), 4):
                point = points[box][at]
                runs = [exact_values(problem, point, tensors)]
                single = in_float32(problem, point, rng) if deployed else {}
                if single and all(np.isfinite(single[n]).all() for n in tensors):
                    runs.append({n: [Fraction(float(v)) for v in single[n]] for n in tensors})
                for values in runs:
                    signs = signs_at(graph, values)
                    wanted = phases[box].sign().numpy()
                    if ((wanted != 0) & (signs != wanted)).any():
                        continue
                    if not within_limits(graph, limits[box].numpy(), values):
                        continue
                    cut += int(bool(limits[box].isfinite().any()))
                    tested += 1
                    assert not state.empty[box]
                    for name in tensors:
                        sides = [side[box].tolist() for side in state.bounds[name]]
                        for a, value, b in zip(sides[0], values[name], sides[1], strict=True):
                            assert _is_at_most(a, ends(value)[1])
                            assert _is_at_most(-b, -ends(value)[0])
                    for row in range(2):
                        pairs = zip(rows[0, row].tolist(), values[last], strict=True)
                        total = sum((v * Fraction(c) for c, v in pairs), Fraction(0))
                        assert _is_at_most(float(least[box, row]), ends(total)[1])
                        if bool((slope[box, row].sum() + offset[box, row]).isfinite()):
                            line = Fraction(float(offset[box, row])) + sum(
                                Fraction(float(c)) * Fraction(float(x))
                                for c, x in zip(slope[box, row], point, strict=True)
                            )
                            assert line <= ends(total)[1]
    assert tested > 5
    return cut


def goal_problem(rng: Generator) -> Problem:
    """A random goal over the last tensor of a random graph, often nearly unreachable."""
    problem, last = bent_graph(rng)
    inequalities: list[Inequality] = []
    middle = exact_values(problem, np.full(3, 0.5, np.float32), [last])[last]
    for _ in range(4):
        factors = [Fraction(int(rng.integers(-3, 4))) for _ in range(3)]
        expression = constant(Fraction(0))
        for at, factor in enumerate(factors):
            expression = expression + entry(last, at).scaled(factor)
        height = sum(f * ends(v)[0] for f, v in zip(factors, middle, strict=True))
        shift = constant(-height - Fraction(int(rng.integers(-2, 6)), 8) * abs(height))
        inequalities.append(Inequality(expression + shift, bool(rng.random() < 0.5)))
    goal = AnyOf((AllOf((Atom(0), Atom(1))), AllOf((Atom(2), AnyOf((Atom(3), Atom(1)))))))
    return replace(problem, inequalities=tuple(inequalities), goal=goal)


@pytest.mark.parametrize("seed", range(14))
def test_a_tightened_refutation_is_right(seed: int) -> None:
    """On boxes that are closed no point, exact or in float32, reaches the goal."""
    rng = np.random.default_rng(seed)
    problem = goal_problem(rng)
    arithmetic = Arithmetic(problem, torch.float32, deployed=True, device="cpu")
    middle = rng.random((24, 3)).astype(np.float32)
    width = (10.0 ** rng.uniform(-3, -0.3, size=(24, 1))).astype(np.float32)
    low, high = np.clip(middle - width, 0, 1), np.clip(middle + width, 0, 1)
    phases = arithmetic.graph.phases.nothing(24, "cpu")
    with torch.no_grad():
        state = arithmetic.sweep(torch.tensor(low), torch.tensor(high), phases)
        result = tighten(arithmetic, problem.goal, state, phases, arithmetic.ceiling(state))
    for box in result.closed.nonzero()[:, 0].tolist():
        for point in draw_points(rng, low[box], high[box], 6):
            exact = [Fraction(float(v)) for v in point]
            with suppress(Undecided):
                assert not problem.reached(exact)


def test_tightening_refutes_what_plain_bounds_do_not() -> None:
    """|x| + |y| <= 5/4 is not reached where x + y >= 3/2, which no single inequality shows."""
    agent = Agent(observation=[Feature("x", 0, 1), Feature("y", 0, 1)], actions=["left", "right"])
    o = agent.observation("o")
    net = dense(([[1, 0], [0, 1]], [-1, -1]), ([[1, 1]], [2]), ([[1]], [0]))
    claim = not_(and_(agent.value(o) <= Fraction(5, 4), o["x"] + o["y"] >= Fraction(7, 2)))
    problem = compile_goal(forall(o, claim), {"value": net.network()}, wanted=False)
    answer = Search(problem).run(Deadline.after(5))
    assert answer.reached is False


def test_a_goal_of_many_alternatives_is_weakened() -> None:
    """Ten choices of two are 1024 conjunctions: some are dropped, so that more is implied."""
    goal = AllOf(tuple(AnyOf((Atom(2 * i), Atom(2 * i + 1))) for i in range(10)))
    sets = conjunctions(goal)
    assert 1 <= len(sets) <= 32
    rng = np.random.default_rng(0)
    for _ in range(200):
        true = {i for i in range(20) if rng.random() < 0.8}
        if all(2 * i in true or 2 * i + 1 in true for i in range(10)):
            assert any(set(chosen) <= true for chosen in sets)


# Splitting by neurons.


def test_halves_by_an_entry_have_its_signs() -> None:
    phases = Phases({"a": 2, "b": 3})
    halves = split(phases.nothing(2, "cpu"), torch.tensor([1, 4]))
    assert halves.tolist() == [
        [0, -2, 0, 0, 0], [0, 0, 0, 0, -2], [0, 2, 0, 0, 0], [0, 0, 0, 0, 2]
    ]  # fmt: skip
    assert phases.entry(4) == ("b", 2)


def wide_claim(rng: Generator, slack: Fraction) -> Problem:
    """value <= largest value at a corner, plus slack, for a random network of eight inputs."""
    agent = Agent(
        observation=[Feature(f"f{i}", -1, 1) for i in range(8)], actions=["left", "right"]
    )
    o = agent.observation("o")
    first = [[Fraction(int(v)) for v in row] for row in rng.integers(-4, 5, size=(6, 8))]
    biases = [Fraction(int(v)) for v in rng.integers(-3, 4, size=6)]
    second = [[Fraction(int(v)) for v in rng.integers(-4, 5, size=6)]]
    tiny = dense((first, biases), (second, [Fraction(0)]))
    corners = np.array(np.meshgrid(*[[-1, 1]] * 8)).reshape(8, -1).T
    best = max(tiny([Fraction(int(v)) for v in corner])[0] for corner in corners)
    formula = forall(o, agent.value(o) <= best + slack)
    return compile_goal(formula, {"value": tiny.network()}, wanted=False)


@pytest.mark.parametrize("seed", range(6))
def test_splitting_by_neurons_decides(seed: int) -> None:
    """By neurons alone, with a record; the truth is what splitting by inputs says."""
    rng = np.random.default_rng(seed)
    problem = wide_claim(rng, Fraction(int(rng.integers(-2, 5))))
    record = Record()
    by_neurons = Search(problem, record=record)
    by_neurons.neurons, by_neurons.next_trial = True, 10**9
    found = by_neurons.run(Deadline.after(10))
    by_inputs = Search(problem)
    by_inputs.next_trial = 10**9
    truth = by_inputs.run(Deadline.after(10))
    assert found.reached is not None
    assert truth.reached in (None, found.reached)
    tree = record.tree()
    if tree.leaves > 1:
        assert (tree.kind == NEURON).any()
