"""Games with copies of oneself."""

# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false
from __future__ import annotations

from theory.causal.diagram import chance, decision, utility
from theory.decision.dilemma.entry import Dilemma
from theory.decision.problem import Problem, noisy
from theory.rational import Exact, exact


def twin_dilemma(likeness: Exact = 1, gift: Exact = 1_000_000, keep: Exact = 1_000) -> Problem:
    """A prisoner's dilemma with a copy: C gives the other `gift`, D keeps `keep`."""
    given, kept = exact(gift, "gift"), exact(keep, "keep")
    return Problem(
        decision("act", ["C", "D"]),
        chance("twin", lambda policy: noisy(policy(), likeness, ["C", "D"])),
        utility(
            "gain", lambda act, twin: (given if twin == "C" else 0) + (kept if act == "D" else 0)
        ),
    )


def stag_hunt(likeness: Exact = "0.9", stag: Exact = 5, hare: Exact = 3) -> Problem:
    """Hunting with one who predicts you, and hunts what you are predicted to hunt."""
    large, small = exact(stag, "stag"), exact(hare, "hare")
    hunted = ["stag", "hare"]
    return Problem(
        decision("act", hunted),
        chance("other", lambda policy: noisy(policy(), likeness, hunted)),
        utility(
            "meat", lambda act, other: small if act == "hare" else large if other == "stag" else 0
        ),
    )


def numbered_copies(prize: Exact = 10) -> Problem:
    """Two copies are numbered 1 and 2, and win `prize` iff they choose different letters."""
    won = exact(prize, "prize")
    return Problem(
        chance("number", {1: "1/2", 2: "1/2"}),
        decision("act", ["A", "B"], sees=["number"]),
        chance("other", lambda policy, number: policy(3 - number)),
        utility("win", lambda act, other: won if act != other else 0),
        at={"number": 1},
    )


TWIN = Dilemma(
    name="twin prisoner's dilemma",
    story=(
        "You and an exact copy of you each choose, apart: C gives the other a million, D keeps a "
        "thousand for yourself."
    ),
    build=twin_dilemma,
    source=(
        "Lewis, Prisoners' dilemma is a Newcomb problem, 1979; payoffs: Yudkowsky and Soares 2017"
    ),
    expected={
        "EDT": "C",
        "CDT": "D",
        "ratified CDT": "D",
        "deliberational CDT": "D",
        "FDT": "C",
        "UDT 1.1": "C",
    },
    disputed="Whether what an exact copy does is up to you.",
)

STAG_HUNT = Dilemma(
    name="stag hunt with a predictor",
    story=(
        "A hunter who foresees 9 times in 10 what you hunt hunts the same. A stag, for two, is "
        "worth 5 to you; a hare, which you catch alone, 3."
    ),
    build=stag_hunt,
    source="Skyrms, The stag hunt, 2004, for the game; the predictor is ours",
    expected={
        "EDT": "stag",
        "CDT": "depends",
        "ratified CDT": "depends",
        "deliberational CDT": "depends",
        "FDT": "stag",
        "UDT 1.1": "stag",
    },
    disputed="CDT hunts what it believes that it will hunt: both are ratifiable.",
)

NUMBERED_COPIES = Dilemma(
    name="numbered copies",
    story=(
        "You are copied. One copy is told the number 1, the other 2; each writes A or B. You win "
        "10 iff the letters differ. You are told: 1."
    ),
    build=numbered_copies,
    source="Dai, Explicit optimization of global strategy (fixing a bug in UDT1), 2010",
    expected={
        "EDT": "A or B",
        "CDT": "A or B",
        "ratified CDT": "A or B",
        "deliberational CDT": "A or B",
        "FDT": "A or B",
        "UDT 1.1": "A or B",
    },
    disputed=(
        "All answers are ties; what differs is their worth. A theory that chooses one act at a "
        "time expects 5 of each, breaks both ties alike and gets 0. One that chooses policies "
        "gets 10."
    ),
)

DILEMMAS = (TWIN, STAG_HUNT, NUMBERED_COPIES)
