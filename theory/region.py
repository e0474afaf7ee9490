"""For which values of one parameter a statement has which answer, exactly.

`region(decide, ...)` calls an ordinary exact decision with a parameter in the place of one of its
numbers. The parameter is a `Parametric`, whose comparisons take its value at one point, and note
which polynomial's sign was asked for. Between neighbouring roots of the polynomials that were
noted, the same code takes the same way, so that the answer is the same: each interval is decided at
one point and each root, irrational ones among them, at itself. Nothing is left to a sample.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Generic, TypeVar

import sympy

from theory.error import InputError
from theory.parametric import Parametric
from theory.rational import Exact, exact, number_text

_sympy: Any = sympy  # it has no type stubs
_P: Any = sympy.Symbol("p")
_FIELD: Any = _sympy.QQ.frac_field("p")

T = TypeVar("T")
MOST_POINTS = 10_000


@dataclass(frozen=True)
class Root:
    """A real algebraic number: the one root of an irreducible polynomial in [lower, upper]."""

    polynomial: Any
    lower: Fraction
    upper: Fraction

    def refined(self) -> Root:
        """The same number in an interval of at most half the width."""
        if self.lower == self.upper:
            return self
        ends = self.polynomial.refine_root(
            _rational(self.lower),
            _rational(self.upper),
            eps=_rational((self.upper - self.lower) / 2),
        )
        return Root(self.polynomial, *(_fraction(end) for end in ends))

    def sign(self, polynomial: Any) -> int:
        """The sign of another polynomial at this number."""
        if self.lower == self.upper:
            return _sign(polynomial.eval(_rational(self.lower)))
        if polynomial.rem(self.polynomial).is_zero:
            return 0
        here = self
        while polynomial.count_roots(_rational(here.lower), _rational(here.upper)):
            here = here.refined()
        return _sign(polynomial.eval(_rational((here.lower + here.upper) / 2)))

    def __str__(self) -> str:
        if self.polynomial.degree() == 1:
            return number_text(self.lower)
        if self.polynomial.degree() == 2:
            roots = sorted(_sympy.solve(self.polynomial.as_expr(), _P), key=lambda r: r.evalf(50))
            inside = [r for r in roots if self.lower <= _fraction_of(r) <= self.upper]
            if len(inside) == 1:
                return str(inside[0])
        here = self
        while here.upper - here.lower > Fraction(1, 10**8):
            here = here.refined()
        return f"{float(here.lower):.7g}..."


@dataclass
class _Trace:
    """One evaluation: at which point, and the polynomials whose signs were asked for."""

    point: Root
    asked: dict[Any, int]
    field: Any = _FIELD

    def sign(self, value: Any) -> int:
        """The sign of a rational function at the point."""
        return self._sign(value.numer) * self._sign(value.denom)

    def _sign(self, polynomial: Any) -> int:
        if polynomial.is_ground:
            return _sign(polynomial.LC) if polynomial else 0
        scale = polynomial.LC
        monic = polynomial.monic()
        if monic not in self.asked:
            self.asked[monic] = self.point.sign(_poly(monic))
        return _sign(scale) * self.asked[monic]


@dataclass(frozen=True)
class Piece(Generic[T]):
    """A point or an interval of the parameter, and the answer there.

    Attributes:
        lower, upper: its ends; equal for a point.
        with_lower, with_upper: whether the ends belong to it.
        answer: what `decide` gives there.
    """

    lower: Root
    upper: Root
    with_lower: bool
    with_upper: bool
    answer: T

    def text(self, name: str) -> str:
        """In words: `p exceeds 1/9`."""
        low, high = str(self.lower), str(self.upper)
        if low == high:
            return f"{name} is {low}"
        left = "at least" if self.with_lower else "more than"
        right = "at most" if self.with_upper else "less than"
        return f"{name} is {left} {low} and {right} {high}"


@dataclass(frozen=True)
class Region(Generic[T]):
    """Every answer, from the lowest to the highest value of the parameter.

    Attributes:
        name: what the parameter is.
        pieces: neighbouring pieces have different answers, and together they cover the range.
    """

    name: str
    pieces: tuple[Piece[T], ...]

    @property
    def answers(self) -> tuple[T, ...]:
        """The answers that occur, in the order of the parameter, each once."""
        seen: list[T] = []
        for piece in self.pieces:
            if piece.answer not in seen:
                seen.append(piece.answer)
        return tuple(seen)

    @property
    def breakpoints(self) -> tuple[str, ...]:
        """Where the answer changes, as printed."""
        return tuple(str(piece.lower) for piece in self.pieces[1:])

    def where(self, answer: T) -> str:
        """In words, where this is the answer: `always`, `never`, `p exceeds 1/9`."""
        chosen = [at for at, piece in enumerate(self.pieces) if piece.answer == answer]
        if not chosen:
            return "never"
        if len(chosen) == len(self.pieces):
            return "always"
        return ", or ".join(self._text(at) for at in chosen)

    def _text(self, at: int) -> str:
        piece = self.pieces[at]
        if at == 0 and piece.lower != piece.upper:
            return f"{self.name} is {'at most' if piece.with_upper else 'less than'} {piece.upper}"
        if at == len(self.pieces) - 1 and piece.lower != piece.upper:
            return f"{self.name} {'is at least' if piece.with_lower else 'exceeds'} {piece.lower}"
        return piece.text(self.name)

    def __str__(self) -> str:
        if len(self.pieces) == 1:
            return f"{_name(self.pieces[0].answer)} always"
        return "; ".join(f"{_name(a)} iff {self.where(a)}" for a in self.answers)


def region(
    decide: Callable[[Fraction], T], lower: Exact, upper: Exact, *, name: str = "p"
) -> Region[T]:
    """The exact regions of a parameter in [lower, upper].

    Args:
        decide: from the parameter to an answer, by exact arithmetic and comparisons on it alone.
        lower: the least value of the parameter.
        upper: the greatest.
        name: how the parameter is called in print.

    Raises:
        InputError: the range is empty, or `decide` does with its number what has no answer for a
            whole interval.
    """
    low, high = exact(lower, "lower"), exact(upper, "upper")
    if low > high:
        raise InputError(f"region: {low} is above {high}")
    known: dict[Any, list[Root]] = {}
    points = [point(low), *([point(high)] if high > low else [])]
    answers: dict[int, T] = {}  # at points, by index doubled; between them, odd
    while True:
        fresh: set[Any] = set()
        answers = {}
        for at in range(2 * len(points) - 1):
            here = points[at // 2]
            if at % 2:
                points[at // 2], points[at // 2 + 1] = apart(here, points[at // 2 + 1])
                here = between(points[at // 2], points[at // 2 + 1])
            trace = _Trace(here, {})
            answers[at] = decide(Parametric(_FIELD.gens[0], trace))
            fresh |= trace.asked.keys() - known.keys()
        if not fresh:
            return Region(name, _merged(points, answers))
        for polynomial in fresh:
            known[polynomial] = []
            for root in roots(_poly(polynomial)):
                if _strictly_inside(root, low, high) and not any(same(root, p) for p in points):
                    points.append(root)
        points = ascending(points)
        if len(points) > MOST_POINTS:
            raise InputError("region: the parameter has too many breakpoints")


def _merged(points: list[Root], answers: dict[int, Any]) -> tuple[Piece[Any], ...]:
    pieces: list[Piece[Any]] = []
    for at, answer in sorted(answers.items()):
        low, high = points[at // 2], points[(at + 1) // 2]
        closed = at % 2 == 0
        if pieces and pieces[-1].answer == answer:
            last = pieces[-1]
            pieces[-1] = Piece(last.lower, high, last.with_lower, closed, answer)
        else:
            pieces.append(Piece(low, high, closed, closed, answer))
    return tuple(pieces)


def roots(polynomial: Any) -> list[Root]:
    """The real roots of a polynomial, sympy's, over the rationals."""
    found: list[Root] = []
    for factor, _ in polynomial.factor_list()[1]:
        monic = factor.monic()
        if monic.degree() == 1:
            value = _fraction(-monic.nth(0) / monic.nth(1))
            found.append(Root(monic, value, value))
        else:
            ends = [pair for pair, _ in monic.intervals()]
            found += [Root(monic, _fraction(a), _fraction(b)) for a, b in ends]
    return found


def same(a: Root, b: Root) -> bool:
    """Whether two are the same number."""
    if a.polynomial != b.polynomial:
        return False
    # The intervals of two roots of one polynomial may touch, but not at a root.
    return a.lower == b.lower or (a.lower < b.upper and b.lower < a.upper)


def point(value: Fraction) -> Root:
    """A rational number."""
    return Root(_sympy.Poly(_P - _rational(value), _P, domain="QQ"), value, value)


def _strictly_inside(root: Root, low: Fraction, high: Fraction) -> bool:
    above = root.sign(_sympy.Poly(_P - _rational(low), _P, domain="QQ"))
    below = root.sign(_sympy.Poly(_P - _rational(high), _P, domain="QQ"))
    return above > 0 > below


def apart(a: Root, b: Root) -> tuple[Root, Root]:
    """Two different numbers, a below b, in intervals with a gap between them."""
    while a.upper >= b.lower:
        a, b = a.refined(), b.refined()
    return a, b


def between(a: Root, b: Root) -> Root:
    """A rational number between two that are `apart`."""
    return point((a.upper + b.lower) / 2)


def ascending(points: Iterable[Root]) -> list[Root]:
    """Different numbers in order."""
    ordered: list[Root] = []
    for point in points:
        at = 0
        while at < len(ordered) and below(ordered[at], point):
            at += 1
        ordered.insert(at, point)
    return ordered


def below(a: Root, b: Root) -> bool:
    """Whether one of two different numbers is the smaller."""
    while not (a.upper < b.lower or b.upper < a.lower):
        a, b = a.refined(), b.refined()
    return a.upper < b.lower


def _poly(element: Any) -> Any:
    return _sympy.Poly(element.as_expr(), _P, domain="QQ")


def _name(answer: Any) -> str:
    return str(getattr(answer, "name", answer))


def _sign(value: Any) -> int:
    return int(bool(value > 0)) - int(bool(value < 0))


def _rational(value: Fraction) -> Any:
    return _sympy.Rational(value.numerator, value.denominator)


def _fraction(value: Any) -> Fraction:
    rational = _sympy.Rational(value)
    return Fraction(int(rational.p), int(rational.q))


def _fraction_of(value: Any) -> Fraction:
    return _fraction(_sympy.Rational(str(value.evalf(60))))
