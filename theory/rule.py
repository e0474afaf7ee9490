"""Sort rules: the sort of a term from its operator's payload and the sorts of its arguments.

Every rule raises SortError, on one line, where the arguments are not what the operator takes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from theory.error import SortError
from theory.sort import (
    BOOL,
    REAL,
    BoolSort,
    EnumSort,
    FunctionSymbol,
    ObservationSort,
    Sort,
    VectorSort,
    is_real,
)

Rule = Callable[[Any, Sequence[Sort]], Sort]


def numbers(key: str, result: Sort = REAL) -> Rule:
    """Real numbers to `result`."""

    def rule(payload: Any, sorts: Sequence[Sort]) -> Sort:
        for sort in sorts:
            _expect(is_real(sort), f"{key} takes real numbers, got {sort}")
        return result

    return rule


def formulas(key: str) -> Rule:
    """Formulas to a formula."""

    def rule(payload: Any, sorts: Sequence[Sort]) -> Sort:
        for sort in sorts:
            _expect(isinstance(sort, BoolSort), f"{key} takes formulas, got {sort}")
        return BOOL

    return rule


def stated(payload: tuple[Any, Sort], sorts: Sequence[Sort]) -> Sort:
    """The sort that a constant or a variable carries along."""
    return payload[1]


def equality(payload: Any, sorts: Sequence[Sort]) -> Sort:
    """Two numbers, or two terms of one sort other than observations."""
    left, right = sorts
    if is_real(left) and is_real(right):
        return BOOL
    _expect(left == right, f"eq takes two terms of one sort, got {left} and {right}")
    _expect(
        isinstance(left, EnumSort | BoolSort | VectorSort),
        f"eq compares numbers, names, truth values and vectors, not {left}",
    )
    return BOOL


def quantifier(payload: Any, sorts: Sequence[Sort]) -> Sort:
    """A formula under a binder."""
    _expect(isinstance(sorts[0], BoolSort), f"a quantifier binds a formula, got {sorts[0]}")
    return BOOL


def feature(payload: str, sorts: Sequence[Sort]) -> Sort:
    """A named component of an observation."""
    _observation("only observations have features", sorts).position(payload)
    return REAL


def replacement(payload: tuple[str, ...], sorts: Sequence[Sort]) -> Sort:
    """An observation, and a number for each of the features in the payload."""
    sort = _observation("with_ changes observations", sorts)
    values = sorts[1:]
    _expect(
        len(payload) == len(values) and len(set(payload)) == len(payload),
        f"with_ takes one value for each feature, got {len(values)} for {', '.join(payload)}",
    )
    for name, value in zip(payload, values, strict=True):
        sort.position(name)
        _expect(is_real(value), f"with_: feature {name!r} takes a number, got {value}")
    return sort


def application(payload: FunctionSymbol, sorts: Sequence[Sort]) -> Sort:
    """A function symbol and arguments of its domain."""
    fits = len(sorts) == len(payload.domain) and all(
        given == wanted or (is_real(given) and is_real(wanted))
        for given, wanted in zip(sorts, payload.domain, strict=True)
    )
    if not fits:
        wanted, given = (", ".join(map(str, part)) for part in (payload.domain, sorts))
        alike = " with other features" if wanted == given else ""
        raise SortError(f"{payload.name} takes ({wanted}), got ({given}){alike}")
    return payload.codomain


def selection(payload: Any, sorts: Sequence[Sort]) -> Sort:
    """A vector whose components bear names, and one of the names."""
    vector, index = sorts
    if not isinstance(vector, VectorSort):
        raise SortError(f"only vectors have components, got {vector}")
    _expect(
        vector.index is not None and vector.index == index,
        f"the components of this {vector} are not named by {index}",
    )
    return REAL


def component(payload: int, sorts: Sequence[Sort]) -> Sort:
    """A component of a vector by its position, from 0."""
    vector = sorts[0]
    if not isinstance(vector, VectorSort):
        raise SortError(f"only vectors have components, got {vector}")
    _expect(0 <= payload < vector.size, f"component {payload} of a vector of size {vector.size}")
    return REAL


def choice(payload: str, sorts: Sequence[Sort]) -> Sort:
    """Named scores and one of the names; the payload says how ties count."""
    selection(payload, sorts)
    _expect(payload in ("strict", "first", "any"), f"acts knows no ties {payload!r}")
    return BOOL


def alternative(payload: Any, sorts: Sequence[Sort]) -> Sort:
    """A formula, and a number for where it is true and for where it is not."""
    condition, *values = sorts
    _expect(isinstance(condition, BoolSort), f"if takes a formula first, got {condition}")
    for value in values:
        _expect(is_real(value), f"if gives real numbers, got {value}")
    return REAL


def record(payload: ObservationSort, sorts: Sequence[Sort]) -> Sort:
    """A number for every feature."""
    _expect(
        len(sorts) == len(payload.features),
        f"a record of {payload} has {len(payload.features)} features, got {len(sorts)}",
    )
    for feature, value in zip(payload.features, sorts, strict=True):
        _expect(is_real(value), f"record: feature {feature.name!r} takes a number, got {value}")
    return payload


def course(payload: Any, sorts: Sequence[Sort]) -> Sort:
    """A state of the payload's world, and formulas over the states that follow."""
    start, *formulas_ = sorts
    _expect(
        start == payload.world.state_sort,
        f"a trajectory of {payload.world.name} starts at one of its states, got {start}",
    )
    for sort in formulas_:
        _expect(isinstance(sort, BoolSort), f"a trajectory takes formulas, got {sort}")
    return BOOL


def _observation(message: str, sorts: Sequence[Sort]) -> ObservationSort:
    sort = sorts[0] if sorts else None
    if not isinstance(sort, ObservationSort):
        raise SortError(f"{message}, got {sort}")
    return sort


def _expect(condition: bool, message: str) -> None:
    if not condition:
        raise SortError(message)
