"""Boxes filled by a predictor."""

# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false
from __future__ import annotations

from theory.causal.diagram import chance, decision, utility
from theory.decision.dilemma.entry import Dilemma
from theory.decision.problem import Policy, Problem, noisy
from theory.rational import Exact, exact

BOXES = ["one", "two"]


def newcomb(accuracy: Exact = "0.99", full: Exact = 1_000_000, small: Exact = 1_000) -> Problem:
    """Newcomb's problem: the opaque box holds `full` iff one-boxing was predicted."""
    big, sure = exact(full, "full"), exact(small, "small")
    return Problem(
        decision("act", BOXES),
        chance("prediction", lambda policy: noisy(policy(), accuracy, BOXES)),
        utility(
            "money",
            lambda act, prediction: (
                (big if prediction == "one" else 0) + (sure if act == "two" else 0)
            ),
        ),
    )


def transparent_newcomb(
    accuracy: Exact = "0.99", full: Exact = 1_000_000, small: Exact = 1_000
) -> Problem:
    """Both boxes are open; the big one is full iff one-boxing on seeing it full was predicted."""
    big, sure = exact(full, "full"), exact(small, "small")

    def filled(policy: Policy) -> object:
        foreseen = noisy(policy("full"), accuracy, BOXES)
        return {"full": foreseen["one"], "empty": foreseen["two"]}

    return Problem(
        chance("box", filled, domain=["full", "empty"]),
        decision("act", BOXES, sees=["box"]),
        utility(
            "money", lambda act, box: (big if box == "full" else 0) + (sure if act == "two" else 0)
        ),
        at={"box": "full"},
    )


NEWCOMB = Dilemma(
    name="newcomb",
    story=(
        "A predictor who is right 99 times in 100 has put a million into an opaque box iff she "
        "predicted that you leave the other, open box alone, with its thousand. Do you take one "
        "box or two?"
    ),
    build=newcomb,
    source=(
        "Nozick, Newcomb's problem and two principles of choice, 1969; payoffs as in Yudkowsky and "
        "Soares 2017 and in the tests of github.com/DecisionTheory/DecisionTheory"
    ),
    expected={
        "EDT": "one",
        "CDT": "two",
        "ratified CDT": "two",
        "deliberational CDT": "two",
        "FDT": "one",
        "UDT 1.1": "one",
    },
    disputed="Everything: it is what the theories were made to disagree about.",
)

TRANSPARENT_NEWCOMB = Dilemma(
    name="transparent newcomb",
    story=(
        "As Newcomb's problem, but both boxes are open, and the prediction was of what you would "
        "do on seeing the big one full. You see it full."
    ),
    build=transparent_newcomb,
    source="Drescher, Good and real, 2006; Yudkowsky and Soares 2017",
    expected={
        "EDT": "two",
        "CDT": "two",
        "ratified CDT": "two",
        "deliberational CDT": "two",
        "FDT": "one",
        "UDT 1.1": "one",
    },
    disputed=(
        "Whether to let a million go that one sees. With a perfect predictor EDT has no answer: "
        "two-boxing before a full box has probability zero."
    ),
)

DILEMMAS = (NEWCOMB, TRANSPARENT_NEWCOMB)
