"""What both versions of the format say, and its translation to a formula."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from theory.error import InputError
from theory.operator import FunctionSymbol
from theory.property import Property
from theory.rational import exact, number_text
from theory.sort import Feature, ObservationSort, VectorSort
from theory.term import Term, and_, build, eq, forall, not_, number, or_, variable

OUTPUT = "output"
"""The function symbol of the network's outputs."""

COMPARISONS = frozenset({"<=", ">=", "<", ">", "="})
CONNECTIVES = frozenset({"and", "or", "not"})
ARITHMETIC = frozenset({"+", "-", "*"})
_FLIPPED = {"<=": ">=", ">=": "<=", "<": ">", ">": "<", "=": "="}


@dataclass(frozen=True)
class Symbol:
    """Entry `position` of the flat input ("X") or output ("Y")."""

    kind: str
    position: int

    def __str__(self) -> str:
        return f"{self.kind}_{self.position}"


@dataclass(frozen=True)
class Call:
    """An operator applied to expressions."""

    operator: str
    arguments: tuple[Expression, ...]


Expression = Symbol | Call | Fraction
LARGEST_DEPTH = 200
"""More parentheses than this inside each other are refused."""

Range = tuple[Fraction | None, Fraction | None]


@dataclass(frozen=True)
class Statement:
    """The assertions of a file, all of which an unsafe input satisfies.

    Attributes:
        inputs, outputs: sizes of the flat input and output.
        assertions: the formulas.
        file: for messages.
    """

    inputs: int
    outputs: int
    assertions: tuple[Expression, ...]
    file: str

    def property(self, name: str) -> Property:
        """The property that no input of the box satisfies all assertions.

        Raises:
            InputError: an input has no bound, or its bounds are reversed.
        """
        box = _hull(Call("and", self.assertions))
        features = [self._feature(i, box.get(i, (None, None))) for i in range(self.inputs)]
        sort = ObservationSort("Input", tuple(features))
        x = variable("X", sort)
        y = build("apply", (x,), FunctionSymbol(OUTPUT, (sort,), VectorSort(self.outputs)))
        unsafe = [_formula(a, x, y) for a in self.assertions]
        formula = forall(x, not_(and_(*unsafe)))
        return Property(name, formula, claim=f"No input satisfies all assertions of {name}.")

    def _feature(self, position: int, limits: Range) -> Feature:
        lower, upper = limits
        for side, limit in (("lower", lower), ("upper", upper)):
            if limit is None:
                raise InputError(f"{self.file}: X_{position} has no {side} bound")
        if lower is not None and upper is not None and lower > upper:
            raise InputError(
                f"{self.file}: X_{position}: lower bound {number_text(lower)} is above "
                f"upper bound {number_text(upper)}"
            )
        return Feature(f"X_{position}", lower, upper)


def is_formula(expression: Expression) -> bool:
    """Whether an expression is true or false, and no number."""
    return isinstance(expression, Call) and expression.operator in COMPARISONS | CONNECTIVES


def decimal(text: str, where: str) -> Fraction:
    """A number by its decimal digits, exactly.

    Raises:
        InputError: it is out of range; `where` begins the message.
    """
    try:
        return exact(text)
    except InputError:
        shown = text if len(text) <= 30 else f"{text[:30]}..."
        raise InputError(f"{where}: the number {shown} is out of range") from None


def _hull(expression: Expression) -> Mapping[int, Range]:
    """For each input that the expression bounds, the smallest interval known to contain it."""
    if not isinstance(expression, Call):
        return {}
    if expression.operator == "and":
        found: dict[int, Range] = {}
        for part in expression.arguments:
            for position, (lower, upper) in _hull(part).items():
                a, b = found.get(position, (None, None))
                found[position] = (_larger(a, lower), _smaller(b, upper))
        return found
    if expression.operator == "or":
        hulls = [_hull(part) for part in expression.arguments]
        shared = set[int](hulls[0]).intersection(*hulls[1:]) if hulls else set[int]()
        return {position: _union([h[position] for h in hulls]) for position in shared}
    if expression.operator in COMPARISONS:
        left, right = expression.arguments
        operator = expression.operator
        if isinstance(left, Fraction):
            left, right, operator = right, left, _FLIPPED[operator]
        if isinstance(left, Symbol) and left.kind == "X" and isinstance(right, Fraction):
            lower = right if operator in {">=", ">", "="} else None
            upper = right if operator in {"<=", "<", "="} else None
            return {left.position: (lower, upper)}
    return {}


def _union(ranges: Sequence[Range]) -> Range:
    lowers = [lower for lower, _ in ranges]
    uppers = [upper for _, upper in ranges]
    low = None if None in lowers else min(x for x in lowers if x is not None)
    high = None if None in uppers else max(x for x in uppers if x is not None)
    return low, high


def _larger(a: Fraction | None, b: Fraction | None) -> Fraction | None:
    return b if a is None else a if b is None else max(a, b)


def _smaller(a: Fraction | None, b: Fraction | None) -> Fraction | None:
    return b if a is None else a if b is None else min(a, b)


def _formula(expression: Expression, x: Term, y: Term) -> Term:
    if isinstance(expression, Fraction):
        return number(expression)
    if isinstance(expression, Symbol):
        return x[str(expression)] if expression.kind == "X" else y[expression.position]
    parts = [_formula(argument, x, y) for argument in expression.arguments]
    match expression.operator, parts:
        case "and", _:
            return and_(*parts)
        case "or", _:
            return or_(*parts)
        case "not", [part]:
            return not_(part)
        case "<=", [a, b]:
            return a <= b
        case ">=", [a, b]:
            return a >= b
        case "<", [a, b]:
            return a < b
        case ">", [a, b]:
            return a > b
        case "=", [a, b]:
            return eq(a, b)
        case "-", [a]:
            return -a
        case _:
            return _arithmetic(expression.operator, parts)


def _arithmetic(operator: str, parts: Sequence[Term]) -> Term:
    total = parts[0]
    for part in parts[1:]:
        total = (
            total + part if operator == "+" else total - part if operator == "-" else total * part
        )
    return total
