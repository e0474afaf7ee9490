"""The steps to which the auditor reduces a network: sums, bends, curves and products, in float64.

Each step says by how much a float32 evaluation of it, in any order of summation, may be off
(Higham, Accuracy and Stability of Numerical Algorithms, 2002, section 3.1): at most `relative`
times the magnitudes, plus 2^-126 for each term, factor and result that may underflow. Steps that
stand for a part of an operator are exact.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from verify.certificate.curve import Form

Reals = NDArray[np.float64]
Truth = NDArray[np.bool_]
Matrix = Any
"""A numpy array or a scipy sparse matrix, of float64."""


@dataclass(frozen=True, eq=False)
class Mix:
    """constant + sum over operands of matrix @ operand.

    Attributes:
        name: of the tensor.
        matrices: by operand, (size, operand's size).
        constant: (size,).
        relative: how far a float32 evaluation may be off, in proportion to the magnitudes; 0 where
            the step is exact.
        inexact: float64 does not hold all entries; each is off by at most one rounding.
        spread: a tensor whose variances these are: the mean squares of its entries take the place
            of the magnitudes in `relative`, and nothing is known of what may come out negative.
    """

    name: str
    matrices: Mapping[str, Matrix]
    constant: Reals
    relative: float = 0.0
    inexact: bool = False
    spread: str | None = None

    @property
    def size(self) -> int:
        """The number of entries."""
        return len(self.constant)

    @property
    def operands(self) -> tuple[str, ...]:
        """The tensors that it reads."""
        return tuple(self.matrices)


@dataclass(frozen=True)
class Bend:
    """x for x >= 0 and alpha * x for x <= 0, where -1 <= alpha <= 1; `relative` as in `Mix`."""

    name: str
    operand: str
    size: int
    alpha: float
    relative: float = 0.0

    @property
    def operands(self) -> tuple[str, ...]:
        """The tensor that it reads."""
        return (self.operand,)


@dataclass(frozen=True)
class Curve:
    """A smooth function of each entry.

    Attributes:
        name, operand, size: as in `Bend`.
        form: the function.
        relative: as in `Mix`, in proportion to the values and the form's level.
        strain: a tensor whose largest magnitude is added to the proportion, times the unit of
            float32: what rounding it does to exponentials.
    """

    name: str
    operand: str
    size: int
    form: Form
    relative: float = 0.0
    strain: str | None = None

    @property
    def operands(self) -> tuple[str, ...]:
        """The tensor that it reads."""
        return (self.operand,)


@dataclass(frozen=True)
class Product:
    """left * right, entry by entry; they may be the same tensor. `relative` as in `Mix`."""

    name: str
    left: str
    right: str
    size: int
    relative: float = 0.0

    @property
    def operands(self) -> tuple[str, ...]:
        """The tensors that it reads."""
        return (self.left, self.right)


Step = Mix | Bend | Curve | Product


POINT = "point"
"""Names the flat input among the steps."""


@dataclass
class Program:
    """The steps in order, and where each tensor of the problem's network is among them.

    Attributes:
        width: size of the flat input.
        steps: in topological order; their names are numbers, which no two share.
        place: for a tensor of the network, the step's tensor that holds the same entries.
        sizes: of the steps' tensors, and of the point.
    """

    width: int
    steps: list[Step] = field(default_factory=list[Step])
    place: dict[str, str] = field(default_factory=dict[str, str])
    sizes: dict[str, int] = field(default_factory=dict[str, int])

    @property
    def next(self) -> str:
        """The name of the next step."""
        return str(len(self.steps))

    def put(self, step: Step) -> str:
        """Append the next step; its name.

        Raises:
            LookupError: it has another name.
        """
        if step.name != self.next:
            raise LookupError(f"step {self.next} is called {step.name}")
        if isinstance(step, Mix):
            step = replace(step, matrices={n: filled(m) for n, m in step.matrices.items()})
        self.steps.append(step)
        self.sizes[step.name] = step.size
        return step.name


def selection(index: NDArray[np.int64], size: int, rows: int | None = None) -> Matrix:
    """The matrix that picks these entries of a vector of this size; rows beyond them are zero."""
    count = len(index)
    entries = (np.ones(count), (np.arange(count), index))
    return csr_matrix(entries, shape=(count if rows is None else rows, size))


def scaled(matrix: Matrix, factors: Reals) -> Matrix:
    """The matrix with its rows times factors."""
    return csr_matrix(matrix.multiply(factors[:, None]))


def filled(matrix: Matrix) -> Matrix:
    """The matrix as an array, where few entries are zero: its products are then much faster."""
    rows, columns = matrix.shape
    stored: int = getattr(matrix, "nnz", 0)  # of a sparse one
    return matrix.toarray() if 4 * stored > 3 * rows * columns else matrix


def magnitude(matrix: Matrix) -> Matrix:
    """The matrix of absolute values."""
    return abs(matrix)


def product(x: Reals, matrix: Matrix) -> Reals:
    """x (..., rows) times a matrix (rows, n): (..., n)."""
    flat = x.reshape(-1, x.shape[-1])
    return np.asarray(flat @ matrix).reshape(*x.shape[:-1], matrix.shape[1])
