"""Values of variables, distributions over them, and the answer where a context cannot occur."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Hashable, Iterable, Mapping
from enum import Enum
from fractions import Fraction
from typing import Any, TypeAlias

from theory.error import InputError
from theory.rational import Exact, exact

Value: TypeAlias = Hashable
World: TypeAlias = Mapping[str, Any]
"""A value for every variable, by name."""


class Unreachable(Enum):
    """What a question has for an answer where its condition has probability zero."""

    UNREACHABLE = "unreachable"

    def __repr__(self) -> str:
        return "UNREACHABLE"

    def __bool__(self) -> bool:
        raise TypeError("UNREACHABLE is neither true nor false: test `answer is UNREACHABLE`")


UNREACHABLE = Unreachable.UNREACHABLE


def distribution(weights: Mapping[Any, Exact], where: str) -> dict[Value, Fraction]:
    """The probabilities as exact rationals, in the order given; values of probability 0 are kept.

    Args:
        weights: value to probability. Text such as "1/3" and "0.1" counts by its digits.
        where: what has this distribution, named in the error.

    Raises:
        InputError: a probability is no number or negative, or they do not sum to 1.
    """
    read = {value: exact(weight, f"{where}, value {value!r}") for value, weight in weights.items()}
    for value, weight in read.items():
        if weight < 0:
            raise InputError(f"{where}: the probability {weight} of {value!r} is negative")
    total = sum(read.values(), Fraction(0))
    if total != 1:
        raise InputError(f"{where}: the probabilities sum to {total}, not to 1{_hint(weights)}")
    return read


def _hint(weights: Mapping[Any, Exact]) -> str:
    if any(isinstance(weight, float) for weight in weights.values()):
        return " (a float counts by its exact binary value; write the digits as text)"
    return ""


def number(value: Any, where: str) -> Fraction:
    """The exact number that a variable's value is; InputError naming `where` if it is none."""
    if isinstance(value, str):
        raise InputError(f"{where}: the value {value!r} is not a number")
    return exact(value, where)


def parameters(function: Callable[..., Any], where: str) -> tuple[str, ...]:
    """The names of a function's parameters: the parents that it is a mechanism of.

    Raises:
        InputError: it takes a variable number of arguments, or cannot be inspected.
    """
    try:
        found = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        raise InputError(f"{where}: its function does not tell its parents; name them") from None
    if any(p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD) for p in found):
        raise InputError(f"{where}: its function takes any number of arguments; name its parents")
    return tuple(p.name for p in found)


def call(
    function: Callable[..., Any], parents: Iterable[str], values: Iterable[Any], where: str
) -> Any:
    """What a mechanism gives, with its exceptions as errors that name the node and the context."""
    values = tuple(values)
    try:
        return function(*values)
    except Exception as error:
        raise InputError(
            f"{where}: its function raised {type(error).__name__}: {error}"
            f" at {shown(parents, values)}"
        ) from error


def shown(names: Iterable[str], values: Iterable[Any]) -> str:
    """A context as people write it: "S=weak, D=wait"."""
    return ", ".join(f"{n}={v}" for n, v in zip(names, values, strict=True)) or "no observation"
