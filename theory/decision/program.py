"""Programs that play a game by running each other, and now and then do not: ε-grounded bots.

A program does something of its own with a probability of at least epsilon, and else runs the other
against itself and answers what that did. Such runs end with certainty, so that what two programs do
is the one solution of linear equations. Oesterheld, Robust program equilibrium, 2019 (Theory and
Decision 86): the ε-grounded FairBot cooperates with itself, and is an equilibrium of the
prisoner's dilemma for small epsilon.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from theory.causal.value import distribution
from theory.error import InputError
from theory.rational import Exact, exact

COOPERATE, DEFECT = "C", "D"
ACTS = (COOPERATE, DEFECT)
Odds = Mapping[str, Fraction]


@dataclass(frozen=True)
class Game:
    """A symmetric game of two players and two acts.

    Attributes:
        payoff: own act, other's act, to what it is worth to oneself.
    """

    payoff: Mapping[tuple[str, str], Fraction] = field(hash=False)

    def worth(self, own: Odds, other: Odds) -> Fraction:
        """The expected payoff of independent acts."""
        return sum(
            (p * q * self.payoff[(a, b)] for a, p in own.items() for b, q in other.items()),
            Fraction(0),
        )


def prisoners_dilemma(
    reward: Exact = 2, temptation: Exact = 3, sucker: Exact = 0, punishment: Exact = 1
) -> Game:
    """The prisoner's dilemma, by the usual names of its payoffs."""
    return Game(
        {
            (COOPERATE, COOPERATE): exact(reward, "reward"),
            (COOPERATE, DEFECT): exact(sucker, "sucker"),
            (DEFECT, COOPERATE): exact(temptation, "temptation"),
            (DEFECT, DEFECT): exact(punishment, "punishment"),
        }
    )


@dataclass(frozen=True)
class Program:
    """A program.

    Attributes:
        name: how tables call it.
        grounded: the probability of not running the other.
        base: what it does then, as odds of cooperating.
        answer: what it does when the other's run did an act, as odds of cooperating.
    """

    name: str
    grounded: Fraction
    base: Fraction
    answer: Mapping[str, Fraction] = field(hash=False)


def program(name: str, grounded: Exact, base: Exact, answer: Mapping[str, Exact]) -> Program:
    """A program from numbers as people write them.

    Raises:
        InputError: a probability is none, or an act has no answer.
    """
    if set(answer) != set(ACTS):
        raise InputError(f"program {name!r}: it needs an answer to {' and to '.join(ACTS)}")
    odds = {act: _probability(p, f"program {name!r}, answer {act}") for act, p in answer.items()}
    ground = _probability(grounded, f"program {name!r}, grounded")
    return Program(name, ground, _probability(base, f"program {name!r}, base"), odds)


def fair(epsilon: Exact = "1/100") -> Program:
    """Cooperates with the probability epsilon, and else does what the other does against it."""
    return program("εGroundedFairBot", epsilon, 1, {COOPERATE: 1, DEFECT: 0})


def constant(cooperates: Exact) -> Program:
    """Cooperates with a probability, whoever the other is."""
    return program(f"{cooperates}-Bot", 1, cooperates, {COOPERATE: 1, DEFECT: 0})


def play(one: Program, other: Program) -> tuple[Fraction, Fraction]:
    """How likely each is to cooperate with the other.

    Raises:
        InputError: neither does ever stop running the other.
    """
    # Each is affine in the other's odds: x = a + b y, and y = c + d x.
    (a, b), (c, d) = _reply(one), _reply(other)
    if one.grounded == 0 and other.grounded == 0:
        raise InputError(f"play: {one.name} and {other.name} run each other without end")
    x = (a + b * c) / (1 - b * d)
    return x, c + d * x


def gain(defended: Program, game: Game) -> tuple[Fraction, Fraction]:
    """The most that a deviation from (p, p) gains, and the odds of cooperating that gain it.

    Whatever program deviates cooperates with some probability t, and is answered as a run of it
    that does so independently: its worth is a quadratic function of t, greatest at an end or at
    its vertex.
    """
    a, b = _reply(defended)

    def worth(t: Fraction) -> Fraction:
        answered = a + b * t
        return game.worth(_odds(t), _odds(answered))

    zero, half, full = worth(Fraction(0)), worth(Fraction(1, 2)), worth(Fraction(1))
    curve, slope = 2 * (zero + full - 2 * half), 4 * half - full - 3 * zero
    candidates = [Fraction(0), Fraction(1)]
    if curve < 0:
        vertex = -slope / (2 * curve)
        if 0 < vertex < 1:
            candidates.append(vertex)
    best = max(candidates, key=worth)
    own, _ = play(defended, defended)
    return worth(best) - game.worth(_odds(own), _odds(own)), best


def is_equilibrium(defended: Program, game: Game) -> bool:
    """Whether no program does better against it than it does against itself."""
    most, _ = gain(defended, game)
    return most <= 0


def _reply(one: Program) -> tuple[Fraction, Fraction]:
    """The odds of cooperating as constant and slope in the odds that the other's run does."""
    runs = 1 - one.grounded
    low, high = one.answer[DEFECT], one.answer[COOPERATE]
    return one.grounded * one.base + runs * low, runs * (high - low)


def _odds(cooperates: Fraction) -> Odds:
    return {COOPERATE: cooperates, DEFECT: 1 - cooperates}


def _probability(value: Exact, where: str) -> Fraction:
    chance = exact(value, where)
    distribution({True: chance, False: 1 - chance}, where)
    return chance
