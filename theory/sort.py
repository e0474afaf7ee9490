"""The sorts of the language: what a term can stand for.

A sort is a value: two sorts with the same content are equal. Observations are records of named
real features, each with a range or a finite set of values, so that quantifying over an
observation ranges over a box.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from theory.error import InputError
from theory.rational import Exact, exact, number_text


@dataclass(frozen=True)
class Sort:
    """Base of the sorts."""


@dataclass(frozen=True)
class RealSort(Sort):
    """Real numbers; a bound variable of this sort carries the interval it ranges over."""

    lower: Fraction | None = None
    upper: Fraction | None = None

    def __str__(self) -> str:
        if self.lower is None or self.upper is None:
            return "Real"
        return f"[{number_text(self.lower)}, {number_text(self.upper)}]"


@dataclass(frozen=True)
class BoolSort(Sort):
    """Truth values."""

    def __str__(self) -> str:
        return "Bool"


@dataclass(frozen=True)
class EnumSort(Sort):
    """A finite set of names, such as the actions of an agent."""

    name: str
    members: tuple[str, ...]

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class VectorSort(Sort):
    """`size` reals; `index` names the components where they belong to an enumeration."""

    size: int
    index: EnumSort | None = None

    def __str__(self) -> str:
        return f"Real^{self.size}"


@dataclass(frozen=True, init=False)
class Feature:
    """One named component of an observation.

    Args:
        name: how formulas call it.
        lower: the lower end of its range, in the units in which the network takes it.
        upper: the upper end.
        flag: true for a feature whose values are 0 and 1.
        values: a finite set of values instead of a range.
        unit: shown in reports.

    Raises:
        InputError: the name is empty, a number is not finite, or the range is reversed or missing.
    """

    name: str
    lower: Fraction
    upper: Fraction
    values: tuple[Fraction, ...] | None
    unit: str = field(default="")

    def __init__(
        self,
        name: str,
        lower: Exact | None = None,
        upper: Exact | None = None,
        *,
        flag: bool = False,
        values: Sequence[Exact] | None = None,
        unit: str = "",
    ) -> None:
        check_name(name)
        if flag and (lower is not None or upper is not None or values is not None):
            raise InputError(f"feature {name!r}: a flag has the values 0 and 1 and takes no range")
        if flag:
            values = (0, 1)
        if values is not None:
            if lower is not None or upper is not None:
                raise InputError(f"feature {name!r}: give a range or a set of values, not both")
            finite = tuple(sorted({exact(v, f"feature {name!r}") for v in values}))
            if not finite:
                raise InputError(f"feature {name!r}: the set of values is empty")
            low, high = finite[0], finite[-1]
        else:
            if lower is None or upper is None:
                raise InputError(f"feature {name!r}: needs lower and upper, flag=True, or values")
            finite = None
            low, high = exact(lower, f"feature {name!r}"), exact(upper, f"feature {name!r}")
            if low > high:
                raise InputError(f"feature {name!r}: lower {lower} is above upper {upper}")
        fields = {"name": name, "lower": low, "upper": high, "values": finite, "unit": unit}
        for key, value in fields.items():
            object.__setattr__(self, key, value)

    @property
    def is_flag(self) -> bool:
        """Whether the values are exactly 0 and 1."""
        return self.values == (Fraction(0), Fraction(1))

    def contains(self, value: Fraction) -> bool:
        """Whether a value lies in the range, or among the values."""
        if self.values is not None:
            return value in self.values
        return self.lower <= value <= self.upper


@dataclass(frozen=True)
class ObservationSort(Sort):
    """A box of named features, in the order in which the network takes them."""

    name: str
    features: tuple[Feature, ...]

    def position(self, name: str) -> int:
        """Index of a feature by name.

        Raises:
            InputError: no such feature.
        """
        for index, feature in enumerate(self.features):
            if feature.name == name:
                return index
        names = ", ".join(f.name for f in self.features)
        raise InputError(f"unknown feature {name!r} of {self.name}; it has: {names}")

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class FunctionSymbol:
    """A function that a structure interprets, such as `score` or `predict`."""

    name: str
    domain: tuple[Sort, ...]
    codomain: Sort


REAL = RealSort()
BOOL = BoolSort()


def is_real(sort: Sort) -> bool:
    """Whether terms of this sort are real numbers."""
    return isinstance(sort, RealSort)


def check_name(name: str) -> None:
    """Refuse what cannot be shown on one line as a name.

    Raises:
        InputError: not text, empty, or with characters that do not print.
    """
    # The annotation binds nobody: names come from spec files.
    if not isinstance(name, str) or not name.strip() or not name.isprintable():  # pyright: ignore[reportUnnecessaryIsInstance]
        raise InputError(
            f"the name of a feature, action or variable is printable text, not {name!r}"
        )


def check_names(kind: str, names: Iterable[str]) -> None:
    """Refuse a list of names that is empty or names something twice.

    Raises:
        InputError: so it is, or one of the names is no name.
    """
    seen: set[str] = set()
    for name in names:
        check_name(name)
        if name in seen:
            raise InputError(f"the {kind} {name!r} is given twice")
        seen.add(name)
    if not seen:
        raise InputError(f"at least one {kind} is needed")
