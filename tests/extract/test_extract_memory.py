"""A state that is handed on is memory where later choices hang on it, and not where they do not."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from planner_case import as_network
from torch import Tensor, nn

from benchmarks.zoo.make import AGENTS
from extract.environment import open_environment
from extract.find import find
from extract.graph.candidate import find_interface, handed_on
from extract.graph.loop import find_loops
from extract.intervene import evaluate
from extract.network import Network
from extract.reader import read
from extract.remember import remembering
from extract.roles.memory import find_memory
from extract.roles.recall import Read
from extract.roles.search import find_search
from extract.structure import Finding, Status
from extract.study import Study

CUE = "benchmarks/zoo/world/cue.py"


def study(name: str, world: str) -> Study:
    network = read(AGENTS / f"{name}.pt2")
    environment = open_environment(f"{CUE}:{world}")
    interface = find_interface(network, environment.actions)
    return Study(network, interface, remembering(environment, network, interface), nulls=2)


@pytest.fixture(scope="module")
def rememberer() -> Finding:
    return find_memory(study("rememberer", "make"))


def test_what_has_to_be_remembered_is_memory(rememberer: Finding):
    assert rememberer.status is Status.FUNCTIONAL, rememberer.reason
    assert {one.test for one in rememberer.evidence if one.passed} == {
        "return lost without memory",
        "another history's memory is followed",
    }


def test_a_memory_lasts_as_long_as_its_curve_says(rememberer: Finding):
    (curve,) = rememberer.curves
    assert curve.x == (1.0, 2.0, 3.0, 4.0, 5.0)
    assert min(curve.y[:2]) > 0.9


def test_a_state_of_no_use_is_declared_only():
    found = find_memory(study("forgetful", "lasting"))
    assert found.status is Status.DECLARED
    causal = {one.test: one for one in found.evidence}["another history's memory is followed"]
    assert not causal.passed


def test_what_is_remembered_is_part_of_a_snapshot():
    world = study("rememberer", "make").environment
    assert world is not None
    world.reset(3)
    world.step(0)
    held = world.get_state()
    first = world.step(0).observation
    world.step(0)
    world.set_state(held)
    again = world.step(0).observation
    assert all((first[name] == again[name]).all() for name in first)
    assert abs(again["state"]).max() > 0


class Historian(nn.Module):
    """A recurrent unit over the last six observations."""

    def __init__(self, unit: type[nn.GRU | nn.LSTM]) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.unit = unit(4, 5, batch_first=True)
        self.head = nn.Linear(5, 3)

    def forward(self, history: Tensor) -> Tensor:
        return self.head(self.unit(history)[0][:, -1])


def historian(unit: type[nn.GRU | nn.LSTM] = nn.GRU) -> Network:
    return as_network(Historian(unit).eval(), torch.zeros(1, 6, 4), name="historian")


def test_a_loop_over_a_history_is_recognised_and_is_no_search():
    net = historian()
    loops = [one for one in find_loops(net) if one.is_over_time(net)]
    assert loops, find_loops(net)
    assert len(loops[0].steps) >= 4
    found = find_search(Study(net, find_interface(net)), ())
    assert found.status is Status.ABSENT
    assert find_memory(Study(net, find_interface(net))).status is Status.DECLARED


def test_a_history_that_has_to_be_read_is_memory():
    found = find_memory(study("historian", "history"))
    assert found.status is Status.FUNCTIONAL, found.reason
    assert all(one.stability is not None for one in found.evidence)
    assert all(0 <= one < 0.5 for curve in found.curves for one in curve.y[6:])


def test_a_history_whose_newest_moment_says_all_is_declared_only():
    found = find_memory(study("onlooker", "lasting_history"))
    assert found.status is Status.DECLARED
    causal = {one.test: one for one in found.evidence}["another history's memory is followed"]
    assert causal.effect == 0.0


@pytest.mark.parametrize("unit", [nn.GRU, nn.LSTM])
def test_what_a_step_hands_on_is_all_that_the_next_one_needs(unit: type[nn.GRU | nn.LSTM]):
    """Put in place of what another history handed on, it makes the choices of that history."""
    net = historian(unit)
    (loop,) = [one for one in find_loops(net) if one.is_over_time(net)]
    early = Read(loop, loop.held(net), len(loop.uses) - len(loop.steps)).before(3)
    one, other = np.random.default_rng(0).normal(size=(2, 50, 6, 4))
    other[:, -3:] = one[:, -3:]
    start = {net.inputs[0]: one}
    held = evaluate(net, {net.inputs[0]: other}, early)
    moved = evaluate(net, {**start, **held}, net.outputs)[net.outputs[0]]
    wanted = evaluate(net, {net.inputs[0]: other}, net.outputs)[net.outputs[0]]
    assert len(early) == (1 if unit is nn.GRU else 2)
    assert np.allclose(moved, wanted, atol=1e-5)
    assert not np.allclose(moved, evaluate(net, start, net.outputs)[net.outputs[0]], atol=1e-3)


@pytest.mark.parametrize("name", ["thinker", "vin"])
def test_a_loop_that_thinks_is_not_over_time(name: str):
    net = read(AGENTS / f"{name}.pt2")
    assert not any(one.is_over_time(net) for one in find_loops(net))
    assert handed_on(net, find_interface(net)) == ()


@pytest.mark.slow
def test_a_net_with_memory_has_it_and_no_search():
    network = read(AGENTS / "rememberer.pt2")
    found = find(network, f"{CUE}:make", nulls=3).findings
    functional = {role for role, one in found.items() if one.status is Status.FUNCTIONAL}
    assert functional == {"policy", "memory"}
