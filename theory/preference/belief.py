"""Betting quotients and bets on events: the probability behind them, or the book against them.

de Finetti, La prévision, 1937: quotients are coherent iff they are probabilities; otherwise stakes
exist with which whoever accepts bets at those quotients loses whatever happens. For comparisons of
bets with a known utility: Anscombe and Aumann, A definition of subjective probability, 1963;
Ellsberg, Risk, ambiguity, and the Savage axioms, 1961.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from theory.error import InputError
from theory.linear import ONE, ZERO, Refutation, Row, equal, satisfy
from theory.rational import Exact, exact

Act = Mapping[str, Fraction]
"""World to utility."""


@dataclass(frozen=True)
class Probability:
    """A probability of worlds that agrees with everything that was quoted or chosen."""

    of: Mapping[str, Fraction]


@dataclass(frozen=True)
class Book:
    """Stakes that win against the quotients in every world.

    For each event the better pays stake x quotient and receives the stake where the event occurs;
    negative stakes are bets that the better sells.

    Attributes:
        stakes: by event.
        losses: what the better loses, by world: each positive.
    """

    stakes: Mapping[str, Fraction]
    losses: Mapping[str, Fraction]

    def scaled(self, loss: Exact) -> Book:
        """The book whose smallest loss is this."""
        factor = exact(loss, "loss") / min(self.losses.values())
        return Book(
            {event: factor * s for event, s in self.stakes.items()},
            {world: factor * x for world, x in self.losses.items()},
        )


def coherence(
    worlds: Sequence[str], events: Mapping[str, Sequence[str]], quotes: Mapping[str, Exact]
) -> Probability | Book:
    """A probability with these quotients, or a Dutch book; checked.

    Args:
        worlds: what may be the case, exactly one of them.
        events: event to the worlds in which it occurs.
        quotes: event to the quotient at which the agent buys and sells bets on it.

    Raises:
        InputError: an event or world is not declared.
    """
    prices = {event: exact(q, f"quote of {event!r}") for event, q in quotes.items()}
    for event in prices:
        if event not in events:
            raise InputError(f"quote: there is no event {event!r}")
        for world in events[event]:
            if world not in worlds:
                raise InputError(f"event {event!r}: there is no world {world!r}")
    if not worlds:
        raise InputError("worlds: there is none")
    rows = [Row({w: ONE}, name=w) for w in worlds]
    rows += equal(dict.fromkeys(worlds, ONE), ONE)
    for event, price in prices.items():
        rows += equal({w: ONE for w in worlds if w in events[event]}, price, event)
    found = satisfy(rows)
    if not isinstance(found, Refutation):
        return Probability({w: found.get(w, ZERO) for w in worlds})
    weights = found.multipliers[len(worlds) + 2 :]
    stakes = {e: weights[2 * at] - weights[2 * at + 1] for at, e in enumerate(prices)}
    losses = {
        w: sum((s * (prices[e] - int(w in events[e])) for e, s in stakes.items()), ZERO)
        for w in worlds
    }
    if min(losses.values()) <= 0:
        raise ArithmeticError("a refutation is no book")
    return Book(stakes, losses)


@dataclass(frozen=True)
class Conflict:
    """Choices between acts that no probability explains.

    Attributes:
        choices: the choices used, with weights: (weight, chosen, rejected).
        gap: by world, the weighted utility chosen minus rejected: nowhere positive, and negative
            everywhere or paired with a strict choice.
    """

    choices: tuple[tuple[Fraction, str, str], ...]
    gap: Mapping[str, Fraction]


def believe(
    worlds: Sequence[str],
    acts: Mapping[str, Mapping[str, Exact]],
    chosen: Sequence[tuple[str, str]],
    known: Mapping[str, Exact] | None = None,
) -> Probability | Conflict:
    """A probability by which each chosen act has the higher expected utility, or a conflict.

    Args:
        worlds: what may be the case.
        acts: act to world to utility.
        chosen: pairs (chosen, rejected), each a strict preference.
        known: worlds whose probability is given, as the chance of a red ball in Ellsberg's urn.

    Raises:
        InputError: an act is not declared, or says nothing about a world.
    """
    utilities: dict[str, dict[str, Fraction]] = {}
    for act, table in acts.items():
        for world in worlds:
            if world not in table:
                raise InputError(f"act {act!r}: world {world!r} has no utility")
        utilities[act] = {w: exact(table[w], f"act {act!r}, world {w!r}") for w in worlds}
    rows: list[Row] = []
    for better, worse in chosen:
        for act in (better, worse):
            if act not in utilities:
                raise InputError(f"choice: there is no act {act!r}")
        gap = {w: utilities[better][w] - utilities[worse][w] for w in worlds}
        rows.append(Row(gap, strict=True))
    rows += [Row({w: ONE}) for w in worlds]
    rows += equal(dict.fromkeys(worlds, ONE), ONE)
    for world, p in (known or {}).items():
        if world not in worlds:
            raise InputError(f"known: there is no world {world!r}")
        rows += equal({world: ONE}, exact(p, f"probability of {world!r}"))
    found = satisfy(rows)
    if not isinstance(found, Refutation):
        return Probability({w: found.get(w, ZERO) for w in worlds})
    used = tuple(
        (weight, better, worse)
        for weight, (better, worse) in zip(found.multipliers, chosen, strict=False)
        if weight > 0
    )
    gap = {
        w: sum((k * (utilities[b][w] - utilities[c][w]) for k, b, c in used), ZERO) for w in worlds
    }
    return Conflict(used, gap)


def dominated(acts: Mapping[str, Act], chosen: str) -> str | None:
    """An act at least as good as the chosen one in every world and better in some; or None."""
    mine = acts[chosen]
    for other, table in acts.items():
        gaps = [table[w] - mine[w] for w in mine]
        if all(gap >= 0 for gap in gaps) and any(gap > 0 for gap in gaps):
            return other
    return None
