"""Bounds that cover rounding contain what torch's own modules compute in float32."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from math import prod

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from extract.network import Network
from extract.reader.python_file import export
from extract.reader.torch_export import translate
from extract.run import run_exact
from theory import Agent, Feature, and_, forall
from verify.answer import Deadline
from verify.neural.bounds.graph import BoundGraph
from verify.neural.branch import Search
from verify.problem import Problem, Variable, compile_goal
from verify.problem.goal import NEVER
from verify.verdict import Guarantee


class SelfAttention(nn.Module):
    """Softmax over products, and a residual sum."""

    def __init__(self) -> None:
        super().__init__()
        self.mix = nn.Linear(6, 6)

    def forward(self, x: Tensor) -> Tensor:
        """x, weighted by its own softmax, and a layer."""
        return x + self.mix(x * torch.softmax(x, dim=1))


def normalised(mean: float, variance: float) -> Callable[[], nn.Module]:
    """A layer of batch normalisation that cancels: its shift is what the mean becomes."""

    def make() -> nn.Module:
        layer = nn.BatchNorm1d(6)
        with torch.no_grad():
            mean_, variance_ = layer.running_mean, layer.running_var
            assert mean_ is not None
            assert variance_ is not None
            mean_.fill_(mean)
            variance_.fill_(variance)
            layer.weight.fill_(1.1)
            layer.bias.copy_(mean_ * layer.weight / torch.sqrt(variance_ + layer.eps))
        return nn.Sequential(nn.Linear(6, 6), layer, nn.ReLU(), nn.Linear(6, 3))

    return make


MODULES: dict[str, tuple[Callable[[], nn.Module], tuple[int, ...]]] = {
    "relu": (lambda: nn.Sequential(nn.Linear(6, 40), nn.ReLU(), nn.Linear(40, 3)), (1, 6)),
    "deep": (
        lambda: nn.Sequential(*[nn.Sequential(nn.Linear(6, 6), nn.ELU()) for _ in range(6)]),
        (1, 6),
    ),
    "tanh": (lambda: nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Linear(8, 3)), (1, 6)),
    "sigmoid": (lambda: nn.Sequential(nn.Linear(6, 8), nn.Sigmoid(), nn.Linear(8, 3)), (1, 6)),
    "silu": (lambda: nn.Sequential(nn.Linear(6, 8), nn.SiLU(), nn.Linear(8, 3)), (1, 6)),
    "gelu": (lambda: nn.Sequential(nn.Linear(6, 8), nn.GELU(), nn.Linear(8, 3)), (1, 6)),
    "mish": (lambda: nn.Sequential(nn.Linear(6, 8), nn.Mish(), nn.LogSoftmax(dim=1)), (1, 6)),
    "softplus": (
        lambda: nn.Sequential(nn.Linear(6, 8), nn.Softplus(), nn.RMSNorm(8, eps=1.0), nn.SELU()),
        (1, 6),
    ),
    "leaky": (lambda: nn.Sequential(nn.Linear(6, 8), nn.LeakyReLU(), nn.Softmax(dim=1)), (1, 6)),
    "attention": (SelfAttention, (1, 6)),
    "normalised near zero": (normalised(0.3, 0.7), (1, 6)),
    "normalised far away": (normalised(4096.3, 0.7), (1, 6)),
    "normalised with little variance": (normalised(-30.3, 1e-7), (1, 6)),
    "convolution": (
        lambda: nn.Sequential(
            nn.Conv2d(2, 4, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(4, 2, 2),
            nn.AvgPool2d((1, 2)), nn.Flatten(), nn.Linear(2, 2),
        ),
        (1, 2, 5, 6),
    ),
    "normalised images": (
        lambda: nn.Sequential(nn.Conv2d(2, 3, 3), nn.BatchNorm2d(3), nn.ELU(), nn.Flatten()),
        (1, 2, 4, 4),
    ),
}  # fmt: skip


def network_of(module: nn.Module, example: Tensor) -> Network:
    return translate("case", export("case", module, (example,), {}), sha256="").require()


def problem_of(network: Network, size: int) -> Problem:
    """A problem without a goal over all inputs of a network."""
    return Problem(
        variables=tuple(Variable("x", str(i), Fraction(0), Fraction(1)) for i in range(size)),
        network=network,
        offsets=dict.fromkeys(network.outputs, 0),
        deployed=frozenset(n.name for n in network.nodes),
        casts=frozenset(),
        inequalities=(),
        goal=NEVER,
    )


@pytest.mark.parametrize("scale", [1.0, 100.0])
@pytest.mark.parametrize("name", MODULES)
def test_bounds_contain_what_torch_computes(name: str, scale: float) -> None:
    torch.manual_seed(3)
    make, shape = MODULES[name]
    module = make().eval()
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.mul_(scale if parameter.dim() > 1 else 1.0)
    network = network_of(module, torch.zeros(shape))
    size = prod(shape)
    problem = problem_of(network, size)
    rng = np.random.default_rng(0)
    low = torch.tensor(rng.normal(size=(6, size)), dtype=torch.float32)
    width = torch.tensor([0.0, 0.0, 1e-6, 1e-3, 0.1, 1.0])[:, None]
    high = low + width
    (output,) = network.outputs
    for dtype in (torch.float32, torch.float64):
        graph = BoundGraph(problem, dtype=dtype, deployed=True)
        with torch.no_grad():
            below, above = graph.sweep(low.to(dtype), high.to(dtype)).bounds[output]
            for _ in range(20):
                points = torch.minimum(low + torch.rand(low.shape) * width, high)
                single = [module(point.reshape(shape)).flatten() for point in points]
                for row, values in enumerate(single):
                    assert bool((below[row] <= values.to(dtype)).all())
                    assert bool((values.to(dtype) <= above[row]).all())


def test_normalisation_far_from_its_mean_gets_no_float32_guarantee() -> None:
    """Exactly the output is 0.0002...; torch adds and takes away 5,000 on the way."""
    layer = nn.BatchNorm1d(1)
    with torch.no_grad():
        mean, variance = layer.running_mean, layer.running_var
        assert mean is not None
        assert variance is not None
        mean.fill_(4096.3)
        variance.fill_(0.7)
        layer.weight.fill_(1.1)
        layer.bias.copy_((mean.double() * 1.1 / torch.sqrt(variance.double() + layer.eps)).float())
    module = nn.Sequential(layer).eval()
    network = network_of(module, torch.zeros(1, 1))
    exact = run_exact(network, [Fraction(0)])[0]
    assert isinstance(exact, Fraction)
    with torch.no_grad():
        assert abs(Fraction(float(module(torch.zeros(1, 1)))) - exact) > Fraction(1, 10**4)
    agent = Agent(observation=[Feature("x", 0, 2.0**-20)], actions=["left", "right"])
    o = agent.observation("o")
    near = and_(
        agent.value(o) <= exact + Fraction(1, 10**5), agent.value(o) >= exact - Fraction(1, 10**5)
    )
    problem = compile_goal(forall(o, near), {"value": network}, wanted=False)
    answer = Search(problem).run(Deadline.after(3))
    assert answer.reached is not True
    assert answer.guarantee is not Guarantee.FLOAT32
