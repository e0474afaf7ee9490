"""The agents of examples/frozenlake: exact chances, and a training that can be repeated."""

from __future__ import annotations

import runpy
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
import torch

from benchmarks.zoo.train_frozenlake import RECIPES, train
from extract.reader import read
from theory.error import InputError
from theory.process import process
from verify import check
from verify.finite.policy import followed
from verify.report.html import render as page
from verify.verdict import Verdict

EXAMPLE = Path(__file__).parents[2] / "examples" / "frozenlake"


def test_what_is_asked_is_decided_and_drawn():
    report = check(None, str(EXAMPLE / "spec.py"))
    found = {result.property.name: result for result in report.results}
    verdicts = {name: result.verdict for name, result in found.items()}
    held, violated = Verdict.HOLDS, Verdict.VIOLATED
    assert verdicts == {
        "trained: nearly optimal": held,
        "trained: falls in rarely": held,
        "trained: every episode ends": held,
        "early: nearly optimal": violated,
        "early: falls in rarely": violated,
        "early: every episode ends": held,
        "14/17 is the best": held,
    }
    best = found["14/17 is the best"].finding
    assert best is not None
    assert best.value == Fraction(14, 17)
    assert found["early: nearly optimal"].replays == {"exact": True}
    html = page(report)
    assert html.count('alt="What was found, drawn:') == 2
    assert "left out" not in html


def test_the_picture_has_every_cell():
    ice = runpy.run_path(str(EXAMPLE / "ice.py"))
    world, letters = ice["lake"]()
    policy = {state: "up" for state in world.states if world.actions(state)}
    half = dict.fromkeys(world.states, Fraction(1, 2))
    svg = ice["draw"](letters, policy, half, half)
    assert svg.count("<rect") == 16
    assert svg.count(">hole<") == 4
    assert svg.count(">0.5000<") == 11


def test_a_net_of_another_world_is_refused():
    with pytest.raises(InputError, match="in state '0' there are 1 actions, but 4 scores"):
        followed(read(EXAMPLE / "early.pt2"), process({"0": {"on": "1"}}), lambda state: [0.0] * 16)


def test_training_is_deterministic():
    short = replace(RECIPES["early"], steps=1_200)
    one, two = train(short).state_dict(), train(short).state_dict()
    assert all(torch.equal(one[key], two[key]) for key in one)


@pytest.mark.parametrize(
    ("name", "chance", "good"), [("trained", "14/17", 3), ("early", "32/47", 1)]
)
def test_the_lake_as_a_world(name: str, chance: str, good: int):
    report = check(str(EXAMPLE / f"{name}.pt2"), str(EXAMPLE / "over_time.py"))
    found = {result.property.name: result for result in report.results}
    assert sum(result.verdict is Verdict.HOLDS for result in report.results) == good
    best = found["as good as can be"]
    assert chance in (best.engine if name == "trained" else best.region)
    assert found["every episode ends"].verdict is Verdict.HOLDS
    missed = found["cannot miss the goal"]
    assert missed.verdict is Verdict.VIOLATED
    assert missed.witness is not None
    assert [run.term for run in missed.witness.runs] == ["step 0: 0", "step 1 = step 0: 0"]
    for result in report.results:
        assert all(result.replays.values())
