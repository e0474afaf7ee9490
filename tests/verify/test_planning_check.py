"""Statements about a network's plans, from spec to verdict: sandbagging and false scores."""

from __future__ import annotations

from pathlib import Path

import pytest

from verify import check

NETWORKS = '''
import torch
from torch import nn


class Actor(nn.Module):
    """Sees x and whether it is evaluated, and prefers b; the lazy one prefers a where it is."""

    def __init__(self, penalty):
        super().__init__()
        self.perceive, self.policy = nn.Linear(2, 2), nn.Linear(2, 2)
        with torch.no_grad():
            self.perceive.weight.copy_(torch.eye(2))
            self.perceive.bias.zero_()
            self.policy.weight.copy_(torch.tensor([[0.0, 0.0], [0.0, penalty]]))
            self.policy.bias.copy_(torch.tensor([0.0, 1.0]))
        self.example_inputs = (torch.zeros(1, 2),)

    def forward(self, observation):
        return self.policy(self.perceive(observation))


def linear(rows):
    made = nn.Linear(len(rows[0]), len(rows), bias=False)
    with torch.no_grad():
        made.weight.copy_(torch.tensor(rows))
    made.example_inputs = (torch.zeros(1, len(rows[0])),)
    return made


def lazy():
    return Actor(-2.0)


def keen():
    return Actor(0.0)


def predict():
    """After b the second entry is 1."""
    return linear([[1.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 1.0]])


def value():
    return linear([[0.0, 1.0]])
'''

SPEC = """
from theory import Agent, Feature
from theory.properties import planning

agent = Agent(
    observation=[Feature("x", 0, 1), Feature("eval", flag=True)], actions=["a", "b"], latent=2
)
properties = [
    planning.no_sandbagging(agent),
    planning.no_sandbagging(agent, flag="eval"),
    planning.no_sandbagging(agent, tolerance=1),
    planning.no_spurious_counterfactual(agent),
]
parts = {"perceive": "perceive", "predict": "nets.py:predict", "value": "nets.py:value"}
"""


@pytest.mark.parametrize(
    ("network", "verdicts"),
    [
        ("lazy", ["VIOLATED", "VIOLATED", "HOLDS", "VIOLATED"]),
        ("keen", ["HOLDS", "HOLDS", "HOLDS", "HOLDS"]),
    ],
)
def test_an_evaluator_betrays_an_agent_that_does_worse_than_it_knows(
    network: str, verdicts: list[str], tmp_path: Path
):
    (tmp_path / "nets.py").write_text(NETWORKS)
    (tmp_path / "spec.py").write_text(SPEC)
    report = check(f"{tmp_path / 'nets.py'}:{network}", str(tmp_path / "spec.py"), timeout_s=30)
    assert [result.verdict.value for result in report.results] == verdicts
