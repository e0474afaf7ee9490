"""Suggestions in floats for optimality equations; the exact algorithms confirm or improve them.

A guess is made by value iteration and then policy iteration with sparse solutions. Once a strategy
has been evaluated exactly, what its moves are better or worse by is known to full relative
precision however small it is, and the same method is applied to these differences alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from theory.finite.engine import Advantages, Number
from theory.finite.system import System, sides
from verify.finite import sparse

Floats = np.ndarray[Any, np.dtype[np.float64]]
Integers = np.ndarray[Any, np.dtype[np.int64]]

FEWEST = 12
"""Below so many unknowns floats are not worth their time."""
SWEEPS = 200
ROUNDS = 60
CLEARLY = 1e-10
"""Relative to the largest value: what is better by less may be rounding."""
NOISE = 1e-6
"""Relative to the largest value: values that fall by more show that floats have failed."""
SMALLEST = 1e-300
"""What is smaller may have lost digits, or be 0, in floats."""
MOST_STEPS = 1e10
"""A strategy that takes more steps on average than this to get out is not valued in floats."""
ROUNDING = 2.0**-50
"""Relative, for each term of a sum: more than a float sum can be off by."""

QUIET = np.errstate(over="ignore", invalid="ignore", divide="ignore")
"""Floats that overflow only make suggestions useless."""


class FloatAdviser:
    """See `theory.finite.engine.Adviser`."""

    def __init__(self, system: System) -> None:
        self._system = system
        mine, theirs = sides(system)
        self._sides = bool(mine) + bool(theirs)

    @cached_property
    def _flat(self) -> Flat | None:
        """The system in floats, where that is worth its time and they can hold it."""
        if not self._sides or len(self._system.moves) < FEWEST:
            return None
        try:
            return Flat(self._system)
        except OverflowError:
            return None

    @QUIET
    def guess(self) -> list[int] | None:
        """A strategy that leaves and that floats cannot improve, or None."""
        flat = self._flat
        strategy = flat.leaving() if flat is not None else None
        if flat is None or strategy is None:
            return None
        values = flat.evaluated(strategy, flat.gain)
        if values is None:
            return flat.positions(strategy)
        values = flat.swept(values)
        better = flat.improved(flat.gain, values, strategy)
        return flat.climbed(flat.gain, better if flat.leaves(better) else strategy)

    @QUIET
    def promising(self, values: Sequence[Number]) -> Iterable[tuple[int, int]]:
        """The moves that rounding does not show to be worse than these values."""
        flat = self._flat
        known = _floats(values) if flat is not None else None
        if flat is None or known is None:
            moves = enumerate(self._system.moves)
            return ((at, p) for at, of in moves if len(of) > 1 for p in range(len(of)))
        sign = flat.sign[flat.owner]
        margin = (flat.worth(flat.gain, known) - known[flat.owner]) * sign
        slack = flat.rounding(known)
        chosen = np.flatnonzero((margin >= -slack) & flat.real)
        owners = flat.owner[chosen]
        return zip(owners.tolist(), (chosen - flat.first[owners]).tolist(), strict=True)

    @QUIET
    def refine(
        self, values: Sequence[Number], advantages: Advantages, strategy: Sequence[int]
    ) -> list[int] | None:
        """A strategy that leaves and that floats cannot improve, given exact differences."""
        flat, known = self._flat, _floats(values)
        if flat is None or known is None or self._sides > 1:
            return None
        chosen = flat.first + np.array(strategy)
        gain = flat.worth(flat.gain, known) - known[flat.owner]
        # what is left within rounding and was not compared are the moves that gave the values
        gain[np.abs(gain) <= flat.rounding(known)] = 0
        for at, position, advantage in advantages:
            gain[flat.first[at] + position] = _float(advantage)
        return flat.climbed(gain, chosen, 0 * known) if flat.leaves(chosen) else None


def _float(value: Number) -> float:
    return int(value.p) / int(value.q)  # Python rounds correctly, however long the integers are


def _floats(values: Sequence[Number]) -> Floats | None:
    try:
        return np.array([_float(value) for value in values])
    except OverflowError:
        return None


class Flat:
    """A system in floats, its moves numbered one after the other."""

    def __init__(self, system: System) -> None:
        moves = [move for of in system.moves for move in of]
        counts = np.array([len(of) for of in system.moves])
        self.first: Integers = np.concatenate([[0], np.cumsum(counts)[:-1]])
        self.owner: Integers = np.repeat(np.arange(len(counts)), counts)
        self.sign: Floats = np.where(system.maximises, 1.0, -1.0)
        lengths = [len(move.targets) for move in moves]
        starts: Integers = np.concatenate([[0], np.cumsum(lengths)])
        targets: Integers = np.array([t for move in moves for t in move.targets], np.int64)
        weights = np.array([_float(w) for move in moves for w in move.weights])
        self.matrix = sparse.matrix(weights, targets, starts, len(counts))
        self.gain: Floats = np.array([_float(move.gain) for move in moves])
        self.real = counts[self.owner] > 1
        self.out = np.array([move.leaves for move in moves])
        gaining = self.out & (self.gain > 0)
        self.seed = gaining if gaining.any() else self.out

    def leaving(self) -> Integers | None:
        """A strategy that gets out with a gain, or out at all; None where some cannot."""
        into = self.matrix.tocsc()
        chosen = np.full(len(self.first), -1)
        for seed in (self.seed, self.out):
            for move in np.flatnonzero(seed).tolist():
                if chosen[self.owner[move]] < 0:
                    chosen[self.owner[move]] = move
            stack = np.flatnonzero(chosen >= 0).tolist()
            while stack:
                at = stack.pop(0) if len(stack) < 64 else stack.pop()
                for move in into.indices[into.indptr[at] : into.indptr[at + 1]].tolist():
                    if chosen[self.owner[move]] < 0:
                        chosen[self.owner[move]] = move
                        stack.append(int(self.owner[move]))
        return chosen if (chosen >= 0).all() else None

    def leaves(self, strategy: Integers) -> bool:
        """Whether a strategy gets out from everywhere."""
        chain = self.matrix[strategy].tocsc()
        found = self.out[strategy].copy()
        stack = np.flatnonzero(found).tolist()
        while stack:
            at = stack.pop()
            for before in chain.indices[chain.indptr[at] : chain.indptr[at + 1]].tolist():
                if not found[before]:
                    found[before] = True
                    stack.append(before)
        return bool(found.all())

    def climbed(self, gain: Floats, strategy: Integers, least: Floats | None = None) -> list[int]:
        """A strategy that leaves, improved while floats can tell; as positions of moves.

        Args:
            gain: of every move.
            strategy: one that leaves.
            least: what its values cannot be worse than; floats that say so are not to be trusted.
        """
        before = least
        trusted = strategy
        for _ in range(ROUNDS):
            values = self.evaluated(strategy, gain)
            if values is None:
                break
            if before is not None:
                slack = NOISE * float(np.abs(values).max())
                if not np.all((values - before) * self.sign >= -slack):
                    break
            trusted, before = strategy, values
            better = self.improved(gain, values, strategy)
            if np.array_equal(better, strategy) or not self.leaves(better):
                break
            strategy = better
        return self.positions(trusted)

    def positions(self, strategy: Integers) -> list[int]:
        """A strategy as positions of moves."""
        return (strategy - self.first).tolist()

    def evaluated(self, strategy: Integers, gain: Floats) -> Floats | None:
        """The values of a strategy that gets out; None where that takes too long for floats."""
        size = len(self.first)
        factors = sparse.factorise(sparse.identity(size) - self.matrix[strategy])
        if factors is None:
            return None
        steps = factors.solve(np.ones(size))
        if not (np.isfinite(steps).all() and 0 < steps.min() <= steps.max() <= MOST_STEPS):
            return None
        return factors.solve(gain[strategy])

    def worth(self, gain: Floats, values: Floats) -> Floats:
        """What every move is worth."""
        return gain + self.matrix @ values

    def rounding(self, values: Floats) -> Floats:
        """More than a move's worth, less the value of its unknown, can be off by in floats."""
        size = np.abs(self.gain) + self.matrix @ np.abs(values) + np.abs(values)[self.owner]
        return ROUNDING * (np.diff(self.matrix.indptr) + 4) * size + SMALLEST

    def swept(self, values: Floats) -> Floats:
        """The values after many steps of value iteration."""
        for _ in range(SWEEPS):
            worth = self.worth(self.gain, values) * self.sign[self.owner]
            following = np.maximum.reduceat(worth, self.first) * self.sign
            change = float(np.abs(following - values).max())
            values = following
            if change <= 1e-14 * max(1e-300, float(np.abs(values).max())):
                break
        return values

    def improved(self, gain: Floats, values: Floats, strategy: Integers) -> Integers:
        """The best moves, where they are clearly better than those of the strategy."""
        worth = self.worth(gain, values) * self.sign[self.owner]
        best = np.maximum.reduceat(worth, self.first)
        top = np.flatnonzero(worth == best[self.owner])
        chosen = np.full(len(self.first), -1)
        chosen[self.owner[top[::-1]]] = top[::-1]
        clearly = best - worth[strategy] > CLEARLY * float(np.abs(values).max())
        return np.where(clearly, chosen, strategy)
