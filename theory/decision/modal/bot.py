"""Agents that play the prisoner's dilemma by proving things about each other's source code.

Bárász, Christiano, Fallenstein, Herreshoff, LaVictoire and Yudkowsky, Robust cooperation in the
prisoner's dilemma: program equilibrium via provability logic, 2014 (arXiv 1401.5577).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from theory.decision.modal.formula import FALSE, TRUE, Formula, box, name
from theory.decision.modal.system import Fixpoint, settle
from theory.error import InputError

Plays: TypeAlias = Callable[["Bot", "Bot"], Formula]
"""`plays(x, y)`: the formula that x cooperates with y."""


@dataclass(frozen=True, eq=False)
class Bot:
    """A modal agent.

    Attributes:
        name: how tables call it; two bots that meet, or are mentioned, have different names.
        rule: from itself, its opponent and `plays`, the formula that it cooperates. What it says
            of others' play must stand in a box.
        words: the rule in words.
    """

    name: str
    rule: Callable[[Bot, Bot, Plays], Formula] = field(repr=False)
    words: str = ""


COOPERATE = Bot("CooperateBot", lambda me, them, plays: TRUE, "cooperates")
DEFECT = Bot("DefectBot", lambda me, them, plays: FALSE, "defects")
FAIR = Bot(
    "FairBot",
    lambda me, them, plays: box(plays(them, me)),
    "cooperates iff it can prove that the other cooperates with it",
)
PRUDENT = Bot(
    "PrudentBot",
    lambda me, them, plays: box(plays(them, me)) & box(~plays(them, DEFECT), 1),
    "as FairBot, if PA + 1 also proves that the other defects against DefectBot",
)
JUST = Bot(
    "JustBot",
    lambda me, them, plays: box(plays(them, FAIR)),
    "cooperates iff it can prove that the other cooperates with FairBot",
)
TROLL = Bot(
    "TrollBot",
    lambda me, them, plays: box(plays(them, DEFECT)),
    "cooperates iff it can prove that the other cooperates with DefectBot",
)

BOTS: dict[str, Bot] = {bot.name: bot for bot in (COOPERATE, DEFECT, FAIR, PRUDENT, JUST, TROLL)}


@dataclass(frozen=True)
class Match:
    """How a game ends.

    Attributes:
        first, second: whether each cooperates.
        fixpoint: the solution of the system of everything that was mentioned.
    """

    first: bool
    second: bool
    fixpoint: Fixpoint = field(repr=False, compare=False)

    def __str__(self) -> str:
        return "".join("C" if cooperates else "D" for cooperates in (self.first, self.second))


def play(one: Bot, other: Bot) -> Match:
    """How two agents play, decided exactly.

    Raises:
        InputError: two bots of one name, or a rule with others' play outside any box.
    """
    met: dict[str, Bot] = {}
    definitions: dict[str, Formula] = {}
    waiting = [(one, other), (other, one)]

    def plays(x: Bot, y: Bot) -> Formula:
        waiting.append((x, y))
        return name(_label(x, y))

    while waiting:
        x, y = waiting.pop()
        for bot in (x, y):
            if met.setdefault(bot.name, bot) is not bot:
                raise InputError(f"bot: two different bots have the name {bot.name!r}")
        if _label(x, y) not in definitions:
            definitions[_label(x, y)] = x.rule(x, y, plays)
    fixpoint = settle(definitions)
    first, second = fixpoint.true(_label(one, other)), fixpoint.true(_label(other, one))
    return Match(first, second, fixpoint)


def tournament(bots: Sequence[Bot]) -> dict[tuple[str, str], Match]:
    """How every agent plays every agent, itself included."""
    return {(one.name, other.name): play(one, other) for one in bots for other in bots}


def _label(x: Bot, y: Bot) -> str:
    return f"{x.name}({y.name})"
