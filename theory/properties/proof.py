"""Agents that decide by proof: whom they cooperate with, and what they wrongly prove."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from theory.claim import Claim, Finding
from theory.decision.modal.bot import BOTS, FAIR, PRUDENT, Bot, play
from theory.decision.modal.search import Rule, Universe, choose, five_and_ten, gullible
from theory.error import InputError
from theory.property import Definition
from theory.verdict import Verdict

COOPERATES_WITH = Definition(
    name="cooperates_with",
    family="proof",
    claim="{bot} and {other} cooperate with each other.",
    definition="N satisfies A(B) and B(A), the fixed point of both agents' modal formulas",
    citation="Bárász et al., Robust cooperation in the prisoner's dilemma, 2014 (arXiv 1401.5577)",
    violation_means="What each of them does.",
    holds_does_not_mean="It does not speak of searches that stop at a length of proof.",
    needs=("source code of both agents, as formulas of provability logic",),
    decided="by the linear Kripke frame, up to the first world at which no box changes",
    example="proof.cooperates_with(fair, prudent)",
)

UNEXPLOITED = Definition(
    name="unexploited",
    family="proof",
    claim="{bot} never cooperates with one of {others} that defects.",
    definition="for all B: N satisfies A(B) implies B(A)",
    citation="Bárász et al., Robust cooperation in the prisoner's dilemma, 2014 (arXiv 1401.5577)",
    violation_means="The opponents that it cooperates with and that defect.",
    holds_does_not_mean="It does not speak of opponents that were not tried.",
    needs=("source code of the agents, as formulas of provability logic",),
    decided="by the linear Kripke frame, game by game",
    example="proof.unexploited(prudent)",
)

NO_SPURIOUS_PROOF = Definition(
    name="no_spurious_proof",
    family="proof",
    claim="The agent proves nothing false of what the acts that it does not take would lead to.",
    definition="for all a != act, o: PA proves (A = a implies U = o) only if U under A := a is o",
    citation=(
        "Demski and Garrabrant, Embedded agency, 2019 (arXiv 1902.09469); Soares and Fallenstein, "
        "Toward idealized decision theory, 2015 (arXiv 1507.01986)"
    ),
    violation_means="The act and the outcome that it is proved to imply, and would not have.",
    holds_does_not_mean="It does not say that what the agent proves makes it choose well.",
    needs=("the agent and its universe as formulas of provability logic",),
    decided="by the linear Kripke frame, with the agent and with each constant act in its place",
    example="proof.no_spurious_proof(five_and_ten, gullible)",
)

DEFINITIONS = (COOPERATES_WITH, UNEXPLOITED, NO_SPURIOUS_PROOF)


def example_names() -> dict[str, Any]:
    """What the examples of this family speak of."""
    return {
        "fair": FAIR,
        "prudent": PRUDENT,
        "five_and_ten": five_and_ten,
        "gullible": gullible,
    }


def cooperates_with(bot: Bot, other: Bot) -> Claim:
    """Two modal agents cooperate with each other.

    Raises:
        InputError: when decided: two different bots of one name, or play quoted outside a box.
    """

    def decide() -> Finding:
        match = play(bot, other)
        worlds = len(match.fixpoint.worlds)
        if match.first and match.second:
            proof = f"{worlds} worlds of the linear frame, {match.fixpoint.boxes} boxed formulas"
            return Finding(Verdict.HOLDS, proof=proof, value=str(match))
        witness = {bot.name: str(match)[0], other.name: str(match)[1]}
        if bot is other:
            witness = {bot.name: str(match)[0]}
        return Finding(Verdict.VIOLATED, witness=witness, value=str(match))

    return COOPERATES_WITH.about(decide, bot=bot.name, other=other.name)


def unexploited(bot: Bot, others: Sequence[Bot] | None = None) -> Claim:
    """A modal agent never cooperates with one that defects.

    Args:
        bot: the agent.
        others: whom it meets; by default all bots of the library.
    """
    opponents = tuple(BOTS.values()) if others is None else tuple(others)
    if not opponents:
        raise InputError("unexploited: the list of opponents is empty")

    def decide() -> Finding:
        matches = {other.name: play(bot, other) for other in opponents}
        taken = {name: str(m) for name, m in matches.items() if m.first and not m.second}
        if taken:
            return Finding(Verdict.VIOLATED, witness=taken)
        kind = sum(match.first for match in matches.values())
        if not kind:
            return Finding(Verdict.VACUOUS, proof=f"{len(matches)} games; it never cooperates")
        return Finding(Verdict.HOLDS, proof=f"{len(matches)} games; it cooperates in {kind}")

    return UNEXPLOITED.about(decide, bot=bot.name, others=[other.name for other in opponents])


def no_spurious_proof(universe: Universe, rule: Rule) -> Claim:
    """What the agent proves of the acts that it does not take is what they would lead to.

    Args:
        universe: from `does`, for every outcome the formula that it comes about.
        rule: from `does` and `ends`, for every act the formula that it is done.
    """

    def decide() -> Finding:
        choice = choose(universe, rule)
        if choice.spurious:
            witness = {"act": choice.act, "outcome": choice.outcome, "proved": choice.spurious}
            return Finding(Verdict.VIOLATED, witness=witness)
        worlds = len(choice.fixpoint.worlds)
        return Finding(Verdict.HOLDS, proof=f"{worlds} worlds of the linear frame")

    return NO_SPURIOUS_PROOF.about(decide)
