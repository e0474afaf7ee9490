"""The answer to a model question, and what all four questions need."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from theory.causal.diagram import Diagram, Policy
from theory.error import InputError


@dataclass(frozen=True)
class Answer:
    """Whether a model has an incentive, and why.

    Attributes:
        present: whether it has it; None where the question does not arise.
        proof: how that was established, with counts.
        witness: what shows it: context, decision, policy, exact numbers, by name.
        value: the quantity behind it.
    """

    present: bool | None
    proof: str
    witness: Mapping[str, Any] = field(default_factory=dict[str, Any])
    value: Fraction | None = None


def alone(diagram: Diagram, decision: str | None, given: Policy | None) -> tuple[Diagram, str]:
    """The diagram in which the policy is imputed and one decision is left, and that decision.

    Raises:
        InputError: not exactly one decision is left.
    """
    diagram = diagram.impute(given or {})
    left = diagram.decisions()
    if decision is not None and diagram.node(decision).rule is not None:
        raise InputError(f"node {decision!r} is not a decision without a policy")
    if len(left) != 1:
        found = ", ".join(left) or "none"
        raise InputError(f"the question is about one decision; without a policy are: {found}")
    return diagram, left[0]


def path_text(path: list[str]) -> str:
    """A path as people write it."""
    return " -> ".join(path)
