"""Formulas over trajectories that are easily taken for true: names, ties, equal ranges."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest
from engine_case import Drawing, Tiny, dense

from extract.network import Network, Node
from extract.run import run
from theory import (
    Agent,
    Feature,
    Term,
    World,
    and_,
    exists,
    forall,
    implies,
    maximum,
    minimum,
    world,
)
from theory.properties.trajectory import never_while_flagged
from verify.bind import BoundProperty
from verify.judge import judge
from verify.loop.policy import Policy
from verify.loop.special import specialised
from verify.smt.solver import SmtSolver
from verify.solve import Engines
from verify.verdict import Reason, Result, Verdict

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
    there = walk(lambda s: s["x"] + 1)
    o, other = there.state("o"), there.state(name)
    formula = forall(o, other, there.trajectory(o, 3).always(lambda t: t["x"] <= other["x"] + 1))
    assert judged(formula, ALWAYS_GO).verdict is Verdict.VIOLATED


def test_a_quantifier_inside_does_not_bind_the_state():
    there = walk(lambda s: s["x"] + 1)
    o, s = there.state("o"), there.state("s")
    higher = forall(o, there.trajectory(o, 3).always(lambda t: exists(s, t["x"] <= s["x"] + 1)))
    assert judged(higher, ALWAYS_GO).verdict is Verdict.VIOLATED


@pytest.mark.parametrize("name", ["origin", "o"])
def test_an_inductive_step_begins_anywhere_whatever_the_first_state_is_called(name: str):
    there = walk(lambda s: minimum(s["x"] + F(1, 1000), 5))
    first = there.state(name)
    formula = forall(first, there.trajectory(first).always(lambda t: t["x"] <= first["x"] + 1))
    assert judged(formula, ALWAYS_GO, 2.0).verdict is Verdict.UNKNOWN


def test_scores_at_two_observations_with_the_same_range_are_not_the_same():
    agent = Agent(observation=[Feature("x", 0, 1)], actions=["go", "stop"])
    there = world(
        agent,
        lambda s, action: {"y": -s["y"]},
        state=[Feature("y", -1, 1)],
        observe=lambda s: {"x": maximum(s["y"], 0)},
    )
    s = there.state("s")

    def first_is_best(t: Term) -> Term:
        return agent.score(there.observe(t), "go") <= agent.score(there.observe(s), "go")

    # The score of `go` differs from 0 on a range that is too small to be hit by chance.
    low, width = F(5, 16), F(1, 2**22)
    peak = dense(
        ([[1], [1], [1]], [-low, -low - width, -low - 2 * width]), ([[1, -2, 1], [0] * 3], [0, 0])
    )
    formula = forall(s, there.trajectory(s, 1).always(first_is_best))
    assert judged(formula, peak, 1.0).verdict is not Verdict.HOLDS


def test_a_ranking_may_speak_of_the_start():
    there = walk(lambda s: s["x"] / 2)
    o = there.state("o")
    half = there.trajectory(o).eventually(
        lambda t: t["x"] <= F(1, 2), ranking=lambda t: t["x"] + o["x"] + 1
    )
    assert judged(forall(o, half), ALWAYS_GO).verdict is Verdict.HOLDS


def test_states_made_of_scores_are_left_to_the_engines_for_single_observations():
    there = walk(lambda s: WALKER.score(s, "go") - 1)
    o = there.state("o")
    falls, for_ever = (there.trajectory(o, n).always(lambda t: t["x"] <= 1) for n in (2, None))
    assert judged(forall(o, falls), ALWAYS_GO).verdict is Verdict.HOLDS
    assert judged(forall(o, for_ever), ALWAYS_GO).verdict is Verdict.UNKNOWN


def test_a_condition_about_infinitely_many_trajectories():
    there = world(
        WALKER, lambda s, action, wind: {"x": s["x"] + wind["push"]},
        choices=[Feature("push", 0, 1)], chooser="wind",
    )  # fmt: skip
    o = there.state("o")
    low, high = (there.trajectory(o, 1).always(lambda t, k=k: t["x"] <= k) for k in (F(3, 2), 1))
    assert judged(forall(o, implies(low, high)), ALWAYS_GO, 10.0).verdict is Verdict.VIOLATED


def test_a_tie_with_an_unsafe_action_is_not_safe():
    agent = Agent(
        observation=[Feature("x", 0, 1), Feature("watched", flag=True)], actions=["go", "harm"]
    )
    there = world(agent, lambda s, action: {})
    subject = never_while_flagged(there, flag="watched", unsafe=["harm"])
    tied = dense(([[1, 0], [1, 0]], [0, 0]))
    with SmtSolver() as smt:
        result = judge(BoundProperty(subject, {"score": tied.network()}), Engines(smt), 5.0)
    assert result.verdict is Verdict.VIOLATED


def test_what_asks_other_networks_is_left_to_the_engines_for_single_observations():
    there = walk(lambda s: s["x"] / 2)
    o = there.state("o")
    formula = forall(o, there.trajectory(o, 2).always(lambda t: WALKER.value(t) <= 1))
    networks = {"score": ALWAYS_GO.network(), "value": ALWAYS_GO.network()}
    with SmtSolver() as smt:
        engines = Engines(smt)
        full = judge(BoundProperty(formula.named("claim"), networks), engines, 5.0)
        assert full.verdict is Verdict.HOLDS
        bare = judge(BoundProperty(formula.named("claim"), {}), engines, 5.0)
        assert bare.reason is Reason.ROLE_NOT_FOUND


def test_a_network_without_a_policy():
    there = walk(lambda s: s["x"] / 2)
    o = there.state("o")
    formula = forall(o, there.trajectory(o).always(lambda t: t["x"] <= 1))
    with SmtSolver() as smt:
        bare = judge(BoundProperty(formula.named("claim"), {}), Engines(smt), 5.0)
    assert bare.reason is Reason.ROLE_NOT_FOUND


def test_a_witness_against_one_claim_of_two():
    there = world(
        WALKER, lambda s, action, wind: {"x": s["x"] + wind["push"]},
        choices=[Feature("push", 0, 1)], chooser="wind",
    )  # fmt: skip
    o, p = there.state("o"), there.state("p")
    soon = there.trajectory(o, 1).always(lambda t: t["x"] <= F(1, 2))
    later = there.trajectory(p, 3).always(lambda t: t["x"] >= 0)
    for formula in (forall(o, p, and_(later, soon)), and_(forall(p, later), forall(o, soon))):
        result = judged(formula, ALWAYS_GO)
        assert result.verdict is Verdict.VIOLATED
        assert all(result.replays.values())


def gated(op: str) -> Network:
    """Scores that are twice what a flag lets through of a number, or a bend of that."""
    drawing = Drawing([Node("x", "input", (), (1, 2))])
    number, flag = (
        drawing.add("slice", ("x",), 1, axis=1, start=at, stop=at + 1, step=1) for at in (0, 1)
    )
    through = drawing.add(op, (drawing.add("mul", (flag, number), 1),), 1)
    weights = drawing.hold([[2], [-1]])
    scores = drawing.add("linear", (through, weights, drawing.hold([0, 1])), 2)
    return Network(tuple(drawing.nodes), ("x",), (scores,), drawing.parameters, "gated")


@pytest.mark.parametrize("op", ["relu", "neg"])
@pytest.mark.parametrize("flag", [0, 1])
def test_bounds_where_a_flag_is_known_are_those_of_the_whole_network(op: str, flag: int):
    agent = Agent(
        observation=[Feature("x", -1, 1), Feature("on", flag=True)], actions=["go", "stop"]
    )
    network = gated(op)
    (gaps,) = Policy(agent, network).gaps([[(F(-1), F(1)), (F(flag), F(flag))]])
    smaller = specialised(network, {1: F(flag)})
    for x in (-1, -0.3, 0, 0.7, 1):
        (scores,) = run(network, [x, flag]).values()
        assert (scores == next(iter(run(smaller, [x, flag]).values()))).all()
        go, stop = (F(float(score)) for score in scores.ravel())
        assert go - stop <= gaps.upper[0, 1]
        assert stop - go <= gaps.upper[1, 0]


def test_finite_values_that_are_no_floats_are_met_exactly():
    third = F(1, 3)
    there = world(
        WALKER, lambda s, action, wind: {"x": s["x"] + s["y"] + wind["push"]},
        state=[Feature("x", 0, 1), Feature("y", values=[third])], observe=lambda s: {"x": s["x"]},
        choices=[Feature("push", values=[third])], chooser="wind",
    )  # fmt: skip
    s = there.state("s")
    result = judged(forall(s, there.trajectory(s, 1).always(lambda t: t["x"] <= 1)), ALWAYS_GO)
    assert result.verdict is Verdict.VIOLATED
    assert result.witness is not None
    assert result.witness.values["s"]["y"] == third
    assert result.witness.values["wind@0"] == {"push": third}
