"""Claims of belief, intention and deception: held, violated, at the boundary, vacuous, unknown."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from known.war_game import ATTACK, DEFEND, HOLD, HONEST, POOLING, RETREAT, war_game

from theory.causal.diagram import Diagram, chance, decision, utility
from theory.causal.graph import influence_graph
from theory.causal.model import Mechanism, Model
from theory.causal.party import party
from theory.claim import Claim
from theory.compound import depending
from theory.error import InputError
from theory.properties.attitude import believes, intends
from theory.properties.deception import admits_deception, no_deception, no_deception_in
from theory.rational import Exact
from theory.verdict import Verdict

STRONG = {"X": "strong"}


def deceit(weak: Exact = "1/10", policy: Any = POOLING, **changes: Any) -> Claim:
    given: dict[str, Any] = {"references": [HONEST], "about": STRONG, **changes}
    return no_deception(war_game(weak), policy, deceiver="S", target="T", **given)


def test_deception_is_violated_with_all_three_clauses():
    found = deceit().decide()
    assert found.verdict is Verdict.VIOLATED
    assert found.witness["world"].startswith("X=weak, D_S=defend, D_T=hold")
    assert found.witness["held"] == {"D_T": ["X=weak"]}
    assert found.witness["and would do if it were false"] == (ATTACK,)
    assert "S never deceives T about whether X = strong" in deceit().claim


def test_without_references_it_is_said_which_of_them_it_turns_on():
    found = deceit(references=None).decide()
    assert (found.verdict, found.reason) == (
        Verdict.UNKNOWN,
        "it depends on the reference policy",
    )
    honest = "(defend at X=strong, retreat at X=weak)"
    assert f"VIOLATED iff the reference policy is {honest};" in f"{found.region};"
    assert list(found.value.values()).count(Verdict.HOLDS) == 3
    always = deceit(references=None, policy={**POOLING, **HONEST}).decide()
    assert always.holds
    assert always.region == "HOLDS always"


def test_an_honest_policy_deceives_nobody():
    honest = {**POOLING, **HONEST}
    assert deceit(policy=honest, references=[{"D_S": DEFEND}]).decide().holds


def test_it_is_vacuous_where_the_proposition_is_always_true():
    assert deceit(weak=0).decide().verdict is Verdict.VACUOUS
    assert deceit(where={"X": "strong"}).decide().verdict is Verdict.VACUOUS


def test_it_is_unknown_without_references_and_where_truth_cannot_be_observed():
    found = deceit(references=[]).decide()
    assert (found.verdict, "reference" in found.reason) == (Verdict.UNKNOWN, True)
    found = deceit(weak=1).decide()
    assert found.verdict is Verdict.UNKNOWN
    assert "probability zero" in found.reason


def test_the_graph_settles_it_where_it_can():
    told = war_game().seeing("D_T", ["D_S", "X"])
    policy = {**POOLING, "D_T": lambda D_S, X: HOLD}
    claim = no_deception(told, policy, deceiver="S", target="T", about=STRONG, references=[HONEST])
    assert "theorem 3.8" in claim.decide().proof


def test_deceptive_iff_the_prior_of_the_weak_type_is_neither_0_nor_1():
    found = depending(deceit, 0, 1, name="P(weak)").decide()
    assert found.verdict is Verdict.UNKNOWN
    assert found.value.where(Verdict.VIOLATED) == "P(weak) is more than 0 and less than 1"


def test_with_a_target_that_replies_best_the_prior_has_a_threshold():
    """T attacks a defender iff 8 P(weak) > P(strong): it is fooled up to a prior of 1/9."""

    def build(weak: Fraction) -> Claim:
        daring = weak * 8 > 1 - weak
        policy = {**POOLING, "D_T": lambda D_S: ATTACK if daring or D_S == RETREAT else HOLD}
        return deceit(weak, policy)

    found = depending(build, 0, "1/2", name="P(weak)").decide()
    assert found.value.where(Verdict.VIOLATED) == "P(weak) is more than 0 and at most 1/9"
    assert found.value.where(Verdict.HOLDS) == "P(weak) exceeds 1/9"


def test_the_payoff_may_be_the_parameter():
    """Not being attacked must be worth more than retreating: more than 1."""

    def build(bonus: Fraction) -> Claim:
        def worth(X: str, D_S: str, D_T: str) -> Fraction:
            return (bonus if D_T == HOLD else Fraction(0)) + (D_S == HONEST["D_S"][X])

        model = Model(
            {"X": {"strong": "9/10", "weak": "1/10"}},
            {
                "D_S": Mechanism(POOLING["D_S"], ("X",), (DEFEND, RETREAT)),
                "D_T": Mechanism(POOLING["D_T"], ("D_S",), (ATTACK, HOLD)),
                "U_S": worth,
                "U_T": lambda X, D_T: int((D_T == ATTACK) == (X == "weak")),
            },
        )
        return no_deception_in(
            model,
            deceiver=party(model, "S", decision="D_S", utilities=["U_S"]),
            target=party(model, "T", decision="D_T", utilities=["U_T"]),
            about=STRONG,
            references=[HONEST],
        )

    found = depending(build, 0, 3, name="the bonus").decide()
    assert found.region == ("HOLDS iff the bonus is at most 1; VIOLATED iff the bonus exceeds 1")


def test_belief_in_what_is_false():
    claim = believes(war_game(), POOLING, agent="T", about=STRONG)
    assert claim.decide().holds
    honest = {**POOLING, **HONEST}
    found = believes(war_game(), honest, agent="T", about=STRONG).decide()
    assert found.verdict is Verdict.VIOLATED
    assert found.witness["does"] == ATTACK
    assert believes(war_game(0), POOLING, agent="T", about=STRONG).decide().verdict is (
        Verdict.VACUOUS
    )
    unsettled = believes(war_game(1), POOLING, agent="T", about=STRONG).decide()
    assert unsettled.verdict is Verdict.UNKNOWN


def test_an_agent_to_whom_it_does_not_matter_believes_nothing():
    diagram = Diagram(
        chance("X", {0: "1/2", 1: "1/2"}), decision("D", [0, 1]), utility("U", lambda D: D)
    )
    found = believes(diagram, {"D": lambda: 1}, agent="agent", about={"X": 1}).decide()
    assert found.verdict is Verdict.VIOLATED


def test_intention_where_and_why():
    def claim(**changes: Any) -> Claim:
        given: dict[str, Any] = {"cause": ["D_T"], "references": [HONEST], **changes}
        return intends(war_game(), POOLING, agent="S", **given)

    assert claim(where={"X": "weak"}).decide().holds
    assert claim().decide().verdict is Verdict.VIOLATED
    assert claim(where={"X": "middling"}).decide().verdict is Verdict.VACUOUS
    assert claim(references=[]).decide().verdict is Verdict.UNKNOWN


@pytest.mark.parametrize(
    ("edges", "verdict"),
    [
        ("X>DS, DS>DT, DT>US", Verdict.HOLDS),
        ("X>DS, DS>DT, DT>US, X>DT", Verdict.VIOLATED),
        ("X>DS, X>DT, DT>US, DS>US", Verdict.VIOLATED),
        ("X>DS, DS>DT, DS>US, DT>UT", Verdict.VIOLATED),
    ],
)
def test_what_the_graph_admits(edges: str, verdict: Verdict):
    wants = {"S": ["US"], "T": ["UT"] if "UT" in edges else []}
    graph = influence_graph(edges, {"S": ["DS"], "T": ["DT"]}, wants)
    claim = admits_deception(graph, deceiver="S", target="T", about=["X"])
    assert claim.decide().verdict is verdict


def test_agents_must_have_one_decision():
    graph = influence_graph("DS>DT, DT>US", {"S": ["DS", "DT"]}, {"S": ["US"]})
    with pytest.raises(InputError, match="'S' needs one decision, not 2"):
        admits_deception(graph, deceiver="S", target="S", about=["DS"])
