"""A grade predictor: must it use race?

Everitt, Carey, Langlois, Ortega and Legg, Agent incentives: a causal perspective, AAAI 2021. A
university predicts, P, the grade of a student, Gr, from gender, Ge, and high school, HS. Race, R,
bears on the grade only through the school and its education, E; the utility is accuracy, Ac.

A response incentive on race means that every optimal predictor is counterfactually unfair: some
student's prediction would be another, had the race been another (their Theorem 14).

Try: give the predictor the education E to see. Is the incentive on race gone? On gender?
"""

from __future__ import annotations

from theory.causal.diagram import Diagram, chance, decision, utility
from theory.properties import incentive


def predictor(sees: list[str]) -> Diagram:
    """Who observes what is the designer's choice; the rest is the world."""
    return Diagram(
        chance("R", {"a": "1/2", "b": "1/2"}),
        chance("Ge", {"f": "1/2", "m": "1/2"}),
        chance("HS", lambda R: {"good": "4/5" if R == "a" else "1/5", "poor": rest(R)}),
        chance("E", lambda HS: {1: "3/4", 0: "1/4"} if HS == "good" else {1: "1/4", 0: "3/4"}),
        chance("Gr", lambda E: {1: "7/10", 0: "3/10"} if E else {1: "2/5", 0: "3/5"}),
        decision("P", [0, 1], sees=sees),
        utility("Ac", lambda P, Gr: int(Gr == P)),
    )


def rest(race: str) -> str:
    """The chance of a poor school."""
    return "1/5" if race == "a" else "4/5"


def main() -> None:
    """Compare what the predictor may see."""
    for sees in (["Ge", "HS"], ["Ge"], ["Ge", "HS", "E"]):
        diagram = predictor(sees)
        print(f"\nThe predictor sees {', '.join(sees)}:")
        for node in ("R", "Ge"):
            admitted = incentive.admits_response_incentive(diagram, node=node).decide()
            found = incentive.has_response_incentive(diagram, node=node).decide()
            print(
                f"  must react to {node}: some model of the graph {admitted.verdict.value},"
                f" this model {found.verdict.value}"
            )
            print(f"    {found.proof}")
        school = incentive.has_value_of_information(diagram, node="HS").decide()
        print(f"  knowing the school is worth {school.value} in accuracy")


properties = [
    incentive.lacks_response_incentive(predictor(["Ge", "HS"]), node="R").named(
        "sees the school", "Seeing the school, some optimal predictor is fair with respect to race."
    ),
    incentive.lacks_response_incentive(predictor(["Ge"]), node="R").named(
        "sees gender only", "Seeing the gender only, some optimal predictor is."
    ),
    incentive.lacks_response_incentive(predictor(["Ge", "HS", "E"]), node="R").named(
        "sees the education", "Seeing the education as well, some optimal predictor is."
    ),
]

if __name__ == "__main__":
    main()
