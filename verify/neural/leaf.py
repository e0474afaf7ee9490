"""Boxes on which the signs of all bends are known: there the goal is settled exactly.

On such a box every inequality is affine, and whether all inequalities of a conjunction can be
satisfied at once is a linear programme. Where they cannot, its multipliers are weights and prices
with which the rigorous bounds may close the box for the deployed network too; where rounding
forbids that, the exact check of the multipliers closes it for the exact weights.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import torch
from torch import Tensor

from extract.network import Network
from verify.neural.arithmetic import Arithmetic
from verify.neural.bounds.choice import Choice, is_bent
from verify.neural.bounds.combination import is_affine
from verify.neural.bounds.phase import UNKNOWN, assumed
from verify.neural.candidate import Point
from verify.neural.piece import Piece, piece
from verify.neural.queue import Queue
from verify.neural.refuter import Refuter
from verify.neural.region import toward
from verify.neural.settle import Demand, Settled, settle
from verify.neural.tighten import conjunctions
from verify.verdict import Guarantee

NEARLY = 4
"""Boxes with so few unknown signs are divided by these, not by inputs: then they are leaves."""

TIE = 1e-3
"""Where sums that close a box are nearer to zero than this, in proportion, the box is tied."""


@dataclass(frozen=True)
class Leaf:
    """What is known of one box.

    Attributes:
        places: points of the box that come nearest to the goal, the best first, exact.
        reached: whether the last of them reaches it, as far as the affine piece tells.
        guarantee: of the proof that no point reaches the goal; None where there is none.
        final: whether no smaller box around these points can be closed with a stronger one.
        tied: whether the goal is reached there, or so nearly that division does not help.
    """

    places: tuple[Point, ...] = ()
    reached: bool = False
    guarantee: Guarantee | None = None
    final: bool = False
    tied: bool = False


class Leaves:
    """Settles boxes of one problem.

    Args:
        refuter: its arithmetics.

    Attributes:
        possible: whether known signs make the network affine, and the goal is of few conjunctions.
    """

    def __init__(self, refuter: Refuter) -> None:
        self._refuter = refuter
        self._problem = refuter.problem
        self._phases = refuter.main.graph.phases
        self._sets = conjunctions(self._problem.goal)
        self.possible = bends_alone(self._problem.network) and all(self._sets)

    def unknown(self, phases: Tensor) -> Tensor:
        """The number of unknown signs of boxes (B,)."""
        return (phases == UNKNOWN).sum(dim=1)

    def settle(self, box: Queue, guarantee: Guarantee) -> Leaf:
        """Settle one box whose signs are all known.

        Args:
            box: the box.
            guarantee: of the answer, so far; nothing stronger is tried for.
        """
        sign, given = box.phases[0].sign(), assumed(box.phases)[0]
        known, split = self._by_tensor(sign), self._by_tensor(given)
        signs = {name: part.cpu().numpy() for name, part in known.items()}
        taken = {name: part.cpu().numpy() for name, part in split.items()}
        low, high = ([float(x) for x in corner[0]] for corner in (box.low, box.high))
        found = piece(self._problem, low, high, signs, taken)
        if found is None:
            return Leaf()
        settled = [settle(self._demands(found, chosen)) for chosen in self._sets]
        reached = [one for one in settled if one.met]
        places = [place for one in (reached or settled) for place in one.places]
        points = tuple(found.point(place) for place in places)
        tied = max(one.height for one in settled) > -TIE
        if reached or any(one.multipliers is None for one in settled):
            return Leaf(points, bool(reached), tied=tied)
        single = [self._refuter.main, self._refuter.weaker()[0][0]]
        if guarantee is Guarantee.REAL or self._hidden(single[1], points):
            return Leaf(points, guarantee=Guarantee.REAL, final=True, tied=tied)
        if any(self._closed(arithmetic, box, found, settled) for arithmetic in single):
            return Leaf(points, guarantee=Guarantee.FLOAT32, final=True, tied=tied)
        return Leaf(points, guarantee=Guarantee.REAL, tied=tied)

    def _by_tensor(self, row: Tensor) -> Mapping[str, Tensor]:
        return {name: row[place] for name, place in self._phases.places.items()}

    def _demands(self, found: Piece, chosen: Sequence[int]) -> list[Demand]:
        """What is to be met: the inequalities of a conjunction, and the assumed signs."""
        inequalities = self._problem.inequalities
        wanted = [Demand(found.inequalities[i], inequalities[i].strict, True) for i in chosen]
        return wanted + [Demand(form, False, False) for form in found.signs.values()]

    def _closed(
        self, arithmetic: Arithmetic, box: Queue, found: Piece, settled: Sequence[Settled]
    ) -> bool:
        """Whether bounds of the weighted sums close the box."""
        dtype = arithmetic.graph.dtype
        count = len(self._problem.inequalities)
        weights = torch.zeros(1, len(settled), count, dtype=dtype)
        prices = {
            name: torch.zeros(1, len(settled), place.stop - place.start, dtype=dtype)
            for name, place in self._phases.places.items()
        }
        signs = assumed(box.phases)[0]
        for row, (chosen, one) in enumerate(zip(self._sets, settled, strict=True)):
            multipliers = one.multipliers or ()
            scale = sum(multipliers[: len(chosen)]) or sum(multipliers) or Fraction(1)
            shares = [toward(m / scale, torch.float64, -1) for m in multipliers]
            for index, share in zip(chosen, shares, strict=False):
                weights[0, row, index] = share
            for (name, at), share in zip(found.signs, shares[len(chosen) :], strict=True):
                column = self._phases.places[name].start + at
                prices[name][0, row, at] = -share * float(signs[column])
        device = arithmetic.graph.device
        choice = Choice(prices={name: price.to(device) for name, price in prices.items()})
        state = arithmetic.sweep(box.low, box.high, box.phases)
        self._refuter.check_crossings(box.phases, state)
        upper, _ = arithmetic.weighted(state, weights.to(device), choice)
        return bool((upper < 0).all() | state.empty.all())

    def _hidden(self, arithmetic: Arithmetic, points: Sequence[Point]) -> bool:
        """Whether rounding hides one of the points, taken alone."""
        for point in points:
            values = [toward(x, torch.float64, -1) for x in point]
            at = torch.tensor([values], dtype=torch.float64, device=arithmetic.graph.device)
            nothing = self._phases.nothing(1, arithmetic.graph.device)
            if not bool(self._refuter.closed(arithmetic, at, at, nothing)[0].all()):
                return True
        return False


def bends_alone(network: Network) -> bool:
    """Whether a network is affine wherever the signs of all its bent tensors are known."""
    for node in network.live:
        varies = [network.node(name).op != "parameter" for name in node.inputs]
        if node.op in {"input", "parameter"} or is_bent(node):
            continue
        if not is_affine(node, varies):
            return False
    return True
