"""Trying a network on many problems of a box: no proof, but it tells which proof to look for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import sympy
import torch

from extract.network import Network
from extract.run import as_function
from theory.decision.encoding import Encoding
from theory.partition import Box, Condition
from theory.rational import exact
from verify.dilemma.stake import Stakes, speaking

POINTS = 11
"""Along each parameter."""

_sympy: Any = sympy
Array = Any


class Trial:
    """Runs a network on a grid of one case's problems, and prices what it does.

    Args:
        network: from the encoding's features to its actions' scores.
        encoding: of the problems.
        case: which.
        found: what a theory takes the acts to be worth.
    """

    def __init__(self, network: Network, encoding: Encoding, case: str, found: Stakes) -> None:
        self._run = as_function(network, torch.float32)
        self._encoding = encoding
        self._case = case
        names = list(encoding.box(case))
        self._regions = [
            (
                [_number(c.polynomial, names) for c in way],
                way,
                [_number(f, names) for f in w.functions],
            )
            for way, w in speaking(found)
        ]

    def cost(self, box: Box) -> float:
        """The most that the act that is taken costs at a point of the grid."""
        _, ahead, _, _ = self.priced(box, POINTS)
        return max(0.0, float(-ahead.min()))

    def priced(self, box: Box, points: int) -> tuple[list[Array], Array, Array, Array]:
        """A grid of problems; by how much the act that is taken at each is ahead of the best other,
        negative where it costs something, 0 where the theory is silent; that act; the best one.
        """
        names = list(box)
        axes = [np.linspace(float(a), float(b), points) for a, b in box.values()]
        grid = [a.ravel() for a in np.meshgrid(*axes, indexing="ij")]
        scores = self._scores(dict(zip(names, grid, strict=True)), len(grid[0]))
        chosen = scores.argmax(axis=1)
        rows = np.arange(len(chosen))
        total, best = np.zeros(len(chosen)), np.full(len(chosen), -1)
        for tests, way, functions in self._regions:
            inside = np.ones(len(chosen), dtype=bool)
            for test, condition in zip(tests, way, strict=True):
                inside &= _meets(test(*grid), condition)
            worth = np.stack([f(*grid) + np.zeros(len(chosen)) for f in functions], axis=1)
            best = np.where(inside, worth.argmax(axis=1), best)
            own = worth[rows, chosen]
            worth[rows, chosen] = -np.inf
            total = np.where(inside, own - worth.max(axis=1), total)
        return grid, total, chosen, best

    def _scores(self, columns: dict[str, Array], count: int) -> Array:
        fixed = self._encoding.cases[self._case].fixed
        rows = [
            columns[f.name]
            if f.name in columns
            else np.full(count, float(exact(fixed[f.name], f.name)))
            for f in self._encoding.agent.features
        ]
        with torch.no_grad():
            points = torch.tensor(np.stack(rows, axis=1), dtype=torch.float32)
            return self._run(points).double().numpy()


def _number(element: Any, names: list[str]) -> Callable[..., Array]:
    """A rational function of the parameters, in float64."""
    return _sympy.lambdify(names, element.as_expr(), "numpy")


def _meets(values: Array, condition: Condition) -> Array:
    return np.isin(np.sign(values), list(condition.signs))
