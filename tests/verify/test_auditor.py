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
from test_bounds import INSTANCES, weights

from extract.network import Array
from theory.error import UnsupportedOperator
from verify.certificate.bound import Auditor, Boxes
from verify.problem import Affine, Inequality, Problem
from verify.problem.affine import entry

UNSUPPORTED = {"mul", "div", "div a constant", "tanh", "sigmoid", "exp", "elu", "softmax"}
"""What the auditor has no bounds for; a certificate of such a network cannot be made."""


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
        reach = Auditor(problem, deployed=deployed).reach(boxes)
        assert not reach.empty.any()
        for box, upper in enumerate(reach.upper):
            for point in draw_points(rng, low[box], high[box], 4):
                runs = [exact_values(problem, point, tensors)]
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


@pytest.mark.parametrize("kind", INSTANCES)
def test_each_operator(kind: str):
    for seed in range(2):
        rng = np.random.default_rng([seed, len(kind)])
        attributes, operands = INSTANCES[kind](rng)
        problem, node = single(kind.split(" ")[0], attributes, operands)
        problem = with_rows(problem, rng, [node])
        low, high = draw_boxes(rng, problem.network.input_size)
        if kind in UNSUPPORTED or float(attributes.get("alpha", 0)) > 1:
            with pytest.raises(UnsupportedOperator):
                Auditor(problem, deployed=True)
            continue
        assert check(problem, [node], low, high, rng) > 0


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
    free = auditor.reach(Boxes(low.astype(float), high.astype(float), {}))
    tighter = 0
    for point in draw_points(rng, low[0], high[0], 30):
        values = exact_values(problem, point, [out, before])
        signs = np.array([[1.0 if v >= 0 else -1.0 for v in values[before]]])
        signs[0, rng.random(5) < 0.4] = 0.0
        boxes = Boxes(low.astype(float), high.astype(float), {before: signs})
        reach = auditor.reach(boxes)
        assert not reach.empty.any()
        tighter += int((reach.upper < free.upper).sum())
        for at, inequality in enumerate(problem.inequalities):
            assert value(inequality, values) <= Fraction(reach.upper[0, at])
    assert tighter > 30


def test_signs_that_no_point_has_leave_nothing():
    sketch = Sketch(1)
    before = sketch.put("linear", "x", sketch.hold([[1.0]]), sketch.hold([2.0]))
    out = sketch.put("relu", before)
    problem = with_rows(sketch.problem(out, before), np.random.default_rng(0), [out])
    auditor = Auditor(problem, deployed=True)
    low, high = np.zeros((2, 1)), np.ones((2, 1))
    reach = auditor.reach(Boxes(low, high, {before: np.array([[-1.0], [1.0]])}))
    assert reach.empty.tolist() == [True, False]


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
    together = auditor.reach(Boxes(low, high, {})).upper
    for at in range(30):
        alone = auditor.reach(Boxes(low[at : at + 1], high[at : at + 1], {})).upper[0]
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
