"""Evidential decision theory: do what it would be best to learn that one does."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from theory.causal.value import UNREACHABLE, Unreachable
from theory.decision.answer import Answer, decided, matrix, unreachable
from theory.decision.problem import Problem


def edt(problem: Problem) -> Answer:
    """The acts d that maximise E[U | D = d, what is observed].

    Jeffrey, The logic of decision, 1965. An act that the agent is sure not to do has no value, and
    where there is one, EDT has no answer.
    """
    news = matrix(problem)
    if isinstance(news, Unreachable):
        return unreachable("EDT", problem.acts)
    values: dict[Any, Fraction | Unreachable] = {
        act: news.worth[act][act] if act in news.worth else UNREACHABLE for act in problem.acts
    }
    return decided("EDT", values)
