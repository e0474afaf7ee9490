"""Composite agents: programs of their own, wired into one graph."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from extract.intervene import evaluate
from extract.network import Network
from extract.reader.composite import compose
from extract.reader.python_file import export
from extract.reader.torch_export import translate
from extract.structure import declare
from theory.error import InputError


class Ahead(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.step = nn.Linear(3 + 2, 3)

    def forward(self, latent: torch.Tensor, action: torch.Tensor) -> torch.Tensor:
        return torch.relu(self.step(torch.cat([latent, action], dim=1)))


def program(module: nn.Module, *sizes: int) -> Network:
    inputs = tuple(torch.zeros(1, size) for size in sizes)
    return translate("program", export("program", module.eval(), inputs, {}), sha256="").require()


@pytest.fixture(scope="module")
def programs() -> dict[str, Network]:
    torch.manual_seed(1)
    return {
        "perceive": program(nn.Sequential(nn.Linear(4, 3), nn.ReLU()), 4),
        "predict": program(Ahead(), 3, 2),
        "reward": program(nn.Linear(3, 1), 3),
        "value": program(nn.Linear(3, 1), 3),
        "policy": program(nn.Linear(3, 2), 3),
    }


def test_programs_are_wired_as_they_are_said_to_be(programs: dict[str, Network]):
    whole = compose(programs)
    x = np.random.default_rng(0).normal(size=(5, 1, 4))
    a = np.eye(2)[[0, 1, 1, 0, 1]][:, None]
    observation, action = whole.inputs
    value, policy, ahead, reward = whole.outputs

    def run(role: str, *given: np.ndarray) -> np.ndarray:
        one = programs[role]
        return evaluate(one, dict(zip(one.inputs, given, strict=True)), one.outputs)[one.outputs[0]]

    found = evaluate(whole, {observation: x, action: a}, whole.outputs)
    latent = run("perceive", x)
    following = run("predict", latent, a)
    assert np.allclose(found[value], run("value", latent))
    assert np.allclose(found[policy], run("policy", latent))
    assert np.allclose(found[ahead], following)
    assert np.allclose(found[reward], run("reward", following))


def test_each_program_is_a_module_that_can_be_declared(programs: dict[str, Network]):
    whole = compose(programs)
    known = {role: f"module:{role}" for role in programs}
    parts = declare(whole, known).parts
    assert parts["perceive"].inputs == whole.inputs[:1]
    assert parts["predict"].network.input_size == 3 + 2
    assert parts["predict"].network.output_size == 3
    assert parts["value"].inputs == parts["perceive"].outputs
    assert parts["reward"].inputs == parts["predict"].outputs


def test_programs_that_do_not_fit_are_refused(programs: dict[str, Network]):
    def complaint(**changed: Network) -> str:
        with pytest.raises(InputError) as caught:
            compose({**programs, **changed})
        return str(caught.value)

    assert "'value' takes 'input' of shape (1, 4), but is given (1, 3)" in complaint(
        value=program(nn.Linear(4, 1), 4)
    )
    assert "takes the latent state and the action" in complaint(predict=program(nn.Linear(3, 3), 3))
    assert "takes the latent state alone" in complaint(value=program(Ahead(), 3, 2))
    with pytest.raises(InputError, match="a program 'polcy'; did you mean 'policy'"):
        compose({"perceive": programs["perceive"], "polcy": programs["policy"]})
    ended = compose({**programs, "ended": programs["value"]})
    assert len(ended.outputs) == 5
    with pytest.raises(InputError, match="needs a program 'perceive'"):
        compose({"policy": programs["policy"]})
