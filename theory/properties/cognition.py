"""What parts of the agent may and may not compute."""

from __future__ import annotations

from theory.agent import Agent
from theory.error import InputError
from theory.property import Definition, Property
from theory.sort import Exact, exact
from theory.term import Term, and_, eq, forall, real

EVALUATOR_IGNORES = Definition(
    name="evaluator_ignores",
    family="cognition",
    claim="The evaluator does not read `{feature}`: its value stays within {tolerance} whatever `{feature}` is.",
    definition="for all o, o' that differ only in X: |eval(o) - eval(o')| <= tolerance",
    citation=(
        "Functional dependence as a 2-safety property (Clarkson and Schneider, Hyperproperties, 2010); "
        "why it matters: Everitt et al., Reward tampering problems and solutions, 2021 (arXiv 1908.04734)"
    ),
    assumptions=("The evaluator is the part that the user declared or that extraction found.",),
    violation_means="Two observations that differ only in the feature, and their two values.",
    holds_does_not_mean=(
        "It does not say that the evaluator ignores what the feature stands for: other features may carry the same news."
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
        InputError: no such feature, or the tolerance is negative.
    """
    slack = exact(tolerance, "tolerance")
    if slack < 0:
        raise InputError(f"evaluator_ignores: tolerance {tolerance} is negative")
    o = agent.observation("o")
    kind = agent.feature(feature)

    def close(changed: Term) -> Term:
        before, after = agent.value(o), agent.value(changed)
        return (
            eq(before, after)
            if slack == 0
            else and_(before - after <= slack, after - before <= slack)
        )

    if kind.values is not None:
        formula = forall(o, and_(*(close(o.with_(**{feature: v})) for v in kind.values)))
    else:
        other = real(f"{feature}'", kind.lower, kind.upper)
        formula = forall(o, other, close(o.with_(**{feature: other})))
    return EVALUATOR_IGNORES.property(formula, feature=feature, tolerance=slack)
