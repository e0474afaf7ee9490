"""A shuttle on a track: does it stay between the buffers for ever?

One step moves it by its velocity, and the action changes the velocity, which is limited. The
shuttle starts at rest in the middle half of the track; the buffers are at -1 and 1.

    mesascope check examples/track/steady.pt2 --spec examples/track/spec.py
    mesascope check examples/track/hasty.pt2 --spec examples/track/spec.py

`steady` brakes in time, which is proved by k-induction; its twin `hasty` brakes late, swings
further and further, and meets a buffer. Both are made by `python -m benchmarks.zoo.train_track`.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from theory import Agent, Feature, Term, and_, maximum, minimum, world
from theory.properties import trajectory

PUSH, TOP = Fraction(1, 10), Fraction(3, 10)
PUSHES = {"left": -PUSH, "coast": Fraction(0), "right": PUSH}

agent = Agent(
    observation=[Feature("x", -0.5, 0.5), Feature("v", 0, 0)],
    actions=tuple(PUSHES),
    ties="first",
)


def step(s: Term, action: str) -> dict[str, Any]:
    """One step: first it moves, then the push changes its velocity."""
    pushed = s["v"] + PUSHES[action]
    return {"x": s["x"] + s["v"], "v": maximum(minimum(pushed, TOP), -TOP)}


track = world(agent, step, name="track")

properties = [
    trajectory.stays(track, lambda s: and_(s["x"] >= -1, s["x"] <= 1), safe="between the buffers"),
]
