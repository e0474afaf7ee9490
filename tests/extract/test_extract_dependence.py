"""An input that is called unread changes nothing, and what a zero weight cuts off is found."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from extract.dependence import unread_inputs
from extract.network import Network
from extract.reader.python_file import export
from extract.reader.torch_export import translate
from extract.run import run_exact


class Branchy(nn.Module):
    """Two layers with a concatenation, a slice and a product between them."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(5, 6), nn.Linear(7, 2)

    def forward(self, o: torch.Tensor) -> torch.Tensor:
        h = self.first(o)
        gate = h[:, :2] * h[:, 4:]
        return self.second(torch.cat([h[:, 2:5].relu(), gate, o[:, 3:]], dim=1))


def network(module: nn.Module, width: int) -> Network:
    program = export("sparse", module.eval(), (torch.zeros(1, width),), {})
    return translate("sparse", program, sha256="").require()


@pytest.fixture(scope="module")
def branchy() -> Network:
    return network(Branchy(), 5)


def sparse(net: Network, rng: np.random.Generator) -> Network:
    """The same network with other weights, most of them zero."""
    drawn = {
        name: (rng.integers(-2, 3, array.shape) * (rng.random(array.shape) < 0.35)).astype("f4")
        for name, array in net.parameters.items()
    }
    return replace(net, parameters=drawn)


@given(seed=st.integers(0, 2**32 - 1))
def test_an_unread_input_changes_nothing(branchy: Network, seed: int):
    rng = np.random.default_rng(seed)
    net = sparse(branchy, rng)
    base = [Fraction(int(v), 4) for v in rng.integers(-8, 9, 5)]
    for position in unread_inputs(net, [2.0] * 5):
        moved = list(base)
        moved[position] = Fraction(int(rng.integers(-8, 9)), 4)
        assert run_exact(net, base) == run_exact(net, moved)


def chain(*weights: list[list[float]]) -> Network:
    layers: list[nn.Module] = []
    for rows in weights:
        layer = nn.Linear(len(rows[0]), len(rows), bias=False)
        layer.weight = nn.Parameter(torch.tensor(rows))
        layers += [layer, nn.ReLU()]
    return network(nn.Sequential(*layers[:-1]), len(weights[0][0]))


def test_what_a_later_layer_drops_is_unread():
    net = chain([[1.0, 0.0], [0.0, 1.0]], [[1.0, 0.0]])
    assert unread_inputs(net, [1.0, 1.0]) == {1}
    assert unread_inputs(chain([[1.0, 0.0], [0.0, 1.0]], [[1.0, 1.0]]), [1.0, 1.0]) == set()


def test_nothing_is_unread_behind_a_tensor_that_may_overflow():
    net = chain([[1.0, 0.0], [0.0, 1e20]], [[1.0, 0.0]])
    assert unread_inputs(net, [1.0, 1.0]) == {1}
    assert unread_inputs(net, [1.0, 1e20]) == set()
    assert unread_inputs(net, [float("inf"), float("inf")]) == set()


def test_an_input_that_no_float32_holds_counts_as_read_whatever_its_weights_are():
    """Zero times infinity: small weights bring the bound of the sum down, and not the input."""
    net = chain([[1e-12, 0.0]])
    assert unread_inputs(net, [1.0, 1e29]) == {1}
    assert unread_inputs(net, [1.0, 1e39]) == set()
    assert unread_inputs(chain([[0.0, 0.0]]), [1.0, 1e39]) == set()
