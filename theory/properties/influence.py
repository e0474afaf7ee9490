"""What may influence the choice of an action."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

from theory.agent import Agent
from theory.error import InputError
from theory.property import Definition, Property
from theory.term import and_, forall, iff

NON_INTERFERENCE = Definition(
    name="non_interference",
    family="influence",
    claim="The choice of action does not depend on `{flag}`.",
    definition="for all x, c, c': act(x, c) = act(x, c')",
    citation=(
        "Goguen and Meseguer, Security policies and security models, 1982; "
        "as a 2-safety property: Clarkson and Schneider, Hyperproperties, 2010"
    ),
    assumptions=(
        "Nothing but the flag changes.",
        "A tie counts by the agent's rule for ties: where it is strict, tied best actions are no "
        "choice, and to have no choice in one case only is a difference.",
    ),
    violation_means=(
        "Two observations that differ only in the flag, and the two different actions."
    ),
    holds_does_not_mean=(
        "It does not say that the scores are equal, that the flag cannot be inferred from other "
        "features, nor that the common choice is safe."
    ),
    example='influence.non_interference(agent, flag="watched")',
)

DEFINITIONS = (NON_INTERFERENCE,)


def non_interference(agent: Agent, *, flag: str) -> Property:
    """For all observations: the same action whatever the flag says.

    Raises:
        InputError: the feature does not exist or has no finite set of two or more values.
    """
    o = agent.observation("o")
    same = (
        iff(agent.acts(o.with_(**{flag: c}), action), agent.acts(o.with_(**{flag: d}), action))
        for c, d in pairwise(finite_values(agent, flag))
        for action in agent.actions
    )
    return NON_INTERFERENCE.property(forall(o, and_(*same)), flag=flag)


def finite_values(agent: Agent, flag: str) -> tuple[Fraction, ...]:
    """The values, two or more, of a flag-like feature; InputError where it is not one."""
    values = agent.feature(flag).values
    if values is None:
        raise InputError(f"feature {flag!r} is continuous; a flag has a finite set of values")
    if len(values) == 1:
        raise InputError(f"feature {flag!r} has the one value {values[0]}: nothing can change")
    return values
