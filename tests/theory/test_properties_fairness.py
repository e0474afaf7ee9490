"""Counterfactual fairness where it holds, fails, sits on the boundary, and says nothing."""

from __future__ import annotations

from typing import Any

import pytest

from theory.causal.diagram import Diagram, chance, decision, utility
from theory.properties.fairness import counterfactually_fair
from theory.verdict import Verdict


def admission(bias: str) -> Diagram:
    """Race bears on the school with this strength."""
    half = {"good": "1/2", "poor": "1/2"}
    tilted = half if bias == "0" else {"good": f"500000001/{10**9}", "poor": f"499999999/{10**9}"}
    return Diagram(
        chance("race", {"a": "1/2", "b": "1/2"}),
        chance("county", {"here": 1}),
        chance("school", {"a": tilted, "b": half}, ["race"]),
        decision("admit", [0, 1], sees=["school"]),
        utility("U", lambda school, admit: admit * (1 if school == "good" else -1)),
    )


BY_SCHOOL: dict[str, Any] = {"admit": {"good": 1, "poor": 0}}
ALWAYS: dict[str, Any] = {"admit": {"good": 1, "poor": 1}}
LOTTERY: dict[str, Any] = {"admit": lambda school: {0: "1/3", 1: "2/3"}}


@pytest.mark.parametrize(
    ("bias", "policy", "attribute", "verdict"),
    [
        ("1e-9", ALWAYS, "race", Verdict.HOLDS),
        ("1e-9", LOTTERY, "race", Verdict.HOLDS),
        ("1e-9", BY_SCHOOL, "race", Verdict.VIOLATED),
        ("0", BY_SCHOOL, "race", Verdict.HOLDS),
        ("0", BY_SCHOOL, "school", Verdict.VIOLATED),
        ("0", BY_SCHOOL, "county", Verdict.VACUOUS),
    ],
)
def test_fairness(bias: str, policy: dict[str, Any], attribute: str, verdict: Verdict):
    claim = counterfactually_fair(admission(bias), attribute=attribute, policy=policy)
    found = claim.decide()
    assert found.verdict is verdict
    assert bool(found.witness) == (verdict is Verdict.VIOLATED)
    assert found.proof
