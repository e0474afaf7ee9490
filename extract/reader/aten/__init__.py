"""What each ATen operator means in the graph: one function per operator, one table."""

from __future__ import annotations

from extract.reader.aten import (
    arithmetic,
    attention,
    contraction,
    layer,
    layout,
    pattern,
    recurrent,
)
from extract.reader.aten.call import AtenCall, Handler

__all__ = ["FOLDED", "HANDLERS", "NOT_IN_PLACE", "SILENT", "VIEWS", "AtenCall"]

HANDLERS: dict[str, Handler] = {
    **arithmetic.ROWS,
    **attention.ROWS,
    **contraction.ROWS,
    **layer.ROWS,
    **layout.ROWS,
    **pattern.ROWS,
    **recurrent.ROWS,
}
"""ATen operator and overload -> its meaning; each returns the values of its results, in order."""

SILENT = frozenset({"aten._assert_tensor_metadata.default"})
"""Calls that only assert and produce nothing."""

NOT_IN_PLACE = frozenset({"detach_.default"})
"""Operators with a trailing underscore that change no entry."""

VIEWS = frozenset(
    {
        "alias",
        "chunk",
        "contiguous",
        "detach",
        "detach_",
        "dropout",
        "expand",
        "expand_as",
        "feature_dropout",
        "flatten",
        "lift_fresh",
        "mT",
        "narrow",
        "numpy_T",
        "permute",
        "reshape",
        "reshape_as",
        "select",
        "slice",
        "split",
        "split_with_sizes",
        "squeeze",
        "t",
        "to",
        "transpose",
        "unbind",
        "unflatten",
        "unsqueeze",
        "view",
        "view_as",
    }
)
"""Operators whose results may share memory with their first operand."""

FOLDED = frozenset(
    {
        "arange.default",
        "arange.start",
        "arange.start_step",
        "eye.default",
        "full.default",
        "logical_not.default",
        "masked_fill.Scalar",
        "ones.default",
        "reciprocal.default",
        "rsqrt.default",
        "scalar_tensor.default",
        "sqrt.default",
        "tril.default",
        "triu.default",
        "where.ScalarOther",
        "zeros.default",
    }
)
"""Operators that are read only where all their operands are known; torch computes them."""
