"""Trajectories of more steps than Python's stack is deep."""

from __future__ import annotations

from fractions import Fraction

import pytest
from engine_case import dense, on_time

from theory import Agent, Feature, forall, or_, world
from theory.bend import TooManyCases
from theory.unroll import can_be_unrolled, unrolled
from verify.answer import Deadline
from verify.bind import BoundProperty
from verify.judge import judge
from verify.loop.explore import Explorer
from verify.loop.question import questions
from verify.smt.solver import SmtSolver
from verify.solve import Engines
from verify.verdict import Reason

F = Fraction
STEPS = 1100
AGENT = Agent(observation=[Feature("x", 0, 1)], actions=["go"])
COUNTER = world(
    AGENT,
    lambda s, action: {"count": s["count"] + 1},
    state=[Feature("x", 0, 1), Feature("count", 0, 0)],
    observe=lambda s: {"x": s["x"]},
)
S = COUNTER.state("s")


def test_what_is_asked_after_many_steps():
    run = COUNTER.trajectory(S, STEPS)
    asked = run.always(lambda t: or_(t["count"] < STEPS, t["x"] * (1 - t["x"]) <= F(3, 10)))
    parts = questions(forall(S, asked))
    assert parts is not None
    outcome = Explorer(parts[0].bounded(STEPS), None, {}).run(Deadline.after(60.0))
    assert outcome.proved is True
    assert not can_be_unrolled(asked)
    with pytest.raises(TooManyCases, match="more than 256"):
        unrolled(asked)


def test_many_paths_are_not_written_out_beyond_the_budget():
    agent = Agent(observation=[Feature("x", 0, 1)], actions=["go", "stay"])
    there = world(agent, lambda s, action: {"x": s["x"] / 2} if action == "go" else {})
    s = there.state("s")
    run = there.trajectory(s, 12)
    either = or_(run.always(lambda t: t["x"] <= F(1, 2)), run.always(lambda t: t["x"] >= F(1, 4)))
    networks = {"score": dense(([[1], [-1]], [0, F(1, 3)])).network()}
    bound = BoundProperty(forall(s, either).named("either"), networks)
    with SmtSolver() as smt:
        engines = Engines(smt)
        result = on_time(2.5, lambda: judge(bound, engines, 0.5))
    assert result.reason is Reason.TIME
