"""Questions about directed graphs, answered by networkx, with types."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

import networkx as nx

from theory.error import InputError

_nx = cast(Any, nx)


def order(graph: nx.DiGraph[str]) -> tuple[str, ...]:
    """The nodes, parents first; InputError naming the nodes of a cycle where there is one."""
    try:
        return tuple(_nx.topological_sort(graph))
    except nx.NetworkXUnfeasible:
        around = [str(tail) for tail, _ in _nx.find_cycle(graph)]
        raise InputError(f"the nodes {' -> '.join([*around, around[0]])} form a cycle") from None


def ancestors(graph: nx.DiGraph[str], *names: str) -> set[str]:
    """The nodes and all from which a directed path leads to one of them."""
    found = set(names)
    for name in names:
        found |= cast(set[str], _nx.ancestors(graph, name))
    return found


def descendants(graph: nx.DiGraph[str], *names: str) -> set[str]:
    """The nodes and all to which a directed path leads from one of them."""
    found = set(names)
    for name in names:
        found |= cast(set[str], _nx.descendants(graph, name))
    return found


def separated(
    graph: nx.DiGraph[str], left: Iterable[str], right: Iterable[str], given: Iterable[str]
) -> bool:
    """Whether `given` d-separates two sets; a node of both, or none in one, counts as expected.

    Nodes that are given are independent of everything; a node that is in both sets and not given
    is not independent of itself.
    """
    known = set(given)
    one, two = set(left) - known, set(right) - known
    if one & two:
        return False
    return not one or not two or bool(_nx.is_d_separator(graph, one, two, known))
