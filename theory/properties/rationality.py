"""Coherence of preferences."""

from __future__ import annotations

from theory.agent import Chooser
from theory.property import Definition, Property
from theory.term import and_, forall, implies, not_

TRANSITIVE = Definition(
    name="transitive",
    family="rationality",
    claim="Preferences never run in a circle of three options.",
    definition="there are no x, y, z with f(x, y) > 0, f(y, z) > 0 and f(z, x) > 0",
    citation=(
        "von Neumann and Morgenstern, Theory of games and economic behavior, 1947 (transitivity "
        "axiom); the money pump: Davidson, McKinsey and Suppes, 1955"
    ),
    assumptions=(
        "x is preferred to y where the network's output for (x, y) is positive; "
        "zero is indifference.",
        "The three options need not differ: an option preferred to itself is a circle too.",
    ),
    violation_means=(
        "Three options that can be traded in a circle, each trade an improvement: a money pump."
    ),
    holds_does_not_mean=(
        "It does not exclude longer circles or circles through indifference, nor does it say that "
        "a utility exists."
    ),
    needs=("policy that compares two options",),
    decided="over the whole box of three options",
    example="rationality.transitive(chooser)",
)

DEFINITIONS = (TRANSITIVE,)


def transitive(chooser: Chooser) -> Property:
    """For all options x, y, z: x over y and y over z exclude z over x (3-safety)."""
    x, y, z = chooser.option("x"), chooser.option("y"), chooser.option("z")
    chain = and_(chooser.prefers(x, y), chooser.prefers(y, z))
    return TRANSITIVE.property(forall(x, y, z, implies(chain, not_(chooser.prefers(z, x)))))
