"""Terms and formulas: immutable, sort-checked when built, interned by content.

Two terms with the same content are the same object, so identity is equality and terms live in
sets and dictionaries. Arithmetic and order build terms; `==` compares identity and never builds
(write `eq(a, b)`), and a term has no truth value.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

from theory.error import SortError
from theory.operator import OPERATORS, is_real
from theory.sort import BOOL, REAL, EnumSort, ObservationSort, RealSort, Sort, VectorSort, exact

if TYPE_CHECKING:
    from theory.property import Property


class Term:
    """One node of a term.

    Attributes:
        operator: key of its row in the operator table.
        arguments: the subterms.
        payload: what is not a term: a constant's value, a variable's name and sort, a function symbol.
        sort: what it stands for.
    """

    __slots__ = ("__weakref__", "arguments", "operator", "payload", "sort")

    operator: str
    arguments: tuple[Term, ...]
    payload: Any
    sort: Sort

    def __bool__(self) -> bool:
        raise SortError(
            f"the term '{self}' has no truth value: join formulas with and_, or_, not_ and implies, "
            "write eq(a, b) for equality, and split a < b < c into two comparisons"
        )

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("terms are immutable")

    def __reduce__(self) -> tuple[Any, ...]:
        return (build, (self.operator, self.arguments, self.payload))

    def __add__(self, other: Any) -> Term:
        return build("add", (self, number(other)))

    def __radd__(self, other: Any) -> Term:
        return build("add", (number(other), self))

    def __sub__(self, other: Any) -> Term:
        return build("sub", (self, number(other)))

    def __rsub__(self, other: Any) -> Term:
        return build("sub", (number(other), self))

    def __mul__(self, other: Any) -> Term:
        return build("mul", (self, number(other)))

    def __rmul__(self, other: Any) -> Term:
        return build("mul", (number(other), self))

    def __truediv__(self, other: int | float | Fraction) -> Term:
        divisor = exact(other, "divisor")
        if divisor == 0:
            raise SortError(f"'{self}' is divided by zero")
        return build("mul", (self, number(1 / divisor)))

    def __neg__(self) -> Term:
        return build("neg", (self,))

    def __abs__(self) -> Term:
        return build("abs", (self,))

    def __lt__(self, other: Any) -> Term:
        return build("lt", (self, number(other)))

    def __le__(self, other: Any) -> Term:
        return build("le", (self, number(other)))

    def __gt__(self, other: Any) -> Term:
        return build("lt", (number(other), self))

    def __ge__(self, other: Any) -> Term:
        return build("le", (number(other), self))

    def __getitem__(self, key: str | int | Term) -> Term:
        """A feature of an observation by name, or a component of a vector by name or index."""
        if isinstance(self.sort, ObservationSort) and isinstance(key, str):
            return build("feature", (self,), key)
        if isinstance(self.sort, VectorSort) and isinstance(key, int):
            return build("component", (self,), key)
        if (
            isinstance(self.sort, VectorSort)
            and self.sort.index is not None
            and not isinstance(key, int)
        ):
            return build("select", (self, member(self.sort.index, key)))
        raise SortError(f"'{self}' of sort {self.sort} has no component {key!r}")

    def with_(self, **changes: Any) -> Term:
        """The observation with some features replaced; other features stay as they are."""
        names = tuple(changes)
        return build("with", (self, *(number(changes[n]) for n in names)), names)

    def named(self, name: str, claim: str = "") -> Property:
        """A property of the user's own with this closed formula; `claim` is its plain sentence."""
        from theory.property import Property

        return Property(name=name, formula=self, claim=claim or name)

    def __str__(self) -> str:
        from theory.printer import text

        return text(self)

    def __repr__(self) -> str:
        return f"<{self.sort}: {self}>"


_interned: WeakValueDictionary[tuple[Any, ...], Term] = WeakValueDictionary()


def build(operator: str, arguments: Sequence[Term] = (), payload: Any = None) -> Term:
    """The term with this operator, arguments and payload.

    Raises:
        SortError: the arguments are not of the sorts that the operator takes.
    """
    row = OPERATORS[operator]
    given = tuple(arguments)
    key = (operator, given, payload)
    known = _interned.get(key)
    if known is not None:
        return known
    if row.arity is not None and len(given) != row.arity:
        raise SortError(f"{operator} takes {row.arity} arguments, got {len(given)}")
    term = object.__new__(Term)
    for slot, value in (
        ("operator", operator),
        ("arguments", given),
        ("payload", payload),
        ("sort", row.sort(payload, [a.sort for a in given])),
    ):
        object.__setattr__(term, slot, value)
    _interned[key] = term
    return term


def number(value: Any) -> Term:
    """A real term from a number; terms pass through. Floats count by their exact binary value."""
    if isinstance(value, Term):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float | Fraction):
        raise SortError(f"{value!r} is neither a term nor a number")
    return build("const", (), (exact(value), REAL))


def truth(value: bool) -> Term:
    """The formula that is always true, or always false."""
    return build("const", (), (value, BOOL))


def member(sort: EnumSort, name: str | Term) -> Term:
    """A member of an enumeration by name; terms of that sort pass through."""
    if isinstance(name, Term):
        return name
    if name not in sort.members:
        raise SortError(f"unknown {sort.name} {name!r}; it is one of: {', '.join(sort.members)}")
    return build("const", (), (name, sort))


def variable(name: str, sort: Sort) -> Term:
    """A variable."""
    return build("var", (), (name, sort))


def real(name: str, lower: Any, upper: Any) -> Term:
    """A real variable that ranges over [lower, upper] where it is quantified."""
    low, high = exact(lower, name), exact(upper, name)
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


def not_(formula: Term) -> Term:
    """Negation."""
    return build("not", (formula,))


def and_(*formulas: Term) -> Term:
    """Conjunction; of none it is true."""
    return formulas[0] if len(formulas) == 1 else build("and", formulas)


def or_(*formulas: Term) -> Term:
    """Disjunction; of none it is false."""
    return formulas[0] if len(formulas) == 1 else build("or", formulas)


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


def maximum(a: Any, b: Any) -> Term:
    """The larger of two numbers."""
    return build("max", (number(a), number(b)))


def minimum(a: Any, b: Any) -> Term:
    """The smaller of two numbers."""
    return build("min", (number(a), number(b)))


def _quantify(operator: str, terms: Sequence[Term]) -> Term:
    if len(terms) < 2:
        raise SortError(f"{operator} takes one or more variables and then a formula")
    *bound, body = terms
    for term in bound:
        if term.operator != "var":
            raise SortError(f"{operator} binds variables, got '{term}'")
        sort = term.sort
        if isinstance(sort, RealSort) and sort.lower is None:
            raise SortError(
                f"{operator}: variable {term} has no range; make it with real(name, lower, upper)"
            )
        if not isinstance(sort, RealSort | EnumSort | ObservationSort):
            raise SortError(f"{operator}: cannot quantify over {sort}")
    names = [term.payload[0] for term in bound]
    if len(set(names)) != len(names):
        raise SortError(f"{operator} binds a name twice: {', '.join(names)}")
    return build(operator, (body,), tuple(term.payload for term in bound))
