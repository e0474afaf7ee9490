"""Open the files that a user names, with one-line errors and limits on what is unpacked."""

from __future__ import annotations

import hashlib
import io
import zipfile
import zlib
from pathlib import Path

from extract.network import Array
from theory.error import InputError

LARGEST_FILE = 2**31
"""Bytes; larger files, and archives that unpack to more, are refused."""


def read_bytes(path: Path) -> bytes:
    """The content of a file.

    Raises:
        InputError: there is none, it cannot be read, it is empty, or it is too large.
    """
    try:
        size = path.stat().st_size
        if not path.is_file():
            raise InputError(f"{path}: not a file")
        if size > LARGEST_FILE:
            raise InputError(f"{path}: {size} bytes; files up to {LARGEST_FILE} bytes are read")
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}") from None
    except ValueError as error:
        raise InputError(f"{path!s}: {error}") from None
    if not content:
        raise InputError(f"{path}: the file is empty")
    return content


def digest(content: bytes) -> str:
    """The sha256 of a file's content, in hex."""
    return hashlib.sha256(content).hexdigest()


def load_state(where: str, content: bytes) -> dict[str, Array]:
    """A torch state dict, through torch's weights-only unpickler, which runs no code.

    Args:
        where: what is loaded, for messages.
        content: what `torch.save` wrote.

    Raises:
        InputError: it is damaged, or holds more than named tensors.
    """
    import torch

    if zipfile.is_zipfile(io.BytesIO(content)):  # torch itself does not verify the checksums
        archive = open_archive(Path(where), content)
        for name in archive.namelist():
            read_member(Path(where), archive, name)
    try:
        state = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    except Exception as error:
        text = " ".join(str(error).split())[:160]
        raise InputError(f"{where} is no plain state dict ({text})") from error
    weights: dict[str, Array] = {}
    for key, tensor in state.items() if isinstance(state, dict) else [("", None)]:
        if not isinstance(tensor, torch.Tensor) or str(tensor.dtype) not in _READ:
            raise InputError(f"{where}: {key!r} is no tensor of floats or integers")
        weights[str(key)] = tensor.detach().contiguous().numpy()
    return weights


_READ = {f"torch.{kind}" for kind in ("float32", "float64", "int64", "int32", "bool")}


def open_archive(path: Path, content: bytes) -> zipfile.ZipFile:
    """A zip file, given its content, whose members unpack to a bearable size.

    Raises:
        InputError: it is no zip file, is damaged, or unpacks to more than LARGEST_FILE bytes.
    """
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise InputError(f"{path}: not a zip archive, or a damaged one ({error})") from None
    members = archive.infolist()
    total = sum(info.file_size for info in members)
    if total > LARGEST_FILE:
        raise InputError(f"{path}: unpacks to {total} bytes; up to {LARGEST_FILE} are read")
    if len({info.filename for info in members}) != len(members):
        raise InputError(f"{path}: two members of the archive have the same name")
    return archive


def read_member(path: Path, archive: zipfile.ZipFile, name: str) -> bytes:
    """One member of an archive, its checksum verified.

    Raises:
        InputError: it is missing or damaged.
    """
    try:
        return archive.read(name)
    except KeyError:
        raise InputError(f"{path}: the archive has no member {name!r}") from None
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError) as error:
        raise InputError(f"{path}: member {name!r} is damaged ({error})") from None
    except (NotImplementedError, RuntimeError) as error:
        raise InputError(f"{path}: member {name!r} cannot be unpacked ({error})") from None
