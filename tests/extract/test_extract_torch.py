"""The torch.export reader: each operator against torch itself, and every file that is refused."""

from __future__ import annotations

import io
import json
import pickle
import zipfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from net_case import middle
from torch import Tensor, nn
from torch.utils import _pytree as pytree
from torch_case import CASES, Case, network_of, of

from extract.reader import inspect, read
from extract.reader.python_file import export
from extract.reader.torch_export import translate
from extract.run import run, run_exact
from theory.error import InputError, UnsupportedOperator


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.label)
def test_operator_agrees_with_torch(case: Case):
    module = case.module().eval()
    generator = torch.Generator().manual_seed(11)
    inputs = [torch.randn(shape, generator=generator) for shape in case.shapes]
    network = network_of(module, *inputs)
    with torch.no_grad():
        expected = pytree.tree_leaves(module(*(i.clone() for i in inputs)))
    given = {n: i.numpy() for n, i in zip(network.inputs, inputs, strict=True)}
    results = run(network, given)
    exact = run(network, given, arithmetic="exact")
    assert len(network.outputs) == len(expected)
    for name, tensor in zip(network.outputs, expected, strict=True):
        assert results[name].shape == tuple(tensor.shape)
        np.testing.assert_allclose(results[name], tensor.numpy(), rtol=1e-5, atol=1e-6)
        values = np.array([middle(v) for v in exact[name].ravel()]).reshape(tuple(tensor.shape))
        np.testing.assert_allclose(values, tensor.numpy(), rtol=1e-4, atol=1e-5)


class Heads(nn.Module):
    """A trunk that is used twice, and two named heads."""

    def __init__(self) -> None:
        super().__init__()
        self.trunk = nn.Sequential(nn.Linear(4, 4), nn.ReLU())
        self.policy, self.critic = nn.Linear(4, 3), nn.Linear(4, 1)

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        h = self.trunk(self.trunk(x))
        return {"logits": self.policy(h), "value": self.critic(h).squeeze(-1)}


def save(folder: Path, module: nn.Module, *inputs: Tensor, **options: Any) -> Path:
    path = folder / "net.pt2"
    torch.export.save(torch.export.export(module.eval(), inputs, **options), path)
    return path


def test_outputs_bear_their_names_in_the_result(tmp_path: Path):
    network = read(save(tmp_path, Heads(), torch.zeros(1, 4)))
    assert network.node("logits").name == network.outputs[0]
    assert network.node("value").shape == (1,)
    assert network.node("trunk.0.weight").op == "parameter"
    users = [node.module.split("/")[0] for node in network.consumers("trunk.0.weight")]
    assert users == ["trunk", "trunk@1"]


def test_an_output_named_like_another_tensor_is_refused(tmp_path: Path):
    module = of("", lambda m, x: {"relu": x + 1, "y": x.relu()}).module()
    with pytest.raises(InputError, match="relu"):
        read(save(tmp_path, module, torch.zeros(1, 4)))


def test_an_open_batch_axis_is_read_as_one(tmp_path: Path):
    module = of("", lambda m, x: (x.view(x.shape[0], 2, 2) + 1).flatten(1)).module()
    shapes = ({0: torch.export.Dim("batch")},)
    path = save(tmp_path, module, torch.zeros(3, 4), dynamic_shapes={"inputs": shapes})
    network = read(path)
    assert network.node(network.inputs[0]).shape == (1, 4)
    assert run(network, [1.0, 2.0, 3.0, 4.0])[network.outputs[0]].tolist() == [[2, 3, 4, 5]]


def test_another_open_axis_is_refused(tmp_path: Path):
    module = of("", lambda m, x: x + 1).module()
    shapes = ({1: torch.export.Dim("width")},)
    path = save(tmp_path, module, torch.zeros(3, 4), dynamic_shapes={"inputs": shapes})
    with pytest.raises(InputError, match="axis 1"):
        read(path)


@pytest.mark.parametrize(
    ("function", "operator"),
    [
        (lambda m, x: x.sin(), "aten.sin.default"),
        (lambda m, x: nn.functional.softplus(x, 1, 5), "aten.softplus.default"),
        (lambda m, x: x.sort().values, "aten.sort.default"),
        (lambda m, x: x.pow(2.5), "aten.pow.Tensor_Scalar"),
        (lambda m, x: nn.functional.dropout(x, 0.5, True), "aten.dropout.default"),
        (lambda m, x: nn.functional.celu(x, -0.5), "aten.celu.default"),
        (lambda m, x: nn.functional.leaky_relu(x, -0.5), "aten.leaky_relu.default"),
        (lambda m, x: x.argmax(1) * 2, "aten.mul.Tensor"),
        (lambda m, x: x.to(torch.int64), "aten.to.dtype"),
        (lambda m, x: x.double().float(), "aten.to.dtype"),
        (lambda m, x: torch.where(x > 0, x, 0), "aten.gt.Scalar"),
        (lambda m, x: x[m.order[:2], m.order[:2] - 1], "aten.index.Tensor"),
        (lambda m, x: torch.div(x, 2, rounding_mode="floor"), "aten.div.Tensor_mode"),
        (lambda m, x: x.sum(dtype=torch.float64), "aten.sum.default"),
    ],
)
def test_operators_without_a_meaning_are_named(function: Callable[..., Any], operator: str):
    module = of("", function).module()
    with pytest.raises(UnsupportedOperator) as caught:
        network_of(module, torch.zeros(3, 4))
    assert caught.value.operator == operator


@pytest.mark.parametrize(
    "module",
    [
        nn.MaxPool2d(2, ceil_mode=True),
        nn.AvgPool2d(2, ceil_mode=True),
        nn.AvgPool2d(2, divisor_override=3),
        nn.AdaptiveAvgPool2d(4),
    ],
)
def test_windows_without_a_meaning_are_refused(module: nn.Module):
    with pytest.raises(UnsupportedOperator):
        network_of(module, torch.zeros(1, 2, 5, 5))


@pytest.mark.parametrize("threshold", [5.0, 90.0])
def test_softplus_that_leaves_its_formula_is_refused(threshold: float):
    """Beyond a small threshold it is x; beneath a large one e^x may be infinite, and so is it."""
    layer = nn.Softplus(threshold=threshold)
    assert layer(torch.tensor(89.0)) in (89.0, torch.inf)
    with pytest.raises(UnsupportedOperator, match="threshold"):
        network_of(layer, torch.zeros(1, 4))


def test_batch_statistics_are_refused():
    with pytest.raises(UnsupportedOperator, match="training"):
        network_of(nn.BatchNorm1d(4, track_running_stats=False), torch.zeros(2, 4))


def _view_after_change(m: Any, x: Tensor) -> Tensor:
    y = x * 2
    z = y.view(8)
    y.relu_()
    return z


def _base_after_change(m: Any, x: Tensor) -> Tensor:
    y = x * 2
    y[0].relu_()
    return y


@pytest.mark.parametrize("function", [_view_after_change, _base_after_change])
def test_memory_changed_under_another_name_is_refused(function: Callable[..., Any]):
    with pytest.raises(UnsupportedOperator, match="memory"):
        network_of(of("", function).module(), torch.ones(2, 4))


def test_all_refusals_are_collected():
    module = of("", lambda m, x: x.sin().relu().cos()).module()
    program = export("case", module, (torch.zeros(1, 4),), {})
    reading = translate("case", program, sha256="")
    assert [refusal.operator for refusal in reading.refusals] == [
        "aten.sin.default",
        "aten.cos.default",
    ]


def test_inputs_that_are_no_floats_are_refused(tmp_path: Path):
    module = of("", lambda m, x: m.weight[:, 0] + x).module()
    with pytest.raises(InputError, match="int64"):
        read(save(tmp_path, module, torch.zeros(3, dtype=torch.int64)))


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_weights_that_are_not_finite_are_refused(value: float, tmp_path: Path):
    module = nn.Linear(4, 3)
    with torch.no_grad():
        module.weight[1, 1] = value
    with pytest.raises(InputError, match="'weight'"):
        read(save(tmp_path, module, torch.zeros(1, 4)))


def rewrite(source: Path, change: Callable[[dict[str, bytes]], None], target: Path) -> Path:
    """Copy an archive with its members changed."""
    with zipfile.ZipFile(source) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    change(members)
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return target


class Trap:
    """Leaves a trace when it is unpickled."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.trace,)


def edit(members: dict[str, bytes], ending: str, change: Callable[[Any], None]) -> None:
    name = next(name for name in members if name.endswith(ending))
    data = json.loads(members[name])
    change(data)
    members[name] = json.dumps(data).encode()


def test_no_pickle_in_an_archive_is_opened(tmp_path: Path):
    source = save(tmp_path, nn.Linear(4, 3), torch.zeros(1, 4))
    trace = tmp_path / "trace"
    trap = pickle.dumps(Trap(trace))

    def sample(members: dict[str, bytes]) -> None:
        name = next(name for name in members if "sample_inputs" in name)
        members[name] = trap

    read(rewrite(source, sample, tmp_path / "sample.pt2"))
    assert not trace.exists()

    def weight(members: dict[str, bytes]) -> None:
        def mark(data: dict[str, Any]) -> None:
            data["config"]["weight"]["use_pickle"] = True

        edit(members, "weights_config.json", mark)
        buffer = io.BytesIO()
        torch.save(Trap(trace), buffer)
        for name in [name for name in members if "/weights/weight_" in name]:
            members[name] = buffer.getvalue()

    with pytest.raises(InputError, match="pickle"):
        read(rewrite(source, weight, tmp_path / "weight.pt2"))

    def opaque(members: dict[str, bytes]) -> None:
        entry = {"path_name": "opaque_obj_0", "use_pickle": True, "tensor_meta": None}
        edit(members, "constants_config.json", lambda d: d["config"].update(thing=entry))
        folder = next(name for name in members if "constants_config" in name).rpartition("/")[0]
        members[f"{folder}/opaque_obj_0"] = trap

    with pytest.raises(InputError, match="pickle"):
        read(rewrite(source, opaque, tmp_path / "opaque.pt2"))
    assert not trace.exists()


def test_a_table_of_weights_is_read_without_running_it(tmp_path: Path):
    module = nn.Linear(4, 3)
    source = save(tmp_path, module, torch.zeros(1, 4))
    trace = tmp_path / "trace"

    def table(state: Any) -> Callable[[dict[str, bytes]], None]:
        def change(members: dict[str, bytes]) -> None:
            config = next(name for name in members if name.endswith("weights_config.json"))
            del members[config]
            buffer = io.BytesIO()
            torch.save(state, buffer)
            members[f"{config.rpartition('/')[0]}/model.pt"] = buffer.getvalue()

        return change

    network = read(rewrite(source, table(module.state_dict()), tmp_path / "old.pt2"))
    np.testing.assert_array_equal(network.parameters["weight"], module.weight.detach().numpy())
    with pytest.raises(InputError, match="state dict"):
        read(rewrite(source, table({"weight": Trap(trace)}), tmp_path / "trap.pt2"))
    assert not trace.exists()


def test_expressions_in_an_archive_are_not_evaluated(tmp_path: Path):
    source = save(tmp_path, nn.Linear(4, 3), torch.zeros(1, 4))
    trace = tmp_path / "trace"
    code = f"__import__('pathlib').Path({str(trace)!r}).touch()"

    def plant(members: dict[str, bytes]) -> None:
        def change(data: dict[str, Any]) -> None:
            values = data["graph_module"]["graph"]["tensor_values"]
            values["x" if "x" in values else "input"]["sizes"][0] = {
                "as_expr": {"expr_str": code, "hint": {"as_int": 1}}
            }

        edit(members, "models/model.json", change)

    with pytest.raises(InputError, match="axis 0"):
        read(rewrite(source, plant, tmp_path / "code.pt2"))
    assert not trace.exists()


def _sizes(data: Mapping[str, Any]) -> Any:
    return data["config"]["weight"]["tensor_meta"]


@pytest.mark.parametrize(
    ("ending", "change", "text"),
    [
        ("model.json", lambda d: d["schema_version"].update(major=99), "schema 99"),
        ("model.json", lambda d: d.pop("graph_module"), "malformed"),
        ("model.json", lambda d: d["graph_module"]["graph"].pop("nodes"), "malformed"),
        (
            "weights_config.json",
            lambda d: _sizes(d).update(sizes=[{"as_int": 2**40}, {"as_int": 4}]),
            "shape",
        ),
        (
            "weights_config.json",
            lambda d: _sizes(d).update(strides=[{"as_int": 400}, {"as_int": 1}]),
            "bytes",
        ),
        (
            "weights_config.json",
            lambda d: _sizes(d).update(strides=[{"as_int": -4}, {"as_int": 1}]),
            "strides",
        ),
        ("weights_config.json", lambda d: _sizes(d).update(storage_offset={"as_int": 1}), "bytes"),
        ("weights_config.json", lambda d: _sizes(d).update(layout=1), "layout"),
        ("weights_config.json", lambda d: d["config"].pop("weight"), "missing"),
        ("weights_config.json", lambda d: d.pop("config"), "malformed"),
        (
            "model.json",
            lambda d: d["graph_module"]["graph"]["tensor_values"]["linear"].update(
                sizes=[{"as_int": 1}, {"as_int": 7}]
            ),
            "shape",
        ),
        (
            "model.json",
            lambda d: d["graph_module"]["signature"]["output_specs"][0].update(
                {"user_output": {"arg": {"as_tensor": {"name": "nothing"}}}}
            ),
            "nothing",
        ),
    ],
)
def test_malformed_archives_are_refused(
    ending: str, change: Callable[[Any], None], text: str, tmp_path: Path
):
    source = save(tmp_path, nn.Linear(4, 3), torch.zeros(1, 4))
    broken = rewrite(source, lambda members: edit(members, ending, change), tmp_path / "b.pt2")
    with pytest.raises(InputError) as caught:
        read(broken)
    assert text in str(caught.value)
    assert "\n" not in str(caught.value)


def _mutate(rng: np.random.Generator, data: Any) -> None:
    """Drop or replace one entry somewhere in a JSON value."""
    while True:
        keys = list(data) if isinstance(data, dict) else list(range(len(data)))
        key = keys[int(rng.integers(0, len(keys)))]
        if not isinstance(data[key], dict | list) or not data[key] or rng.random() < 0.05:
            break
        data = data[key]
    others = [None, -1, 0, 3, 2**70, "x", [], {}, True, 1.5, {"as_int": 2}]
    if rng.random() < 0.2:
        del data[key]
    else:
        data[key] = others[int(rng.integers(0, len(others)))]


def test_mutated_archives_are_read_or_refused(tmp_path: Path):
    rng = np.random.default_rng(12)
    source = save(tmp_path, Heads(), torch.zeros(1, 4))
    for _ in range(150):
        ending = str(rng.choice(["models/model.json", "weights_config.json"]))
        change = partial(edit, ending=ending, change=partial(_mutate, rng))
        with suppress(InputError, UnsupportedOperator):
            assert read(rewrite(source, change, tmp_path / "mutated.pt2")).outputs


def test_arguments_that_are_not_understood_are_refused(tmp_path: Path):
    source = save(tmp_path, nn.Softmax(dim=1), torch.zeros(1, 4))

    def change(data: Any) -> None:
        node = data["graph_module"]["graph"]["nodes"][0]
        node["inputs"].append({"name": "novelty", "arg": {"as_int": 3}, "kind": 2})

    broken = rewrite(source, lambda m: edit(m, "model.json", change), tmp_path / "b.pt2")
    with pytest.raises(UnsupportedOperator, match="novelty"):
        read(broken)


def test_truncated_and_foreign_archives_are_refused(tmp_path: Path):
    source = save(tmp_path, nn.Linear(4, 3), torch.zeros(1, 4))
    content = source.read_bytes()
    for length in (10, len(content) // 2, len(content) - 10):
        source.write_bytes(content[:length])
        with pytest.raises(InputError, match=r"net\.pt2"):
            read(source)
    with zipfile.ZipFile(source, "w") as archive:
        archive.writestr("hello.txt", "hello")
    with pytest.raises(InputError, match="0 exported programs"):
        read(source)
    with zipfile.ZipFile(source, "w") as archive:
        archive.writestr("serialized_exported_program.json", "{}")
    with pytest.raises(InputError, match=r"torch 2\.7"):
        read(source)


def test_a_flipped_bit_in_an_archive_is_noticed(tmp_path: Path):
    source = save(tmp_path, nn.Linear(4, 3), torch.zeros(1, 4))
    content = bytearray(source.read_bytes())
    weight = torch.export.load(source).state_dict["weight"].detach().numpy().tobytes()
    content[content.index(weight[:16]) + 3] ^= 1
    source.write_bytes(bytes(content))
    with pytest.raises(InputError, match="damaged"):
        read(source)


@pytest.mark.filterwarnings("ignore:No complete tensor found")
def test_strided_weights_are_read_in_order(tmp_path: Path):
    module = nn.Linear(4, 4)
    module.weight = nn.Parameter(torch.arange(16.0).reshape(4, 4).t())
    path = save(tmp_path, module, torch.zeros(1, 4))
    expected = module.weight.detach().numpy()
    np.testing.assert_array_equal(read(path).parameters["weight"], expected)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_both_exports_of_torch_mean_the_same(tmp_path: Path):
    torch.manual_seed(6)
    module = nn.Sequential(
        nn.Conv2d(1, 3, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(12, 5),
        nn.LeakyReLU(0.1),
        nn.Linear(5, 2),
    ).eval()
    x = torch.randn(1, 1, 4, 4)
    torch.onnx.export(module, (x,), str(tmp_path / "net.onnx"), dynamo=False)
    first = read(tmp_path / "net.onnx")
    second = read(save(tmp_path, module, x))
    flat = x.flatten().tolist()
    assert run_exact(first, flat) == run_exact(second, flat)


def test_double_precision_is_kept(tmp_path: Path):
    path = save(tmp_path, nn.Linear(4, 3).double(), torch.zeros(1, 4, dtype=torch.float64))
    assert read(path).parameters["weight"].dtype == np.float64


def test_the_operators_are_counted(tmp_path: Path):
    reading = inspect(save(tmp_path, Heads(), torch.zeros(1, 4)))
    assert reading.operators["aten.linear.default"] == 4
    assert reading.parameters == 4 * 4 + 4 + 3 * 4 + 3 + 4 + 1
