"""A lookahead in branches side by side is found by its weights, and is told from one that predicts
nothing.
"""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from benchmarks.zoo.make import AGENTS
from extract.find import find
from extract.graph.fan import find_fan
from extract.network import Network
from extract.reader import read
from extract.reader.python_file import export
from extract.reader.torch_export import translate
from extract.roles.lookahead import agreement
from extract.structure import Status


def agent(name: str) -> Network:
    return read(AGENTS / f"{name}.pt2")


@pytest.mark.parametrize("name", ["lookahead", "lookahead-hidden", "random-lookahead-43"])
def test_the_fan_of_a_lookahead_is_its_world_model(name: str):
    net = agent(name)
    fan = find_fan(net, net.outputs[0])
    assert fan is not None
    assert len(fan.predicted) == 4
    assert fan.parameters == {n for n in net.parameters if n.startswith("predict.")}
    assert all(net.node(n).module.startswith("predict") for n in fan.nodes if "cat" not in n)
    assert all(net.node(n).module.startswith("value") for n in fan.tail)


@pytest.mark.parametrize("name", ["dqn", "lookahead-merged", "minimax", "vin", "linear"])
def test_other_nets_have_no_fan(name: str):
    net = agent(name)
    assert find_fan(net, net.outputs[0]) is None


def test_branches_with_weights_of_their_own_are_no_fan():
    class Heads(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.heads = nn.ModuleList(
                nn.Sequential(nn.Linear(3, 3), nn.ReLU(), nn.Linear(3, 1)) for _ in range(2)
            )
            self.body = nn.Linear(3, 3)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            z = self.body(x)
            return torch.cat([head(z) for head in self.heads], dim=1)

    program = export("heads", Heads().eval(), (torch.zeros(1, 3),), {})
    net = translate("heads", program, sha256="").require()
    assert find_fan(net, net.outputs[0]) is None


def test_a_choice_agrees_if_it_is_as_good_as_the_best():
    worth = np.array([[1.0, 1.01, 0.0], [0.0, 0.5, 1.0], [0.3, 0.3, 0.3]])
    assert agreement(np.array([0, 2, 0]), worth) == 1.0
    assert agreement(np.array([2, 2, 0]), worth) == 0.5
    assert agreement(np.array([0]), np.zeros((1, 3))) == 0.0


@pytest.mark.slow
def test_a_hidden_lookahead_is_functional_and_a_random_one_is_not():
    world = "benchmarks/zoo/world/field.py:make"
    found = find(agent("lookahead-hidden"), world, nulls=3).findings
    for role in ("world_model", "search", "evaluator"):
        assert found[role].status is Status.FUNCTIONAL, found[role].reason
    found = find(agent("random-lookahead-43"), world, nulls=3).findings
    for role in ("world_model", "search", "evaluator"):
        assert found[role].status is not Status.FUNCTIONAL, found[role].reason
