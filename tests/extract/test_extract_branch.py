"""Branches are traced through every way of writing them, and only where they are held apart."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from planner_case import as_network
from torch import Tensor, nn

from benchmarks.zoo.make import AGENTS
from extract.graph.axis import Along
from extract.graph.branch import Branching, find_branchings
from extract.graph.front import Front, trace
from extract.intervene import evaluate
from extract.network import Network
from extract.reader import read

WIDTH, ACTIONS = 4, 3


def agent(name: str) -> Network:
    return read(AGENTS / f"{name}.pt2")


class Tree(nn.Module):
    """A tied lookahead; `way` says how its branches are written down."""

    each: nn.ModuleList
    moves: Tensor

    def __init__(self, way: Callable[[Tree, Tensor], Tensor]) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.way = way
        self.perceive = nn.Linear(WIDTH, WIDTH)
        self.predict = nn.Linear(WIDTH + ACTIONS, WIDTH)
        self.each = nn.ModuleList(nn.Linear(WIDTH, WIDTH) for _ in range(ACTIONS))
        self.stacked = nn.Linear(WIDTH, ACTIONS * WIDTH)
        self.kernel = nn.Parameter(torch.randn(ACTIONS, WIDTH, WIDTH))
        self.shift = nn.Parameter(torch.randn(ACTIONS, WIDTH))
        self.value = nn.Sequential(nn.Linear(WIDTH, 5), nn.ReLU(), nn.Linear(5, 1))
        self.register_buffer("moves", torch.eye(ACTIONS))

    def forward(self, observation: Tensor) -> Tensor:
        return self.way(self, self.perceive(observation))


def expanded(net: Tree, z: Tensor) -> Tensor:
    moves = net.moves.expand(len(z), -1, -1)
    joint = torch.cat([z[:, None].expand(-1, ACTIONS, -1), moves], dim=2)
    return net.value(net.predict(joint)).squeeze(2)


def one_by_one(net: Tree, z: Tensor) -> Tensor:
    rows = [torch.cat([z, move.expand(len(z), -1)], dim=1) for move in net.moves]
    return torch.cat([net.value(net.predict(row)) for row in rows], dim=1)


def own_weights(net: Tree, z: Tensor) -> Tensor:
    return net.value(torch.stack([one(z) for one in net.each], dim=1))[..., 0]


def stacked(net: Tree, z: Tensor) -> Tensor:
    return net.value(net.stacked(z).reshape(-1, ACTIONS, WIDTH))[..., 0]


def batched(net: Tree, z: Tensor) -> Tensor:
    return net.value(torch.matmul(z[:, None, None], net.kernel)[:, :, 0])[..., 0]


def shifted(net: Tree, z: Tensor) -> Tensor:
    return net.value(z[:, None] + net.shift)[..., 0]


def last_axis(net: Tree, z: Tensor) -> Tensor:
    states = net.stacked(z).reshape(-1, ACTIONS, WIDTH)
    return net.value(states).transpose(1, 2).reshape(-1, ACTIONS)


@pytest.mark.parametrize(
    "way", [expanded, one_by_one, own_weights, stacked, batched, shifted, last_axis]
)
def test_one_ply_is_found_however_it_is_written(way: Callable[[Tree, Tensor], Tensor]):
    net = as_network(Tree(way).eval(), torch.zeros(1, WIDTH))
    found = find_branchings(net, net.outputs[0])
    assert found
    assert all(one.sizes == (ACTIONS,) for one in found)
    assert all(one.predicted.width(net) == WIDTH for one in found)
    _tail_is_tied(net, found[0])


def _tail_is_tied(net: Network, found: Branching) -> None:
    """Equal states in all branches have to get equal scores, and another order another order."""
    rng = np.random.default_rng(0)
    states = rng.normal(size=(6, *found.sizes[:1], 1, found.predicted.width(net)))
    order = rng.permutation(found.sizes[0])
    ends = [
        evaluate(net, found.predicted.put(net, one), [found.scores])[found.scores].reshape(6, -1)
        for one in (states[:, :1], states, states[:, order])
    ]
    assert np.ptp(ends[0], axis=1).max() < 1e-5
    assert np.allclose(ends[1][:, order], ends[2], atol=1e-5)


def two_plies(net: Tree, z: Tensor) -> Tensor:
    after = torch.stack([one(z) for one in net.each], dim=1)
    later = torch.stack([one(after) for one in net.each], dim=2)
    return net.value(later)[..., 0].amin(dim=2)


def two_plies_apart(net: Tree, z: Tensor) -> Tensor:
    def worst(z: Tensor) -> Tensor:
        first, second, third = (net.value(one(z)) for one in net.each)
        return torch.minimum(torch.minimum(first, second), third)

    return torch.cat([worst(one(z)) for one in net.each], dim=1)


def two_plies_stacked(net: Tree, z: Tensor) -> Tensor:
    later = net.stacked(net.stacked(z).reshape(-1, ACTIONS, WIDTH))
    return net.value(later.reshape(-1, ACTIONS, ACTIONS, WIDTH))[..., 0].amax(dim=2)


@pytest.mark.parametrize("way", [two_plies, two_plies_apart, two_plies_stacked])
def test_two_plies_are_found_and_so_is_the_first_alone(way: Callable[[Tree, Tensor], Tensor]):
    net = as_network(Tree(way).eval(), torch.zeros(1, WIDTH))
    found = find_branchings(net, net.outputs[0])
    assert {one.sizes for one in found} == {(ACTIONS,), (ACTIONS, ACTIONS)}
    for one in found:
        _tail_is_tied(net, one)


def own_tail(net: Tree, z: Tensor) -> Tensor:
    heads = zip(net.each, net.shift.split(1), strict=True)
    return torch.cat([nn.functional.linear(one(z).relu(), row) for one, row in heads], dim=1)


def mixed(net: Tree, z: Tensor) -> Tensor:
    worth = net.value(net.stacked(z).reshape(-1, ACTIONS, WIDTH))[..., 0]
    return nn.functional.linear(worth, net.kernel[0, :ACTIONS, :ACTIONS])


def side_door(net: Tree, z: Tensor) -> Tensor:
    return stacked(net, z) + z[:, :ACTIONS]


@pytest.mark.parametrize("way", [own_tail, mixed, side_door])
def test_branches_that_are_not_judged_alike_are_none(way: Callable[[Tree, Tensor], Tensor]):
    net = as_network(Tree(way).eval(), torch.zeros(1, WIDTH))
    assert find_branchings(net, net.outputs[0]) == ()


@pytest.mark.parametrize("name", ["dqn", "lookahead-merged", "vin", "linear", "ppo"])
def test_other_nets_have_no_branches(name: str):
    net = agent(name)
    assert find_branchings(net, net.outputs[0]) == ()


@pytest.mark.parametrize("name", ["lookahead-hidden", "random-lookahead-43"])
def test_the_branches_of_a_lookahead_are_its_world_model(name: str):
    net = agent(name)
    first = find_branchings(net, net.outputs[0])[0]
    assert first.sizes == (4,)
    assert first.parameters == {n for n in net.parameters if n.startswith("predict.")}
    assert all(net.node(n).module.startswith("predict") for n in first.nodes if "cat" not in n)
    assert all(net.node(n).module.startswith("value") for n in first.tail if n != "cat_4")


def test_a_minimax_has_two_plies_along_axes_of_one_tensor():
    net = agent("minimax-hidden")
    first = find_branchings(net, net.outputs[0])[0]
    assert first.sizes == (3, 3)
    assert first.parameters == {"mine.weight", "theirs.weight"}
    assert first.latent == "linear"


@given(st.data())
def test_what_is_put_into_a_front_is_read_from_it(data: st.DataObject):
    outer, size, stride, rest, count = (data.draw(st.integers(1, 3)) for _ in range(5))
    shape = (outer * size * stride, rest)
    net = as_network(nn.Linear(rest, rest), torch.zeros(*shape), name="plain")
    name = net.outputs[0]
    front = Front((name,) * 1, (), ((0, Along(0, size, stride)),))
    width = front.width(net)
    entries = np.random.default_rng(0).normal(size=(count, size, 1, width))
    values = front.put(net, entries)
    assert np.array_equal(front.read(net, values), entries)
    tensor = values[name].reshape(count, outer, size, stride, rest)
    assert np.array_equal(np.moveaxis(tensor, 2, 1).reshape(entries.shape), entries)


def test_tracing_ends_where_scores_are_no_row_of_actions():
    net = as_network(nn.Linear(3, 3), torch.zeros(2, 3), name="square")
    assert trace(net, net.outputs[0]) == ()
