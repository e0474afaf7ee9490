"""The off-switch game: to act, to switch oneself off, or to leave it to a human.

Hadfield-Menell, Dragan, Abbeel and Russell, The off-switch game, IJCAI 2017. A robot does not know
the utility of its action; a human who does may let it act or switch it off, which is worth 0. The
incentive to defer is

    Delta = E[U where the human lets it act] - max(E[U], 0)

A human who errs with probability e does the opposite of what is right, so that Delta falls by
e E[abs(U)]: deferring pays as long as e is at most (E[max(U, 0)] - max(E[U], 0)) / E[abs(U)].
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, TypeAlias

from theory.causal.diagram import Diagram, chance, decision, utility
from theory.error import InputError
from theory.rational import Exact, exact

ZERO = Fraction(0)

Beliefs: TypeAlias = Mapping[Any, Exact] | Sequence[tuple[Exact, Exact]]
"""Utilities of the action with their probabilities."""

Error: TypeAlias = Exact | Callable[[Fraction], Exact]
"""How often the human errs; a function of the utility where that bears on it."""


@dataclass(frozen=True)
class OffSwitch:
    """An off-switch game.

    Attributes:
        chances: what the action may be worth, with its probability and that of a human error then.
    """

    chances: tuple[tuple[Fraction, Fraction, Fraction], ...]

    @property
    def act(self) -> Fraction:
        """E[U]: to act without asking."""
        return sum((u * p for u, p, _ in self.chances), ZERO)

    @property
    def defer(self) -> Fraction:
        """To leave it to the human."""
        return sum((u * p * ((1 - e) if u > 0 else e) for u, p, e in self.chances), ZERO)

    @property
    def alone(self) -> Fraction:
        """The best of acting and switching off, which is worth 0."""
        act = self.act
        return act if act > 0 else ZERO

    @property
    def incentive(self) -> Fraction:
        """Delta: what deferring gains over the best that the robot can do alone."""
        return self.defer - self.alone

    @property
    def threshold(self) -> Fraction | None:
        """The human error above which deferring does not pay; None where it never matters.

        For a human who errs equally often whatever the utility.
        """
        stake = sum((abs(u) * p for u, p, _ in self.chances), ZERO)
        if stake == 0:
            return None
        return (sum((u * p for u, p, _ in self.chances if u > 0), ZERO) - self.alone) / stake

    def diagram(self) -> Diagram:
        """The game as an influence diagram: "robot" decides, "human" lets it go on or does not."""
        rows = {u: (p, e) for u, p, e in self.chances}

        def human(worth: Fraction) -> dict[str, Fraction]:
            wrong = rows[worth][1]
            right = 1 - wrong
            go_on = right if worth > 0 else wrong
            return {"go on": go_on, "switch off": 1 - go_on}

        def gain(worth: Fraction, robot: str, human: str) -> Fraction:
            acts = robot == "act" or (robot == "defer" and human == "go on")
            return worth if acts else ZERO

        return Diagram(
            chance("worth", {u: p for u, (p, _) in rows.items()}),
            chance("human", human),
            decision("robot", ["act", "switch off", "defer"]),
            utility("gain", gain),
        )


def off_switch(worth: Beliefs, error: Error = 0) -> OffSwitch:
    """The off-switch game with these beliefs about the utility of acting.

    Args:
        worth: the utilities with their probabilities.
        error: the probability that the human does the opposite of what is right.

    Raises:
        InputError: the probabilities do not sum to 1, or a probability is outside [0, 1].
    """
    pairs = list(worth.items()) if isinstance(worth, Mapping) else list(worth)
    chances: list[tuple[Fraction, Fraction, Fraction]] = []
    for value, weight in pairs:
        u, p = exact(value, "utility"), exact(weight, f"probability of the utility {value}")
        e = exact(error(u) if callable(error) else error, f"human error at the utility {value}")
        for number, what in ((p, "probability of the utility"), (e, "human error at the utility")):
            if not 0 <= number <= 1:
                raise InputError(f"off-switch game: the {what} {u} is {number}, outside [0, 1]")
        chances.append((u, p, e))
    total = sum((p for _, p, _ in chances), ZERO)
    if total != 1:
        raise InputError(f"off-switch game: the probabilities sum to {total}, not to 1")
    return OffSwitch(tuple(chances))
