"""What a claim's finding shows, as plain data: for JSON exact strings, for people short rows.

A witness may hold anything that a decision works with: settings, policies by context, numbers,
pumps and books. Here they become mappings, sequences, exact numbers and words.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, fields, is_dataclass
from enum import Enum
from fractions import Fraction
from numbers import Rational
from typing import Any, cast

from theory.rational import number_text

Tree = Any
"""A str, a Fraction, a tuple of trees, or a dict from str to tree."""

_DEPTH = 8
_LONGEST = 24  # columns of an exact number that people read
_LINES = 2  # that a setting may take up


@dataclass(frozen=True)
class Row:
    """One line of a witness.

    Attributes:
        name: what it is.
        text: its value; empty where rows of its own follow.
        depth: how far it is indented: 0 for the witness's own entries.
    """

    name: str
    text: str
    depth: int = 0


def tree(value: object, depth: int = 0) -> Tree:
    """A value as plain data; what has no parts to show is shown by its name or its words."""
    match value:
        case None:
            return "none"
        case bool():
            return "true" if value else "false"
        case str():
            return value
        case Enum():
            return str(value.value)
        case Rational():
            return _number(value)
        case float():
            return Fraction(value) if value - value == 0 else repr(value)
        case _ if depth >= _DEPTH:
            return str(value)
        case Mapping():
            parts = cast(Mapping[object, object], value)
            return {_key(key): tree(part, depth + 1) for key, part in parts.items()}
        case Set():
            members = cast(Set[object], value)
            return tuple(sorted((tree(part, depth + 1) for part in members), key=repr))
        case Sequence() if not isinstance(value, bytes | bytearray):
            entries = cast(Sequence[object], value)
            return tuple(tree(part, depth + 1) for part in entries)
        case _:
            return _object(value, depth)


def exact(value: Tree) -> Any:
    """A tree for JSON: numbers as exact strings such as "-3/8", sequences as lists."""
    match value:
        case dict():
            return {key: exact(part) for key, part in cast(dict[str, Tree], value).items()}
        case tuple():
            return [exact(part) for part in cast(tuple[Tree, ...], value)]
        case _:
            return str(value)


def floats(value: Tree) -> Any:
    """A tree's numbers as floats, for JSON: what is no number is left out, in a sequence null."""
    match value:
        case Fraction():
            return _float(value)
        case dict():
            parts = {key: floats(part) for key, part in cast(dict[str, Tree], value).items()}
            return {key: part for key, part in parts.items() if part is not None} or None
        case tuple():
            entries = [floats(part) for part in cast(tuple[Tree, ...], value)]
            return entries if any(entry is not None for entry in entries) else None
        case _:
            return None


def rows(value: Tree, room: int) -> list[Row]:
    """A mapping's entries as rows; what does not fit into `room` columns gets rows of its own.

    A setting, which goes by names, may take two lines; a rule, which goes by contexts, only one.
    """
    return list(_rows(cast(dict[str, Tree], value), room, 0))


def brief(value: Tree) -> str:
    """A tree on one line."""
    match value:
        case Fraction():
            text = number_text(value)
            number = _float(value)
            return text if len(text) <= _LONGEST or number is None else f"about {number:.7g}"
        case dict():
            parts = cast(dict[str, Tree], value)
            if list(parts) == ["()"]:  # a rule that looks at nothing
                return _nested(parts["()"])
            sign = "=" if all(map(_is_word, parts)) else ": "
            return ", ".join(f"{key}{sign}{_nested(part)}" for key, part in parts.items()) or "-"
        case tuple():
            return ", ".join(_nested(part) for part in cast(tuple[Tree, ...], value)) or "-"
        case _:
            return " ".join(str(value).split())


def _rows(value: dict[str, Tree], room: int, depth: int) -> Iterator[Row]:
    for key, part in value.items():
        name = key.replace("_", " ")
        while isinstance(part, dict) and len(cast(dict[str, Tree], part)) == 1 and _deep(part):
            inner, below = next(iter(cast(dict[str, Tree], part).items()))
            if not isinstance(below, dict):
                break
            name, part = f"{name} {inner}", cast(Tree, below)
        text, parts = brief(part), _parts(part)
        long = len(text) > _LINES * room if all(map(_is_word, parts)) else len(text) > room
        if parts and (long or any(map(_deep, parts.values()))):
            yield Row(name, "", depth)
            yield from _rows(parts, room, depth + 1)
        else:
            yield Row(name, text, depth)


def _parts(value: Tree) -> dict[str, Tree]:
    """What stands in rows of its own: a mapping's entries, a sequence's where they have parts."""
    if isinstance(value, dict):
        parts = cast(dict[str, Tree], value)
        return {} if list(parts) == ["()"] else parts
    if isinstance(value, tuple):
        entries = cast(tuple[Tree, ...], value)
        if any(isinstance(entry, dict | tuple) for entry in entries):
            return {str(at): entry for at, entry in enumerate(entries, start=1)}
    return {}


def _deep(value: Tree) -> bool:
    """Whether a mapping has mappings in it: one line would not tell which belongs to which."""
    return isinstance(value, dict) and list(cast(dict[str, Tree], value)) != ["()"]


def _is_word(key: str) -> bool:
    return " " not in key and not key.startswith("(")


def _nested(value: Tree) -> str:
    text = brief(value)
    several = _deep(value) or isinstance(value, tuple)
    return f"({text})" if several and text != "-" else text


def _key(key: object) -> str:
    """A key as text; contexts, which are tuples, in parentheses."""
    shown = tree(key)
    if isinstance(shown, tuple):
        return f"({', '.join(brief(part) for part in cast(tuple[Tree, ...], shown))})"
    return brief(shown) if isinstance(shown, dict) else str(shown)


def _object(value: object, depth: int) -> Tree:
    own_words = type(value).__str__ is not object.__str__
    if is_dataclass(value) and not isinstance(value, type) and not own_words:
        parts = {field.name: getattr(value, field.name) for field in fields(value)}
        return {name: tree(part, depth + 1) for name, part in parts.items()}
    if callable(value) and not own_words:
        return str(getattr(value, "__qualname__", type(value).__qualname__))
    return str(value)


def _number(value: Any) -> Tree:
    try:
        return Fraction(int(value.numerator), int(value.denominator))
    except ArithmeticError:
        return str(value)


def _float(value: Fraction) -> float | None:
    try:
        return float(value)
    except OverflowError:
        return None
