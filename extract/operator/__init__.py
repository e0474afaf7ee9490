"""The table of operators: one row each, with shape rule, torch meaning and exact meaning.

A network may hold these operators and no others. A test compares the columns row by row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from extract.operator import elementwise, layout, linear, pool, reduce
from extract.operator.base import Attributes, Kind, Operator, Shape, ShapeError, broadcast

__all__ = ["OPERATORS", "Attributes", "Kind", "Operator", "Shape", "ShapeError", "broadcast"]


def _leaf(_: Attributes, __: Sequence[Any]) -> NoReturn:
    raise LookupError("an input or a parameter is given, not computed")


OPERATORS: Mapping[str, Operator] = {
    "input": Operator(_leaf, _leaf, _leaf, Kind.SOURCE, least=0, most=0),
    "parameter": Operator(_leaf, _leaf, _leaf, Kind.SOURCE, least=0, most=0),
    **linear.ROWS,
    **elementwise.ROWS,
    **reduce.ROWS,
    **pool.ROWS,
    **layout.ROWS,
}
"""Operator name -> its row."""
