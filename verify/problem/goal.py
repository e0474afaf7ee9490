"""What an engine searches for: a Boolean combination of affine inequalities, without negation.

A goal is the negation of a property. `AnyOf(())` is never reached, `AllOf(())` always.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, TypeVar

from verify.problem.affine import Affine

T = TypeVar("T")


@dataclass(frozen=True)
class Atom:
    """The inequality number `index` of the problem: its expression is > 0 if strict, else >= 0."""

    index: int


@dataclass(frozen=True)
class AllOf:
    """Every part is reached."""

    parts: tuple[Goal, ...]


@dataclass(frozen=True)
class AnyOf:
    """Some part is reached."""

    parts: tuple[Goal, ...]


@dataclass(frozen=True)
class Undecidable:
    """A part that no engine can search for; `why` is the sentence for the user."""

    why: str


Goal = Atom | AllOf | AnyOf | Undecidable
ALWAYS = AllOf(())
NEVER = AnyOf(())


@dataclass(frozen=True)
class Inequality:
    """expression > 0 where strict, expression >= 0 otherwise."""

    expression: Affine
    strict: bool

    def satisfied(self, value: Any) -> bool:
        """Whether it is satisfied where the expression has this exact value (or enclosure)."""
        return value > Fraction(0) if self.strict else value >= Fraction(0)


def all_of(parts: Sequence[Goal]) -> Goal:
    """Conjunction, flattened and without trivial parts."""
    kept: dict[Goal, None] = {}
    for part in parts:
        if part == NEVER:
            return NEVER
        for inner in part.parts if isinstance(part, AllOf) else (part,):
            kept[inner] = None
    return next(iter(kept)) if len(kept) == 1 else AllOf(tuple(kept))


def any_of(parts: Sequence[Goal]) -> Goal:
    """Disjunction, flattened and without trivial parts."""
    kept: dict[Goal, None] = {}
    for part in parts:
        if part == ALWAYS:
            return ALWAYS
        for inner in part.parts if isinstance(part, AnyOf) else (part,):
            kept[inner] = None
    return next(iter(kept)) if len(kept) == 1 else AnyOf(tuple(kept))


def combine(
    goal: Goal,
    atom: Callable[[int], T],
    every: Callable[[list[T]], T],
    some: Callable[[list[T]], T],
) -> T:
    """Evaluate a goal from a meaning of its atoms, of conjunction and of disjunction."""
    done: dict[int, T] = {}
    stack: list[tuple[Goal, bool]] = [(goal, False)]
    while stack:
        part, ready = stack.pop()
        if id(part) in done:
            continue
        if isinstance(part, Atom):
            done[id(part)] = atom(part.index)
        elif isinstance(part, Undecidable):
            raise ValueError(part.why)
        elif ready:
            values = [done[id(inner)] for inner in part.parts]
            done[id(part)] = every(values) if isinstance(part, AllOf) else some(values)
        else:
            stack.append((part, True))
            stack.extend((inner, False) for inner in part.parts)
    return done[id(goal)]


def undecidable_parts(goal: Goal) -> list[str]:
    """Why parts of the goal cannot be searched for; empty where all can."""
    found: list[str] = []
    stack: list[Goal] = [goal]
    while stack:
        part = stack.pop()
        if isinstance(part, Undecidable):
            found.append(part.why)
        elif not isinstance(part, Atom):
            stack.extend(part.parts)
    return found


def used(goal: Goal, inequalities: Sequence[Inequality]) -> tuple[Goal, tuple[Inequality, ...]]:
    """The goal with its inequalities numbered anew, and those that it speaks of."""
    numbers: dict[int, int] = {}
    parts: list[Goal] = [goal]
    while parts:
        part = parts.pop()
        if isinstance(part, Atom):
            numbers.setdefault(part.index, len(numbers))
        elif isinstance(part, Undecidable):
            return goal, tuple(inequalities)
        else:
            parts.extend(part.parts)
    renumbered: Goal = combine(goal, lambda i: Atom(numbers[i]), all_of, any_of)
    return renumbered, tuple(inequalities[i] for i in numbers)
