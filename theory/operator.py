"""The operator table: one row per operator, with its arity, sort rule, exact meaning and printers.

The engines keep tables under the same keys; a test holds that the keys agree. Binders, variables
and function symbols need an interpretation, so their meaning is in `theory.semantics` and their
`meaning` here is None.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from theory.enclosure import largest, same, smallest
from theory.error import SortError
from theory.sort import BOOL, REAL, BoolSort, EnumSort, ObservationSort, RealSort, Sort, VectorSort

Printer = Callable[[Any, Sequence[str]], str]


@dataclass(frozen=True)
class FunctionSymbol:
    """A function that a structure interprets, such as `score` or `predict`."""

    name: str
    domain: tuple[Sort, ...]
    codomain: Sort


@dataclass(frozen=True)
class Operator:
    """One operator of the language.

    Attributes:
        key: its name in every table.
        arity: number of arguments, or None for any number.
        sort: the sort of the result from payload and argument sorts; raises SortError.
        meaning: exact value from payload and argument values; None where an interpretation is needed.
        text, latex: printed form from payload and printed arguments.
        precedence: binding strength; an argument that binds weaker is put in parentheses.
    """

    key: str
    arity: int | None
    sort: Callable[[Any, Sequence[Sort]], Sort]
    meaning: Callable[[Any, Sequence[Any]], Any] | None
    text: Printer
    latex: Printer
    precedence: int = 100


def is_real(sort: Sort) -> bool:
    """Whether terms of this sort are real numbers."""
    return isinstance(sort, RealSort)


def _expect(condition: bool, message: str) -> None:
    if not condition:
        raise SortError(message)


def _reals_to(result: Sort, key: str) -> Callable[[Any, Sequence[Sort]], Sort]:
    def rule(payload: Any, sorts: Sequence[Sort]) -> Sort:
        for sort in sorts:
            _expect(is_real(sort), f"{key} takes real numbers, got {sort}")
        return result

    return rule


def _bools(key: str) -> Callable[[Any, Sequence[Sort]], Sort]:
    def rule(payload: Any, sorts: Sequence[Sort]) -> Sort:
        for sort in sorts:
            _expect(isinstance(sort, BoolSort), f"{key} takes formulas, got {sort}")
        return BOOL

    return rule


def _payload_sort(payload: Any, sorts: Sequence[Sort]) -> Sort:
    return payload[1]


def _same_sorts(payload: Any, sorts: Sequence[Sort]) -> Sort:
    left, right = sorts
    both_real = is_real(left) and is_real(right)
    _expect(both_real or left == right, f"eq takes two terms of one sort, got {left} and {right}")
    _expect(
        both_real or isinstance(left, EnumSort | BoolSort | VectorSort),
        f"eq compares numbers, names, truth values and vectors, not {left}",
    )
    return BOOL


def _quantifier(payload: Any, sorts: Sequence[Sort]) -> Sort:
    _expect(isinstance(sorts[0], BoolSort), f"a quantifier binds a formula, got {sorts[0]}")
    return BOOL


def _feature(payload: str, sorts: Sequence[Sort]) -> Sort:
    sort = sorts[0]
    if not isinstance(sort, ObservationSort):
        raise SortError(f"only observations have features, got {sort}")
    sort.position(payload)
    return REAL


def _with(payload: tuple[str, ...], sorts: Sequence[Sort]) -> Sort:
    sort = sorts[0]
    if not isinstance(sort, ObservationSort):
        raise SortError(f"with_ changes observations, got {sort}")
    for name, value in zip(payload, sorts[1:], strict=True):
        sort.position(name)
        _expect(is_real(value), f"with_: feature {name!r} takes a number, got {value}")
    return sort


def _apply(payload: FunctionSymbol, sorts: Sequence[Sort]) -> Sort:
    _expect(
        tuple(sorts) == payload.domain,
        f"{payload.name} takes ({', '.join(map(str, payload.domain))}), got ({', '.join(map(str, sorts))})",
    )
    return payload.codomain


def _select(payload: Any, sorts: Sequence[Sort]) -> Sort:
    vector, index = sorts
    _expect(isinstance(vector, VectorSort), f"select takes a vector, got {vector}")
    _expect(
        isinstance(vector, VectorSort) and vector.index == index,
        f"the components of this vector are not named by {index}",
    )
    return REAL


def _component(payload: int, sorts: Sequence[Sort]) -> Sort:
    vector = sorts[0]
    if not isinstance(vector, VectorSort):
        raise SortError(f"component takes a vector, got {vector}")
    _expect(0 <= payload < vector.size, f"component {payload} of a vector of size {vector.size}")
    return REAL


def _acts(payload: str, sorts: Sequence[Sort]) -> Sort:
    _select(payload, sorts)
    return BOOL


def _acts_meaning(ties: str, values: Sequence[Any]) -> bool:
    (scores, index), chosen = values[0], values[1]
    at = index.members.index(chosen)
    best = scores[at]
    for other, score in enumerate(scores):
        if other == at:
            continue
        beats = best >= score if ties == "any" or (ties == "first" and at < other) else best > score
        if not beats:
            return False
    return True


def _equal(payload: Any, values: Sequence[Any]) -> bool:
    left, right = values
    if isinstance(left, Vector):
        return all(same(a, b) for a, b in zip(left.entries, right.entries, strict=True))
    return left == right if isinstance(left, str | bool) else same(left, right)


@dataclass(frozen=True)
class Vector:
    """The value of a vector term: its entries and the enumeration that names them."""

    entries: tuple[Any, ...]
    index: EnumSort | None = None

    def __iter__(self) -> Any:
        return iter((self.entries, self.index))


def number_text(value: Fraction) -> str:
    """A rational as people write it: the shortest decimal where a float prints it exactly."""
    if value.denominator == 1:
        return str(value.numerator)
    if Fraction(float(value)) == value or Fraction(repr(float(value))) == value:
        return repr(float(value))
    return f"{value.numerator}/{value.denominator}"


def _const_text(payload: Any, args: Sequence[str]) -> str:
    value = payload[0]
    return (
        number_text(value)
        if isinstance(value, Fraction)
        else str(value).lower()
        if isinstance(value, bool)
        else value
    )


def _const_latex(payload: Any, args: Sequence[str]) -> str:
    value = payload[0]
    if isinstance(value, Fraction):
        return number_text(value)
    return rf"\mathtt{{{_escape(str(value))}}}"


def _escape(name: str) -> str:
    return name.replace("_", r"\_")


def _name(name: str) -> str:
    return rf"\mathit{{{_escape(name)}}}" if len(name) > 1 else name


def _infix(symbol: str) -> Printer:
    return lambda payload, args: f" {symbol} ".join(args)


def _call(name: str) -> Printer:
    return lambda payload, args: f"{name}({', '.join(args)})"


def _binder(symbol: str, separator: str) -> Printer:
    def printer(payload: Any, args: Sequence[str]) -> str:
        return f"{symbol} {', '.join(name for name, _ in payload)}{separator} {args[0]}"

    return printer


def _binder_latex(symbol: str) -> Printer:
    def printer(payload: Any, args: Sequence[str]) -> str:
        return rf"{symbol} {', '.join(_name(name) for name, _ in payload)}.\; {args[0]}"

    return printer


def _with_text(payload: tuple[str, ...], args: Sequence[str]) -> str:
    changes = ", ".join(f"{name}: {value}" for name, value in zip(payload, args[1:], strict=True))
    return f"{args[0]}[{changes}]"


def _with_latex(payload: tuple[str, ...], args: Sequence[str]) -> str:
    changes = ", ".join(
        rf"{_name(name)} \mapsto {value}" for name, value in zip(payload, args[1:], strict=True)
    )
    return rf"{args[0]}[{changes}]"


def _truth(function: Callable[[Sequence[bool]], bool]) -> Callable[[Any, Sequence[Any]], Any]:
    return lambda payload, values: function(values)


def _numeric(function: Callable[[Sequence[Any]], Any]) -> Callable[[Any, Sequence[Any]], Any]:
    return lambda payload, values: function(values)


_ROWS = (
    Operator("const", 0, _payload_sort, lambda p, v: p[0], _const_text, _const_latex),
    Operator("var", 0, _payload_sort, None, lambda p, a: p[0], lambda p, a: _name(p[0])),
    Operator(
        "add",
        2,
        _reals_to(REAL, "+"),
        _numeric(lambda v: v[0] + v[1]),
        _infix("+"),
        _infix("+"),
        60,
    ),
    Operator(
        "sub",
        2,
        _reals_to(REAL, "-"),
        _numeric(lambda v: v[0] - v[1]),
        _infix("-"),
        _infix("-"),
        61,
    ),
    Operator(
        "mul",
        2,
        _reals_to(REAL, "*"),
        _numeric(lambda v: v[0] * v[1]),
        _infix("*"),
        _infix(r"\cdot"),
        70,
    ),
    Operator(
        "neg",
        1,
        _reals_to(REAL, "-"),
        _numeric(lambda v: -v[0]),
        lambda p, a: f"-{a[0]}",
        lambda p, a: f"-{a[0]}",
        80,
    ),
    Operator(
        "abs",
        1,
        _reals_to(REAL, "abs"),
        _numeric(lambda v: abs(v[0])),
        _call("abs"),
        lambda p, a: rf"\left|{a[0]}\right|",
    ),
    Operator(
        "max",
        2,
        _reals_to(REAL, "max"),
        _numeric(lambda v: largest(v[0], v[1])),
        _call("max"),
        _call(r"\max"),
    ),
    Operator(
        "min",
        2,
        _reals_to(REAL, "min"),
        _numeric(lambda v: smallest(v[0], v[1])),
        _call("min"),
        _call(r"\min"),
    ),
    Operator(
        "lt", 2, _reals_to(BOOL, "<"), _numeric(lambda v: v[0] < v[1]), _infix("<"), _infix("<"), 50
    ),
    Operator(
        "le",
        2,
        _reals_to(BOOL, "<="),
        _numeric(lambda v: v[0] <= v[1]),
        _infix("<="),
        _infix(r"\le"),
        50,
    ),
    Operator("eq", 2, _same_sorts, _equal, _infix("="), _infix("="), 50),
    Operator(
        "not",
        1,
        _bools("not"),
        _truth(lambda v: not v[0]),
        lambda p, a: f"not {a[0]}",
        lambda p, a: rf"\lnot {a[0]}",
        45,
    ),
    Operator("and", None, _bools("and"), _truth(all), _infix("and"), _infix(r"\land"), 40),
    Operator("or", None, _bools("or"), _truth(any), _infix("or"), _infix(r"\lor"), 35),
    Operator(
        "implies",
        2,
        _bools("implies"),
        _truth(lambda v: not v[0] or v[1]),
        _infix("implies"),
        _infix(r"\Rightarrow"),
        30,
    ),
    Operator(
        "iff",
        2,
        _bools("iff"),
        _truth(lambda v: v[0] == v[1]),
        _infix("iff"),
        _infix(r"\Leftrightarrow"),
        29,
    ),
    Operator("forall", 1, _quantifier, None, _binder("forall", ":"), _binder_latex(r"\forall"), 10),
    Operator("exists", 1, _quantifier, None, _binder("exists", ":"), _binder_latex(r"\exists"), 10),
    Operator(
        "feature",
        1,
        _feature,
        lambda p, v: v[0][p],
        lambda p, a: f"{a[0]}.{p}",
        lambda p, a: rf"{a[0]}.{_name(p)}",
        90,
    ),
    Operator(
        "with",
        None,
        _with,
        lambda p, v: {**v[0], **dict(zip(p, v[1:], strict=True))},
        _with_text,
        _with_latex,
        90,
    ),
    Operator(
        "apply",
        None,
        _apply,
        None,
        lambda p, a: f"{p.name}({', '.join(a)})",
        lambda p, a: rf"{_name(p.name)}({', '.join(a)})",
    ),
    Operator(
        "select",
        2,
        _select,
        lambda p, v: v[0].entries[v[0].index.members.index(v[1])],
        lambda p, a: f"{a[0]}[{a[1]}]",
        lambda p, a: rf"{a[0]}_{{{a[1]}}}",
        90,
    ),
    Operator(
        "component",
        1,
        _component,
        lambda p, v: v[0].entries[p],
        lambda p, a: f"{a[0]}[{p}]",
        lambda p, a: rf"{a[0]}_{{{p}}}",
        90,
    ),
    Operator(
        "acts",
        2,
        _acts,
        _acts_meaning,
        _call("acts"),
        lambda p, a: rf"\mathrm{{acts}}({', '.join(a)})",
    ),
)

OPERATORS: dict[str, Operator] = {row.key: row for row in _ROWS}
