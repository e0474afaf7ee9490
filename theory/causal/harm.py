"""Counterfactual harm: what somebody is worse off by, in the same circumstances.

Richens, Beard and Thompson, Counterfactual harm, NeurIPS 2022, definition 3: the harm of an action
compared with a default action is E[max(0, U_default - U_action)], where both utilities are taken in
the same setting of the exogenous variables. The benefit is the same with the two exchanged, and
benefit - harm is what the action gains in expected utility: two actions with the same gain may do
different harm.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from theory.causal.model import Event, Model
from theory.causal.party import holding
from theory.causal.value import UNREACHABLE, Unreachable, World, number


@dataclass(frozen=True)
class Harm:
    """The expected harm and benefit of what is done, compared with a default.

    Attributes:
        harm: E[max(0, U_default - U)].
        benefit: E[max(0, U - U_default)].
        worst: the setting of the greatest harm, or None where there is none.
        actual, instead: the utility there, and what it would be under the default.
    """

    harm: Fraction
    benefit: Fraction
    worst: World | None = None
    actual: Fraction | None = None
    instead: Fraction | None = None


def harm(
    model: Model,
    *,
    default: Mapping[str, Any],
    utility: str,
    action: Mapping[str, Any] | None = None,
    given: Event | None = None,
) -> Harm | Unreachable:
    """The harm of an action, or of what the model does, compared with a default.

    Args:
        model: the model under the policies of all.
        default: the values of the action's variables by default, as {"treatment": "none"}.
        utility: the node of the utility of whoever may be harmed.
        action: the values of the same variables in the action; without it, what the model does.
        given: what is known; UNREACHABLE is the answer where it has probability zero.
    """
    settings = model.abduct(given if given is not None else {})
    if isinstance(settings, Unreachable):
        return UNREACHABLE
    model.do({**default, **(action or {})})  # checks the names and values
    loss, gain = Fraction(0), Fraction(0)
    worst: tuple[World, Fraction, Fraction] | None = None
    for setting, p in settings:
        done = number(holding(model, setting, action or {})[utility], f"node {utility!r}")
        instead = number(holding(model, setting, default)[utility], f"node {utility!r}")
        difference = instead - done
        if difference > 0:
            loss += p * difference
            if worst is None or difference > worst[2] - worst[1]:
                worst = (setting, done, instead)
        else:
            gain -= p * difference
    return Harm(loss, gain) if worst is None else Harm(loss, gain, *worst)
