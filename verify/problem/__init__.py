"""From a bound formula to the one question that every engine answers."""

from verify.problem.affine import Affine
from verify.problem.compile import compile_goal
from verify.problem.goal import AllOf, AnyOf, Atom, Goal, Inequality
from verify.problem.problem import Problem, Variable

__all__ = [
    "Affine",
    "AllOf",
    "AnyOf",
    "Atom",
    "Goal",
    "Inequality",
    "Problem",
    "Variable",
    "compile_goal",
]
