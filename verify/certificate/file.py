"""The file of a certificate: a first line, the sha256 of what follows, and that, compressed.

The hash finds damage. It is no protection against forgery, and needs to be none: a certificate is
checked, not believed.
"""

from __future__ import annotations

import zlib
from fractions import Fraction
from hashlib import sha256
from pathlib import Path

import msgspec
import numpy as np

from theory.error import InputError, MesascopeError
from verify.certificate.tree import Tree
from verify.problem.choice import Choice, Line, Place

FIRST_LINE = b"mesascope certificate 2\n"
LARGEST_BYTES = 2**31
"""A certificate that is larger than this when uncompressed is refused."""


class Rejected(MesascopeError):
    """A certificate does not prove what it claims; the message says where it fails."""


class WireTree(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A `Tree`; its columns as little-endian bytes."""

    kind: bytes
    place: bytes
    tensor: bytes
    cut: bytes
    tensors: tuple[str, ...]
    rows: bytes
    weight: bytes
    slope: bytes
    price: bytes


WireChoice = dict[str, tuple[str, dict[str, dict[str, str]]]]
"""By feature: the constant, and by variable and its feature the coefficient; exact numbers."""


class Entry(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """The proof of one property.

    Attributes:
        property: its name.
        network, statement: hashes of the compiled question, in hexadecimal.
        guarantee: what is claimed, `float32` or `real`.
        tree: how the domain is divided, so that on each part linear bounds refute a violation.
        occasion: an input at which the property's condition is true, as exact numbers; None where
            it has no condition.
        choices: for variables of quantifiers over a continuum, the values that the proof uses.
    """

    property: str
    network: str
    statement: str
    guarantee: str
    tree: WireTree
    occasion: tuple[str, ...] | None
    choices: dict[str, tuple[WireChoice, ...]] = {}


class Certificate(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """What a file holds.

    Attributes:
        tool: name and version of what wrote it.
        network, spec: files, as the user named them; for readers only.
        entries: the proofs.
    """

    tool: str
    network: str
    spec: str
    entries: tuple[Entry, ...]


def wired(tree: Tree) -> WireTree:
    """A tree as it is written."""
    return WireTree(
        kind=tree.kind.astype("<u1").tobytes(),
        place=tree.place.astype("<u4").tobytes(),
        tensor=tree.tensor.astype("<u2").tobytes(),
        cut=tree.cut.astype("<f8").tobytes(),
        tensors=tree.tensors,
        rows=tree.rows.astype("<u1").tobytes(),
        weight=tree.weight.astype("<f4").tobytes(),
        slope=tree.slope.astype("<u1").tobytes(),
        price=tree.price.astype("<f4").tobytes(),
    )


def unwired(wire: WireTree) -> Tree:
    """A tree as it was written.

    Raises:
        Rejected: a column is cut off.
    """
    try:
        return Tree(
            np.frombuffer(wire.kind, dtype="<u1"),
            np.frombuffer(wire.place, dtype="<u4"),
            np.frombuffer(wire.tensor, dtype="<u2"),
            np.frombuffer(wire.cut, dtype="<f8"),
            wire.tensors,
            np.frombuffer(wire.rows, dtype="<u1"),
            np.frombuffer(wire.weight, dtype="<f4"),
            np.frombuffer(wire.slope, dtype="<u1"),
            np.frombuffer(wire.price, dtype="<f4"),
        )
    except ValueError as error:
        raise Rejected(f"a column of the tree is cut off: {error}") from None


def wired_choice(choice: Choice) -> WireChoice:
    """A choice as it is written."""
    wire: WireChoice = {}
    for part, line in choice.parts:
        terms: dict[str, dict[str, str]] = {}
        for (owner, component), factor in line.terms:
            terms.setdefault(owner, {})[component] = str(factor)
        wire[part] = str(line.constant), terms
    return wire


def unwired_choice(wire: WireChoice) -> Choice:
    """A choice as it was written.

    Raises:
        Rejected: a number is none.
    """
    try:
        return Choice(
            tuple(
                (part, Line(Fraction(value), _terms(terms)))
                for part, (value, terms) in wire.items()
            )
        )
    except (ValueError, ZeroDivisionError):
        raise Rejected("a choice has something else than numbers") from None


def _terms(wire: dict[str, dict[str, str]]) -> tuple[tuple[Place, Fraction], ...]:
    return tuple(
        ((owner, component), Fraction(factor))
        for owner, factors in wire.items()
        for component, factor in factors.items()
    )


def encode(certificate: Certificate) -> bytes:
    """The bytes of the file."""
    body = zlib.compress(msgspec.msgpack.encode(certificate), level=9)
    return FIRST_LINE + sha256(body).digest() + body


def decode(data: bytes, where: str) -> Certificate:
    """What the bytes of a file say.

    Raises:
        InputError: they are no certificate.
        Rejected: they are a damaged one.
    """
    if not data.startswith(FIRST_LINE):
        raise InputError(f"{where}: not a certificate of mesascope, or of another version")
    start = len(FIRST_LINE) + 32
    stated, body = data[len(FIRST_LINE) : start], data[start:]
    if sha256(body).digest() != stated:
        raise Rejected("the file is damaged: its content does not have the hash that it states")
    try:
        unpacker = zlib.decompressobj()
        content = unpacker.decompress(body, LARGEST_BYTES)
        if not unpacker.eof or unpacker.unused_data:
            raise Rejected("the file is cut off, too large, or has something after its end")
        return msgspec.msgpack.decode(content, type=Certificate)
    except (zlib.error, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Rejected(f"the file is malformed: {error}") from None


def read(path: str) -> Certificate:
    """Read a file.

    Raises:
        InputError: it cannot be read, or is no certificate.
        Rejected: it is a damaged one.
    """
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise InputError(f"{path}: {(error.strerror or str(error)).lower()}") from None
    return decode(data, path)
