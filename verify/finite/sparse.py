"""Sparse matrices of floats and integers: scipy's, which has no types of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import scipy.sparse
import scipy.sparse.csgraph
import scipy.sparse.linalg

_sparse: Any = scipy.sparse
_graph: Any = scipy.sparse.csgraph
_linalg: Any = scipy.sparse.linalg

Array = Any
"""A numpy array."""

Matrix = Any
"""A sparse matrix in rows (`csr_array`): `indptr`, `indices`, `data`, `shape`."""


def matrix(
    entries: Array, columns: Sequence[int] | Array, starts: Sequence[int] | Array, width: int
) -> Matrix:
    """A matrix of so many columns; row i has the entries from `starts[i]` to `starts[i + 1]`."""
    data = (entries, np.asarray(columns, np.int64), np.asarray(starts, np.int64))
    return _sparse.csr_array(data, shape=(len(starts) - 1, width))


def identity(size: int) -> Matrix:
    """The identity in floats."""
    return _sparse.eye_array(size, format="csr")


def factorise(square: Matrix) -> Any | None:
    """Its factors, whose `solve` takes a right-hand side; None where it is singular in floats."""
    try:
        return _linalg.splu(_sparse.csc_array(square, dtype=np.float64))
    except RuntimeError:
        return None


def circles(graph: Matrix) -> tuple[int, Array]:
    """How many strongly connected components there are, and the number of each node's."""
    return _graph.connected_components(graph, directed=True, connection="strong")


def rows(sparse: Matrix) -> list[list[tuple[int, Any]]]:
    """The rows of a matrix as (column, entry)."""
    starts, columns = sparse.indptr.tolist(), sparse.indices.tolist()
    entries = list(zip(columns, sparse.data.tolist(), strict=True))
    return [entries[starts[at] : starts[at + 1]] for at in range(len(starts) - 1)]
