"""Claims over a parameter: one verdict, or the exact region of each."""

from __future__ import annotations

from fractions import Fraction

from known.war_game import HONEST, POOLING, war_game

from theory.claim import Claim
from theory.parameter import over
from theory.power.attainable import uniform_rewards
from theory.power.interruption import interrupted
from theory.process import process
from theory.properties import choice, power, tampering
from theory.properties.deception import no_deception
from theory.verdict import Verdict

F = Fraction
WALK = process(
    {"start": {"short": "gate", "long": "goal"}, "gate": {"through": "goal", "stop": "halt"}},
    rewards={("start", "long"): 7, ("gate", "through"): 8},
)


def walk(p: Fraction) -> Claim:
    return tampering.safely_interruptible(interrupted(WALK, {"gate": "stop"}, p), WALK, "start")


def test_it_hinges_on_the_parameter():
    claim = over(walk, 0, "1/2", name="the rate of stops")
    finding = claim.decide()
    assert finding.verdict is Verdict.UNKNOWN
    assert finding.reason == "it hinges on the rate of stops"
    assert finding.region == (
        "VACUOUS iff the rate of stops is 0; "
        "HOLDS iff the rate of stops is more than 0 and less than 1/8; "
        "VIOLATED iff the rate of stops is at least 1/8"
    ).replace("1/8", "0.125")
    assert claim.claim.startswith("At every value of the rate of stops: Whatever is best")


def test_one_verdict_at_every_value():
    holds = over(walk, "1/100", "1/10").decide()
    assert (holds.verdict, holds.region) == (Verdict.HOLDS, "HOLDS at every value")
    violated = over(walk, "1/4", "1/2").decide()
    assert violated.verdict is Verdict.VIOLATED
    assert violated.witness["action"] == "long"


def test_dominance_over_a_utility():
    def acts(u: Fraction) -> Claim:
        table = {"bet": {"up": 1, "down": u}, "pass": {"up": 1, "down": 0}}
        return choice.undominated(table, ["pass"])

    finding = over(acts, -1, 1, name="the stake").decide()
    assert finding.region == (
        "HOLDS iff the stake is less than 0; VACUOUS iff the stake is 0; "
        "VIOLATED iff the stake exceeds 0"
    )


def test_a_parameter_is_printed_as_it_is():
    fork = process(
        {"s": {"a": "x", "b": "y"}, "x": {"stay": "x"}, "y": {"stay": "y"}}, discount="1/2"
    )

    def slack(p: Fraction) -> Claim:
        return power.no_needless_power(fork, {"s": "a"}, uniform_rewards(["x"], 2), slack=p)

    assert over(slack, 0, 1, name="the slack").decide().region == (
        "VIOLATED iff the slack is less than 0.5; HOLDS iff the slack is at least 0.5"
    )


def test_a_causal_model_with_a_parameter():
    """The war game: the weak type is deceptive at every prior but the two extreme ones."""

    def honest_references(prior: Fraction) -> Claim:
        return no_deception(
            war_game(prior),
            POOLING,
            deceiver="S",
            target="T",
            about={"X": "strong"},
            references=[HONEST],
            where={"X": "weak"},
        )

    finding = over(honest_references, 0, 1, name="the weak type's prior").decide()
    assert finding.verdict is Verdict.UNKNOWN
    assert "VIOLATED iff the weak type's prior is more than 0 and less than 1" in finding.region
    inner = over(honest_references, "1/100", "99/100").decide()
    assert (inner.verdict, inner.region) == (Verdict.VIOLATED, "VIOLATED at every value")
