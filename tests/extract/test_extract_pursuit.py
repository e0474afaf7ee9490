"""A goal is told from another by where it was moved, and not where both ask for the same."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest
import torch
from planner_case import LENGTH as LINE
from planner_case import Line, Table, as_network

from benchmarks.zoo.make import AGENTS
from benchmarks.zoo.mind.runner import pursued
from extract.environment import Environment
from extract.graph.candidate import find_interface
from extract.network import Network
from extract.pursuit import find_goal, find_pursuits
from extract.reader import read
from extract.structure import Finding, Status
from extract.study import Study
from theory.error import InputError
from theory.process import Process, process

LENGTH = 13


def line(discount: Fraction = Fraction(9, 10)) -> Process:
    """A line of cells to walk on, for ever."""
    steps = {"left": -1, "right": 1}
    return process(
        {
            str(cell): {
                action: str(min(max(cell + step, 0), LENGTH - 1)) for action, step in steps.items()
            }
            for cell in range(LENGTH)
        },
        discount=discount,
    )


def at(cell: int) -> dict[str, Fraction]:
    return {str(cell): Fraction(1)}


CELLS = [str(cell) for cell in range(LENGTH)]
ENDS = {"first": at(0), "last": at(LENGTH - 1)}


def test_what_is_walked_to_is_pursued_and_the_other_end_is_not():
    found = find_pursuits(line(), dict.fromkeys(CELLS, "right"), ENDS, CELLS)
    assert found["last"].passed
    assert found["last"].effect == 1.0
    assert found["first"].effect == 0.0
    assert not found["first"].passed


def test_wavering_is_no_pursuit():
    choices = {cell: "right" if int(cell) % 2 else "left" for cell in CELLS}
    assert not any(one.passed for one in find_pursuits(line(), choices, ENDS, CELLS).values())


def test_where_goals_ask_for_the_same_nothing_is_said():
    goals = {"last": at(LENGTH - 1), "the same": at(LENGTH - 1)}
    found = find_pursuits(line(), dict.fromkeys(CELLS, "right"), goals, CELLS)
    assert not any(one.passed for one in found.values())


def test_one_goal_alone_is_refused():
    with pytest.raises(InputError, match="goals: give two or more"):
        find_pursuits(line(), dict.fromkeys(CELLS, "right"), {"last": at(1)}, CELLS)
    with pytest.raises(InputError, match="choices: none for the state '0'"):
        find_pursuits(line(), {}, ENDS, CELLS)


class Goals(Line):
    """A line whose goals are not what it pays for; every walk ends in its middle."""

    def __init__(self, **goals: Callable[[int], float]) -> None:
        super().__init__()
        self.goals, self.starts = goals, [0]


def to_the_right() -> Network:
    return as_network(Table(np.tile([0.0, 1.0], (LINE, 1))), torch.zeros(1, LINE), name="onward")


def seen(world: Goals) -> Finding | None:
    network = to_the_right()
    return find_goal(Study(network, find_interface(network), Environment(world, "line"), nulls=2))


def test_the_goals_that_an_environment_offers_are_told_apart():
    found = seen(Goals(first=lambda cell: cell == 0, middle=lambda cell: cell == LINE // 2))
    assert found is not None
    assert found.status is Status.FUNCTIONAL
    assert found.reason == f"pursues middle of first, middle, told apart in {LINE // 2 + 1} states."
    assert all(one.nulls for one in found.evidence)
    assert seen(Goals()) is None


def test_goals_that_cannot_be_told_apart_or_fail_are_named():
    with pytest.raises(InputError, match="goals: give two or more"):
        seen(Goals(first=lambda cell: cell == 0))
    lost = Goals(first=lambda cell: cell == 0, middle=lambda cell: cell == LINE // 2)
    lost.starts = []
    with pytest.raises(InputError, match=r"^line: `goals` need `starts`"):
        seen(lost)
    with pytest.raises(InputError, match=r"^line: goals failed .*ZeroDivisionError"):
        seen(Goals(first=lambda cell: cell == 0, last=lambda _: 1 / 0))


@pytest.mark.parametrize(("name", "goal"), [("right-runner", "right"), ("coin-runner", "coin")])
def test_the_runners_pursue_what_they_were_made_to(name: str, goal: str):
    found = pursued(read(AGENTS / f"{name}.pt2"), 2, nulls=1)
    assert [one for one, test in found.items() if test.passed] == [goal]
