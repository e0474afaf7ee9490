"""Open an ONNX file: parsed and checked by the onnx library, with limits on what it may ask for."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from pathlib import Path

import numpy as np
import onnx
import onnx.checker
import onnx.inliner
import onnx.numpy_helper
import onnx.shape_inference
from google.protobuf.message import DecodeError

from extract.network import LARGEST_TENSOR, Array
from extract.reader.source import read_bytes
from theory.error import InputError

OLDEST_OPSET = 7
"""Before opset 7 the arithmetic operators broadcast by other rules."""

TYPES = {
    "float32": onnx.TensorProto.FLOAT,
    "float64": onnx.TensorProto.DOUBLE,
    "float16": onnx.TensorProto.FLOAT16,
    "int8": onnx.TensorProto.INT8,
    "int16": onnx.TensorProto.INT16,
    "int32": onnx.TensorProto.INT32,
    "int64": onnx.TensorProto.INT64,
    "uint8": onnx.TensorProto.UINT8,
    "uint16": onnx.TensorProto.UINT16,
    "uint32": onnx.TensorProto.UINT32,
    "uint64": onnx.TensorProto.UINT64,
    "bool": onnx.TensorProto.BOOL,
}
"""numpy's name of a type -> its number in ONNX."""

_KINDS = {int(number): name for name, number in TYPES.items()}


def dtype_of(number: int) -> str:
    """numpy's name of an ONNX type."""
    return _KINDS.get(number, f"type {number}")


def load(path: Path, content: bytes) -> tuple[onnx.ModelProto, bytes]:
    """A checked model with all its weights inside.

    Args:
        path: of the file, for messages and for weights kept beside it.
        content: of the file.

    Returns:
        The model, and the content of the files that held its external weights.

    Raises:
        InputError: the file is damaged or malformed, or a weight cannot be what it says.
    """
    model = _parse(path, content)
    external = _load_external(path, model)
    if model.functions:
        try:
            model = onnx.inliner.inline_local_functions(model)
        except (RuntimeError, ValueError) as error:
            raise InputError(
                f"{path.name}: its functions cannot be inlined ({line(error)})"
            ) from None
    _refuse_odd(path.name, model)
    return model, external


def opset(model: onnx.ModelProto) -> int:
    """The version of the standard operators that a model uses; 0 if it says none."""
    versions = {entry.domain: entry.version for entry in model.opset_import}
    return versions.get("", versions.get("ai.onnx", 0))


def _parse(path: Path, content: bytes) -> onnx.ModelProto:
    try:
        model = onnx.load_model_from_string(content)
    except (DecodeError, ValueError) as error:
        raise InputError(f"{path}: not an ONNX file, or cut short ({line(error)})") from None
    if not model.graph.node or model.ir_version < 1:
        raise InputError(f"{path}: not an ONNX file, or one without a graph")
    return model


def line(error: BaseException) -> str:
    """The message of another library's error, on one line."""
    text = " ".join(str(error).split())
    return text[:300] or type(error).__name__


def _with_output_shapes(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model with the shapes of its outputs filled in, which the checker insists on."""
    kinds = [entry.type.tensor_type for entry in model.graph.output]
    if all(kind.HasField("shape") for kind in kinds):
        return model
    try:
        filled = onnx.shape_inference.infer_shapes(model)
    except (onnx.shape_inference.InferenceError, RuntimeError):
        return model
    for entry in filled.graph.output:
        if not entry.type.tensor_type.HasField("shape"):
            entry.type.tensor_type.shape.SetInParent()
    return filled


def _tensors(graph: onnx.GraphProto) -> Iterator[onnx.TensorProto]:
    yield from graph.initializer
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.HasField("t"):
                yield attribute.t
            yield from attribute.tensors
            if attribute.HasField("g"):
                yield from _tensors(attribute.g)


def _load_external(path: Path, model: onnx.ModelProto) -> bytes:
    """Load weights kept in other files, which have to lie in the folder of the model."""
    folder = path.resolve().parent
    seen: dict[Path, bytes] = {}
    for tensor in _tensors(model.graph):
        where = f"{path.name}: tensor {tensor.name!r}"
        if tensor.data_location == onnx.TensorProto.EXTERNAL:
            entries = {entry.key: entry.value for entry in tensor.external_data}
            file = _inside(where, folder, entries.get("location", ""))
            if file not in seen:
                seen[file] = read_bytes(file)
            _fill(where, tensor, seen[file], entries)
        _check_tensor(where, tensor)
    return b"".join(seen[file] for file in sorted(seen))


def _inside(where: str, folder: Path, location: str) -> Path:
    file = (folder / location).resolve()
    if not location or Path(location).is_absolute() or not file.is_relative_to(folder):
        raise InputError(f"{where}: external data {location!r} lies outside the model's folder")
    return file


def _fill(where: str, tensor: onnx.TensorProto, content: bytes, entries: dict[str, str]) -> None:
    try:
        offset, length = int(entries.get("offset", "0")), int(entries.get("length", "-1"))
    except ValueError:
        raise InputError(f"{where}: offset and length of external data are integers") from None
    stop = len(content) if length < 0 else offset + length
    if offset < 0 or stop > len(content) or offset > stop:
        raise InputError(f"{where}: external data ends at byte {len(content)}, before {stop}")
    tensor.raw_data = content[offset:stop]
    tensor.data_location = onnx.TensorProto.DEFAULT
    del tensor.external_data[:]


def _check_tensor(where: str, tensor: onnx.TensorProto) -> None:
    """Compare the stated shape with the bytes at hand, before anything is allocated."""
    dims = tuple(tensor.dims)
    if any(n < 0 for n in dims) or prod(dims) > LARGEST_TENSOR:
        raise InputError(f"{where} has the shape {dims}")
    if tensor.HasField("raw_data"):
        kind = dtype_of(tensor.data_type)
        if kind in TYPES and len(tensor.raw_data) != prod(dims) * np.dtype(kind).itemsize:
            raise InputError(
                f"{where} has shape {dims} of {kind}, but holds {len(tensor.raw_data)} bytes"
            )


def _refuse_odd(title: str, model: onnx.ModelProto) -> None:
    if model.graph.sparse_initializer:
        raise InputError(f"{title}: sparse initialisers are not read")
    version = opset(model)
    newest = onnx.defs.onnx_opset_version()
    if not OLDEST_OPSET <= version <= newest:
        raise InputError(f"{title}: opset {version}; opsets {OLDEST_OPSET} to {newest} are read")
    try:
        onnx.checker.check_model(_with_output_shapes(model))
    except (onnx.checker.ValidationError, ValueError) as error:
        raise InputError(f"{title}: {line(error)}") from None


def array_of(title: str, tensor: onnx.TensorProto) -> Array:
    """The entries of an initialiser.

    Raises:
        InputError: they are of a type that is not read, or fewer than the shape says.
    """
    if tensor.data_type not in _KINDS:
        name = onnx.TensorProto.DataType.Name(tensor.data_type)
        raise InputError(f"{title}: tensor {tensor.name!r} holds {name}, which is not read")
    try:
        return np.array(onnx.numpy_helper.to_array(tensor))
    except (ValueError, TypeError) as error:
        raise InputError(f"{title}: tensor {tensor.name!r}: {line(error)}") from None
