"""An agent in a loop with its world: questions about trajectories, decided on sets of states.

A set of states is a cell: a box of the numbers that are still free (where the trajectory starts,
what others choose on the way), with every feature of the state an exact affine function of them.
"""

from verify.loop.question import Question, questions

__all__ = ["Question", "questions"]
