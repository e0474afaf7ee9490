"""The smt engine: its encodings are exact, its child process is obedient, its answers replay."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import z3
from bound_case import Sketch, single
from engine_case import Tiny, dense, on_time
from numpy.random import Generator

from extract.network import Array
from extract.operator import OPERATORS, Kind, Shape
from extract.run import run_exact
from theory import Agent, Feature, Term, and_, eq, forall, not_, or_
from verify.answer import Answer, Deadline
from verify.neural.bounds.line import LINES
from verify.neural.bounds.rule import RULES
from verify.problem import Problem, Variable, compile_goal
from verify.smt import solver as module
from verify.smt.encode import ENCODINGS, Encoder, rational, short
from verify.smt.solver import SmtSolver, bounds_of
from verify.verdict import Guarantee, Reason

Instance = tuple[dict[str, Any], list[Shape | Array]]
LINE = Agent(observation=[Feature("x", -1, 1)], actions=["left", "right"])
O = LINE.observation("o")


@pytest.fixture(scope="module")
def smt() -> Iterator[SmtSolver]:
    with SmtSolver() as solver:
        yield solver


def decide(smt: SmtSolver, formula: Term, seconds: float = 5.0, **tinies: Tiny) -> Answer:
    networks = {name: tiny.network() for name, tiny in tinies.items()}
    return smt.decide(compile_goal(formula, networks, wanted=False), Deadline.after(seconds))


# The table.

NO_EXACT_ENCODING = {
    "tanh",
    "sigmoid",
    "exp",
    "elu",
    "softmax",
    "argmax",
    "erf",
    "softplus",
    "log",
    "sqrt",
}
"""Smooth operators are not rational; argmax is left out of policies before they are encoded."""

NO_BOUNDS = {"argmax"}
"""A discrete operator has no useful linear bounds."""

LEAVES = {"input", "parameter"}


def test_every_operator_has_an_encoding_or_is_a_stated_exception() -> None:
    assert set(ENCODINGS) == set(OPERATORS) - LEAVES - NO_EXACT_ENCODING
    smooth = {op for op, row in OPERATORS.items() if row.kind is Kind.SMOOTH}
    assert smooth | {"argmax"} == NO_EXACT_ENCODING


def test_every_operator_has_bounds_or_is_a_stated_exception() -> None:
    affine = {op for op, row in OPERATORS.items() if row.kind in (Kind.AFFINE, Kind.LAYOUT)}
    assert set(LINES) | set(RULES) | affine == set(OPERATORS) - LEAVES - NO_BOUNDS


# Encodings.


def values(rng: Generator, *shape: int) -> Array:
    """Floats with all their digits; some are zero."""
    drawn = rng.normal(size=shape)
    drawn[rng.random(shape) < 0.2] = 0
    return drawn if rng.random() < 0.3 else drawn.astype(np.float32)


def divisors(rng: Generator, *shape: int) -> Array:
    return np.where(rng.random(shape) < 0.5, np.float32(0.7), np.float32(-3))


WINDOW = {"stride": (1, 2), "padding": (1, 0, 0, 1), "dilation": (1, 1)}
IMAGE: Shape = (1, 2, 3, 3)

INSTANCES: dict[str, Callable[[Generator], Instance]] = {
    "linear": lambda r: ({}, [(2, 3), values(r, 2, 3), values(r, 2)]),
    "matmul": lambda r: ({}, [values(r, 2, 3), (3, 1)]),
    "matmul of two": lambda r: ({}, [(2, 2), (2, 1)]),
    "conv2d": lambda r: ({**WINDOW, "groups": 1}, [IMAGE, values(r, 2, 2, 2, 2), values(r, 2)]),
    "avg_pool": lambda r: ({**WINDOW, "kernel": (2, 2), "count_padding": 0}, [IMAGE]),
    "add": lambda r: ({}, [(2, 2), (2,)]),
    "sub": lambda r: ({}, [values(r, 2, 2), (2,)]),
    "mul": lambda r: ({}, [(2, 2), values(r, 2)]),
    "mul of two": lambda r: ({}, [(2,), (2,)]),
    "div": lambda r: ({}, [(2, 2), divisors(r, 2)]),
    "neg": lambda r: ({}, [(3,)]),
    "relu": lambda r: ({}, [(5,)]),
    "leaky_relu": lambda r: ({"alpha": float(r.choice([0.1, 1.0, 2.5]))}, [(5,)]),
    "abs": lambda r: ({}, [(5,)]),
    "maximum": lambda r: ({}, [(2, 2), (2,)]),
    "maximum with a constant": lambda r: ({}, [values(r, 2), (2, 2)]),
    "minimum": lambda r: ({}, [(2, 1), (1, 2)]),
    "minimum with a constant": lambda r: ({}, [(2,), values(r, 2)]),
    "reduce_max": lambda r: ({"axes": (1,), "keepdims": 0}, [(2, 3)]),
    "reduce_sum": lambda r: ({"axes": (0, 1), "keepdims": 1}, [(2, 2)]),
    "reduce_mean": lambda r: ({"axes": (0,), "keepdims": 0}, [(3, 2)]),
    "moment": lambda r: ({"axes": (0,), "keepdims": 0}, [(3, 2)]),
    "max_pool": lambda r: ({**WINDOW, "kernel": (2, 2)}, [IMAGE]),
    "concat": lambda r: ({"axis": 1}, [(2, 1), values(r, 2, 1), (2, 1)]),
    "gather": lambda r: ({"axis": 0, "indices": (2, 0, 2)}, [(3,)]),
    "slice": lambda r: ({"axis": 0, "start": 1, "stop": 5, "step": 2}, [(5,)]),
    "transpose": lambda r: ({"perm": (1, 0)}, [(2, 3)]),
    "reshape": lambda r: ({"shape": (3, 2)}, [(2, 3)]),
}


def test_every_encoding_has_an_instance() -> None:
    assert {name.split()[0] for name in INSTANCES} == set(ENCODINGS)


def boxed(problem: Problem, low: Sequence[Fraction], high: Sequence[Fraction]) -> Problem:
    """The problem over another box."""
    variables = tuple(
        Variable("x", str(i), a, b) for i, (a, b) in enumerate(zip(low, high, strict=True))
    )
    return Problem(
        variables, problem.network, problem.offsets, problem.deployed, frozenset(), (), problem.goal
    )


@pytest.mark.parametrize("bounded", [True, False])
@pytest.mark.parametrize("name", INSTANCES)
def test_at_fixed_inputs_the_outputs_are_the_exact_ones_and_no_others(
    name: str, bounded: bool
) -> None:
    rng = np.random.default_rng(len(name))
    for _ in range(3):
        attributes, operands = INSTANCES[name](rng)
        problem, node = single(name.split()[0], attributes, operands)
        size = problem.network.input_size
        low = [Fraction(float(v)) for v in rng.normal(size=size) - rng.random(size)]
        high = [a + Fraction(float(w)) for a, w in zip(low, rng.random(size) * 2, strict=True)]
        problem = boxed(problem, low, high)
        encoder = Encoder(problem, bounds_of(problem) if bounded else {})
        encoder.encode()
        for kind in ("low", "high", "inside", "inside"):
            point = [
                {"low": a, "high": b}.get(kind, a + (b - a) * Fraction(int(rng.integers(0, 8)), 7))
                for a, b in zip(low, high, strict=True)
            ]
            exact = run_exact(problem.network, point)
            solver = z3.Solver()
            solver.add(encoder.constraints)
            solver.add([x == rational(v) for x, v in zip(encoder.point, point, strict=True)])
            assert solver.check() == z3.sat
            outputs = encoder.values[node]
            for output, value in zip(outputs, exact, strict=True):
                assert number(solver.model().eval(output, model_completion=True)) == value
            solver.add(z3.Or([y != rational(v) for y, v in zip(outputs, exact, strict=True)]))  # type: ignore[arg-type]
            assert solver.check() == z3.unsat


def number(value: Any) -> Fraction:
    value = z3.simplify(value)
    return Fraction(value.numerator_as_long(), value.denominator_as_long())


@pytest.mark.parametrize("op", sorted(NO_EXACT_ENCODING))
def test_operators_without_an_encoding_are_named(smt: SmtSolver, op: str) -> None:
    attributes: dict[str, Any] = {
        "elu": {"alpha": 1.0},
        "softmax": {"axis": 0},
        "argmax": {"axis": 0, "keepdims": 1},
    }.get(op, {})
    problem, _ = single(op, attributes, [(2,)])
    answer = smt.decide(problem, Deadline.after(3))
    assert answer.reached is None
    assert answer.reason is Reason.UNSUPPORTED_OPERATOR
    assert op in answer.detail


def test_division_by_what_varies_is_refused(smt: SmtSolver) -> None:
    problem, _ = single("div", {}, [(2,), (2,)])
    assert smt.decide(problem, Deadline.after(3)).reason is Reason.UNSUPPORTED_OPERATOR


def test_short_rationals_lie_on_their_side() -> None:
    rng = np.random.default_rng(0)
    for value in rng.normal(size=500) * 10.0 ** rng.integers(-300, 300, size=500):
        below, above = short(float(value), -1), short(float(value), +1)
        assert below <= Fraction(float(value)) <= above
        assert above - below <= abs(Fraction(float(value))) * Fraction(1, 2**10)
    assert short(0.0, -1) == short(-0.0, +1) == 0
    assert short(0.75, -1) == short(0.75, 1) == Fraction(3, 4)


def test_numbers_reach_z3_exactly() -> None:
    """0.1 is the weight that the network holds, never one tenth."""
    sketch = Sketch(1)
    node = sketch.put("mul", "x", sketch.hold(np.array([0.1])))
    problem = boxed(sketch.problem(node), [Fraction(1)], [Fraction(1)])
    encoder = Encoder(problem, {})
    encoder.encode()
    solver = z3.Solver()
    solver.add(encoder.constraints)
    assert solver.check() == z3.sat
    assert number(solver.model().eval(encoder.values[node][0])) == Fraction(0.1) != Fraction(1, 10)


# Answers.


@pytest.mark.parametrize(
    ("claim", "holds"),
    [
        (LINE.value(O) <= 1, True),
        (LINE.value(O) < 1, False),
        (LINE.value(O) <= 1 - Fraction(1, 2**60), False),
        (LINE.value(O) < 1 + Fraction(1, 10**30), True),
        (not_(eq(LINE.value(O), Fraction(1, 3))), False),
        (or_(LINE.value(O) >= 0, O["x"] < 0), True),
    ],
)
def test_boundaries(smt: SmtSolver, claim: Term, holds: bool) -> None:
    """max(2x - 1, 0) on [-1, 1], of which each point counts."""
    tiny = dense(([[2]], [-1]), ([[1]], [0]))
    answer = decide(smt, forall(O, claim), value=tiny)
    assert answer.reached is not holds
    if holds:
        assert answer.guarantee is Guarantee.REAL
        assert answer.proved_share == 1.0


def test_a_witness_that_float32_does_not_hold_stays_exact(smt: SmtSolver) -> None:
    answer = decide(smt, forall(O, not_(eq(3 * O["x"], 1))))
    assert answer.point == (Fraction(1, 3),)


def test_a_witness_is_moved_to_float32_where_it_stays_one(smt: SmtSolver) -> None:
    answer = decide(smt, forall(O, not_(and_(3 * O["x"] >= 1, 3 * O["x"] <= 2))))
    assert answer.point is not None
    (x,) = answer.point
    assert Fraction(float(np.float32(float(x)))) == x


def test_a_violation_at_irrational_numbers_only_is_no_witness(smt: SmtSolver) -> None:
    answer = decide(smt, forall(O, not_(eq(O["x"] * O["x"], Fraction(1, 2)))))
    assert answer.reached is None
    assert answer.reason is Reason.SOLVER_GAVE_UP
    assert "irrational" in answer.detail


def test_products_of_variables(smt: SmtSolver) -> None:
    assert decide(smt, forall(O, O["x"] * O["x"] >= 0)).reached is False
    answer = decide(smt, forall(O, O["x"] * O["x"] <= Fraction(1, 2)))
    assert answer.reached is True


def test_ranges_beyond_float32(smt: SmtSolver) -> None:
    agent = Agent(observation=[Feature("x", 10**39, 10**40)], actions=["left", "right"])
    o = agent.observation("o")
    answer = decide(smt, forall(o, agent.value(o) <= 10**39), value=dense(([[1]], [0])))
    assert answer.reached is True


def test_an_empty_box(smt: SmtSolver) -> None:
    answer = decide(smt, forall(O, not_(and_(O["x"] > 0.5, O["x"] < 0.25))))
    assert answer.reached is False


def test_the_same_seed_gives_the_same_witness() -> None:
    tiny = dense(([[2, 1], [-1, 1]], [0, -1]), ([[1, -1]], [0]))
    agent = Agent(observation=[Feature("x", -1, 1), Feature("y", -1, 1)], actions=["left", "right"])
    o = agent.observation("o")
    found: set[Any] = set()
    for _ in range(2):
        with SmtSolver(seed=3) as solver:
            found.add(decide(solver, forall(o, agent.value(o) <= 1), value=tiny).point)
    assert len(found) == 1


# The child process.

EASY = forall(O, LINE.value(O) <= 5)
TINY = dense(([[2]], [-1]), ([[1]], [0]))


def hard() -> Problem:
    """A sum of 40 bends in 10 dimensions just below its largest value: far too much for Z3."""
    rng = np.random.default_rng(0)
    agent = Agent(
        observation=[Feature(f"f{i}", -1, 1) for i in range(10)], actions=["left", "right"]
    )
    o = agent.observation("o")
    first = [[Fraction(int(w), 8) for w in row] for row in rng.integers(-8, 9, size=(40, 10))]
    second = [[Fraction(int(w), 8) for w in rng.integers(-8, 9, size=40)]]
    tiny = dense((first, [0] * 40), (second, [0]))
    points = np.sign(rng.normal(size=(300, 10)))
    best = max(tiny([Fraction(int(v)) for v in point])[0] for point in points)
    formula = forall(o, agent.value(o) <= best + 1)
    return compile_goal(formula, {"value": tiny.network()}, wanted=False)


@pytest.mark.parametrize("seconds", [0.3, 1.0])
def test_a_child_is_stopped_within_half_a_second_of_the_budget(seconds: float) -> None:
    with SmtSolver() as solver:
        assert decide(solver, EASY, value=TINY).reached is False
        problem = hard()
        bounds_of(problem)
        answer = on_time(seconds + 0.5, lambda: solver.decide(problem, Deadline.after(seconds)))
        assert answer.reached is None
        assert answer.reason is Reason.TIME
        assert decide(solver, EASY, value=TINY).reached is False


def stand_in(monkeypatch: pytest.MonkeyPatch, code: str) -> list[int]:
    """Let the next children run this code instead; their process ids."""
    real, started = subprocess.Popen, list[int]()

    def start(arguments: Sequence[str], **rest: Any) -> Any:
        child = real([sys.executable, "-c", code], **rest)
        started.append(child.pid)
        return child

    monkeypatch.setattr(module.subprocess, "Popen", start)
    return started


def gone(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    return False


def test_a_child_that_hangs_is_killed_and_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    with SmtSolver() as solver:
        with monkeypatch.context() as patched:
            started = stand_in(patched, "import time; time.sleep(600)")
            answer = on_time(0.7, lambda: decide(solver, EASY, 0.2, value=TINY))
        assert (answer.reached, answer.reason) == (None, Reason.TIME)
        assert all(gone(process) for process in started)
        assert decide(solver, EASY, value=TINY).reached is False


@pytest.mark.parametrize("code", ["pass", "import sys; sys.stdin.buffer.read(8)"])
def test_a_child_that_dies_is_no_answer_and_is_replaced(
    monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    with SmtSolver() as solver:
        with monkeypatch.context() as patched:
            stand_in(patched, code)
            answer = decide(solver, EASY, value=TINY)
        assert (answer.reached, answer.reason) == (None, Reason.SOLVER_GAVE_UP)
        assert "its process ended" in answer.detail
        assert decide(solver, EASY, value=TINY).reached is False


def test_a_child_that_was_killed_between_two_problems_is_replaced() -> None:
    with SmtSolver() as solver:
        assert decide(solver, EASY, value=TINY).reached is False
        child = solver._child
        assert child is not None
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
        assert decide(solver, EASY, value=TINY).reached is False


def test_the_child_ends_with_its_solver() -> None:
    with SmtSolver() as solver:
        decide(solver, EASY, value=TINY)
        child = solver._child
        assert child is not None
    assert gone(child.pid)


def test_resources_are_limited_beside_the_clock(
    monkeypatch: pytest.MonkeyPatch, smt: SmtSolver
) -> None:
    monkeypatch.setattr(module, "RESOURCES_PER_SECOND", 10)
    answer = on_time(30, lambda: smt.decide(hard(), Deadline.after(60)))
    assert (answer.reached, answer.reason) == (None, Reason.TIME)


@pytest.mark.parametrize("reply", ['{"status": "sat", "points": [["1/2"]], "exact": true}'])
def test_a_lying_child_is_not_believed_for_its_word(
    monkeypatch: pytest.MonkeyPatch, reply: str
) -> None:
    """The point is handed on as a candidate; replaying it is what refutes it."""
    code = (
        "import sys, struct\n"
        "size, = struct.unpack('<Q', sys.stdin.buffer.read(8))\n"
        "sys.stdin.buffer.read(size)\n"
        f"print({reply!r}, flush=True)\n"
        "sys.stdin.buffer.read(1)\n"
    )
    with SmtSolver() as solver:
        stand_in(monkeypatch, code)
        answer = decide(solver, EASY, value=TINY)
    assert answer.reached is True
    assert answer.point == (Fraction(1, 2),)
