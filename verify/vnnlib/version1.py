"""VNN-LIB version 1: SMT-LIB assertions over X_0, X_1, ... and Y_0, Y_1, ...

The format of VNN-COMP until 2025. Numbers count by their decimal digits, exactly.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from theory.error import InputError
from verify.vnnlib.statement import (
    ARITHMETIC,
    COMPARISONS,
    CONNECTIVES,
    LARGEST_DEPTH,
    Call,
    Expression,
    Statement,
    Symbol,
    decimal,
    is_formula,
)

_TOKEN = re.compile(r"[()]|[^\s();]+|;[^\n]*|\n")
_NAME = re.compile(r"([XY])_([0-9]{1,9})\Z")
_NUMBER = re.compile(r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?\Z")


@dataclass(frozen=True)
class Token:
    """A word or a parenthesis, and its line."""

    text: str
    line: int


Tree = Token | list["Tree"]


def parse(text: str, file: str) -> Statement:
    """Parse a file.

    Raises:
        InputError: malformed; the message names file and line.
    """
    declared: dict[str, set[int]] = {"X": set(), "Y": set()}
    assertions: list[Expression] = []
    for form in _forms(text, file):
        line = _line(form)
        if not isinstance(form, list) or not form or not isinstance(form[0], Token):
            raise InputError(f"{file}, line {line}: expected a command such as (assert ...)")
        match form[0].text, form[1:]:
            case "declare-const" | "declare-fun", [Token() as name, *rest]:
                _declare(name, rest, declared, file)
            case "assert", [body]:
                assertion = _expression(body, declared, file)
                if not is_formula(assertion):
                    raise InputError(f"{file}, line {line}: assert takes a formula, not a number")
                assertions.append(assertion)
            case "assert", _:
                raise InputError(f"{file}, line {line}: assert takes one formula")
            case "set-logic" | "set-info" | "check-sat" | "exit", _:
                continue
            case command, _:
                raise InputError(f"{file}, line {line}: unknown command {command!r}")
    sizes = [_size(kind, declared[kind], file) for kind in "XY"]
    if not assertions:
        raise InputError(f"{file}: there is no assertion")
    return Statement(sizes[0], sizes[1], tuple(assertions), file)


def _declare(name: Token, rest: list[Tree], declared: dict[str, set[int]], file: str) -> None:
    match = _NAME.match(name.text)
    kind = rest[-1] if rest else None
    if match is None or not isinstance(kind, Token) or kind.text != "Real":
        raise InputError(
            f"{file}, line {name.line}: expected (declare-const X_<n> Real) or Y_<n>, "
            f"got {name.text!r}"
        )
    position = int(match[2])
    if position in declared[match[1]]:
        raise InputError(f"{file}, line {name.line}: {name.text} is declared twice")
    declared[match[1]].add(position)


def _size(kind: str, positions: set[int], file: str) -> int:
    if not positions:
        raise InputError(f"{file}: no {kind}_0 is declared")
    missing = set(range(len(positions))) - positions
    if missing:
        raise InputError(f"{file}: {kind}_{min(missing)} is not declared, but a later one is")
    return len(positions)


def _tokens(text: str) -> Iterator[Token]:
    line = 1
    for match in _TOKEN.finditer(text):
        word = match[0]
        if word == "\n":
            line += 1
        elif not word.startswith(";"):
            yield Token(word, line)


def _forms(text: str, file: str) -> Iterator[Tree]:
    stack: list[tuple[list[Tree], int]] = []
    for token in _tokens(text):
        if token.text == "(":
            stack.append(([], token.line))
            if len(stack) > LARGEST_DEPTH:
                raise InputError(f"{file}, line {token.line}: nested deeper than {LARGEST_DEPTH}")
            continue
        done: Tree = token
        if token.text == ")":
            if not stack:
                raise InputError(f"{file}, line {token.line}: ')' closes nothing")
            done = stack.pop()[0]
        if stack:
            stack[-1][0].append(done)
        else:
            yield done
    if stack:
        raise InputError(f"{file}, line {stack[-1][1]}: '(' is never closed: is the file cut off?")


def _line(tree: Tree) -> int:
    while isinstance(tree, list):
        if not tree:
            return 0
        tree = tree[0]
    return tree.line


def _expression(tree: Tree, declared: dict[str, set[int]], file: str) -> Expression:
    if isinstance(tree, Token):
        return _leaf(tree, declared, file)
    if not tree or not isinstance(tree[0], Token):
        raise InputError(f"{file}, line {_line(tree)}: expected an operator")
    head, arguments = tree[0], tuple(_expression(part, declared, file) for part in tree[1:])
    _check(head, arguments, file)
    if head.text == "-" and len(arguments) == 1 and isinstance(arguments[0], Fraction):
        return -arguments[0]
    return Call(head.text, arguments)


def _leaf(token: Token, declared: dict[str, set[int]], file: str) -> Expression:
    name = _NAME.match(token.text)
    if name is not None:
        if int(name[2]) not in declared[name[1]]:
            raise InputError(f"{file}, line {token.line}: {token.text} is not declared")
        return Symbol(name[1], int(name[2]))
    if not _NUMBER.match(token.text):
        raise InputError(
            f"{file}, line {token.line}: {token.text!r} is neither a variable nor a number"
        )
    return decimal(token.text, f"{file}, line {token.line}")


def _check(head: Token, arguments: tuple[Expression, ...], file: str) -> None:
    operator, count = head.text, len(arguments)
    where = f"{file}, line {head.line}"
    if operator not in COMPARISONS | CONNECTIVES | ARITHMETIC:
        raise InputError(f"{where}: unknown operator {operator!r}")
    if (operator in COMPARISONS and count != 2) or (operator == "not" and count != 1) or count == 0:
        raise InputError(f"{where}: {operator!r} has {count} arguments")
    for argument in arguments:
        if is_formula(argument) != (operator in CONNECTIVES):
            wanted = "formulas" if operator in CONNECTIVES else "numbers"
            raise InputError(f"{where}: {operator!r} takes {wanted}")
