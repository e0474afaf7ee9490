"""The operator table: one row per operator, with its arity, sort rule, exact meaning and notation.

The engines keep tables under the same keys; a test holds that the keys agree. Binders, variables
and function symbols need an interpretation, so their meaning is in `theory.semantics` and their
`meaning` here is None.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from theory import meaning, notation, rule
from theory.enclosure import largest, smallest
from theory.notation import (
    ACCESS,
    AND,
    IFF,
    IMPLIES,
    NEGATIVE,
    NOT,
    OR,
    PRODUCT,
    SUM,
    Notation,
    bars,
    binder,
    call,
    infix,
    left,
    prefix,
    relation,
    series,
)
from theory.rational import number_text
from theory.sort import BOOL, FunctionSymbol, Sort, is_real
from theory.value import Vector

__all__ = ["OPERATORS", "FunctionSymbol", "Operator", "Vector", "is_real", "number_text"]


@dataclass(frozen=True)
class Operator:
    """One operator of the language.

    Attributes:
        key: its name in every table.
        arity: number of arguments, or None for any number.
        sort: the sort of the result from payload and argument sorts; raises SortError.
        meaning: exact value from payload and argument values; None where an interpretation is
            needed.
        notation: its written form.
    """

    key: str
    arity: int | None
    sort: Callable[[Any, Sequence[Sort]], Sort]
    meaning: Callable[[Any, Sequence[Any]], Any] | None
    notation: Notation


_ROWS = (
    Operator("const", 0, rule.stated, lambda p, v: p[0], notation.CONSTANT),
    Operator("var", 0, rule.stated, None, notation.VARIABLE),
    Operator("add", 2, rule.numbers("+"), lambda p, v: v[0] + v[1], left("+", "+", SUM)),
    Operator("sub", 2, rule.numbers("-"), lambda p, v: v[0] - v[1], left("-", "-", SUM)),
    Operator("mul", 2, rule.numbers("*"), lambda p, v: v[0] * v[1], left("*", r"\cdot", PRODUCT)),
    Operator(
        "neg", 1, rule.numbers("-"), lambda p, v: -v[0], prefix("-", "-", NEGATIVE, NEGATIVE + 1)
    ),
    Operator("abs", 1, rule.numbers("abs"), lambda p, v: abs(v[0]), bars("abs")),
    Operator("max", 2, rule.numbers("max"), lambda p, v: largest(v[0], v[1]), call("max", r"\max")),
    Operator(
        "min", 2, rule.numbers("min"), lambda p, v: smallest(v[0], v[1]), call("min", r"\min")
    ),
    Operator("lt", 2, rule.numbers("<", BOOL), lambda p, v: v[0] < v[1], relation("<", "<")),
    Operator("le", 2, rule.numbers("<=", BOOL), lambda p, v: v[0] <= v[1], relation("<=", r"\leq")),
    Operator("eq", 2, rule.equality, meaning.equal, relation("=", "=")),
    Operator(
        "not", 1, rule.formulas("not"), lambda p, v: not v[0], prefix("not ", r"\neg ", NOT, ACCESS)
    ),
    Operator(
        "and",
        None,
        rule.formulas("and"),
        lambda p, v: all(v),
        series("and", r"\wedge", ("true", r"\top"), AND),
    ),
    Operator(
        "or",
        None,
        rule.formulas("or"),
        lambda p, v: any(v),
        series("or", r"\vee", ("false", r"\bot"), OR),
    ),
    Operator(
        "implies",
        2,
        rule.formulas("implies"),
        lambda p, v: not v[0] or v[1],
        infix("implies", r"\Rightarrow", IMPLIES, IMPLIES + 1, IMPLIES),
    ),
    Operator(
        "iff",
        2,
        rule.formulas("iff"),
        lambda p, v: v[0] == v[1],
        infix("iff", r"\Leftrightarrow", IFF, IMPLIES + 1, IMPLIES + 1),
    ),
    Operator("forall", 1, rule.quantifier, None, binder("forall", r"\forall")),
    Operator("exists", 1, rule.quantifier, None, binder("exists", r"\exists")),
    Operator("feature", 1, rule.feature, lambda p, v: v[0][p], notation.FEATURE),
    Operator(
        "with",
        None,
        rule.replacement,
        lambda p, v: {**v[0], **dict(zip(p, v[1:], strict=True))},
        notation.REPLACEMENT,
    ),
    Operator("apply", None, rule.application, None, notation.APPLICATION),
    Operator("select", 2, rule.selection, lambda p, v: v[0].entry(v[1]), notation.SELECTION),
    Operator("component", 1, rule.component, lambda p, v: v[0].entries[p], notation.COMPONENT),
    Operator("acts", 2, rule.choice, meaning.choice, notation.CHOICE),
    Operator(
        "if", 3, rule.alternative, lambda p, v: v[1] if v[0] else v[2], call("if", r"\mathrm{if}")
    ),
    Operator("record", None, rule.record, meaning.record, notation.RECORD),
    Operator("lookup", 1, rule.numbers("lookup"), meaning.lookup, notation.LOOKUP),
    Operator("always", 2, rule.course, None, notation.course("always", r"\mathbf{G}")),
    Operator("eventually", 2, rule.course, None, notation.course("eventually", r"\mathbf{F}")),
    Operator("next", 2, rule.course, None, notation.course("next", r"\mathbf{X}")),
    Operator("until", 3, rule.course, None, notation.UNTIL),
    Operator("probably", 3, rule.course, None, notation.PROBABLY),
)

OPERATORS: dict[str, Operator] = {row.key: row for row in _ROWS}
