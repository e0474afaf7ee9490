"""Small agents and networks of formulas that are made into problems."""

from __future__ import annotations

from engine_case import Tiny, dense

from extract.network import Network
from theory import Agent, Feature

LINE = Agent(observation=[Feature("x", -1, 1)], actions=["left", "right"])
PLANE = Agent(observation=[Feature("x", -1, 1), Feature("y", 0, 2)], actions=["left", "right"])
SWITCHES = Agent(
    observation=[Feature("a", flag=True), Feature("b", flag=True)], actions=["left", "right"]
)
TILT = dense(([[1], [-1]], [0, 0]))
"""Scores x and -x."""


def functions(**tinies: Tiny) -> dict[str, Network]:
    return {name: tiny.network(name) for name, tiny in tinies.items()}
