"""A property: a closed formula with the words that a person needs to judge its verdict."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

from theory.claim import Claim, Finding
from theory.error import InputError, SortError
from theory.rational import number_text
from theory.scope import free_variables
from theory.sort import BoolSort
from theory.term import Term, and_, brief, exists, variable

Parameter = str | Fraction | Sequence[str]


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

    def property(self, formula: Term, **parameters: Parameter) -> Property:
        """The property for one agent; `parameters` fill the braces of the claim."""
        shown = {name: _shown(value) for name, value in parameters.items()}
        subject = ", ".join(shown.values())
        return Property(
            name=f"{self.name}({subject})" if subject else self.name,
            formula=formula,
            claim=self.claim.format(**shown),
            definition=self,
            parameters=shown,
        )

    def about(self, decide: Callable[[], Finding], **parameters: Parameter) -> Claim:
        """The claim about one finite structure; `parameters` fill the braces of the claim."""
        shown = {name: _shown(value) for name, value in parameters.items()}
        subject = ", ".join(shown.values())
        return Claim(
            name=f"{self.name}({subject})" if subject else self.name,
            claim=self.claim.format(**shown),
            decide=decide,
            definition=self,
            parameters=shown,
        )


@dataclass(frozen=True)
class Property:
    """A named closed formula.

    Attributes:
        name: how reports call it.
        formula: the closed formula.
        claim: its plain sentence.
        definition: the family it is of; None for a formula of the user's own.
        parameters: what the family was applied to, as printed.

    Raises:
        SortError: the formula is not a formula.
        InputError: it has free variables.
    """

    name: str
    formula: Term
    claim: str
    definition: Definition | None = None
    parameters: Mapping[str, str] = field(default_factory=dict[str, str], hash=False)

    def __post_init__(self) -> None:
        if not isinstance(self.formula.sort, BoolSort):
            raise SortError(f"property {self.name!r}: '{brief(self.formula)}' is no formula")
        free = ", ".join(sorted(free_variables(self.formula)))
        if free:
            raise InputError(
                f"property {self.name!r}: the variables {free} are not quantified; "
                "wrap the formula in forall(...)"
            )

    def named(self, name: str, claim: str | None = None) -> Property:
        """The same property under another name."""
        return replace(self, name=name, claim=claim or self.claim)

    @property
    def antecedent(self) -> Term | None:
        """What must be true somewhere for the property to say anything; None where that is nothing.

        For `forall x: p1 implies (forall y: p2 implies q)` it is `p1 and p2`, with x and y free.
        """
        conditions, _ = self._peeled()
        return and_(*conditions) if conditions else None

    @property
    def occasion(self) -> Term | None:
        """The closed formula that the antecedent is true somewhere.

        Where it is false, the property is vacuous. None where there is no antecedent.
        """
        conditions, bound = self._peeled()
        if not conditions:
            return None
        return exists(*bound, and_(*conditions)) if bound else and_(*conditions)

    def _peeled(self) -> tuple[list[Term], tuple[Term, ...]]:
        """The conditions and the quantified variables on the way to the conclusion."""
        conditions: list[Term] = []
        bound: dict[str, Term] = {}
        body = self.formula
        while True:
            if body.operator == "implies":
                condition, body = body.arguments
                conditions.append(condition)
            elif body.operator == "forall" and not any(name in bound for name, _ in body.payload):
                bound.update((name, variable(name, sort)) for name, sort in body.payload)
                body = body.arguments[0]
            else:
                break
        return conditions, tuple(bound.values())


def _shown(value: Parameter) -> str:
    if isinstance(value, str):
        return value
    return number_text(value) if isinstance(value, Fraction) else ", ".join(value)
