"""The auditor's bounds hold for every value: exact ones, and float32 ones in any order of sums."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from bound_case import Sketch, draw_boxes, draw_points, ends, exact_values, in_float32, single
from numpy.random import Generator
from test_bounds import INSTANCES, POSITIVE, SMALL, weights

from extract.network import Array, Node
from theory.enclosure import Undecided
from theory.error import InputError, UnsupportedOperator
from verify.certificate.bound import Auditor
from verify.certificate.box import Boxes
from verify.problem import Affine, Inequality, Problem
from verify.problem.affine import entry

VARYING = {
    "matmul of two that vary": lambda r: ({}, [(2, 3), (3, 2)]),
    "matmul of stacks that vary": lambda r: ({}, [(2, 1, 3), (3, 2)]),
}
"""What the auditor bounds beyond what the engine does."""

KINDS = (*INSTANCES, *VARYING)


def with_rows(problem: Problem, rng: Generator, tensors: list[str]) -> Problem:
    """The problem with random affine functionals of its tensors as inequalities."""
    rows: list[Inequality] = []
    for _ in range(4):
        row = Affine({}, Fraction(int(rng.integers(-9, 9)), 7))
        for name in tensors:
            for at in range(problem.network.node(name).size):
                row += entry(name, at).scaled(Fraction(int(rng.integers(-30, 30)), 3))
        rows.append(Inequality(row, strict=True))
    return replace(problem, inequalities=tuple(rows))


def value(inequality: Inequality, values: dict[str, Any]) -> Any:
    """The least value of a functional where tensors have these exact values, or enclosures."""
    total = inequality.expression.constant
    for (name, at), factor in inequality.expression.terms.items():
        low, high = ends(values[name][at])
        total += factor * (low if factor > 0 else high)
    return total


def check(problem: Problem, tensors: list[str], low: Array, high: Array, rng: Generator) -> int:
    """Every point's value is below the bounds of its box; how many bounds are finite."""
    boxes = Boxes(low.astype(np.float64), high.astype(np.float64), {})
    finite = 0
    for deployed in (False, True):
        auditor = Auditor(problem, deployed=deployed)
        state = auditor.sweep(boxes)
        reach = auditor.reach(state)
        assert not state.empty.any()
        for box, upper in enumerate(reach.upper):
            for point in draw_points(rng, low[box], high[box], 4):
                try:
                    runs = [exact_values(problem, point, tensors)]
                except (InputError, Undecided):
                    continue  # it divides by zero there
                if deployed:
                    runs.append(_fractions(in_float32(problem, point, rng)))
                for run in runs:
                    for at, inequality in enumerate(problem.inequalities):
                        if np.isfinite(upper[at]):
                            finite += 1
                            assert value(inequality, run) <= Fraction(upper[at])
    return finite


def _fractions(values: dict[str, Array]) -> dict[str, Any]:
    """Float32 values as rationals; an infinite one stays, and no finite bound is above it."""
    return {
        name: [Fraction(float(v)) if np.isfinite(v) else np.inf for v in array]
        for name, array in values.items()
    }


def try_operator(kind: str, seed: int) -> None:
    rng = np.random.default_rng([seed, len(kind)])
    attributes, operands = (INSTANCES | VARYING)[kind](rng)
    problem, node = single(kind.split(" ")[0], attributes, operands)
    problem = with_rows(problem, rng, [node])
    low, high = draw_boxes(rng, problem.network.input_size)
    limit = SMALL.get(kind, np.inf)
    low, high = np.clip(low, -limit, limit), np.clip(high, -limit, limit)
    if kind in POSITIVE:
        low, high = np.minimum(np.abs(low), np.abs(high)), np.maximum(np.abs(low), np.abs(high))
    assert check(problem, [node], low, high, rng) > 0


@pytest.mark.parametrize("kind", KINDS)
def test_each_operator(kind: str):
    for seed in range(2):
        try_operator(kind, seed)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_each_operator_at_length(kind: str):
    for seed in range(2, 12):
        try_operator(kind, seed)


def test_an_operator_without_bounds_is_refused():
    problem, _ = single("argmax", {"axis": 0, "keepdims": 1}, [(3,)])
    with pytest.raises(UnsupportedOperator, match="argmax"):
        Auditor(problem, deployed=True)


SMOOTH = (
    "tanh",
    "sigmoid",
    "elu",
    "softmax",
    "erf",
    "softplus",
    "gate",
    "square",
    "norm",
    "attend",
)


def smooth_graph(rng: Generator) -> tuple[Problem, list[str]]:
    """Layers of smooth functions, gates, normalised vectors, attention."""
    sketch = Sketch(4)
    size = {"x": 4}

    def put(op: str, *inputs: str, **attributes: Any) -> str:
        name = sketch.put(op, *inputs, **attributes)
        size[name] = next(n.size for n in sketch.nodes if n.name == name)
        return name

    def layer(name: str) -> str:
        weight, bias = rng.normal(size=(4, 4)), rng.normal(size=4)
        held = [sketch.hold(array.astype(np.float32)) for array in (weight, bias)]
        return put("linear", name, *held)

    last = layer("x")
    for _ in range(int(rng.integers(1, 4))):
        match rng.choice(SMOOTH):
            case "elu":
                last = put("elu", last, alpha=float(rng.choice([0.5, 1.0, 2.0])))
            case "softmax":
                last = put("softmax", last, axis=0)
            case "gate":
                last = put("mul", put("sigmoid", last), put("tanh", layer(last)))
            case "square":
                last = put("mul", last, last)
            case "norm":
                power = put("exp", put("tanh", last))
                total = put("reduce_sum", power, axes=(0,), keepdims=1)
                last = put("div", last, total)
            case "attend":
                matrix = put("reshape", last, shape=(2, 2))
                score = put("matmul", matrix, put("transpose", matrix, perm=(1, 0)))
                mixed = put("matmul", put("softmax", score, axis=1), matrix)
                last = put("reshape", mixed, shape=(4,))
            case op:
                last = put(str(op), last)
        last = layer(last)
    return sketch.problem(last), [last]


@pytest.mark.parametrize("seed", range(12))
def test_deep_smooth_graphs(seed: int):
    rng = np.random.default_rng(seed)
    problem, tensors = smooth_graph(rng)
    problem = with_rows(problem, rng, tensors)
    low, high = draw_boxes(rng, 4, ("wide", "narrow", "point", "one ulp"))
    assert check(problem, tensors, low, high, rng) > 0


@pytest.mark.slow
def test_deep_smooth_graphs_at_length():
    for seed in range(12, 100):
        test_deep_smooth_graphs(seed)


def test_names_of_a_network_do_not_shadow_the_auditors_own():
    """A tensor may have any name, those included that the parts of a maximum had."""
    sketch = Sketch(2)
    a, b = (sketch.lay("slice", "x", axis=0, start=i, stop=i + 1, step=1) for i in (0, 1))
    shape: tuple[int, ...] = (1,)
    sketch.nodes.append(Node("m", "maximum", (a, b), shape))
    for name, operand in (("m/gap", a), ("m/excess", b), ("0", a), ("1", b), ("point", b)):
        sketch.nodes.append(Node(name, "abs", (operand,), shape))
    names = ["m", "m/gap", "m/excess", "0", "1", "point"]
    for name in names:
        problem = with_rows(sketch.problem(*names), np.random.default_rng(0), [name, "m"])
        low, high = draw_boxes(np.random.default_rng(1), 2, ("wide", "narrow", "point"))
        check(problem, names, low, high, np.random.default_rng(2))


@pytest.mark.parametrize("seed", range(8))
def test_deep_graphs_with_skips(seed: int):
    """Shared tensors, several bends, maxima, and functionals of more than one tensor."""
    rng = np.random.default_rng(seed)
    sketch = Sketch(4)
    x = sketch.put("linear", "x", sketch.hold(weights(rng, 5, 4)), sketch.hold(weights(rng, 5)))
    bends = ("relu", "abs", "leaky_relu")
    tensors = [x]
    for _ in range(int(rng.integers(2, 5))):
        op = bends[int(rng.integers(0, 3))]
        attributes = {"alpha": 0.125} if op == "leaky_relu" else {}
        y = sketch.put(op, tensors[-1], **attributes)
        weight, bias = sketch.hold(weights(rng, 5, 5)), sketch.hold(weights(rng, 5))
        y = sketch.put("linear", y, weight, bias)
        how = ("add", "sub", "maximum", "minimum")[int(rng.integers(0, 4))]
        tensors.append(sketch.put(how, y, tensors[int(rng.integers(0, len(tensors)))]))
    ends_ = list(dict.fromkeys((tensors[-1], tensors[int(rng.integers(0, len(tensors)))])))
    problem = with_rows(sketch.problem(*ends_), rng, ends_)
    low, high = draw_boxes(rng, 4, ("wide", "narrow", "mixed", "point"))
    assert check(problem, ends_, low, high, rng) > 0


def test_rounding_of_the_auditors_own_sums_is_covered():
    """A functional whose coefficients cancel: all that is left of its value is rounding."""
    rng = np.random.default_rng(0)
    size = 30
    first = rng.integers(-(2**20), 2**20, size=(size, size)).astype(np.float64)
    first[-1] = -first[:-1].sum(axis=0)
    last = np.full((3, size), 0.1) * rng.normal(size=(3, 1))
    sketch = Sketch(size)
    middle = sketch.put("linear", "x", sketch.hold(first))
    out = sketch.put("linear", middle, sketch.hold(last))
    problem = with_rows(sketch.problem(out), rng, [out])
    low, high = draw_boxes(rng, size, ("point",) * 20)
    assert check(problem, [out], low, high, rng) > 0


@pytest.mark.parametrize("seed", range(6))
def test_known_signs_leave_the_points_that_have_them(seed: int):
    rng = np.random.default_rng(seed)
    sketch = Sketch(3)
    hidden = "x"
    for width in (6, 5):
        size = next(n for n in sketch.nodes if n.name == hidden).shape[0]
        weight, bias = (sketch.hold(rng.normal(size=s)) for s in ((width, size), (width,)))
        before = sketch.put("linear", hidden, weight, bias)
        hidden = sketch.put("relu", before)
    out = sketch.put("linear", hidden, sketch.hold(rng.normal(size=(2, 5))))
    problem = with_rows(sketch.problem(out, before), rng, [out])
    low, high = draw_boxes(rng, 3, ("wide",))
    auditor = Auditor(problem, deployed=False)
    free = auditor.reach(auditor.sweep(Boxes(low.astype(float), high.astype(float), {})))
    tighter = 0
    for point in draw_points(rng, low[0], high[0], 30):
        values = exact_values(problem, point, [out, before])
        signs = np.array([[1.0 if v >= 0 else -1.0 for v in values[before]]])
        signs[0, rng.random(5) < 0.4] = 0.0
        boxes = Boxes(low.astype(float), high.astype(float), {before: signs})
        state = auditor.sweep(boxes)
        reach = auditor.reach(state)
        assert not state.empty.any()
        tighter += int((reach.upper < free.upper).sum())
        for at, inequality in enumerate(problem.inequalities):
            assert value(inequality, values) <= Fraction(reach.upper[0, at])
    assert tighter > 30


@pytest.mark.parametrize("deployed", [True, False])
@pytest.mark.parametrize("op", ["tanh", "sigmoid", "elu"])
def test_limits_of_curves_tighten_and_hold(op: str, deployed: bool) -> None:
    rng = np.random.default_rng(len(op))
    sketch = Sketch(3)
    hidden, before = "x", ""
    for width in (6, 5):
        size = next(n for n in sketch.nodes if n.name == hidden).shape[0]
        weight, bias = (sketch.hold(rng.normal(size=s)) for s in ((width, size), (width,)))
        before = sketch.put("linear", hidden, weight, bias)
        hidden = sketch.put(op, before, **({"alpha": 1.0} if op == "elu" else {}))
    out = sketch.put("linear", hidden, sketch.hold(rng.normal(size=(2, 5))))
    problem = with_rows(sketch.problem(out, before), rng, [out])
    low, high = draw_boxes(rng, 3, ("wide",))
    auditor = Auditor(problem, deployed=deployed)
    corners = low.astype(float), high.astype(float)
    free = auditor.reach(auditor.sweep(Boxes(*corners, {})))
    tighter = 0
    for point in draw_points(rng, low[0], high[0], 20):
        exact = exact_values(problem, point, [out, before])
        runs = [exact]
        if deployed:
            single = in_float32(problem, point, rng)
            runs.append({n: [Fraction(float(v)) for v in single[n]] for n in (out, before)})
        middle = np.array([[float(ends(v)[0]) for v in exact[before]]])
        reach = np.abs(middle) * 10.0 ** rng.integers(-6, 1, size=(2, 1, 5))
        sides = [np.where(rng.random(middle.shape) < 0.5, np.inf, r) for r in reach]
        limits = {before: (middle - sides[0], middle + sides[1])}
        state = auditor.sweep(Boxes(*corners, {}, limits))
        reached = auditor.reach(state)
        tighter += int((reached.upper < free.upper).sum())
        for run in runs:
            pairs = zip(run[before], *(end[0] for end in limits[before]), strict=True)
            if not all(a <= ends(v)[0] and ends(v)[1] <= b for v, a, b in pairs):
                continue
            assert not state.empty.any()
            for at, inequality in enumerate(problem.inequalities):
                assert value(inequality, run) <= Fraction(reached.upper[0, at])
            known = reached.known_slope @ point.astype(float) + reached.known_offset
            assert (known >= -1e-9).all()
    assert tighter > 30


def test_signs_that_no_point_has_leave_nothing():
    sketch = Sketch(1)
    before = sketch.put("linear", "x", sketch.hold([[1.0]]), sketch.hold([2.0]))
    out = sketch.put("relu", before)
    problem = with_rows(sketch.problem(out, before), np.random.default_rng(0), [out])
    auditor = Auditor(problem, deployed=True)
    low, high = np.zeros((2, 1)), np.ones((2, 1))
    state = auditor.sweep(Boxes(low, high, {before: np.array([[-1.0], [1.0]])}))
    assert state.empty.tolist() == [True, False]


def test_bounds_of_a_box_do_not_depend_on_its_company():
    """Otherwise the audit could open what the writer of the certificate had closed."""
    rng = np.random.default_rng(5)
    sketch = Sketch(3)
    hidden = "x"
    for width, size in ((12, 3), (12, 12), (12, 12), (2, 12)):
        weight, bias = (sketch.hold(rng.normal(size=s)) for s in ((width, size), (width,)))
        hidden = sketch.put("linear", hidden, weight, bias)
        last = hidden
        hidden = sketch.put("relu", hidden)
    problem = with_rows(sketch.problem(last), rng, [last])
    auditor = Auditor(problem, deployed=True)
    low = rng.normal(size=(30, 3))
    high = low + 10.0 ** rng.integers(-3, 1, size=(30, 1))
    together = auditor.reach(auditor.sweep(Boxes(low, high, {}))).upper
    for at in range(30):
        one = Boxes(low[at : at + 1], high[at : at + 1], {})
        alone = auditor.reach(auditor.sweep(one)).upper[0]
        np.testing.assert_allclose(alone, together[at], rtol=1e-9)


def test_the_auditor_imports_nothing_of_the_search():
    """Of verify: the compiled question, the tree, and what readers and reports share."""
    code = "import sys, verify.certificate.audit as a; print(*sorted(sys.modules))"
    command = [sys.executable, "-c", code]
    loaded = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    ours = {name for name in loaded.split() if name.startswith("verify.")}
    assert "verify.certificate.bound" in ours
    assert not {name for name in ours if name.startswith(("verify.neural", "verify.smt"))}
    assert not ours & {"verify.solve", "verify.judge", "verify.answer"}


def test_coefficients_that_overflow_close_nothing():
    """Twelve weights of 1e30 in a row on an input of 1e-300, less a constant: no number holds the
    coefficient, and infinity times what is positive would be above everything.
    """
    for sign in (1.0, -1.0):
        sketch = Sketch(1)
        last = "x"
        for _ in range(12):
            last = sketch.lay("linear", last, sketch.hold(np.array([[sign * 1e30]])))
        problem = with_rows(sketch.problem(last), np.random.default_rng(0), [last])
        low, high = np.array([[1e-300]]), np.array([[2e-300]])
        for deployed in (False, True):
            auditor = Auditor(problem, deployed=deployed)
            reach = auditor.reach(auditor.sweep(Boxes(low, high, {})))
            assert not (reach.upper < 0).any()
