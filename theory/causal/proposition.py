"""Propositions about a model, and the variables that constitute them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias, cast

from theory.causal.model import Model
from theory.causal.path import descendants
from theory.causal.value import World, call, parameters
from theory.error import InputError

Condition: TypeAlias = Mapping[str, Any] | Callable[..., Any]
"""Values that variables have, or a function of variables named as its parameters."""


@dataclass(frozen=True)
class Proposition:
    """A statement that is true or false in a world.

    Attributes:
        text: how people write it.
        constituents: the variables that its truth depends on.
        function: from their values to its truth.
    """

    text: str
    constituents: tuple[str, ...]
    function: Callable[..., Any]

    def true_in(self, world: World) -> bool:
        """Whether it is true in a world."""
        values = [world[name] for name in self.constituents]
        return bool(call(self.function, self.constituents, values, f"proposition {self.text!r}"))

    def check(self, model: Model, decision: str) -> None:
        """InputError where a constituent is unknown, or comes about by the decision.

        What a decision brings about cannot be observed when it is made.
        """
        below = descendants(model.graph, decision)
        for name in self.constituents:
            if name not in model.graph:
                raise InputError(f"proposition {self.text!r}: there is no node {name!r}")
            if name in below:
                raise InputError(
                    f"proposition {self.text!r}: node {name!r} comes after the decision "
                    f"{decision!r}, which cannot observe it"
                )


def proposition(condition: Condition | Proposition, text: str | None = None) -> Proposition:
    """The proposition that variables have these values, or that a function of them is true.

    Raises:
        InputError: it is about no variable.
    """
    if isinstance(condition, Proposition):
        return condition
    if isinstance(condition, Mapping):
        wanted = cast(Mapping[str, Any], condition)
        names, values = tuple(wanted), tuple(wanted.values())
        shown = text or " and ".join(f"{name} = {value}" for name, value in wanted.items())
        made = Proposition(shown, names, lambda *found: found == values)
    else:
        names = parameters(condition, "proposition")
        name = getattr(condition, "__name__", "")
        shown = text or (name if name.isidentifier() else f"a condition on {', '.join(names)}")
        made = Proposition(shown, names, condition)
    if not names:
        raise InputError("a proposition is about one variable at least")
    return made
