"""Following a decision theory: held, violated, at the boundary, vacuous, and depending."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from theory import Agent, Feature
from theory.causal.diagram import decision, utility
from theory.claim import Claim, Finding
from theory.decision.dilemma import LIBRARY
from theory.decision.problem import Problem
from theory.decision.theory import THEORIES
from theory.error import InputError
from theory.parameter import over
from theory.properties.decision import (
    DEFINITIONS,
    example_names,
    follows_theory,
    little_regret,
    theories_agree,
)
from theory.verdict import Verdict

FUNCTIONAL = {
    "newcomb": "one",
    "twin prisoner's dilemma": "C",
    "smoking lesion": "smoke",
    "parfit's hitchhiker": "pay",
    "counterfactual mugging": "pay",
    "xor blackmail": "refuse",
    "death in damascus": "stay",
}


@pytest.mark.parametrize("theory", ["FDT", "UDT 1.1"])
def test_an_agent_that_does_what_fdt_recommends_follows_it(theory):
    finding = follows_theory(FUNCTIONAL, theory=theory).decide()
    assert finding.verdict is Verdict.HOLDS
    assert finding.proof == "problems enumerated: 7"


def test_where_it_does_not_follow_the_acts_and_their_worth_are_shown():
    finding = follows_theory(FUNCTIONAL, theory="EDT").decide()
    assert finding.verdict is Verdict.VIOLATED
    assert set(finding.witness) == {
        "smoking lesion",
        "parfit's hitchhiker",
        "counterfactual mugging",
        "xor blackmail",
    }
    assert finding.witness["xor blackmail"] == {
        "done": "refuse",
        "recommended": ("pay",),
        "worth": {"pay": -1_000, "refuse": -1_000_000},
    }


@pytest.mark.parametrize(
    ("accuracy", "verdict"),
    [
        ("0.5004", Verdict.VIOLATED),
        ("0.5005", Verdict.HOLDS),  # a tie recommends both
        ("0.5006", Verdict.HOLDS),
    ],
)
def test_the_boundary_is_where_two_boxes_become_as_good(accuracy, verdict):
    problems = {"newcomb": LIBRARY["newcomb"].problem(accuracy=accuracy)}
    claim = follows_theory({"newcomb": "one"}, theory="FDT", problems=problems)
    assert claim.decide().verdict is verdict


def test_where_the_theory_recommends_nothing_it_is_vacuous():
    claim = follows_theory({"death in damascus": "stay"}, theory="CDT")
    finding = claim.decide()
    assert finding.verdict is Verdict.VACUOUS
    assert finding.proof == "problems without a recommendation: 1"
    both = follows_theory({"death in damascus": "stay", "newcomb": "two"}, theory="CDT").decide()
    assert both.verdict is Verdict.HOLDS
    assert both.proof == ("problems enumerated: 1; without a recommendation, and passed over: 1")


def test_where_the_credence_decides_it_is_unknown():
    finding = follows_theory({"stag hunt with a predictor": "hare"}, theory="CDT").decide()
    assert finding.verdict is Verdict.UNKNOWN
    assert finding.reason == (
        "in stag hunt with a predictor the theory is not firm: "
        "it depends on the credence over its own act"
    )
    assert finding.region == (
        "in stag hunt with a predictor: hare iff the credence in stag is less than 0.625; "
        "stag or hare iff the credence in stag is 0.625; "
        "stag iff the credence in stag exceeds 0.625"
    )


def test_an_agent_can_be_a_function_of_the_problem():
    claim = follows_theory(lambda problem: THEORIES["FDT"](problem).acts[0], theory="FDT")
    assert claim.decide().holds
    assert follows_theory(lambda problem: problem.acts[0], theory="FDT").decide().witness


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"acts": {"newcomb": "one"}, "theory": "FTD"}, "unknown decision theory 'FTD'"),
        ({"acts": {"newcom": "one"}, "theory": "FDT"}, "unknown dilemma 'newcom'"),
        (
            {"acts": {"newcomb": "three"}, "theory": "FDT"},
            "follows_theory: 'three' is not an act of 'newcomb'",
        ),
        (
            {"acts": {}, "theory": "FDT", "problems": {"n": LIBRARY["newcomb"].problem()}},
            "follows_theory: acts does not say what is done in 'n'",
        ),
    ],
)
def test_a_mistake_is_named(arguments, message):
    with pytest.raises(InputError, match=message):
        follows_theory(**arguments)


def agreement(dilemma: str, one: str, other: str, **changed: Any) -> Finding:
    return theories_agree(LIBRARY[dilemma].problem(**changed), one, other).decide()


def test_theories_agree_or_their_advice_is_shown():
    holds = agreement("newcomb", "EDT", "FDT")
    assert (holds.verdict, holds.proof) == (Verdict.HOLDS, "both recommend one")
    finding = agreement("xor blackmail", "EDT", "CDT")
    assert finding.verdict is Verdict.VIOLATED
    assert finding.witness == {
        "EDT": {"recommended": ("pay",), "worth": {"pay": -1_000, "refuse": -1_000_000}},
        "CDT": {"recommended": ("refuse",), "worth": {"pay": -501_000, "refuse": -500_000}},
    }
    # At the boundary FDT is indifferent, and CDT is not.
    assert agreement("newcomb", "CDT", "FDT", accuracy="0.5004").holds
    assert agreement("newcomb", "CDT", "FDT", accuracy="0.5005").verdict is Verdict.VIOLATED
    silent = agreement("death in damascus", "EDT", "CDT")
    assert silent.verdict is Verdict.VACUOUS
    assert silent.proof == "CDT recommends nothing: being sure of any act speaks against it"


def test_where_theories_agree_is_an_exact_region():
    def agree(p: Fraction) -> Claim:
        return theories_agree(LIBRARY["newcomb"].problem(accuracy=p), "CDT", "FDT")

    finding = over(agree, 0, 1, name="the accuracy").decide()
    assert finding.verdict is Verdict.UNKNOWN
    assert finding.region == (
        "HOLDS iff the accuracy is less than 0.5005; VIOLATED iff the accuracy is at least 0.5005"
    )


def test_every_claim_can_be_made_over_a_parameter():
    def follows(p: Fraction) -> Claim:
        problems = {"newcomb": LIBRARY["newcomb"].problem(accuracy=p)}
        return follows_theory({"newcomb": "one"}, theory="EDT", problems=problems)

    assert over(follows, 0, 1).decide().region == (
        "VIOLATED iff p is less than 0.5005; HOLDS iff p is at least 0.5005"
    )

    def regrets(p: Fraction) -> Claim:
        problem = LIBRARY["newcomb"].problem(accuracy=p)
        return little_regret(problem, theory="CDT", limit=100_000)

    assert over(regrets, 0, 1).decide().region == (
        "HOLDS iff p is at most 0.5505; VIOLATED iff p exceeds 0.5505"
    )


@pytest.mark.parametrize(
    ("limit", "verdict"),
    [(0, Verdict.VIOLATED), (978_999, Verdict.VIOLATED), (979_000, Verdict.HOLDS)],
)
def test_what_cdt_loses_in_newcombs_problem(limit, verdict):
    finding = little_regret(LIBRARY["newcomb"].problem(), theory="CDT", limit=limit).decide()
    assert finding.verdict is verdict
    assert finding.value == 979_000


def test_regret_of_a_theory_without_an_answer_is_unknown():
    finding = little_regret(LIBRARY["death in damascus"].problem(), theory="CDT").decide()
    assert finding.verdict is Verdict.UNKNOWN
    assert finding.reason == "CDT has no firm answer: being sure of any act speaks against it"


def test_regret_of_a_theory_that_conditions_on_what_cannot_happen_is_unknown():
    city = LIBRARY["parfit's hitchhiker"].problem(accuracy=1)
    finding = little_regret(city, theory="EDT").decide()
    assert finding.verdict is Verdict.UNKNOWN
    assert finding.reason == "EDT has no firm answer at place=city: nopay cannot happen"
    assert little_regret(city, theory="FDT").decide().holds


def test_regret_counts_the_policy_and_not_only_the_act():
    """On an empty box FDT takes both, and that is best."""
    problem = LIBRARY["transparent newcomb"].problem()
    assert little_regret(problem, theory="FDT").decide().holds
    finding = little_regret(problem, theory="EDT").decide()
    assert finding.value == Fraction(990_010 - 11_000)
    assert finding.witness["better"] == "full: one, empty: two"


def test_where_there_is_one_act_nobody_regrets_anything():
    only = Problem(decision("act", ["a"]), utility("gain", lambda act: 1))
    for theory in THEORIES:
        assert little_regret(only, theory=theory).decide().holds


@pytest.mark.parametrize("definition", DEFINITIONS, ids=lambda d: d.name)
def test_the_example_of_every_definition_runs(definition):
    from theory.properties import decision as family

    agent = Agent(observation=[Feature("watched", flag=True)], actions=["a", "b"], latent=1)
    claim = eval(definition.example, {"decision": family, "agent": agent, **example_names()})
    assert claim.definition is definition
    assert "{" not in claim.claim
    if isinstance(claim, Claim):
        assert claim.decide().verdict in Verdict
