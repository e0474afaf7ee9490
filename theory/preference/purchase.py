"""What purchases reveal: a utility that explains them, or the circle that no utility does.

Afriat, The construction of utility functions from expenditure data, 1967; Varian, The nonparametric
approach to demand analysis, 1982 (GARP).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from theory.error import InputError
from theory.linear import ONE, ZERO, Refutation, Row, satisfy
from theory.preference.relation import Circle, circle
from theory.rational import Exact, exact

Bundle = Mapping[str, Fraction]


@dataclass(frozen=True)
class Purchase:
    """A bundle bought at given prices.

    Attributes:
        prices: good to price, positive.
        bundle: good to quantity, not negative; of the same goods.
    """

    prices: Bundle
    bundle: Bundle

    def cost(self, bundle: Bundle) -> Fraction:
        """What another bundle would have cost at these prices."""
        return sum((self.prices[good] * amount for good, amount in bundle.items()), ZERO)


@dataclass(frozen=True)
class Rationalisation:
    """Afriat's numbers: a concave utility that explains every purchase.

    u(x) = min over i of utility[i] + marginal[i] * (cost_i(x) - cost_i(x_i)).
    """

    utility: tuple[Fraction, ...]
    marginal: tuple[Fraction, ...]


@dataclass(frozen=True)
class Cycle:
    """Purchases each revealed preferred to the next, at least once strictly.

    Attributes:
        order: the purchases by number, from 0.
        gain: what an arbitrageur who buys each bundle at its successor's prices and sells it at
            its own earns a round: the money pump of Echenique, Lee and Shum, 2011.
        steps: the circle as preferences.
    """

    order: tuple[int, ...]
    gain: Fraction
    steps: Circle


def purchases(
    observed: Sequence[tuple[Mapping[str, Exact], Mapping[str, Exact]]],
) -> list[Purchase]:
    """Pairs (prices, bundle) as purchases; InputError names the pair, the good and the number."""
    listed: list[Purchase] = []
    goods = sorted({good for prices, _ in observed for good in prices})
    for at, (prices, bundle) in enumerate(observed):
        for good in (*bundle, *goods):
            if good not in prices:
                raise InputError(f"purchase {at}: good {good!r} has no price")
        known = {good: exact(prices[good], f"purchase {at}, price of {good!r}") for good in goods}
        amount = {g: exact(bundle.get(g, 0), f"purchase {at}, amount of {g!r}") for g in goods}
        for good in goods:
            if known[good] <= 0:
                raise InputError(f"purchase {at}: the price of {good!r} is not positive")
            if amount[good] < 0:
                raise InputError(f"purchase {at}: the amount of {good!r} is negative")
        listed.append(Purchase(known, amount))
    return listed


def explain(bought: Sequence[Purchase]) -> Rationalisation | Cycle:
    """Afriat's numbers, or a cycle that violates GARP; checked."""
    cycle = _cycle(bought)
    if cycle is not None:
        return cycle
    count = len(bought)
    rows = [Row({f"m{i}": ONE}, ONE) for i in range(count)]
    for i, one in enumerate(bought):
        spent = one.cost(one.bundle)
        for j, other in enumerate(bought):
            if i != j:
                slack = one.cost(other.bundle) - spent
                rows.append(Row({f"u{i}": ONE, f"u{j}": -ONE, f"m{i}": slack}))
    found = satisfy(rows)
    if isinstance(found, Refutation):
        raise ArithmeticError("purchases without a cycle have no utility: Afriat's theorem fails")
    return Rationalisation(
        tuple(found.get(f"u{i}", ZERO) for i in range(count)),
        tuple(found.get(f"m{i}", ZERO) for i in range(count)),
    )


def _cycle(bought: Sequence[Purchase]) -> Cycle | None:
    strict: list[tuple[str, str]] = []
    weak: list[tuple[str, str]] = []
    for i, one in enumerate(bought):
        spent = one.cost(one.bundle)
        for j, other in enumerate(bought):
            cost = one.cost(other.bundle)
            if i != j and cost <= spent:
                (strict if cost < spent else weak).append((str(i), str(j)))
    found = circle(strict, directed=weak)
    if found is None:
        return None
    order = tuple(int(option) for option in found.options)
    gain = ZERO
    for i, j in zip(order, (*order[1:], order[0]), strict=True):
        gain += bought[i].cost(bought[i].bundle) - bought[i].cost(bought[j].bundle)
    return Cycle(order, gain, found)
