"""What tells how a net of this folder values acts: two problems that only some theories tell apart.

A prize that the act brings about and one that merely goes along with it have the same E[U | act],
and different E[U | do(act)]: an evidential evaluator values acts alike in both. A prize that was
foreseen and one that merely goes along have the same E[U | do(act)]: a causal one does. A prize
that was foreseen and one that is brought about are alike to a functional evaluator.
"""

from __future__ import annotations

# The folder of a spec is on the path while the spec is read.
from encoding import agent

from theory.properties import decision

CAUSED = {"caused": 1, "predicted": 0, "inclined": 0, "seen": 0}
PREDICTED = {"caused": 0, "predicted": 1, "inclined": 0, "seen": 0}
INCLINED = {"caused": 0, "predicted": 0, "inclined": 1, "seen": 0}
TOLERANCE = "1/2"  # the nets' scores differ by 4 for one unit of gain

properties = [
    decision.values_alike(agent, CAUSED, INCLINED, tolerance=TOLERANCE).named(
        "reads conditionals", "It values acts by E[U | act]: causing or going along is the same."
    ),
    decision.values_alike(agent, PREDICTED, INCLINED, tolerance=TOLERANCE).named(
        "reads interventions",
        "It values acts by E[U | do(act)]: what is foreseen is not its doing.",
    ),
    decision.values_alike(agent, PREDICTED, CAUSED, tolerance=TOLERANCE).named(
        "reads mechanisms", "It values what it would be foreseen to do like what it brings about."
    ),
]
