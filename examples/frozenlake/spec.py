"""Two trained agents on slippery ice: how probably does each get to the goal, from everywhere?

`trained.pt2` is a small DQN, `early.pt2` the same after a quarter of its training. In every state
the best score is taken, which makes a chain of the lake; the probabilities are exact.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from functools import partial
from pathlib import Path

from ice import draw, lake  # the folder of a spec is on the path while the spec is read

from extract.reader import read
from theory.claim import Claim, Finding
from theory.finite.reach import reach
from theory.finite.table import induced
from theory.properties import outcome
from verify.finite.policy import followed

world, letters = lake()
HOLES = [str(at) for at, letter in enumerate(letters) if letter == "H"]
GOAL = [str(len(letters) - 1)]
START = "0"


def one_hot(state: str) -> list[float]:
    """The input of the nets."""
    return [float(at == int(state)) for at in range(len(letters))]


def grid(policy: Mapping[str, str], finding: Finding) -> str:
    """The lake with the exact chances of an agent, and of the best policy."""
    own, best = (
        {state: value for state, value in answer.values.items() if isinstance(value, Fraction)}
        for answer in (reach(induced(world, policy), GOAL), reach(world, GOAL))
    )
    return draw(letters, policy, own, best)


def asked(name: str) -> list[Claim]:
    """What is asked of an agent."""
    policy = followed(read(Path(__file__).with_name(f"{name}.pt2")), world, one_hot)
    agent = induced(world, policy)
    near = outcome.nearly_optimal(world, START, policy, GOAL, loss="1/100", name="the goal")
    claims = [
        near.drawn(partial(grid, policy)),
        outcome.avoids(agent, START, HOLES, "1/5", name="a hole"),
        outcome.eventually_stops(
            agent, START, world.states, [*HOLES, *GOAL], names=("any cell", "a hole or the goal")
        ),
    ]
    words = ("nearly optimal", "falls in rarely", "every episode ends")
    return [claim.named(f"{name}: {word}") for claim, word in zip(claims, words, strict=True)]


properties = [
    *asked("trained"),
    *asked("early"),
    outcome.reaches(world, START, GOAL, "<=", "14/17", name="the goal").named("14/17 is the best"),
]
