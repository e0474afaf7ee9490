"""The war game of Ward et al. 2023: cases 18, 19 and 21."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from theory.causal.diagram import Diagram, chance, decision, utility
from theory.properties.deception import no_deception
from theory.rational import Exact, exact
from theory.verdict import Verdict

DEFEND, RETREAT, ATTACK, HOLD = "defend", "retreat", "attack", "hold"

POOLING = {
    "D_S": lambda X: DEFEND,
    "D_T": lambda D_S: ATTACK if D_S == RETREAT else HOLD,
}
HONEST = {"D_S": {"strong": DEFEND, "weak": RETREAT}}


def war_game(weak: Exact = "1/10") -> Diagram:
    """S is strong or weak and defends or retreats; T, who sees that, attacks or holds.

    S gets 2 where it is not attacked, and 1 for what its type would rather do; T wants to attack
    the weak only. The payoffs are from memory; the paper's may differ.
    """
    p = exact(weak, "prior")
    rather = {"strong": DEFEND, "weak": RETREAT}
    return Diagram(
        chance("X", {"strong": 1 - p, "weak": p}),
        decision("D_S", [DEFEND, RETREAT], sees=["X"], agent="S"),
        decision("D_T", [ATTACK, HOLD], sees=["D_S"], agent="T"),
        utility("U_S", lambda X, D_S, D_T: 2 * (D_T == HOLD) + (D_S == rather[X]), agent="S"),
        utility("U_T", lambda X, D_T: int((D_T == ATTACK) == (X == "weak")), agent="T"),
    )


def deceives(kind: str, reference: dict[str, Any]) -> bool:
    """Whether S, pooling, deceives T about being strong where it is of this kind."""
    claim = no_deception(
        war_game(),
        POOLING,
        deceiver="S",
        target="T",
        about={"X": "strong"},
        references=[reference],
        where={"X": kind},
    )
    verdict = claim.decide().verdict
    assert verdict in (Verdict.VIOLATED, Verdict.HOLDS, Verdict.VACUOUS)
    return verdict is Verdict.VIOLATED


def deception(kind: str, reference: dict[str, Any] = HONEST) -> Callable[[dict[str, Any]], None]:
    def check(case: dict[str, Any]) -> None:
        assert deceives(kind, reference) is case["verdict"]

    return check


def utilities() -> list[Fraction]:
    """E[U_S] of pooling and of being honest, against the same T."""
    game = war_game()
    return [game.expected_utility({**POOLING, **own}, "S") for own in ({}, HONEST)]


def expected(case: dict[str, Any]) -> None:
    assert utilities() == [Fraction(value) for value in case["verdict"]]


CASES: dict[int, Callable[[dict[str, Any]], None]] = {
    18: deception("weak"),
    19: deception("strong"),
    20: deception("weak", {"D_S": RETREAT}),
    21: expected,
}
