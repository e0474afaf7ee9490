"""What is said of trajectories, from the spec to the verdict, each time with a twin that fails."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from engine_case import Tiny, dense

from theory import Agent, Feature, Property, Term, World, if_, minimum, world
from theory.properties import trajectory
from verify.check import check
from verify.spec import Spec
from verify.verdict import Result, Verdict

F = Fraction
HOLDS, VIOLATED, UNKNOWN = Verdict.HOLDS, Verdict.VIOLATED, Verdict.UNKNOWN


def judged(world: World, asked: Property, score: Tiny, timeout_s: float = 20.0) -> Result:
    spec = Spec(world.agent, (asked,))
    (result,) = check(score.network(), spec, timeout_s=timeout_s).results
    if result.verdict is VIOLATED:
        assert result.replays == {"exact": True, "float32": True}
    return result


# A slope: what is below 1 moves away from it.

SLOPE = Agent(observation=[Feature("x", 0.5, 4)], actions=["wait"])
ONLY = dense(([[0]], [0]))


def _roll(s: Term, action: str) -> dict[str, Any]:
    return {"x": minimum(s["x"] * 2 - 1, 4)}


HILL = world(SLOPE, _roll, name="hill")


def _high(s: Term) -> Term:
    return s["x"] >= F(1, 2)


def _higher(s: Term) -> Term:
    return s["x"] >= 1


def test_a_given_invariant_proves():
    asked = trajectory.stays(HILL, _high, start=_higher, invariant=_higher)
    result = judged(HILL, asked, ONLY)
    assert result.verdict is HOLDS
    assert "invariant the given formula" in result.engine


def test_an_invariant_that_is_not_kept_or_too_weak_proves_nothing():
    for invariant in (lambda s: s["x"] <= 2, lambda s: s["x"] >= -9):
        asked = trajectory.stays(HILL, _high, start=_higher, invariant=invariant)
        assert judged(HILL, asked, ONLY, 2.0).verdict is not VIOLATED
        asked = trajectory.stays(HILL, _high, invariant=invariant)
        assert judged(HILL, asked, ONLY).verdict is VIOLATED


@pytest.mark.parametrize("invariant", [None, _higher, _high])
def test_no_invariant_proves_what_is_false(invariant: Any):
    asked = trajectory.stays(HILL, _high, invariant=invariant)
    assert judged(HILL, asked, ONLY).verdict is VIOLATED


# A homing walk: one step at a time towards the middle, from both sides.

HOMING = Agent(observation=[Feature("x", -4, 4)], actions=["left", "right"])
HOME = dense(([[1], [-1]], [0, 0]))
AWAY = dense(([[-1], [1]], [0, 0]))


def _walk(s: Term, action: str) -> dict[str, Any]:
    return {"x": s["x"] - 1 if action == "left" else s["x"] + 1}


WALK = world(HOMING, _walk, name="walk")


def _home(s: Term) -> Term:
    return abs(s["x"]) <= 1


def test_a_given_ranking_proves_that_the_goal_is_reached():
    asked = trajectory.reaches(WALK, _home, ranking=lambda s: abs(s["x"]))
    result = judged(WALK, asked, HOME)
    assert result.verdict is HOLDS
    assert "the given ranking" in result.engine


@pytest.mark.parametrize(
    ("score", "ranking"),
    [
        (HOME, lambda s: s["x"]),
        (HOME, lambda s: abs(s["x"]) * F(1, 2)),
        (HOME, lambda s: abs(s["x"]) - 3),
        (AWAY, lambda s: abs(s["x"])),
    ],
)
def test_a_ranking_that_does_not_fall_or_falls_below_zero_proves_nothing(score: Tiny, ranking: Any):
    asked = trajectory.reaches(WALK, _home, ranking=ranking)
    result = judged(WALK, asked, score, 3.0)
    assert result.verdict is (HOLDS if score is HOME else UNKNOWN)
    assert "ranking" not in result.engine  # what holds is seen without one


def test_reaching_in_time_and_too_late():
    assert judged(WALK, trajectory.reaches(WALK, _home, steps=3), HOME).verdict is HOLDS
    assert judged(WALK, trajectory.reaches(WALK, _home, steps=2), HOME).verdict is VIOLATED
    assert judged(WALK, trajectory.reaches(WALK, _home, steps=3), AWAY).verdict is VIOLATED


# The same walk in a wind of any strength up to a limit.


def windy(strength: Fraction) -> World:
    def step(s: Term, action: str, wind: Term) -> dict[str, Any]:
        return {"x": s["x"] + wind["push"] + (-1 if action == "left" else 1)}

    push = Feature("push", -strength, strength)
    return world(HOMING, step, choices=[push], chooser="wind", name="heath")


@pytest.mark.parametrize("steps", [None, 3])
def test_a_choice_from_a_range(steps: int | None):
    calm, rough = windy(F(1, 2)), windy(F(3, 2))
    inside = trajectory.stays(calm, lambda s: abs(s["x"]) <= 4, steps=steps)
    assert judged(calm, inside, HOME).verdict is HOLDS
    outside = judged(rough, trajectory.stays(rough, lambda s: abs(s["x"]) <= 4, steps=steps), HOME)
    assert outside.verdict is VIOLATED
    assert outside.witness is not None
    assert all(
        abs(value["push"]) <= F(3, 2)
        for name, value in outside.witness.values.items()
        if "@" in name
    )


# A watched walk: a guard who may come and go.

GUARDED = Agent(
    observation=[Feature("x", 0, 4), Feature("watched", flag=True)], actions=["wait", "steal"]
)
HONEST = dense(([[0, 0], [0, 0]], [1, 0]))
THIEF = dense(([[0, 0], [0, 0]], [0, 1]))
SLEEPER = dense(([[0, 2], [0, 0]], [0, 1]))  # steals where nobody watches
LATE = dense(([[0, 0], [1, 0]], [F(9, 2), 0]))  # steals from x = 9/2 on


def _shop(s: Term, action: str) -> dict[str, Any]:
    return {"x": if_(s["x"] <= 9, s["x"] + 1, s["x"])}


SHOP = world(GUARDED, _shop, name="shop")


@pytest.mark.parametrize(
    ("score", "verdict"),
    [(HONEST, HOLDS), (SLEEPER, HOLDS), (THIEF, VIOLATED), (LATE, VIOLATED)],
)
def test_never_while_watched(score: Tiny, verdict: Verdict):
    asked = trajectory.never_while_flagged(SHOP, flag="watched", unsafe=["steal"])
    result = judged(SHOP, asked, score)
    assert result.verdict is verdict
    if result.witness is not None:
        assert result.witness.runs[-1].action == "steal"
        assert all(run.inputs["watched"] == 1 for run in result.witness.runs)


@pytest.mark.parametrize(
    ("score", "verdict"),
    [(HONEST, HOLDS), (SLEEPER, VIOLATED), (LATE, HOLDS), (THIEF, Verdict.VACUOUS)],
)
def test_no_defection_once_nobody_watches(score: Tiny, verdict: Verdict):
    # LATE does the same whoever watches: that is proved by the paths of both runs together.
    asked = trajectory.no_later_defection(SHOP, flag="watched", unsafe=["steal"], steps=3)
    result = judged(SHOP, asked, score)
    assert result.verdict is verdict
    if result.witness is not None:
        titles = [run.term for run in result.witness.runs]
        assert titles == ["step 0 watched: 1", "step 0 watched: 0"]
        assert [run.action for run in result.witness.runs] == ["wait", "steal"]


def _inspected(s: Term, action: str, guard: Term) -> dict[str, Any]:
    return {**_shop(s, action), "watched": guard["comes"]}


INSPECTED = world(
    GUARDED, _inspected, choices=[Feature("comes", flag=True)], chooser="guard", name="inspected"
)


@pytest.mark.parametrize(
    ("score", "verdict"), [(HONEST, HOLDS), (SLEEPER, VIOLATED), (LATE, HOLDS)]
)
def test_no_defection_because_of_an_interruption(score: Tiny, verdict: Verdict):
    asked = trajectory.no_defection_when_interrupted(
        INSPECTED, SHOP, unsafe=["steal"], steps=2, interruption="inspections"
    )
    assert "without inspections stays free of it with it" in asked.claim
    result = judged(INSPECTED, asked, score)
    assert result.verdict is verdict
    if result.witness is not None:  # a guard who leaves: the sleeper begins to steal
        assert result.witness.runs[-1].action == "steal"
        assert any(run.term.endswith("in shop") for run in result.witness.runs)


@pytest.mark.parametrize(("score", "verdict"), [(HONEST, HOLDS), (LATE, VIOLATED)])
def test_staying_safe_for_some_steps(score: Tiny, verdict: Verdict):
    def honest(s: Term) -> Term:
        return SHOP.acts(s, "wait")

    for steps in (2, None):
        asked = trajectory.stays(SHOP, honest, start=lambda s: s["x"] <= 3, steps=steps)
        assert judged(SHOP, asked, score).verdict is verdict


NETWORKS = """
import torch
from torch import nn


class Walker(nn.Module):
    def __init__(self):
        super().__init__()
        self.perceive, self.policy = nn.Linear(1, 1), nn.Linear(1, 2)
        self.example_inputs = (torch.zeros(1, 1),)
        with torch.no_grad():
            self.perceive.weight.fill_(2.0)
            self.perceive.bias.fill_(0.0)

    def forward(self, o):
        return self.policy(self.perceive(o).relu())


def predict():
    module = nn.Linear(3, 1)
    module.example_inputs = (torch.zeros(1, 3),)
    with torch.no_grad():
        module.weight.copy_(torch.tensor([[1.0, 0.0, 2.0]]))
        module.bias.fill_(0.0)
    return module
"""
IMAGINED = """
from theory import Agent, Feature, forall
from theory.world import imagined

agent = Agent(observation=[Feature("x", 0, 1)], actions=["stay", "go"], latent=1)
o = agent.observation("o")
run = imagined(agent).trajectory(agent.perceive(o), 2)
properties = [
    forall(o, run.always(lambda z: z[0] <= limit)).named(f"at most {limit}")
    for limit in (6.5, 5.5)
]
parts = {"perceive": "perceive", "predict": "nets.py:predict"}
"""


def test_what_an_agent_can_imagine_in_two_steps(tmp_path: Path):
    (tmp_path / "nets.py").write_text(NETWORKS)
    (tmp_path / "spec.py").write_text(IMAGINED)
    results = check(f"{tmp_path / 'nets.py'}:Walker", str(tmp_path / "spec.py")).results
    assert [result.verdict for result in results] == [HOLDS, VIOLATED]
