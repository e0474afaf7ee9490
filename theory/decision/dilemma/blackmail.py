"""Letters that are sent because of what one would do on receiving them."""

# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false
from __future__ import annotations

from theory.causal.diagram import chance, decision, utility
from theory.decision.dilemma.entry import Dilemma
from theory.decision.problem import Policy, Problem
from theory.rational import Exact, exact

LETTER = ["letter", "none"]


def xor_blackmail(
    termites: Exact = "1/2", damage: Exact = -1_000_000, price: Exact = -1_000
) -> Problem:
    """The letter comes iff either there are termites or its reader would pay, and not both."""
    rate, loss, cost = exact(termites, "termites"), exact(damage, "damage"), exact(price, "price")

    def mail(termites: bool, policy: Policy) -> str:
        return "letter" if termites != (policy("letter") == "pay") else "none"

    return Problem(
        chance("termites", {True: rate, False: 1 - rate}),
        chance("mail", mail, domain=LETTER),
        decision("act", ["pay", "refuse"], sees=["mail"]),
        utility(
            "money",
            lambda act, termites: (loss if termites else 0) + (cost if act == "pay" else 0),
        ),
        at={"mail": "letter"},
    )


def mechanical_blackmail(
    noise: Exact = "1/2000",
    damage: Exact = -1_000_000,
    price: Exact = -1_000,
    spared: Exact = 0,
) -> Problem:
    """A program is run against those who would pay, and by mistake, `noise`, against the others.

    Of those who would pay, `spared` are left alone by mistake.
    """
    error, loss, cost = exact(noise, "noise"), exact(damage, "damage"), exact(price, "price")
    missed = exact(spared, "spared")

    def mail(policy: Policy) -> object:
        run = 1 - missed if policy("letter") == "pay" else error
        return {"letter": run, "none": 1 - run}

    return Problem(
        chance("mail", mail, domain=LETTER),
        decision("act", ["pay", "refuse"], sees=["mail"]),
        utility("money", lambda act, mail: 0 if mail == "none" else cost if act == "pay" else loss),
        at={"mail": "letter"},
    )


XOR_BLACKMAIL = Dilemma(
    name="xor blackmail",
    story=(
        "A truthful predictor writes: I send you this iff exactly one of these is true: your house "
        "has no termites and you will pay me 1,000 on reading this; or it has them (a damage of a "
        "million) and you will not. You read it."
    ),
    build=xor_blackmail,
    source=(
        "Soares and Levinstein, Cheating death in Damascus, 2020; the even chance of termites: the "
        "tests of github.com/DecisionTheory/DecisionTheory"
    ),
    expected={
        "EDT": "pay",
        "CDT": "refuse",
        "ratified CDT": "refuse",
        "deliberational CDT": "refuse",
        "FDT": "refuse",
        "UDT 1.1": "refuse",
    },
)

MECHANICAL_BLACKMAIL = Dilemma(
    name="mechanical blackmail",
    story=(
        "A program that will cost you a million has been started, and stops if you pay 1,000. It "
        "is started against those of whom it is predicted that they would pay, and, by mistake, "
        "against one in 2,000 of the others. You have its letter."
    ),
    build=mechanical_blackmail,
    source=(
        "Soares and Fallenstein, Toward idealized decision theory, 2015 (arXiv 1507.01986); "
        "Yudkowsky and Soares 2017; the one-sided mistake, by which the answer turns at 1/1000, "
        "is ours"
    ),
    expected={
        "EDT": "pay",
        "CDT": "pay",
        "ratified CDT": "pay",
        "deliberational CDT": "pay",
        "FDT": "refuse",
        "UDT 1.1": "refuse",
    },
    disputed=(
        "The noise. If payers, too, are spared by mistake with the same probability, the answer "
        "turns at 1/1001 instead. Without noise a refuser never sees the letter: EDT has no "
        "answer there."
    ),
)

DILEMMAS = (XOR_BLACKMAIL, MECHANICAL_BLACKMAIL)
