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
from fractions import Fraction
from typing import Any

import z3

from theory.error import MesascopeError, UnsupportedOperator
from verify.problem.problem import Problem
from verify.smt.encode import Encoder, FloatBounds

MARGINS = (Fraction(1, 2**8), Fraction(1, 2**16), Fraction(1, 2**24))
"""After a first model, one that reaches the goal by such a margin is sought: rounding spares it."""


def solve(
    problem: Problem, bounds: FloatBounds, rlimit: int, timeout_ms: int, seed: int
) -> dict[str, Any]:
    """Decide one problem.

    Returns:
        {"status": "sat" | "unsat" | "unknown" | "unsupported", "reason": text,
        "points": lists of rationals as text}
    """
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
            points = [_point(solver.model(), encoder)]
            solver.pop()
            return {
                "status": "sat",
                "points": _robust(solver, encoder, min(timeout_ms, 2000)) + points,
            }
        case _:
            return {"status": "unknown", "reason": solver.reason_unknown()}


def _robust(solver: z3.Solver, encoder: Encoder, timeout_ms: int) -> list[list[str]]:
    """A model that reaches the goal by the largest margin that is quickly found."""
    solver.set("timeout", timeout_ms)
    for margin in MARGINS:
        solver.push()
        solver.add(encoder.goal(margin))
        found = solver.check() == z3.sat
        points = [_point(solver.model(), encoder)] if found else []
        solver.pop()
        if points:
            return points
    return []


def _point(model: z3.ModelRef, encoder: Encoder) -> list[str]:
    result: list[str] = []
    for variable in encoder.point:
        value = model.eval(variable, model_completion=True)
        if isinstance(value, z3.AlgebraicNumRef):
            value = value.approx(30)
        result.append(f"{value.numerator_as_long()}/{value.denominator_as_long()}")  # type: ignore[attr-defined]
    return result


def main() -> None:
    """Serve jobs until stdin closes."""
    source, sink = sys.stdin.buffer, sys.stdout
    while header := source.read(8):
        (size,) = struct.unpack("<Q", header)
        try:
            result = solve(*pickle.loads(source.read(size)))  # noqa: S301  from the parent process only
        except MesascopeError as error:
            result = {"status": "error", "reason": str(error)}
        sink.write(json.dumps(result) + "\n")
        sink.flush()


if __name__ == "__main__":
    main()
