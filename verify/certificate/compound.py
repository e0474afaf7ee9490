"""Operators that the auditor takes apart into several steps: maxima, quotients, softmax."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from verify.certificate.curve import EXP, INVERSE, TANH
from verify.certificate.step import (
    Bend,
    Curve,
    Matrix,
    Mix,
    Product,
    Program,
    Reals,
    scaled,
    selection,
)

Index = NDArray[np.int64]


@dataclass(frozen=True)
class Operand:
    """matrix @ tensor + constant; the constant alone where `place` is None.

    Attributes:
        place: the step's tensor.
        matrix: (size, the tensor's size).
        constant: (size,).
    """

    place: str | None
    matrix: Matrix
    constant: Reals


def picked(program: Program, place: str, index: Index, rows: int | None = None) -> Operand:
    """Entries of a tensor, in the order of an index; zero in the rows beyond it."""
    size = len(index) if rows is None else rows
    return Operand(place, selection(index, program.sizes[place], rows), np.zeros(size))


def combined(
    program: Program, parts: Sequence[tuple[Operand, float]], relative: float = 0.0
) -> str:
    """The sum of some operands times factors, as a step; its name."""
    matrices: dict[str, Matrix] = {}
    constant: Any = 0.0
    inexact = False
    for operand, factor in parts:
        inexact |= factor not in (1.0, -1.0)
        inexact |= bool(np.any(constant != 0) and np.any(operand.constant != 0))
        constant = constant + factor * operand.constant
        place = operand.place
        if place is not None:
            inexact |= place in matrices
            term = factor * operand.matrix
            matrices[place] = matrices[place] + term if place in matrices else term
    return program.put(Mix(program.next, matrices, constant, relative, inexact))


def larger(program: Program, a: Operand, b: Operand, sign: float, relative: float) -> None:
    """max(a, b) = b + relu(a - b) for the sign 1, min(a, b) = a - relu(a - b) for -1, exactly."""
    size = len(a.constant)
    gap = combined(program, [(a, 1.0), (b, -1.0)])
    excess = program.put(Bend(program.next, gap, size, 0.0))
    above = picked(program, excess, np.arange(size))
    combined(program, [(b if sign > 0 else a, 1.0), (above, sign)], relative)


def largest(program: Program, operand: str, windows: Index) -> None:
    """The maximum over windows (size, n) of entries, halved until one entry of each is left."""
    while windows.shape[1] > 1:
        half, odd = divmod(windows.shape[1], 2)
        left, right = windows[:, :half].ravel(), windows[:, half : 2 * half].ravel()
        a, b = picked(program, operand, left), picked(program, operand, right)
        gap = combined(program, [(a, 1.0), (b, -1.0)])
        excess = program.put(Bend(program.next, gap, len(left), 0.0))
        rest = windows[:, 2 * half :].ravel()
        base = picked(program, operand, np.concatenate([right, rest]))
        rise = picked(program, excess, np.arange(len(left)), rows=len(left) + len(rest))
        operand = combined(program, [(base, 1.0), (rise, 1.0)])
        columns = np.arange(len(left)).reshape(len(windows), half)
        windows = np.hstack([columns, len(left) + np.arange(len(rest)).reshape(len(windows), odd)])
    combined(program, [(picked(program, operand, windows[:, 0]), 1.0)])


def steep(program: Program, operand: str, alpha: float, relative: float) -> None:
    """x for x >= 0 and alpha x for x <= 0, where alpha > 1: alpha x - (alpha - 1) relu(x)."""
    index = np.arange(program.sizes[operand])
    right = program.put(Bend(program.next, operand, len(index), 0.0))
    whole, part = picked(program, operand, index), picked(program, right, index)
    combined(program, [(whole, alpha), (part, 1 - alpha)], relative)


def sigmoid(program: Program, operand: str, relative: float) -> None:
    """(1 + tanh(x / 2)) / 2."""
    index = np.arange(program.sizes[operand])
    half = combined(program, [(picked(program, operand, index), 0.5)])
    bent = program.put(Curve(program.next, half, len(index), TANH))
    middle = Operand(None, None, np.ones(len(index)))
    combined(program, [(middle, 0.5), (picked(program, bent, index), 0.5)], 2 * relative)


def multiplied(program: Program, a: Operand, b: Operand, relative: float) -> str:
    """The product of two operands that both vary, as a step; its name."""
    left, right = _held(program, a), _held(program, b)
    return program.put(Product(program.next, left, right, len(a.constant), relative))


def divided(program: Program, a: Operand, b: Operand, relative: float) -> None:
    """a / b = a * (1 / b), where b varies."""
    size = len(b.constant)
    below = _held(program, b)
    inverse = program.put(Curve(program.next, below, size, INVERSE))
    turned = picked(program, inverse, np.arange(size))
    if a.place is None:
        matrix = scaled(turned.matrix, a.constant)
        program.put(Mix(program.next, {inverse: matrix}, np.zeros(size), relative))
    else:
        multiplied(program, a, turned, relative)


def softmax(program: Program, operand: str, rows: Index, relative: float) -> None:
    """softmax_i = 1 / (1 + sum over j != i of e^(x_j - x_i)) over each row (R, n) of entries."""
    size: int = rows.shape[1]
    own, other = np.nonzero(~np.eye(size, dtype=bool))
    higher, lower = (picked(program, operand, rows[:, c].ravel()) for c in (other, own))
    gap = combined(program, [(higher, 1.0), (lower, -1.0)])
    power = program.put(Curve(program.next, gap, program.sizes[gap], EXP))
    # Gaps are listed by row, and in it by i: each i has those to the size - 1 others.
    place = np.empty(rows.size, dtype=np.int64)
    place[rows.ravel()] = np.arange(rows.size)
    index: Index = place[:, None] * (size - 1) + np.arange(size - 1)
    sums = _sums(index, program.sizes[power])
    total = program.put(Mix(program.next, {power: sums}, np.ones(len(place))))
    program.put(Curve(program.next, total, len(place), INVERSE, relative, strain=operand))


def contracted(
    program: Program, places: tuple[str, str], pairs: tuple[Index, Index], relative: float
) -> None:
    """Sums of products: the sum over k of left[pairs[0][i, k]] * right[pairs[1][i, k]] for i."""
    a, b = (picked(program, p, i.ravel()) for p, i in zip(places, pairs, strict=True))
    single = multiplied(program, a, b, relative)
    total = pairs[0].size
    sums = _sums(np.arange(total).reshape(pairs[0].shape), total)
    program.put(Mix(program.next, {single: sums}, np.zeros(len(pairs[0])), relative))


def _sums(index: Index, size: int) -> Matrix:
    """The matrix whose row i sums the entries index[i] of a vector of this size."""
    rows = np.arange(len(index))[:, None]
    collect = selection(np.broadcast_to(rows, index.shape).ravel(), len(index)).T
    return collect @ selection(index.ravel(), size)


def _held(program: Program, operand: Operand) -> str:
    """A tensor that holds an operand: its own, where all of it is picked in order."""
    place = operand.place
    if place is None:
        raise LookupError("a constant is held by no step")
    size = program.sizes[place]
    plain = operand.matrix.shape == (size, size) and not operand.constant.any()
    if plain and (operand.matrix != selection(np.arange(size), size)).nnz == 0:
        return place
    return combined(program, [(operand, 1.0)])
