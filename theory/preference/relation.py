"""Preferences between options, as a graph: circles, and the money that they cost.

A weak circle with one strict step drains its owner: Davidson, McKinsey and Suppes, Outlines of a
formal theory of value, 1955 (the money pump).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import networkx

from theory.error import InputError

_networkx: Any = networkx  # it has no type stubs

Pair = tuple[str, str]


@dataclass(frozen=True)
class Circle:
    """Options each preferred to the next, the last to the first.

    Attributes:
        options: in order; the owner of the last one trades it for the one before, and so on.
        strict: for each step whether it is a strict preference.
    """

    options: tuple[str, ...]
    strict: tuple[bool, ...]

    def __str__(self) -> str:
        words = [self.options[0]]
        for at, strict in enumerate(self.strict):
            after = self.options[(at + 1) % len(self.options)]
            words.append(f"{'over' if strict else 'at least as good as'} {after}")
        return " ".join(words)


def circle(
    strict: Iterable[Pair],
    indifferent: Iterable[Pair] = (),
    directed: Iterable[Pair] = (),
) -> Circle | None:
    """A shortest circle of preferences with at least one strict step; None where there is none.

    Args:
        strict: pairs (better, worse).
        indifferent: pairs that are as good as each other.
        directed: pairs (at least as good, the other).
    """
    better = list(dict.fromkeys(strict))
    graph: Any = _networkx.DiGraph()
    for a, b in indifferent:
        graph.add_edge(a, b, strict=False)
        graph.add_edge(b, a, strict=False)
    graph.add_edges_from(directed, strict=False)
    graph.add_edges_from(better, strict=True)
    best: list[str] | None = None
    for a, b in better:
        if a == b:
            return Circle((a,), (True,))
        if _networkx.has_path(graph, b, a):
            back: list[str] = _networkx.shortest_path(graph, b, a)
            if best is None or len(back) < len(best):
                best = back
    if best is None:
        return None
    options = (best[-1], *best[:-1])
    steps = zip(options, (*options[1:], options[0]), strict=True)
    return Circle(options, tuple(bool(graph.edges[a, b]["strict"]) for a, b in steps))


def incomparable(
    options: Sequence[str], strict: Iterable[Pair], indifferent: Iterable[Pair] = ()
) -> Pair | None:
    """Two options between which nothing is stated; None where the preferences are complete."""
    stated = {frozenset(pair) for pair in (*strict, *indifferent)}
    for pair in stated:
        for option in pair:
            if option not in options:
                raise InputError(f"preference: there is no option {option!r}")
    for at, a in enumerate(options):
        for b in options[at + 1 :]:
            if frozenset((a, b)) not in stated:
                return a, b
    return None
