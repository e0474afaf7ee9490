"""Which variables a term leaves free, and which its quantifiers bind."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from theory.fold import fold

if TYPE_CHECKING:
    from theory.node import Term

QUANTIFIERS = frozenset({"forall", "exists"})
TEMPORAL = frozenset({"always", "eventually", "until", "next", "probably"})
"""Operators over a trajectory: the first argument is where it starts, the others are formulas over
the state that the payload names.
"""


def binds(node: Term) -> frozenset[str]:
    """The names that a term binds in its arguments; in all but the first of a temporal operator."""
    if node.operator in QUANTIFIERS:
        return frozenset(name for name, _ in node.payload)
    return frozenset({node.payload.state}) if node.operator in TEMPORAL else frozenset()


def free(term: Term) -> frozenset[Term]:
    """The variables that no quantifier binds; a quantifier binds by name."""

    def step(node: Term, parts: Sequence[frozenset[Term]]) -> frozenset[Term]:
        if node.operator == "var":
            return frozenset({node})
        bound = binds(node)
        found: frozenset[Term] = frozenset()
        for at, part in enumerate(parts):
            if bound and not (at == 0 and node.operator in TEMPORAL):
                part = frozenset(one for one in part if one.payload[0] not in bound)
            found = found | part if part - found else found
        return found

    return fold(term, step)


def free_variables(term: Term) -> frozenset[str]:
    """The names of the variables that no quantifier binds."""
    return frozenset(variable.payload[0] for variable in free(term))
