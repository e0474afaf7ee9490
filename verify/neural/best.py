"""The best of many random points of a problem: where its goal is reached most clearly."""

from __future__ import annotations

from fractions import Fraction

import torch

from extract.run import as_function
from verify.neural.attack import values_of
from verify.neural.levels import Levels
from verify.neural.margin import margin, matrix
from verify.neural.region import Region
from verify.problem.problem import Problem

POINTS = 2048


def best_point(problem: Problem, seed: int = 0) -> tuple[Fraction, ...] | None:
    """The point with the largest margin in float32; None where no margin is a number."""
    region = Region(problem, torch.float32, "cpu")
    function = values_of(
        as_function(problem.network, torch.float32), matrix(problem, torch.float32, "cpu")
    )
    points = region.random(POINTS, torch.Generator().manual_seed(seed))
    with torch.no_grad():
        margins = margin(Levels(problem.goal), function(points)).nan_to_num(-torch.inf)
    best = int(margins.argmax())
    return region.exact(points[best]) if bool(margins[best].isfinite()) else None
