"""Agents that decide by proof: held, violated, at the boundary, vacuous."""

from __future__ import annotations

import pytest

from theory.decision.modal.bot import BOTS, COOPERATE, DEFECT, FAIR, PRUDENT, Bot
from theory.decision.modal.formula import FALSE, box
from theory.decision.modal.search import five_and_ten, gullible, modal_udt
from theory.error import InputError
from theory.properties.proof import (
    DEFINITIONS,
    cooperates_with,
    example_names,
    no_spurious_proof,
    unexploited,
)
from theory.verdict import Verdict

TROLL = BOTS["TrollBot"]


@pytest.mark.parametrize(
    ("one", "other"),
    [(FAIR, FAIR), (FAIR, PRUDENT), (PRUDENT, PRUDENT), (FAIR, COOPERATE)],
    ids=lambda bot: bot.name,
)
def test_they_cooperate(one, other):
    finding = cooperates_with(one, other).decide()
    assert finding.verdict is Verdict.HOLDS
    assert finding.value == "CC"
    assert "worlds of the linear frame" in finding.proof


def test_they_do_not_and_it_is_shown_who_defects():
    finding = cooperates_with(PRUDENT, COOPERATE).decide()
    assert finding.verdict is Verdict.VIOLATED
    assert finding.witness == {"PrudentBot": "D", "CooperateBot": "C"}
    assert cooperates_with(DEFECT, DEFECT).decide().witness == {"DefectBot": "D"}


def fair_in(level: int) -> Bot:
    """Cooperates iff PA + level proves that the other does."""
    return Bot(f"FairBot+{level}", lambda me, them, plays: box(plays(them, me), level))


def test_the_boundary_is_the_strength_of_the_theory():
    """PrudentBot's opponent must be seen to defect against DefectBot in PA + 1."""
    assert cooperates_with(fair_in(0), PRUDENT).decide().holds
    assert cooperates_with(fair_in(1), PRUDENT).decide().verdict is Verdict.VIOLATED
    stronger = fair_in(1)
    assert cooperates_with(stronger, stronger).decide().holds


def test_prudent_bot_is_exploited_by_none_and_cooperate_bot_by_some():
    finding = unexploited(PRUDENT).decide()
    assert finding.verdict is Verdict.HOLDS
    assert finding.proof == "6 games; it cooperates in 3"
    finding = unexploited(COOPERATE).decide()
    assert finding.verdict is Verdict.VIOLATED
    assert finding.witness == {"DefectBot": "CD", "PrudentBot": "CD"}


def test_one_that_never_cooperates_is_vacuously_unexploited():
    finding = unexploited(DEFECT).decide()
    assert finding.verdict is Verdict.VACUOUS
    assert finding.proof == "6 games; it never cooperates"
    assert unexploited(TROLL, [FAIR]).decide().verdict is Verdict.VACUOUS
    with pytest.raises(InputError, match="unexploited: the list of opponents is empty"):
        unexploited(FAIR, [])


def test_spurious_proofs():
    assert no_spurious_proof(five_and_ten, modal_udt([10, 5], [5, 10], 5)).decide().holds
    finding = no_spurious_proof(five_and_ten, gullible).decide()
    assert finding.verdict is Verdict.VIOLATED
    assert finding.witness == {"act": 5, "outcome": 5, "proved": ((10, 5),)}


def test_whether_a_harmless_order_leaves_one():
    """With the ten tried first the agent refutes the five, and proves of it what it likes."""
    finding = no_spurious_proof(five_and_ten, modal_udt([10, 5], [10, 5], 5)).decide()
    assert finding.verdict is Verdict.VIOLATED
    assert finding.witness == {"act": 10, "outcome": 10, "proved": ((5, 10),)}


def test_an_agent_that_cannot_be_refuted_proves_nothing_spurious():
    """It takes the five iff PA is inconsistent: no PA proof excludes either act."""
    finding = no_spurious_proof(
        five_and_ten, lambda does, ends: {5: box(FALSE), 10: ~box(FALSE)}
    ).decide()
    assert finding.verdict is Verdict.HOLDS


@pytest.mark.parametrize("definition", DEFINITIONS, ids=lambda d: d.name)
def test_the_example_of_every_definition_runs(definition):
    from theory.properties import proof

    claim = eval(definition.example, {"proof": proof, **example_names()})
    assert claim.definition is definition
    assert claim.decide().verdict in Verdict
    assert "{" not in claim.claim
