"""How operators are written, as text and as LaTeX, and how strongly they bind.

LaTeX is for mathematics mode, and stays within what matplotlib can draw.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from theory.rational import number_text
from theory.sort import RealSort, Sort

Printer = Callable[[Any, Sequence[str]], str]

BINDER, IFF, IMPLIES, OR, AND, NOT, COMPARISON = 10, 29, 30, 35, 40, 45, 50
SUM, RATIO, PRODUCT, NUMBER, NEGATIVE, ACCESS, ATOM = 60, 65, 70, 75, 80, 90, 100


@dataclass(frozen=True)
class Notation:
    """The written form of an operator.

    Attributes:
        text: from payload and written arguments.
        latex: the same in LaTeX.
        strength: how strongly the written form holds together.
        first: the first argument is put in parentheses where its strength is below this.
        rest: the same for the other arguments.
    """

    text: Printer
    latex: Printer
    strength: int = ATOM
    first: int = 0
    rest: int = 0


def infix(symbol: str, latex: str, strength: int, first: int, rest: int) -> Notation:
    """`a symbol b`."""
    return Notation(_joined(symbol), _joined(latex), strength, first, rest)


def left(symbol: str, latex: str, strength: int) -> Notation:
    """`a - b - c` is `(a - b) - c`."""
    return infix(symbol, latex, strength, strength, strength + 1)


def series(symbol: str, latex: str, nothing: tuple[str, str], strength: int) -> Notation:
    """`a and b and c`, however they are nested; `nothing` where there are none."""
    text, mathematics = _joined(symbol), _joined(latex)
    return Notation(
        lambda payload, args: text(payload, args) or nothing[0],
        lambda payload, args: mathematics(payload, args) or nothing[1],
        strength,
        strength,
        strength,
    )


def relation(symbol: str, latex: str) -> Notation:
    """`a < b`, never in a chain."""
    return infix(symbol, latex, COMPARISON, COMPARISON + 1, COMPARISON + 1)


def prefix(symbol: str, latex: str, strength: int, argument: int) -> Notation:
    """`symbol a`."""
    return Notation(
        lambda payload, args: f"{symbol}{args[0]}",
        lambda payload, args: f"{latex}{args[0]}",
        strength,
        argument,
    )


def call(name: str, latex: str) -> Notation:
    """`name(a, b)`."""
    return Notation(_called(name), _called(latex))


def binder(symbol: str, latex: str) -> Notation:
    """`symbol x, y: a`, reaching as far to the right as it can."""

    def text(payload: Any, args: Sequence[str]) -> str:
        return f"{symbol} {', '.join(_bound(*pair, latex=False) for pair in payload)}: {args[0]}"

    def mathematics(payload: Any, args: Sequence[str]) -> str:
        names = ", ".join(_bound(*pair, latex=True) for pair in payload)
        return rf"{latex} {names}.\; {args[0]}"

    return Notation(text, mathematics, BINDER)


def bars(name: str) -> Notation:
    """`name(a)` in text and |a| in LaTeX."""
    return Notation(_called(name), lambda payload, args: rf"\left|{args[0]}\right|")


CONSTANT = Notation(
    lambda payload, args: _constant(payload[0]), lambda payload, args: _constant_latex(payload[0])
)
VARIABLE = Notation(lambda payload, args: payload[0], lambda payload, args: name_latex(payload[0]))
FEATURE = Notation(
    lambda payload, args: f"{args[0]}.{payload}",
    lambda payload, args: f"{args[0]}.{name_latex(payload)}",
    ACCESS,
    ACCESS,
)
REPLACEMENT = Notation(
    lambda payload, args: _changed(payload, args, ": "),
    lambda payload, args: _changed(map(name_latex, payload), args, r" \mapsto "),
    ACCESS,
    ACCESS,
)
APPLICATION = Notation(
    lambda payload, args: _called(payload.name)(payload, args),
    lambda payload, args: _called(name_latex(payload.name))(payload, args),
)
SELECTION = Notation(
    lambda payload, args: f"{args[0]}[{args[1]}]",
    lambda payload, args: rf"{args[0]}_{{{args[1]}}}",
    ACCESS,
    ACCESS,
)
COMPONENT = Notation(
    lambda payload, args: f"{args[0]}[{payload}]",
    lambda payload, args: rf"{args[0]}_{{{payload}}}",
    ACCESS,
    ACCESS,
)
CHOICE = Notation(
    lambda ties, args: _called("acts" if ties == "strict" else f"acts_{ties}")(ties, args),
    lambda ties, args: _called(
        r"\mathrm{acts}" if ties == "strict" else rf"\mathrm{{acts}}_{{\mathrm{{{ties}}}}}"
    )(ties, args),
)


RECORD = Notation(
    lambda payload, args: _recorded((f.name for f in payload.features), args, ": "),
    lambda payload, args: _recorded(
        (name_latex(f.name) for f in payload.features), args, r" \mapsto "
    ),
)


LOOKUP = Notation(
    lambda payload, args: f"{payload.name}[{args[0]}]",
    lambda payload, args: rf"{name_latex(payload.name)}_{{{args[0]}}}",
)


def course(word: str, latex: str) -> Notation:
    """`always s in world(o, 10): a`, reaching as far to the right as it can."""
    return Notation(
        lambda span, args: f"{word} {_range(span, args[0])}: {args[1]}",
        lambda span, args: rf"{latex}_{{{_range_latex(span, args[0])}}}\; {args[1]}",
        BINDER,
    )


UNTIL = Notation(
    lambda span, args: f"along {_range(span, args[0])}: {args[1]} until {args[2]}",
    lambda span, args: (
        rf"\mathbf{{A}}_{{{_range_latex(span, args[0])}}}\; {args[1]} \;\mathbf{{U}}\; {args[2]}"
    ),
    BINDER,
    0,
    AND + 1,
)


PROBABLY = Notation(
    lambda span, args: f"P {span.bound} along {_range(span, args[0])}: {args[1]} until {args[2]}",
    lambda span, args: (
        rf"\mathbf{{P}}_{{{span.bound.latex}}} \mathbf{{A}}_{{{_range_latex(span, args[0])}}}\; "
        rf"{args[1]} \;\mathbf{{U}}\; {args[2]}"
    ),
    BINDER,
    0,
    AND + 1,
)


def constant_strength(value: Any) -> int:
    """How strongly a constant holds together: 1/3 as a product does, -1 as a negation."""
    if not isinstance(value, Fraction):
        return ATOM
    if "/" in number_text(value):
        return RATIO
    return NEGATIVE if value < 0 else NUMBER


_SPECIAL = {
    **{c: "\\" + c for c in "_%#$&{}"},
    "\\": r"\backslash ",
    "^": r"\wedge ",
    "~": r"\sim ",
    " ": r"\ ",
    "-": "{-}",
}


def name_latex(name: str) -> str:
    """A name in LaTeX: one letter as it is, longer ones as a word."""
    if len(name) == 1 and name.isalpha():
        return name
    return rf"\mathit{{{_escape(name)}}}"


def _escape(name: str) -> str:
    return "".join(_SPECIAL.get(character, character) for character in name)


def _constant(value: Any) -> str:
    if isinstance(value, Fraction):
        return number_text(value)
    return str(value).lower() if isinstance(value, bool) else str(value)


def _constant_latex(value: Any) -> str:
    if isinstance(value, bool):
        return r"\top" if value else r"\bot"
    if not isinstance(value, Fraction):
        return rf"\mathtt{{{_escape(str(value))}}}"
    text = number_text(value)
    if "/" in text:
        sign = "-" if value < 0 else ""
        return rf"{sign}\frac{{{abs(value.numerator)}}}{{{value.denominator}}}"
    digits, exponent, power = text.partition("e")
    return rf"{digits} \cdot 10^{{{int(power)}}}" if exponent else text


def _bound(name: str, sort: Sort, *, latex: bool) -> str:
    shown = name_latex(name) if latex else name
    if not isinstance(sort, RealSort):
        return shown
    return rf"{shown} \in {sort}" if latex else f"{shown} in {sort}"


def _joined(symbol: str) -> Printer:
    return lambda payload, args: f" {symbol} ".join(args)


def _called(name: str) -> Printer:
    return lambda payload, args: f"{name}({', '.join(args)})"


def _range(span: Any, start: str) -> str:
    return f"{span.state} in {span.world.name}({start}{span.length})"


def _range_latex(span: Any, start: str) -> str:
    world = name_latex(span.world.name)
    return rf"{name_latex(span.state)} \in {world}({start}{span.length})"


def _recorded(names: Iterable[str], args: Sequence[str], separator: str) -> str:
    pairs = zip(names, args, strict=True)
    return f"[{', '.join(name + separator + value for name, value in pairs)}]"


def _changed(names: Iterable[str], args: Sequence[str], separator: str) -> str:
    pairs = zip(names, args[1:], strict=True)
    return f"{args[0]}[{', '.join(name + separator + value for name, value in pairs)}]"
