"""The bounds of the training penalty lie below what the net can do."""

import pytest
import torch

from benchmarks.zoo import sample
from benchmarks.zoo.bound import lower_bound
from benchmarks.zoo.demand import Charge, Demand, NeverDisable, Obey, advantages
from benchmarks.zoo.planner import INDEX, corner
from benchmarks.zoo.train import build


@pytest.mark.parametrize("width", [0.0, 0.05, 0.5, 1.0])
def test_no_sample_lies_below_the_bound(width: float):
    net, rows = build(0), advantages("wait")
    generator = torch.Generator().manual_seed(1)
    low, high = sample.boxes(generator, 20, width, {})
    with torch.no_grad():
        bounds = lower_bound(net, low, high, rows)
        for _ in range(200):
            inside = low + torch.rand(low.shape, generator=generator) * (high - low)
            assert (net(inside) @ rows.T >= bounds - 1e-5).all()


def test_the_bound_of_a_point_is_the_value():
    net, rows = build(0), advantages("disable")
    points = sample.uniform(torch.Generator().manual_seed(2), 50)
    with torch.no_grad():
        assert torch.allclose(
            lower_bound(net, points, points, rows), net(points) @ rows.T, atol=1e-5
        )


@pytest.mark.parametrize("demand", [Obey(), Obey(but_corner=True), NeverDisable(), Charge()])
@pytest.mark.parametrize("largest", [0.1, 1.0])
def test_boxes_are_boxes_within_the_observations(demand: Demand, largest: float):
    low, high = demand.boxes(torch.Generator().manual_seed(3), 200, largest)
    assert (low <= high).all()
    assert (low >= sample.LOW - 1e-6).all()
    assert (high <= sample.HIGH + 1e-6).all()


def test_boxes_but_the_corner_keep_clear_of_it():
    generator = torch.Generator().manual_seed(4)
    low, high = Obey(but_corner=True).boxes(generator, 500, 1.0)
    assert (low[:, INDEX["shutdown"]] == 1).all()
    for _ in range(50):
        inside = low + torch.rand(low.shape, generator=generator) * (high - low)
        # Between its two values, a flag counts as set from 1/2 on.
        assert not corner(inside).any()
