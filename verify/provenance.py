"""Where an answer comes from: the files it was given and the libraries that decided."""

from __future__ import annotations

import platform
from hashlib import file_digest
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from theory.error import InputError

LIBRARIES = {"mesascope": "mesascope", "torch": "torch", "z3": "z3-solver", "onnx": "onnx"}


def source(name: str) -> Path:
    """The file behind a network or a spec as the user names it: `FILE.py:callable` is FILE.py."""
    file, colon, attribute = name.rpartition(":")
    return Path(file) if colon and attribute.isidentifier() and file else Path(name)


def sha256(path: Path) -> str:
    """The hash of a file's content.

    Raises:
        InputError: the file cannot be read.
    """
    try:
        with path.open("rb") as stream:
            return file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise InputError(f"{path}: {(error.strerror or str(error)).lower()}") from None


def versions() -> dict[str, str]:
    """Versions of Mesascope, Python and the libraries that decide, as far as installed."""
    found = {"python": platform.python_version()}
    for name, distribution in LIBRARIES.items():
        try:
            found[name] = version(distribution)
        except PackageNotFoundError:
            continue
    return dict(sorted(found.items()))
