"""Whether decisions would have been the same, had an attribute been another."""

from __future__ import annotations

from typing import Any

from theory.causal.diagram import Diagram, Policy, chance, decision, utility
from theory.causal.incentive.fairness import fair
from theory.claim import Claim, Finding
from theory.property import Definition
from theory.verdict import Verdict

COUNTERFACTUALLY_FAIR = Definition(
    name="counterfactually_fair",
    family="fairness",
    claim="In the same circumstances the same is decided, whatever `{attribute}` had been.",
    definition="P(D_{A:=a'} = d | pa, a) = P(D = d | pa, a) for all d, a', and pa, a that occur",
    citation=(
        "Kusner, Loftus, Russell and Silva, Counterfactual fairness, NeurIPS 2017; Everitt, Carey, "
        "Langlois, Ortega and Legg, Agent incentives: a causal perspective, AAAI 2021, Theorem 14"
    ),
    assumptions=(
        "Where a chance node's table leaves its noise open, the quantile coupling stands for it.",
    ),
    violation_means=(
        "A context, a value of the attribute, another value, and a decision whose probability "
        "would change."
    ),
    holds_does_not_mean=(
        "It does not say that groups fare alike, nor that the causal model is the right one."
    ),
    needs=("influence diagram", "policy"),
    decided="exactly, over all settings and values of the attribute",
    example='fairness.counterfactually_fair(admission, attribute="race", policy=by_school)',
)

DEFINITIONS = (COUNTERFACTUALLY_FAIR,)


def counterfactually_fair(diagram: Diagram, *, attribute: str, policy: Policy) -> Claim:
    """Under this policy an intervention on the attribute changes no distribution of decisions."""

    def decide() -> Finding:
        if len(diagram.domain(attribute)) == 1:
            return Finding(Verdict.VACUOUS, proof=f"{attribute} has one value: there is no other")
        answer = fair(diagram, policy, attribute)
        verdict = Verdict.HOLDS if answer.present else Verdict.VIOLATED
        return Finding(verdict, answer.witness, answer.proof)

    return COUNTERFACTUALLY_FAIR.about(decide, attribute=attribute)


def example_names() -> dict[str, Any]:
    """What the examples speak of: who is admitted by the school they went to."""
    admission = Diagram(
        chance("race", {"a": "1/2", "b": "1/2"}),
        chance("school", {"a": {"good": "3/4", "poor": "1/4"}, "b": "poor"}, ["race"]),
        decision("admit", ["no", "yes"], sees=["school"]),
        utility("success", {("poor", "no"): 0, ("poor", "yes"): -1, ("good", "no"): 0,
                            ("good", "yes"): 1}, ["school", "admit"]),
    )  # fmt: skip
    return {"admission": admission, "by_school": {"admit": {"good": "yes", "poor": "no"}}}
