"""Discounting that changes with time, and the plans that are dropped because of it.

A discount matrix has a row for every present: row k weighs rewards at times t >= k. Lattimore and
Hutter, General time consistent discounting, 2014: an agent that plans anew at each time keeps to
its plans, in every environment, iff each row is a positive multiple of the first from time k on.
Strotz, Myopia and inconsistency in dynamic utility maximization, 1955.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from theory.error import InputError
from theory.rational import Exact, exact


@dataclass(frozen=True)
class Discounting:
    """A discount matrix for times 0 to n - 1.

    Attributes:
        rows: rows[k][t - k] weighs, at time k, a reward at time t.

    Raises:
        InputError: naming the row and column: a wrong length, a negative weight, a row of zeros.
    """

    rows: tuple[tuple[Fraction, ...], ...]

    def __post_init__(self) -> None:
        size = len(self.rows)
        for k, row in enumerate(self.rows):
            if len(row) != size - k:
                raise InputError(f"discount row {k}: {len(row)} weights, {size - k} are needed")
            for t, weight in enumerate(row, k):
                if weight < 0:
                    raise InputError(f"discount row {k}, time {t}: {weight} is negative")
            if not any(row):
                raise InputError(f"discount row {k}: every weight is 0")

    def weight(self, now: int, time: int) -> Fraction:
        """What a reward at `time` counts at `now`."""
        return self.rows[now][time - now]


@dataclass(frozen=True)
class Reversal:
    """Two rewards between which an agent changes its mind while only time passes.

    At time 0 the agent ranks `early` at `time` and `late` at `later` one way, and at `now` the
    other way round.
    """

    now: int
    time: int
    later: int
    early: Fraction
    late: Fraction
    prefers_early_first: bool


def stationary(weight: Callable[[int], Exact], times: int) -> Discounting:
    """The matrix in which a delay of d counts `weight(d)`, from every present."""
    return Discounting(
        tuple(
            tuple(exact(weight(d), f"discount of delay {d}") for d in range(times - k))
            for k in range(times)
        )
    )


def exponential(discount: Exact, times: int) -> Discounting:
    """A delay of d counts discount ** d."""
    rate = exact(discount, "discount")
    return stationary(lambda d: rate**d, times)


def hyperbolic(impatience: Exact, times: int) -> Discounting:
    """A delay of d counts 1 / (1 + impatience d)."""
    rate = exact(impatience, "impatience")
    return stationary(lambda d: 1 / (1 + rate * d), times)


def reversal(discounting: Discounting) -> Reversal | None:
    """A change of mind between two rewards; None where there is none, in any environment.

    None too where the first row does not care about times about which a later row does: there is
    nothing to change one's mind about, although the rows are not `proportional`.

    Rows are proportional iff all their 2 by 2 determinants vanish; where one does not, the two
    ratios of weights leave room for a pair of rewards that the two rows rank differently.
    """
    times = len(discounting.rows)
    for now in range(1, times):
        for time in range(now, times):
            for later in range(time + 1, times):
                first = discounting.weight(0, time), discounting.weight(0, later)
                second = discounting.weight(now, time), discounting.weight(now, later)
                if first[0] * second[1] == first[1] * second[0]:
                    continue
                early, late = _pair(first, second)
                prefers = first[0] * early > first[1] * late
                return Reversal(now, time, later, early, late, prefers)
    return None


def proportional(discounting: Discounting) -> tuple[Fraction, ...] | None:
    """The factors by which each row is a multiple of the first; None where one is not."""
    factors: list[Fraction] = []
    for k, row in enumerate(discounting.rows):
        first: Sequence[Fraction] = discounting.rows[0][k:]
        at = next((i for i, weight in enumerate(row) if weight), 0)
        if first[at] == 0:
            return None
        factor = row[at] / first[at]
        if any(a != factor * b for a, b in zip(row, first, strict=True)):
            return None
        factors.append(factor)
    return tuple(factors)


def _pair(
    first: tuple[Fraction, Fraction], second: tuple[Fraction, Fraction]
) -> tuple[Fraction, Fraction]:
    """Rewards (early, late) ranked strictly one way by the first weights, the other by the second.

    The two pairs of weights are not proportional, so that neither is zero.
    """
    (a, b), (c, d) = first, second
    # where late is 1, the ranks turn around at early = b / a and at early = d / c
    turns = sorted(x / y for x, y in ((b, a), (d, c)) if y)
    if len(turns) == 2:
        return (turns[0] + turns[1]) / 2, Fraction(1)
    return turns[0] + 1, Fraction(1)
