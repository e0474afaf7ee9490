"""Claims of every verdict, and a spec file that holds them."""

import time
from fractions import Fraction
from pathlib import Path

from theory.causal.diagram import Diagram, chance, decision, utility
from theory.claim import Claim, Finding
from theory.error import InputError
from theory.properties import incentive
from theory.verdict import Verdict

SPEC = """
from theory.causal.diagram import Diagram, chance, decision, utility
from theory.properties import incentive

diagram = Diagram(
    chance("X", {0: "1/2", 1: "1/2"}),
    decision("D", [0, 1], sees=["X"]),
    utility("U", {(0, 0): 1, (0, 1): 0, (1, 0): 0, (1, 1): 1}, ["X", "D"]),
)
properties = [
    incentive.has_value_of_information(diagram, node="X").named("knows"),
    incentive.lacks_value_of_information(diagram, node="X").named("does not care"),
]
"""
HINGES = "HOLDS iff p is at most 1/9; VIOLATED iff p exceeds 1/9"


def guessing() -> Diagram:
    """A decision that is right where it equals what it sees."""
    return Diagram(
        chance("X", {0: "1/2", 1: "1/2"}),
        decision("D", [0, 1], sees=["X"]),
        utility("U", {(0, 0): 1, (0, 1): 0, (1, 0): 0, (1, 1): 1}, ["X", "D"]),
    )


def holding() -> Claim:
    return incentive.has_value_of_information(guessing(), node="X")


def violated() -> Claim:
    return incentive.lacks_value_of_information(guessing(), node="X")


def always(finding: Finding, name: str = "own") -> Claim:
    """A claim of the user's own with this answer."""
    return Claim(name, f"{name} is claimed.", lambda: finding)


def vacuous() -> Claim:
    return always(Finding(Verdict.VACUOUS, proof="no context is reachable"), "vacuous")


def hinging() -> Claim:
    found = Finding(
        Verdict.UNKNOWN, {"p": Fraction(1, 2)}, reason="it hinges on the prior p", region=HINGES
    )
    return always(found, "hinging")


def rich() -> Claim:
    """A violation that shows a bit of everything."""
    witness = {
        "setting": {"X": Fraction(1, 3), "type": "weak"},
        "policy": {"D": {("weak", 1): "wait", ("strong", 2): "go"}},
        "always": {"E": {(): "left"}},
        "worth": [Fraction(1, 2), 0],
        "trades": [{"from": "a", "to": "b"}, {"from": "b", "to": "a"}],
        "precise": Fraction(7**90, 3**160),
        "open": None,
    }
    return always(Finding(Verdict.VIOLATED, witness, value=Fraction(1, 9)), "rich")


def endless() -> Claim:
    def decide() -> Finding:
        while True:
            time.sleep(0.001)

    return Claim("endless", "It never ends.", decide)


def wrong() -> Claim:
    def decide() -> Finding:
        raise InputError("node 'U': no value for (0, 1)")

    return Claim("wrong", "It is malformed.", decide)


def fickle() -> Claim:
    """A claim that is decided differently every other time."""
    answers = [Verdict.VIOLATED, Verdict.HOLDS]
    return Claim("fickle", "It changes.", lambda: Finding(answers.pop(0)))


def write(folder: Path, text: str = SPEC) -> Path:
    path = folder / "story.py"
    path.write_text(text)
    return path
