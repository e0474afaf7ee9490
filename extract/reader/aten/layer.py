"""ATen operators with weights or windows: linear maps, convolution, pooling, normalisation."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from extract.reader import activation, idiom
from extract.reader.aten import pattern
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


def _conv1d(c: AtenCall) -> list[Value]:
    """Convolution along one axis, as one over pictures of height 1."""
    b, x, weight, bias = c.builder, c.tensor("input"), c.tensor("weight"), c.optional("bias")
    kernel = b.known(weight, "the kernel")
    padding = c.take("padding")
    width = kernel.shape[-1]
    step, spread = c.integers("stride")[0], c.integers("dilation")[0]
    total = spread * (width - 1)
    if isinstance(padding, str):
        sides = (total // 2, total - total // 2) if padding == "same" else (0, 0)
    else:
        sides = (c.integers("padding")[0],) * 2
    if x.rank not in (2, 3):
        raise b.unsupported(f"an operand of shape {x.shape}")
    operands = [idiom.reshape_constant(b, weight, (*kernel.shape[:2], 1, width))]
    if bias is not None:
        b.known(bias, "the bias")
        operands.append(bias)
    wide = idiom.reshape(
        b, x, (*((1,) if x.rank == 2 else ()), *x.shape[:-1], 1, x.shape[-1]),
        b.fresh(f"{c.name}.picture"),
    )  # fmt: skip
    result = b.emit(
        "conv2d", [wide, *operands], b.fresh(f"{c.name}.row"), stride=(1, step),
        padding=(0, sides[0], 0, sides[1]), dilation=(1, spread), groups=c.integer("groups"),
    )  # fmt: skip
    shape = (result.shape[0], result.shape[1], result.shape[3])
    return [idiom.reshape(b, result, shape[3 - x.rank :], c.name)]


def _transposed(c: AtenCall) -> list[Value]:
    """Transposed convolution: one with the kernel turned, over the picture with zeros between."""
    b, x, weight, bias = c.builder, c.tensor("input"), c.tensor("weight"), c.optional("bias")
    kernel = b.known(weight, "the kernel")
    c.must_be("groups", 1)
    stride, padding, more, dilation = (
        _pair(c, c.integers(name), name)
        for name in ("stride", "padding", "output_padding", "dilation")
    )
    if kernel.ndim != 4:
        raise b.unsupported(f"a kernel of shape {kernel.shape}")
    around = [d * (k - 1) - p for d, k, p in zip(dilation, kernel.shape[2:], padding, strict=True)]
    if min(around) < 0:
        raise b.unsupported(f"padding = {padding}, more than the kernel covers")
    turned = np.ascontiguousarray(kernel.transpose(1, 0, 2, 3)[..., ::-1, ::-1])
    operands = [b.constant(f"{weight.name}.turned", turned)]
    if bias is not None:
        b.known(bias, "the bias")
        operands.append(bias)
    sides = (*around, *(n + extra for n, extra in zip(around, more, strict=True)))
    attributes = {"stride": (1, 1), "padding": sides, "dilation": dilation, "groups": 1}

    def run(value: Value, name: str) -> Value:
        for axis, step in zip((2, 3), stride, strict=True):
            value = pattern.apart(b, value, axis, step, b.fresh(f"{c.name}.apart{axis}"))
        return b.emit("conv2d", [value, *operands], name, **attributes)

    return _image(c, x, run)


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


def _group_norm(c: AtenCall) -> list[Value]:
    """Layer normalisation of groups of channels, then a scale and a shift of each channel."""
    b, x, groups = c.builder, c.tensor("input"), c.integer("num_groups")
    c.ignore("cudnn_enabled")
    if x.rank < 2 or groups < 1 or x.shape[1] % groups:
        raise b.wrong(f"{groups} groups of the channels of shape {x.shape}")
    apart = idiom.reshape(b, x, (x.shape[0], groups, -1), b.fresh(f"{c.name}.groups"))
    title = b.fresh(f"{c.name}.normalised")
    normal = activation.layer_norm(b, apart, [2], None, None, c.real("eps"), title)
    value = idiom.reshape(b, normal, x.shape, b.fresh(f"{c.name}.joined"))
    for op, operand in (("mul", c.optional("weight")), ("add", c.optional("bias"))):
        if operand is not None:
            wide = idiom.reshape_constant(b, operand, (x.shape[1], *(1,) * (x.rank - 2)))
            value = b.emit(op, [value, wide], b.fresh(f"{c.name}.{op}"))
    return [idiom.reshape(b, value, value.shape, c.name)]


ROWS: dict[str, Handler] = {
    "_softmax.default": _softmax,
    "adaptive_avg_pool2d.default": _adaptive_pool,
    "addmm.default": _addmm,
    "avg_pool2d.default": _average_pool,
    "batch_norm.default": _batch_norm,
    "bmm.default": _matmul("mat2"),
    "conv1d.default": _conv1d,
    "conv1d.padding": _conv1d,
    "conv2d.default": _conv2d,
    "conv2d.padding": _conv2d,
    "conv_transpose2d.input": _transposed,
    "convolution.default": _conv2d,
    "dropout.default": _dropout,
    "feature_dropout.default": _dropout,
    "group_norm.default": _group_norm,
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
    "softmax.int": _softmax,
    "_native_batch_norm_legit_no_training.default": _batch_norm,
}
