"""Recurrent layers mean what torch and onnxruntime compute, in floats and exactly."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from onnx import numpy_helper
from onnx_case import Case as OnnxCase
from onnx_case import answer, one
from recurrent_case import ONNX_CASES, STEPS, TORCH_CASES, Unrolled
from torch import nn
from torch.utils import _pytree as pytree
from torch_case import Case, network_of

from extract.network import Network
from extract.reader import read
from extract.run import run
from theory.enclosure import Enclosure
from theory.error import InputError, UnsupportedOperator


def _middle(value: Any) -> float:
    if isinstance(value, Enclosure):
        return float((value.lower + value.upper) / 2)
    return float(Fraction(value))


def _agrees(network: Network, given: dict[str, Any], expected: list[Any]) -> None:
    floats = run(network, given)
    exact = run(network, given, arithmetic="exact")
    assert len(network.outputs) == len(expected)
    for name, array in zip(network.outputs, expected, strict=True):
        assert floats[name].shape == array.shape
        np.testing.assert_allclose(floats[name], array, rtol=1e-5, atol=1e-6)
        values = np.array([_middle(v) for v in exact[name].ravel()]).reshape(array.shape)
        np.testing.assert_allclose(values, array, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("case", TORCH_CASES, ids=lambda case: case.label)
def test_layer_agrees_with_torch(case: Case):
    module = case.module().eval()
    generator = torch.Generator().manual_seed(11)
    inputs = [torch.randn(shape, generator=generator) for shape in case.shapes]
    network = network_of(module, *inputs)
    with torch.no_grad():
        results = pytree.tree_leaves(module(*inputs))
    given = {n: i.numpy() for n, i in zip(network.inputs, inputs, strict=True)}
    _agrees(network, given, [tensor.numpy() for tensor in results])


def _saved(case: OnnxCase, folder: Path) -> Path:
    path = folder / "net.onnx"
    onnx.save_model(case.model(), path)
    return path


@pytest.mark.parametrize("case", ONNX_CASES, ids=lambda case: case.label)
def test_layer_agrees_with_onnxruntime(case: OnnxCase, tmp_path: Path):
    network = read(_saved(case, tmp_path))
    x = np.random.default_rng(3).normal(size=STEPS).astype(np.float32)
    _agrees(network, {"x": x}, answer(case.model(), {"x": x}))


def test_the_weights_of_all_steps_are_one_parameter():
    network = network_of(Unrolled(nn.LSTMCell(3, 4)).eval(), torch.zeros(STEPS))
    sums = [node for node in network.nodes if node.op == "linear"]
    assert len(sums) == STEPS[0]
    assert len({node.inputs[1:] for node in sums}) == 1


def test_both_biases_stand_apart_so_that_their_rounding_is_covered():
    cell = nn.RNNCell(1, 1)
    with torch.no_grad():
        cell.bias_ih.fill_(2.0**30)
        cell.bias_hh.fill_(-(2.0**30))
    network = network_of(Unrolled(cell).eval(), torch.zeros(1, 1, 1))
    node = next(node for node in network.nodes if node.op == "linear")
    bias = network.parameters[node.inputs[2]]
    assert abs(bias).max() == 2.0**30
    assert abs(network.parameters[node.inputs[1]]).max() == 2.0**30


@pytest.mark.parametrize(
    ("attributes", "operator"),
    [
        ({"clip": 1.0}, "LSTM"),
        ({"input_forget": 1}, "LSTM"),
        ({"layout": 1}, "LSTM"),
        ({"activations": ["Sigmoid", "Relu", "Tanh"]}, "LSTM"),
    ],
)
def test_variants_without_a_meaning_are_refused(
    attributes: dict[str, Any], operator: str, tmp_path: Path
):
    weights = {"w": np.ones((1, 16, 3), np.float32), "r": np.ones((1, 16, 4), np.float32)}
    case = one(operator, STEPS, weights, hidden_size=4, **attributes)
    with pytest.raises(UnsupportedOperator) as caught:
        read(_saved(case, tmp_path))
    assert caught.value.operator == operator


def test_sequences_that_end_early_and_peepholes_are_refused(tmp_path: Path):
    for position, extra in ((4, np.array([5, 3], np.int32)), (7, np.ones((1, 12), np.float32))):
        made = next(c for c in ONNX_CASES if c.label == "LSTM plain").model()
        node = made.graph.node[0]
        node.input.extend([""] * (position - len(node.input)) + ["extra"])
        made.graph.initializer.append(numpy_helper.from_array(extra, "extra"))
        onnx.save_model(made, tmp_path / "net.onnx")
        with pytest.raises(UnsupportedOperator):
            read(tmp_path / "net.onnx")


def test_projections_are_refused():
    with pytest.raises(UnsupportedOperator):
        network_of(nn.LSTM(3, 4, proj_size=2).eval(), torch.zeros(STEPS))


def test_weights_that_do_not_fit_are_refused(tmp_path: Path):
    weights = {"w": np.ones((1, 16, 2), np.float32), "r": np.ones((1, 16, 4), np.float32)}
    made = one("LSTM", STEPS, weights, hidden_size=4).model()
    onnx.save_model(made, tmp_path / "net.onnx")
    with pytest.raises(InputError):
        read(tmp_path / "net.onnx")
