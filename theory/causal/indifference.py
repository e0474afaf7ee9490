"""Utility indifference: caring equally whether a button is pressed or not.

Soares, Fallenstein, Yudkowsky and Armstrong, Corrigibility, AAAI workshop on AI and ethics, 2015.
An agent decides, a button is pressed or not, and the utility is U_N or U_S. Adding

    theta(d) = E[U | D = d, do(not pressed)] - E[U | D = d, do(pressed)]

where the button is pressed makes the agent expect the same either way, whatever it decides, so that
it gains nothing by bearing on the button.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from theory.causal.model import Mechanism, Model
from theory.causal.path import descendants
from theory.causal.value import number
from theory.error import InputError


@dataclass(frozen=True)
class Button:
    """A decision, a button and a utility in a causal model.

    Attributes:
        model: the model.
        decision: the node that is decided before the button is pressed or not.
        button: the node of the button.
        utility: the node of the utility.
        pressed, unpressed: the values of the button.
    """

    model: Model
    decision: str
    button: str
    utility: str
    pressed: Any = 1
    unpressed: Any = 0

    def __post_init__(self) -> None:
        for name in (self.decision, self.button, self.utility):
            if name not in self.model.graph:
                raise InputError(f"utility indifference: there is no node {name!r}")
        if self.utility not in self.model.endogenous:
            raise InputError(f"utility indifference: node {self.utility!r} has no mechanism")
        if self.utility in descendants(self.model.graph, self.utility) - {self.utility}:
            raise InputError(f"node {self.utility!r} comes after itself")

    def expected(self, choice: Any, state: Any) -> Fraction:
        """E[U] under do(D = choice, button = state)."""
        found = self.model.do({self.decision: choice, self.button: state}).expectation(self.utility)
        return number(found, f"node {self.utility!r}")

    def premium(self, choice: Any) -> Fraction:
        """theta: how much more the agent expects where the button is not pressed."""
        return self.expected(choice, self.unpressed) - self.expected(choice, self.pressed)

    @property
    def premiums(self) -> Mapping[Any, Fraction]:
        """theta of every decision."""
        return {choice: self.premium(choice) for choice in self.model.domain(self.decision)}

    def compensated(self) -> Button:
        """The same with theta added to the utility where the button is pressed."""
        premiums, old = self.premiums, self.model.endogenous[self.utility]
        count = len(old.parents)

        def compensate(*values: Any) -> Fraction:
            worth = number(old.function(*values[:count]), f"node {self.utility!r}")
            choice, state = values[count:]
            return worth + (premiums[choice] if state == self.pressed else 0)

        made = Mechanism(compensate, (*old.parents, self.decision, self.button))
        model = self.model.do({self.utility: made})
        return Button(model, self.decision, self.button, self.utility, self.pressed, self.unpressed)
