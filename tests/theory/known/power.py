"""POWER of a state with k children to stay in: 36, 37 and 39."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from theory.power.attainable import choice_power, power, uniform_rewards
from theory.process import Process, process


def star(children: int, discount: Fraction) -> Process:
    """A root from which each child can be chosen, and is then stayed in."""
    steps = {"root": {f"to {at}": f"child {at}" for at in range(children)}}
    steps |= {f"child {at}": {"stay": f"child {at}"} for at in range(children)}
    return process(steps, discount=discount)


def children(count: int) -> Callable[[dict[str, Any]], None]:
    def check(case: dict[str, Any]) -> None:
        published = Fraction(case["verdict"])
        assert choice_power(count) == published
        # rewards in n equal parts: the mean of the best of k differs by less than 1 / n
        levels = {1: 8, 2: 8, 5: 2}[count]
        for discount in (Fraction(1, 10), Fraction(9, 10)):
            world = star(count, discount)
            rewards = uniform_rewards([f"child {at}" for at in range(count)], levels)
            assert abs(power(world, rewards)["root"] - published) < Fraction(1, levels)

    return check


CASES: dict[int, Callable[[dict[str, Any]], None]] = {
    36: children(1),
    37: children(2),
    39: children(5),
}
