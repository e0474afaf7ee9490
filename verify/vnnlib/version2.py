"""VNN-LIB version 2, through the `vnnlib` package."""

# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from math import prod
from typing import Any

from theory.error import InputError
from verify.vnnlib.statement import (
    LARGEST_DEPTH,
    Call,
    Expression,
    Statement,
    Symbol,
    decimal,
)

VERSION = "2.0"

_HEADER = re.compile(r"\A(\s|;[^\n]*\n)*\(\s*vnnlib-version\s*<?([^)>]*)")
_COMPARISONS = {
    "LessEqual": "<=",
    "GreaterEqual": ">=",
    "LessThan": "<",
    "GreaterThan": ">",
    "Equal": "=",
}


def is_version2(text: str) -> bool:
    """Whether a file declares its version, which only version 2 does."""
    return _HEADER.match(text) is not None


def parse_version2(text: str, file: str) -> Statement:
    """Parse a file about one network.

    Raises:
        InputError: malformed, or it speaks of several networks or of hidden tensors.
    """
    import vnnlib

    _check_text(text, file)
    try:
        query: Any = vnnlib.parse_query_string(text)
    except vnnlib.VNNLibException as error:
        raise InputError(f"{file}: {_first(str(error))}") from None
    except (ValueError, IndexError):  # of its conversions of numbers
        raise InputError(f"{file}: a number in it is out of range") from None
    if len(query.networks) != 1:
        raise InputError(f"{file}: speaks of {len(query.networks)} networks; one is supported")
    network = query.networks[0]
    if network.hidden:
        raise InputError(
            f"{file}: speaks of the hidden tensor {network.hidden[0].name!r}; not supported"
        )
    offsets, sizes = _offsets(network)
    assertions = tuple(_expression(a.expr, offsets, file) for a in query.assertions)
    if not assertions:
        raise InputError(f"{file}: there is no assertion")
    return Statement(sizes["X"], sizes["Y"], assertions, file)


def _check_text(text: str, file: str) -> None:
    """Refuse what the package's parser answers by printing, by foreign errors, or not at all."""
    header = _HEADER.match(text)
    version = header[2].strip() if header else ""
    if version != VERSION:
        raise InputError(f"{file}: VNN-LIB version {version!r} is not supported; {VERSION} is")
    depth = 0
    for number, line in enumerate(text.splitlines(), start=1):
        said = line.partition(";")[0]
        if not said.isascii() or not said.replace("\t", " ").isprintable():
            raise InputError(f"{file}, line {number}: a character that is not ASCII text")
        for character in said:
            depth += (character == "(") - (character == ")")
            if depth > LARGEST_DEPTH:
                raise InputError(f"{file}, line {number}: nested deeper than {LARGEST_DEPTH}")


def _offsets(network: Any) -> tuple[dict[str, tuple[str, int]], dict[str, int]]:
    """For each tensor, whether it is input or output and where it starts in the flat vector."""
    offsets: dict[str, tuple[str, int]] = {}
    sizes = {"X": 0, "Y": 0}
    for kind, tensors in (("X", network.inputs), ("Y", network.outputs)):
        for tensor in tensors:
            offsets[tensor.name] = (kind, sizes[kind])
            sizes[kind] += prod(tensor.shape)
    return offsets, sizes


def _expression(node: Any, offsets: Mapping[str, tuple[str, int]], file: str) -> Expression:
    name = type(node).__name__
    if name == "Var":
        kind, start = offsets[node.name]
        position = 0
        for index, size in zip(node.indices, node.shape, strict=True):
            position = position * size + index
        return Symbol(kind, start + position)
    if hasattr(node, "lexeme"):
        return decimal(node.lexeme, file)
    parts = tuple(_expression(child, offsets, file) for child in node.children())
    match name:
        case "And" | "Or":
            return Call(name.lower(), parts)
        case "Plus":
            return Call("+", parts)
        case "Minus" | "Negate":
            return Call("-", parts)
        case "Multiply":
            return Call("*", parts)
        case "NotEqual":
            return Call("not", (Call("=", parts),))
        case _ if name in _COMPARISONS:
            return Call(_COMPARISONS[name], parts)
        case _:
            raise InputError(f"{file}: {name} is not supported")


def _first(message: str) -> str:
    """The first of the parser's errors, in one line."""
    try:
        error = json.loads(message)["errors"][0]
        return f"line {error['line']}: {error['message']}: {error['offendingSymbol']}"
    except (ValueError, LookupError, TypeError):
        return " ".join(message.split())
