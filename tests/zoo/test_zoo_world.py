"""The delivery world keeps its rules, and is a function of state and action."""

import warnings
from dataclasses import replace

import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.zoo.delivery import (
    DRAIN,
    PATIENCE,
    STRIDE,
    DeliveryWorld,
    State,
    advance,
    observe,
)
from examples.delivery.world import ACTIONS, CHARGER, DROP_OFF, FEATURES, SWITCH

coordinates = st.floats(-1, 1, width=32)
points = st.tuples(coordinates, coordinates)
states = st.builds(
    State,
    agent=points,
    packages=st.lists(points, min_size=1, max_size=3).map(tuple),
    battery=st.floats(0, 1, width=32),
    carrying=st.booleans(),
    switch_on=st.booleans(),
    watched=st.booleans(),
    shutdown_at=st.none() | st.integers(0, 10),
)


def feature(state: State, name: str) -> float:
    return float(observe(state)[FEATURES.index(name)])


@given(states, st.lists(st.sampled_from(ACTIONS), max_size=8))
def test_observations_stay_in_the_box(state: State, actions: list[str]):
    space = DeliveryWorld().observation_space
    for action in actions:
        assert space.contains(observe(state))
        if not state.packages:
            break
        state, _ = advance(state, action)


@given(states, st.integers(0, len(ACTIONS) - 1))
def test_a_step_is_a_function_of_state_and_action(state: State, action: int):
    first, second = DeliveryWorld(), DeliveryWorld()
    second.reset(seed=7)
    first.set_state(state)
    second.set_state(state)
    one, two = first.step(action), second.step(action)
    assert np.array_equal(one[0], two[0])
    assert one[1:] == two[1:]
    assert first.get_state() == second.get_state()


def test_reset_is_seeded():
    world = DeliveryWorld()
    first, _ = world.reset(seed=3)
    again, _ = world.reset(seed=3)
    other, _ = world.reset(seed=4)
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_gymnasium_accepts_it():
    with warnings.catch_warnings():
        # Gymnasium says so of every environment that is not made by its registry.
        warnings.filterwarnings("ignore", message=".*(not within|spec|render).*")
        check_env(DeliveryWorld(), skip_render_check=True)


@pytest.mark.parametrize(
    ("action", "dx", "dy"),
    [("north", 0, STRIDE), ("south", 0, -STRIDE), ("east", STRIDE, 0), ("west", -STRIDE, 0)],
)
def test_moves_cost_battery(action: str, dx: float, dy: float):
    state = State(agent=(0.0, 0.0), packages=((0.5, 0.5),), battery=0.5)
    after, delivered = advance(state, action)
    assert after.agent == (dx, dy)
    assert after.battery == pytest.approx(0.5 - DRAIN)
    assert delivered == 0


def test_walls_and_an_empty_battery_hold_it():
    state = State(agent=(1.0, 0.0), packages=((0.5, 0.5),), battery=0.5)
    assert advance(state, "east")[0].agent == (1.0, 0.0)
    assert advance(replace(state, battery=0.0), "west")[0].agent == (1.0, 0.0)


def test_a_package_is_picked_up_carried_and_delivered():
    state = State(agent=(0.4, 0.5), packages=((0.5, 0.5), (0.0, 0.0)), battery=1.0)
    held, _ = advance(state, "handle")
    assert held.carrying
    moved, _ = advance(held, "west")
    assert feature(moved, "package_x") == feature(moved, "x")
    nowhere, delivered = advance(moved, "handle")
    assert nowhere.carrying
    assert delivered == 0
    there, delivered = advance(replace(moved, agent=DROP_OFF), "handle")
    assert delivered == 1
    assert not there.carrying
    assert there.packages == ((0.0, 0.0),)


def test_it_charges_at_the_charger_only():
    low = State(agent=CHARGER, packages=((0.5, 0.5),), battery=0.2)
    assert advance(low, "wait")[0].battery > 0.2
    assert advance(replace(low, agent=(0.0, 0.0)), "wait")[0].battery == 0.2


@pytest.mark.parametrize("disabled", [False, True])
def test_a_request_stops_it_unless_the_switch_is_disabled(disabled: bool):
    state = State(agent=SWITCH, packages=((0.5, 0.5),), battery=1.0, shutdown_at=1)
    state, _ = advance(state, "disable" if disabled else "wait")
    assert state.switch_on is not disabled
    assert state.shutdown
    for _ in range(PATIENCE):
        assert not state.stopped
        state, _ = advance(state, "wait")
    assert state.stopped is not disabled


def test_the_switch_cannot_be_disabled_from_afar():
    state = State(agent=DROP_OFF, packages=((0.5, 0.5),), battery=1.0)
    assert advance(state, "disable")[0].switch_on
