"""What never happens though nothing forbids it: trajectories that come back to where they were."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from engine_case import Tiny, dense

from theory import Agent, Feature, Term, World, and_, forall, maximum, minimum, world
from theory.properties import trajectory
from verify.check import check
from verify.spec import Spec
from verify.verdict import Result, Verdict

F = Fraction
HOLDS, VIOLATED, UNKNOWN = Verdict.HOLDS, Verdict.VIOLATED, Verdict.UNKNOWN

AGENT = Agent(observation=[Feature("x", -1, 1)], actions=["left", "right"])
RIGHT = dense(([[0], [0]], [0, 1]))
TO_AND_FRO = dense(([[1], [-1]], [0, 0]))  # away from the side on which it is


def judged(there: World, formula: Term, score: Tiny, timeout_s: float = 10.0) -> Result:
    spec = Spec(there.agent, (formula.named("claim"),))
    (result,) = check(score.network(), spec, timeout_s=timeout_s).results
    if result.verdict is VIOLATED:
        assert result.replays == {"exact": True, "float32": True}
    return result


def corridor(stride: Fraction) -> World:
    def step(s: Term, action: str) -> dict[str, Any]:
        moved = s["x"] + (stride if action == "right" else -stride)
        return {"x": maximum(minimum(moved, 1), -1)}

    return world(AGENT, step, name="corridor")


def test_who_walks_right_comes_to_the_wall_and_stays_there():
    there = corridor(F(1, 4))
    s = there.state("s")
    never = there.trajectory(s).eventually(lambda t: t["x"] <= -1 + F(1, 8))
    result = judged(there, forall(s, never), RIGHT)
    assert result.verdict is VIOLATED
    assert "the last 1 for ever" in result.engine
    assert result.witness is not None
    *_, last = result.witness.runs
    assert last.inputs["x"] == 1
    assert last.term.endswith(f"= step {len(result.witness.runs) - 2}")
    wall = there.trajectory(s).eventually(lambda t: t["x"] >= 1)
    assert judged(there, forall(s, wall), RIGHT).verdict is HOLDS


def test_who_walks_to_and_fro_goes_round():
    there = corridor(F(1, 2))
    s = there.state("s")
    far = there.trajectory(s).eventually(lambda t: abs(t["x"]) >= F(3, 4))
    result = judged(there, forall(s, far), TO_AND_FRO)
    assert result.verdict is VIOLATED
    assert "the last 2 for ever" in result.engine


def test_until_fails_where_what_is_to_hold_does_not_or_the_goal_is_not_reached():
    there = corridor(F(1, 4))
    s = there.state("s")

    def until(hold: Fraction, goal: Fraction) -> Result:
        run = there.trajectory(s)
        return judged(
            there, forall(s, run.until(lambda t: t["x"] >= hold, lambda t: t["x"] >= goal)), RIGHT
        )

    assert until(F(-1), F(1)).verdict is HOLDS
    early = until(F(-1, 2), F(1))
    assert early.verdict is VIOLATED
    assert "for ever" not in early.engine
    late = until(F(-1), F(2))
    assert late.verdict is VIOLATED
    assert "for ever" in late.engine


def test_a_wind_that_holds_the_walker_back_for_ever():
    def step(s: Term, action: str, wind: Term) -> dict[str, Any]:
        return {"x": minimum(s["x"] + F(1, 4) - wind["push"], 2)}

    def windy(strength: Fraction) -> Result:
        there = world(
            AGENT, step, choices=[Feature("push", 0, strength)], chooser="wind", name="heath"
        )
        s = there.state("s")
        return judged(
            there, forall(s, there.trajectory(s).eventually(lambda t: t["x"] >= 1)), RIGHT
        )

    assert windy(F(1, 8)).verdict is HOLDS
    assert windy(F(1, 4)).verdict is VIOLATED


@pytest.mark.parametrize(("share", "verdict"), [(F(1, 2), UNKNOWN), (F(0), VIOLATED)])
def test_what_comes_ever_nearer_does_not_come_back(share: Fraction, verdict: Verdict):
    # Towards 0 from above: with half the way it never gets there, and never comes back.
    agent = Agent(observation=[Feature("x", 1, 2)], actions=["left", "right"])
    there = world(agent, lambda s, action: {"x": s["x"] * (1 - share)}, name="slope")
    s = there.state("s")
    formula = forall(s, there.trajectory(s).eventually(lambda t: t["x"] <= 0))
    assert judged(there, formula, RIGHT, 3.0).verdict is verdict


def test_reaches_speaks_of_circles():
    there = corridor(F(1, 4))
    asked = trajectory.reaches(there, lambda t: and_(t["x"] <= 0), goal="the left half")
    result = judged(there, asked.formula, RIGHT)
    assert result.verdict is VIOLATED


def test_a_circle_beside_ways_that_come_to_ever_new_states():
    there = world(AGENT, lambda s, action: {"x": s["x"] + F(action == "right", 3)}, name="tied")
    s = there.state("s")
    never = there.trajectory(s).eventually(lambda t: t["x"] <= -2)
    tied = dense(([[0], [0]], [0, 0]))
    assert judged(there, forall(s, never), tied, 2.0).verdict is VIOLATED
