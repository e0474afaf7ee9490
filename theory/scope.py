"""Which variables a term leaves free, and which its quantifiers bind."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from theory.fold import fold

if TYPE_CHECKING:
    from theory.node import Term

QUANTIFIERS = frozenset({"forall", "exists"})


def free(term: Term) -> frozenset[Term]:
    """The variables that no quantifier binds; a quantifier binds by name."""

    def step(node: Term, parts: Sequence[frozenset[Term]]) -> frozenset[Term]:
        if node.operator == "var":
            return frozenset({node})
        found: frozenset[Term] = frozenset()
        for part in parts:
            found = found | part if part - found else found
        if node.operator not in QUANTIFIERS:
            return found
        bound = {name for name, _ in node.payload}
        return frozenset(variable for variable in found if variable.payload[0] not in bound)

    return fold(term, step)


def free_variables(term: Term) -> frozenset[str]:
    """The names of the variables that no quantifier binds."""
    return frozenset(variable.payload[0] for variable in free(term))
