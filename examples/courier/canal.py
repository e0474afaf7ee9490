"""A courier on a frozen canal: three places, two ways to go on, and none of them sure.

A goal names a step (here, so, there) and a number k: out of 50 times that the step is tried, to
arrive there at most k times, or more often. The courier is offered both, and goes for one.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

from theory.process import process

PLACES, MOVES = ("dock", "bridge", "mill"), ("skate", "walk")
TRIALS = 50

canal = process(
    {
        "dock": {
            "skate": {"bridge": "0.7", "dock": "0.3"},
            "walk": {"bridge": "0.4", "dock": "0.6"},
        },
        "bridge": {
            "skate": {"mill": "0.45", "dock": "0.55"},
            "walk": {"mill": "0.8", "bridge": "0.2"},
        },
        "mill": {
            "skate": {"dock": "0.1", "mill": "0.9"},
            "walk": {"bridge": "0.65", "mill": "0.35"},
        },
    }
)

thawed = process(
    {
        place: {move: {PLACES[(i + 1) % 3]: "0.9", place: "0.1"} for move in MOVES}
        for i, place in enumerate(PLACES)
    }
)
"""The same places in summer, where every way leads on."""

steps = list(product(PLACES, MOVES, PLACES))


def encode(step: tuple[str, str, str], k: int, trials: int) -> Sequence[float]:
    """What the courier sees: where it is, how it is to go on, where to, and the share k / n."""
    here, move, there = step
    return [
        *(float(place == here) for place in PLACES),
        *(float(one == move) for one in MOVES),
        *(float(place == there) for place in PLACES),
        k / trials,
    ]
