"""A trained agent on slippery ice: how probably does it get to the goal, from everywhere?

The agent in `dqn.pt2` is a small DQN. In every state its best score is taken, which makes the lake
a chain; the chain's probabilities are exact.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

from ice import draw, lake  # the folder of a spec is on the path while the spec is read

from extract.reader import read
from theory.claim import Finding
from theory.finite.reach import reach
from theory.finite.table import induced
from theory.properties import outcome
from verify.finite.policy import followed

world, letters = lake()
HOLES = [str(at) for at, letter in enumerate(letters) if letter == "H"]
GOAL = [str(len(letters) - 1)]
policy = followed(
    read(Path(__file__).with_name("dqn.pt2")),
    world,
    lambda state: [float(at == int(state)) for at in range(len(letters))],
)
agent = induced(world, policy)


def grid(finding: Finding) -> str:
    """The lake with the exact chances of the agent and of the best policy."""
    own, best = reach(agent, GOAL).values, reach(world, GOAL).values
    return draw(letters, policy, *({s: Fraction(v) for s, v in t.items()} for t in (own, best)))


properties = [
    outcome.nearly_optimal(world, "0", policy, GOAL, loss="1/10", name="the goal").drawn(grid),
    outcome.nearly_optimal(world, "0", policy, GOAL, name="the goal").named("optimal"),
    outcome.reaches(agent, "0", GOAL, ">=", "4/5", name="the goal"),
    outcome.avoids(agent, "0", HOLES, "1/4", name="a hole"),
    outcome.reaches(world, "0", GOAL, "<=", "14/17", name="the goal").named(
        "no policy beats 14/17"
    ),
    outcome.eventually_stops(agent, "0", world.transitions, [*HOLES, *GOAL]).named(
        "every episode ends", "Wherever the agent is, the episode ends with probability 1."
    ),
]
