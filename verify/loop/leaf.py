"""Terms that put values together and take them apart, whatever their numbers are."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any

from theory.sort import EnumSort, Sort
from theory.term import Term

PLAIN = frozenset({"const", "var", "feature", "record", "with"})
"""The operators of such terms."""


def put_together(
    node: Term,
    values: Sequence[Any],
    variables: Mapping[str, Any],
    number: Callable[[Fraction], Any],
) -> Any:
    """The value of a constant, a variable, a feature, a record or a changed record.

    Args:
        node: the term, with an operator among `PLAIN`.
        values: of its arguments; None for what is not known.
        variables: by name; of others nothing is known.
        number: what a rational is among the numbers in question.
    """
    match node.operator:
        case "const":
            value = node.payload[0]
            return number(value) if isinstance(value, Fraction) else value
        case "var":
            return variables.get(node.payload[0])
        case "record":
            return dict(zip((f.name for f in node.payload.features), values, strict=True))
        case _ if values[0] is None:
            return None
        case "feature":
            return values[0][node.payload]
        case _:
            return {**values[0], **dict(zip(node.payload, values[1:], strict=True))}


def place(sort: Sort, name: str) -> int:
    """Where a name stands in its enumeration."""
    return sort.members.index(name) if isinstance(sort, EnumSort) else 0
