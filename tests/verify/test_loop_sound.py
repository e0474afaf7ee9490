"""Formulas over trajectories that are easily taken for true: names, ties, equal ranges."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest
from engine_case import Tiny, dense

from theory import Agent, Feature, Term, World, exists, forall, maximum, minimum, world
from verify.bind import BoundProperty
from verify.judge import judge
from verify.smt.solver import SmtSolver
from verify.solve import Engines
from verify.verdict import Result, Verdict

F = Fraction
WALKER = Agent(observation=[Feature("x", 0, 1)], actions=["go"])
ALWAYS_GO = dense(([[1]], [0]))


def walk(step: Callable[[Term], Any]) -> World:
    """A world in which there is one thing to do."""
    return world(WALKER, lambda s, action: {"x": step(s)}, name="walk")


def judged(formula: Term, score: Tiny, timeout_s: float = 5.0) -> Result:
    with SmtSolver() as smt:
        networks = {"score": score.network()}
        return judge(BoundProperty(formula.named("claim"), networks), Engines(smt), timeout_s)


@pytest.mark.parametrize("name", ["s", "t"])
def test_a_variable_of_the_users_is_not_taken_for_the_state(name: str):
    run = walk(lambda s: s["x"] + 1)
    o, other = run.state("o"), run.state(name)
    formula = forall(o, other, run.trajectory(o, 3).always(lambda t: t["x"] <= other["x"] + 1))
    assert judged(formula, ALWAYS_GO).verdict is Verdict.VIOLATED


def test_a_quantifier_inside_does_not_bind_the_state():
    run = walk(lambda s: s["x"] + 1)
    o, s = run.state("o"), run.state("s")
    higher = forall(o, run.trajectory(o, 3).always(lambda t: exists(s, t["x"] <= s["x"] + 1)))
    assert judged(higher, ALWAYS_GO).verdict is Verdict.VIOLATED


@pytest.mark.parametrize("name", ["origin", "o"])
def test_an_inductive_step_begins_anywhere_whatever_the_first_state_is_called(name: str):
    run = walk(lambda s: minimum(s["x"] + F(1, 1000), 5))
    first = run.state(name)
    formula = forall(first, run.trajectory(first).always(lambda t: t["x"] <= first["x"] + 1))
    assert judged(formula, ALWAYS_GO, 2.0).verdict is Verdict.UNKNOWN


def test_scores_at_two_observations_with_the_same_range_are_not_the_same():
    agent = Agent(observation=[Feature("x", 0, 1)], actions=["go", "stop"])
    run = world(
        agent,
        lambda s, action: {"y": -s["y"]},
        state=[Feature("y", -1, 1)],
        observe=lambda s: {"x": maximum(s["y"], 0)},
    )
    s = run.state("s")

    def first_is_best(t: Term) -> Term:
        return agent.score(run.observe(t), "go") <= agent.score(run.observe(s), "go")

    # The score of `go` differs from 0 on a range that is too small to be hit by chance.
    low, width = F(5, 16), F(1, 2**22)
    peak = dense(
        ([[1], [1], [1]], [-low, -low - width, -low - 2 * width]), ([[1, -2, 1], [0] * 3], [0, 0])
    )
    formula = forall(s, run.trajectory(s, 1).always(first_is_best))
    assert judged(formula, peak, 1.0).verdict is not Verdict.HOLDS
