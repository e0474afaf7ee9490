"""Read trained networks from files into the graph; one module per format."""

from __future__ import annotations

from pathlib import Path

from extract.network import Network
from extract.reader.reading import Reading, Refusal
from theory.error import InputError

__all__ = ["FORMATS", "Reading", "Refusal", "inspect", "read"]

FORMATS = (
    ".onnx",
    ".pt2",
    ".nnet",
    ".zip",
    "FILE.py:callable",
    "WEIGHTS.safetensors:FILE.py:callable",
)
"""What `read` takes."""


def inspect(spec: str | Path) -> Reading:
    """Read a network, or collect every node that stops its reader.

    Args:
        spec: path of an ONNX file, a torch.export program, a .nnet file or a Stable-Baselines3
            archive; `FILE.py:callable`; or `WEIGHTS.safetensors:FILE.py:callable`, where the
            callable takes the tensors by name.

    Raises:
        InputError: the source is missing, damaged, or of no known format.
    """
    text = str(spec)
    file, colon, name = text.rpartition(":")
    weights, mark, architecture = file.rpartition(".safetensors:")
    if colon and mark and file.endswith(".py"):
        from extract.reader import safetensors

        return safetensors.read(Path(f"{weights}.safetensors"), Path(architecture), name)
    if colon and file.endswith(".py"):
        from extract.reader import python_file

        return python_file.read(Path(file), name)
    path = Path(text)
    match path.suffix.lower():
        case ".onnx":
            from extract.reader import onnx

            return onnx.read(path)
        case ".pt2":
            from extract.reader import torch_export

            return torch_export.read(path)
        case ".nnet":
            from extract.reader import nnet

            return nnet.read(path)
        case ".zip":
            from extract.reader import sb3

            return sb3.read(path)
        case ".py":
            raise InputError(f"{text}: name the callable too, as in {text}:make")
        case ".safetensors":
            raise InputError(f"{text}: name its architecture too, as in {text}:FILE.py:make")
        case ".pt" | ".pth" | ".pkl" | ".bin" | ".ckpt":
            raise InputError(f"{text}: pickles are not opened; export it to .pt2 or .onnx")
        case _:
            raise InputError(f"{text}: unknown format; known are {', '.join(FORMATS)}")


def read(spec: str | Path) -> Network:
    """Read a network.

    Args:
        spec: as for `inspect`.

    Raises:
        InputError: the source is missing, damaged, or of no known format.
        UnsupportedOperator: it has an operator without a meaning here; names the node.
    """
    return inspect(spec).require()
