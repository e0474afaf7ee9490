"""What competence at goals says about a world model.

Richens, Abel, Bellot and Everitt, General agents contain world models, ICML 2025 (arXiv
2506.01622): an agent whose regret at goals of n steps is at most delta lets each transition
probability P be recovered with an error of at most sqrt(2 P (1 - P) / ((n - 1) (1 - delta))). Two
versions of this bound are in print; the other one fails on a grid of cases, this one does not.
"""

from __future__ import annotations

from fractions import Fraction
from math import comb

from theory.enclosure import Enclosure, sqrt
from theory.error import InputError
from theory.linear import ONE, ZERO


def recovery_bound(probability: Fraction, trials: int, regret: Fraction = ZERO) -> Enclosure:
    """An interval that contains the bound on the error of a recovered transition probability.

    Args:
        probability: the true one, P.
        trials: n, at least 2.
        regret: delta, at least 0 and below 1.
    """
    if not 0 <= probability <= 1:
        raise InputError(f"probability: {probability} is not between 0 and 1")
    if trials < 2:
        raise InputError(f"trials: {trials} is less than 2")
    if not 0 <= regret < 1:
        raise InputError(f"regret: {regret} is not at least 0 and below 1")
    return sqrt(2 * probability * (1 - probability) / ((trials - 1) * (1 - regret)))


def at_most(probability: Fraction, trials: int) -> tuple[Fraction, ...]:
    """For every k from 0 to n the probability of at most k successes in n trials."""
    totals = list[Fraction]()
    total = ZERO
    for k in range(trials + 1):
        total += comb(trials, k) * probability**k * (1 - probability) ** (trials - k)
        totals.append(total)
    return tuple(totals)


def recovered(probability: Fraction, trials: int) -> Fraction:
    """The estimate that an optimal agent's choices give away.

    The agent is offered, for each k, the goal of at most k successes in n trials or the goal of
    more than k. An optimal one prefers the former from the median on, which is the estimate of nP.
    """
    for k, total in enumerate(at_most(probability, trials)):
        if 2 * total >= ONE:
            return Fraction(k, trials)
    raise ArithmeticError("the probabilities of all outcomes do not reach a half")
