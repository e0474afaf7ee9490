"""Declared parts, and what stops a verdict."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx_case
import pytest
import torch
from torch import Tensor, nn
from torch_case import network_of

from extract.reader import read
from extract.run import run
from extract.structure import AgentStructure, Status, declare, module_calls
from extract.support import supports
from theory.error import InputError, UnsupportedOperator


class Agent(nn.Module):
    """Encoder, a transition used twice, and two heads."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(4)
        self.encoder = nn.Sequential(nn.Linear(3, 4), nn.ReLU())
        self.step = nn.Sequential(nn.Linear(4, 4), nn.ReLU())
        self.policy, self.critic = nn.Linear(4, 2), nn.Linear(4, 1)

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        z = self.step(self.step(self.encoder(x)))
        return {"logits": self.policy(z), "value": self.critic(z)}


@pytest.fixture(scope="module")
def whole() -> Any:
    return network_of(Agent(), torch.zeros(1, 3))


X = np.array([[0.4, -1.2, 2.0]], dtype=np.float32)


def test_a_tensor_is_a_part(whole: Any):
    part = declare(whole, {"value": "value"}).part("value")
    assert part.status is Status.DECLARED
    assert part.network.input_size == 3
    with torch.no_grad():
        expected = Agent()(torch.tensor(X))["value"].numpy()
    np.testing.assert_allclose(run(part.network, X)["linear_4"], expected, rtol=1e-5)
    assert whole.node("logits").name not in part.nodes


def test_a_sub_module_is_a_part(whole: Any):
    structure = declare(
        whole, {"perceive": "encoder", "predict": "step@1", "head": "module:critic"}
    )
    agent = Agent()
    latent = np.array([[0.5, -0.5, 1.0, 2.0]], dtype=np.float32)
    for role, module, x in [
        ("perceive", agent.encoder, X),
        ("predict", agent.step, latent),
        ("head", agent.critic, latent),
    ]:
        part = structure.part(role)
        with torch.no_grad():
            expected = module(torch.tensor(x)).numpy()
        results = run(part.network, x)
        np.testing.assert_allclose(results[part.network.outputs[0]], expected, rtol=1e-5)
    assert structure.part("predict").inputs == structure.part("predict").network.inputs


def test_a_slice_is_a_part(whole: Any):
    calls = module_calls(whole)
    assert calls["step"] == ["step", "step@1"]
    encoder = declare(whole, {"z": "encoder"}).part("z")
    part = declare(whole, {"rest": (encoder.outputs, "logits")}).part("rest")
    assert (part.network.input_size, part.network.output_size) == (4, 2)


def test_a_program_is_a_part(whole: Any, tmp_path: Path):
    made = onnx_case.one("Gemm", (1, 4), {"w": onnx_case.f32(4, 1)}).model()
    (tmp_path / "value.onnx").write_bytes(made.SerializeToString())
    part = declare(whole, {"value": "value.onnx"}, folder=tmp_path).part("value")
    assert (part.network.input_size, part.nodes) == (4, frozenset())
    again = declare(whole, {"value": str(tmp_path / "value.onnx")}).part("value")
    assert again.network.sha256 == part.network.sha256
    assert declare(whole, {"value": part.network}).part("value").network is part.network


@pytest.mark.parametrize(
    ("declaration", "text"),
    [
        ("logit", "near names: logits"),
        ("tensor:logit", "near names: logits"),
        ("module:polic", "near names: policy"),
        ("step", "step@0, step@1"),
        ("step@2", "2 calls"),
        ("step@x", "2 calls"),
        (("value", "logits"), "also depend"),
        (("x", "nothing"), "'nothing'"),
        (("policy.weight", "logits"), "parameter"),
        ("missing.onnx", "missing.onnx"),
        ("missing.py:make", "missing.py"),
    ],
)
def test_wrong_declarations_are_refused(declaration: Any, text: str, whole: Any, tmp_path: Path):
    with pytest.raises(InputError, match=text) as caught:
        declare(whole, {"value": declaration}, folder=tmp_path)
    assert "part 'value'" in str(caught.value)


def test_a_name_with_two_meanings_is_refused():
    class Heads(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.value = nn.Linear(3, 1)

        def forward(self, x: Tensor) -> dict[str, Tensor]:
            return {"value": self.value(x + 1)}

    network = network_of(Heads(), torch.zeros(1, 3))
    with pytest.raises(InputError, match="tensor:value"):
        declare(network, {"value": "value"})
    assert declare(network, {"value": "tensor:value"}).part("value").inputs == ("x",)
    assert declare(network, {"value": "module:value"}).part("value").inputs == ("add",)


def test_a_part_that_is_not_there_is_an_error(whole: Any):
    with pytest.raises(InputError, match=r"'search'.*none"):
        declare(whole).part("search")
    with pytest.raises(InputError, match="the value"):
        declare(whole, {"the value": "value"})
    assert AgentStructure(whole).parts == {}


def saved(folder: Path, case: onnx_case.Case) -> Path:
    path = folder / "net.onnx"
    path.write_bytes(case.model().SerializeToString())
    return path


def test_support_of_a_relu_net(tmp_path: Path):
    case = next(case for case in onnx_case.CASES if case.label == "residual")
    support = supports(saved(tmp_path, case))
    assert support.operators == {"Gemm": 1, "Relu": 1, "Add": 1}
    assert support.nodes == {"linear": 1, "relu": 1, "add": 1}
    assert (support.parameters, support.inputs, support.outputs) == (
        9,
        {"x": (1, 3)},
        {"z": (1, 3)},
    )
    assert support.exact
    assert support.piecewise_affine
    assert support.reason() == "no node stops an exact verdict"


def test_support_of_a_smooth_net(tmp_path: Path):
    support = supports(saved(tmp_path, onnx_case.one("Tanh", (1, 3))))
    assert support.readable
    assert not support.exact
    assert support.enclosed == ("z",)
    assert "'z' stops an exact verdict" in support.reason()


def test_support_of_a_product(tmp_path: Path):
    case = next(case for case in onnx_case.CASES if case.label == "Mul both")
    support = supports(saved(tmp_path, case))
    assert support.exact
    assert not support.piecewise_affine
    assert "multiplies" in support.reason()


def test_support_of_an_unknown_operator(tmp_path: Path):
    path = saved(tmp_path, onnx_case.one("Sin", (1, 3)))
    support = supports(path)
    assert not support.readable
    assert support.nodes == {}
    assert "'z' stops every verdict: the operator 'Sin'" in support.reason()
    with pytest.raises(UnsupportedOperator):
        read(path)
