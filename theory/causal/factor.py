"""Sums of products over finite domains: variable elimination in scaled integers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import lcm, prod

from theory.parametric import Parametric


@dataclass(frozen=True)
class Factor:
    """A rational function of some variables.

    Attributes:
        scope: the variables.
        cells: the numerators, in the order of the product of the variables' domains: integers, or
            a parameter's numbers (`theory.region`).
        denominator: of every cell.
    """

    scope: tuple[str, ...]
    cells: Sequence[int | Fraction]
    denominator: int = 1


def factor(scope: Sequence[str], cells: Sequence[Fraction]) -> Factor:
    """The factor with these cells, over one denominator."""
    if any(isinstance(cell, Parametric) for cell in cells):
        return Factor(tuple(scope), cells)
    common = lcm(*(cell.denominator for cell in cells)) if cells else 1
    scaled = [cell.numerator * (common // cell.denominator) for cell in cells]
    return Factor(tuple(scope), scaled, common)


def eliminate(
    factors: Iterable[Factor], keep: Sequence[str], sizes: Mapping[str, int]
) -> list[Fraction]:
    """The product of the factors, summed over all variables but `keep`.

    The variable whose product table is smallest goes first: sums are pushed inward, so that the
    cost is that of the largest table met, not of the joint distribution.

    Returns:
        its cells, in the order of the product of the domains of `keep`.
    """
    left = list(factors)
    pending = {name for one in left for name in one.scope} - set(keep)
    while pending:
        name = min(sorted(pending), key=lambda v: prod(sizes[u] for u in _joined(left, v)))
        pending.remove(name)
        touching = [one for one in left if name in one.scope]
        scope = [other for other in _joined(left, name) if other != name]
        cells, denominator = _multiply(touching, (*scope, name), sizes)
        width = sizes[name]
        summed = [sum(cells[at : at + width]) for at in range(0, len(cells), width)]
        left = [one for one in left if name not in one.scope]
        left.append(Factor(tuple(scope), summed, denominator))
    cells, denominator = _multiply(left, tuple(keep), sizes)
    return [
        Fraction(cell, denominator) if isinstance(cell, int) else cell / denominator
        for cell in cells
    ]


def _joined(factors: Sequence[Factor], name: str) -> dict[str, None]:
    return dict.fromkeys(v for one in factors if name in one.scope for v in one.scope)


def _multiply(
    factors: Sequence[Factor], scope: tuple[str, ...], sizes: Mapping[str, int]
) -> tuple[list[int | Fraction], int]:
    cells: list[int | Fraction] = [1] * prod(sizes[name] for name in scope)
    for one in factors:
        values = one.cells
        cells = [a * values[i] for a, i in zip(cells, _places(one, scope, sizes), strict=True)]
    return cells, prod(one.denominator for one in factors)


def _places(one: Factor, scope: tuple[str, ...], sizes: Mapping[str, int]) -> list[int]:
    """For each cell over `scope`, which cell of the factor it reads."""
    strides: dict[str, int] = {}
    stride = 1
    for name in reversed(one.scope):
        strides[name] = stride
        stride *= sizes[name]
    places = [0]
    for name in scope:
        steps = [strides.get(name, 0) * k for k in range(sizes[name])]
        places = [place + step for place in places for step in steps]
    return places
