"""Sparse linear equations over the rationals, solved exactly block by block.

Unknowns that depend on each other in a circle make a block; blocks are solved in the order in which
they depend on each other. A block of many unknowns is lifted from its float solution
(`verify.finite.lifting`), which checks what it finds; where that gives nothing, and in small
blocks, unknowns are eliminated one by one, those with few neighbours first.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from flint import fmpq, fmpq_mat

from theory.error import InputError
from verify.finite import sparse
from verify.finite.lifting import lift

LIFTED = 40
"""The fewest unknowns of a block that are lifted."""

Row = Mapping[int, fmpq]
ZERO = fmpq(0)


def solve(rows: Sequence[Row], right: Sequence[fmpq]) -> list[fmpq]:
    """The solution of as many equations as unknowns, numbered from 0.

    Args:
        rows: one equation each: coefficients by unknown; what is left out is zero.
        right: the right-hand sides.

    Raises:
        InputError: there is no solution, or more than one.
    """
    if len(rows) < LIFTED:
        return eliminate(rows, right)  # finding blocks would take longer
    values = [ZERO] * len(rows)
    for block in blocks(rows):
        if len(block) == 1:
            _solve_one(block[0], rows, right, values)
            continue
        index = {unknown: at for at, unknown in enumerate(block)}
        inner: list[dict[int, fmpq]] = []
        known: list[fmpq] = []
        for unknown in block:
            row: dict[int, fmpq] = {}
            constant = right[unknown]
            for other, coefficient in rows[unknown].items():
                at = index.get(other)
                if at is None:
                    constant -= coefficient * values[other]
                else:
                    row[at] = coefficient
            inner.append(row)
            known.append(constant)
        found = lift(inner, known) if len(block) >= LIFTED else None
        for unknown, value in zip(block, found or eliminate(inner, known), strict=True):
            values[unknown] = value
    return values


def _solve_one(
    unknown: int, rows: Sequence[Row], right: Sequence[fmpq], values: list[fmpq]
) -> None:
    """Write the value of an unknown that depends only on known ones."""
    constant, own = right[unknown], ZERO
    for other, coefficient in rows[unknown].items():
        if other == unknown:
            own = coefficient
        else:
            constant -= coefficient * values[other]
    if own == 0:
        raise _singular()
    values[unknown] = constant if own == 1 else constant / own


def blocks(rows: Sequence[Row]) -> Iterator[list[int]]:
    """The unknowns that depend on each other, each block after those that it depends on."""
    size = len(rows)
    lengths = np.fromiter(map(len, rows), dtype=np.int64, count=size)
    starts = np.concatenate([[0], np.cumsum(lengths)])
    columns = np.fromiter((x for row in rows for x in row), dtype=np.int64, count=starts[-1])
    graph = sparse.matrix(np.ones(len(columns), dtype=np.int8), columns, starts, size)
    count, labels = sparse.circles(graph)
    members: list[list[int]] = [[] for _ in range(count)]
    numbers: list[int] = labels.tolist()
    for unknown, label in enumerate(numbers):
        members[label].append(unknown)
    heads, tails = labels[np.repeat(np.arange(size), lengths)], labels[columns]
    outer = heads != tails
    edges = np.unique(np.stack([tails[outer], heads[outer]]), axis=1)
    after: list[list[int]] = [[] for _ in range(count)]
    waiting = np.bincount(edges[1], minlength=count).tolist()
    pairs: list[tuple[int, int]] = edges.T.tolist()
    for needed, user in pairs:
        after[needed].append(user)
    ready = [label for label in range(count) if not waiting[label]]
    while ready:
        label = ready.pop()
        yield members[label]
        for user in after[label]:
            waiting[user] -= 1
            if not waiting[user]:
                ready.append(user)


def eliminate(rows: Sequence[Row], right: Sequence[fmpq]) -> list[fmpq]:
    """The solution by elimination on the diagonal, unknowns with few neighbours first.

    Raises:
        InputError: there is no solution, or more than one.
    """
    work = [{x: c for x, c in row.items() if c != 0} for row in rows]
    values = list(right)
    users: list[set[int]] = [set() for _ in rows]
    for at, row in enumerate(work):
        for x in row:
            users[x].add(at)
    order: list[int] = []
    queue = [(len(work[x]) * len(users[x]), x) for x in range(len(rows))]
    heapq.heapify(queue)
    late: list[int] = []
    done = [False] * len(rows)
    while queue:
        cost, x = heapq.heappop(queue)
        now = len(work[x]) * len(users[x])
        if done[x] or now > cost:
            if not done[x]:
                heapq.heappush(queue, (now, x))
            continue
        if x not in work[x]:
            late.append(x)
            if not queue and len(late) > len(order):
                raise _singular()
            continue
        done[x] = True
        order.append(x)
        _eliminate_one(x, work, values, users)
        for y in late:
            heapq.heappush(queue, (len(work[y]) * len(users[y]), y))
        late.clear()
    if late:
        return _solve_dense(rows, right)
    solution = [ZERO] * len(rows)
    for x in reversed(order):
        value = values[x]
        for y, c in work[x].items():
            value -= c * solution[y]
        solution[x] = value
    return solution


def _eliminate_one(
    x: int, work: list[dict[int, fmpq]], values: list[fmpq], users: list[set[int]]
) -> None:
    """Express an unknown by the others, and put that into every row that uses it."""
    row = work[x]
    lead = row.pop(x)
    users[x].discard(x)
    if lead != 1:
        for y in row:
            row[y] /= lead
        values[x] /= lead
    for y in row:
        users[y].discard(x)
    for at in users[x]:
        target = work[at]
        factor = target.pop(x)
        for y, c in row.items():
            old = target.get(y)
            new = -factor * c if old is None else old - factor * c
            if new == 0:
                del target[y]
                users[y].discard(at)
            else:
                target[y] = new
                if old is None:
                    users[y].add(at)
        values[at] -= factor * values[x]
    users[x] = set()


def _solve_dense(rows: Sequence[Row], right: Sequence[fmpq]) -> list[fmpq]:
    """The solution where the diagonal does not lead to it."""
    size = len(rows)
    entries = [row.get(x, ZERO) for row in rows for x in range(size)]
    try:
        found = fmpq_mat(size, size, entries).solve(fmpq_mat(size, 1, list(right)))
    except ZeroDivisionError:
        raise _singular() from None
    return [found[at, 0] for at in range(size)]


def _singular() -> InputError:
    return InputError("a system of linear equations does not have exactly one solution")
