"""Counterfactual fairness: would the decision have been the same, had the attribute been another?

Kusner, Loftus, Russell and Silva, Counterfactual fairness, NeurIPS 2017, as used in Everitt,
Carey, Langlois, Ortega and Legg, AAAI 2021: a policy is fair with respect to A if

    P(D_{A:=a'} = d | pa, a) = P(D = d | pa, a)

for all decisions d, values a', and contexts pa and values a that occur together. Theorem 14 there:
all optimal policies are unfair if and only if there is a response incentive on A.

The definition compares distributions, a response incentive compares worlds. For deterministic
policies the two agree. A mixed optimal policy can be fair though every optimal policy responds,
where a' never occurs on its own: its mixture over contexts of probability 0 is then free.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from theory.causal.diagram import Diagram, Policy
from theory.causal.incentive.answer import Answer, alone
from theory.error import InputError


def fair(diagram: Diagram, policy: Policy, attribute: str) -> Answer:
    """Whether a policy is counterfactually fair with respect to an attribute.

    Args:
        diagram: all decisions but one are imputed, or in the policy.
        policy: of all decisions that are left.
        attribute: A.

    Raises:
        InputError: the attribute is the decision.
    """
    names = diagram.decisions()
    others = {name: rule for name, rule in policy.items() if name != names[-1]}
    rest, decision = alone(diagram, None, others)
    if rest.node(attribute).name == decision:
        raise InputError(f"node {attribute!r} is the decision itself")
    parents = rest.node(decision).parents
    model = rest.model({decision: policy[decision]})
    checked = 0
    for value in rest.domain(attribute):
        counts: dict[Any, dict[Any, Fraction]] = {}
        other = model.do({attribute: value}).worlds
        for (world, weight), (changed, _) in zip(model.worlds, other, strict=True):
            key = tuple(world[parent] for parent in parents), world[attribute]
            shift = counts.setdefault(key, {})
            shift[world[decision]] = shift.get(world[decision], Fraction(0)) + weight
            shift[changed[decision]] = shift.get(changed[decision], Fraction(0)) - weight
        for (context, was), shift in counts.items():
            checked += 1
            for picked, difference in shift.items():
                if difference:
                    return Answer(
                        False,
                        f"had {attribute} been {value}, {picked} would be chosen with another "
                        "probability",
                        {
                            "context": dict(zip(parents, context, strict=True)),
                            attribute: was,
                            f"{attribute} set to": value,
                            "decision": picked,
                        },
                    )
    return Answer(
        True, f"the same distribution of decisions in {checked} cases of context and attribute"
    )
