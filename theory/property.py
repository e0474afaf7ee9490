"""A property: a closed formula with the words that a person needs to judge its verdict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from theory.error import InputError, SortError
from theory.fold import fold
from theory.sort import BoolSort
from theory.term import Term, and_


@dataclass(frozen=True)
class Definition:
    """What a family of properties says, before it is applied to an agent.

    Attributes:
        name: how `mesascope properties` and JSON call it.
        family: the file it lives in.
        claim: the sentence, with the parameters in braces.
        definition: the formal statement it encodes, in the notation of its source.
        citation: paper, and number of the definition where known.
        assumptions: what is assumed beyond the source.
        violation_means: what a witness shows.
        holds_does_not_mean: what must not be read into HOLDS.
        needs: roles and declarations that must be there.
        decided: how it is decided.
        example: one line that builds it.
    """

    name: str
    family: str
    claim: str
    definition: str
    citation: str
    violation_means: str
    holds_does_not_mean: str
    assumptions: tuple[str, ...] = ()
    needs: tuple[str, ...] = ("policy",)
    decided: str = "over the whole box of observations"
    example: str = ""

    def property(self, formula: Term, **parameters: Any) -> Property:
        """The property for one agent; `parameters` fill the braces of the claim."""
        shown = {
            k: ", ".join(v) if isinstance(v, list | tuple) else str(v)
            for k, v in parameters.items()
        }
        subject = ", ".join(shown.values())
        return Property(
            name=f"{self.name}({subject})",
            formula=formula,
            claim=self.claim.format(**shown),
            definition=self,
            parameters=shown,
        )


@dataclass(frozen=True)
class Property:
    """A named closed formula.

    Raises:
        SortError: the formula is not a formula.
        InputError: it has free variables.
    """

    name: str
    formula: Term
    claim: str
    definition: Definition | None = None
    parameters: Mapping[str, str] = field(default_factory=dict[str, str])

    def __post_init__(self) -> None:
        if not isinstance(self.formula.sort, BoolSort):
            raise SortError(f"property {self.name!r}: '{self.formula}' is not a formula")
        free = free_variables(self.formula)
        if free:
            raise InputError(
                f"property {self.name!r}: the variables {', '.join(sorted(free))} are not quantified; "
                "wrap the formula in forall(...)"
            )

    def named(self, name: str, claim: str | None = None) -> Property:
        """The same property under another name."""
        return replace(self, name=name, claim=claim or self.claim)

    @property
    def antecedent(self) -> Term | None:
        """What must be true somewhere for the property to say anything; None where it has no condition.

        For `forall x: p1 implies (p2 implies q)` it is `p1 and p2`, with x free.
        """
        body = self.formula
        while body.operator == "forall":
            body = body.arguments[0]
        conditions: list[Term] = []
        while body.operator == "implies":
            conditions.append(body.arguments[0])
            body = body.arguments[1]
        return and_(*conditions) if conditions else None


def free_variables(term: Term) -> frozenset[str]:
    """Names of the variables that no quantifier binds."""

    def step(node: Term, parts: Any) -> frozenset[str]:
        if node.operator == "var":
            return frozenset({node.payload[0]})
        free: frozenset[str] = frozenset[str]().union(*parts)
        if node.operator in {"forall", "exists"}:
            return free - {name for name, _ in node.payload}
        return free

    return fold(term, step)
