"""How terms and formulas are written: constants, variables, connectives, quantifiers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from theory.error import SortError
from theory.node import Term, brief, build, member, number, variable
from theory.rational import Exact, exact
from theory.scope import free
from theory.sort import BOOL, BoolSort, EnumSort, ObservationSort, RealSort, check_name

__all__ = [
    "Term",
    "and_",
    "brief",
    "build",
    "eq",
    "exists",
    "forall",
    "iff",
    "implies",
    "maximum",
    "member",
    "minimum",
    "not_",
    "number",
    "or_",
    "real",
    "truth",
    "variable",
]


def truth(value: bool) -> Term:
    """The formula that is always true, or always false."""
    return build("const", (), (bool(value), BOOL))


def real(name: str, lower: Exact, upper: Exact) -> Term:
    """A real variable that ranges over [lower, upper] where it is quantified.

    Raises:
        InputError: an end is not a finite number, or they are reversed.
    """
    check_name(name)
    low, high = exact(lower, f"variable {name!r}"), exact(upper, f"variable {name!r}")
    if low > high:
        raise SortError(f"variable {name!r}: lower {lower} is above upper {upper}")
    return variable(name, RealSort(low, high))


def eq(a: Any, b: Any) -> Term:
    """Equality of two numbers, names, truth values or vectors."""
    if isinstance(a, Term) and isinstance(a.sort, EnumSort):
        return build("eq", (a, member(a.sort, b)))
    if isinstance(b, Term) and isinstance(b.sort, EnumSort):
        return build("eq", (member(b.sort, a), b))
    return build("eq", (number(a), number(b)))


def maximum(a: Any, b: Any) -> Term:
    """The larger of two numbers."""
    return build("max", (number(a), number(b)))


def minimum(a: Any, b: Any) -> Term:
    """The smaller of two numbers."""
    return build("min", (number(a), number(b)))


def not_(formula: Term) -> Term:
    """Negation."""
    return build("not", (formula,))


def and_(*formulas: Term) -> Term:
    """Conjunction; of none it is true."""
    return _join("and", formulas)


def or_(*formulas: Term) -> Term:
    """Disjunction; of none it is false."""
    return _join("or", formulas)


def implies(antecedent: Term, consequent: Term) -> Term:
    """If antecedent then consequent."""
    return build("implies", (antecedent, consequent))


def iff(a: Term, b: Term) -> Term:
    """Both or neither."""
    return build("iff", (a, b))


def forall(*terms: Term) -> Term:
    """`forall(x, y, formula)`: the formula for every value of the variables."""
    return _quantify("forall", terms)


def exists(*terms: Term) -> Term:
    """`exists(x, y, formula)`: the formula for some value of the variables."""
    return _quantify("exists", terms)


def _join(operator: str, formulas: Sequence[Term]) -> Term:
    joined = build(operator, formulas)  # checks the sorts, of a single formula too
    return formulas[0] if len(formulas) == 1 else joined


def _quantify(operator: str, terms: Sequence[Term]) -> Term:
    if len(terms) < 2:
        raise SortError(f"{operator} takes one or more variables and then a formula")
    *bound, body = terms
    for term in terms:
        if not isinstance(term, Term):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise SortError(f"{operator} takes variables and then a formula, got {term!r}")
    if not isinstance(body.sort, BoolSort):
        raise SortError(f"{operator} takes a formula last, got '{brief(body)}' of sort {body.sort}")
    for term in bound:
        if term.operator != "var":
            raise SortError(f"{operator} binds variables, got '{brief(term)}'")
        if term.sort == RealSort():
            raise SortError(
                f"{operator}: variable {term} has no range; make it with real(name, lower, upper)"
            )
        if not isinstance(term.sort, RealSort | EnumSort | ObservationSort):
            raise SortError(f"{operator}: cannot quantify over {term.sort}")
    by_name = {term.payload[0]: term for term in bound}
    if len(by_name) != len(bound):
        raise SortError(f"{operator} binds a name twice: {', '.join(map(str, bound))}")
    for used in free(body):
        binder = by_name.get(used.payload[0], used)
        if binder is not used:
            raise SortError(
                f"{operator} binds {used} in {binder.sort}, but its formula uses another {used}, "
                f"in {used.sort}"
            )
    return build(operator, (body,), tuple(term.payload for term in bound))
