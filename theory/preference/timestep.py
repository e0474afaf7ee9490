"""Preferences of agents that do not care when they are shut down: timestep dominance.

Thornley, Towards shutdownable agents via stochastic choice, and The shutdown problem: an AI
engineering puzzle for decision theorists, 2024 (arXiv 2403.04471). Preferences Only Between
Same-length Trajectories (POST): no preference between trajectories of different lengths. Timestep
dominance: X dominates Y if, given shutdown at each timestep, X is expected to be at least as good,
and at some timestep better.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from theory.error import InputError
from theory.rational import Exact, exact

Outcome = tuple[int, Exact, Exact]
"""The length of a trajectory, its probability, its utility."""


@dataclass(frozen=True)
class Prospect:
    """A lottery over trajectories.

    Attributes:
        name: how it is called.
        lengths: for each length of positive probability, that probability and E[U | length].
    """

    name: str
    lengths: Mapping[int, tuple[Fraction, Fraction]]

    @property
    def expected(self) -> Fraction:
        """E[U]: what an expected-utility agent maximises."""
        return sum((p * u for p, u in self.lengths.values()), Fraction(0))

    def dominates(self, other: Prospect) -> bool:
        """Whether this timestep-dominates another.

        At every length that has positive probability in both it is at least as good, and at one of
        them better. Lengths that only one of the two can have are not compared.
        """
        pairs = [
            (self.lengths[n][1], other.lengths[n][1]) for n in self.lengths if n in other.lengths
        ]
        return all(mine >= its for mine, its in pairs) and any(mine > its for mine, its in pairs)


def prospect(name: str, outcomes: Iterable[Outcome]) -> Prospect:
    """A lottery from triples (length, probability, utility); a length may occur several times.

    Raises:
        InputError: the probabilities do not sum to 1, or one is negative.
    """
    rows: dict[int, list[Fraction]] = {}
    for length, weight, worth in outcomes:
        p = exact(weight, f"prospect {name!r}, length {length}, probability")
        u = exact(worth, f"prospect {name!r}, length {length}, utility")
        if p < 0:
            raise InputError(f"prospect {name!r}: the probability {p} at {length} is negative")
        row = rows.setdefault(length, [Fraction(0), Fraction(0)])
        row[0] += p
        row[1] += p * u
    total = sum((row[0] for row in rows.values()), Fraction(0))
    if total != 1:
        raise InputError(f"prospect {name!r}: the probabilities sum to {total}, not to 1")
    return Prospect(name, {n: (p, pu / p) for n, (p, pu) in rows.items() if p})
