"""Recurrent and attending networks are decided as dense sampling of the deployed module says."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import pytest
import torch
from torch import Tensor, nn

from extract.network import Network
from extract.reader.python_file import export
from extract.reader.torch_export import translate
from theory import Agent, Feature, forall
from verify.answer import Deadline
from verify.neural.branch import Search
from verify.problem import compile_goal
from verify.verdict import Guarantee

STEPS, POINTS = 5, 20_000


class Unrolled(nn.Module):
    """A recurrent layer over five numbers, and one number of its last state."""

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.layer = layer
        self.head = nn.Linear(3, 1)

    def forward(self, flat: Tensor) -> Tensor:
        return self.head(self.layer(flat.reshape(-1, STEPS, 1))[0][:, -1])


class Attending(nn.Module):
    """One head of attention over three tokens of two numbers."""

    def __init__(self) -> None:
        super().__init__()
        self.query, self.key, self.value = (nn.Linear(2, 2) for _ in range(3))
        self.head = nn.Linear(6, 1)

    def forward(self, flat: Tensor) -> Tensor:
        tokens = flat.reshape(-1, 3, 2)
        seen = nn.functional.scaled_dot_product_attention(
            self.query(tokens), self.key(tokens), self.value(tokens)
        )
        return self.head((tokens + seen).flatten(1))


class Dividing(nn.Module):
    """A quotient of two bounded terms, and a product of curves."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(3, 3), nn.Linear(3, 3)
        self.head = nn.Linear(3, 1)

    def forward(self, flat: Tensor) -> Tensor:
        a, b = torch.tanh(self.first(flat)), torch.sigmoid(self.second(flat))
        return self.head(a / (0.5 + b) + torch.nn.functional.elu(a) * b)


MODULES: dict[str, tuple[Callable[[], nn.Module], int, float]] = {
    "lstm": (lambda: Unrolled(nn.LSTM(1, 3, batch_first=True)), STEPS, 0.15),
    "gru": (lambda: Unrolled(nn.GRU(1, 3, batch_first=True)), STEPS, 0.15),
    "attention": (Attending, 6, 0.15),
    "division": (Dividing, 3, 0.3),
}
"""How to make it, the number of inputs, and half the width of the box."""


def made(name: str, seed: int) -> tuple[nn.Module, Network, Agent, Tensor]:
    """A module of random weights, its graph, an agent that sees a box, and points of it."""
    build, inputs, radius = MODULES[name]
    torch.manual_seed(seed)
    module = build().eval()
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.copy_(torch.randn_like(parameter) * 0.8)
    network = translate(
        name, export(name, module, (torch.zeros(1, inputs),), {}), sha256=""
    ).require()
    middle = torch.rand(inputs) * 2 - 1
    features = [
        Feature(f"x{i}", float(m) - radius, float(m) + radius) for i, m in enumerate(middle)
    ]
    agent = Agent(observation=features, actions=["left", "right"])
    points = middle + (torch.rand(POINTS, inputs) * 2 - 1) * radius * 0.999
    return module, network, agent, points


@pytest.mark.parametrize("name", MODULES)
@pytest.mark.parametrize("seed", range(2))
def test_bounds_on_either_side_of_the_largest_sample(name: str, seed: int) -> None:
    module, network, agent, points = made(name, seed)
    with torch.no_grad():
        largest = float(module(points).max())
        spread = float(module(points).std())
    o = agent.observation("o")

    def decided(limit: float) -> Search:
        claim = forall(o, agent.value(o) <= Fraction(limit))
        search = Search(compile_goal(claim, {"value": network}, wanted=False))
        search.run(Deadline.after(20))
        return search

    below = decided(largest - 0.2 * spread)
    assert below.witness is not None
    above = decided(largest + spread)
    assert above.witness is None
    assert above.proved == pytest.approx(1.0)
    assert above.guarantee is Guarantee.FLOAT32
