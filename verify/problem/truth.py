"""Truth while compiling: for a formula, the goal that it is true and the goal that it is false."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from theory.term import Term
from verify.problem.goal import Goal, all_of, any_of

Truth = tuple[Goal, Goal]
"""The goal that a formula is true, and the goal that it is false."""


def conjunction(parts: Sequence[Truth]) -> Truth:
    """All of them."""
    return all_of([p[0] for p in parts]), any_of([p[1] for p in parts])


def disjunction(parts: Sequence[Truth]) -> Truth:
    """Some of them."""
    return any_of([p[0] for p in parts]), all_of([p[1] for p in parts])


def negation(parts: Sequence[Truth]) -> Truth:
    """The only one is false."""
    return parts[0][1], parts[0][0]


def implication(parts: Sequence[Truth]) -> Truth:
    """If the first, then the second."""
    return disjunction([negation([parts[0]]), parts[1]])


def equivalence(parts: Sequence[Truth]) -> Truth:
    """Both or neither."""
    return conjunction([implication([parts[0], parts[1]]), implication([parts[1], parts[0]])])


CONNECTIVES: Mapping[str, Callable[[Sequence[Truth]], Truth]] = {
    "and": conjunction,
    "or": disjunction,
    "not": negation,
    "implies": implication,
    "iff": equivalence,
}


def sides(formula: Term, wanted: bool) -> set[tuple[Term, bool]]:
    """Subformulas outside inner quantifiers, with the truth values that the whole depends on."""
    found: set[tuple[Term, bool]] = set()
    stack = [(formula, wanted)]
    while stack:
        node, side = stack.pop()
        if (node, side) in found:
            continue
        found.add((node, side))
        match node.operator:
            case "and" | "or":
                stack.extend((part, side) for part in node.arguments)
            case "not":
                stack.append((node.arguments[0], not side))
            case "implies":
                stack += [(node.arguments[0], not side), (node.arguments[1], side)]
            case "iff" | "eq":
                stack.extend((part, value) for part in node.arguments for value in (True, False))
            case _:
                pass
    return found
