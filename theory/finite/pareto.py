"""Several objectives at once: which bounds one strategy can meet together, and the frontier of two.

What is attainable is a convex polytope, the corners of which are attained by strategies that are
best for a weighted sum. So it is explored corner by corner, each by exact strategy iteration, until
a mixture of corners meets the bounds or weights show that nothing does: Etessami, Kwiatkowska,
Vardi and Yannakakis, Multi-objective model checking of Markov decision processes, 2007; Forejt,
Kwiatkowska and Parker, Pareto curves for probabilistic model checking, 2012.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from theory.error import InputError
from theory.finite.engine import PLAIN, Engine
from theory.finite.unfold import Corner, Objective, Unfolding, unfold
from theory.linear import ONE, ZERO, Refutation, Row, equal, satisfy
from theory.process import Process
from theory.rational import Exact, exact


@dataclass(frozen=True)
class Wish:
    """An objective with its bound.

    Attributes:
        objective: the probability of reaching states, or a total reward.
        sign: ">=" or "<=".
        limit: the bound.
    """

    objective: Objective
    sign: str
    limit: Fraction

    @property
    def direction(self) -> int:
        """1 where much is wished for, -1 where little is."""
        return 1 if self.sign == ">=" else -1

    @property
    def is_idle(self) -> bool:
        """Whether it bounds a probability by what every probability keeps to."""
        least = self.limit <= 0 if self.sign == ">=" else self.limit >= 1
        return least and not self.objective.rewards


def wish(objective: Objective, sign: str, limit: Exact) -> Wish:
    """An objective with its bound.

    Raises:
        InputError: the sign is neither >= nor <=, or the limit is no number.
    """
    if sign not in (">=", "<="):
        raise InputError(f"objective {objective.name!r}: {sign!r} is neither >= nor <=")
    return Wish(objective, sign, exact(limit, f"objective {objective.name!r}, limit"))


@dataclass(frozen=True)
class Attained:
    """Strategies that together meet every bound, each followed with its share.

    Attributes:
        shares: one a corner, summing to 1: which strategy is followed is drawn once, at the start.
        corners: the strategies, with their values.
        values: of the mixture, by objective.
    """

    shares: tuple[Fraction, ...]
    corners: tuple[Corner, ...]
    values: Mapping[str, Fraction]


@dataclass(frozen=True)
class Excluded:
    """Weights that show that no strategy meets every bound.

    Attributes:
        weights: by objective, at least 0 where much is wished for, at most 0 where little is.
        best: the largest weighted sum that any strategy has.
        needed: the weighted sum of the bounds, which is larger.
    """

    weights: Mapping[str, Fraction]
    best: Fraction
    needed: Fraction


def attainable(
    world: Process, start: str, wishes: Sequence[Wish], engine: Engine = PLAIN
) -> Attained | Excluded:
    """Whether one strategy, which may remember and draw lots, meets every bound.

    Args:
        world: a chain or a decision process.
        start: the first state.
        wishes: the bounds; their objectives have different names.
        engine: what does the arithmetic.

    Raises:
        InputError: there is no such state, no bound, two of one name, or a total reward that may
            be infinite.
    """
    if not wishes:
        raise InputError("objectives: there is none")
    unfolding = unfold(world, start, [one.objective for one in wishes], engine)
    corners: list[Corner] = []
    weights = [Fraction(one.direction) for one in wishes]
    while True:
        corner = unfolding.corner(weights)
        best = _sum(weights, wishes, corner.values)
        needed = sum((w * one.limit for w, one in zip(weights, wishes, strict=True)), ZERO)
        if best < needed:
            named = {o.objective.name: w for o, w in zip(wishes, weights, strict=True)}
            return Excluded(named, best, needed)
        corners.append(corner)
        found = satisfy(_mixture(wishes, corners))
        if not isinstance(found, Refutation):
            shares = tuple(found.get(str(at), ZERO) for at in range(len(corners)))
            return _attained(shares, corners)
        multipliers = found.multipliers[: len(wishes)]
        weights = [m * one.direction for m, one in zip(multipliers, wishes, strict=True)]


def frontier(
    world: Process, start: str, objectives: Sequence[Objective], engine: Engine = PLAIN
) -> list[Corner]:
    """The corners between the best for one objective and the best for another, much of both wished.

    Every point of the frontier is a mixture of two neighbours. Of two objectives, that is: of three
    the frontier is a surface, whose corners have no order in which they could be listed so that
    neighbours are what one mixes. Whether a point is on it, `attainable` answers for any number.

    Raises:
        InputError: there are not exactly two objectives.
    """
    if len(objectives) != 2:
        raise InputError(
            f"frontier: a line between two objectives, not {len(objectives)}; ask attainable "
            "whether bounds on more of them can be met together"
        )
    unfolding = unfold(world, start, objectives, engine)
    first, second = (objective.name for objective in objectives)
    ends = [_end(unfolding, first, second, turned) for turned in (False, True)]
    corners = {_point(corner, first, second): corner for corner in ends}
    stack = [tuple(corners)] if len(corners) == 2 else []
    while stack:
        (x1, y1), (x2, y2) = stack.pop()
        weights = [y1 - y2, x2 - x1] if x2 > x1 else [y2 - y1, x1 - x2]
        corner = unfolding.corner(weights)
        x, y = _point(corner, first, second)
        if weights[0] * x + weights[1] * y > weights[0] * x1 + weights[1] * y1:
            corners[x, y] = corner
            stack += [((x1, y1), (x, y)), ((x, y), (x2, y2))]
    return [corners[point] for point in sorted(corners)]


def _end(unfolding: Unfolding, first: str, second: str, turned: bool) -> Corner:
    """The best for one objective, and among those the best for the other."""
    only = unfolding.corner([ZERO, ONE] if turned else [ONE, ZERO])
    other = unfolding.corner([ONE, ZERO] if turned else [ZERO, ONE])
    main, side = (second, first) if turned else (first, second)
    gap = other.values[side] - only.values[side]
    weight = ONE
    while gap > 0:
        corner = unfolding.corner([weight, ONE] if not turned else [ONE, weight])
        if corner.values[main] == only.values[main]:
            return corner
        weight *= 2
    return only


def _point(corner: Corner, first: str, second: str) -> tuple[Fraction, Fraction]:
    return corner.values[first], corner.values[second]


def _sum(
    weights: Iterable[Fraction], wishes: Iterable[Wish], values: Mapping[str, Fraction]
) -> Fraction:
    pairs = zip(weights, wishes, strict=True)
    return sum((w * values[one.objective.name] for w, one in pairs), ZERO)


def _mixture(wishes: Sequence[Wish], corners: Sequence[Corner]) -> list[Row]:
    """That a mixture of the corners meets the bounds."""
    rows = [
        Row(
            {
                str(at): one.direction * corner.values[one.objective.name]
                for at, corner in enumerate(corners)
            },
            one.direction * one.limit,
        )
        for one in wishes
    ]
    everyone = {str(at): ONE for at in range(len(corners))}
    return rows + equal(everyone, ONE) + [Row({name: ONE}) for name in everyone]


def _attained(shares: Sequence[Fraction], corners: Sequence[Corner]) -> Attained:
    used = [(share, corner) for share, corner in zip(shares, corners, strict=True) if share]
    values = {
        name: sum((share * corner.values[name] for share, corner in used), ZERO)
        for name in corners[0].values
    }
    return Attained(tuple(s for s, _ in used), tuple(c for _, c in used), values)
