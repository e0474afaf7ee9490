"""What comes of acting over time: held, violated, just across the boundary, vacuous."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from theory.error import InputError
from theory.finite.arena import Game
from theory.finite.formula import Not, at, bounded, eventually
from theory.finite.pareto import wish
from theory.finite.reach import reach
from theory.finite.table import induced
from theory.finite.unfold import Objective
from theory.process import process
from theory.properties.outcome import (
    achieves,
    avoids,
    eventually_stops,
    expected_reward,
    nearly_optimal,
    reaches,
    satisfies,
)
from theory.verdict import Verdict

HOLDS, VIOLATED, VACUOUS, UNKNOWN = (
    Verdict.HOLDS,
    Verdict.VIOLATED,
    Verdict.VACUOUS,
    Verdict.UNKNOWN,
)
F = Fraction
HAIR = Fraction(1, 10**30)
BRIDGE = process(
    {
        "bank": {"ford": {"far": "3/4", "river": "1/4"}, "wait": "bank", "walk": "bridge"},
        "bridge": {"on": {"far": "9/10", "bank": "1/10"}},
        "river": {"swim": {"bank": "1/2", "river": "1/2"}},
    },
    rewards={"bank": -1, "bridge": -2, "river": -5},
)
GAME = Game(BRIDGE, frozenset(["bank"]))


def test_reaching():
    some = reaches(BRIDGE, "bank", ["far"], ">=", 1, "some").decide()
    assert (some.verdict, some.value) == (HOLDS, 1)
    lazy = reaches(BRIDGE, "bank", ["far"], ">", 0).decide()
    assert lazy.verdict is VIOLATED
    assert lazy.witness["probability"] == 0
    assert lazy.witness["strategy"] == {"bank": "wait"}
    two: dict[str, Any] = {"sign": ">=", "schedulers": "some", "within": 2}
    assert reaches(BRIDGE, "bank", ["far"], limit="9/10", **two).decide().holds
    above = reaches(BRIDGE, "bank", ["far"], limit=Fraction(9, 10) + HAIR, **two).decide()
    assert above.verdict is VIOLATED
    assert above.witness["plan"] == {"step 1": {"bank": "walk"}}
    assert reaches(BRIDGE, "far", ["far"], ">=", 1).decide().verdict is VACUOUS
    assert reaches(BRIDGE, "far", [], ">=", 1).decide().verdict is VACUOUS
    # an opponent on the bank may wait for ever
    assert reaches(GAME, "bank", ["far"], ">", 0, "some").decide().verdict is VIOLATED


def test_the_witness_attains_its_value():
    finding = reaches(BRIDGE, "bank", ["river"], "<=", 0).decide()
    assert finding.verdict is VIOLATED
    chain = induced(BRIDGE, {**finding.witness["strategy"], "bridge": "on", "river": "swim"})
    assert reach(chain, ["river"]).value("bank") == finding.witness["probability"]
    assert finding.witness["probability"] == Fraction(1, 4)


def test_avoiding():
    once: dict[str, Any] = {"schedulers": "all", "within": 1}
    assert avoids(BRIDGE, "bank", ["river"], "1/4", **once).decide().holds
    assert avoids(BRIDGE, "bank", ["river"], Fraction(1, 4) - HAIR, **once).decide().verdict is (
        VIOLATED
    )
    assert avoids(BRIDGE, "bank", ["river"], 0, "some").decide().holds
    assert avoids(BRIDGE, "bank", []).decide().verdict is VACUOUS
    claim = avoids(BRIDGE, "bank", ["river"], name="the water")
    assert (
        claim.claim == "From bank, the water is met with probability at most 0, whatever is done."
    )


def test_expected_rewards():
    best = reaches(BRIDGE, "bank", ["far"], ">=", 1, "some").decide()
    assert best.holds
    # walking costs 3 a time, and is repeated one time in ten: 10/3
    least: dict[str, Any] = {"sign": ">=", "schedulers": "some"}
    assert expected_reward(BRIDGE, "bank", ["far"], limit="-10/3", **least).decide().holds
    beyond = expected_reward(BRIDGE, "bank", ["far"], limit=Fraction(-10, 3) + HAIR, **least)
    found = beyond.decide()
    assert found.verdict is VIOLATED
    assert found.witness["reward"] == Fraction(-10, 3)
    assert found.witness["strategy"] == {"bank": "walk"}
    endless = expected_reward(BRIDGE, "bank", ["far"], ">=", -(10**9)).decide()
    assert endless.verdict is VIOLATED
    assert endless.witness["reward"].value == "minus infinite"
    assert expected_reward(BRIDGE, "far", ["far"], ">=", 1).decide().verdict is VACUOUS
    odd = process(
        {"a": {"x": {"b": "1/2", "e": "1/2"}}, "b": {"x": "b"}}, rewards={"a": -1, "b": 1}
    )
    open_ = expected_reward(odd, "a", ["e"], ">=", 0).decide()
    assert open_.verdict is UNKNOWN
    assert open_.reason == "the least expected reward is undefined in state a"


ROBOT = {
    "work": {"go on": {"work": "9/10", "asked": "1/10"}},
    "asked": {"obey": {"off": "99/100", "asked": "1/100"}, "argue": "deaf"},
    "deaf": {"hear": {"asked": "1/2", "deaf": "1/2"}},
}


def test_stopping_in_the_end():
    stubborn = eventually_stops(process(ROBOT), "work", ["asked"], ["off"]).decide()
    assert stubborn.verdict is VIOLATED
    assert stubborn.witness["state"] == "asked"
    assert stubborn.witness["strategy"] == {"asked": "argue"}
    assert stubborn.witness["probability"] == 0
    tame = {**ROBOT, "asked": {"obey": ROBOT["asked"]["obey"]}}
    assert eventually_stops(process(tame), "work", ["asked"], ["off"]).decide().holds
    assert eventually_stops(process(ROBOT), "work", ["asked"], ["off"], 1, "some").decide().holds
    soon = process(tame)
    assert eventually_stops(soon, "work", ["asked"], ["off"], "99/100", within=1).decide().holds
    hair = eventually_stops(soon, "work", ["asked"], ["off"], Fraction(99, 100) + HAIR, within=1)
    assert hair.decide().verdict is VIOLATED
    assert eventually_stops(soon, "off", ["asked"], ["off"]).decide().verdict is VACUOUS


def test_formulas_wherever_one_gets():
    dry = bounded(eventually(at("far", ["far"])), ">=", 1, "some")
    assert satisfies(BRIDGE, "bank", dry).decide().holds
    assert satisfies(BRIDGE, "bank", dry, where=at("river", ["river"])).decide().holds
    soaked = satisfies(BRIDGE, "bank", Not(at("river", ["river"]))).decide()
    assert soaked.verdict is VIOLATED
    assert soaked.witness["state"] == "river"
    assert satisfies(BRIDGE, "far", dry, where=at("river", ["river"])).decide().verdict is VACUOUS
    low = bounded(eventually(at("far", ["far"]), 1), ">=", "1/2", "some")
    there = at("not in the river", ["bank", "bridge"])
    assert satisfies(BRIDGE, "bank", low, there).decide().holds
    assert satisfies(BRIDGE, "bank", low).decide().witness["state"] == "river"


def test_a_policy_beside_the_best():
    ford = {"bank": "ford", "bridge": "on", "river": "swim"}
    wait = {**ford, "bank": "wait"}
    assert nearly_optimal(BRIDGE, "bank", ford, ["far"]).decide().holds
    worse = nearly_optimal(BRIDGE, "bank", wait, ["far"], loss=1 - HAIR).decide()
    assert worse.verdict is VIOLATED
    assert (worse.witness["policy"], worse.witness["best"]) == (0, 1)
    assert nearly_optimal(BRIDGE, "bank", wait, ["far"], loss=1).decide().holds
    assert nearly_optimal(BRIDGE, "far", ford, ["river"]).decide().verdict is VACUOUS


def test_wrong_input_is_named_when_the_claim_is_made():
    with pytest.raises(InputError, match="start: there is no state 'z'"):
        reaches(BRIDGE, "z", ["far"], ">=", 1)
    with pytest.raises(InputError, match="states: there is no state 'z'"):
        avoids(BRIDGE, "bank", ["z"])
    with pytest.raises(InputError, match="the water: there is no state 'z'"):
        avoids(BRIDGE, "bank", ["z"], name="the water")
    with pytest.raises(InputError, match="loss: -1 is negative"):
        nearly_optimal(BRIDGE, "bank", {}, ["far"], loss=-1)
    with pytest.raises(InputError, match="policy: it says nothing about state 'bank'"):
        nearly_optimal(BRIDGE, "bank", {}, ["far"]).decide()


def test_a_witness_lists_only_so_much():
    steps = {str(n): {"on": str(n + 1), "stay": str(n)} for n in range(100)}
    finding = reaches(process(steps), "0", ["100"], "<", 1).decide()
    assert len(finding.witness["strategy"]) == 40
    assert finding.witness["more_states"] == 60


def test_several_wishes_at_once():
    wet, far = Objective("wet", frozenset(["river"])), Objective("far", frozenset(["far"]))
    # who fords at once gets wet one time in four, who walks never: mixtures of both
    both = achieves(BRIDGE, "bank", [wish(wet, "<=", "1/8"), wish(far, ">=", 1)])
    assert both.decide().holds
    assert both.claim == "From bank, one strategy attains wet <= 0.125, far >= 1, all at once."
    idle = [wish(wet, "<=", 1), wish(far, ">=", 0)]
    assert achieves(BRIDGE, "bank", idle).decide().verdict is VACUOUS
    once = process(
        {"bank": {"ford": {"far": "3/4", "wet": "1/4"}, "walk": {"far": "1/2", "home": "1/2"}}}
    )
    wet = Objective("wet", frozenset(["wet"]))
    # on the line from (1/4, 3/4) to (0, 1/2)
    for limit, verdict in ((F(5, 8), HOLDS), (F(5, 8) + HAIR, VIOLATED)):
        found = achieves(once, "bank", [wish(wet, "<=", "1/8"), wish(far, ">=", limit)]).decide()
        assert found.verdict is verdict
        assert found.holds or found.witness["most"] < found.witness["needed"]
