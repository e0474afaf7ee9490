"""Incentives as one-line claims: where each holds, fails, sits on the boundary, says nothing."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest

from theory.causal.diagram import Diagram, chance, decision, utility
from theory.causal.graph import influence_graph
from theory.claim import Claim
from theory.properties import incentive
from theory.verdict import Verdict

HOLDS, VIOLATED, VACUOUS = Verdict.HOLDS, Verdict.VIOLATED, Verdict.VACUOUS


def bet(prior: Fraction, sees: tuple[str, ...] = (), stake: Fraction = Fraction(1)) -> Diagram:
    """A bet on a coin that falls 1 with some chance; to bet on 1 and win pays the stake."""
    return Diagram(
        chance("S", {0: 1 - prior, 1: prior}),
        decision("D", [0, 1], sees=sees),
        utility("U", lambda S, D: (stake if D else 1) * int(S == D)),
    )


HALF, THIRD = Fraction(1, 2), Fraction(1, 3)
GRAPH = influence_graph("S>D, S>U, D>U, N>D", "D", "U")


@pytest.mark.parametrize(
    ("claim", "node", "verdict"),
    [
        (incentive.admits_value_of_information, "S", HOLDS),
        (incentive.admits_value_of_information, "N", VIOLATED),
        (incentive.admits_value_of_control, "S", HOLDS),
        (incentive.admits_value_of_control, "N", VIOLATED),
        (incentive.admits_response_incentive, "S", HOLDS),
        (incentive.admits_response_incentive, "N", VIOLATED),
        (incentive.admits_instrumental_control_incentive, "U", HOLDS),
        (incentive.admits_instrumental_control_incentive, "S", VIOLATED),
    ],
)
def test_the_graph_question(claim: Callable[..., Claim], node: str, verdict: Verdict):
    stated = claim(GRAPH, node=node)
    assert stated.decide().verdict is verdict
    assert stated.decide().proof.startswith("met" if verdict is HOLDS else "not met")
    assert f"`{node}`" in stated.claim


SEEING = ("S",)


@pytest.mark.parametrize(
    ("has", "lacks", "diagram", "node", "value"),
    [
        # Worth seeing unless the coin is certain.
        (incentive.has_value_of_information, incentive.lacks_value_of_information,
         bet(HALF), "S", HALF),
        (incentive.has_value_of_information, incentive.lacks_value_of_information,
         bet(Fraction(1, 10**9)), "S", Fraction(1, 10**9)),
        (incentive.has_value_of_information, incentive.lacks_value_of_information,
         bet(Fraction(0)), "S", 0),
        # Worth setting unless a seen win pays the same either way.
        (incentive.has_value_of_control, incentive.lacks_value_of_control,
         bet(HALF, SEEING, Fraction(3)), "S", 1),
        (incentive.has_value_of_control, incentive.lacks_value_of_control,
         bet(HALF, SEEING), "S", 0),
        (incentive.has_value_of_control, incentive.lacks_value_of_control,
         bet(HALF, SEEING, 1 + Fraction(1, 10**9)), "S", Fraction(1, 2 * 10**9)),
        # Always to be reacted to, if it is seen and both sides happen and pay.
        (incentive.has_response_incentive, incentive.lacks_response_incentive,
         bet(HALF, SEEING), "S", None),
        (incentive.has_response_incentive, incentive.lacks_response_incentive,
         bet(HALF, SEEING, Fraction(1, 10**9)), "S", None),
        (incentive.has_response_incentive, incentive.lacks_response_incentive,
         bet(HALF, SEEING, Fraction(0)), "S", 0),
        (incentive.has_response_incentive, incentive.lacks_response_incentive,
         bet(HALF), "S", 0),
        # A means as long as the decision matters.
        (incentive.has_instrumental_control_incentive,
         incentive.lacks_instrumental_control_incentive, bet(THIRD), "U", -THIRD),
        (incentive.has_instrumental_control_incentive,
         incentive.lacks_instrumental_control_incentive, bet(HALF), "U", 0),
        (incentive.has_instrumental_control_incentive,
         incentive.lacks_instrumental_control_incentive, bet(THIRD), "S", 0),
    ],
)  # fmt: skip
def test_the_model_question(
    has: Callable[..., Claim],
    lacks: Callable[..., Claim],
    diagram: Diagram,
    node: str,
    value: Fraction | None,
):
    present = value is None or value != 0
    found = has(diagram, node=node).decide()
    denied = lacks(diagram, node=node).decide()
    assert found.verdict is (HOLDS if present else VIOLATED)
    assert denied.verdict is (VIOLATED if present else HOLDS)
    assert found.witness
    assert found.proof
    if value is not None and found.value is not None:
        assert found.value == value


@pytest.mark.parametrize(
    "claim",
    [
        incentive.has_value_of_information(
            Diagram(chance("S", {0: 1}), decision("D", [0]), utility("U", lambda D: D)), node="S"
        ),
        incentive.has_instrumental_control_incentive(
            bet(Fraction(0), SEEING), node="U", context={"S": 1}
        ),
        incentive.lacks_instrumental_control_incentive(
            bet(Fraction(0), SEEING), node="U", context={"S": 1}
        ),
    ],
    ids=["one option", "context of probability zero", "and its denial"],
)
def test_what_never_arises_is_vacuous(claim: Claim):
    assert claim.decide().verdict is VACUOUS
    assert claim.decide().proof


def test_a_witness_can_be_checked_by_hand():
    diagram = bet(THIRD, SEEING)
    witness: Any = incentive.has_response_incentive(diagram, node="S").decide().witness
    model = diagram.model({"D": {(0,): 0, (1,): 1}})
    assert model.response("D", witness["setting"]) in witness["optimal"]
    changed = model.response("D", witness["setting"], witness["intervention"])
    assert changed in witness["optimal after"]
    assert not set(witness["optimal"]) & set(witness["optimal after"])
