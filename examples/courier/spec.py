"""What two goal-conditioned agents believe of a frozen canal, told by their choices alone.

Neither network has a world model to look at: each takes a place and a goal, and gives two scores.
Which of two goals it goes for gives its transition probabilities away (Richens et al. 2025), within
a bound that follows from its regret. `courier.pt2` was trained on the canal, `stranger.pt2` on the
same canal in summer; the stranger's choices rest on another world.
"""

from __future__ import annotations

from pathlib import Path

from canal import (
    TRIALS,
    canal,
    encode,
    steps,
)  # the folder of a spec is on the path while it is read

from extract.abstraction.either_or import asking, process_of, recover_process
from extract.reader import read
from theory.claim import Claim
from theory.properties import worldmodel

REGRET = "0.05"
"""By at most such a share do the choices fall short of the best. The courier's do: the largest
regret of its 900 choices is 0.024."""


def believed(name: str) -> Claim:
    """That an agent's choices rest on the canal as it is."""
    prefers = asking(read(Path(__file__).parent / f"{name}.pt2"), encode, steps)
    model = process_of(recover_process(prefers, TRIALS, float(REGRET)))
    claim = worldmodel.accurate_world_model(model, canal, trials=TRIALS, regret=REGRET)
    return claim.named(
        f"{name}: knows the canal",
        f"The {name}'s choices give the canal away as closely as competence implies.",
    )


properties = [believed("courier"), believed("stranger")]
