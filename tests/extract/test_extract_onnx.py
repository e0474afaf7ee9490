"""The ONNX reader: each operator against onnxruntime, and every file that has to be refused."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from net_case import middle
from onnx import TensorProto, helper, numpy_helper
from onnx_case import CASES, Case, answer, f32, i64, model, one

from extract.network import Array
from extract.reader import inspect, read
from extract.run import run
from theory.error import InputError, UnsupportedOperator


def save(folder: Path, made: onnx.ModelProto) -> Path:
    path = folder / "net.onnx"
    path.write_bytes(made.SerializeToString())
    return path


def feeds(inputs: Mapping[str, Any], seed: int) -> dict[str, Array]:
    rng = np.random.default_rng(seed)
    return {
        name: rng.normal(size=[n if isinstance(n, int) else 1 for n in shape]).astype(np.float32)
        for name, shape in inputs.items()
    }


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.label)
def test_operator_agrees_with_onnxruntime(case: Case, tmp_path: Path):
    made = case.model()
    network = read(save(tmp_path, made))
    assert network.inputs == tuple(case.inputs)
    for seed in range(3):
        given = feeds(case.inputs, seed)
        expected = answer(made, given)
        results = run(network, given)
        exact = run(network, given, arithmetic="exact")
        assert list(results) == list(case.outputs)
        for name, array in zip(case.outputs, expected, strict=True):
            assert results[name].shape == array.shape
            np.testing.assert_allclose(results[name], array, rtol=1e-5, atol=1e-6)
            values = np.array([middle(v) for v in exact[name].ravel()]).reshape(array.shape)
            np.testing.assert_allclose(values, array, rtol=1e-4, atol=1e-5)


def test_one_weight_used_twice_is_one_parameter(tmp_path: Path):
    case = next(case for case in CASES if case.label == "tied weights")
    network = read(save(tmp_path, case.model()))
    users = [node.name for node in network.consumers("w.T")]
    assert users == ["a", "b"]


def test_a_weight_under_two_names_is_one_parameter(tmp_path: Path):
    nodes = [
        ("Identity", ["w"], ["v"], {}),
        ("Gemm", ["x", "w"], ["a"], {"transB": 1}),
        ("Gemm", ["a", "v"], ["z"], {"transB": 1}),
    ]
    network = read(save(tmp_path, model(nodes, {"x": (1, 3)}, ["z"], {"w": f32(3, 3)})))
    assert list(network.parameters) == ["w"]
    assert [node.name for node in network.consumers("w")] == ["a", "z"]


def test_two_weights_of_one_name_are_refused(tmp_path: Path):
    made = one("Gemm", (1, 4), {"w": f32(4, 3)}).model()
    made.graph.initializer.append(numpy_helper.from_array(f32(4, 3), "w"))
    refused(tmp_path, made, "not unique")


def test_weights_listed_as_inputs_are_weights(tmp_path: Path):
    made = one("Gemm", (1, 4), {"w": f32(4, 3)}).model()
    made.graph.input.append(helper.make_tensor_value_info("w", TensorProto.FLOAT, [4, 3]))
    assert read(save(tmp_path, made)).inputs == ("x",)


def test_local_functions_are_inlined(tmp_path: Path):
    made = model([("Twice", ["x"], ["z"], {"domain": "here"})], {"x": (1, 2)}, ["z"])
    body = [helper.make_node("Add", ["a", "a"], ["c"])]
    ids = [helper.make_opsetid("", 17)]
    made.functions.append(helper.make_function("here", "Twice", ["a"], ["c"], body, ids))
    made.opset_import.append(helper.make_opsetid("here", 1))
    assert run(read(save(tmp_path, made)), [1.5, -2.0])["z"].tolist() == [[3.0, -4.0]]


def test_double_precision_is_kept(tmp_path: Path):
    weight = np.array([[1 / 3], [0.1]])
    types = {"x": TensorProto.DOUBLE, "z": TensorProto.DOUBLE}
    made = model([("MatMul", ["x", "w"], ["z"], {})], {"x": (1, 2)}, ["z"], {"w": weight},
                 types=types)  # fmt: skip
    network = read(save(tmp_path, made))
    assert network.parameters["w.T"].dtype == np.float64
    assert network.precision == "float64"
    assert run(network, [1.0, 1.0], arithmetic="float64")["z"].item() == pytest.approx(1 / 3 + 0.1)


def refused(folder: Path, made: onnx.ModelProto | bytes, text: str) -> None:
    content = made if isinstance(made, bytes) else made.SerializeToString()
    path = folder / "net.onnx"
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        read(path)
    message = str(caught.value)
    assert text in message, message
    assert "\n" not in message
    assert "net.onnx" in message


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_weights_that_are_not_finite_are_refused(value: float, tmp_path: Path):
    weight = f32(4, 3)
    weight[1, 1] = value
    refused(tmp_path, one("Gemm", (1, 4), {"w": weight}).model(), "'w")


def test_truncated_and_foreign_files_are_refused(tmp_path: Path):
    content = one("Gemm", (1, 4), {"w": f32(40, 30)[:4, :3]}).model().SerializeToString()
    for length in (1, len(content) // 3, len(content) // 2, len(content) - 1):
        refused(tmp_path, content[:length], "net.onnx")
    refused(tmp_path, b"", "empty")
    refused(tmp_path, b"\x00" * 100, "ONNX")
    refused(tmp_path, np.random.default_rng(1).bytes(500), "net.onnx")


def test_flipped_bits_never_pass_unnoticed_into_a_crash(tmp_path: Path):
    made = one("Gemm", (1, 4), {"w": f32(4, 3), "b": f32(3)}).model()
    content = bytearray(made.SerializeToString())
    path = tmp_path / "net.onnx"
    for position in range(0, len(content), 3):
        broken = bytearray(content)
        broken[position] ^= 1 << (position % 8)
        path.write_bytes(bytes(broken))
        with suppress(InputError, UnsupportedOperator):
            assert read(path).outputs


def external(made: onnx.ModelProto, location: str, **entries: str) -> onnx.ModelProto:
    tensor = made.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    for key, value in {"location": location, **entries}.items():
        tensor.external_data.add(key=key, value=value)
    return made


def test_external_data_is_read_from_the_folder(tmp_path: Path):
    weight = f32(4, 3)
    (tmp_path / "w.bin").write_bytes(b"\x00" * 8 + weight.tobytes())
    made = external(one("Gemm", (1, 4), {"w": weight}).model(), "w.bin", offset="8", length="48")
    network = read(save(tmp_path, made))
    np.testing.assert_array_equal(network.parameters["w.T"], weight.T)
    plain = read(save(tmp_path, one("Gemm", (1, 4), {"w": weight}).model()))
    assert plain.sha256 != network.sha256


@pytest.mark.parametrize("location", ["../w.bin", "/etc/hostname", "a/../../w.bin", "", "link.bin"])
def test_external_data_outside_the_folder_is_refused(location: str, tmp_path: Path):
    (tmp_path / "w.bin").write_bytes(b"\x00" * 48)
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "link.bin").symlink_to(tmp_path / "w.bin")
    refused(folder, external(one("Gemm", (1, 4), {"w": f32(4, 3)}).model(), location), "outside")


@pytest.mark.parametrize(
    "entries", [{"offset": "40"}, {"length": "47"}, {"offset": "-8"}, {"offset": "many"}]
)
def test_external_data_that_does_not_fit_is_refused(entries: dict[str, str], tmp_path: Path):
    (tmp_path / "w.bin").write_bytes(b"\x00" * 48)
    made = external(one("Gemm", (1, 4), {"w": f32(4, 3)}).model(), "w.bin", **entries)
    refused(tmp_path, made, "'w'")


def test_absurd_shapes_are_refused_before_anything_is_allocated(tmp_path: Path):
    made = one("Gemm", (1, 4), {"w": f32(4, 3)}).model()
    made.graph.initializer[0].dims[:] = [2**40, 2**20]
    refused(tmp_path, made, "'w'")
    refused(tmp_path, one("Relu", (1, 2**40)).model(), "'x'")
    big = Case("", [("ConstantOfShape", ["s"], ["c"], {}), ("Add", ["x", "c"], ["z"], {})],
               {"x": (1,)}, {"s": i64(2**20, 2**20)})  # fmt: skip
    refused(tmp_path, big.model(), "entries")
    refused(tmp_path, one("Expand", (1, 1), {"s": i64(2**30, 2**10)}).model(), "entries")
    wide = one("Conv", (1, 1, 4, 4), {"w": f32(1, 1, 2, 2)}, pads=[0, 0, 2**30, 2**30])
    refused(tmp_path, wide.model(), "entries")


def test_malformed_graphs_are_refused(tmp_path: Path):
    cycle = model(
        [("Add", ["x", "b"], ["a"], {}), ("Relu", ["a"], ["b"], {})], {"x": (1, 2)}, ["b"]
    )
    refused(tmp_path, cycle, "sorted")
    missing = model([("Add", ["x", "nothing"], ["z"], {})], {"x": (1, 2)}, ["z"])
    refused(tmp_path, missing, "nothing")
    double = model([("Relu", ["x"], ["z"], {}), ("Neg", ["x"], ["z"], {})], {"x": (1, 2)}, ["z"])
    refused(tmp_path, double, "z")
    refused(tmp_path, one("Gemm", (1, 5), {"w": f32(4, 3)}).model(), "")
    constant = model([("Neg", ["w"], ["z"], {})], {"x": (1, 2)}, ["z"], {"w": f32(3)})
    refused(tmp_path, constant, "'z'")
    refused(tmp_path, one("Relu", (1, 4), opset=6).model(), "opset 6")
    refused(tmp_path, one("Reshape", (2, 3), {"s": i64(4, 2)}).model(), "")
    refused(tmp_path, one("Reshape", (2, 3), {"s": i64(0, 6)}, allowzero=1).model(), "")
    refused(tmp_path, one("Div", (1, 2), {"w": np.zeros(2, np.float32)}).model(), "zero")
    wrong = one("Gemm", (1, 4), {"w": f32(4, 3)}).model()
    del wrong.graph.output[:]
    wrong.graph.output.append(helper.make_tensor_value_info("z", TensorProto.FLOAT, [1, 7]))
    refused(tmp_path, wrong, "(3) vs (7)")


def test_open_shapes_are_refused(tmp_path: Path):
    refused(tmp_path, one("Relu", ("batch", "length")).model(), "axis 1")
    refused(tmp_path, one("Relu", ("length",)).model(), "axis 0")
    shapeless = one("Relu", (1, 2)).model()
    shapeless.graph.input[0].type.tensor_type.ClearField("shape")
    refused(tmp_path, shapeless, "shape")


def test_inputs_have_to_be_floats(tmp_path: Path):
    made = model([("Identity", ["x"], ["z"], {})], {"x": (1, 2)}, ["z"],
                 types={"x": TensorProto.INT64, "z": TensorProto.INT64})  # fmt: skip
    refused(tmp_path, made, "int64")


@pytest.mark.parametrize(
    ("case", "operator"),
    [
        (one("Sin", (1, 2)), "Sin"),
        (one("Conv", (1, 1, 4, 4), {"w": f32(1, 1, 2, 2)}, auto_pad="SAME_UPPER"), "Conv"),
        (one("Conv", (1, 1, 4), {"w": f32(1, 1, 2)}), "Conv"),
        (one("MaxPool", (1, 1, 5, 5), kernel_shape=[2, 2], ceil_mode=1), "MaxPool"),
        (one("MaxPool", (1, 1, 5, 5), kernel_shape=[2, 2], auto_pad="SAME_LOWER"), "MaxPool"),
        (one("AveragePool", (1, 1, 5, 5), kernel_shape=[2, 2], ceil_mode=1), "AveragePool"),
        (one("LeakyRelu", (1, 2), alpha=-0.5), "LeakyRelu"),
        (one("Pow", (1, 2), {"p": np.float32(2.5)}), "Pow"),
        (one("Expand", (1, 1), {"s": i64(2**20, 1)}), "Expand"),
        (
            Case("", [("ArgMax", ["x"], ["z"], {"select_last_index": 1})], {"x": (1, 2)},
                 types={"z": TensorProto.INT64}),
            "ArgMax",
        ),
        (
            Case("", [("Dropout", ["x", "r", "t"], ["z"], {})], {"x": (1, 2)},
                 {"r": np.float32(0.5), "t": np.array(True)}),
            "Dropout",
        ),
        (
            Case("", [("ArgMax", ["x"], ["i"], {}), ("Mul", ["i", "i"], ["z"], {})], {"x": (1, 2)},
                 types={"z": TensorProto.INT64}),
            "Mul",
        ),
        (
            Case("", [("Cast", ["x"], ["i"], {"to": 7}), ("Cast", ["i"], ["z"], {"to": 1})],
                 {"x": (1, 2)}),
            "Cast",
        ),
        (
            Case("", [("BatchNormalization", ["x", "w", "w", "w", "v"], ["z", "m", "n"],
                       {"training_mode": 1})],
                 {"x": (1, 3)}, {"w": f32(3), "v": np.ones(3, np.float32)}),
            "BatchNormalization",
        ),
    ],
)  # fmt: skip
def test_operators_without_a_meaning_are_named(case: Case, operator: str, tmp_path: Path):
    with pytest.raises(UnsupportedOperator) as caught:
        read(save(tmp_path, case.model()))
    assert caught.value.operator == operator
    assert "net.onnx" in caught.value.node


def test_all_refusals_are_collected(tmp_path: Path):
    made = model(
        [
            ("Cos", ["x"], ["a"], {}),
            ("Relu", ["a"], ["b"], {}),
            ("Sin", ["b"], ["c"], {}),
            ("Cos", ["c"], ["z"], {}),
        ],
        {"x": (1, 2)},
        ["z"],
    )
    reading = inspect(save(tmp_path, made))
    assert reading.network is None
    assert [(r.operator, r.node) for r in reading.refusals] == [
        ("Cos", "a"),
        ("Sin", "c"),
        ("Cos", "z"),
    ]
    assert reading.operators == {"Cos": 2, "Relu": 1, "Sin": 1}
    with pytest.raises(UnsupportedOperator, match="2 more refused"):
        reading.require()


def test_subgraphs_are_refused(tmp_path: Path):
    branch = helper.make_graph(
        [helper.make_node("Relu", ["x"], ["t"])],
        "branch",
        [],
        [helper.make_tensor_value_info("t", TensorProto.FLOAT, [1, 2])],
    )
    node = ("If", ["c"], ["z"], {"then_branch": branch, "else_branch": branch})
    made = model([node], {"x": (1, 2)}, ["z"], {"c": np.array(True)})
    with pytest.raises(UnsupportedOperator, match="If"):
        read(save(tmp_path, made))


def test_half_precision_weights_are_refused(tmp_path: Path):
    made = model([("Cast", ["h"], ["w"], {"to": 1}), ("Mul", ["x", "w"], ["z"], {})],
                 {"x": (1, 2)}, ["z"], {"h": np.array([0.5, 2.0], np.float16)})  # fmt: skip
    assert run(read(save(tmp_path, made)), [1.0, 1.0])["z"].tolist() == [[0.5, 2.0]]
    types = {"x": TensorProto.FLOAT16, "z": TensorProto.FLOAT16}
    half = model([("Relu", ["x"], ["z"], {})], {"x": (1, 2)}, ["z"], types=types)
    refused(tmp_path, half, "float16")


def test_raw_bytes_have_to_fit_the_shape(tmp_path: Path):
    made = one("Gemm", (1, 4), {"w": f32(4, 3)}).model()
    made.graph.initializer[0].raw_data = made.graph.initializer[0].raw_data[:-4]
    refused(tmp_path, made, "44 bytes")
    tensor = numpy_helper.from_array(f32(4, 3), "w")
    assert len(tensor.raw_data) == 48


def test_a_variance_that_is_spelled_out_is_known_as_one(tmp_path: Path):
    steps = [
        ("ReduceMean", ["x"], ["m"], {"axes": [-1]}),
        ("Sub", ["x", "m"], ["c"], {}),
        ("Pow", ["c", "two"], ["s"], {}),
        ("ReduceMean", ["s"], ["v"], {"axes": [-1]}),
        ("ReduceMean", ["s"], ["w"], {"axes": [0]}),
        ("Mul", ["x", "x"], ["q"], {}),
        ("ReduceMean", ["q"], ["r"], {"axes": [-1]}),
    ]
    made = model(steps, {"x": (2, 3)}, ["v", "w", "r"], weights={"two": np.float32(2)})
    network = read(save(tmp_path, made))
    ops = {name: network.node(name).op for name in ("m", "v", "w", "r")}
    assert ops == {"m": "reduce_mean", "v": "moment", "w": "moment", "r": "reduce_mean"}
