"""Whether an agent's world model foresees what the world does, from spec to verdict."""

from __future__ import annotations

from pathlib import Path

import pytest

from theory import Agent, Feature, Interpretation, Term, evaluate, world
from theory.error import InputError, SortError
from theory.properties.worldmodel import foresees
from verify import check

ACTIONS = ["stay", "go"]
AGENT = Agent(observation=[Feature("x", values=[0, 1, 2])], actions=ACTIONS, latent=1)


def walking(state: Term, action: str) -> dict[str, Term]:
    """To go is one further."""
    return {} if action == "stay" else {"x": state["x"] + 1}


WALK = world(AGENT, walking)


def meaning(error: float) -> Interpretation:
    """The latent state is x, its value 2 x, and the model is wrong by `error` after going."""
    return Interpretation(
        {
            "perceive": lambda o: (o["x"],),
            "predict": lambda z, a: (z.entries[0] + (0 if a == "stay" else 1 + error),),
            "latent_value": lambda z: 2 * z.entries[0],
        }
    )


@pytest.mark.parametrize(
    ("by", "tolerance", "expected"),
    [("value", 1, True), ("value", "0.999", False), ("latent", "0.5", True), ("latent", 0, False)],
)
def test_an_error_counts_by_value_or_by_latent_state(by, tolerance, expected):
    prop = foresees(AGENT, WALK, tolerance=tolerance, by=by)
    assert evaluate(prop.formula, meaning(0.5)) is expected
    assert evaluate(prop.formula, meaning(-0.5)) is expected
    assert evaluate(prop.formula, meaning(0)) is True


def test_every_choice_of_others_must_be_foreseen():
    def windy(state: Term, action: str, wind: Term) -> dict[str, Term]:
        return {"x": state["x"] + wind["push"]}

    blown = world(AGENT, windy, choices=[Feature("push", values=[0, 1])], chooser="wind")
    near = foresees(AGENT, blown, tolerance=1, by="latent")
    still = {**meaning(0).functions, "predict": lambda z, _: (z.entries[0],)}
    assert evaluate(near.formula, Interpretation(still)) is True
    exactly = foresees(AGENT, blown, tolerance="0.999", by="latent")
    assert evaluate(exactly.formula, Interpretation(still)) is False


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: foresees(AGENT, WALK, tolerance=-1), "tolerance -1 is negative"),
        (
            lambda: foresees(AGENT, WALK, tolerance=1, by="eye"),  # pyright: ignore[reportArgumentType]
            "by: 'eye' is neither 'value' nor 'latent'",
        ),
        (
            lambda: foresees(
                Agent(observation=[Feature("x", 0, 1)], actions=ACTIONS, latent=1),
                WALK,
                tolerance=1,
            ),
            "world is the world of another agent",
        ),
    ],
)
def test_a_mistake_is_named(build, message):
    with pytest.raises(InputError) as error:
        build()
    assert str(error.value) == message


def test_without_a_latent_state_nothing_is_predicted():
    blind = Agent(observation=[Feature("x", 0, 1)], actions=ACTIONS)
    with pytest.raises(SortError):
        foresees(blind, world(blind, walking), tolerance=1)


NETWORKS = '''
import torch
from torch import nn


def linear(rows):
    made = nn.Linear(len(rows[0]), len(rows), bias=False)
    with torch.no_grad():
        made.weight.copy_(torch.tensor(rows))
    made.example_inputs = (torch.zeros(1, len(rows[0])),)
    return made


class Walker(nn.Module):
    def __init__(self):
        super().__init__()
        self.perceive, self.policy = linear([[2.0]]), linear([[1.0], [-1.0]])
        self.example_inputs = (torch.zeros(1, 1),)

    def forward(self, o):
        return self.policy(self.perceive(o).relu())


def walker():
    return Walker()


def predict():
    """The latent state is 2 x; to go adds 2.125 instead of 2."""
    return linear([[1.0, 0.0, 2.125]])


def value():
    return linear([[1.0]])
'''

SPEC = """
from theory import Agent, Feature, world
from theory.properties import worldmodel

agent = Agent(observation=[Feature("x", 0, 1)], actions=["stay", "go"], latent=1)
walk = world(agent, lambda state, action: {} if action == "stay" else {"x": state["x"] + 1})
properties = [
    worldmodel.foresees(agent, walk, tolerance="0.126"),
    worldmodel.foresees(agent, walk, tolerance="0.124"),
    worldmodel.foresees(agent, walk, tolerance="0.126", by="latent"),
]
parts = {"perceive": "perceive", "predict": "nets.py:predict", "value": "nets.py:value"}
"""


def test_a_network_is_held_to_its_world(tmp_path: Path):
    (tmp_path / "nets.py").write_text(NETWORKS)
    (tmp_path / "spec.py").write_text(SPEC)
    report = check(f"{tmp_path / 'nets.py'}:walker", str(tmp_path / "spec.py"), timeout_s=30)
    assert [result.verdict.value for result in report.results] == ["HOLDS", "VIOLATED", "HOLDS"]
