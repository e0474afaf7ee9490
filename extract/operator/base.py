"""What an operator is: one row of the table, with its three meanings side by side."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any

from extract.exact import Exact

if TYPE_CHECKING:
    from torch import Tensor

Shape = tuple[int, ...]
Attributes = Mapping[str, Any]


class ShapeError(ValueError):
    """Operands or attributes that an operator cannot take; the message says which."""


class Kind(Enum):
    """What an operator does to exactness and to linearity."""

    SOURCE = "a leaf of the graph"
    LAYOUT = "moves entries about"
    AFFINE = "affine when all but one operand is a parameter"
    PIECEWISE = "piecewise affine"
    DISCRETE = "piecewise constant"
    SMOOTH = "irrational: exact evaluation gives enclosures"


@dataclass(frozen=True)
class Operator:
    """One operator of the graph.

    Attributes:
        shape: from attributes and operand shapes to the shape of the result; raises `ShapeError`.
        forward: the torch meaning. Each operand has one extra leading axis: the batch, or 1 for a
            parameter. Operands in `weights` come as they are. The result has the leading axis.
        exact: the meaning in exact rationals, without a batch axis.
        kind: what it does to exactness.
        attributes: the names it needs, all of them, no others.
        least, most: the number of operands.
        weights: positions of operands that have to be parameters.
    """

    shape: Callable[[Attributes, Sequence[Shape]], Shape]
    forward: Callable[[Attributes, Sequence[Tensor]], Tensor]
    exact: Callable[[Attributes, Sequence[Exact]], Exact]
    kind: Kind
    least: int = 1
    most: int = 1
    attributes: tuple[str, ...] = ()
    weights: frozenset[int] = field(default_factory=frozenset)


def broadcast(shapes: Sequence[Shape]) -> Shape:
    """The common shape of operands under numpy's broadcasting.

    Raises:
        ShapeError: they do not fit.
    """
    rank = max(len(shape) for shape in shapes)
    padded = [(1,) * (rank - len(shape)) + shape for shape in shapes]
    result: list[int] = []
    for sizes in zip(*padded, strict=True):
        wide = {size for size in sizes if size != 1}
        if len(wide) > 1:
            raise ShapeError(f"shapes {list(shapes)} do not broadcast")
        result.append(wide.pop() if wide else 1)
    return tuple(result)


def require(condition: bool, message: str) -> None:
    """Raise `ShapeError(message)` unless the condition holds."""
    if not condition:
        raise ShapeError(message)


def require_axis(axis: Any, rank: int) -> int:
    """The axis as an int in [0, rank)."""
    require(isinstance(axis, int) and 0 <= axis < rank, f"axis {axis!r} is not in 0..{rank - 1}")
    return int(axis)
