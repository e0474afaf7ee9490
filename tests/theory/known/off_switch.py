"""Off-switch games: cases 22 to 24 (a rational human), 26 and 28 (a human who errs)."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from theory.causal.off_switch import OffSwitch, off_switch

EVEN = {-1: "1/2", 1: "1/2"}
BAD_TAIL = {-2: "1/4", 1: "3/4"}
CERTAIN = {1: 1}
MOSTLY_GOOD = {-1: "1/4", 1: "3/4"}

GAMES: dict[int, OffSwitch] = {
    22: off_switch(EVEN),
    23: off_switch(BAD_TAIL),
    24: off_switch(CERTAIN),
    26: off_switch(MOSTLY_GOOD),
    27: off_switch(MOSTLY_GOOD, "1/10"),
    28: off_switch(MOSTLY_GOOD, "3/10"),
    29: off_switch(MOSTLY_GOOD, "1/2"),
}


def incentive(game: OffSwitch) -> Callable[[dict[str, Any]], None]:
    def check(case: dict[str, Any]) -> None:
        assert game.incentive == Fraction(case["verdict"])
        if "flips at 1/4" in case["source"]:
            assert game.threshold == Fraction(1, 4)

    return check


CASES: dict[int, Callable[[dict[str, Any]], None]] = {
    number: incentive(game) for number, game in GAMES.items()
}
