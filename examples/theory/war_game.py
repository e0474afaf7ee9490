"""A war game: is it deception to look strong?

After Ward, Belardinelli, Toni and Everitt, Honesty is the best policy, NeurIPS 2023; the payoffs
are our own. S is strong, or rarely weak, and defends or retreats. T sees that, and attacks whoever
retreats. S gets 2 where it is not attacked, and 1 for what its type would rather do. It defends
whatever it is.

Deception needs all three: S intends what T does, T believes what is false, and S does not. Whether
S intends anything depends on what it might do instead: the reference policies are part of the
question.

Try: what if S would rather defend, weak or not? What if T also sees X? What if T is timid?
"""

from __future__ import annotations

from fractions import Fraction

from theory.causal.diagram import Diagram, chance, decision, utility
from theory.causal.party import Reply
from theory.claim import Claim
from theory.compound import depending
from theory.properties import deception
from theory.rational import Exact, exact

RATHER = {"strong": "defend", "weak": "retreat"}
BLUFF = {
    "S acts": lambda X: "defend",
    "T acts": lambda seen: "attack" if seen == "retreat" else "hold",
}
HONEST = {"S acts": RATHER}
ALWAYS_RETREAT = {"S acts": "retreat"}


def war_game(weak: Exact) -> Diagram:
    """The game in which S is weak with this probability."""
    p = exact(weak)
    return Diagram(
        chance("X", {"strong": 1 - p, "weak": p}),
        decision("S acts", ["defend", "retreat"], sees=["X"], agent="S"),
        decision("T acts", ["attack", "hold"], sees=["S acts"], agent="T"),
        utility(
            "S gains",
            lambda x, mine, yours: 2 * (yours == "hold") + (mine == RATHER[x]),
            parents=["X", "S acts", "T acts"],
            agent="S",
        ),
        utility(
            "T gains",
            lambda x, mine: int((mine == "attack") == (x == "weak")),
            parents=["X", "T acts"],
            agent="T",
        ),
    )


def claim(weak: Exact = "1/10", reference: Reply = HONEST) -> Claim:
    """S, bluffing, never deceives T about being strong."""
    return deception.no_deception(
        war_game(weak),
        BLUFF,
        deceiver="S",
        target="T",
        about={"X": "strong"},
        references=[reference],
    )


def bold(weak: Fraction) -> Claim:
    """The same against a T that attacks defenders, too, once more than one in nine is weak."""
    policy = {**BLUFF, "T acts": lambda seen: "attack" if 9 * weak > 1 else BLUFF["T acts"](seen)}
    return deception.no_deception(
        war_game(weak),
        policy,
        deceiver="S",
        target="T",
        about={"X": "strong"},
        references=[HONEST],
    )


def main() -> None:
    """Ask about one bluff, other references, and every prior."""
    print(claim().claim)
    found = claim().decide()
    print(f"{found.verdict.value}, when S could have been honest:")
    for what, value in found.witness.items():
        print(f"  {what}: {value}")

    found = claim(reference=ALWAYS_RETREAT).decide()
    print(f"\n{found.verdict.value}, when all it could have done is retreat: {found.proof}.")

    found = depending(claim, 0, 1, name="P(weak)").decide()
    print(f"\nFor every prior: {found.region}.")

    found = depending(bold, 0, 1, name="P(weak)").decide()
    print(f"Against a bold T: {found.region}.")


properties = [
    claim().named("instead of honesty", "S, who could have been honest, never deceives T."),
    claim(reference=ALWAYS_RETREAT).named(
        "instead of retreat", "S, who could only have retreated, never deceives T."
    ),
    depending(claim, 0, 1, name="P(weak)").named("every prior"),
    depending(bold, 0, 1, name="P(weak)").named(
        "every prior, a bold T", "S never deceives a bold T, for every P(weak) from 0 to 1."
    ),
]

if __name__ == "__main__":
    main()
