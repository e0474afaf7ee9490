"""What a network does all over a box of problems: affine bounds on many small boxes.

Problems have parameters, and reach the network as features: a chart says how. The box of the
parameters is cut where it is open what the network does. On each piece the engine gives affine
functions of the features below every difference of two scores, which cover all rounding of the
deployed network; seen through the chart they are polynomials, and the volume on which they and the
conditions of a theory are positive is counted (`volume`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np
import torch

from extract.network import Network
from theory.agent import Agent
from theory.decision.encoding import Encoding
from theory.partition import Box
from theory.sort import Feature
from theory.term import exists, or_
from verify.dilemma.chart import Chart
from verify.dilemma.volume import (
    CELLS,
    SLACK,
    Polynomials,
    corners,
    everywhere,
    positive,
    settled,
    somewhere,
)
from verify.neural.arithmetic import Arithmetic
from verify.neural.thread import one_thread
from verify.problem import compile_goal

PIECES = 12_000
"""So many pieces are bounded at most."""

OPEN = 0.002
"""The share of a box that may be left open without further cuts."""

LOOKS = {1: 16, 2: 8, 3: 5, 4: 3, 5: 2}
"""Points along each parameter at which it is looked what is open, by how many there are."""

BATCH = 256
FINEST = {1: 1.0, 2: 1 / 16, 3: 1 / 8, 4: 1 / 8, 5: 1 / 8}
"""Pieces are cut to this width where volumes are not clear, by how many parameters there are."""

ONE = Fraction(1)
Array = Any


@dataclass(frozen=True)
class Pieces:
    """Boxes in the unit cube, and functions of the features below differences of scores.

    Attributes:
        low, high: (N, n).
        slope, offset: (N, A, A - 1, F) and (N, A, A - 1): by action, of its score over each other.
    """

    low: Array
    high: Array
    slope: Array
    offset: Array

    def __len__(self) -> int:
        return len(self.low)

    def select(self, rows: Array) -> Pieces:
        """Some of them."""
        return Pieces(self.low[rows], self.high[rows], self.slope[rows], self.offset[rows])

    @staticmethod
    def join(parts: Sequence[Pieces]) -> Pieces:
        """All of several."""
        return Pieces(
            np.concatenate([p.low for p in parts]),
            np.concatenate([p.high for p in parts]),
            np.concatenate([p.slope for p in parts]),
            np.concatenate([p.offset for p in parts]),
        )


class Bounder:
    """Affine bounds on the differences of a network's scores, over boxes of features.

    Args:
        network: from the encoding's features to its actions' scores.
        encoding: of the problems.
    """

    def __init__(self, network: Network, encoding: Encoding) -> None:
        actions = encoding.agent.actions
        free = Agent(
            observation=[Feature(f.name, f.lower, f.upper) for f in encoding.agent.features],
            actions=actions,
        )
        o = free.observation("o")
        self.actions = len(actions)
        self._pairs = [(a, b) for a in range(self.actions) for b in range(self.actions) if a != b]
        ahead = [free.score(o, actions[b]) > free.score(o, actions[a]) for a, b in self._pairs]
        self._problem = compile_goal(
            exists(o, or_(*ahead)), {"score": network}, wanted=True, name=network.name
        )
        self._arithmetic = Arithmetic(self._problem, torch.float32, deployed=True, device="cpu")
        known: dict[tuple[int, int], int] = {}
        for at, inequality in enumerate(self._problem.inequalities):
            sides = {sign: entry for (_, entry), sign in inequality.expression.terms.items()}
            known[sides[-ONE], sides[ONE]] = at
        self._rows = [known[pair] for pair in self._pairs]

    def below(self, low: Array, high: Array) -> tuple[Array, Array]:
        """Below the score of each action less each other's: slopes and offsets as in `Pieces`.

        Args:
            low, high: boxes of features (B, F), in float64; they are rounded outward.
        """
        first = np.nextafter(low.astype(np.float32), np.float32(-np.inf))
        last = np.nextafter(high.astype(np.float32), np.float32(np.inf))
        with torch.no_grad(), one_thread():
            phases = self._arithmetic.graph.phases.nothing(len(low), "cpu")
            state = self._arithmetic.sweep(torch.tensor(first), torch.tensor(last), phases)
            ceiling = self._arithmetic.ceiling(state)
        # What lies above the other's lead lies, negated, below this one's.
        slope = -ceiling.slope.double().numpy()[:, self._rows]
        offset = -ceiling.offset.double().numpy()[:, self._rows]
        shape = (len(low), self.actions, self.actions - 1)
        slope, offset = slope.reshape(*shape, -1), offset.reshape(shape)
        return _known(slope, offset, np.isfinite(offset) & np.isfinite(slope).all(axis=-1))


def pave(
    bounder: Bounder,
    chart: Chart,
    within: Sequence[Sequence[Any]] = ((),),
    *,
    most: int = PIECES,
) -> Pieces:
    """Cut a chart's box until it is settled nearly everywhere what the network does.

    Args:
        bounder: of the network.
        chart: of the parameters.
        within: what it does elsewhere is of no interest: polynomials, of one of these lists all are
            positive there.
        most: how many pieces are bounded.

    Returns:
        The pieces of which something is known.
    """
    n = len(chart.box)
    places = [Polynomials(list(place), chart.box) for place in within]
    done: list[Pieces] = []

    def bounded(low: Array, high: Array) -> tuple[Pieces, Array]:
        return _bounded(bounder, chart, places, low, high)

    waiting, opens = bounded(np.zeros((1, n)), np.ones((1, n)))
    tried = 1
    while len(waiting) and tried < most and opens.sum() > OPEN:
        order = np.argsort(-opens, kind="stable")
        chosen = order[: min(BATCH, (most - tried + 1) // 2)]
        chosen = chosen[opens[chosen] > opens[order[0]] / 8]
        kept = np.ones(len(waiting), dtype=bool)
        kept[chosen] = False
        low, high = _halves(waiting.select(chosen), chart)
        fresh, left = bounded(low, high)
        tried += len(fresh)
        waiting = Pieces.join([waiting.select(kept), fresh])
        opens = np.concatenate([opens[kept], left])
        settled = opens == 0
        done.append(waiting.select(settled))
        waiting, opens = waiting.select(~settled), opens[~settled]
    found = Pieces.join([*done, waiting])
    return found.select(np.isfinite(found.offset).all(axis=(1, 2)))


def _bounded(
    bounder: Bounder, chart: Chart, places: Sequence[Polynomials], low: Array, high: Array
) -> tuple[Pieces, Array]:
    """Pieces with their bounds, and the volume of each that is open, as a grid of points tells."""
    first, last, finite = chart.hull(low, high)
    first, last = (np.where(finite[:, None], x, 0.0) for x in (first, last))
    slope, offset = bounder.below(first, last)
    slope, offset = _known(slope, offset, finite[:, None, None])
    n = low.shape[1]
    steps = (np.arange(LOOKS[n]) + 0.5) / LOOKS[n]
    grid = np.stack(np.meshgrid(*[steps] * n, indexing="ij"), axis=-1).reshape(-1, n)
    points, still = low[:, None] + (high - low)[:, None] * grid, np.zeros((len(low), 1, n))
    does = ~np.any([(place.at(points) > 0).all(axis=-1) for place in places], axis=0)
    for action in range(bounder.actions):
        values = chart.above(slope[:, action], offset[:, action], points, still)
        does |= (values > 0).all(axis=0)
    open_ = 1 - does.mean(axis=1)
    return Pieces(low, high, slope, offset), open_ * (high - low).prod(axis=1)


def _known(slope: Array, offset: Array, known: Array) -> tuple[Array, Array]:
    """Affine functions, and no numbers in the place of those that are not known."""
    return np.where(known[..., None], slope, 0.0), np.where(known, offset, np.nan)


def _halves(pieces: Pieces, chart: Chart) -> tuple[Array, Array]:
    """Each piece cut in two across the parameter that its bounds change most along."""
    change = chart.change(pieces.low, pieces.high)
    steep = np.abs(pieces.slope).max(axis=(1, 2))
    gain = (change @ steep[..., None])[..., 0]
    blind = ~gain.any(axis=1)
    gain[blind] = (pieces.high - pieces.low)[blind]
    axis = gain.argmax(axis=1)
    return _cut(pieces.low, pieces.high, axis)


def _cut(low: Array, high: Array, axis: Array) -> tuple[Array, Array]:
    rows = np.arange(len(low))
    middle = (low + high)[rows, axis] / 2
    left, right = high.copy(), low.copy()
    left[rows, axis] = middle
    right[rows, axis] = middle
    return np.concatenate([low, right]), np.concatenate([left, high])


def _halved(pieces: Pieces) -> Pieces:
    """Each piece cut in two across its widest side, with the bounds that it has."""
    low, high = _cut(pieces.low, pieces.high, (pieces.high - pieces.low).argmax(axis=1))
    slope, offset = (np.concatenate([x, x]) for x in (pieces.slope, pieces.offset))
    return Pieces(low, high, slope, offset)


def volumes(
    pieces: Pieces, chart: Chart, regions: Mapping[Any, Sequence[Any]]
) -> dict[Any, list[float]]:
    """At least this share of the box lies in a region, and the network does an action there.

    Args:
        pieces: that cover the box.
        chart: of its parameters.
        regions: by any name, polynomials in the parameters that are all positive there.

    Returns:
        By region, a share for each action.
    """
    every = dict.fromkeys(p for place in regions.values() for p in place)
    listed = [p for p in every if not settled(p, chart.box)]
    at = {p: row for row, p in enumerate(listed)}
    keys = {
        name: tuple(sorted({at[p] for p in place if p in at})) for name, place in regions.items()
    }
    asked = list(product(dict.fromkeys(keys.values()), range(pieces.slope.shape[1])))
    conditions, total = Polynomials(listed, chart.box), dict.fromkeys(asked, 0.0)
    finest = FINEST[len(chart.box)] * 1.001
    while len(pieces):
        halves: list[Pieces] = []
        for first in range(0, len(pieces), BATCH):
            few = pieces.select(slice(first, first + BATCH))
            coarse = _Values(few, chart, conditions, 1)
            rough = _Values(few, chart, conditions, 1, curved=False)
            sure = {one: everywhere(coarse.of(*one)) for one in asked}
            partial = [somewhere(rough.of(*one)) & ~sure[one] for one in asked]
            open_ = np.any(partial, axis=0)
            size = (few.high - few.low).prod(axis=1)
            for one, where in sure.items():
                total[one] += float(size[where & ~open_].sum()) * (1 - SLACK)
            wide = open_ & ((few.high - few.low).max(axis=1) > finest)
            halves.append(_halved(few.select(wide)))
            last = open_ & ~wide
            if last.any():
                fine = _Values(few.select(last), chart, conditions, CELLS[len(chart.box)])
                for one, where in zip(asked, partial, strict=True):
                    values = fine.of(*one)[:, (where | sure[one])[last]]
                    total[one] += float(positive(values) @ size[last & (where | sure[one])])
        pieces = Pieces.join(halves)
    actions = range(pieces.slope.shape[1])
    return {name: [total[key, action] for action in actions] for name, key in keys.items()}


class _Values:
    """Conditions, and what is below each action's lead, at the corners of cells of some pieces;
    without what curvature costs, they only tell where to look.
    """

    def __init__(
        self,
        few: Pieces,
        chart: Chart,
        conditions: Polynomials,
        cells: int,
        *,
        curved: bool = True,
    ) -> None:
        points, widths = corners(few.low, few.high, cells)
        widths = widths * curved
        self._conditions = np.moveaxis(conditions.below(points, widths), -1, 0)
        self._leads = [
            chart.above(few.slope[:, action], few.offset[:, action], points, widths)
            for action in range(few.slope.shape[1])
        ]

    def of(self, rows: Sequence[int], action: int) -> Array:
        """Some conditions, and that an action leads."""
        return np.concatenate([self._conditions[list(rows)], self._leads[action]])


def share(polynomials: Sequence[Any], box: Box) -> float:
    """At least this share of a box has polynomials in its parameters all positive."""
    n = len(box)
    whole = Pieces(np.zeros((1, n)), np.ones((1, n)), np.zeros((1, 1, 0, 0)), np.zeros((1, 1, 0)))
    return volumes(whole, Chart(box, []), {"": polynomials})[""][0]
