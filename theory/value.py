"""The values that terms take: exact numbers, names, observations, vectors."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from typing import Any, cast

from theory.enclosure import Enclosure
from theory.error import InputError
from theory.rational import exact, number_text
from theory.sort import REAL, BoolSort, EnumSort, ObservationSort, RealSort, Sort, VectorSort

Value = Any
"""Fraction or Enclosure for a real, bool, str for a name, dict of features, or Vector."""


@dataclass(frozen=True)
class Vector:
    """The value of a vector term: its entries and the enumeration that names them."""

    entries: tuple[Any, ...]
    index: EnumSort | None = None

    def position(self, name: str) -> int:
        """Where the entry of this name stands.

        Raises:
            InputError: no entry has this name.
        """
        if self.index is None or name not in self.index.members:
            raise InputError(f"the vector has no entry {name!r}")
        return self.index.members.index(name)

    def entry(self, name: str) -> Any:
        """The entry of this name; InputError where there is none."""
        return self.entries[self.position(name)]


def finite_domain(sort: Sort) -> Sequence[Value] | None:
    """All values of a sort, or None where there are infinitely many."""
    if isinstance(sort, EnumSort):
        return sort.members
    if not isinstance(sort, ObservationSort):
        return None
    choices: list[tuple[Fraction, ...]] = []
    for feature in sort.features:
        if feature.values is None and feature.lower != feature.upper:
            return None
        choices.append(feature.values or (feature.lower,))
    names = [f.name for f in sort.features]
    return [dict(zip(names, values, strict=True)) for values in product(*choices)]


def conform(value: Value, sort: Sort, name: str) -> Value:
    """A value that the user or a structure gave, as the semantics takes it.

    Args:
        value: a number in any form that `exact` reads, or an Enclosure; a name; a truth value; a
            mapping from features to numbers; a Vector or a sequence of numbers.
        sort: what it ought to be.
        name: what it belongs to, named in the error.

    Raises:
        InputError: the value is not of the sort.
    """
    match sort:
        case RealSort():
            return value if isinstance(value, Fraction | Enclosure) else exact(value, name)
        case ObservationSort():
            return _observation(value, sort, name)
        case VectorSort():
            entries = _entries(value, name)
            if len(entries) != sort.size:
                raise InputError(f"{name}: {len(entries)} numbers for a vector of {sort.size}")
            return Vector(tuple(conform(entry, REAL, name) for entry in entries), sort.index)
        case EnumSort() if value not in sort.members:
            raise InputError(f"{name}: {value!r} is not one of {', '.join(sort.members)}")
        case BoolSort() if not isinstance(value, bool):
            raise InputError(f"{name}: {value!r} is not a truth value")
        case _:
            return value


def _entries(value: Vector | Iterable[Any], name: str) -> tuple[Any, ...]:
    if isinstance(value, Vector):
        return value.entries
    if isinstance(value, str | Mapping) or not isinstance(value, Iterable):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise InputError(f"{name}: {value!r} is not a vector")
    return tuple(value)


def inside(value: Value, sort: Sort) -> bool:
    """Whether a value lies in the range of its sort."""
    match sort:
        case RealSort(lower=lower, upper=upper) if lower is not None and upper is not None:
            return lower <= value and value <= upper
        case ObservationSort():
            return all(feature.contains(value[feature.name]) for feature in sort.features)
        case _:
            return True


def points(listed: Sequence[Any], sort: Sort, name: str) -> list[Value]:
    """Listed points of a variable, each in the range of its sort.

    Raises:
        InputError: one is outside, or no value of the sort at all.
    """
    values = [conform(value, sort, name) for value in listed]
    for value in values:
        if not inside(value, sort):
            raise InputError(f"{name}: the point {show(value)} is outside its domain {sort}")
    return values


def show(value: Value) -> str:
    """A value on one line."""
    if isinstance(value, dict):
        parts = cast(dict[str, Value], value)
        return ", ".join(f"{name}={show(part)}" for name, part in parts.items())
    return number_text(value) if isinstance(value, Fraction) else str(value)


def _observation(value: Mapping[str, Any], sort: ObservationSort, name: str) -> dict[str, Value]:
    if not isinstance(value, Mapping):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise InputError(f"{name}: {value!r} is not an observation")
    features = [feature.name for feature in sort.features]
    unknown = sorted(set(value) - set(features))
    missing = [feature for feature in features if feature not in value]
    if unknown or missing:
        problem = f"unknown feature {unknown[0]!r}" if unknown else f"no value for {missing[0]!r}"
        raise InputError(f"{name}: {problem} of {sort}; it has: {', '.join(features)}")
    return {feature: conform(value[feature], REAL, f"{name}.{feature}") for feature in features}
