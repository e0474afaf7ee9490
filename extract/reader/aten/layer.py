"""ATen operators with weights or windows: linear maps, convolution, pooling, normalisation."""

from __future__ import annotations

from collections.abc import Callable
from math import sqrt

import numpy as np

from extract.reader import activation, idiom
from extract.reader.aten.call import AtenCall, Handler
from extract.reader.build import Value


def _linear(c: AtenCall) -> list[Value]:
    b, x, weight, bias = c.builder, c.tensor("input"), c.tensor("weight"), c.optional("bias")
    if weight.array is None or weight.rank != 2:
        raise b.unsupported("a weight that is no constant matrix")
    return [idiom.linear(b, x, weight, bias, c.name)]


def _addmm(c: AtenCall) -> list[Value]:
    b, bias, x, y = c.builder, c.tensor("self"), c.tensor("mat1"), c.tensor("mat2")
    c.must_be("beta", 1)
    c.must_be("alpha", 1)
    if x.array is None and y.array is not None:
        return [idiom.linear(b, x, idiom.transposed(b, y), bias, c.name)]
    product = idiom.matmul(b, x, y, b.fresh(f"{c.name}.product"))
    return [b.emit("add", [product, bias], c.name)]


def _matmul(second: str) -> Handler:
    return lambda c: [idiom.matmul(c.builder, c.tensor("self"), c.tensor(second), c.name)]


def _pair(c: AtenCall, values: list[int], what: str) -> tuple[int, int]:
    if len(values) == 1:
        return values[0], values[0]
    if len(values) != 2:
        raise c.builder.unsupported(f"{what} = {values}")
    return values[0], values[1]


def _image(c: AtenCall, x: Value, run: Callable[[Value, str], Value]) -> list[Value]:
    """Apply a function of (N, C, H, W); a single image (C, H, W) gets the axis for the while."""
    if x.rank == 4:
        return [run(x, c.name)]
    if x.rank != 3:
        raise c.builder.unsupported(f"an operand of shape {x.shape}")
    b = c.builder
    wide = idiom.unsqueeze(b, x, [0], b.fresh(f"{c.name}.image"))
    return [idiom.squeeze(b, run(wide, b.fresh(f"{c.name}.batch")), [0], c.name)]


def _conv2d(c: AtenCall) -> list[Value]:
    b, x, weight, bias = c.builder, c.tensor("input"), c.tensor("weight"), c.optional("bias")
    operands = [weight] if bias is None else [weight, bias]
    for value in operands:
        b.known(value, "the kernel or bias")
    if weight.rank != 4:
        raise b.unsupported(f"a kernel of shape {weight.shape}; two axes are read")
    dilation = _pair(c, c.integers("dilation"), "dilation")
    if c.operator == "convolution.default":
        c.must_be("transposed", False)
        if any(c.integers("output_padding")):
            raise b.unsupported("output_padding")
    padding = c.take("padding")
    if padding == "valid":
        sides = (0, 0, 0, 0)
    elif padding == "same":
        total = [d * (k - 1) for d, k in zip(dilation, weight.shape[2:], strict=True)]
        before = [n // 2 for n in total]
        sides = (*before, *(n - half for n, half in zip(total, before, strict=True)))
    else:
        sides = _pair(c, c.integers("padding"), "padding") * 2
    attributes = {
        "stride": _pair(c, c.integers("stride"), "stride"),
        "padding": sides,
        "dilation": dilation,
        "groups": c.integer("groups"),
    }
    return _image(
        c, x, lambda value, name: b.emit("conv2d", [value, *operands], name, **attributes)
    )


def _max_pool(c: AtenCall) -> list[Value]:
    b = c.builder
    c.must_be("ceil_mode", False)
    kernel = _pair(c, c.integers("kernel_size"), "kernel_size")
    attributes = {
        "kernel": kernel,
        "stride": _pair(c, c.integers("stride") or list(kernel), "stride"),
        "padding": _pair(c, c.integers("padding"), "padding") * 2,
        "dilation": _pair(c, c.integers("dilation"), "dilation"),
    }
    return _image(
        c, c.tensor("self"), lambda value, name: b.emit("max_pool", [value], name, **attributes)
    )


def _average_pool(c: AtenCall) -> list[Value]:
    b = c.builder
    c.must_be("ceil_mode", False)
    c.must_be("divisor_override", None)
    kernel = _pair(c, c.integers("kernel_size"), "kernel_size")
    attributes = {
        "kernel": kernel,
        "stride": _pair(c, c.integers("stride") or list(kernel), "stride"),
        "padding": _pair(c, c.integers("padding"), "padding") * 2,
        "dilation": (1, 1),
        "count_padding": int(c.flag("count_include_pad")),
    }
    return _image(
        c, c.tensor("self"), lambda value, name: b.emit("avg_pool", [value], name, **attributes)
    )


def _adaptive_pool(c: AtenCall) -> list[Value]:
    b, x = c.builder, c.tensor("self")
    size = _pair(c, c.integers("output_size"), "output_size")
    if any(n % m for n, m in zip(x.shape[-2:], size, strict=True)):
        raise b.unsupported(f"output_size = {size}, which does not divide {x.shape[-2:]}")
    kernel = tuple(n // m for n, m in zip(x.shape[-2:], size, strict=True))
    attributes = {
        "kernel": kernel,
        "stride": kernel,
        "padding": (0, 0, 0, 0),
        "dilation": (1, 1),
        "count_padding": 1,
    }
    return _image(c, x, lambda value, name: b.emit("avg_pool", [value], name, **attributes))


def _batch_norm(c: AtenCall) -> list[Value]:
    b = c.builder
    if "training" in c.schema():
        c.must_be("training", False)
    c.ignore("momentum", "cudnn_enabled")
    mean, variance = c.optional("running_mean"), c.optional("running_var")
    if mean is None or variance is None:
        raise b.unsupported("no running statistics")
    scale, shift = c.optional("weight"), c.optional("bias")
    epsilon = c.real("eps")
    return [idiom.batch_norm(b, c.tensor("input"), scale, shift, mean, variance, epsilon, c.name)]


def _trailing(c: AtenCall, x: Value) -> range:
    shape = c.integers("normalized_shape")
    if tuple(shape) != x.shape[x.rank - len(shape) :]:
        raise c.builder.wrong(f"shape {x.shape} does not end in {shape}")
    return range(x.rank - len(shape), x.rank)


def _layer_norm(c: AtenCall) -> list[Value]:
    b, x = c.builder, c.tensor("input")
    c.ignore("cudnn_enable")
    axes, scale, shift = _trailing(c, x), c.optional("weight"), c.optional("bias")
    return [activation.layer_norm(b, x, axes, scale, shift, c.real("eps"), c.name)]


def _rms_norm(c: AtenCall) -> list[Value]:
    b, x = c.builder, c.tensor("input")
    axes, scale = _trailing(c, x), c.optional("weight")
    epsilon = c.take("eps")
    # Left out, it is the spacing of the numbers at 1.
    eps = float(np.finfo(x.dtype).eps) if epsilon is None else c.real("eps")
    return [activation.rms_norm(b, x, axes, scale, eps, c.name)]


def _log_softmax(c: AtenCall) -> list[Value]:
    if "dtype" in c.schema():
        c.must_be("dtype", None)
    if "half_to_float" in c.schema():
        c.must_be("half_to_float", False)
    x = c.tensor("self")
    return [activation.log_softmax(c.builder, x, c.integer("dim"), c.name)]


def _dropout(c: AtenCall) -> list[Value]:
    if c.flag("train"):
        raise c.builder.unsupported("training mode: call eval() before exporting")
    c.ignore("p")
    return [c.builder.alias(c.name, c.tensor("input"))]


def _softmax(c: AtenCall) -> list[Value]:
    if "dtype" in c.schema():
        c.must_be("dtype", None)
    else:
        c.must_be("half_to_float", False)
    return [idiom.softmax(c.builder, c.tensor("self"), c.integer("dim"), c.name)]


def _attention(c: AtenCall) -> list[Value]:
    """softmax(scale q k^T) v."""
    b, q, k, v = c.builder, c.tensor("query"), c.tensor("key"), c.tensor("value")
    c.must_be("attn_mask", None)
    c.must_be("is_causal", False)
    c.must_be("dropout_p", 0)
    given = c.take("scale")
    scale = b.scalar(1 / sqrt(q.shape[-1]) if given is None else c.real("scale"), q)
    order = [*range(k.rank - 2), k.rank - 1, k.rank - 2]
    turned = idiom.transpose(b, k, order, b.fresh(f"{c.name}.turned"))
    match = idiom.matmul(b, q, turned, b.fresh(f"{c.name}.match"))
    scaled = b.emit("mul", [match, scale], b.fresh(f"{c.name}.scaled"))
    share = idiom.softmax(b, scaled, -1, b.fresh(f"{c.name}.share"))
    return [idiom.matmul(b, share, v, c.name)]


ROWS: dict[str, Handler] = {
    "_softmax.default": _softmax,
    "adaptive_avg_pool2d.default": _adaptive_pool,
    "addmm.default": _addmm,
    "avg_pool2d.default": _average_pool,
    "batch_norm.default": _batch_norm,
    "bmm.default": _matmul("mat2"),
    "conv2d.default": _conv2d,
    "conv2d.padding": _conv2d,
    "convolution.default": _conv2d,
    "dropout.default": _dropout,
    "feature_dropout.default": _dropout,
    "layer_norm.default": _layer_norm,
    "linear.default": _linear,
    "log_softmax.int": _log_softmax,
    "_log_softmax.default": _log_softmax,
    "native_layer_norm.default": _layer_norm,
    "rms_norm.default": _rms_norm,
    "matmul.default": _matmul("other"),
    "max_pool2d.default": _max_pool,
    "max_pool2d_with_indices.default": _max_pool,
    "mm.default": _matmul("mat2"),
    "scaled_dot_product_attention.default": _attention,
    "softmax.int": _softmax,
    "_native_batch_norm_legit_no_training.default": _batch_norm,
}
