"""What a term is: immutable, sort-checked when built, and the same object for the same content.

Identity is equality, so terms live in sets and dictionaries. Arithmetic and order build terms;
`==` compares identity and never builds (write `eq(a, b)`), and a term has no truth value.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from threading import Lock
from typing import TYPE_CHECKING, Any, NoReturn
from weakref import WeakValueDictionary

from theory.error import InputError, SortError
from theory.fold import fold
from theory.operator import OPERATORS
from theory.rational import exact
from theory.sort import REAL, EnumSort, ObservationSort, Sort, VectorSort

if TYPE_CHECKING:
    from theory.property import Property


class Term:
    """One node of a term.

    Attributes:
        operator: key of its row in the operator table.
        arguments: the subterms.
        payload: what is not a term: a constant's value, a variable's name and sort, a function
            symbol.
        sort: what it stands for.
    """

    __slots__ = ("__weakref__", "arguments", "operator", "payload", "sort")

    operator: str
    arguments: tuple[Term, ...]
    payload: Any
    sort: Sort

    def __bool__(self) -> bool:
        raise SortError(
            f"the term '{brief(self)}' has no truth value: join formulas with and_, or_, not_ and "
            "implies, write eq(a, b) for equality, and split a < b < c into two comparisons"
        )

    def _sign(self, *_: Any) -> NoReturn:
        raise SortError(
            f"'{brief(self)}': &, |, ^ and ~ build no formulas: "
            "write and_(a, b), or_(a, b) and not_(a)"
        )

    __and__ = __rand__ = __or__ = __ror__ = __xor__ = __rxor__ = __invert__ = _sign

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("terms are immutable")

    def __delattr__(self, name: str) -> None:
        raise AttributeError("terms are immutable")

    def __reduce__(self) -> tuple[Any, ...]:
        return (_assemble, (_rows(self),))

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

    def __truediv__(self, other: Any) -> Term:
        divisor = number(other)
        if divisor.operator != "const":
            raise SortError(f"'{brief(self)}' is divided by '{brief(divisor)}', which is no number")
        if divisor.payload[0] == 0:
            raise SortError(f"'{brief(self)}' is divided by zero")
        return build("mul", (self, number(1 / divisor.payload[0])))

    def __rtruediv__(self, other: Any) -> Term:
        raise SortError(f"{other!r} is divided by '{brief(self)}', which is no number")

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
        by_position = isinstance(key, int) and not isinstance(key, bool)
        if isinstance(self.sort, ObservationSort) and isinstance(key, str):
            return build("feature", (self,), key)
        if isinstance(self.sort, VectorSort) and by_position:
            return build("component", (self,), key)
        index = self.sort.index if isinstance(self.sort, VectorSort) else None
        if index is not None and isinstance(key, str | Term):
            return build("select", (self, member(index, key)))
        raise SortError(f"'{brief(self)}' of sort {self.sort} has no component {key!r}")

    def __iter__(self) -> Iterator[Term]:
        """The components of a vector."""
        if not isinstance(self.sort, VectorSort):
            raise SortError(f"'{brief(self)}' of sort {self.sort} has no components")
        return (self[position] for position in range(self.sort.size))

    def with_(self, /, **changes: Any) -> Term:
        """The observation with some features replaced; the others stay as they are."""
        if not isinstance(self.sort, ObservationSort):
            raise SortError(f"with_ changes observations, got {self.sort}")
        if not changes:
            return self
        names = tuple(sorted(changes, key=self.sort.position))
        return build("with", (self, *(number(changes[name], name) for name in names)), names)

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
_interning = Lock()


def build(operator: str, arguments: Sequence[Term] = (), payload: Any = None) -> Term:
    """The term with this operator, arguments and payload.

    Raises:
        SortError: the arguments are not of the sorts that the operator takes.
    """
    row = OPERATORS[operator]
    given = tuple(arguments)
    for argument in given:
        if not isinstance(argument, Term):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise SortError(f"{operator} takes terms, got {argument!r}{_hint(argument)}")
    key = (operator, given, payload)
    with _interning:
        known = _interned.get(key)
    if known is not None:
        return known
    if row.arity is not None and len(given) != row.arity:
        raise SortError(f"{operator} takes {row.arity} arguments, got {len(given)}")
    sort = row.sort(payload, [a.sort for a in given])
    term = object.__new__(Term)
    values = {"operator": operator, "arguments": given, "payload": payload, "sort": sort}
    for slot, value in values.items():
        object.__setattr__(term, slot, value)
    with _interning:
        return _interned.setdefault(key, term)


def number(value: Any, where: str = "") -> Term:
    """A real term from a number; terms pass through.

    Floats count by their exact binary value, text by its digits: "0.1" is 1/10.

    Args:
        value: a term or a number.
        where: what it is for, named in the error.

    Raises:
        SortError: neither a term nor a finite number.
    """
    if isinstance(value, Term):
        return value
    at = f"{where}: " if where else ""
    if isinstance(value, bool):
        raise SortError(f"{at}{value} is not a number{_hint(value)}")
    try:
        return build("const", (), (exact(value), REAL))
    except InputError:
        raise SortError(f"{at}{value!r} is neither a term nor a finite number") from None


def variable(name: str, sort: Sort) -> Term:
    """A variable."""
    return build("var", (), (name, sort))


def member(sort: EnumSort, name: str | Term) -> Term:
    """A member of an enumeration by name; terms of that sort pass through."""
    if isinstance(name, Term):
        return name
    if name not in sort.members:
        raise SortError(f"unknown {sort.name} {name!r}; it is one of: {', '.join(sort.members)}")
    return build("const", (), (name, sort))


def brief(term: Term) -> str:
    """The beginning of the term's text, short enough for a message."""
    from theory.printer import text

    return text(term, limit=80)


def _hint(value: Any) -> str:
    if isinstance(value, bool):
        return " (== builds no formula: write eq(a, b); a constant is truth(...), or 1 or 0)"
    return ""


def _rows(term: Term) -> tuple[tuple[str, tuple[int, ...], Any], ...]:
    """The distinct subterms, arguments first and by position, so that depth does not matter."""
    rows: list[tuple[str, tuple[int, ...], Any]] = []

    def step(node: Term, places: Sequence[int]) -> int:
        rows.append((node.operator, tuple(places), node.payload))
        return len(rows) - 1

    fold(term, step)
    return tuple(rows)


def _assemble(rows: Sequence[tuple[str, tuple[int, ...], Any]]) -> Term:
    built: list[Term] = []
    for operator, places, payload in rows:
        built.append(build(operator, [built[place] for place in places], payload))
    return built[-1]
