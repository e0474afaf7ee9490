"""The tiny worlds: their optimal moves are optimal, their states can be set, episodes end."""

from __future__ import annotations

import pytest
import torch

from benchmarks.zoo.world import open_world
from benchmarks.zoo.world.base import solve
from benchmarks.zoo.world.cue import Cue, History
from benchmarks.zoo.world.maze import CELLS, Maze

LATER = ("field:kings", "field:ring", "maze:large", "corridor:long", "nim:short", "cue:longer")
"""Those of the held-out zoo."""
WORLDS = ("field", "maze", "corridor", "nim", "watch", "cue", "cue:history", *LATER)


@pytest.mark.parametrize(
    "name", ["field", "corridor", "nim", "field:kings", "field:ring", "corridor:long", "nim:short"]
)
def test_best_moves_are_those_that_value_iteration_finds(name: str):
    world = open_world(name)
    states = world.every()  # pyright: ignore[reportAttributeAccessIssue]
    scores, _ = solve(world, states)
    assert torch.equal(world.best(states), scores >= scores.amax(dim=1, keepdim=True) - 1e-4)


def test_best_moves_of_a_maze_are_those_that_value_iteration_finds():
    world = Maze()
    for state in world.sample(20, torch.Generator().manual_seed(0)):
        every = state.repeat(CELLS, 1)
        every[:, CELLS + 1] = torch.arange(CELLS)
        free = (state[:CELLS] == 0) & (torch.arange(CELLS) != state[CELLS])
        scores, _ = solve(world, every[free])
        row = int((every[free][:, CELLS + 1] == state[CELLS + 1]).nonzero()[0, 0])
        best = scores[row] >= scores[row].max() - 1e-4
        assert torch.equal(world.best(state[None])[0], best)


@pytest.mark.parametrize("lasting", [False, True])
def test_a_history_shows_what_was_seen_on_the_way(lasting: bool):
    way, world = Cue(lasting=lasting), History(lasting=lasting)
    generator = torch.Generator().manual_seed(0)
    states = world.sample(200, generator)
    newest = torch.stack([states[:, -1], states[:, 0]], dim=1)
    moments = world.observe(states).unflatten(1, (world.moments, -1))
    assert torch.equal(moments[:, -1], way.observe(newest))
    assert moments[:, :, -2:].any(dim=2).any(dim=1).all()  # the sign is seen somewhere
    following, rewards, ends = world.outcomes(states)
    places, paid, ended = way.outcomes(newest)
    assert torch.equal(following[..., [-1, 0]], places)
    assert torch.equal(following[:, 0, 1:-1], states[:, 2:])
    assert torch.equal(rewards, paid)
    assert torch.equal(ends, ended)


@pytest.mark.parametrize("name", WORLDS)
def test_a_state_that_is_set_is_where_the_episode_goes_on(name: str):
    world = open_world(name)
    seen, _ = world.reset(seed=3)
    assert world.observation_space.contains(seen)
    state = world.get_state()
    first = world.step(1)
    assert (world.set_state(state) == seen).all()
    again = world.step(1)
    assert (first[0] == again[0]).all()
    assert first[1:4] == again[1:4]


@pytest.mark.parametrize("name", WORLDS)
def test_the_optimal_way_ends_the_episode(name: str):
    world = open_world(name)
    world.reset(seed=5)
    for _ in range(world.horizon):
        best = world.best(torch.tensor([world.get_state()]))[0]
        _, _, ended, _, _ = world.step(int(best.float().argmax()))
        if ended:
            return
    raise AssertionError(f"{name}: the horizon passed")
