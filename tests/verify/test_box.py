"""Boxes in floats: outward for proofs, inward for witnesses, and nothing lost in cutting them."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import torch
from bound_case import Sketch
from hypothesis import given
from hypothesis import strategies as st

from verify.neural.region import Region, toward
from verify.problem import Problem, Variable
from verify.problem.goal import NEVER

KINDS = {torch.float32: np.float32, torch.float64: np.float64}


def rationals() -> st.SearchStrategy[Fraction]:
    ends = st.floats(-1e30, 1e30, allow_subnormal=True).map(Fraction)
    thirds = st.fractions(-1000, 1000, max_denominator=10**6)
    return st.one_of(ends, thirds, st.sampled_from([Fraction(0), Fraction(1, 2**200)]))


@pytest.mark.parametrize("dtype", KINDS)
@given(value=rationals())
def test_toward_gives_the_neighbouring_floats(dtype: torch.dtype, value: Fraction) -> None:
    below, above = toward(value, dtype, -1), toward(value, dtype, +1)
    assert Fraction(below) <= value <= Fraction(above)
    kind = KINDS[dtype]
    assert kind(below) == below
    assert kind(above) == above
    if below != above:
        assert np.nextafter(kind(below), kind(np.inf)) == kind(above)
    else:
        assert Fraction(below) == value


@pytest.mark.parametrize("dtype", KINDS)
def test_beyond_the_largest_float(dtype: torch.dtype) -> None:
    largest = Fraction(float(np.finfo(KINDS[dtype]).max))
    for value in (largest * 2, largest + Fraction(1, 3), Fraction(10) ** 400):
        assert toward(value, dtype, +1) == np.inf
        assert toward(value, dtype, -1) == largest
        assert toward(-value, dtype, -1) == -np.inf
        assert toward(-value, dtype, +1) == -largest
    assert toward(largest, dtype, +1) == largest


def problem_of(*variables: Variable) -> Problem:
    empty = Sketch(len(variables)).problem("x")
    return Problem(variables, empty.network, empty.offsets, frozenset(), frozenset(), (), NEVER)


def between(lower: Any, upper: Any) -> Variable:
    return Variable("o", "f", Fraction(lower), Fraction(upper))


def among(*values: Any) -> Variable:
    exact = tuple(sorted(Fraction(v) for v in values))
    return Variable("o", "f", exact[0], exact[-1], exact)


BOXES: list[tuple[Variable, ...]] = [
    (between(0, 1), between(-1, Fraction(1, 3))),
    (among(0, 1), between(Fraction(1, 3), Fraction(2, 3))),
    (among("0.1", "0.3", "0.7"), among(0, 1)),
    (among(0.1), between("0.1", "0.1")),
    (among(*(Fraction(1, 3) + Fraction(k, 10**12) for k in range(3))), between(0, 1)),
    (among(*range(7)), among(-1, 2), between(0, 0)),
    (among(1, 1 + Fraction(1, 10**12), 2), between(0, 1)),
    (among(*(1 + Fraction(k, 10**12) for k in (-2, -1, 0, 1, 2)), "1.5"), among(0, 1)),
]


@pytest.mark.parametrize("variables", BOXES)
def test_the_box_contains_every_value_and_snapped_points_lie_in_it(
    variables: tuple[Variable, ...],
) -> None:
    problem = problem_of(*variables)
    region = Region(problem, torch.float32, "cpu")
    for low, high, v in zip(region.low.tolist(), region.high.tolist(), variables, strict=True):
        assert Fraction(low) <= v.lower
        assert v.upper <= Fraction(high)
    generator = torch.Generator().manual_seed(1)
    wild = torch.randn(50, len(variables), generator=generator) * 10
    for point in [*region.random(50, generator), *region.snap(wild)]:
        assert problem.inside(region.exact(point))


def pieces(
    region: Region, rounds: int, seed: int
) -> list[tuple[Sequence[float], Sequence[float], float]]:
    """The parts after random cuts, each with its share."""
    random = np.random.default_rng(seed)
    low, high = region.low[None], region.high[None]
    share = torch.ones(1, dtype=torch.float64)
    for _ in range(rounds):
        possible = region.splittable(low, high)
        done = ~possible.any(dim=1)
        weight = torch.tensor(random.random(tuple(possible.shape)))
        axis = torch.where(possible, weight, -1.0).argmax(dim=1)
        keep = low[done], high[done], share[done]
        a, b, part = region.split(low[~done], high[~done], axis[~done])
        low, high = torch.cat([keep[0], a]), torch.cat([keep[1], b])
        share = torch.cat([keep[2], share[~done].repeat(2) * part])
    return list(zip(low.tolist(), high.tolist(), share.tolist(), strict=True))


@pytest.mark.parametrize("variables", BOXES)
@pytest.mark.parametrize("seed", range(3))
def test_cuts_lose_nothing_and_shares_sum_to_one(
    variables: tuple[Variable, ...], seed: int
) -> None:
    problem = problem_of(*variables)
    region = Region(problem, torch.float32, "cpu")
    parts = pieces(region, 7, seed)
    assert abs(sum(share for _, _, share in parts) - 1) < 1e-9
    assert all(share > 0 for _, _, share in parts)
    assert all(a <= b for low, high, _ in parts for a, b in zip(low, high, strict=True))
    generator = np.random.default_rng(seed)
    for _ in range(200):
        point = [
            v.values[generator.integers(len(v.values))]
            if v.values is not None
            else v.lower + (v.upper - v.lower) * Fraction(int(generator.integers(0, 1001)), 1000)
            for v in variables
        ]
        assert any(
            all(Fraction(a) <= x <= Fraction(b) for a, x, b in zip(low, point, high, strict=True))
            for low, high, _ in parts
        )


def test_every_value_of_a_finite_feature_ends_in_a_box_of_its_own() -> None:
    region = Region(problem_of(among("0.1", "0.3", "0.7", 2, 5)), torch.float32, "cpu")
    parts = pieces(region, 6, 0)
    assert len(parts) == 5
    for (low,), (high,), share in parts:
        held = [
            v for v in ("0.1", "0.3", "0.7", 2, 5) if Fraction(low) <= Fraction(v) <= Fraction(high)
        ]
        assert len(held) == 1
        assert share == pytest.approx(0.2)


def test_values_that_no_float_tells_apart_are_not_cut_apart_for_ever() -> None:
    near = [Fraction(1, 3) + Fraction(k, 10**12) for k in range(3)]
    region = Region(problem_of(among(*near)), torch.float32, "cpu")
    assert not bool(region.splittable(region.low[None], region.high[None]).any())


@pytest.mark.parametrize("near", [(0, 1), (-1, 0), (-1, 0, 1), (-2, -1, 0, 1, 2)])
def test_cutting_between_values_ends_though_one_is_a_float_and_another_beside_it(
    near: tuple[int, ...],
) -> None:
    """The floats around 1 + 10^-12 are 1 and the next: a box that 1 lies in as well."""
    values = [1 + Fraction(k, 10**12) for k in near]
    region = Region(problem_of(among(*values, 3)), torch.float32, "cpu")
    parts = pieces(region, 6, 0)
    low, high = (torch.tensor([part[side] for part in parts]) for side in (0, 1))
    assert not bool(region.splittable(low, high).any())
    for value in (*values, 3):
        assert any(Fraction(a) <= value <= Fraction(b) for (a,), (b,), _ in parts)


def test_a_range_of_one_number_is_not_cut() -> None:
    region = Region(problem_of(between("0.1", "0.1"), between(2, 2)), torch.float32, "cpu")
    assert not bool(region.splittable(region.low[None], region.high[None]).any())
