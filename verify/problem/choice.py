"""Choices for quantified variables that range over a continuum.

Where a quantifier works against a search ("for every y ..."), no finite set of values stands for
all of them. But fewer conditions are easier to meet: a goal that cannot be reached although only
some values of y count cannot be reached when all do. So any choices are sound for a proof, and
what is reached under them is a candidate only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, cast

from theory.error import InputError
from theory.sort import ObservationSort, RealSort, Sort
from verify.problem.affine import Affine, constant, float32_holds

Place = tuple[str, str]
"""A variable by name, and its feature; "" for a variable that is itself a number."""


@dataclass(frozen=True)
class Line:
    """constant + sum of coefficient * value, over the values of variables further out."""

    constant: Fraction
    terms: tuple[tuple[Place, Fraction], ...] = ()


@dataclass(frozen=True)
class Choice:
    """A value for a variable, feature by feature, each cut to its range where it is no constant."""

    parts: tuple[tuple[str, Line], ...]

    @property
    def is_float32(self) -> bool:
        """Whether all its values are float32 numbers, which is what a deployed network is given."""
        return all(not line.terms and float32_holds(line.constant) for _, line in self.parts)


Choices = Mapping[str, Sequence[Choice]]
"""Choices by the variable's name."""


def constant_choice(values: Mapping[str, Fraction]) -> Choice:
    """The same value always; a number has the single key ""."""
    return Choice(tuple((name, Line(value)) for name, value in values.items()))


def chosen(
    choice: Choice,
    name: str,
    sort: Sort,
    environment: Mapping[str, Any],
    clamped: Callable[[Affine, Fraction, Fraction], Affine],
) -> Any:
    """A choice for a variable as the compiler holds values, never outside the variable's domain.

    Args:
        choice: the choice.
        name, sort: of the variable.
        environment: values of the variables further out.
        clamped: cuts an expression to a range.

    Raises:
        InputError: the choice is none of the variable's values.
    """
    features = sort.features if isinstance(sort, ObservationSort) else ()
    ranges = {f.name: (f.lower, f.upper, f.values) for f in features}
    if isinstance(sort, RealSort) and sort.lower is not None and sort.upper is not None:
        ranges[""] = (sort.lower, sort.upper, None)
    parts = dict(choice.parts)
    if set(parts) != set(ranges) or len(parts) != len(choice.parts):
        raise InputError(f"a choice for `{name}` does not have its parts")
    made: dict[str, Affine] = {}
    for part, line in parts.items():
        low, high, values = ranges[part]
        value = _value(line, environment)
        if not value.is_constant and values is None:
            made[part] = clamped(value, low, high)
        elif not low <= value.constant <= high or not value.is_constant:
            raise InputError(f"a choice for `{name}` is not always in its domain")
        elif values is not None and value.constant not in values:
            raise InputError(f"a choice for `{name}` is not in its domain: {value.constant}")
        else:
            made[part] = value
    return made if features else made[""]


def _value(line: Line, environment: Mapping[str, Any]) -> Affine:
    total = constant(line.constant)
    for (owner, component), factor in line.terms:
        value = environment.get(owner)
        if isinstance(value, Mapping):
            value = cast("Mapping[str, Affine]", value).get(component)
        if not isinstance(value, Affine):
            raise InputError(f"a choice speaks of `{owner}`, which is not known there")
        total = total + value.scaled(factor)
    return total
