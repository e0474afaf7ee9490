"""Effects of one variable on another, and effects that a decision introduces."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from theory.causal.model import Model
from theory.causal.value import Unreachable
from theory.error import InputError


def total_effect(model: Model, cause: str, effect: str, before: Any, after: Any) -> Fraction:
    """E[effect] under do(cause := after), less that under do(cause := before): Pearl, 2009."""
    return _mean(model.do({cause: after}), effect) - _mean(model.do({cause: before}), effect)


def introduced_total_effect(
    model: Model, attribute: str, decision: str, target: str, before: Any, after: Any
) -> Fraction:
    """By how much the attribute's effect on the prediction exceeds that on what is predicted.

    Ashurst, Carey, Chiappa and Everitt, Why fair labels can yield unfair predictions: graphical
    conditions for introduced unfairness, AAAI 2022.
    """
    predicted = total_effect(model, attribute, decision, before, after)
    return predicted - total_effect(model, attribute, target, before, after)


def _mean(model: Model, name: str) -> Fraction:
    mean = model.expectation(name)
    if isinstance(mean, Unreachable):
        raise InputError(f"node {name!r}: the model has no setting of positive probability")
    return mean
