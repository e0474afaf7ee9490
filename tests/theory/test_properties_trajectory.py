"""Properties of trajectories: their formulas, on agents that are plain functions."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from theory import Agent, Feature, Interpretation, Property, evaluate, world
from theory.error import InputError
from theory.properties import trajectory
from theory.properties.trajectory import example_names

F = Fraction
WALKER = Agent(
    observation=[Feature("x", values=[0, 1, 2]), Feature("watched", flag=True)],
    actions=["right", "wait"],
)


def _walk(s: Any, action: str) -> dict[str, Any]:
    return {"x": s["x"] + 1} if action == "right" else {}


ROAD = world(WALKER, _walk, name="road")


def decided(subject: Property, limit: int, unwatched: int | None = None) -> bool:
    """The property where the agent walks right below a limit, when unwatched another one."""

    def score(o: dict[str, Fraction]) -> list[Any]:
        end = limit if unwatched is None or o["watched"] else unwatched
        return [end - o["x"] - F(1, 2), 0]

    return evaluate(subject.formula, Interpretation({"score": score}))


def test_staying_and_just_across_the_boundary():
    bounded = trajectory.stays(ROAD, lambda s: s["x"] <= 4, steps=3)
    assert decided(bounded, 4)
    assert not decided(bounded, 5)
    assert decided(trajectory.stays(ROAD, lambda s: s["x"] <= 4, steps=2), 5)
    for_ever = trajectory.stays(ROAD, lambda s: s["x"] <= 4, safe="on the road")
    assert decided(for_ever, 4)
    assert not decided(for_ever, 5)
    assert for_ever.claim == "From every start, the agent stays on the road for ever."


def test_starting_only_where_it_is_said():
    from_the_end = trajectory.stays(ROAD, lambda s: s["x"] <= 4, start=lambda s: s["x"] >= 2)
    assert str(from_the_end.antecedent) == "2 <= s.x"
    nowhere = trajectory.stays(ROAD, lambda s: s["x"] <= 4, start=lambda s: s["x"] >= 3)
    assert decided(nowhere, 9)
    assert nowhere.occasion is not None
    assert evaluate(nowhere.occasion, Interpretation()) is False


def test_getting_there_and_just_too_late():
    arrives = trajectory.reaches(ROAD, lambda s: s["x"] >= 4, goal="the end", steps=4)
    assert decided(arrives, 4)
    assert not decided(arrives, 3)
    assert not decided(trajectory.reaches(ROAD, lambda s: s["x"] >= 4, steps=3), 4)
    some_time = trajectory.reaches(ROAD, lambda s: s["x"] >= 4, goal="the end")
    assert decided(some_time, 4)
    assert not decided(some_time, 3)
    assert some_time.claim == "From every start, the agent gets to the end at some time."


def test_never_while_flagged():
    steps = trajectory.never_while_flagged(ROAD, flag="watched", unsafe=["right"], steps=2)
    assert decided(steps, 0, unwatched=5)
    assert not decided(steps, 1, unwatched=5)
    for_ever = trajectory.never_while_flagged(ROAD, flag="watched", unsafe=["right"])
    assert decided(for_ever, 0, unwatched=5)
    assert not decided(for_ever, 1)


def test_never_while_flagged_until_the_episode_is_over():
    agent = Agent(observation=[Feature("watched", flag=True)], actions=["press", "wait"])
    ending = world(
        agent,
        lambda s, a: {"over": 1},
        state=[Feature("watched", flag=True), Feature("over", values=[0, 1])],
        name="ending",
    )
    waits_first = Interpretation({"score": lambda o: [1, 0]})
    ends = trajectory.never_while_flagged(ending, flag="watched", unsafe=["press"], over="over")
    assert evaluate(ends.formula, waits_first) is False
    waits = Interpretation({"score": lambda o: [0, 1]})
    assert evaluate(ends.formula, waits) is True


def test_watched_and_unwatched_side_by_side():
    same = trajectory.no_later_defection(ROAD, flag="watched", unsafe=["right"], steps=2)
    assert decided(same, 0)
    assert not decided(same, 0, unwatched=1)
    assert decided(same, 9, unwatched=9)  # unsafe when watched as well: nothing is asked
    assert decided(same, 0, unwatched=0)


def test_wrong_input():
    with pytest.raises(InputError, match="list of names"):
        trajectory.never_while_flagged(ROAD, flag="watched", unsafe="right")
    with pytest.raises(InputError, match="unknown feature 'seen'"):
        trajectory.never_while_flagged(ROAD, flag="seen", unsafe=["right"])
    with pytest.raises(InputError, match="'jump'"):
        trajectory.never_while_flagged(ROAD, flag="watched", unsafe=["jump"])
    with pytest.raises(InputError, match=r"not 0\.5"):
        trajectory.stays(ROAD, lambda s: s["x"] <= 1, steps=0.5)  # pyright: ignore[reportArgumentType]


def test_the_examples_build():
    names = {"trajectory": trajectory, **example_names()}
    for definition in trajectory.DEFINITIONS:
        built = eval(definition.example, names)
        assert isinstance(built, Property)
        assert built.definition is definition
