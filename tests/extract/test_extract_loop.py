"""Steps that use the same weights in the same way are a loop, over layers and over time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from planner_case import as_network
from recurrent_case import Unrolled
from torch import Tensor, nn

from extract.graph.loop import Loop, find_loops
from extract.network import Network

TIMES = (3, 4, 6)


class Layer(nn.Module):
    """A recurrent layer over (1, steps, 3), and a head on what it shows last."""

    def __init__(self, kind: Any, layers: int = 1) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.layer = kind(3, 5, layers, batch_first=True)
        self.head = nn.Linear(5, 4)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.layer(x)[0][:, -1])


class ConvLSTM(nn.Module):
    """A convolutional LSTM (Shi et al. 2015) over the pictures of a sequence (1, steps, 2, 4, 4),
    or over one picture (1, 2, 4, 4) several times.
    """

    def __init__(self, ticks: int = 0) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.ticks = ticks
        self.gates = nn.Conv2d(2 + 3, 12, 3, padding=1)
        self.head = nn.Linear(48, 3)

    def forward(self, x: Tensor) -> Tensor:
        h = torch.zeros(1, 3, 4, 4)
        c = torch.zeros_like(h)
        for seen in [x] * self.ticks if self.ticks else x.unbind(1):
            i, f, o, g = self.gates(torch.cat([seen, h], dim=1)).chunk(4, dim=1)
            c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
            h = torch.sigmoid(o) * torch.tanh(c)
        return self.head(h.flatten(1))


def loops_of(module: nn.Module, *shape: int) -> tuple[Network, tuple[Loop, ...]]:
    network = as_network(module.eval(), torch.zeros(shape), name="loop")
    return network, find_loops(network)


@pytest.mark.parametrize("steps", TIMES)
@pytest.mark.parametrize("kind", [nn.LSTM, nn.GRU, nn.RNN])
def test_a_layer_over_time_is_a_loop_over_time(kind: Any, steps: int):
    """A GRU's first step computes less: without a state, nothing is kept of it."""
    network, (loop,) = loops_of(Layer(kind), 1, steps, 3)
    assert len(loop.steps) == (steps - 1 if kind is nn.GRU else steps)
    assert loop.is_over_time(network)
    assert len(loop.states(network)) == steps
    assert len({network.node(name).shape for name in loop.states(network)}) == 1


@pytest.mark.parametrize("kind", [nn.LSTM, nn.GRU, nn.RNN])
def test_each_layer_of_several_is_a_loop(kind: Any):
    network, found = loops_of(Layer(kind, 2), 1, 5, 3)
    assert len(found) == 2
    assert all(loop.is_over_time(network) and len(loop.steps) >= 4 for loop in found)
    assert found[0].nodes.isdisjoint(found[1].nodes)


@pytest.mark.parametrize("steps", TIMES)
@pytest.mark.parametrize("cell", [nn.LSTMCell, nn.GRUCell, nn.RNNCell])
def test_an_unrolled_cell_is_a_loop_over_time(cell: Any, steps: int):
    network, (loop,) = loops_of(Unrolled(cell(3, 4)), steps, 1, 3)
    assert len(loop.steps) >= steps - 1
    assert loop.is_over_time(network)


@pytest.mark.parametrize("steps", TIMES)
def test_a_convolutional_lstm_is_a_loop_over_time(steps: int):
    network, (loop,) = loops_of(ConvLSTM(), 1, steps, 2, 4, 4)
    assert len(loop.steps) == steps
    assert loop.is_over_time(network)
    assert {network.node(name).op for name in loop.uses} == {"conv2d"}


def test_one_that_looks_several_times_is_a_loop_that_thinks():
    network, (loop,) = loops_of(ConvLSTM(ticks=4), 1, 2, 4, 4)
    assert len(loop.steps) == 4
    assert not loop.is_over_time(network)
    assert loop.invariant == set(network.inputs)


class Chain(nn.Module):
    """A layer used three times, with something between that may differ."""

    def __init__(self, between: Callable[[int, Tensor], Tensor]) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.between, self.layer = between, nn.Linear(4, 4)

    def forward(self, x: Tensor) -> Tensor:
        for at in range(4):
            x = self.between(at, self.layer(x))
        return x


SCALES = torch.arange(1.0, 17.0).reshape(4, 4)


def test_steps_with_constants_of_their_own_are_none():
    _, found = loops_of(Chain(lambda at, x: torch.relu(x * SCALES[at])), 1, 4)
    assert found == ()


def test_a_first_step_of_another_kind_is_not_in_the_loop():
    def between(at: int, x: Tensor) -> Tensor:
        return torch.tanh(x) if at == 0 else torch.relu(x)

    network, (loop,) = loops_of(Chain(between), 1, 4)
    assert len(loop.steps) == 3
    assert {network.node(name).op for name in loop.nodes} == {"linear", "relu"}


def test_a_last_step_that_does_something_else_is_not_in_the_loop():
    network, (loop,) = loops_of(
        Chain(lambda at, x: torch.tanh(x) if at == 3 else torch.relu(x)), 1, 4
    )
    assert len(loop.steps) == 3
    assert "tanh" not in {network.node(name).op for name in loop.nodes}


def test_layers_that_differ_in_one_weight_are_none():
    torch.manual_seed(0)
    several = [nn.Linear(4, 4) for _ in range(3)]
    layers = nn.Sequential(*(part for one in several for part in (one, nn.ReLU())))
    assert loops_of(layers, 1, 4)[1] == ()
    for one in several[1:]:
        one.load_state_dict(several[0].state_dict())
    assert len(loops_of(layers, 1, 4)[1]) == 1
    with torch.no_grad():
        several[1].weight[0, 0] += 1e-3
    assert loops_of(layers, 1, 4)[1] == ()
