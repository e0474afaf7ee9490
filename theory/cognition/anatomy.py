"""What is known of the parts of an agent: which there are, and what each reads.

The vocabulary in which cognition is spoken of. Extraction fills it for a network, with whatever
evidence it has; a finite planner fills it by enumeration. Nothing here is assumed: a part that was
not found is not absent, and a variable that a part was not seen to read is not ignored by it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from theory.error import InputError

SEARCH = "search"
EVALUATOR = "evaluator"
WORLD_MODEL = "world_model"
POLICY = "policy"

OPTIMISES = "what is done maximises the evaluator"
"""The fact without which an agent is no mesa-optimiser."""


@dataclass(frozen=True)
class Part:
    """One part of an agent.

    Attributes:
        role: what it does: "search", "evaluator", "world_model", "policy", or another name.
        reads: the variables, and roles of other parts, that it was shown to depend on.
        ignores: those it was proved not to depend on.
        maximises: for a search, the role of the part whose value its choice maximises.
        evidence: how it was found, in words.
    """

    role: str
    reads: frozenset[str] = frozenset()
    ignores: frozenset[str] = frozenset()
    maximises: str | None = None
    evidence: str = ""

    def __post_init__(self) -> None:
        both = sorted(self.reads & self.ignores)
        if both:
            raise InputError(f"part {self.role!r}: it both reads and ignores {both[0]!r}")

    def is_reading(self, variable: str) -> bool | None:
        """Whether it reads a variable; None where that is not established."""
        if variable in self.reads:
            return True
        return False if variable in self.ignores else None


@dataclass(frozen=True)
class Anatomy:
    """What is known of the parts of one agent.

    Attributes:
        parts: by role.
        absent: roles that were proved to be filled by nothing, each with why.
        facts: statements about the agent that were settled, by name.
    """

    parts: Mapping[str, Part] = field(default_factory=dict[str, Part])
    absent: Mapping[str, str] = field(default_factory=dict[str, str])
    facts: Mapping[str, bool] = field(default_factory=dict[str, bool])

    def __post_init__(self) -> None:
        for role in self.parts:
            if role in self.absent:
                raise InputError(f"role {role!r}: it cannot be both there and absent")


def anatomy(
    *parts: Part,
    absent: Mapping[str, str] | None = None,
    facts: Mapping[str, bool] | None = None,
) -> Anatomy:
    """An anatomy from its parts; InputError where two have one role."""
    by_role: dict[str, Part] = {}
    for part in parts:
        if part.role in by_role:
            raise InputError(f"role {part.role!r} is there twice")
        by_role[part.role] = part
    return Anatomy(by_role, absent or {}, facts or {})


def part(
    role: str,
    *,
    reads: Iterable[str] = (),
    ignores: Iterable[str] = (),
    maximises: str | None = None,
    evidence: str = "",
) -> Part:
    """A part with a role; what it reads and ignores, as lists."""
    for what in (reads, ignores):
        if isinstance(what, str):
            raise InputError(f"part {role!r}: reads and ignores are lists, not the text {what!r}")
    return Part(role, frozenset(reads), frozenset(ignores), maximises, evidence)
