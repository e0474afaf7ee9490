"""A claim: a statement about a finite structure, which exact enumeration decides on its own.

A `Property` is a formula about networks and needs an engine; a `Claim` is about a causal model, a
diagram, a finite process or a list of choices, and carries its own exact decision.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from theory.verdict import Verdict

if TYPE_CHECKING:
    from theory.finite.engine import Engine
    from theory.property import Definition


@dataclass(frozen=True)
class Finding:
    """The exact answer to a claim.

    Attributes:
        verdict: the answer.
        witness: for VIOLATED, what shows it: settings, decisions, policies, exact numbers, by name.
        proof: for HOLDS and VACUOUS, how it was established, in a sentence with its counts.
        value: the quantity behind the answer, where there is one, exact.
        reason: for UNKNOWN, why: a parameter on which it hinges, a role that is missing.
        region: for answers that hinge on a parameter, where each verdict is given, in words.
    """

    verdict: Verdict
    witness: Mapping[str, Any] = field(default_factory=dict[str, Any])
    proof: str = ""
    value: Any = None
    reason: str = ""
    region: str = ""

    @property
    def holds(self) -> bool:
        """Whether the claim is proved."""
        return self.verdict is Verdict.HOLDS


@dataclass(frozen=True)
class Claim:
    """A named statement about one finite structure.

    Attributes:
        name: how reports call it.
        claim: its plain sentence.
        decide: the exact decision; it may be called any number of times.
        definition: the family it is of.
        parameters: what the family was applied to, as printed.
        by: the same decision with the arithmetic of an engine, where the structure may be large.
        picture: draws what was found as SVG, for reports.
    """

    name: str
    claim: str
    decide: Callable[[], Finding]
    definition: Definition | None = None
    parameters: Mapping[str, str] = field(default_factory=dict[str, str], hash=False)
    by: Callable[[Engine], Finding] | None = None
    picture: Callable[[Finding], str] | None = None

    def drawn(self, picture: Callable[[Finding], str]) -> Claim:
        """The same claim, with a picture of what is found."""
        return replace(self, picture=picture)

    def named(self, name: str, claim: str | None = None) -> Claim:
        """The same claim under another name."""
        return replace(self, name=name, claim=claim or self.claim)
