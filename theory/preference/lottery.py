"""Preferences over lotteries, and the utility that represents them or the pump that refutes it.

von Neumann and Morgenstern, Theory of games and economic behavior, 1947. Finitely many stated
preferences have a utility iff a system of linear inequalities has a solution; where it has none,
its refutation says how to mix the stated preferences so that both sides are one and the same
lottery (Motzkin's transposition theorem; Fishburn, Utility theory for decision making, 1970).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from theory.error import InputError
from theory.linear import ZERO, Refutation, Row, equal, satisfy
from theory.rational import Exact, exact, number_text

Lottery = Mapping[str, Fraction]
"""Outcome to probability."""


@dataclass(frozen=True)
class Preference:
    """One lottery is preferred to another, or as good.

    Attributes:
        better: the lottery preferred.
        worse: the other.
        strict: whether it is preferred; otherwise the two are as good.
    """

    better: Lottery
    worse: Lottery
    strict: bool = True

    def __str__(self) -> str:
        return f"{show(self.better)} {'over' if self.strict else 'as good as'} {show(self.worse)}"

    def difference(self) -> dict[str, Fraction]:
        """Better minus worse, by outcome, without zeros."""
        outcomes = [*self.better, *(x for x in self.worse if x not in self.better)]
        gap = {x: self.better.get(x, ZERO) - self.worse.get(x, ZERO) for x in outcomes}
        return {x: d for x, d in gap.items() if d}


@dataclass(frozen=True)
class Utility:
    """A utility that represents every stated preference."""

    of: Mapping[str, Fraction]

    def expected(self, lottery: Lottery) -> Fraction:
        """The expected utility of a lottery."""
        return sum((p * self.of[x] for x, p in lottery.items()), ZERO)


@dataclass(frozen=True)
class Pump:
    """Stated preferences whose mixture gives up a lottery for the same lottery.

    Draw one of the trades with its weight, and make it. Each is an improvement or, where it is not
    strict, no loss, and with positive weight an improvement; yet what is given up and what is
    received are the same lottery. Paying anything for the improvement, again and again, is a sure
    loss.

    Attributes:
        trades: the preferences used, in the direction given up to received, with weights that sum
            to 1.
        lottery: what the mixture gives up, and receives.
    """

    trades: tuple[tuple[Fraction, Preference], ...]
    lottery: Lottery

    def checks(self) -> bool:
        """Whether it is a pump, by its own numbers alone."""
        return (
            all(weight > 0 for weight, _ in self.trades)
            and any(trade.strict for _, trade in self.trades)
            and sum((weight for weight, _ in self.trades), ZERO) == 1
            and _mixed(self.trades, "better") == _mixed(self.trades, "worse")
        )

    def __str__(self) -> str:
        return "; ".join(f"{number_text(weight)} x ({trade})" for weight, trade in self.trades)


def lottery(chances: Mapping[str, Exact] | str) -> Lottery:
    """A lottery, or a sure outcome; InputError where the probabilities do not sum to 1."""
    if isinstance(chances, str):
        return {chances: Fraction(1)}
    known = {outcome: exact(p, f"lottery, outcome {outcome!r}") for outcome, p in chances.items()}
    for outcome, p in known.items():
        if p < 0:
            raise InputError(f"lottery: the probability of {outcome!r} is negative: {p}")
    total = sum(known.values(), ZERO)
    if total != 1:
        raise InputError(f"lottery {dict(chances)}: the probabilities sum to {total}, not 1")
    return {outcome: p for outcome, p in known.items() if p}


def prefer(better: Mapping[str, Exact] | str, worse: Mapping[str, Exact] | str) -> Preference:
    """`better` is strictly preferred to `worse`; each a lottery or an outcome."""
    return Preference(lottery(better), lottery(worse))


def indifferent(one: Mapping[str, Exact] | str, other: Mapping[str, Exact] | str) -> Preference:
    """The two are as good as each other."""
    return Preference(lottery(one), lottery(other), strict=False)


def mix(weight: Exact, one: Lottery, other: Lottery) -> Lottery:
    """The lottery `weight` one + (1 - weight) other."""
    share = exact(weight, "weight")
    outcomes = [*one, *(x for x in other if x not in one)]
    mixed = {x: share * one.get(x, ZERO) + (1 - share) * other.get(x, ZERO) for x in outcomes}
    return {x: p for x, p in mixed.items() if p}


def represent(preferences: Sequence[Preference]) -> Utility | Pump:
    """A utility whose expectation agrees with every preference, or the pump that rules it out.

    Both are checked before they are returned.
    """
    rows: list[Row] = []
    sources: list[Preference] = []
    for preference in preferences:
        if preference.strict:
            rows.append(Row(preference.difference(), strict=True))
            sources.append(preference)
        else:
            rows += equal(preference.difference())
            turned = Preference(preference.worse, preference.better, strict=False)
            sources += [preference, turned]
    found = satisfy(rows)
    if isinstance(found, Refutation):
        return _pump(found, sources)
    outcomes = {x for p in preferences for side in (p.better, p.worse) for x in side}
    utility = Utility({x: found.get(x, ZERO) for x in sorted(outcomes)})
    for preference in preferences:
        gain = utility.expected(preference.better) - utility.expected(preference.worse)
        if gain < 0 or (gain > 0) is not preference.strict:
            raise ArithmeticError("a utility does not represent what it was found for")
    return utility


@dataclass(frozen=True)
class Dependence:
    """Two preferences that independence makes equivalent, and that do not agree.

    Their gaps, better minus worse, point in opposite directions, or one of the two is an
    indifference: the second gap is the first times `scale`, but for its sign.
    """

    first: Preference
    second: Preference
    scale: Fraction


def dependence(preferences: Sequence[Preference]) -> Dependence | None:
    """A direct violation of independence between two stated preferences.

    L over M and M' over L', where L' = r L + (1 - r) N and M' = r M + (1 - r) N for some N and r,
    or both are such mixtures of a common pair: exactly where the one gap is a negative multiple of
    the other.
    """
    for at, first in enumerate(preferences):
        for second in preferences[at + 1 :]:
            if not (first.strict or second.strict):
                continue
            scale = _opposite(first.difference(), second.difference())
            if scale is None and not (first.strict and second.strict):
                turned = Preference(second.worse, second.better, second.strict)
                scale = _opposite(first.difference(), turned.difference())
            if scale is not None:
                return Dependence(first, second, scale)
    return None


def comparable(preferences: Sequence[Preference]) -> bool:
    """Whether independence relates any two of the stated preferences."""
    gaps = [preference.difference() for preference in preferences]
    for at, gap in enumerate(gaps):
        for other in gaps[at + 1 :]:
            turned = {x: -d for x, d in other.items()}
            if _opposite(gap, other) is not None or _opposite(gap, turned) is not None:
                return True
    return False


def show(lottery: Lottery) -> str:
    """A lottery as people write it: `0.1 a + 0.9 b`, or the sure outcome."""
    if len(lottery) == 1:
        return next(iter(lottery))
    return " + ".join(f"{number_text(p)} {x}" for x, p in lottery.items())


def _opposite(gap: Mapping[str, Fraction], other: Mapping[str, Fraction]) -> Fraction | None:
    """c > 0 with other = -c gap, or None."""
    if not gap or gap.keys() != other.keys():
        return None
    scales = {-other[x] / d for x, d in gap.items()}
    scale = scales.pop()
    return scale if not scales and scale > 0 else None


def _pump(refutation: Refutation, sources: Sequence[Preference]) -> Pump:
    used = [
        (weight, source)
        for weight, source in zip(refutation.multipliers, sources, strict=True)
        if weight > 0
    ]
    total = sum((weight for weight, _ in used), ZERO)
    trades = tuple((weight / total, source) for weight, source in used)
    pump = Pump(trades, _mixed(trades, "better"))
    if not pump.checks():
        raise ArithmeticError("a refutation is no pump")
    return pump


def _mixed(trades: Sequence[tuple[Fraction, Preference]], side: str) -> Lottery:
    mixed: dict[str, Fraction] = {}
    for weight, trade in trades:
        for x, p in (trade.better if side == "better" else trade.worse).items():
            mixed[x] = mixed.get(x, ZERO) + weight * p
    return dict(sorted(mixed.items()))
