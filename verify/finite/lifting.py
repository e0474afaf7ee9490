"""The exact solution of sparse linear equations, lifted digit by digit from solutions in floats.

Zhendong Wan, An algorithm to solve integer linear systems exactly using numerical methods, Journal
of Symbolic Computation 41, 2006: solve in floats, round, compute the residual exactly in integers,
scale it up and solve again. When there are digits enough, a common denominator is read off a
continued fraction. The result is put into the equations, in integers: what does not satisfy them is
not handed out, so that floats decide nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import lcm
from typing import Any

import numpy as np
from flint import fmpq

from verify.finite import sparse
from verify.finite.sparse import Array, Matrix

Row = Mapping[int, fmpq]

LARGEST_ENTRY = 2**30
"""Integer coefficients beyond this are not lifted: products must fit into 64 bits."""
MOST_BITS = 2_000_000
"""Solutions with more digits than this are given up."""
FEWEST_BITS = 6
"""A step that gains less is no use: the equations are too badly conditioned for floats."""


def lift(rows: Sequence[Row], right: Sequence[fmpq]) -> list[fmpq] | None:
    """The solution of as many equations as unknowns, or None where floats do not lead to it.

    Args:
        rows: coefficients by unknown, one equation each.
        right: the right-hand sides.
    """
    matrix, sides, share = _integers(rows, right)
    if matrix is None:
        return None
    factors = sparse.factorise(matrix)
    steps = _step_bits(matrix, factors) if factors is not None else None
    if steps is None:
        return None
    lifting = _Lifting(matrix, factors, steps, sides)
    wanted = 256
    while wanted <= MOST_BITS:
        digits = lifting.advance(wanted)
        if digits is None:
            return None
        found = _rational(digits, lifting.point)
        if found is not None:
            numerators, denominator = found
            if _solves(sparse.rows(matrix), numerators, sides, denominator):
                scale = denominator * share
                return [fmpq(n, scale) for n in numerators]
        wanted *= 2
    return None


def _integers(rows: Sequence[Row], right: Sequence[fmpq]) -> tuple[Matrix | None, list[int], int]:
    """The equations in integers: the matrix, the right-hand sides, and their common denominator.

    The solution is that of the integers over the common denominator.
    """
    share = 1
    for value in right:
        share = lcm(share, int(value.q))
    sides: list[int] = []
    starts, columns, entries = [0], list[int](), list[int]()
    for row, value in zip(rows, right, strict=True):
        scale = 1
        for c in row.values():
            scale = lcm(scale, int(c.q))
        numbers = [int(c.p) * (scale // int(c.q)) for c in row.values()]
        if sum(map(abs, numbers)) > LARGEST_ENTRY:
            return None, [], 1
        columns += row
        entries += numbers
        starts.append(len(columns))
        sides.append(scale * int(value.p) * (share // int(value.q)))
    size = len(rows)
    matrix = sparse.matrix(np.array(entries, np.int64), columns, starts, size)
    return matrix, sides, share


def _step_bits(matrix: Matrix, factors: Any) -> int | None:
    """How many bits a step can gain: what the conditioning leaves of a float's 53."""
    size = matrix.shape[0]
    norm = float(abs(matrix).sum(axis=1).max())
    # the equations of processes have inverses without negative entries, where this is their norm
    inverse = float(np.abs(factors.solve(np.ones(size))).max())
    if not np.isfinite(inverse):
        return None
    lost = np.log2(max(norm, 1.0)) + np.log2(max(inverse, 1.0))
    # residuals of up to the norm, scaled up, must stay exact, and so must the products
    bits = int(min(52 - lost - 3, 62 - 2 * np.log2(max(norm, 1.0)) - max(np.log2(inverse), 0) - 2))
    return bits if bits >= FEWEST_BITS else None


class _Lifting:
    """Digits of the solution, as far as they were asked for.

    Attributes:
        point: how many bits of the digits are behind the binary point.
    """

    def __init__(self, matrix: Matrix, factors: Any, step_bits: int, sides: Sequence[int]) -> None:
        self._matrix, self._factors, self._bits = matrix, factors, step_bits
        longest = max((abs(side).bit_length() for side in sides), default=0)
        self._feeds = -(-longest // step_bits)
        self._sides = np.array([*sides, None], dtype=object)[:-1]
        self._signs = np.array([1 if side >= 0 else -1 for side in sides], np.int64)
        self._residual = np.zeros(len(sides), np.int64)
        self._digits = np.array([*[0] * len(sides), None], dtype=object)[:-1]
        self._steps = 0
        self._limit = 2 * float(abs(matrix).sum(axis=1).max()) + 2

    @property
    def point(self) -> int:
        return (self._steps - self._feeds) * self._bits

    def advance(self, bits: int) -> Array | None:
        """The digits with at least so many bits behind the point; None where steps gain nothing."""
        blocks: list[Array] = []
        while self.point < bits:
            residual = (self._residual << self._bits) + self._feed()
            step = np.rint(self._factors.solve(residual.astype(np.float64)))
            if not np.all(np.abs(step) < 2**52):
                return None
            whole = step.astype(np.int64)
            self._residual = residual - self._matrix @ whole
            if np.abs(self._residual).max(initial=0) > self._limit:
                return None
            blocks.append(whole)
            self._steps += 1
        if blocks:
            joined = _joined(blocks, self._bits)
            self._digits = (self._digits << (len(blocks) * self._bits)) + joined
        return self._digits

    def _feed(self) -> Array:
        """The next bits of the right-hand sides, the highest first."""
        left = self._feeds - 1 - self._steps
        if left < 0:
            return np.zeros(len(self._signs), np.int64)
        mask = (1 << self._bits) - 1
        digits = (np.abs(self._sides) >> (left * self._bits)) & mask
        return digits.astype(np.int64) * self._signs


def _joined(blocks: Sequence[Array], bits: int) -> Array:
    """Signed digits of so many bits, the first the highest, as whole numbers."""
    level = [block.astype(object) for block in blocks]
    while len(level) > 1:
        if len(level) % 2:
            level.insert(0, np.zeros_like(level[0]))
        level = [(a << bits) + b for a, b in zip(level[::2], level[1::2], strict=True)]
        bits *= 2
    return level[0]


def _rational(digits: Array, point: int) -> tuple[list[int], int] | None:
    """Numerators and the common denominator of numbers known to so many bits; None for too few.

    Every number times the denominator is to be a whole number nearly, and the denominator much
    smaller than chance would have it.
    """
    one = 1 << point
    half, tolerance = one >> 1, one >> (point // 3)
    denominator = 1
    numerators: list[int] = []
    restart = True
    while restart:
        restart = False
        numerators = []
        for digit in digits:
            scaled = digit * denominator
            whole = (scaled + half) >> point
            if abs(scaled - (whole << point)) > tolerance:
                factor = _denominator(scaled & (one - 1), one, 1 << (point // 3))
                if factor is None or (denominator * factor).bit_length() > point // 3:
                    return None
                denominator *= factor
                restart = True
                break
            numerators.append(whole)
    return numerators, denominator


def _denominator(part: int, one: int, limit: int) -> int | None:
    """The denominator of the last convergent of part / one below a limit, where it fits well."""
    previous, current = 0, 1
    a, b = one, part
    while b:
        quotient, rest = divmod(a, b)
        following = previous + quotient * current
        if following > limit:
            break
        previous, current = current, following
        a, b = b, rest
    # |part * current - whole * one| is b
    return current if b <= limit else None


def _solves(
    rows: Sequence[Sequence[tuple[int, int]]],
    numerators: Sequence[int],
    sides: Sequence[int],
    denominator: int,
) -> bool:
    """Whether numerators over the denominator satisfy the equations."""
    return all(
        sum(entry * numerators[column] for column, entry in row) == side * denominator
        for row, side in zip(rows, sides, strict=True)
    )
