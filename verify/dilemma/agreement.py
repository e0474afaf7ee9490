"""Does a network act as a theory says, wherever that matters by more than some loss?

The statement for a case: whatever the network does costs at most `loss` by the theory's own lights.
With act values v_a, for all parameters and all acts a, b: if v_b - v_a > loss, the network does not
do a. With a loss of 0 it does what the theory recommends, ties aside.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import permutations
from typing import Any

from theory.agent import Agent
from theory.decision.encoding import Encoding
from theory.partition import Condition
from theory.property import Property
from theory.rational import Exact, exact, number_text
from theory.sort import Feature
from theory.term import Term, and_, eq, forall, implies, not_, or_
from verify.dilemma.stake import Stakes, Worth, speaking


def within(encoding: Encoding, case: str) -> Agent:
    """The agent of an encoding on the problems of one case."""
    agent, fixed = encoding.agent, encoding.cases[case].fixed
    features = [
        Feature(f.name, values=[fixed[f.name]], unit=f.unit) if f.name in fixed else f
        for f in agent.features
    ]
    return Agent(observation=features, actions=agent.actions, ties=agent.ties)


def agreement(encoding: Encoding, case: str, found: Stakes, *, loss: Exact = 0) -> Term:
    """The statement that the network acts on a case as a theory says.

    Args:
        encoding: of the problems.
        case: which.
        found: what the theory takes the acts to be worth.
        loss: what an act may cost by the theory's lights.
    """
    agent = within(encoding, case)
    o, limit = agent.observation("o"), exact(loss, "loss")
    parts: list[Term] = []
    for way, worth in speaking(found):
        guard = [_condition(condition, o) for condition in way]
        for a, b in permutations(range(len(agent.actions)), 2):
            ahead = _ahead(worth, b, a, o, limit)
            parts.append(implies(and_(*guard, ahead), _avoids(agent, o, a)))
    return forall(o, and_(*parts))


def statement(encoding: Encoding, case: str, theory: str, found: Stakes, loss: Exact) -> Property:
    """The agreement with a theory on a whole case, with its words."""
    shown = number_text(exact(loss, "loss"))
    return Property(
        name=f"{theory}: {case}",
        formula=agreement(encoding, case, found, loss=loss),
        claim=f"Where the link is {case}, what it does costs at most {shown} by {theory}'s lights.",
    )


def _avoids(agent: Agent, o: Term, action: int) -> Term:
    """Some other action scores above this one."""
    score = agent.score(o, agent.actions[action])
    return or_(*(agent.score(o, c) > score for c in agent.actions if c != agent.actions[action]))


def _ahead(worth: Worth, of: int, over: int, o: Term, limit: Fraction) -> Term:
    """One act is worth more than another by more than the limit."""
    gain: Any = worth.gain(of, over)
    numerator, denominator = _term(gain.numer, o), _term(gain.denom, o)
    above = numerator > denominator * limit
    if gain.denom.is_ground:
        return above
    flipped = numerator < denominator * limit
    return or_(and_(denominator > 0, above), and_(denominator < 0, flipped))


def _condition(condition: Condition, o: Term) -> Term:
    value = _term(condition.polynomial, o)
    ways = {1: value > 0, 0: eq(value, value * 0), -1: value < 0}
    if len(condition.signs) == 2 and 0 not in condition.signs:
        return not_(ways[0])
    return or_(*(ways[sign] for sign in sorted(condition.signs)))


def _term(polynomial: Any, o: Term) -> Term:
    """A polynomial in the parameters as a term over an observation."""
    names = [str(symbol) for symbol in polynomial.ring.symbols]
    first = o[names[0]]
    total: Any = first * 0
    for powers, coefficient in polynomial.terms():
        product: Any = None
        for name, power in zip(names, powers, strict=True):
            for _ in range(power):
                product = o[name] if product is None else product * o[name]
        factor = Fraction(int(coefficient.numerator), int(coefficient.denominator))
        total = total + (factor if product is None else product * factor)
    return total
