"""The parent's side of the smt engine: one child process, killed when its time is over."""

from __future__ import annotations

import json
import pickle
import struct
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from selectors import EVENT_READ, DefaultSelector
from types import TracebackType
from typing import Any

import numpy as np
import torch

from theory.error import UnsupportedOperator
from verify.answer import Answer, Deadline
from verify.neural.bounds.graph import BoundGraph
from verify.neural.region import toward
from verify.problem.affine import float32_holds
from verify.problem.problem import Problem
from verify.verdict import Guarantee, Reason

NAME = "smt"
RESOURCES_PER_SECOND = 10_000_000
"""Z3's own resource limit for each second of budget: a reproducible bound beside the wall clock."""


ENDED = {"status": "error", "reason": "its process ended"}


class SmtSolver:
    """Decides problems with Z3 in a child process, which is started at the first problem.

    Use it as a context manager; the child ends with it.

    Args:
        seed: Z3's random seed.
    """

    def __init__(self, seed: int = 0) -> None:
        self._seed = seed
        self._child: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> SmtSolver:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the child process."""
        if self._child is not None:
            self._child.kill()
            for stream in (self._child.stdin, self._child.stdout):
                if stream is not None:
                    stream.close()
            self._child.wait()
            self._child = None

    def decide(self, problem: Problem, deadline: Deadline) -> Answer:
        """Decide a problem by the deadline."""
        if problem.empty:
            return Answer(False, guarantee=Guarantee.REAL, proved_share=1.0, engine=NAME)
        reply = self._ask(problem, bounds_of(problem), deadline)
        if reply is None:
            return Answer(None, reason=Reason.TIME, detail="Z3 was stopped", engine=NAME)
        match reply["status"]:
            case "unsat":
                return Answer(False, guarantee=Guarantee.REAL, proved_share=1.0, engine=NAME)
            case "sat":
                return _witness(problem, reply["points"], exact=reply["exact"])
            case "unsupported":
                return Answer(
                    None, reason=Reason.UNSUPPORTED_OPERATOR, detail=reply["reason"], engine=NAME
                )
            case _:
                timed_out = any(
                    w in reply.get("reason", "") for w in ("timeout", "canceled", "resource")
                )
                reason = Reason.TIME if timed_out else Reason.SOLVER_GAVE_UP
                return Answer(None, reason=reason, detail=f"Z3: {reply.get('reason')}", engine=NAME)

    def _ask(
        self, problem: Problem, bounds: Mapping[str, Any], deadline: Deadline
    ) -> dict[str, Any] | None:
        if self._child is not None and self._child.poll() is not None:
            self.close()
        if self._child is None:
            # In a session of its own: an interrupt from the terminal reaches the parent alone.
            self._child = subprocess.Popen(
                [sys.executable, "-m", "verify.smt.child"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                start_new_session=True,
            )
        child = self._child
        if child.stdin is None or child.stdout is None:
            raise RuntimeError("the child process has no pipes")
        budget_s = max(deadline.left, 0.05)
        job = pickle.dumps(
            (
                problem,
                bounds,
                int(budget_s * RESOURCES_PER_SECOND),
                int(budget_s * 1000),
                self._seed,
            )
        )
        try:
            child.stdin.write(struct.pack("<Q", len(job)) + job)
            child.stdin.flush()
        except BrokenPipeError:
            self.close()
            return ENDED
        with DefaultSelector() as selector:
            selector.register(child.stdout, EVENT_READ)
            if not selector.select(budget_s + 0.4):
                self.close()
                return None
        line = child.stdout.readline()
        if not line:
            self.close()
            return ENDED
        return json.loads(line)


def bounds_of(problem: Problem) -> dict[str, tuple[list[float], list[float]]]:
    """Rigorous bounds of all tensors over the whole box, for the encoder; perhaps none."""
    try:
        graph = BoundGraph(problem, dtype=torch.float64, deployed=False)
    except UnsupportedOperator:
        return {}
    low = torch.tensor(
        [[toward(v.lower, torch.float64, -1) for v in problem.variables]], dtype=torch.float64
    )
    high = torch.tensor(
        [[toward(v.upper, torch.float64, +1) for v in problem.variables]], dtype=torch.float64
    )
    with torch.no_grad():
        state = graph.sweep(low, high)
    result: dict[str, tuple[list[float], list[float]]] = {}
    for name, (a, b) in state.bounds.items():
        below, above = a[0].numpy(), b[0].numpy()
        known = np.isfinite(below) & np.isfinite(above)
        result[name] = (
            np.where(known, below, -np.inf).tolist(),
            np.where(known, above, np.inf).tolist(),
        )
    return result


def _witness(problem: Problem, texts: Sequence[Sequence[str]], *, exact: bool) -> Answer:
    """The first of Z3's points that stays a witness when moved to float32; else the exact one."""
    points = [tuple(Fraction(text) for text in point) for point in texts]
    for point in points:
        for candidate in _nearby(problem, point):
            if problem.reached(candidate):
                return Answer(True, point=candidate, engine=NAME)
    if exact or problem.reached(points[-1]):
        return Answer(True, point=points[-1], engine=NAME)
    detail = "Z3 finds a violation only at irrational numbers, which cannot be replayed"
    return Answer(None, reason=Reason.SOLVER_GAVE_UP, detail=detail, engine=NAME)


def _nearby(problem: Problem, point: tuple[Fraction, ...]) -> Iterator[tuple[Fraction, ...]]:
    """The point itself where float32 holds it, and its neighbours in float32 inside the box."""
    if all(float32_holds(x) for x in point):
        yield point
    for direction in (None, -1, +1):
        moved: list[Fraction] = []
        for variable, x in zip(problem.variables, point, strict=True):
            floats = [toward(x, torch.float32, side) for side in (-1, +1)]
            if variable.values is not None or float32_holds(x) or not np.isfinite(floats).all():
                moved.append(x)
                continue
            below, above = (Fraction(float(f)) for f in floats)
            nearest = below if x - below <= above - x else above
            chosen = {None: nearest, -1: below, +1: above}[direction]
            if chosen < variable.lower:
                chosen = above
            elif chosen > variable.upper:
                chosen = below
            moved.append(chosen)
        yield tuple(moved)
