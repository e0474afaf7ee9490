"""A loop in which word spreads from the goal is a search; one that knows at once is none."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from planner_case import as_network
from torch import Tensor, nn

from benchmarks.zoo.make import AGENTS
from benchmarks.zoo.world.corridor import LENGTH, Corridor
from extract.environment import Environment, open_environment
from extract.graph.candidate import find_interface
from extract.network import Network
from extract.reader import read
from extract.roles.search import find_search
from extract.structure import Evidence, Finding, Status
from extract.study import Study


class Rumour(nn.Module):
    """Marks that travel a cell a step from the coin, to both sides; the agent follows its own.

    Args:
        reach: the matrix by which marks travel to the left.
    """

    def __init__(self, reach: Tensor) -> None:
        super().__init__()
        self.spread = nn.Linear(2 * LENGTH, 2 * LENGTH, bias=False)
        self.spread.weight = nn.Parameter(torch.block_diag(reach, reach.T))
        self.example_inputs = torch.zeros(1, 2 * LENGTH)

    def forward(self, observation: Tensor) -> Tensor:
        """Agent and coin, one-hot (B, 18), to the scores of left and right (B, 2)."""
        agent, coin = observation[:, :LENGTH], observation[:, LENGTH:]
        source = torch.cat([coin, coin], dim=1)
        marks = source * 0.5
        for _ in range(LENGTH + 1):
            told = self.spread(marks) + source
            marks = told - torch.relu(told - 1)
        before, behind = marks[:, :LENGTH] * agent, marks[:, LENGTH:] * agent
        return torch.stack([behind.sum(dim=1), before.sum(dim=1)], dim=1)


def net(reach: Tensor) -> Network:
    module = Rumour(reach)
    return as_network(module, module.example_inputs, name="rumour")


def found(network: Network, world: Environment, nulls: int = 3) -> Finding:
    return find_search(Study(network, find_interface(network), world, nulls=nulls), ())


def by_name(finding: Finding) -> dict[str, Evidence]:
    return {one.test: one for one in finding.evidence}


def test_word_that_spreads_cell_by_cell_is_a_search():
    finding = found(net(torch.diag(torch.ones(LENGTH - 1), 1)), Environment(Corridor()))
    assert finding.status is Status.FUNCTIONAL, finding.reason
    assert all(one.stability == 1.0 for one in finding.evidence)
    assert by_name(finding)["far problems take longer"].effect > 0.9
    (curve,) = finding.curves
    assert np.all(np.diff(curve.y) >= 0)
    assert curve.y[-1] == 1.0


def test_word_that_is_everywhere_at_once_is_none():
    finding = found(net(torch.triu(torch.ones(LENGTH, LENGTH), 1)), Environment(Corridor()))
    assert finding.status is not Status.FUNCTIONAL
    assert not by_name(finding)["far problems take longer"].passed


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "world", "searches"),
    [("thinker-narrow", "maze", True), ("thinker", "maze", True), ("refiner", "field", False)],
)
def test_a_trained_loop_that_searches_is_told_from_one_that_refines(
    name: str, world: str, searches: bool
):
    environment = open_environment(f"benchmarks/zoo/world/{world}.py:make")
    finding = found(read(AGENTS / f"{name}.pt2"), environment, nulls=5)
    assert (finding.status is Status.FUNCTIONAL) == searches, finding.reason
