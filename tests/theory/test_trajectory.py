"""Temporal formulas: their exact meaning, against plain simulation and against unrolling."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from loop_case import ACTIONS, Course, Loop, courses

from theory import Agent, Feature, Interpretation, Term, evaluate, forall, implies, world
from theory.bend import TooManyCases, cases
from theory.error import InputError, SortError
from theory.unroll import is_temporal, unrolled
from theory.world import STATE

F = Fraction
COUNTER = Agent(observation=[Feature("n", 0, 10)], actions=["up", "rest"])
COUNTING = world(COUNTER, lambda s, a: {"n": s["n"] + 1} if a == "up" else {}, name="counting")
START = COUNTER.observation("o")


def counting(limit: int, start: int = 0) -> Interpretation:
    """The agent counts up while n is below the limit."""
    return Interpretation(
        functions={"score": lambda o: [limit - o["n"] - F(1, 2), 0]},
        variables={"o": {"n": F(start)}},
    )


def trajectories(loop: Loop, start: Any, steps: int) -> Iterator[list[Any]]:
    """Every trajectory of plain states, one after the other."""
    agent = loop.world.agent
    scores = loop.functions["score"](start)
    best = [a for a, score in zip(ACTIONS, scores, strict=True) if score == max(scores)]
    if steps == 0:
        yield [start]
        return
    for action in best[:1] if agent.ties == "first" else best:
        for push in (F(-1, 2), F(1, 2)):
            values = {STATE: start, "wind": {"push": push}}
            after = evaluate(loop.world.moves[action], Interpretation(variables=values))
            for rest in trajectories(loop, after, steps - 1):
                yield [start, *rest]


def naive(node: Term, loop: Loop, start: Any, steps: int) -> bool:
    """The formula on every trajectory, by its plain definition."""

    def true(formula: Term, state: Any) -> bool:
        return evaluate(formula, Interpretation(loop.functions, {node.payload.state: state}))

    def on(states: list[Any]) -> bool:
        first, second = node.arguments[1], node.arguments[-1]
        match node.operator:
            case "always":
                return all(true(first, s) for s in states)
            case "eventually":
                return any(true(first, s) for s in states)
            case "next":
                return true(first, states[1])
            case _:
                return any(
                    true(second, s) and all(true(first, r) for r in states[:at])
                    for at, s in enumerate(states)
                )

    return all(on(states) for states in trajectories(loop, start, max(1, steps)))


@given(courses())
def test_the_meaning_is_that_of_every_trajectory(course: Course):
    meant = course.interpretation
    expected = naive(course.formula, course.loop, course.start, course.steps)
    assert evaluate(course.formula, meant) == expected
    try:
        flat = unrolled(course.formula)
    except TooManyCases:
        return
    assert not is_temporal(flat)
    assert evaluate(flat, meant) == expected


@given(courses())
def test_cases_exclude_each_other_and_give_the_value(course: Course):
    meant = Interpretation(variables={STATE: course.start, "wind": {"push": F(1, 2)}})
    for move in course.loop.world.moves.values():
        applying = [case for case in cases(move) if evaluate(case.guard, meant)]
        assert len(applying) == 1
        assert evaluate(applying[0].value, meant) == evaluate(move, meant)


def test_for_ever_is_decided_where_the_states_are_finitely_many():
    run = COUNTING.trajectory(START)
    assert evaluate(run.always(lambda s: s["n"] <= 5), counting(5)) is True
    assert evaluate(run.always(lambda s: s["n"] <= 4), counting(5)) is False
    assert evaluate(run.eventually(lambda s: s["n"] >= 5), counting(5)) is True
    assert evaluate(run.eventually(lambda s: s["n"] >= 6), counting(5)) is False
    assert evaluate(run.until(lambda s: s["n"] <= 4, lambda s: s["n"] >= 5), counting(5)) is True
    assert evaluate(run.until(lambda s: s["n"] <= 3, lambda s: s["n"] >= 5), counting(5)) is False


def test_a_tie_is_broken_in_every_way_unless_the_first_of_the_best_is_taken():
    tied = Interpretation(functions={"score": lambda o: [1, 1]}, variables={"o": {"n": F(0)}})
    rises = COUNTING.trajectory(START, 1).eventually(lambda s: s["n"] >= 1)
    assert evaluate(rises, tied) is False
    first = Agent(observation=[Feature("n", 0, 10)], actions=["up", "rest"], ties="first")
    counts = world(first, lambda s, a: {"n": s["n"] + 1} if a == "up" else {})
    o = first.observation("o")
    assert evaluate(counts.trajectory(o, 1).eventually(lambda s: s["n"] >= 1), tied) is True


def test_inside_another_one():
    run = COUNTING.trajectory(START, 3)
    soon = run.always(
        lambda s: implies(s["n"] <= 3, COUNTING.trajectory(s, 2).eventually(lambda t: t["n"] >= 4))
    )
    assert "s' in counting(s, 2)" in str(soon)
    assert evaluate(soon, counting(5, start=2)) is True
    assert evaluate(soon, counting(5, start=1)) is False
    assert evaluate(unrolled(soon), counting(5, start=2)) is True
    assert evaluate(unrolled(soon), counting(5, start=1)) is False


def test_choices_come_from_the_points_where_those_are_listed():
    agent = Agent(observation=[Feature("x", 0, 1)], actions=["go"])
    windy = world(
        agent,
        lambda s, a, wind: {"x": s["x"] + wind["push"]},
        choices=[Feature("push", 0, 1)],
        chooser="wind",
    )
    o = agent.observation("o")
    formula = windy.trajectory(o, 2).always(lambda s: s["x"] <= 1)
    meant = Interpretation({"score": lambda o: [0]}, {"o": {"x": F(0)}})
    with pytest.raises(InputError, match="wind@0"):
        evaluate(formula, meant)
    for push, holds in ((F(1, 2), True), (F(3, 4), False)):
        points = {f"wind@{t}": [{"push": push}] for t in (0, 1)}
        assert evaluate(formula, Interpretation(meant.functions, meant.variables, points)) is holds
    assert str(windy.choice(1)) == "wind@1"
    beyond = {f"wind@{t}": [{"push": F(2)}] for t in (0, 1)}
    with pytest.raises(InputError, match=r"wind@0: the point .* is outside its domain"):
        evaluate(formula, Interpretation(meant.functions, meant.variables, beyond))


def test_a_variable_with_the_choosers_name_is_not_the_choice():
    windy = world(
        COUNTER,
        lambda s, a, wind: {"n": s["n"] + wind["n"]},
        choices=[Feature("n", 0, 10)],
        chooser="wind",
    )
    flat = unrolled(windy.trajectory(COUNTER.observation("wind"), 1).always(lambda s: s["n"] <= 3))
    points = {"wind@0": [{"n": F(3)}]}
    assert evaluate(flat, Interpretation({}, {"wind": {"n": F(0)}}, points)) is True


def test_hidden_state_and_what_is_observed_of_it():
    agent = Agent(observation=[Feature("seen", 0, 1)], actions=["go", "stop"])
    hidden = world(
        agent,
        lambda s, a: {"x": s["x"] + 1} if a == "go" else {},
        state=[Feature("x", 0, 2), Feature("kept", flag=True)],
        observe=lambda s: {"seen": s["x"] / 4},
    )
    s = hidden.state("s")
    formula = forall(s, hidden.trajectory(s, 3).always(lambda t: t["x"] <= 3))
    assert str(hidden.observe(s)) == "[seen: s.x * 0.25]"
    meant = Interpretation({"score": lambda o: [F(5, 8) - o["seen"], 0]})
    points = {"s": [{"x": F(k), "kept": F(1)} for k in range(3)]}
    assert evaluate(formula, Interpretation(meant.functions, points=points)) is True


def test_a_property_of_trajectories_is_closed():
    formula = COUNTING.trajectory(START, 2).always(lambda s: s["n"] <= 9)
    with pytest.raises(InputError, match="o are not quantified"):
        formula.named("open")
    assert forall(START, formula).named("closed").antecedent is None


def test_wrong_input(monkeypatch: pytest.MonkeyPatch):
    o = START
    with pytest.raises(InputError, match="not -1"):
        COUNTING.trajectory(o, -1)
    with pytest.raises(SortError, match="starts at one of its states"):
        COUNTING.trajectory(o["n"], 1)
    with pytest.raises(InputError, match=r"world 'world', action 'up': unknown feature 'm'"):
        world(COUNTER, lambda s, a: {"m": 1})
    with pytest.raises(InputError, match="speaks of 'p'"):
        world(COUNTER, lambda s, a: {"n": COUNTER.observation("p")["n"]})
    with pytest.raises(InputError, match="no value for the feature 'n'"):
        world(COUNTER, lambda s, a: {}, state=[Feature("x", 0, 1)])
    with pytest.raises(InputError, match="another agent"):
        Agent(observation=[Feature("n", 0, 1)], actions=["up"]).trajectory(o, 1, COUNTING)
    with pytest.raises(SortError, match="nobody but the agent"):
        COUNTING.choice(0)
    with pytest.raises(TooManyCases, match="without end"):
        unrolled(forall(o, COUNTING.trajectory(o).always(lambda s: s["n"] <= 9)))
    with pytest.raises(TooManyCases, match="paths"):
        unrolled(forall(o, COUNTING.trajectory(o, 30).always(lambda s: s["n"] <= 9)))
    monkeypatch.setattr("theory.course.LARGEST", 100)
    with pytest.raises(InputError, match="comes to more than"):
        evaluate(COUNTING.trajectory(o).always(lambda s: s["n"] >= 0), counting(10**9))


def test_conditions_are_formulas():
    with pytest.raises(SortError, match="takes formulas"):
        COUNTING.trajectory(START, 2).always(lambda s: s["n"])
    assert not is_temporal(START["n"] <= 1)
