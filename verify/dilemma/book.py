"""A bookie: a sequence of problems from which a network loses for sure, as a certificate.

The bookie offers one problem a number of times, and deals what happens from a deck that holds every
world as often as it is likely. Each round by itself is the problem as stated; but whoever does the
same in each of them gets, in all, exactly as many times what that is worth, in whatever order the
cards fall. A network that does not follow the best policy can so be sold the sequence at the price
that it is surely worth to the best policy, and surely gets less for it.

`check` finds the certificate right or wrong with other code than made it: the worlds come from the
causal model, and the network is run anew.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from math import lcm
from typing import Any

from extract.network import Network
from extract.run import run_exact
from theory.decision.encoding import Encoding
from theory.decision.functional import best_policies
from theory.decision.problem import POLICY, Policy, Problem
from theory.error import InputError
from verify.bind import in_float32
from verify.dilemma.stake import stakes
from verify.dilemma.trial import Trial

POINTS = 9
MOST_ROUNDS = 10_000
TRIED = 40
Deal = tuple[Mapping[str, str], int, Fraction]
"""What happens in a round, how often, and what it pays."""


@dataclass(frozen=True)
class Book:
    """A sequence of problems, and what it surely costs.

    Attributes:
        case: of the encoding.
        values: the problem's parameters.
        action: what the network does.
        rival: what the best policy does instead.
        rounds: how often the problem is offered.
        deals: the cards that the network's policy meets.
        rivals: the cards that the best policy meets.
    """

    case: str
    values: Mapping[str, Fraction] = field(hash=False)
    action: str
    rival: str
    rounds: int
    deals: tuple[Deal, ...] = field(hash=False)
    rivals: tuple[Deal, ...] = field(hash=False)

    @property
    def price(self) -> Fraction:
        """What the bookie asks for the sequence: what the best policy surely gets from it."""
        return _total(self.rivals)

    @property
    def sure_loss(self) -> Fraction:
        """The price, less what the network surely gets."""
        return self.price - _total(self.deals)


def bookie(network: Network, encoding: Encoding) -> Book | None:
    """The sequence of problems with round numbers that costs the network most a round, or None.

    Problems are tried at evenly spaced values of their parameters; None says nothing of others.
    """
    tried: list[tuple[float, str, dict[str, Fraction]]] = []
    for case in encoding.cases:
        box = encoding.box(case)
        trial = Trial(network, encoding, case, stakes(encoding, case, "UDT 1.1"))
        grid, ahead, _, _ = trial.priced(box, POINTS)
        for at in ahead.argsort()[:TRIED]:
            if ahead[at] < 0:
                point = {n: _near(column[at], *box[n]) for n, column in zip(box, grid, strict=True)}
                tried.append((float(ahead[at]), case, point))
    for _, case, point in sorted(tried, key=lambda one: one[0]):
        book = _book(network, encoding, case, point)
        if book is not None and not faults(book, network, encoding):
            return book
    return None


def _near(value: float, low: Fraction, high: Fraction) -> Fraction:
    """The exact number of the grid that a float stands for."""
    step = round((value - float(low)) / float(high - low) * (POINTS - 1)) if high > low else 0
    return low + (high - low) * step / (POINTS - 1)


def _book(
    network: Network, encoding: Encoding, case: str, values: Mapping[str, Fraction]
) -> Book | None:
    problem = encoding.case(case).build(**values)
    action = _action(network, encoding, case, values)
    best = best_policies(problem)[0]
    rival = next(
        a for a in encoding.agent.actions if encoding.case(case).act(a) == best(*problem.asked)
    )
    if action is None:
        return None
    own = best.changed(problem.asked, encoding.case(case).act(action))
    rounds = lcm(*(p.denominator for policy in (own, best) for _, p in problem.worlds(policy)))
    if rounds > MOST_ROUNDS:
        return None
    deals = [_deals(problem, policy, rounds) for policy in (own, best)]
    return Book(case, values, action, rival, rounds, *deals)


def _deals(problem: Problem, policy: Policy, rounds: int) -> tuple[Deal, ...]:
    return tuple(
        (_shown(world), int(p * rounds), problem.utility(world))
        for world, p in problem.worlds(policy)
    )


def _action(
    network: Network, encoding: Encoding, case: str, values: Mapping[str, Fraction]
) -> str | None:
    """What the network does, where exact and float32 arithmetic agree on it."""
    observed = encoding.observation(case, values)
    flat = [observed[feature.name] for feature in encoding.agent.features]
    found: set[str] = set()
    for scores in (run_exact(network, flat), in_float32(network, flat)):
        listed: list[Any] = list(scores)
        if listed.count(max(listed)) > 1:
            return None
        found.add(encoding.agent.actions[listed.index(max(listed))])
    return found.pop() if len(found) == 1 else None


def faults(book: Book, network: Network, encoding: Encoding) -> list[str]:
    """What is wrong with a certificate; nothing where it shows what it says."""
    found: list[str] = []
    try:
        action = _action(network, encoding, book.case, book.values)
        problem = encoding.case(book.case).build(**book.values)
    except InputError as error:
        return [str(error)]
    if action != book.action:
        found.append(f"the network does {action}, not {book.action}")
    if {book.action, book.rival} - set(encoding.agent.actions):
        return [*found, "an action that the encoding does not have"]
    best = best_policies(problem)[0]
    for name, deals in ((book.action, book.deals), (book.rival, book.rivals)):
        policy = best.changed(problem.asked, encoding.case(book.case).act(name))
        if sum(count for _, count, _ in deals) != book.rounds:
            found.append(f"the deck of {name} does not have {book.rounds} cards")
        stated = Counter({_key(world, pays): count for world, count, pays in deals})
        true: dict[Any, Fraction] = {}
        for world, p in problem.diagram(policy).model().worlds:
            pays = sum((Fraction(world[u]) for u in problem.utilities), Fraction(0))
            happens = _shown({name: world[name] for name in problem.nodes})
            true[_key(happens, pays)] = true.get(_key(happens, pays), Fraction(0)) + p * book.rounds
        if any(stated[key] != true.get(key, 0) for key in {*stated, *true}):
            found.append(f"the deck of {name} is not the problem that is stated")
    if book.sure_loss <= 0:
        found.append("it costs nothing")
    return found


def _key(world: Mapping[str, str], pays: Fraction) -> tuple[Any, ...]:
    return (*sorted(world.items()), pays)


def _shown(world: Mapping[str, Any]) -> dict[str, str]:
    return {name: str(value) for name, value in world.items() if name != POLICY}


def _total(deals: tuple[Deal, ...]) -> Fraction:
    return sum((count * pays for _, count, pays in deals), Fraction(0))
