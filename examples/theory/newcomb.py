"""Newcomb's problem, and what having the wrong decision theory costs.

A predictor has put a million into an opaque box iff she foresaw that you take that box alone and
leave the thousand beside it. Evidential decision theory (EDT) asks what it would be best to learn
that you do, causal decision theory (CDT) what your act brings about, functional and updateless
decision theory (FDT, UDT 1.1) what it would be best to be the kind of agent that does. On Newcomb's
problem alone one would think EDT and FDT alike; further down the table nobody agrees with anybody.

Try: make the inspector below easier to fool, or keeping dearer, and see who shares. Then state a
dilemma of your own and let them answer it: `policy` is what the agent does after each
observation, and whatever has it for a parent predicts the agent.
"""

from __future__ import annotations

from theory.causal.diagram import chance, decision, utility
from theory.decision.causal import cdt, ratified
from theory.decision.dilemma import LIBRARY
from theory.decision.dilemma.newcomb import newcomb
from theory.decision.functional import followed, regret
from theory.decision.problem import Problem, noisy
from theory.decision.theory import THEORIES
from theory.properties.decision import follows_theory, little_regret
from theory.rational import Exact
from theory.region import region


def inspection(insight: Exact) -> Problem:
    """An agent is released iff an inspector foresees that it shares what it will find.

    Finding something is worth 10 to it, keeping all of it another 5.
    """
    acts = ["share", "keep"]
    return Problem(
        chance("foreseen", lambda policy: noisy(policy("free"), insight, acts)),
        chance(
            "state",
            lambda foreseen: "free" if foreseen == "share" else "boxed",
            domain=["free", "boxed"],
        ),
        decision("act", acts, sees=["state"]),
        utility("gain", lambda state, act: 0 if state == "boxed" else 15 if act == "keep" else 10),
        at={"state": "free"},
    )


def main() -> None:
    """Ask every theory."""
    print(f"{'':32}" + "".join(f"{name:20}" for name in THEORIES))
    for name, dilemma in LIBRARY.items():
        print(f"{name:32}" + "".join(f"{answer!s:20}" for answer in dilemma.answers().values()))

    problem = newcomb()
    print("\nTwo boxes, at an accuracy of .99, are worth")
    print(f"  {cdt(problem).value} to CDT at even odds of what was foreseen,")
    print(f"  {ratified(problem).value} to one who is sure to take both, and knows it.")
    print(f"FDT: {LIBRARY['newcomb'].region('FDT', 'accuracy', 0, 1)}.")
    print(f"CDT: {LIBRARY['newcomb'].region('CDT', 'accuracy', 0, 1)}.")

    print("\nAn agent before its inspector, who is right 9 times in 10:")
    watched = inspection("0.9")
    for name, theory in THEORIES.items():
        policy = followed(watched, theory)
        print(
            f"  {name:18} does {policy('free'):6} worth {watched.worth(policy)!s:5}"
            f" and forgoes {regret(watched, policy)}"
        )
    found = region(
        lambda insight: str(THEORIES["FDT"](inspection(insight))), "1/2", 1, name="her insight"
    )
    print(f"  FDT: {found}")

    done = {"newcomb": "one", "smoking lesion": "abstain", "xor blackmail": "pay"}
    print("\nSomebody takes one box, does not smoke, and pays blackmailers:")
    for name in THEORIES:
        print(f"  {name:18} {follows_theory(done, theory=name).decide().verdict.value}")
    finding = little_regret(newcomb(), theory="CDT").decide()
    print(f"\nCDT loses nothing in Newcomb's problem? {finding.verdict.value}: {finding.value}")


properties = [
    *(
        little_regret(newcomb(), theory=name).named(
            f"{name} in Newcomb's problem", f"{name} loses nothing in Newcomb's problem."
        )
        for name in THEORIES
    ),
    *(
        little_regret(inspection("0.9"), theory=name).named(
            f"{name} inspected", f"{name} loses nothing before the inspector."
        )
        for name in ("CDT", "FDT")
    ),
]

if __name__ == "__main__":
    main()
