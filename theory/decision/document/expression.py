"""Arithmetic with parameters, as files write it: `1 - accuracy`, `-2*price/3`."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

from theory.error import InputError
from theory.rational import exact

LONGEST = 2_000
LARGEST_POWER = 64
_OPERATORS: Mapping[type, Callable[[Any, Any], Any]] = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.Div: lambda a, b: a / b,
}


class Expression:
    """An expression in named parameters, which is read once and has an exact value at each point.

    Args:
        text: sums, differences, products, quotients, powers and parentheses; decimal numbers count
            by their digits.
        names: the parameters that may occur.
        where: what it is for, named in errors.

    Raises:
        InputError: it is no such expression, or names another parameter.
    """

    def __init__(self, text: str, names: Mapping[str, Any], where: str) -> None:
        self._where = where
        self._text = text.strip()
        if len(self._text) > LONGEST:
            raise InputError(f"{where}: an expression of {len(self._text)} characters is too long")
        try:
            self._tree = ast.parse(self._text, mode="eval").body
            self._check(self._tree, names)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            raise InputError(f"{where}: {text!r} is not an arithmetic expression") from None

    def _check(self, tree: ast.expr, names: Mapping[str, Any]) -> None:
        match tree:
            case ast.BinOp(left, ast.Pow(), ast.Constant(value=int(power))):
                if not 0 <= power <= LARGEST_POWER:
                    raise InputError(f"{self._where}: the power {power} is out of range")
                self._check(left, names)
            case ast.BinOp(left, sign, right) if type(sign) in _OPERATORS:
                self._check(left, names)
                self._check(right, names)
            case ast.UnaryOp(ast.USub() | ast.UAdd(), operand):
                self._check(operand, names)
            case ast.Name(name):
                if name not in names:
                    known = ", ".join(names) or "none"
                    raise InputError(f"{self._where}: unknown parameter {name!r}; known: {known}")
            case ast.Constant(value=int() | float()) if not isinstance(tree.value, bool):
                exact(self._digits(tree), self._where)
            case _:
                raise ValueError(ast.dump(tree))

    def _digits(self, tree: ast.expr) -> str:
        return (ast.get_source_segment(self._text, tree) or "").replace("_", "")

    def at(self, values: Mapping[str, Fraction]) -> Fraction:
        """Its value; InputError where it divides by zero."""
        try:
            return self._value(self._tree, values)
        except ZeroDivisionError:
            raise InputError(f"{self._where}: {self._text!r} divides by zero") from None

    def _value(self, tree: ast.expr, values: Mapping[str, Fraction]) -> Any:
        match tree:
            case ast.BinOp(left, ast.Pow(), ast.Constant(value=int(power))):
                return self._value(left, values) ** power
            case ast.BinOp(left, sign, right):
                return _OPERATORS[type(sign)](self._value(left, values), self._value(right, values))
            case ast.UnaryOp(ast.USub(), operand):
                return -self._value(operand, values)
            case ast.UnaryOp(_, operand):
                return self._value(operand, values)
            case ast.Name(name):
                return values[name]
            case _:
                return exact(self._digits(tree), self._where)
