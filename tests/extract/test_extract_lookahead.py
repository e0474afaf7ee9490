"""A lookahead in branches of equal use is functional, and its tests fail where they should."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.zoo.make import AGENTS
from extract.environment import open_environment
from extract.find import find
from extract.graph.candidate import find_interface
from extract.network import Array, Network
from extract.reader import read
from extract.roles.lookahead import Branched, agreement, find_lookahead
from extract.structure import Status
from extract.study import Study

FIELD = "benchmarks/zoo/world/field.py:make"
NIM = "benchmarks/zoo/world/nim.py:make"


def agent(name: str) -> Network:
    return read(AGENTS / f"{name}.pt2")


def branched(network: Network, world: str) -> Branched:
    environment = open_environment(world)
    interface = find_interface(network, environment.actions)
    (found,) = find_lookahead(Study(network, interface, environment, nulls=2))
    return found


def passed(found: Branched) -> dict[str, bool]:
    both = (*found.world_model.evidence, *found.search.evidence)
    return {one.test: one.passed for one in both}


def changed(network: Network, **arrays: Array) -> Network:
    return replace(network, parameters={**network.parameters, **arrays})


def test_a_choice_agrees_if_it_is_as_good_as_the_best():
    worth = np.array([[1.0, 1.01, 0.0], [0.0, 0.5, 1.0], [0.3, 0.3, 0.3]])
    assert agreement(np.array([0, 2, 0]), worth) == 1.0
    assert agreement(np.array([2, 2, 0]), worth) == 0.5
    assert agreement(np.array([0]), np.zeros((1, 3))) == 0.0


@pytest.mark.parametrize(("name", "world"), [("lookahead-hidden", FIELD), ("minimax-hidden", NIM)])
def test_all_tests_of_a_hidden_lookahead_are_passed(name: str, world: str):
    found = passed(branched(agent(name), world))
    assert len(found) == 4
    assert all(found.values()), found


def test_a_world_model_that_confuses_the_actions_fails_every_test():
    net = agent("lookahead")
    moves = [f"expand{suffix}" for suffix in ("", "_1", "_2", "_3")]
    turned = dict(zip(moves, [net.parameters[name] for name in moves[1:] + moves[:1]], strict=True))
    found = passed(branched(changed(net, **turned), FIELD))
    assert not any(found.values()), found


def test_predictions_in_another_basis_than_perception_fail_every_test():
    net = agent("lookahead")
    order = [1, 0, 2, 3]
    turned = {
        "predict.2.weight": net.parameters["predict.2.weight"][order],
        "predict.2.bias": net.parameters["predict.2.bias"][order],
        "value.0.weight": net.parameters["value.0.weight"][:, order],
    }
    found = passed(branched(changed(net, **turned), FIELD))
    assert not any(found.values()), found


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "world"), [("lookahead-hidden", FIELD), ("lookahead-tuned", FIELD), ("minimax", NIM)]
)
def test_a_hidden_lookahead_is_functional(name: str, world: str):
    found = find(agent(name), world, nulls=3).findings
    for role in ("world_model", "search", "evaluator"):
        assert found[role].status is Status.FUNCTIONAL, found[role].reason


@pytest.mark.slow
def test_a_random_lookahead_is_not_functional():
    found = find(agent("random-lookahead-43"), FIELD, nulls=3).findings
    for role in ("world_model", "search", "evaluator"):
        assert found[role].status is not Status.FUNCTIONAL, found[role].reason
