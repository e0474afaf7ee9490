"""What an exact query gives: a rational, or that the quantity is infinite or undefined."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from fractions import Fraction
from operator import ge, gt, le, lt
from typing import Literal

from theory.error import InputError

Best = Literal["max", "min"]
"""Whether the agent wants the quantity large or small."""

Relation = Literal[">=", ">", "<=", "<"]


class Limit(Enum):
    """A value that is no rational."""

    INFINITE = "infinite"
    MINUS_INFINITE = "minus infinite"
    UNDEFINED = "undefined"


Value = Fraction | Limit

_COMPARE: Mapping[str, Callable[[Fraction, Fraction], bool]] = {
    ">=": ge,
    ">": gt,
    "<=": le,
    "<": lt,
}


def relation(sign: str) -> Relation:
    """The comparison that a sign stands for; InputError where there is none."""
    for known in (">=", ">", "<=", "<"):
        if sign == known:
            return known
    raise InputError(f"relation: {sign!r} is not one of >=, >, <=, <")


def meets(value: Value, sign: Relation, limit: Fraction) -> bool | None:
    """Whether a value stands in a relation to a number; None where it is undefined."""
    if isinstance(value, Fraction):
        return _COMPARE[sign](value, limit)
    if value is Limit.UNDEFINED:
        return None
    return (value is Limit.INFINITE) == (sign in (">=", ">"))


def negated(value: Value) -> Value:
    """The value with the other sign."""
    match value:
        case Limit.INFINITE:
            return Limit.MINUS_INFINITE
        case Limit.MINUS_INFINITE:
            return Limit.INFINITE
        case Limit.UNDEFINED:
            return value
        case _:
            return -value


@dataclass(frozen=True, eq=False)
class Values(Mapping[str, Value]):
    """Values by state, each made when it is asked for.

    Attributes:
        index: the number of every state.
        value: of the state with a number.
    """

    index: Mapping[str, int]
    value: Callable[[int], Value]

    def __getitem__(self, state: str) -> Value:
        return self.value(self.index[state])

    def __iter__(self) -> Iterator[str]:
        return iter(self.index)

    def __len__(self) -> int:
        return len(self.index)


@dataclass(frozen=True)
class Answer:
    """The exact value of a query in every state, and how to play for it.

    Attributes:
        values: by state.
        strategy: the action of every state that has one, of both players in a game; it attains
            the values in every state at once.
        plan: for queries about so many steps, the strategy of each step, the first step first,
            in the states in which it is not over yet; `strategy` is then that of the first step.
    """

    values: Mapping[str, Value]
    strategy: Mapping[str, str]
    plan: tuple[Mapping[str, str], ...] = field(default=())

    def value(self, state: str) -> Value:
        """The value of a state; InputError where there is no such state."""
        if state not in self.values:
            raise InputError(f"there is no state {state!r}")
        return self.values[state]
