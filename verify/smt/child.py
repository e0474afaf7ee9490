"""The child process of the smt engine: reads jobs from stdin, writes results to stdout.

A job is a pickled tuple (problem, bounds, rlimit, timeout in milliseconds, seed) from the parent,
preceded by its length; a result is one line of JSON. Nothing else may write to stdout.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

import json
import pickle
import struct
import sys
import time
from fractions import Fraction
from typing import Any

import z3

from theory.error import MesascopeError, UnsupportedOperator
from verify.problem.problem import Problem
from verify.smt.encode import Encoder, FloatBounds

MARGINS = (Fraction(1, 2**8), Fraction(1, 2**16), Fraction(1, 2**24))
"""After a first model, one that reaches the goal by such a margin is sought: rounding spares it."""


MARGIN_S = 2.0
"""The most time for the search for one such model."""


def solve(
    problem: Problem, bounds: FloatBounds, rlimit: int, timeout_ms: int, seed: int
) -> dict[str, Any]:
    """Decide one problem.

    Returns:
        {"status": "sat" | "unsat" | "unknown" | "unsupported", "reason": text,
        "points": lists of rationals as text, the first ones exceed the goal by a margin,
        "exact": whether the last of them is the model itself and not near an irrational one}
    """
    end = time.monotonic() + timeout_ms / 1000
    encoder = Encoder(problem, bounds)
    try:
        encoder.encode()
        goal = encoder.goal()
    except UnsupportedOperator as error:
        return {"status": "unsupported", "reason": str(error)}
    solver = z3.Solver()
    solver.set("smt.arith.solver", 6)
    solver.set("random_seed", seed)
    solver.set("rlimit", rlimit)
    solver.set("timeout", timeout_ms)
    solver.add(encoder.constraints)
    solver.push()
    solver.add(goal)
    match solver.check():
        case z3.unsat:
            return {"status": "unsat"}
        case z3.sat:
            point, exact = _point(solver.model(), encoder)
            solver.pop()
            points = [*_robust(solver, encoder, end), point]
            return {"status": "sat", "points": points, "exact": exact}
        case _:
            return {"status": "unknown", "reason": solver.reason_unknown()}


def _robust(solver: z3.Solver, encoder: Encoder, end: float) -> list[list[str]]:
    """A model that reaches the goal by the largest margin that is quickly found."""
    for margin in MARGINS:
        left_s = min(end - time.monotonic(), MARGIN_S)
        if left_s <= 0:
            break
        solver.set("timeout", int(left_s * 1000) + 1)
        solver.push()
        solver.add(encoder.goal(margin))
        found = solver.check() == z3.sat
        points = [_point(solver.model(), encoder)[0]] if found else []
        solver.pop()
        if points:
            return points
    return []


def _point(model: z3.ModelRef, encoder: Encoder) -> tuple[list[str], bool]:
    """The point of a model, and whether it is exact: an irrational number is approximated."""
    result: list[str] = []
    exact = True
    for variable in encoder.point:
        value: Any = model.eval(variable, model_completion=True)
        if isinstance(value, z3.AlgebraicNumRef):
            value, exact = value.approx(30), False
        result.append(f"{value.numerator_as_long()}/{value.denominator_as_long()}")
    return result, exact


def main() -> None:
    """Serve jobs until stdin closes."""
    source, sink = sys.stdin.buffer, sys.stdout
    while header := source.read(8):
        (size,) = struct.unpack("<Q", header)
        try:
            result = solve(*pickle.loads(source.read(size)))  # noqa: S301  from the parent process only
        except (
            MesascopeError,
            z3.Z3Exception,
            ArithmeticError,
            RecursionError,
            MemoryError,
        ) as error:
            result = {"status": "error", "reason": f"{type(error).__name__}: {error}"}
        sink.write(json.dumps(result) + "\n")
        sink.flush()


if __name__ == "__main__":
    main()
