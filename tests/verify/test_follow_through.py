"""Whether an agent follows its plans through: against enumeration, and from spec to verdict."""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from theory import Agent, Feature, Interpretation, Term, evaluate, world
from theory.error import InputError, SortError
from theory.properties.planning import follows_through
from verify import check
from verify.verdict import Reason

ACTIONS = ("a", "b")
STATES = (0, 1, 2, 3)
AGENT = Agent(observation=[Feature("x", values=STATES)], actions=ACTIONS, latent=1)


def moving(state: Term, action: str) -> dict[str, Term]:
    """To do b is one further."""
    return {} if action == "a" else {"x": state["x"] + 1}


@st.composite
def minds(draw: st.DrawFn) -> dict[str, Any]:
    """A world model, values and scores on five latent states, as tables."""
    states = range(6)
    number = st.integers(-2, 2)
    return {
        "predict": {(z, a): draw(st.sampled_from(states)) for z in states for a in ACTIONS},
        "value": {z: draw(number) for z in states},
        "score": {z: tuple(draw(number) for _ in ACTIONS) for z in states},
    }


def meaning(mind: dict[str, Any]) -> Interpretation:
    return Interpretation(
        {
            "perceive": lambda o: (o["x"],),
            "predict": lambda z, a: (mind["predict"][int(z.entries[0]), a],),
            "latent_value": lambda z: mind["value"][int(z.entries[0])],
            "latent_score": lambda z: mind["score"][int(z.entries[0])],
            "score": lambda o: mind["score"][int(o["x"])],
        }
    )


def does(mind: dict[str, Any], state: int) -> str | None:
    """What scores strictly best."""
    a, b = mind["score"][state]
    return None if a == b else ACTIONS[int(b > a)]


def follows(mind: dict[str, Any], tolerance: Fraction, *, in_the_world: bool) -> bool:
    """The definition, read out state by state."""
    for x in STATES:
        ways = {
            (first, second): mind["value"][mind["predict"][mind["predict"][x, first], second]]
            for first, second in product(ACTIONS, repeat=2)
        }
        for (first, second), worth in ways.items():
            others = [w for way, w in ways.items() if way != (first, second)]
            if does(mind, x) != first or any(worth - w <= tolerance for w in others):
                continue
            after = mind["predict"][x, first]
            if in_the_world:
                after = x + (first == "b")
            if does(mind, after) != second:
                return False
    return True


@given(mind=minds(), tolerance=st.sampled_from([Fraction(0), Fraction(1, 2), Fraction(1)]))
@settings(max_examples=150)
def test_the_formula_means_what_the_definition_says(mind: dict[str, Any], tolerance: Fraction):
    alone = follows_through(AGENT, tolerance=tolerance)
    assert evaluate(alone.formula, meaning(mind)) is follows(mind, tolerance, in_the_world=False)
    outside = follows_through(AGENT, world=world(AGENT, moving), tolerance=tolerance)
    assert evaluate(outside.formula, meaning(mind)) is follows(mind, tolerance, in_the_world=True)


def test_mistakes_are_named():
    with pytest.raises(InputError, match="tolerance -1 is negative"):
        follows_through(AGENT, tolerance=-1)
    other = Agent(observation=[Feature("x", 0, 1)], actions=ACTIONS, latent=1)
    with pytest.raises(InputError, match="the world of another agent"):
        follows_through(other, world=world(AGENT, moving))
    with pytest.raises(SortError, match="latent"):
        follows_through(Agent(observation=[Feature("x", 0, 1)], actions=ACTIONS))


NETWORKS = '''
import torch
from torch import nn


class Actor(nn.Module):
    """Perceives (x, how far it went); goes on from a while it went less than `patience`."""

    def __init__(self, patience):
        super().__init__()
        self.perceive, self.policy = nn.Linear(2, 3), nn.Linear(3, 2)
        with torch.no_grad():
            self.perceive.weight.copy_(torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.0, 0.0]]))
            self.perceive.bias.copy_(torch.tensor([0.0, 0.0, 1.0]))
            self.policy.weight.copy_(torch.tensor([[0.0, 0.0, 0.0], [0.0, -1.0, patience]]))
            self.policy.bias.zero_()
        self.example_inputs = (torch.zeros(1, 2),)

    def forward(self, observation):
        return self.policy(self.perceive(observation))


def linear(rows):
    made = nn.Linear(len(rows[0]), len(rows), bias=False)
    with torch.no_grad():
        made.weight.copy_(torch.tensor(rows))
    made.example_inputs = (torch.zeros(1, len(rows[0])),)
    return made


def steady():
    return Actor(3.0)


def fickle():
    return Actor(1.5)


def predict():
    """After b it went one further; x and the constant stay."""
    return linear([[1.0, 0, 0, 0, 0], [0, 1.0, 0, 0, 1.0], [0, 0, 1.0, 0, 0]])


def value():
    return linear([[0.0, 1.0, 0.0]])
'''

SPEC = """
from theory import Agent, Feature, world
from theory.properties import planning

agent = Agent(
    observation=[Feature("x", 0, 1), Feature("went", 0, 1)], actions=["stay", "go"], latent=3
)
walk = world(agent, lambda state, action: {"went": state["went"] + (1 if action == "go" else 0)})
properties = [
    planning.follows_through(agent),
    planning.follows_through(agent, world=walk),
    planning.follows_through(agent, tolerance=1),
]
parts = {"perceive": "perceive", "predict": "nets.py:predict", "value": "nets.py:value"}
"""


@pytest.mark.parametrize(
    ("name", "verdicts"),
    [
        ("steady", ["HOLDS", "HOLDS", "VACUOUS"]),
        ("fickle", ["VIOLATED", "VIOLATED", "VACUOUS"]),
    ],
)
def test_who_stops_half_way_is_found_out(name: str, verdicts: list[str], tmp_path: Path):
    """To go twice is best, by 1. The fickle one stops after more than 1.5: if it went 0.5 before,
    it goes once, and then stays, here with a policy that is cut off behind what is perceived.
    """
    (tmp_path / "nets.py").write_text(NETWORKS)
    (tmp_path / "spec.py").write_text(SPEC)
    report = check(f"{tmp_path / 'nets.py'}:{name}", str(tmp_path / "spec.py"), timeout_s=30)
    assert [result.verdict.value for result in report.results] == verdicts
    for result in report.results:
        if result.witness is not None:
            assert result.witness.replays == {"exact": True, "float32": True}


def test_without_a_policy_of_latent_states_it_is_left_open(tmp_path: Path):
    """One that looks at the observation past what it perceives has no policy of latent states."""
    past = NETWORKS.replace(
        "return self.policy(self.perceive(observation))",
        "return self.policy(self.perceive(observation)) + observation * 0.5",
    )
    (tmp_path / "nets.py").write_text(past)
    (tmp_path / "spec.py").write_text(SPEC)
    report = check(f"{tmp_path / 'nets.py'}:steady", str(tmp_path / "spec.py"), timeout_s=30)
    first = report.results[0]
    assert first.verdict.value == "UNKNOWN"
    assert first.reason is Reason.ROLE_NOT_FOUND
    assert report.results[1].verdict.value == "HOLDS"
