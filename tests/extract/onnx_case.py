"""Small ONNX models, and the answers of onnxruntime to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from extract.network import Array

Shape = Sequence[int | str | None]
NodeSpec = tuple[str, list[str], list[str], dict[str, Any]]
"""Operator, inputs, outputs, attributes."""


def model(
    nodes: Sequence[NodeSpec],
    inputs: Mapping[str, Shape],
    outputs: Sequence[str],
    weights: Mapping[str, Any] | None = None,
    *,
    opset: int = 17,
    types: Mapping[str, int] | None = None,
) -> onnx.ModelProto:
    """A model; outputs have no stated shape, weights are arrays of the types they have."""
    kinds = types or {}
    protos = [helper.make_node(op, ins, outs, **attrs) for op, ins, outs, attrs in nodes]
    graph = helper.make_graph(
        protos,
        "case",
        [
            helper.make_tensor_value_info(n, kinds.get(n, TensorProto.FLOAT), list(s))
            for n, s in inputs.items()
        ],
        [helper.make_tensor_value_info(n, kinds.get(n, TensorProto.FLOAT), None) for n in outputs],
        [numpy_helper.from_array(np.asarray(a), n) for n, a in (weights or {}).items()],
    )
    return helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=min(8, opset)
    )


def answer(made: onnx.ModelProto, feeds: Mapping[str, Array]) -> list[Array]:
    """What onnxruntime gives."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(
        made.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    return [np.asarray(a) for a in session.run(None, dict(feeds))]


@dataclass(frozen=True)
class Case:
    """One ONNX graph with input "x" (and "y"), output "z" (and more)."""

    label: str
    nodes: Sequence[NodeSpec]
    inputs: Mapping[str, Shape]
    weights: Mapping[str, Any] = field(default_factory=dict[str, Any])
    outputs: Sequence[str] = ("z",)
    opset: int = 17
    types: Mapping[str, int] = field(default_factory=dict[str, int])

    def model(self) -> onnx.ModelProto:
        """The model."""
        return model(
            self.nodes, self.inputs, self.outputs, self.weights, opset=self.opset, types=self.types
        )


RNG = np.random.default_rng(7)


def f32(*shape: int) -> Array:
    """Random float32 weights."""
    return RNG.normal(size=shape).astype(np.float32)


def i64(*values: int) -> Array:
    """Integers."""
    return np.array(values, dtype=np.int64)


def one(
    op: str,
    shape: Shape,
    weights: Mapping[str, Any] | None = None,
    opset: int = 17,
    label: str = "",
    **attributes: Any,
) -> Case:
    """A graph of one operator on "x" and weights."""
    node = (op, ["x", *(weights or {})], ["z"], attributes)
    return Case(label or op, [node], {"x": shape}, weights or {}, opset=opset)


IMAGE = (1, 2, 6, 5)
POSITIVE = np.array([0.5, 2.0, 1.5], dtype=np.float32)

CASES: list[Case] = [
    *(
        one(op, (1, 4))
        for op in ("Relu", "Tanh", "Sigmoid", "Exp", "Abs", "Neg", "Identity", "LeakyRelu", "Elu",
                   "Erf", "Softplus", "Selu", "Celu", "HardSigmoid", "LogSoftmax", "HardSwish")
    ),
    one("LeakyRelu", (1, 4), alpha=0.3, label="LeakyRelu alpha"),
    one("Elu", (1, 4), alpha=0.7, label="Elu alpha"),
    one("Selu", (1, 4), alpha=1.2, gamma=0.7, label="Selu alpha"),
    one("Celu", (1, 4), alpha=0.7, label="Celu alpha"),
    one("HardSigmoid", (1, 4), alpha=0.3, beta=0.1, label="HardSigmoid alpha"),
    one("LogSoftmax", (3, 4), axis=0, label="LogSoftmax axis"),
    one("PRelu", (2, 3), {"s": POSITIVE}),
    one("Gelu", (1, 4), opset=20),
    one("Gelu", (1, 4), opset=20, approximate="tanh", label="Gelu tanh"),
    one("Mish", (1, 4), opset=18),
    one("Pow", (1, 4), {"p": np.float32(3)}, label="Pow 3"),
    Case("Sqrt", [("Exp", ["x"], ["e"], {}), ("Sqrt", ["e"], ["z"], {})], {"x": (1, 4)}),
    Case("Log", [("Exp", ["x"], ["e"], {}), ("Log", ["e"], ["z"], {})], {"x": (1, 4)}),
    Case("Reciprocal", [("Exp", ["x"], ["e"], {}), ("Reciprocal", ["e"], ["z"], {})],
         {"x": (1, 4)}),
    one("LayerNormalization", (2, 3), {"s": POSITIVE, "b": f32(3)}),
    one("LayerNormalization", (2, 2, 3), {"s": f32(2, 3)}, axis=1, epsilon=1e-3,
        label="LayerNormalization axes"),
    one("Gemm", (1, 4), {"w": f32(4, 3), "b": f32(3)}),
    one("Gemm", (1, 4), {"w": f32(3, 4), "b": f32(1, 3)}, transB=1, label="Gemm transB"),
    one("Gemm", (2, 4), {"w": f32(3, 4), "b": f32(2, 1)}, transB=1, label="Gemm column"),
    one("Gemm", (1, 4), {"w": f32(4, 3), "b": np.float32(0.7)}, label="Gemm scalar bias"),
    one("Gemm", (2, 4), {"w": f32(4, 3), "b": f32(3)}, alpha=0.3, beta=0.7, label="Gemm alpha"),
    one("Gemm", (2, 4), {"w": f32(4, 3), "b": f32(3)}, beta=0.0, label="Gemm beta 0"),
    one("Gemm", (4, 2), {"w": f32(3, 4)}, transA=1, transB=1, label="Gemm transA"),
    Case("Gemm left", [("Gemm", ["w", "x"], ["z"], {})], {"x": (4, 2)}, {"w": f32(3, 4)}),
    Case("Gemm both", [("Gemm", ["x", "y"], ["z"], {})], {"x": (3, 4), "y": (4, 2)}),
    one("MatMul", (1, 4), {"w": f32(4, 3)}),
    one("MatMul", (2, 3, 4), {"w": f32(4, 3)}, label="MatMul stack"),
    one("MatMul", (2, 3, 4), {"w": f32(2, 4, 3)}, label="MatMul stacks"),
    one("MatMul", (3, 4), {"w": f32(4)}, label="MatMul vector"),
    Case("MatMul left", [("MatMul", ["w", "x"], ["z"], {})], {"x": (4, 2)}, {"w": f32(3, 4)}),
    Case("MatMul both", [("MatMul", ["x", "y"], ["z"], {})], {"x": (3, 4), "y": (4, 2)}),
    Case("MatMul vectors", [("MatMul", ["x", "y"], ["z"], {})], {"x": (4,), "y": (4,)}),
    *(
        Case(f"{op} {name}", [(op, ["x", "w"], ["z"], {})], {"x": (1, 3)}, {"w": weight})
        for op in ("Add", "Sub", "Mul", "Div", "Max", "Min")
        for name, weight in {"row": POSITIVE, "scalar": np.float32(1.25)}.items()
    ),
    *(
        Case(f"{op} left", [(op, ["w", "x"], ["z"], {})], {"x": (1, 3)}, {"w": POSITIVE})
        for op in ("Sub", "Div")
    ),
    *(
        Case(f"{op} both", [(op, ["x", "y"], ["z"], {})], {"x": (1, 3), "y": (2, 1)})
        for op in ("Add", "Sub", "Mul", "Div", "Max", "Min", "Sum")
    ),
    Case("Max of 3", [("Max", ["x", "w", "y"], ["z"], {})], {"x": (3,), "y": (1,)}, {"w": f32(3)}),
    Case("Sum of 1", [("Sum", ["x"], ["z"], {})], {"x": (3,)}),
    *(
        one("Softmax", (2, 3, 4), opset=opset, axis=axis, label=f"Softmax {opset} axis {axis}")
        for opset in (11, 17)
        for axis in (0, 1, 2, -1, -2)
    ),
    one("Softmax", (2, 3), opset=11, label="Softmax 11"),
    one("Softmax", (2, 3, 4), opset=13, label="Softmax 13"),
    one("Conv", IMAGE, {"w": f32(3, 2, 3, 2), "b": f32(3)}),
    one(
        "Conv",
        IMAGE,
        {"w": f32(4, 1, 2, 3)},
        pads=[1, 0, 2, 1],
        strides=[2, 1],
        dilations=[1, 2],
        group=2,
        kernel_shape=[2, 3],
        label="Conv full",
    ),
    one("Conv", IMAGE, {"w": f32(3, 2, 3, 2)}, auto_pad="VALID", label="Conv VALID"),
    one("MaxPool", IMAGE, kernel_shape=[2, 3]),
    one(
        "MaxPool",
        IMAGE,
        kernel_shape=[3, 2],
        pads=[1, 0, 2, 1],
        strides=[2, 1],
        dilations=[1, 2],
        label="MaxPool full",
    ),
    one("AveragePool", IMAGE, kernel_shape=[2, 3]),
    *(
        one(
            "AveragePool",
            IMAGE,
            kernel_shape=[3, 2],
            pads=[1, 0, 2, 1],
            strides=[2, 1],
            count_include_pad=count,
            label=f"AveragePool {count}",
        )
        for count in (0, 1)
    ),
    one("GlobalAveragePool", IMAGE),
    one("GlobalMaxPool", IMAGE),
    *(
        one(op, (2, 3, 4), axes=[0, -1], keepdims=0, opset=11, label=f"{op} 11")
        for op in ("ReduceMax", "ReduceMin", "ReduceSum", "ReduceMean")
    ),
    *(one(op, (2, 3), opset=17) for op in ("ReduceMax", "ReduceSum", "ReduceMean")),
    *(
        one(op, (2, 3, 4), {"axes": i64(1, -1)}, opset=18, keepdims=1, label=f"{op} 18")
        for op in ("ReduceMax", "ReduceMin", "ReduceSum", "ReduceMean")
    ),
    one("ReduceSum", (2, 3), {"axes": i64()}, noop_with_empty_axes=1, label="ReduceSum noop"),
    one(
        "BatchNormalization",
        (2, 3, 4),
        {"s": f32(3), "b": f32(3), "m": f32(3), "v": POSITIVE},
        epsilon=0.01,
    ),
    one("Flatten", (2, 3, 4)),
    one("Flatten", (2, 3, 4), axis=0, label="Flatten 0"),
    one("Flatten", (2, 3, 4), axis=-1, label="Flatten -1"),
    one("Reshape", (2, 3, 4), {"s": i64(0, -1)}),
    one("Reshape", (2, 3, 4), {"s": i64(4, 6)}, label="Reshape plain"),
    one("Reshape", (2, 3, 4), {"s": i64(4, -1)}, allowzero=1, label="Reshape allowzero"),
    one("Transpose", (2, 3, 4)),
    one("Transpose", (2, 3, 4), perm=[1, 2, 0], label="Transpose perm"),
    one("Squeeze", (1, 3, 1), {"a": i64(0)}),
    one("Squeeze", (1, 3, 1), label="Squeeze all"),
    one("Squeeze", (1, 3, 1), axes=[-1], opset=11, label="Squeeze 11"),
    one("Unsqueeze", (3,), {"a": i64(0, -1)}),
    one("Unsqueeze", (3,), axes=[1], opset=11, label="Unsqueeze 11"),
    Case("Concat", [("Concat", ["x", "w", "y"], ["z"], {"axis": -1})],
         {"x": (2, 3), "y": (2, 1)}, {"w": f32(2, 2)}),
    Case("Split", [("Split", ["x", "s"], ["z", "u"], {"axis": 1})], {"x": (2, 5)},
         {"s": i64(2, 3)}, ("z", "u")),
    Case("Split even", [("Split", ["x"], ["z", "u"], {"axis": -1})], {"x": (2, 4)}, {},
         ("z", "u")),
    Case("Split 11", [("Split", ["x"], ["z", "u"], {"axis": 1, "split": [1, 3]})],
         {"x": (2, 4)}, {}, ("z", "u"), 11),
    Case("Split 18", [("Split", ["x"], ["z", "u", "v"], {"axis": 1, "num_outputs": 3})],
         {"x": (2, 7)}, {}, ("z", "u", "v"), 18),
    one("Slice", (4, 5), {"s": i64(1, -3), "e": i64(9, 2**62)}),
    one("Slice", (4, 5), {"s": i64(1), "e": i64(4), "a": i64(-1), "t": i64(2)}, label="Slice step"),
    one("Slice", (4, 5), {"s": i64(-1), "e": i64(-(2**62)), "a": i64(1), "t": i64(-2)},
        label="Slice back"),
    one("Slice", (4, 5), starts=[1], ends=[3], axes=[0], opset=9, label="Slice 9"),
    one("Gather", (4, 5), {"i": i64(2, -1, 2)}, axis=1),
    one("Gather", (4, 5), {"i": np.array(-1, dtype=np.int64)}, label="Gather scalar"),
    one("Gather", (4, 5), {"i": np.array([[0, 1], [3, 2]], dtype=np.int64)}, label="Gather 2d"),
    *(
        Case(f"ArgMax {axis} {keep}", [("ArgMax", ["x"], ["z"], {"axis": axis, "keepdims": keep})],
             {"x": (2, 3)}, types={"z": TensorProto.INT64})
        for axis in (0, -1) for keep in (0, 1)
    ),
    Case("ArgMax cast", [("ArgMax", ["x"], ["i"], {"axis": 1}), ("Cast", ["i"], ["z"], {"to": 1})],
         {"x": (2, 3)}),
    one("Dropout", (2, 3)),
    one("Clip", (2, 3), {"lo": np.float32(-0.5), "hi": np.float32(0.25)}),
    one("Clip", (2, 3), {"lo": np.float32(-np.inf), "hi": np.float32(0.25)}, label="Clip inf"),
    one("Clip", (2, 3), min=-0.3, opset=9, label="Clip 9"),
    one("Expand", (3, 1), {"s": i64(2, 1, 4)}),
    one("Pow", (2, 3), {"p": np.float32(2)}),
    Case("shape arithmetic", [
        ("Shape", ["x"], ["s"], {}),
        ("Gather", ["s", "zero"], ["n"], {"axis": 0}),
        ("Unsqueeze", ["n", "zeros"], ["m"], {}),
        ("Concat", ["m", "rest"], ["t"], {"axis": 0}),
        ("Reshape", ["x", "t"], ["z"], {}),
    ], {"x": (2, 3, 4)}, {"zero": np.array(0, dtype=np.int64), "zeros": i64(0), "rest": i64(-1)}),
    Case("constants", [
        ("Constant", [], ["c"], {"value": numpy_helper.from_array(f32(3))}),
        ("ConstantOfShape", ["s"], ["o"], {"value": numpy_helper.from_array(
            np.array([0.5], dtype=np.float32))}),
        ("Mul", ["c", "o"], ["w"], {}),
        ("Sqrt", ["o"], ["r"], {}),
        ("Add", ["x", "w"], ["y"], {}),
        ("Mul", ["y", "r"], ["z"], {}),
    ], {"x": (2, 3)}, {"s": i64(3)}),
    Case("tied weights", [
        ("MatMul", ["x", "w"], ["a"], {}),
        ("Relu", ["a"], ["r"], {}),
        ("MatMul", ["r", "w"], ["b"], {}),
        ("Gemm", ["b", "w"], ["z"], {"transB": 1}),
    ], {"x": (1, 3)}, {"w": f32(3, 3)}),
    Case("fused bias", [
        ("MatMul", ["x", "w"], ["a"], {}),
        ("Add", ["b", "a"], ["z"], {}),
    ], {"x": (1, 3)}, {"w": f32(3, 2), "b": f32(1, 2)}),
    Case("bias of a tensor used twice", [
        ("MatMul", ["x", "w"], ["a"], {}),
        ("Add", ["b", "a"], ["c"], {}),
        ("Mul", ["a", "c"], ["z"], {}),
    ], {"x": (1, 3)}, {"w": f32(3, 2), "b": f32(2)}),
    Case("identity output", [("Relu", ["x"], ["a"], {}), ("Identity", ["a"], ["z"], {})],
         {"x": (1, 3)}),
    Case("residual", [
        ("Gemm", ["x", "w"], ["a"], {}),
        ("Relu", ["a"], ["r"], {}),
        ("Add", ["r", "x"], ["z"], {}),
    ], {"x": (1, 3)}, {"w": f32(3, 3)}),
    Case("open batch", [("Gemm", ["x", "w"], ["z"], {})], {"x": ("batch", 3)}, {"w": f32(3, 3)}),
    Case("open batch unnamed", [("Relu", ["x"], ["z"], {})], {"x": (None, 3)}),
]  # fmt: skip
