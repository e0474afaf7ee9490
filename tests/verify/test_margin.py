"""When a goal counts as refuted on a box."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import torch
import z3
from goal_case import goals
from hypothesis import given
from hypothesis import strategies as st

from verify.neural.levels import Levels
from verify.neural.margin import Ceiling, margin, refuted
from verify.problem import Affine, AllOf, AnyOf, Atom, Goal, Inequality
from verify.problem.goal import ALWAYS, NEVER, Undecidable, combine

STRICT = Inequality(Affine({("x", 0): Fraction(1)}), strict=True)
WEAK = Inequality(Affine({("x", 0): Fraction(1)}), strict=False)


def ceiling(*upper: float) -> Ceiling:
    """Constant bounds on a box of one dimension, the unit interval."""
    values = torch.tensor([upper])
    flat = torch.zeros(1, len(upper), 1)
    return Ceiling(values, flat, values, torch.zeros(1, 1), torch.ones(1, 1))


@pytest.mark.parametrize(
    ("upper", "strict", "expected"),
    [
        (-1.0, True, True),
        (-1.0, False, True),
        (0.0, True, True),
        (0.0, False, False),
        (-0.0, False, False),
        (1e-45, True, False),
        (-1e-45, False, True),
        (float("nan"), True, False),
        (float("nan"), False, False),
        (float("inf"), True, False),
        (float("-inf"), True, True),
    ],
)
def test_one_inequality(upper: float, strict: bool, expected: bool) -> None:
    inequality = STRICT if strict else WEAK
    assert bool(refuted(Levels(Atom(0)), (inequality,), ceiling(upper))) is expected


NO, YES, NAN = -1.0, 1.0, float("nan")


@pytest.mark.parametrize(
    ("goal", "upper", "expected"),
    [
        (AllOf((Atom(0), Atom(1))), (NO, YES), True),
        (AllOf((Atom(0), Atom(1))), (YES, YES), False),
        (AllOf((Atom(0), Atom(1))), (YES, NAN), False),
        (AllOf((Atom(0), Atom(1))), (NO, NAN), True),
        (AnyOf((Atom(0), Atom(1))), (NO, YES), False),
        (AnyOf((Atom(0), Atom(1))), (NO, NO), True),
        (AnyOf((Atom(0), Atom(1))), (NO, NAN), False),
        (ALWAYS, (NO, NO), False),
        (NEVER, (YES, YES), True),
        (Undecidable("why"), (NO, NO), False),
        (AllOf((Undecidable("why"), Atom(0))), (NO, NO), True),
        (AnyOf((Undecidable("why"), Atom(0))), (NO, NO), False),
        (AnyOf((AllOf((Atom(0), Atom(1))), Atom(0))), (NO, YES), True),
    ],
)
def test_goals(goal: Goal, upper: tuple[float, float], expected: bool) -> None:
    assert bool(refuted(Levels(goal), (WEAK, WEAK), ceiling(*upper))) is expected


def test_margins_are_minima_and_maxima() -> None:
    values = torch.tensor([[1.0, -2.0, 3.0]])
    goal = AnyOf((AllOf((Atom(0), Atom(1))), Atom(2)))
    assert float(margin(Levels(goal), values)) == 3.0
    assert float(margin(Levels(AllOf((Atom(0), Atom(1)))), values)) == -2.0
    assert float(margin(Levels(ALWAYS), values)) == float("inf")
    assert float(margin(Levels(NEVER), values)) == float("-inf")


def affine_ceiling(
    slope: torch.Tensor, offset: torch.Tensor, low: torch.Tensor, high: torch.Tensor
) -> Ceiling:
    """Bounds of affine functions, made so weak that only combinations of them can refute."""
    return Ceiling(torch.full_like(offset, torch.inf), slope, offset, low, high)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_combinations_refute_only_what_has_no_solution(dtype: torch.dtype) -> None:
    """Random systems of affine inequalities, many of them close to the edge, against Z3."""
    rng = np.random.default_rng(3)
    count, atoms, size = 400, 3, 2
    slope = torch.tensor(rng.normal(size=(count, atoms, size)))
    low = torch.tensor(rng.normal(size=(count, size)) * 10.0 ** rng.integers(-3, 4, (count, 1)))
    high = low + torch.tensor(rng.random((count, size)) * 10.0 ** rng.integers(-6, 2, (count, 1)))
    slope, low, high = slope.to(dtype), low.to(dtype), high.to(dtype)
    middle = (low + high) / 2
    offset = -(slope @ middle[..., None])[..., 0]
    # Through the middle of the box, moved by a little: some systems have no solution by a hair.
    size_of = (slope.abs() @ middle.abs()[..., None])[..., 0] + 1e-3
    moved = torch.tensor(rng.normal(size=(count, atoms)) * 10.0 ** rng.integers(-9, 0, (count, 1)))
    offset = offset + moved.to(dtype) * size_of
    goal = AllOf(tuple(Atom(i) for i in range(atoms)))
    closed = refuted(Levels(goal), (WEAK,) * atoms, affine_ceiling(slope, offset, low, high))
    assert 20 < int(closed.sum()) < count
    for row in closed.nonzero()[:, 0].tolist():
        assert not solvable(slope[row], offset[row], low[row], high[row])


def solvable(
    slope: torch.Tensor, offset: torch.Tensor, low: torch.Tensor, high: torch.Tensor
) -> bool:
    def exact(value: float) -> Any:
        number = Fraction(value)
        return z3.RealVal(f"{number.numerator}/{number.denominator}")

    xs: list[Any] = z3.Reals("x y")
    solver = z3.Solver()
    for x, a, b in zip(xs, low.tolist(), high.tolist(), strict=True):
        solver.add(x >= exact(a), x <= exact(b))
    for row, c in zip(slope.tolist(), offset.tolist(), strict=True):
        total = exact(c)
        for factor, x in zip(row, xs, strict=True):
            total = total + exact(factor) * x
        solver.add(total >= 0)
    return solver.check() == z3.sat


def test_two_inequalities_that_exclude_each_other() -> None:
    """x >= 0.6 and x <= 0.4: each can be true on the unit interval, both cannot."""
    slope = torch.tensor([[[1.0], [-1.0]]])
    offset = torch.tensor([[-0.6, 0.4]])
    box = torch.zeros(1, 1), torch.ones(1, 1)
    goal = AllOf((Atom(0), Atom(1)))
    assert bool(refuted(Levels(goal), (WEAK, WEAK), affine_ceiling(slope, offset, *box)))
    touching = torch.tensor([[-0.5, 0.5]])
    assert not bool(refuted(Levels(goal), (WEAK, WEAK), affine_ceiling(slope, touching, *box)))


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), float("-inf")])
def test_what_is_not_a_number_combines_to_nothing(bad: float) -> None:
    for place in range(2):
        offset = torch.tensor([[-0.6, 0.4]])
        offset[0, place] = bad
        slope = torch.tensor([[[1.0], [-1.0]]])
        found = refuted(
            Levels(AllOf((Atom(0), Atom(1)))),
            (WEAK, WEAK),
            affine_ceiling(slope, offset, torch.zeros(1, 1), torch.ones(1, 1)),
        )
        assert not bool(found)


@given(
    goal=goals(), rows=st.lists(st.lists(st.integers(-3, 3), min_size=6, max_size=6), min_size=1)
)
def test_levels_say_what_the_goal_says(goal: Goal, rows: list[list[int]]) -> None:
    values = torch.tensor(rows, dtype=torch.float32)
    infinite = float("inf")

    def least(parts: list[float]) -> float:
        return min(parts, default=infinite)

    def most(parts: list[float]) -> float:
        return max(parts, default=-infinite)

    expected = [combine(goal, lambda i, row=row: float(row[i]), least, most) for row in rows]
    assert margin(Levels(goal), values).tolist() == expected
    flat = torch.zeros(len(rows), 6, 1)
    ends = torch.zeros(len(rows), 1), torch.ones(len(rows), 1)
    closed = refuted(Levels(goal), (WEAK,) * 6, Ceiling(values, flat, values, *ends))
    reached = [combine(goal, lambda i, row=row: row[i] >= 0, all, any) for row in rows]
    assert closed.tolist() == [not one for one in reached]
