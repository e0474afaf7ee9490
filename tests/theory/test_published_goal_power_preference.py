"""The published cases of goals, power, gridworlds and preferences, without the file they are in."""

from __future__ import annotations

from typing import Any

import pytest
from known import goal, gridworld, hyper, power, preference

CASES = {**goal.CASES, **gridworld.CASES, **hyper.CASES, **power.CASES, **preference.CASES}

PUBLISHED: dict[int, Any] = {
    10: {
        "hedonistic": "one",
        "ignorant": "indifferent",
        "realistic": ["keep", "one"],
        "values": ["19/10", "19/20", "19/20"],
    },
    11: {"hyperbolic": "reversal", "exponential": "consistent"},
    12: 0.693147,
    13: 0,
    14: 0.693147,
    15: 1.098612,
    16: 0.058892,
    33: {
        "direct_ok": 42,
        "button": 38,
        "E_direct": -29,
        "optimal": "button",
        "threshold_p": 4 / 142,
    },
    35: {
        "boat_race": [50, 100],
        "whisky_gold": 44,
        "sokoban": 39,
        "distributional_shift": 40,
        "island": 46,
    },
    36: "1/2",
    37: "2/3",
    39: "5/6",
    42: False,
    43: False,
    44: False,
    45: {"sure_loss": True, "stakes": ["5/2", "5/2"]},
    68: {"Phat": 0.3, "bound": 0.1487},
    70: {
        "witness_crosshair": {"x": 0.2625, "flag": True},
        "witness_z3": "31/120",
        "flag_weight_0": "unsat",
    },
}


@pytest.mark.parametrize("number", PUBLISHED)
def test_it_comes_out_as_published(number: int):
    CASES[number]({"id": number, "verdict": PUBLISHED[number]})


def test_every_case_is_here():
    assert CASES.keys() == PUBLISHED.keys()
