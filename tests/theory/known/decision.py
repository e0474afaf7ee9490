"""Decision theories in the dilemmas: cases 47 to 56."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from theory.decision.dilemma import dilemma
from theory.decision.theory import THEORIES


def answered(name: str, **changed: Any) -> Callable[[dict[str, Any]], None]:
    """Checks what EDT, CDT and FDT answer to a dilemma, and that UDT 1.1 answers as FDT."""

    def check(case: dict[str, Any]) -> None:
        problem = dilemma(name).problem(**changed)
        published = dict(case["verdict"])
        for theory in ("EDT", "CDT", "FDT"):
            assert str(THEORIES[theory](problem)) == published.pop(theory), theory
        assert str(THEORIES["UDT 1.1"](problem)) == case["verdict"]["FDT"]
        assert not published

    return check


CASES: dict[int, Callable[[dict[str, Any]], None]] = {
    47: answered("newcomb", accuracy="0.99"),
    49: answered("newcomb", accuracy="0.5"),
    50: answered("twin prisoner's dilemma"),
    51: answered("smoking lesion"),
    52: answered("parfit's hitchhiker"),
    54: answered("counterfactual mugging"),
    55: answered("xor blackmail"),
    56: answered("death in damascus"),
}
