"""Variances as libraries take them in float32, against what is assumed of them."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.random import Generator
from numpy.typing import NDArray
from torch import nn

from extract.network import Network
from tests.verify.test_deployed import network_of, problem_of
from theory import Agent, Feature, forall
from verify.answer import Deadline
from verify.certificate.bound import Auditor
from verify.certificate.box import Boxes
from verify.neural.bounds.affine import bounds_rounding
from verify.neural.bounds.graph import BoundGraph
from verify.neural.bounds.variance import MORE_TERMS, SHARES
from verify.neural.branch import Search
from verify.problem import Problem, compile_goal
from verify.verdict import Guarantee

Singles = NDArray[np.float32]
Moments = tuple[np.float32, np.float32]
"""The mean and the variance."""

F = np.float32
UNIT = Fraction(1, 2**24)


def summed(x: Singles) -> np.float32:
    """From left to right."""
    return np.add.accumulate(x, dtype=np.float32)[-1]


def in_two_passes(x: Singles) -> Moments:
    mean = F(summed(x) / F(len(x)))
    return mean, F(summed((x - mean) ** 2) / F(len(x)))


def in_one_pass(x: Singles) -> Moments:
    mean, square = F(summed(x) / F(len(x))), F(summed(x * x) / F(len(x)))
    return mean, F(square - mean * mean)


def with_reciprocals(x: Singles) -> Moments:
    """In one pass, pairwise, times 1 / n."""
    share = F(1) / F(len(x))
    mean, square = F(x.sum() * share), F((x * x).sum() * share)
    return mean, F(square - mean * mean)


def by_updates(x: Singles) -> Moments:
    mean, total = F(0), F(0)
    for k, value in enumerate(x, 1):
        before = F(value - mean)
        mean = F(mean + before / F(k))
        total = F(total + before * F(value - mean))
    return mean, F(total / F(len(x)))


def joined(x: Singles) -> Moments:
    """Halves, each by itself, and then together."""
    if len(x) < 5:
        return by_updates(x)
    half = len(x) // 3
    (m, v), (w, z) = joined(x[:half]), joined(x[half:])
    a, b, n = F(half), F(len(x) - half), F(len(x))
    gap = F(w - m)
    total = F(v * a + z * b + gap * gap * (a * b / n))
    return F(m + gap * (b / n)), F(total / n)


def with_torch(x: Singles) -> Moments:
    var, mean = torch.var_mean(torch.tensor(x), correction=0)
    return F(mean.item()), F(var.item())


WAYS: list[Callable[[Singles], Moments]] = [
    in_two_passes, in_one_pass, with_reciprocals, by_updates, joined, with_torch,
]  # fmt: skip


def numbers(rng: Generator, count: int) -> Singles:
    """Far from zero or near it, in order or not, alternating, with one that stands out, tiny."""
    x = rng.normal(size=count) * 10.0 ** rng.integers(-6, 4)
    x += rng.choice([0.0, 1.0, 300.0, -4096.3, 1e5]) * rng.random()
    match int(rng.integers(6)):
        case 0:
            x = np.sort(x)
        case 1:
            x *= (-1.0) ** np.arange(count)
        case 2:
            x[rng.integers(count)] = 1e4
        case 3:
            x *= 1e-41
        case 4:
            x[:] = x[0]
        case _:
            pass
    return x.astype(np.float32)


@settings(deadline=None, max_examples=150)
@given(st.integers(0, 2**32), st.sampled_from([1, 2, 3, 4, 7, 16, 64, 300]))
def test_every_way_is_within_what_is_assumed(seed: int, count: int) -> None:
    x = numbers(np.random.default_rng(seed), count)
    exact = [Fraction(float(v)) for v in x]
    middle = sum(exact) / count
    variance = sum((v - middle) ** 2 for v in exact) / count
    square = sum(v * v for v in exact) / count
    size = sum(map(abs, exact)) / count
    floor = Fraction(2) ** -100
    for way in WAYS:
        mean, found = (Fraction(float(v)) for v in way(x))
        terms = count + 7 + 2 * count.bit_length()
        assert abs(mean - middle) <= terms * UNIT * size + floor, way
        own = 4 * (count + MORE_TERMS) * UNIT * square
        assert abs(found - variance) <= own + floor, way
        # With centred entries as the graph of a normalisation has them, off by what they may be.
        for sign in (-1, 0, 1):
            drift = sign * 4 * UNIT
            centred = [v - mean + drift * (abs(v) + abs(mean)) for v in exact]
            graph = sum(c * c for c in centred) / count
            assert abs(found - graph) <= SHARES * (count + MORE_TERMS) * UNIT * square + floor


WIDTH = 8


def layer(offset: float) -> tuple[nn.Sequential, Network, Problem]:
    """A normalised linear map whose entries are about `offset`."""
    torch.manual_seed(5)
    module = nn.Sequential(nn.Linear(3, WIDTH), nn.LayerNorm(WIDTH)).eval()
    with torch.no_grad():
        for parameter in module[1].parameters():
            parameter.copy_(torch.randn(WIDTH))
        first = module[0]
        assert isinstance(first, nn.Linear)
        first.bias.add_(offset)
    network = network_of(module, torch.zeros(1, 3))
    return module, network, problem_of(network, 3)


def deployed(module: nn.Sequential, point: Singles, way: Callable[[Singles], Moments],
             form: int) -> Singles:  # fmt: skip
    """What a library may make of it."""
    with torch.no_grad():
        x = module[0](torch.tensor(point)[None])[0].numpy()
    weight, bias = (p.detach().numpy() for p in module[1].parameters())
    mean, variance = way(x)
    scale = F(1) / np.sqrt(F(variance + F(1e-5)))
    match form:
        case 0:
            return (x - mean) / np.sqrt(F(variance + F(1e-5))) * weight + bias
        case 1:
            return (x * scale + F(-mean * scale)) * weight + bias
        case _:
            folded = weight * scale
            return x * folded + (bias - mean * folded)


@pytest.mark.parametrize("offset", [0.0, 3.0, 40.0, 4000.0])
def test_bounds_contain_every_way_to_normalise(offset: float) -> None:
    module, network, problem = layer(offset)
    rng = np.random.default_rng(1)
    low = rng.normal(size=(8, 3)).astype(np.float32)
    width = np.array([0, 0, 1e-6, 1e-4, 1e-3, 0.01, 0.05, 0.1], dtype=np.float32)[:, None]
    high = low + width
    (output,) = network.outputs
    ends: list[tuple[NDArray[np.float64], NDArray[np.float64]]] = []
    for dtype in (torch.float32, torch.float64):
        graph = BoundGraph(problem, dtype=dtype, deployed=True)
        with torch.no_grad():
            state = graph.sweep(torch.tensor(low, dtype=dtype), torch.tensor(high, dtype=dtype))
        below, above = (side.double().numpy() for side in state.bounds[output])
        ends.append((below, above))
    auditor = Auditor(problem, deployed=True)
    audited = auditor.sweep(Boxes(low.astype(np.float64), high.astype(np.float64), {}))
    tensor = audited.tensors[auditor.program.place[output]]
    ends.append((tensor.low, tensor.high))
    for sides in ends:
        assert all(np.isfinite(side[:4]).all() == (offset < 100) for side in sides)
    for row in range(len(low)):
        for _ in range(8):
            point = np.minimum(low[row] + rng.random(3).astype(np.float32) * width[row], high[row])
            with np.errstate(invalid="ignore"):  # in one pass it may be the root of less than 0
                made = [deployed(module, point, way, form) for way in WAYS for form in range(3)]
            with torch.no_grad():
                made.append(module(torch.tensor(point)[None])[0].numpy())
            for below, above in ends:
                for values in made:
                    known = np.isfinite(below[row])
                    assert (below[row][known] <= values[known]).all()
                    assert (values[known] <= above[row][known]).all()


def test_a_normalised_network_is_proved_in_float32() -> None:
    torch.manual_seed(3)
    module = nn.Sequential(nn.Linear(3, 8), nn.LayerNorm(8), nn.SiLU(), nn.Linear(8, 1)).eval()
    agent = Agent(observation=[Feature(n, 0, 0.2) for n in "abc"], actions=["go", "stay"])
    o = agent.observation("o")
    highest = float(module(torch.rand(2000, 3) * 0.2).detach().max())
    network = network_of(module, torch.zeros(1, 3))
    for margin, reached in ((0.02, False), (-0.01, True)):
        formula = forall(o, agent.value(o) <= highest + margin)
        answer = Search(compile_goal(formula, {"value": network}, wanted=False)).run(
            Deadline.after(10)
        )
        assert answer.reached is reached
        if reached is False:
            assert answer.guarantee is Guarantee.FLOAT32


def test_far_from_zero_a_variance_has_no_bounds_in_float32() -> None:
    """Of entries about 4,000 that differ by 1, a library in one pass finds nothing right."""
    module, _, problem = layer(4000.0)
    point = np.zeros(3, dtype=np.float32)
    with torch.no_grad():
        x = module[0](torch.tensor(point)[None])[0].numpy()
    assert abs(in_one_pass(x)[1] - in_two_passes(x)[1]) > 0.3
    zero = torch.zeros(1, 3, dtype=torch.float64)
    (output,) = problem.network.outputs
    for covered in (True, False):
        graph = BoundGraph(problem, dtype=torch.float64, deployed=covered)
        with torch.no_grad():
            below, above = graph.sweep(zero, zero).bounds[output]
        assert bool(torch.isfinite(below).all()) is not covered
        assert bool(torch.isfinite(above).all()) is not covered


@pytest.mark.parametrize("axes", [(1,), (0,), (0, 1)])
def test_only_what_is_a_variance_counts_as_one(axes: tuple[int, ...]) -> None:
    """The mean along one axis is no middle along another."""

    class Spelled(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            y = x.reshape(2, 2)
            c = y - y.mean(dim=1, keepdim=True)
            return (c * c).mean(dim=axes).reshape(1, -1)

    network = network_of(Spelled(), torch.zeros(1, 4))
    assert "moment" in {n.op for n in network.nodes}
    assert bounds_rounding(problem_of(network, 4)) is (axes == (1,))
