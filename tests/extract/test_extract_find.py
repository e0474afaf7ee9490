"""Roles are found in agents that have them, and not in those that lack them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from planner_case import LENGTH, MOVES, Grid, GridPlanner, Line, Table, as_network, line_values
from torch import nn

from extract.environment import Environment
from extract.find import find
from extract.graph.candidate import find_interface
from extract.reader import read
from extract.roles.planning import find_planners
from extract.roles.world_model import find_world_model
from extract.structure import AgentStructure, Status
from extract.study import Study
from theory.error import InputError


def statuses(structure: AgentStructure) -> dict[str, Status]:
    return {role: finding.status for role, finding in structure.findings.items()}


@pytest.fixture(scope="module")
def planner() -> AgentStructure:
    module = GridPlanner()
    network = as_network(module, module.example_inputs, name="planner")
    return find(network, Environment(Grid()), nulls=3)


def test_all_parts_of_a_planner_are_functional(planner: AgentStructure):
    found = statuses(planner)
    assert set(found) >= {"world_model", "evaluator", "search", "policy"}
    assert all(found[role] is Status.FUNCTIONAL for role in found if role != "memory"), [
        finding.reason for finding in planner.findings.values()
    ]


def test_a_planners_moves_are_read_off_from_its_weights(planner: AgentStructure):
    tests = {one.test: one for one in planner.findings["world_model"].evidence}
    assert tests["transition read-off"].effect == 1.0
    assert all(
        f"({row:+d}, {column:+d})" in tests["transition read-off"].means for row, column in MOVES
    )


def test_every_test_that_decides_is_repeated_on_bootstrap_samples(planner: AgentStructure):
    tests = [(role, one) for role, found in planner.findings.items() for one in found.evidence]
    assert all(one.stability is not None for _, one in tests if one.passed), tests
    assert {role for role, one in tests if one.blind} == set(planner.findings) - {"memory"}
    assert not any("blindly" in one.means for _, one in tests if not one.blind)


def test_thinking_time_rises(planner: AgentStructure):
    curves = {curve.name: curve for curve in planner.findings["search"].curves}
    thought = curves["thinking time"].y
    assert thought[-1] > thought[0]
    assert curves["planning depth"].y[-1] > curves["planning depth"].y[0]


def test_goal_maps_show_where_the_evaluator_was_made_to_point(planner: AgentStructure):
    before, after = planner.findings["evaluator"].charts
    assert before.marks["target"] == after.marks["target"]
    assert before.cells != after.cells
    (row, column), (x, y) = after.marks["peak"], after.marks["target"]
    assert max(abs(row - x), abs(column - y)) <= 1


def test_a_planner_with_its_actions_confused_is_no_world_model():
    module = GridPlanner(order=(1, 2, 3, 0))
    network = as_network(module, module.example_inputs, name="confused")
    study = Study(network, find_interface(network), Environment(Grid()), nulls=1)
    planners = tuple(one.world_model for one in find_planners(study))
    found, _ = find_world_model(study, planners)
    assert found.status is not Status.FUNCTIONAL
    tests = {one.test: one for one in found.evidence}
    assert tests["transition read-off"].effect == 0.0


def test_the_same_behaviour_without_a_loop_has_no_search_and_no_world_model():
    torch.manual_seed(0)
    module = nn.Sequential(nn.Flatten(), nn.Linear(72, 32), nn.ReLU(), nn.Linear(32, 4))
    network = as_network(module, torch.zeros(1, 2, 6, 6), name="flat")
    found = statuses(find(network, Environment(Grid()), nulls=5))
    assert found["search"] is Status.ABSENT
    assert found["world_model"] is Status.ABSENT


def test_action_values_are_an_evaluator_and_their_signs_are_not():
    table = line_values()
    truth = as_network(Table(table), torch.zeros(1, LENGTH), name="values")
    assert statuses(find(truth, Environment(Line()), nulls=5))["evaluator"] is Status.FUNCTIONAL
    steep = np.sign(table - table.mean(axis=1, keepdims=True)) * 5
    cloned = as_network(Table(steep), torch.zeros(1, LENGTH), name="cloned")
    found = find(cloned, Environment(Line()), nulls=5).findings
    assert found["policy"].status is Status.FUNCTIONAL
    assert found["evaluator"].status is not Status.FUNCTIONAL


def test_without_a_world_nothing_is_claimed():
    network = as_network(Table(line_values()), torch.zeros(1, LENGTH), name="values")
    found = find(network).findings
    assert found["evaluator"].status is Status.ABSENT
    assert "no environment" in found["evaluator"].reason
    assert found["policy"].status is Status.DECLARED


def test_the_same_seed_gives_the_same_findings():
    network = as_network(Table(line_values()), torch.zeros(1, LENGTH), name="values")
    one, two = (find(network, Environment(Line()), nulls=2, seed=3).findings for _ in range(2))
    assert one == two


def test_an_environment_that_does_not_fit_is_named():
    network = as_network(Table(line_values()), torch.zeros(1, LENGTH), name="values")
    with pytest.raises(InputError, match="no output has one entry for each of the 4 actions"):
        find(network, Environment(Grid()))


class Failing(Line):
    """A line whose methods fail or give what cannot be used, one at a time."""

    def __init__(self, method: str, gives: object = None) -> None:
        super().__init__()
        self.method, self.gives = method, gives

    def __getattribute__(self, name: str) -> object:
        if name in ("method", "gives") or name != self.method:
            return super().__getattribute__(name)

        def fail(*_: object, **__: object) -> object:
            if self.gives is not None:
                return self.gives
            raise KeyError("no such\nplace")

        return fail


@pytest.mark.parametrize("method", ["reset", "step", "get_state", "set_state"])
def test_errors_within_an_environment_are_one_line_that_names_it(method: str):
    network = as_network(Table(line_values()), torch.zeros(1, LENGTH), name="values")
    text = rf"^broken: {method} failed \(test_extract_find\.py:\d+\): KeyError: [^\n]*$"
    with pytest.raises(InputError, match=text):
        find(network, Environment(Failing(method), "broken"))


@pytest.mark.parametrize(("method", "gives"), [("reset", 3), ("step", (1, 2)), ("step", "no")])
def test_what_an_environment_may_not_give_is_named(method: str, gives: object):
    network = as_network(Table(line_values()), torch.zeros(1, LENGTH), name="values")
    with pytest.raises(InputError, match=rf"^broken: {method} failed: [^\n]*$"):
        find(network, Environment(Failing(method, gives), "broken"))


DATA_NETS = {
    "mountain": ("dqn-MountainCar.zip", "MountainCar-v0", {"evaluator", "policy"}),
    "ppo": ("ppo-CartPole.zip", "CartPole-v1", {"policy"}),
    "ars": ("ars-CartPole.zip", "CartPole-v1", {"policy"}),
    "dqn": ("dqn-CartPole.zip", "CartPole-v1", {"evaluator", "policy"}),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", DATA_NETS)
def test_the_parts_of_trained_agents(name: str, data: Path):
    file, world, wanted = DATA_NETS[name]
    found = statuses(find(read(data / "agents" / file), world))
    assert {role for role, status in found.items() if status is Status.FUNCTIONAL} == wanted


@pytest.mark.slow
def test_a_muzero_agent_has_model_and_evaluator_and_no_search(data: Path):
    file = data / "agents" / "muzero-cartpole.safetensors"
    network = read(f"{file}:benchmarks/agents/architecture.py:muzero")
    found = statuses(find(network, "CartPole-v1"))
    assert found["world_model"] is Status.FUNCTIONAL
    assert found["evaluator"] is Status.FUNCTIONAL
    assert found["search"] is Status.ABSENT


@pytest.mark.slow
def test_all_parts_of_a_value_iteration_network_are_functional(data: Path):
    file = data / "agents" / "vin-8x8.safetensors"
    network = read(f"{file}:benchmarks/agents/architecture.py:vin")
    found = find(network, observations=data / "agents" / "vin-8x8-test.npz").findings
    for role in ("world_model", "evaluator", "search", "policy"):
        assert found[role].status is Status.FUNCTIONAL, found[role].reason
    patched = {one.test: one for one in found["evaluator"].evidence}["retargeting"]
    assert patched.effect >= 0.9
    assert patched.null_max < 0.1
