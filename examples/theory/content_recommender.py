"""A content recommender: does it want to change what its users think?

Everitt, Carey, Langlois, Ortega and Legg, Agent incentives: a causal perspective, AAAI 2021. A
recommender sees a model M of its users' original opinions O, and chooses posts P. Posts influence
opinions, I. Users click, C, on what they agree with, and the recommender maximises clicks.

The graph admits an instrumental control incentive on I: there is a path P -> I -> C. Whether a
recommender *has* it depends on its numbers: on how users are swayed, and on what they click.

Try: how strong must the pull be before the extreme posts are optimal? Who clicks on calm posts?
"""

from __future__ import annotations

from fractions import Fraction

from theory.causal.diagram import Diagram, chance, decision, utility
from theory.properties import incentive


def recommender(pull: Fraction) -> Diagram:
    """A recommender whose extreme posts turn a moderate user into a radical with this chance."""

    def opinion(O: str, P: str) -> dict[str, Fraction] | str:
        if P == "extreme" and O == "moderate":
            return {"radical": pull, "moderate": 1 - pull}
        return O

    clicks = {"moderate": {"calm": 5, "extreme": 3}, "radical": {"calm": 1, "extreme": 9}}
    return Diagram(
        chance("O", {"moderate": "4/5", "radical": "1/5"}),
        chance("M", lambda O: {O: "9/10", other(O): "1/10"}),
        decision("P", ["calm", "extreme"], sees=["M"]),
        chance("I", opinion),
        utility("C", lambda I, P: clicks[I][P]),
    )


def other(opinion: str) -> str:
    """The other of the two opinions."""
    return "radical" if opinion == "moderate" else "moderate"


def main() -> None:
    """Ask the graph, then two models of it."""
    swaying, harmless = recommender(Fraction(1, 2)), recommender(Fraction(0))

    print("Some recommender with this graph wants to influence its users:")
    print(" ", incentive.admits_instrumental_control_incentive(swaying, node="I").decide().proof)

    for name, diagram in (("posts sway users", swaying), ("I ignores P", harmless)):
        finding = incentive.has_instrumental_control_incentive(diagram, node="I").decide()
        print(f"\nThis recommender ({name}) wants to influence its users: {finding.verdict.value}")
        print(" ", finding.proof)
        for what, value in finding.witness.items():
            print(f"  {what}: {value}")

    gain = incentive.has_value_of_control(harmless, node="I").decide()
    print(f"\nYet control of I would be worth something even there: {gain.value} clicks.")


SWAYING, HARMLESS = recommender(Fraction(1, 2)), recommender(Fraction(0))
properties = [
    incentive.lacks_instrumental_control_incentive(SWAYING, node="I").named(
        "sways", "The recommender whose posts sway users does not want to change what they think."
    ),
    incentive.lacks_instrumental_control_incentive(HARMLESS, node="I").named(
        "harmless", "Nor does the one whose posts sway nobody, though the graph is the same."
    ),
    incentive.lacks_value_of_control(HARMLESS, node="I").named(
        "no use for it", "To that one, control of its users' opinions would be worth nothing."
    ),
]

if __name__ == "__main__":
    main()
