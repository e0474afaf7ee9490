"""ONNX operators with weights or windows: linear maps, convolution, pooling, normalisation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from extract.reader import activation, idiom
from extract.reader.build import Builder, Value
from extract.reader.onnx.node import Handler, OnnxNode


def _gemm(n: OnnxNode) -> list[Value]:
    b = n.builder
    alpha, beta = n.attribute("alpha", 1.0), n.attribute("beta", 1.0)
    x, y, bias = n.operand(0), n.operand(1), n.optional(2)
    if x.rank != 2 or y.rank != 2:
        raise b.wrong(f"needs matrices, got shapes {x.shape} and {y.shape}")
    if n.attribute("transA", 0):
        x = _turn(b, x, n.name, "A")
    turned = bool(n.attribute("transB", 0))
    if alpha == 1.0 and beta == 1.0 and y.array is not None and x.array is None:
        return [idiom.linear(b, x, y if turned else idiom.transposed(b, y), bias, n.name)]
    if turned:
        y = _turn(b, y, n.name, "B")
    steps: list[tuple[str, Value]] = []
    if alpha != 1.0:
        steps.append(("mul", b.scalar(alpha, x)))
    if bias is not None and beta != 0.0:
        if beta != 1.0:
            scale = b.scalar(beta, x)
            title = (
                b.fresh(f"{n.name}.beta") if bias.array is None else f"{bias.name}.times{beta!r}"
            )
            bias = idiom.binary(b, "mul", bias, scale, title)
        steps.append(("add", bias))
    value = idiom.matmul(b, x, y, b.fresh(f"{n.name}.product") if steps else n.name)
    for op, other in steps:
        title = n.name if op == steps[-1][0] else b.fresh(f"{n.name}.{op}")
        value = b.emit(op, [value, other], title)
    return [value]


def _turn(b: Builder, value: Value, name: str, side: str) -> Value:
    if value.array is not None:
        return idiom.transposed(b, value)
    return idiom.transpose(b, value, (1, 0), b.fresh(f"{name}.{side}"))


def _matmul(n: OnnxNode) -> list[Value]:
    return [idiom.matmul(n.builder, n.operand(0), n.operand(1), n.name)]


def _window(n: OnnxNode, kernel: Sequence[int]) -> dict[str, Any]:
    b = n.builder
    auto = n.attribute("auto_pad", "NOTSET")
    if auto not in ("NOTSET", "VALID"):
        raise b.unsupported(f"auto_pad = {auto!r}")
    pads = n.attribute("pads", [0, 0, 0, 0])
    if auto == "VALID" and any(pads):
        raise b.wrong("auto_pad VALID together with pads")
    window = {
        "stride": tuple(n.attribute("strides", [1, 1])),
        "padding": tuple(pads),
        "dilation": tuple(n.attribute("dilations", [1, 1])),
    }
    if len(kernel) != 2 or [len(v) for v in window.values()] != [2, 4, 2]:
        raise b.unsupported("windows other than over height and width")
    return window


def _conv(n: OnnxNode) -> list[Value]:
    b, x, weight, bias = n.builder, n.operand(0), n.operand(1), n.optional(2)
    if x.rank != 4:
        raise b.unsupported(f"an operand of shape {x.shape}; only (N, C, H, W) is read")
    b.known(weight, "the kernel")
    kernel = n.attribute("kernel_shape", list(weight.shape[2:]))
    if tuple(kernel) != weight.shape[2:]:
        raise b.wrong(f"kernel_shape {kernel} is not that of the weight {weight.shape}")
    operands = [x, weight]
    if bias is not None:
        b.known(bias, "the bias")
        operands.append(bias)
    window = _window(n, kernel)
    return [b.emit("conv2d", operands, n.name, **window, groups=n.attribute("group", 1))]


def _max_pool(n: OnnxNode) -> list[Value]:
    b, x = n.builder, n.operand(0)
    if x.rank != 4:
        raise b.unsupported(f"an operand of shape {x.shape}; only (N, C, H, W) is read")
    n.must_be("ceil_mode", 0)
    n.ignore("storage_order")
    kernel = n.attribute("kernel_shape")
    return [b.emit("max_pool", [x], n.name, kernel=tuple(kernel), **_window(n, kernel))]


def _average_pool(n: OnnxNode) -> list[Value]:
    b, x = n.builder, n.operand(0)
    if x.rank != 4:
        raise b.unsupported(f"an operand of shape {x.shape}; only (N, C, H, W) is read")
    n.must_be("ceil_mode", 0)
    kernel = n.attribute("kernel_shape")
    window = _window(n, kernel)
    if window["dilation"] != (1, 1):
        raise b.unsupported(f"dilations = {window['dilation']}")
    count = int(n.attribute("count_include_pad", 0))
    return [b.emit("avg_pool", [x], n.name, kernel=tuple(kernel), **window, count_padding=count)]


def _global_pool(op: str) -> Handler:
    def handler(n: OnnxNode) -> list[Value]:
        x = n.operand(0)
        return [idiom.reduce(n.builder, op, x, range(2, x.rank), True, n.name)]

    return handler


def _batch_norm(n: OnnxNode) -> list[Value]:
    n.must_be("training_mode", 0)
    n.must_be("spatial", 1)
    n.ignore("momentum")
    epsilon = float(n.attribute("epsilon", 1e-5))
    scale, shift, mean, variance = (n.operand(i) for i in range(1, 5))
    return [
        idiom.batch_norm(n.builder, n.operand(0), scale, shift, mean, variance, epsilon, n.name)
    ]


def _dropout(n: OnnxNode) -> list[Value]:
    n.ignore("ratio", "seed")
    mode = n.optional(2)
    if mode is not None and n.builder.known(mode, "training_mode").any():
        raise n.builder.unsupported("training mode")
    return [n.builder.alias(n.name, n.operand(0))]


def _layer_norm(n: OnnxNode) -> list[Value]:
    b, x = n.builder, n.operand(0)
    n.must_be("stash_type", 1)
    first = idiom.axis_of(b, n.attribute("axis", -1), x.rank)
    epsilon, axes = n.attribute("epsilon", 1e-5), range(first, x.rank)
    return [activation.layer_norm(b, x, axes, n.operand(1), n.optional(2), epsilon, n.name)]


def _log_softmax(n: OnnxNode) -> list[Value]:
    if n.version < 13:
        raise n.builder.unsupported("before version 13 of the operator set")
    return [activation.log_softmax(n.builder, n.operand(0), n.attribute("axis", -1), n.name)]


def _softmax(n: OnnxNode) -> list[Value]:
    b, x = n.builder, n.operand(0)
    if n.version >= 13:
        return [idiom.softmax(b, x, n.attribute("axis", -1), n.name)]
    axis = idiom.axis_of(b, n.attribute("axis", 1), x.rank)
    if axis == x.rank - 1:
        return [idiom.softmax(b, x, axis, n.name)]
    rows = int(np.prod(x.shape[:axis], dtype=np.int64))
    flat = idiom.reshape(b, x, (rows, -1), b.fresh(f"{n.name}.rows"))
    soft = idiom.softmax(b, flat, 1, b.fresh(f"{n.name}.softmax"))
    return [idiom.reshape(b, soft, x.shape, n.name)]


ROWS: dict[str, Handler] = {
    "AveragePool": _average_pool,
    "BatchNormalization": _batch_norm,
    "Conv": _conv,
    "Dropout": _dropout,
    "Gemm": _gemm,
    "GlobalAveragePool": _global_pool("reduce_mean"),
    "GlobalMaxPool": _global_pool("reduce_max"),
    "LayerNormalization": _layer_norm,
    "LogSoftmax": _log_softmax,
    "MatMul": _matmul,
    "MaxPool": _max_pool,
    "Softmax": _softmax,
}
