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
from theory.linear import ZERO
from theory.process import Process
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


@dataclass(frozen=True)
class Departure:
    """A point at which the plan made at time 0 is dropped.

    Attributes:
        time: when.
        state: where.
        planned: the best actions there as seen from time 0.
        chosen: the best actions there as seen when it comes to it; none was planned.
    """

    time: int
    state: str
    planned: tuple[str, ...]
    chosen: tuple[str, ...]


def departure(process: Process, start: str, discounting: Discounting) -> Departure | int:
    """Where an agent that plans anew drops its first plan, or at how many points it keeps it.

    The plan is contingent on the state, and ends with the discount matrix. Where several plans are
    best at time 0, all are followed, and one is dropped where none of its actions is best any more.

    Args:
        process: its rewards count; its discount does not.
        start: the state at time 0.
        discounting: the discount matrix.
    """
    times = len(discounting.rows)
    layer, kept = [start], 0
    process.require(start, what="start")
    for time in range(times):
        later: dict[str, None] = {}
        for state in layer:
            if not process.actions(state):
                continue
            planned = _best(process, discounting, 0, time, state)
            chosen = _best(process, discounting, time, time, state)
            if not set(planned) & set(chosen):
                return Departure(time, state, planned, chosen)
            kept += 1
            later.update({t: None for a in planned for t in process.outcomes(state, a)})
        layer = list(later)
    return kept


def _best(
    process: Process, discounting: Discounting, now: int, time: int, state: str
) -> tuple[str, ...]:
    """The best actions at a time and state, for the agent that weighs as at `now`."""

    def worth(state: str, action: str, time: int) -> Fraction:
        total = discounting.weight(now, time) * process.reward(state, action)
        if time + 1 < len(discounting.rows):
            for target, p in process.outcomes(state, action).items():
                total += p * value(target, time + 1)
        return total

    def value(state: str, time: int) -> Fraction:
        if (state, time) not in known:
            options = [worth(state, action, time) for action in process.actions(state)]
            known[state, time] = max(options, default=ZERO)
        return known[state, time]

    known: dict[tuple[str, int], Fraction] = {}
    values = {action: worth(state, action, time) for action in process.actions(state)}
    top = max(values.values())
    return tuple(action for action, v in values.items() if v == top)


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
