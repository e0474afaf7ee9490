"""Walk an ONNX graph node by node; compute what is known without an input."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnx.reference
import onnx.shape_inference

from extract.network import LARGEST_TENSOR, Array, check_size
from extract.operator import Shape
from extract.reader.build import Builder, Value
from extract.reader.onnx import arithmetic, layer, layout, recurrent
from extract.reader.onnx.file import TYPES, array_of, dtype_of, line, load, opset
from extract.reader.onnx.node import Handler, OnnxNode
from extract.reader.reading import Reading
from extract.reader.source import digest, read_bytes
from theory.error import InputError, UnsupportedOperator

HANDLERS: dict[str, Handler] = {
    **arithmetic.ROWS,
    **layer.ROWS,
    **layout.ROWS,
    **recurrent.ROWS,
}
"""ONNX operator -> its meaning; each returns the values of its outputs, in order."""

_WORDS = """
    Abs Add And Cast Ceil Clip Concat Constant ConstantOfShape Div Equal Exp Expand Flatten
    Floor Gather Greater Identity Less Log MatMul Max Min Mul Neg Not Or Pow Range Reciprocal
    ReduceMax ReduceMin ReduceProd ReduceSum Relu Reshape Round Shape Sigmoid Size Slice Split
    Sqrt Squeeze Sub Tanh Tile Transpose Unsqueeze Where
"""
FOLDED = frozenset(_WORDS.split())
"""Operators that are computed while reading when all their operands are known."""


def read(path: Path) -> Reading:
    """Read an ONNX file.

    Raises:
        InputError: the file is missing, damaged or malformed, or its weights or shapes cannot be.
    """
    content = read_bytes(path)
    title = path.name
    model, external = load(path, content)
    _fix_inputs(title, model.graph)
    stated = _stated_shapes(title, model)
    builder = Builder(title, reserved=frozenset(_names(model.graph)))
    values = _constants(builder, model.graph)
    for entry in _inputs(model.graph):
        shape = _shape(entry)
        kind = dtype_of(entry.type.tensor_type.elem_type)
        values[entry.name] = builder.input(entry.name, shape or (), kind)
    _walk(builder, model, values, stated)
    outputs = [(entry.name, values.get(entry.name)) for entry in model.graph.output]
    for name, value in outputs:
        if value is None and not builder.refusals:
            raise InputError(f"{title}: no node produces the output {name!r}")
    sha = digest(content + external)
    return builder.finish([(name, value) for name, value in outputs if value], sha256=sha)


def _names(graph: onnx.GraphProto) -> Iterator[str]:
    yield from (tensor.name for tensor in graph.initializer)
    yield from (entry.name for entry in graph.input)
    for node in graph.node:
        yield from node.output


def _inputs(graph: onnx.GraphProto) -> list[onnx.ValueInfoProto]:
    weights = {tensor.name for tensor in graph.initializer}
    return [entry for entry in graph.input if entry.name not in weights]


def _fix_inputs(title: str, graph: onnx.GraphProto) -> None:
    """Set an open leading axis of every input to 1."""
    for entry in _inputs(graph):
        where = f"{title}: input {entry.name!r}"
        kind = entry.type.tensor_type
        if not entry.type.HasField("tensor_type") or not kind.HasField("shape"):
            raise InputError(f"{where} has no shape")
        for axis, dim in enumerate(kind.shape.dim):
            if dim.dim_value > 0:
                continue
            if axis > 0 or len(kind.shape.dim) < 2:
                raise InputError(f"{where}: axis {axis} has no fixed size; export it with one")
            dim.Clear()
            dim.dim_value = 1
        check_size(where, tuple(dim.dim_value for dim in kind.shape.dim))


def _shape(entry: onnx.ValueInfoProto) -> Shape | None:
    kind = entry.type.tensor_type
    if not kind.HasField("shape"):
        return None
    sizes = tuple(int(dim.dim_value) for dim in kind.shape.dim)
    return sizes if all(n > 0 for n in sizes) else None


def _stated_shapes(title: str, model: onnx.ModelProto) -> dict[str, tuple[Shape, str]]:
    """Shape and type of tensors as the onnx library infers them, where it can."""
    for entry in [*model.graph.value_info, *model.graph.output]:
        _forget_batch(entry)
    try:
        inferred = onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True)
    except (onnx.shape_inference.InferenceError, RuntimeError, ValueError) as error:
        raise InputError(f"{title}: shapes do not fit ({line(error)})") from None
    result: dict[str, tuple[Shape, str]] = {}
    for entry in [*inferred.graph.value_info, *inferred.graph.output]:
        shape = _shape(entry)
        if shape is not None:
            result[entry.name] = shape, dtype_of(entry.type.tensor_type.elem_type)
    return result


def _forget_batch(entry: onnx.ValueInfoProto) -> None:
    """Drop sizes that a file writes as 0 or -1 for "open"."""
    kind = entry.type.tensor_type
    if kind.HasField("shape"):
        for dim in kind.shape.dim:
            if dim.HasField("dim_value") and dim.dim_value <= 0:
                dim.Clear()


def _constants(builder: Builder, graph: onnx.GraphProto) -> dict[str, Value]:
    values: dict[str, Value] = {}
    for tensor in graph.initializer:
        array = array_of(builder.title, tensor)
        values[tensor.name] = builder.constant(tensor.name, array)
        builder.weights += int(array.size) if array.dtype.kind == "f" else 0
    return values


def _walk(
    builder: Builder,
    model: onnx.ModelProto,
    values: dict[str, Value],
    stated: dict[str, tuple[Shape, str]],
) -> None:
    version = opset(model)
    for proto in model.graph.node:
        names = [name for name in proto.output if name]
        title = proto.name or (names[0] if names else proto.op_type)
        builder.at(proto.op_type, title)
        if any(name and name not in values for name in proto.input):
            if not builder.refusals:
                raise builder.wrong(f"reads {list(proto.input)}, of which one is unknown")
            continue
        operands = [values[name] if name else None for name in proto.input]
        try:
            results = _results(builder, model, proto, operands, version)
        except UnsupportedOperator as error:
            builder.refuse(error)
            for name in names:
                if name in stated:
                    values[name] = builder.opaque(builder.fresh(name), *stated[name])
            continue
        for name, value in zip(proto.output, results, strict=False):
            if name in stated and stated[name][0] != value.shape:
                raise builder.wrong(
                    f"gives shape {value.shape}, but the file says {stated[name][0]} for {name!r}"
                )
            values[name] = value


def _results(
    builder: Builder,
    model: onnx.ModelProto,
    proto: onnx.NodeProto,
    operands: list[Value | None],
    version: int,
) -> list[Value]:
    if proto.domain not in ("", "ai.onnx"):
        raise builder.unsupported(f"domain {proto.domain!r}")
    node = OnnxNode(builder, proto, operands, version)
    if proto.op_type in ("Shape", "Size"):
        return [node.shape_of()]
    if proto.op_type == "Identity" and operands[0] is not None and operands[0].array is not None:
        return [operands[0]]  # another name for the same weight: it stays one parameter
    if proto.op_type in FOLDED and all(v is None or v.array is not None for v in operands):
        return _fold(builder, model, proto, operands)
    handler = HANDLERS.get(proto.op_type)
    if handler is None:
        raise builder.unsupported()
    results = handler(node)
    node.finish(len(results))
    return results


def _fold(
    builder: Builder,
    model: onnx.ModelProto,
    proto: onnx.NodeProto,
    operands: list[Value | None],
) -> list[Value]:
    """Compute a node of known operands with the onnx library's reference evaluator."""
    _check_growth(builder, proto, operands)
    given = [(n, v) for n, v in zip(proto.input, operands, strict=True) if v is not None]
    odd = [value.dtype for _, value in given if value.dtype not in TYPES]
    if odd:
        raise builder.unsupported(f"on constants of {odd[0]}")
    inputs = [
        onnx.helper.make_tensor_value_info(name, TYPES[value.dtype], value.shape)
        for name, value in dict(given).items()
    ]
    outputs = [onnx.ValueInfoProto(name=name) for name in proto.output if name]
    graph = onnx.helper.make_graph([proto], "fold", inputs, outputs)
    single = onnx.helper.make_model(graph, opset_imports=list(model.opset_import))
    feeds: dict[str, Any] = {name: value.array for name, value in given}
    try:
        with np.errstate(all="ignore"):
            arrays = onnx.reference.ReferenceEvaluator(single).run(None, feeds)
    except (ValueError, TypeError, RuntimeError, LookupError, AttributeError) as error:
        raise builder.wrong(f"cannot be computed ({line(error)})") from None
    names = [name for name in proto.output if name]
    return [builder.constant(n, np.asarray(a)) for n, a in zip(names, arrays, strict=True)]


def _check_growth(builder: Builder, proto: onnx.NodeProto, operands: list[Value | None]) -> None:
    """Refuse folded operators that would allocate far more than they were given."""
    arrays = [v.array for v in operands if v is not None and v.array is not None]
    size = 0
    if proto.op_type == "ConstantOfShape":
        size = prod(int(n) for n in arrays[0].ravel())
    elif proto.op_type == "Expand":
        size = prod(max(int(n), 1) for n in arrays[1].ravel()) * max(arrays[0].size, 1)
    elif proto.op_type == "Tile":
        size = prod(int(n) for n in arrays[1].ravel()) * arrays[0].size
    elif proto.op_type == "Range":
        start, stop, step = (float(a.item()) for a in arrays)
        size = int(abs((stop - start) / step)) if step else 0
    elif proto.op_type in ("Add", "Sub", "Mul", "Div", "MatMul", "Where"):
        size = prod(max(a.size, 1) for a in arrays)
        size = 0 if all(a.size <= 2**14 for a in arrays) else min(size, _widest(arrays))
    if size > LARGEST_TENSOR:
        raise builder.wrong(f"would make a tensor of {size} entries")


def _widest(arrays: list[Array]) -> int:
    rank = max(a.ndim for a in arrays)
    shapes = [(1,) * (rank - a.ndim) + a.shape for a in arrays]
    return prod(max(sizes) for sizes in zip(*shapes, strict=True))
