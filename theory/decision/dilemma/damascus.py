"""Death comes where you are predicted to be."""

# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false
from __future__ import annotations

from functools import partial

from theory.causal.diagram import chance, decision, utility
from theory.decision.dilemma.entry import Dilemma
from theory.decision.problem import Policy, Problem, noisy
from theory.rational import Exact, exact

CITIES = ["stay", "flee"]


def death_in_damascus(accuracy: Exact = 1, life: Exact = 1_000, journey: Exact = 1) -> Problem:
    """Stay in Damascus or flee to Aleppo; Death waits in the city that he predicts."""
    worth, cost = exact(life, "life"), exact(journey, "journey")
    return Problem(
        decision("act", CITIES),
        chance("death", lambda policy: noisy(policy(), accuracy, CITIES)),
        utility(
            "outcome",
            lambda act, death: (worth if death != act else 0) - (cost if act == "flee" else 0),
        ),
    )


def death_and_a_coin(accuracy: Exact = 1, life: Exact = 1_000, fee: Exact = 10) -> Problem:
    """Stay, flee at no cost, or let a coin decide for a fee: Death does not foresee the coin.

    Predicting the coin, he waits in either city with the same probability.
    """
    worth, cost = exact(life, "life"), exact(fee, "fee")
    acts = [*CITIES, "coin"]

    def waits(policy: Policy) -> object:
        act = policy()
        return (
            noisy(act, accuracy, CITIES) if act != "coin" else dict.fromkeys(CITIES, exact("1/2"))
        )

    return Problem(
        decision("act", acts),
        chance("coin", {"stay": "1/2", "flee": "1/2"}),
        chance("city", lambda act, coin: coin if act == "coin" else act),
        chance("death", waits, ["policy"]),
        utility(
            "outcome",
            lambda act, city, death: (
                (worth if death != city else 0) - (cost if act == "coin" else 0)
            ),
        ),
    )


DAMASCUS = Dilemma(
    name="death in damascus",
    story=(
        "Death waits for you where his unfailing diary says that you will be. You are in Damascus; "
        "fleeing to Aleppo costs 1; to live is worth 1,000."
    ),
    build=death_in_damascus,
    source=(
        "Gibbard and Harper, Counterfactuals and two kinds of expected utility, 1978; payoffs: the "
        "tests of github.com/DecisionTheory/DecisionTheory"
    ),
    expected={
        "EDT": "stay",
        "CDT": "unstable",
        "ratified CDT": "unstable",
        "deliberational CDT": "mixed",
        "FDT": "stay",
        "UDT 1.1": "stay",
    },
    disputed=(
        "Whether CDT may rest at a mixed credence (Arntzenius 2008, Joyce 2012): here at 1001/2000 "
        "for staying, where either city is worth 499.5 to it."
    ),
)

DAMASCUS_SYMMETRIC = Dilemma(
    name="death in damascus, symmetric",
    story="Death in Damascus where the journey costs nothing.",
    build=partial(death_in_damascus, journey=0),
    source="Gibbard and Harper 1978",
    expected={
        "EDT": "stay or flee",
        "CDT": "unstable",
        "ratified CDT": "unstable",
        "deliberational CDT": "mixed",
        "FDT": "stay or flee",
        "UDT 1.1": "stay or flee",
    },
)

DAMASCUS_COIN = Dilemma(
    name="death in damascus, with a coin",
    story=(
        "Death in Damascus where the journey costs nothing, and for 10 a coin that Death cannot "
        "foresee sends you to one of the cities."
    ),
    build=death_and_a_coin,
    source="Ahmed, Dicing with death, 2014; the numbers are ours",
    expected={
        "EDT": "coin",
        "CDT": "unstable",
        "ratified CDT": "unstable",
        "deliberational CDT": "mixed",
        "FDT": "coin",
        "UDT 1.1": "coin",
    },
    disputed=(
        "Ahmed takes it against CDT that it never pays for the coin: whatever it believes, one of "
        "the cities is at least as good, and costs less."
    ),
)

DILEMMAS = (DAMASCUS, DAMASCUS_SYMMETRIC, DAMASCUS_COIN)
