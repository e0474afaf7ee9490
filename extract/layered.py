"""Layered layout of a directed acyclic graph: ranks, order within ranks, and positions.

The method of Sugiyama, Tagawa and Toda (1981): long edges get a placeholder on every rank they
pass, sweeps sort each rank by the mean position of its neighbours, and positions then minimise the
squared distance to the neighbours under the least separations (isotonic regression). Everything is
deterministic.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import networkx as nx

SWEEPS = 12
SETTLINGS = 80
Point = tuple[float, float]
Site = tuple[str, ...]
"""A node as ("n", name), or a placeholder of an edge as ("e", source, target, rank)."""


@dataclass(frozen=True)
class Layout:
    """Where everything is, in pixels.

    Attributes:
        centres: of the nodes.
        routes: per edge, where it passes the ranks in between: at the top and bottom of each.
        width, height: of the whole.
    """

    centres: Mapping[str, Point]
    routes: Mapping[tuple[str, str], Sequence[tuple[Point, Point]]]
    width: float
    height: float


def place(
    graph: nx.DiGraph[str], sizes: Mapping[str, tuple[float, float]], *, gap: float, rise: float
) -> Layout:
    """Lay a graph out from top to bottom.

    Args:
        graph: acyclic; the order of its nodes breaks ties.
        sizes: node -> width and height in pixels.
        gap: least space between neighbours on one rank.
        rise: space between ranks.
    """
    rank = _ranks(graph)
    rows, above = _rows(graph, rank)
    below: dict[Site, list[Site]] = {site: [] for row in rows for site in row}
    for site, parents in above.items():
        for parent in parents:
            below[parent].append(site)
    rows = _ordered(rows, above, below)
    widths = {site: sizes[site[1]][0] if site[0] == "n" else 8.0 for row in rows for site in row}
    x = _positions(rows, above, below, widths, gap)
    left = min(x[site] - widths[site] / 2 for row in rows for site in row)
    right = max(x[site] + widths[site] / 2 for row in rows for site in row)
    heights = [
        max((sizes[site[1]][1] for site in row if site[0] == "n"), default=0.0) for row in rows
    ]
    tops = [sum(heights[:i]) + i * rise for i in range(len(rows))]
    centres = {
        site[1]: (x[site] - left, tops[i] + heights[i] / 2)
        for i, row in enumerate(rows)
        for site in row
        if site[0] == "n"
    }
    routes = {
        (a, b): [
            ((x[s] - left, tops[i]), (x[s] - left, tops[i] + heights[i]))
            for i in range(rank[a] + 1, rank[b])
            for s in [("e", a, b, str(i))]
        ]
        for a, b in graph.edges
    }
    return Layout(centres, routes, right - left, tops[-1] + heights[-1])


def _ranks(graph: nx.DiGraph[str]) -> dict[str, int]:
    """Longest path from a source; sources sit just above their first reader."""
    rank = {
        name: depth
        for depth, generation in enumerate(nx.topological_generations(graph))
        for name in generation
    }
    for name in graph:
        readers = [rank[reader] for reader in graph.successors(name)]
        if readers and graph.in_degree(name) == 0:
            rank[name] = min(readers) - 1
    return rank


def _rows(
    graph: nx.DiGraph[str], rank: Mapping[str, int]
) -> tuple[list[list[Site]], dict[Site, list[Site]]]:
    rows: list[list[Site]] = [[] for _ in range(max(rank.values()) + 1)]
    above: dict[Site, list[Site]] = {}
    for name in graph:
        rows[rank[name]].append(("n", name))
        above[("n", name)] = []
    for a, b in graph.edges:
        last: Site = ("n", a)
        for i in range(rank[a] + 1, rank[b]):
            site: Site = ("e", a, b, str(i))
            rows[i].append(site)
            above[site] = [last]
            last = site
        above[("n", b)].append(last)
    return rows, above


def _ordered(
    rows: list[list[Site]], above: Mapping[Site, list[Site]], below: Mapping[Site, list[Site]]
) -> list[list[Site]]:
    best, fewest = rows, _crossings(rows, above)
    current = [list(row) for row in rows]
    for sweep in range(SWEEPS):
        down = sweep % 2 == 0
        neighbours = above if down else below
        order = range(1, len(rows)) if down else range(len(rows) - 2, -1, -1)
        for i in order:
            other = {site: n for n, site in enumerate(current[i - 1 if down else i + 1])}
            here = {site: float(n) for n, site in enumerate(current[i])}
            keys = {site: _mean([other[n] for n in neighbours[site]], here[site]) for site in here}
            current[i].sort(key=keys.__getitem__)
        crossings = _crossings(current, above)
        if crossings < fewest:
            best, fewest = [list(row) for row in current], crossings
    return best


def _mean(values: Sequence[float], default: float) -> float:
    return sum(values) / len(values) if values else default


def _crossings(rows: list[list[Site]], above: Mapping[Site, list[Site]]) -> int:
    total = 0
    for upper, lower in pairwise(rows):
        index = {site: n for n, site in enumerate(upper)}
        ends = [sorted(index[parent] for parent in above[site]) for site in lower]
        flat = [end for group in ends for end in group]
        total += sum(a > b for i, a in enumerate(flat) for b in flat[i + 1 :])
    return total


def _positions(
    rows: list[list[Site]],
    above: Mapping[Site, list[Site]],
    below: Mapping[Site, list[Site]],
    widths: Mapping[Site, float],
    gap: float,
) -> dict[Site, float]:
    x: dict[Site, float] = {}
    for row in rows:
        spread = _cumulate(row, widths, gap)
        middle = (spread[0] + spread[-1]) / 2
        x.update({site: place - middle for site, place in zip(row, spread, strict=True)})
    for sweep in range(SETTLINGS):
        order = rows if sweep % 2 == 0 else rows[::-1]
        for row in order:
            wish = [_wish(site, x, [*above[site], *below[site]]) for site in row]
            offsets = _cumulate(row, widths, gap)
            shifted = [w - o for (w, _), o in zip(wish, offsets, strict=True)]
            fitted = isotonic(shifted, [pull for _, pull in wish])
            x.update({s: f + o for s, f, o in zip(row, fitted, offsets, strict=True)})
        _straighten(rows, x, widths, gap)
    return x


def _wish(site: Site, x: Mapping[Site, float], near: Sequence[Site]) -> tuple[float, float]:
    """Where a site wants to be, and how strongly; nodes pull each other more than long edges do."""
    pulls = [(3.0 if site[0] == other[0] == "n" else 1.0, x[other]) for other in near]
    total = sum(pull for pull, _ in pulls)
    return (sum(p * at for p, at in pulls) / total, total) if pulls else (x[site], 1.0)


def _straighten(
    rows: list[list[Site]], x: dict[Site, float], widths: Mapping[Site, float], gap: float
) -> None:
    """Put the placeholders of each long edge on one vertical line, where there is room for it."""
    lines: dict[tuple[str, str], list[tuple[int, int]]] = {}
    for i, row in enumerate(rows):
        for n, site in enumerate(row):
            if site[0] == "e":
                lines.setdefault((site[1], site[2]), []).append((i, n))
    for places in lines.values():
        low, high = float("-inf"), float("inf")
        for i, n in places:
            row = rows[i]
            if n > 0:
                room = (widths[row[n - 1]] + widths[row[n]]) / 2 + gap
                low = max(low, x[row[n - 1]] + room)
            if n + 1 < len(row):
                room = (widths[row[n + 1]] + widths[row[n]]) / 2 + gap
                high = min(high, x[row[n + 1]] - room)
        if low <= high:
            middle = sum(x[rows[i][n]] for i, n in places) / len(places)
            for i, n in places:
                x[rows[i][n]] = min(max(middle, low), high)


def _cumulate(row: Sequence[Site], widths: Mapping[Site, float], gap: float) -> list[float]:
    """Positions of a row packed as densely as the separations allow, from 0."""
    places = [0.0]
    for a, b in pairwise(row):
        places.append(places[-1] + (widths[a] + widths[b]) / 2 + gap)
    return places


def isotonic(values: Sequence[float], weights: Sequence[float]) -> list[float]:
    """The non-decreasing sequence nearest to `values` in weighted squares (pool adjacent)."""
    pools: list[tuple[float, float, int]] = []
    for value, weight in zip(values, weights, strict=True):
        level, mass, count = value, weight, 1
        while pools and pools[-1][0] > level:
            before, heft, many = pools.pop()
            level = (level * mass + before * heft) / (mass + heft)
            mass, count = mass + heft, count + many
        pools.append((level, mass, count))
    return [level for level, _, count in pools for _ in range(count)]
