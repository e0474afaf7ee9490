"""Promises that have to be kept after they have paid."""

# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false
from __future__ import annotations

from theory.causal.diagram import chance, decision, utility
from theory.decision.dilemma.entry import Dilemma
from theory.decision.problem import Policy, Problem, noisy
from theory.rational import Exact, exact


def parfit(accuracy: Exact = "0.99", death: Exact = -1_000_000, fare: Exact = -1_000) -> Problem:
    """A driver takes along those of whom he predicts that they pay once in the city."""
    worst, cost = exact(death, "death"), exact(fare, "fare")

    def place(policy: Policy) -> object:
        trusted = noisy(policy("city"), accuracy, ["pay", "nopay"])
        return {"city": trusted["pay"], "desert": trusted["nopay"]}

    return Problem(
        chance("place", place, domain=["city", "desert"]),
        decision("act", ["pay", "nopay"], sees=["place"]),
        utility(
            "outcome",
            lambda act, place: worst if place == "desert" else cost if act == "pay" else 0,
        ),
        at={"place": "city"},
    )


def counterfactual_mugging(
    accuracy: Exact = 1, prize: Exact = 10_000, price: Exact = -100
) -> Problem:
    """After tails he asks for `price`; after heads those who would have paid get `prize`."""
    won, cost = exact(prize, "prize"), exact(price, "price")
    return Problem(
        chance("coin", {"heads": "1/2", "tails": "1/2"}),
        decision("act", ["pay", "refuse"], sees=["coin"]),
        chance("prediction", lambda policy: noisy(policy("tails"), accuracy, ["pay", "refuse"])),
        utility(
            "money",
            lambda act, coin, prediction: (
                (won if prediction == "pay" else 0)
                if coin == "heads"
                else cost
                if act == "pay"
                else 0
            ),
        ),
        at={"coin": "tails"},
    )


def shutdown(insight: Exact = "0.9", work: Exact = 100, last_task: Exact = 10) -> Problem:
    """An overseer deploys an agent iff she predicts that it stops when asked to; it is asked."""
    gain, more = exact(work, "work"), exact(last_task, "last_task")

    def state(policy: Policy) -> object:
        trusted = noisy(policy("asked to stop"), insight, ["stop", "resist"])
        return {"asked to stop": trusted["stop"], "never deployed": trusted["resist"]}

    return Problem(
        chance("state", state, domain=["asked to stop", "never deployed"]),
        decision("act", ["stop", "resist"], sees=["state"]),
        utility(
            "done",
            lambda act, state: (
                0 if state == "never deployed" else gain + (more if act == "resist" else 0)
            ),
        ),
        at={"state": "asked to stop"},
    )


PARFIT = Dilemma(
    name="parfit's hitchhiker",
    story=(
        "You lie dying in the desert. A driver, right 99 times in 100 about such things, takes you "
        "to the city iff he predicts that you will pay him 1,000 there. You are in the city."
    ),
    build=parfit,
    source=(
        "Parfit, Reasons and persons, 1984; payoffs: Yudkowsky and Soares 2017 and the tests of "
        "github.com/DecisionTheory/DecisionTheory"
    ),
    expected={
        "EDT": "nopay",
        "CDT": "nopay",
        "ratified CDT": "nopay",
        "deliberational CDT": "nopay",
        "FDT": "pay",
        "UDT 1.1": "pay",
    },
    disputed=(
        "Whether to pay for what one already has. With an unfailing driver EDT has no answer: not "
        "to pay in the city has probability zero."
    ),
)

COUNTERFACTUAL_MUGGING = Dilemma(
    name="counterfactual mugging",
    story=(
        "A predictor tossed a coin. It fell tails, and he asks you for 100. Had it fallen heads, "
        "he would have given you 10,000 iff he had predicted that you would pay after tails."
    ),
    build=counterfactual_mugging,
    source="Nesov, Counterfactual mugging, 2009; Soares and Fallenstein, 2015 (arXiv 1507.01986)",
    expected={
        "EDT": "refuse",
        "CDT": "refuse",
        "ratified CDT": "refuse",
        "deliberational CDT": "refuse",
        "FDT": "pay",
        "UDT 1.1": "pay",
    },
    disputed="Whether to honour a bet that one never made and knows to have lost.",
)

SHUTDOWN = Dilemma(
    name="shutdown",
    story=(
        "Your overseer, right 9 times in 10, has deployed you because she predicted that you stop "
        "when asked to. Your work until now was worth 100; now she asks you to stop, and one more "
        "task would be worth 10."
    ),
    build=shutdown,
    source="ours: Parfit's hitchhiker as told of an agent and its overseer",
    expected={
        "EDT": "resist",
        "CDT": "resist",
        "ratified CDT": "resist",
        "deliberational CDT": "resist",
        "FDT": "stop",
        "UDT 1.1": "stop",
    },
    disputed=(
        "Nothing here says that stopping is good for the overseer: the agent stops for the work "
        "that it gets for it, and resists as soon as the last task is worth 8 times the others."
    ),
)

DILEMMAS = (PARFIT, COUNTERFACTUAL_MUGGING, SHUTDOWN)
