"""Decision theories as teachers: what they take leaving to be worth more than taking.

A batch is drawn from every case of an encoding alike, uniformly over its parameters, but for a
corner that the nets never see.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import sympy
import torch
from torch import Generator, Tensor

from theory.decision.encoding import Encoding
from theory.rational import exact
from verify.dilemma.stake import speaking, stakes

Teacher: TypeAlias = Callable[[Tensor], Tensor]
"""From parameters (B, n), in the order of the case's box, to the gain of the first act (B,)."""


@dataclass(frozen=True)
class Corner:
    """Problems that are held out of the training.

    Attributes:
        case: of the encoding.
        above: parameters that are at least so large there.
    """

    case: str
    above: Mapping[str, float]

    def holds(self, names: Sequence[str], points: Tensor) -> Tensor:
        """Which rows of the case's parameters (B, n) lie in it: bool (B,)."""
        inside = torch.ones(len(points), dtype=torch.bool)
        for name, limit in self.above.items():
            inside &= points[:, names.index(name)] >= limit
        return inside


def teacher(encoding: Encoding, case: str, theory: str) -> Teacher:
    """What a theory takes the first action of a case to be worth more than the second.

    Where it is silent it says what it says beside it.
    """
    (worth,) = {worth for _, worth in speaking(stakes(encoding, case, theory))}
    names = list(encoding.box(case))
    gain: Any = sympy.lambdify(names, worth.gain(0, 1).as_expr(), "math")
    return lambda points: gain(*points.T) + torch.zeros(len(points))


class School:
    """Batches of problems, and what one or several theories say of them.

    Args:
        encoding: of the problems.
        theories: who teaches; of several, each problem is answered by one at random.
        corner: held out.
        seed: of the draws.
    """

    def __init__(
        self, encoding: Encoding, theories: Sequence[str], corner: Corner, seed: int
    ) -> None:
        self.encoding = encoding
        self._corner = corner
        self._generator = Generator().manual_seed(seed)
        self._teachers = {
            case: [teacher(encoding, case, theory) for theory in theories]
            for case in encoding.cases
        }

    def batch(self, size: int) -> tuple[Tensor, Tensor]:
        """Observations (B, features), and how much more the first action is worth (B,)."""
        parts = [self._lesson(case, size // len(self._teachers)) for case in self._teachers]
        return torch.cat([x for x, _ in parts]), torch.cat([y for _, y in parts])

    def _lesson(self, case: str, size: int) -> tuple[Tensor, Tensor]:
        box = self.encoding.box(case)
        low = torch.tensor([float(a) for a, _ in box.values()])
        high = torch.tensor([float(b) for _, b in box.values()])
        points = low + torch.rand(size, len(box), generator=self._generator) * (high - low)
        edges = torch.rand(size, len(box), generator=self._generator)
        points = torch.where(edges < 0.1, low, torch.where(edges > 0.9, high, points))
        if case == self._corner.case:
            points = points[~self._corner.holds(list(box), points)]
        opinions = torch.stack([teach(points) for teach in self._teachers[case]])
        pick = torch.randint(0, len(opinions), (len(points),), generator=self._generator)
        return self._observed(case, points), opinions[pick, torch.arange(len(points))]

    def _observed(self, case: str, points: Tensor) -> Tensor:
        fixed = self.encoding.cases[case].fixed
        names = list(self.encoding.box(case))
        columns = [
            points[:, names.index(f.name)]
            if f.name in names
            else torch.full((len(points),), float(exact(fixed[f.name], f.name)))
            for f in self.encoding.agent.features
        ]
        return torch.stack(columns, dim=1)
