"""Read bare weights: a .safetensors file, and a Python file that says what to do with them."""

from __future__ import annotations

from pathlib import Path

from extract.reader.python_file import call, read_made
from extract.reader.reading import Reading
from extract.reader.source import read_bytes
from theory.error import InputError


def read(weights: Path, architecture: Path, name: str) -> Reading:
    """Read the network that a callable makes from named tensors.

    The Python file is run: name only files that you trust. The sha256 covers both files.

    Args:
        weights: of the .safetensors file.
        architecture: of the Python file.
        name: of the callable in it; it takes the tensors by name and returns what the callable of
            FILE.py:callable returns.

    Raises:
        InputError: one of the files is missing or damaged, or the callable fails.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load

    content = read_bytes(weights)
    try:
        state = load(content)
    except (SafetensorError, ValueError, KeyError, TypeError) as error:
        text = " ".join(str(error).split())[:160]
        raise InputError(f"{weights}: no safetensors file, or a damaged one ({text})") from None
    made = call(architecture, name, state)
    return read_made(f"{weights.name}:{name}", made, content + read_bytes(architecture))
