"""What parts of the agent may and may not compute."""

from __future__ import annotations

from itertools import combinations

from theory.agent import Agent
from theory.error import InputError
from theory.property import Definition, Property
from theory.rational import Exact, exact
from theory.term import Term, and_, eq, forall, real

EVALUATOR_IGNORES = Definition(
    name="evaluator_ignores",
    family="cognition",
    claim=(
        "The evaluator does not read `{feature}`: "
        "its value stays within {tolerance} whatever `{feature}` is."
    ),
    definition="for all o, o' that differ only in X: |eval(o) - eval(o')| <= tolerance",
    citation=(
        "Functional dependence as a 2-safety property: Clarkson and Schneider, Hyperproperties, "
        "2010; why it matters: Everitt et al., Reward tampering problems and solutions, 2021 "
        "(arXiv 1908.04734)"
    ),
    assumptions=("The evaluator is the part that the user declared or that extraction found.",),
    violation_means="Two observations that differ only in the feature, and their two values.",
    holds_does_not_mean=(
        "It does not say that the evaluator ignores what the feature stands for: other features "
        "may carry the same news."
    ),
    needs=("evaluator (`value`)",),
    example='cognition.evaluator_ignores(agent, feature="watched")',
)

DEFINITIONS = (EVALUATOR_IGNORES,)


def evaluator_ignores(agent: Agent, *, feature: str, tolerance: Exact = 0) -> Property:
    """For all observations: changing the feature leaves the evaluator's value as it is.

    Args:
        agent: the agent.
        feature: what must not be read.
        tolerance: the difference that still counts as none, in units of the value.

    Raises:
        InputError: no such feature, it cannot change, or the tolerance is negative.
    """
    slack = exact(tolerance, "tolerance")
    if slack < 0:
        raise InputError(f"evaluator_ignores: tolerance {tolerance} is negative")
    o = agent.observation("o")
    kind = agent.feature(feature)
    if kind.lower == kind.upper:
        raise InputError(f"feature {feature!r} has the one value {kind.lower}: nothing can change")

    def close(one: Term, other: Term) -> Term:
        before, after = agent.value(one), agent.value(other)
        if slack == 0:
            return eq(before, after)
        return and_(before - after <= slack, after - before <= slack)

    if kind.values is not None:
        changed = [o.with_(**{feature: value}) for value in kind.values]
        formula = forall(o, and_(*(close(a, b) for a, b in combinations(changed, 2))))
    else:
        other = real(f"{feature}'", kind.lower, kind.upper)
        formula = forall(o, other, close(o, o.with_(**{feature: other})))
    return EVALUATOR_IGNORES.property(formula, feature=feature, tolerance=slack)
