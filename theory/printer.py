"""Formulas as text and as LaTeX, from the notation of each operator.

A written form is put together as a rope (nested tuples of strings), so that a term whose text is
long, or which shares subterms, costs no more than what is printed of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from theory.fold import fold
from theory.notation import constant_strength
from theory.operator import OPERATORS
from theory.sort import is_real
from theory.term import Term

LONGEST = 1_000_000
"""Characters after which a written form is cut off: shared subterms are written out each time."""

Rope = str | tuple[Any, ...]


@dataclass(frozen=True)
class _Written:
    """A written subterm; `only` is the written argument of a function of one argument."""

    rope: Rope
    strength: int
    signed: bool
    only: Rope | None = None


def text(term: Term, limit: int = LONGEST) -> str:
    """The term in plain characters, cut off with an ellipsis after `limit` of them."""
    return _write(term, latex=False, limit=limit)


def latex(term: Term, limit: int = LONGEST) -> str:
    """The term in LaTeX, for mathematics mode."""
    return _write(term, latex=True, limit=limit)


def _write(term: Term, *, latex: bool, limit: int) -> str:
    def step(node: Term, parts: Sequence[_Written]) -> _Written:
        notation = OPERATORS[node.operator].notation
        printer = notation.latex if latex else notation.text
        ropes = [_argument(node, at, part, latex) for at, part in enumerate(parts)]
        if node.operator == "acts":
            ropes[0] = parts[0].only or ropes[0]  # acts(o, press) for the scores score(o)
        strength = notation.strength
        if node.operator == "const":
            strength = constant_strength(node.payload[0])
        rope = _fill(printer(node.payload, [f"\0{at}\0" for at in range(len(ropes))]), ropes)
        only = ropes[0] if node.operator == "apply" and len(ropes) == 1 else None
        return _Written(rope, strength, _is_signed(node, ropes, parts), only)

    return _flatten(fold(term, step).rope, limit)


def _argument(node: Term, at: int, part: _Written, latex: bool) -> Rope:
    notation = OPERATORS[node.operator].notation
    after_sign = at > 0 and part.signed and node.operator in {"add", "sub", "mul"}
    if part.strength >= (notation.rest if at else notation.first) and not after_sign:
        return part.rope
    return (r"\left(", part.rope, r"\right)") if latex else ("(", part.rope, ")")


def _is_signed(node: Term, ropes: Sequence[Rope], parts: Sequence[_Written]) -> bool:
    """Whether the written form begins with a minus sign."""
    match node.operator:
        case "const":
            return is_real(node.sort) and node.payload[0] < 0
        case "neg":
            return True
        case "add" | "sub" | "mul":
            return parts[0].signed and ropes[0] is parts[0].rope
        case _:
            return False


def _fill(template: str, ropes: Sequence[Rope]) -> Rope:
    pieces = template.split("\0")
    if len(pieces) == 1:
        return template
    return tuple(ropes[int(piece)] if at % 2 else piece for at, piece in enumerate(pieces))


def _flatten(rope: Rope, limit: int) -> str:
    pieces: list[str] = []
    length = 0
    stack: list[Rope] = [rope]
    while stack:
        part = stack.pop()
        if not isinstance(part, str):
            stack.extend(reversed(part))
            continue
        pieces.append(part)
        length += len(part)
        if length > limit:
            return "".join(pieces)[: max(limit - 1, 0)] + "…"
    return "".join(pieces)
