"""Agents that decide by proof: cases 59 to 66."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

from theory.decision.modal.bot import COOPERATE, FAIR, PRUDENT, Bot, play
from theory.decision.modal.search import choose, five_and_ten, modal_udt


def played(one: Bot, other: Bot) -> Callable[[dict[str, Any]], None]:
    def check(case: dict[str, Any]) -> None:
        assert str(play(one, other)) == case["verdict"]

    return check


def takes_the_ten(case: dict[str, Any]) -> None:
    """For both defaults, both orders of the acts, and steps 0 and 1."""
    for default, order, step in product((5, 10), ([5, 10], [10, 5]), (0, 1)):
        rule = modal_udt([10, 5], order, default, step)
        assert str(choose(five_and_ten, rule).act) == case["verdict"]


CASES: dict[int, Callable[[dict[str, Any]], None]] = {
    59: played(FAIR, FAIR),
    61: played(FAIR, COOPERATE),
    62: played(PRUDENT, FAIR),
    64: played(PRUDENT, PRUDENT),
    66: takes_the_ten,
}
