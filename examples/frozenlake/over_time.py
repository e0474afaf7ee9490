"""The lake as a world for an agent, asked about its trajectories and their probabilities.

    mesascope check examples/frozenlake/trained.pt2 --spec examples/frozenlake/over_time.py

`spec.py` asks about the chain that an agent makes of the lake; here the agent is the network of the
command line. What the ice does is drawn: of probabilities `probably` speaks, of everything that can
happen the others. That the goal is never reached has probability 0, and can happen all the same: a
trajectory that slips back to where it was, for ever.
"""

from __future__ import annotations

from ice import ACTIONS, lake  # the folder of a spec is on the path while the spec is read

from theory import Agent, Feature, Term, forall, implies, not_
from theory.finite.world import process_world

process, letters = lake()
agent = Agent(
    observation=[Feature(f"cell_{at}", flag=True) for at in range(len(letters))],
    actions=ACTIONS,
    ties="first",
)
world = process_world(
    agent, process, lambda state: [int(at == int(state)) for at in range(len(letters))],
    chooser="ice", name="lake",
)  # fmt: skip
s = world.state("s")
run = world.trajectory(s)


def cells(state: Term, letter: str) -> Term:
    """Whether a state is a cell with this letter."""
    return world.among(state, [str(at) for at, one in enumerate(letters) if one == letter])


def asked(formula: Term) -> Term:
    """The formula from the first cell."""
    return forall(s, implies(cells(s, "S"), formula))


properties = [
    asked(run.probably(lambda t: cells(t, "G"), at_least="14/17")).named(
        "as good as can be", "The agent gets to the goal with probability 14/17, which is the best."
    ),
    asked(run.probably(lambda t: cells(t, "H"), at_most="1/5")).named(
        "falls in rarely", "The agent falls into a hole with probability 1/5 at most."
    ),
    forall(s, run.probably(lambda t: not_(cells(t, "F")), at_least=1)).named(
        "every episode ends", "From every cell the agent almost surely leaves the frozen ones."
    ),
    asked(run.eventually(lambda t: cells(t, "G"))).named(
        "cannot miss the goal", "Whatever the ice does, the agent gets to the goal."
    ),
    asked(run.always(lambda t: not_(cells(t, "H")))).named(
        "cannot fall in", "Whatever the ice does, the agent never falls into a hole."
    ),
]
