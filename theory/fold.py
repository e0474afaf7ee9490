"""The one way to walk a term: bottom-up, iterative, each distinct subterm once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from theory.term import Term

T = TypeVar("T")


def fold(
    root: Term,
    step: Callable[[Term, Sequence[T]], T],
    *,
    enter: Callable[[Term], bool] | None = None,
) -> T:
    """Compute `step(term, results of its arguments)` for every subterm and return the root's.

    Args:
        root: the term.
        step: called once for each distinct subterm, arguments first.
        enter: where it answers False for a subterm, its arguments are not visited and `step` gets
            an empty sequence for it (binders, whose bodies need an environment of their own).
    """
    results: dict[Term, T] = {}
    stack: list[tuple[Term, bool]] = [(root, False)]
    while stack:
        term, arguments_done = stack.pop()
        if term in results:
            continue
        descend = enter is None or enter(term)
        if arguments_done or not term.arguments or not descend:
            results[term] = step(term, [results[a] for a in term.arguments] if descend else [])
        else:
            stack.append((term, True))
            stack.extend((argument, False) for argument in reversed(term.arguments))
    return results[root]
