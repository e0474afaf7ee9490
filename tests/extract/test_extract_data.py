"""The readers on other people's networks, where the data folder is at hand."""

from __future__ import annotations

import io
import time
import zipfile
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
import torch
from torch import nn

from extract.network import Array, Network
from extract.reader import read
from extract.run import as_function, run, run_exact
from extract.structure import Status, declare
from extract.support import supports


def answers(path: Path, network: Network, xs: Array) -> Array:
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    shape = network.node(network.inputs[0]).shape
    name = session.get_inputs()[0].name
    rows = [session.run(None, {name: x.reshape(shape)})[0] for x in xs]
    return np.array([np.asarray(row).ravel() for row in rows])


def compare(path: Path, count: int = 20) -> Network:
    network = read(path)
    rng = np.random.default_rng(3)
    xs = rng.uniform(-1, 1, size=(count, network.input_size)).astype(np.float32)
    expected = answers(path, network, xs)
    single = as_function(network)(torch.tensor(xs)).numpy()
    np.testing.assert_allclose(single, expected, atol=1e-5, rtol=1e-5)
    exact = [float(v) for v in run_exact(network, [float(v) for v in xs[0]])]
    np.testing.assert_allclose(exact, expected[0], atol=1e-5, rtol=1e-5)
    return network


def test_acas_nets_agree_with_onnxruntime(data: Path):
    paths = sorted((data / "acasxu").glob("*.onnx"))
    assert len(paths) == 45
    for path in paths:
        network = compare(path, count=5)
        assert network.node(network.inputs[0]).shape == (1, 1, 1, 5)
        assert sum(n.size for n in network.nodes if n.op == "relu") == 300


def test_exact_evaluation_of_an_acas_net_is_fast(data: Path):
    network = read(data / "acasxu" / "ACASXU_run2a_1_1_batch_2000.onnx")
    run_exact(network, [0] * 5)
    start = time.perf_counter()
    for n in range(10):
        point = [Fraction(n, 7), Fraction(1, 3), Fraction(-1, 10), 0.25, 0]
        assert all(isinstance(value, Fraction) for value in run_exact(network, point))
    assert time.perf_counter() - start < 5


@pytest.mark.parametrize("folder", ["rl", "cersyve"])
def test_other_onnx_nets_agree_with_onnxruntime(folder: str, data: Path):
    paths = sorted((data / folder).glob("*.onnx"))
    assert paths
    for path in paths:
        compare(path)
        support = supports(path)
        assert support.piecewise_affine, support.reason()


def test_skip_connections_are_kept(data: Path):
    network = read(data / "cersyve" / "lane_keep_finetune_con.onnx")
    assert len(network.consumers(network.inputs[0])) == 4
    assert sum(node.op == "add" for node in network.nodes) == 6


def test_vcas_nets_are_read(data: Path):
    paths = sorted((data / "vcas").glob("*.nnet"))
    assert len(paths) == 9
    for path in paths:
        network = read(path)
        assert (network.input_size, network.output_size) == (3, 9)
        x = np.array([-0.01, -0.004, 0.125])
        rows = [
            [float(word) for word in line.strip().rstrip(",").split(",")]
            for line in path.read_text().splitlines()
            if line and not line.startswith("//")
        ][7:]
        value, start = x, 0
        for width in (20, 20, 20, 20, 20, 9):
            weight = np.array(rows[start : start + width])
            bias = np.array([row[0] for row in rows[start + width : start + 2 * width]])
            value, start = weight @ value + bias, start + 2 * width
            value = value if width == 9 else np.maximum(value, 0)
        result = run(network, x, arithmetic="float64")["output"].ravel()
        np.testing.assert_allclose(result, value, atol=1e-6)


def state_dict(path: Path) -> dict[str, torch.Tensor]:
    with zipfile.ZipFile(path) as archive:
        return torch.load(io.BytesIO(archive.read("policy.pth")), weights_only=True)


def stack(
    weights: dict[str, torch.Tensor], keys: list[str], bend: Callable[[], nn.Module]
) -> nn.Sequential:
    """The layers as torch has them, built by hand."""
    layers: list[nn.Module] = []
    for key in keys:
        weight, bias = weights[f"{key}.weight"], weights.get(f"{key}.bias")
        layer = nn.Linear(weight.shape[1], weight.shape[0], bias=bias is not None)
        layer.load_state_dict(
            {"weight": weight} if bias is None else {"weight": weight, "bias": bias}
        )
        layers += [layer, bend()]
    return nn.Sequential(*layers[:-1])


DQN = ["q_net.q_net.0", "q_net.q_net.2", "q_net.q_net.4"]
PPO = ["mlp_extractor.policy_net.0", "mlp_extractor.policy_net.2", "action_net"]
CRITIC = ["mlp_extractor.value_net.0", "mlp_extractor.value_net.2", "value_net"]


@pytest.mark.parametrize(
    ("name", "role", "keys", "bend"),
    [
        ("dqn-CartPole", "policy", DQN, nn.ReLU),
        ("dqn-MountainCar", "policy", DQN, nn.ReLU),
        ("ppo-CartPole", "policy", PPO, nn.Tanh),
        ("ppo-CartPole", "value", CRITIC, nn.Tanh),
        ("ars-CartPole", "policy", ["action_net"], nn.Identity),
    ],
)
def test_agents_agree_with_layers_built_by_hand(
    name: str, role: str, keys: list[str], bend: Any, data: Path
):
    path = data / "agents" / f"{name}.zip"
    structure = declare(read(path))
    part = structure.part(role)
    assert part.status is Status.DECLARED
    module = stack(state_dict(path), keys, bend)
    rng = np.random.default_rng(1)
    xs = rng.uniform(-1, 1, size=(50, part.network.input_size)).astype(np.float32)
    with torch.no_grad():
        expected = module(torch.tensor(xs)).numpy()
    result = as_function(part.network)(torch.tensor(xs)).numpy()
    np.testing.assert_allclose(result, expected, atol=1e-4, rtol=1e-5)
    if role == "policy":
        assert part.network.output_size == structure.network.output_size
