"""The parts that `mesascope extract` found in a network, read back from its JSON."""

from __future__ import annotations

from pathlib import Path

import msgspec

from extract.network import Network
from extract.piece import piece
from extract.structure import AgentStructure, Part, Status
from theory.error import InputError
from verify.wire import Schema

NAME = "mesascope.extract"
VERSION = 1


class WirePart(msgspec.Struct, frozen=True):
    """A part that is a function: between which tensors it lies, and how well it is established."""

    status: str
    reads: list[str]
    writes: list[str]


class Document(msgspec.Struct, frozen=True):
    """What of the findings a check needs."""

    schema: Schema
    network: str
    sha256: dict[str, str]
    parts: dict[str, WirePart]


def written(structure: AgentStructure) -> dict[str, WirePart]:
    """The parts of a structure, as the JSON has them."""
    return {
        name: WirePart(part.status.value, list(part.inputs), list(part.outputs))
        for name, part in structure.parts.items()
    }


def read_found(path: str | Path, network: Network) -> AgentStructure:
    """The structure that was found in a network.

    Args:
        path: what `mesascope extract --json` wrote.
        network: the same network.

    Raises:
        InputError: the file is missing, no such document, or of another network; names the field.
    """
    document = _document(Path(path))
    said = document.sha256.get(document.network)
    if said != network.sha256:
        raise InputError(
            f"{path}: field sha256: found in another network than {network.name}: "
            f"{(said or 'none')[:12]}..., not {network.sha256[:12]}..."
        )
    parts = {name: _part(network, name, one, path) for name, one in document.parts.items()}
    return AgentStructure(network, parts)


def _document(path: Path) -> Document:
    try:
        document = msgspec.json.decode(path.read_bytes(), type=Document)
    except OSError as error:
        raise InputError(f"{path}: {(error.strerror or str(error)).lower()}") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        reason = " ".join(str(error).split())
        raise InputError(f"{path}: not what `mesascope extract --json` writes: {reason}") from None
    if document.schema.name != NAME:
        raise InputError(f"{path}: field schema.name is {document.schema.name!r}, not {NAME!r}")
    if document.schema.version != VERSION:
        raise InputError(
            f"{path}: field schema.version is {document.schema.version}; "
            f"this mesascope reads {VERSION}"
        )
    return document


def _part(network: Network, name: str, one: WirePart, path: str | Path) -> Part:
    """The part, cut out of the network again."""
    if one.status not in {status.value for status in Status}:
        raise InputError(f"{path}: field parts.{name}.status: {one.status!r} is no status")
    reads, writes = tuple(one.reads), tuple(one.writes)
    try:
        part = piece(network, name, reads, writes)
    except InputError as error:
        raise InputError(f"{path}: field parts.{name}: {error}") from None
    inner = frozenset(n.name for n in part.nodes if n.name in network) - set(reads)
    inner -= set(network.parameters)
    origin = f"found: {', '.join(reads)} → {', '.join(writes)}"
    return Part(name, part, reads, writes, Status(one.status), nodes=inner, origin=origin)
