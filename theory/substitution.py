"""Replacing the variables of a term by other terms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from theory.error import InputError
from theory.fold import fold
from theory.node import Term, build
from theory.scope import binds, free_variables
from theory.sort import ObservationSort


def substitute(term: Term, values: Mapping[str, Term]) -> Term:
    """The term with its free variables of these names replaced.

    Raises:
        InputError: a variable of a value would come under a quantifier of the term.
    """
    present = {name: value for name, value in values.items() if name in free_variables(term)}
    if not present:
        return term
    incoming = frozenset[str]().union(*(free_variables(value) for value in present.values()))

    def step(node: Term, parts: Sequence[Term]) -> Term:
        if node.operator == "var":
            return present.get(node.payload[0], node)
        bound = binds(node)
        if not bound:
            return rebuilt(node, parts)
        return _under(node, present, incoming, bound)

    return fold(term, step, enter=lambda node: not binds(node))


def rebuilt(node: Term, parts: Sequence[Term]) -> Term:
    """The node with other arguments; a feature that was just replaced is its new value."""
    if node.operator == "feature" and parts[0].operator == "with":
        changed = parts[0]
        names: tuple[str, ...] = changed.payload
        if node.payload in names:
            return changed.arguments[1 + names.index(node.payload)]
        return rebuilt(node, changed.arguments[:1])
    if node.operator == "feature" and parts[0].operator == "record":
        sort: ObservationSort = parts[0].payload
        return parts[0].arguments[sort.position(node.payload)]
    same = all(a is b for a, b in zip(node.arguments, parts, strict=True))
    return node if same else build(node.operator, parts, node.payload)


def _under(
    node: Term, values: Mapping[str, Term], incoming: frozenset[str], bound: frozenset[str]
) -> Term:
    """A binder with its arguments changed; what it binds is left alone where it binds."""
    inner = {name: value for name, value in values.items() if name not in bound}
    first = 0 if node.operator in ("forall", "exists") else 1  # a trajectory's start is outside
    parts = [substitute(part, values) for part in node.arguments[:first]]
    for part in node.arguments[first:]:
        if bound & incoming and set(inner) & free_variables(part):
            raise InputError(
                f"the variable {min(bound & incoming)!r} is bound twice, one inside the other; "
                "give one of them another name"
            )
        parts.append(substitute(part, inner))
    return rebuilt(node, parts)
