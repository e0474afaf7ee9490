"""Finite structural causal models: exogenous chance, mechanisms, interventions, counterfactuals.

The definitions are those of Pearl, Causality, 2009, chapter 7, over finite domains and in exact
rationals.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import product
from typing import Any, TypeAlias

import networkx as nx

from theory.causal.path import order
from theory.causal.value import (
    UNREACHABLE,
    Unreachable,
    Value,
    World,
    call,
    distribution,
    number,
    parameters,
)
from theory.error import InputError
from theory.rational import Exact

Event: TypeAlias = Mapping[str, Any] | Callable[[World], bool]
"""Values that variables have, or a condition on the world."""

Quantity: TypeAlias = str | Callable[[World], Any]
"""A variable with numbers for values, or a number computed from the world."""


@dataclass(frozen=True)
class Mechanism:
    """How a variable gets its value from those of its parents.

    Attributes:
        function: takes the parents' values in the order of `parents`.
        parents: their names.
        domain: the values it may give; None allows any.
    """

    function: Callable[..., Any]
    parents: tuple[str, ...]
    domain: tuple[Any, ...] | None = None


def mechanism(
    function: Callable[..., Any],
    parents: tuple[str, ...] | list[str] | None = None,
    domain: tuple[Any, ...] | list[Any] | None = None,
) -> Mechanism:
    """A mechanism; without `parents`, the names of the function's parameters are the parents."""
    names = parameters(function, "mechanism") if parents is None else tuple(parents)
    return Mechanism(function, names, None if domain is None else tuple(domain))


class Model:
    """A finite structural causal model.

    Args:
        exogenous: for each exogenous variable its values with their probabilities; the variables
            are independent.
        endogenous: for each endogenous variable its mechanism, or a function whose parameters are
            named after the parents. A mechanism for an exogenous variable overrides its value.

    Raises:
        InputError: naming the node: probabilities that do not sum to 1, unknown parents, a cycle.
    """

    def __init__(
        self,
        exogenous: Mapping[str, Mapping[Any, Exact]],
        endogenous: Mapping[str, Mechanism | Callable[..., Any]],
    ) -> None:
        self.exogenous: dict[str, dict[Value, Fraction]] = {
            name: distribution(weights, f"node {name!r}") for name, weights in exogenous.items()
        }
        self.endogenous: dict[str, Mechanism] = {
            name: made
            if isinstance(made, Mechanism)
            else Mechanism(made, parameters(made, f"node {name!r}"))
            for name, made in endogenous.items()
        }
        self.graph: nx.DiGraph[str] = nx.DiGraph()
        self.graph.add_nodes_from([*self.exogenous, *self.endogenous])
        for name, made in self.endogenous.items():
            for parent in made.parents:
                if parent not in self.graph:
                    raise InputError(f"node {name!r}: there is no node {parent!r} to be its parent")
                self.graph.add_edge(parent, name)
        self.order = order(self.graph)

    def do(self, values: Mapping[str, Any] | None = None, **named: Any) -> Model:
        """The model in which variables are held at values, or follow other mechanisms.

        Args:
            values: by name: a value, or a `Mechanism` that replaces the variable's own.
            named: the same, as keywords.

        Raises:
            InputError: there is no such variable, or the value is not in its domain.
        """
        changed = {**(values or {}), **named}
        endogenous = dict(self.endogenous)
        for name, value in changed.items():
            self._known(name)
            if isinstance(value, Mechanism):
                endogenous[name] = value
                continue
            domain = self._declared(name)
            if domain is not None and value not in domain:
                raise InputError(f"node {name!r}: do({name}={value!r}) is outside its domain")
            endogenous[name] = Mechanism(_constant(value), (), domain)
        return Model(self.exogenous, endogenous)

    def evaluate(self, setting: World) -> dict[str, Any]:
        """The value of every variable under a setting of the exogenous ones."""
        for name in self.exogenous:
            if name not in setting:
                raise InputError(f"setting: exogenous node {name!r} has no value")
        world: dict[str, Any] = {}
        for name in self.order:
            made = self.endogenous.get(name)
            if made is None:
                world[name] = setting[name]
                continue
            where = f"node {name!r}"
            values = [world[parent] for parent in made.parents]
            value = call(made.function, made.parents, values, where)
            if made.domain is not None and value not in made.domain:
                raise InputError(f"{where}: its mechanism gave {value!r}, outside its domain")
            world[name] = value
        return world

    @cached_property
    def settings(self) -> tuple[tuple[dict[str, Any], Fraction], ...]:
        """The exogenous settings of positive probability, each with its probability."""
        rows = [
            [(value, weight) for value, weight in weights.items() if weight]
            for weights in self.exogenous.values()
        ]
        found: list[tuple[dict[str, Any], Fraction]] = []
        for chosen in product(*rows):
            weight = Fraction(1)
            for _, part in chosen:
                weight *= part
            values = (value for value, _ in chosen)
            found.append((dict(zip(self.exogenous, values, strict=True)), weight))
        return tuple(found)

    @cached_property
    def worlds(self) -> tuple[tuple[dict[str, Any], Fraction], ...]:
        """What happens in each setting, in the order of `settings`, with its probability."""
        return tuple((self.evaluate(setting), weight) for setting, weight in self.settings)

    def distribution(
        self, *names: str, given: Event | None = None
    ) -> dict[Any, Fraction] | Unreachable:
        """The joint distribution of variables: of values for one name, of tuples for several."""
        for name in names:
            self._known(name)
        total, masses = Fraction(0), dict[Any, Fraction]()
        for world, weight in self._where(given):
            key = world[names[0]] if len(names) == 1 else tuple(world[name] for name in names)
            masses[key] = masses.get(key, Fraction(0)) + weight
            total += weight
        return {key: mass / total for key, mass in masses.items()} if total else UNREACHABLE

    def probability(self, event: Event, given: Event | None = None) -> Fraction | Unreachable:
        """How probable an event is, given another; UNREACHABLE where that has probability 0."""
        happens = self._test(event)
        return self.expectation(lambda world: int(happens(world)), given)

    def expectation(self, of: Quantity, given: Event | None = None) -> Fraction | Unreachable:
        """The expectation of a quantity, given an event; UNREACHABLE where that cannot happen."""
        quantity = self._quantity(of)
        total, mass = Fraction(0), Fraction(0)
        for world, weight in self._where(given):
            total += weight * quantity(world)
            mass += weight
        return total / mass if mass else UNREACHABLE

    def abduct(self, evidence: Event) -> tuple[tuple[dict[str, Any], Fraction], ...] | Unreachable:
        """The settings that evidence leaves, with their probabilities given it (abduction)."""
        test = self._test(evidence)
        left = [
            (setting, weight)
            for (setting, weight), (world, _) in zip(self.settings, self.worlds, strict=True)
            if test(world)
        ]
        mass = sum((weight for _, weight in left), Fraction(0))
        return tuple((setting, weight / mass) for setting, weight in left) if mass else UNREACHABLE

    def counterfactual(
        self, of: Quantity, do: Mapping[str, Any], given: Event
    ) -> Fraction | Unreachable:
        """What a quantity would be on average under `do`, after what was in fact observed.

        Abduction, action, prediction: the settings are weighed by the evidence in this model, and
        the quantity is taken in the model under `do`.
        """
        settings = self.abduct(given)
        if isinstance(settings, Unreachable):
            return settings
        changed = self.do(do)
        quantity = changed._quantity(of)
        return sum((p * quantity(changed.evaluate(e)) for e, p in settings), Fraction(0))

    def response(self, name: str, setting: World, do: Mapping[str, Any] | None = None) -> Any:
        """The value of one variable in one setting, under an intervention: X_do(setting)."""
        self._known(name)
        return (self.do(do) if do else self).evaluate(setting)[name]

    def domain(self, name: str) -> tuple[Any, ...]:
        """The values that a variable may have; where undeclared, those it takes in some setting."""
        self._known(name)
        declared = self._declared(name)
        return (
            declared
            if declared is not None
            else tuple(dict.fromkeys(w[name] for w, _ in self.worlds))
        )

    def _declared(self, name: str) -> tuple[Any, ...] | None:
        if name in self.exogenous:
            return tuple(self.exogenous[name])
        return self.endogenous[name].domain

    def _known(self, name: str) -> None:
        if name not in self.graph:
            raise InputError(f"there is no node {name!r}; there are {', '.join(self.order)}")

    def _where(self, given: Event | None) -> Iterator[tuple[dict[str, Any], Fraction]]:
        test = self._test(given if given is not None else {})
        return ((world, weight) for world, weight in self.worlds if test(world))

    def _test(self, event: Event) -> Callable[[World], bool]:
        if callable(event):
            return event
        for name in event:
            self._known(name)
        return lambda world: all(world[name] == value for name, value in event.items())

    def _quantity(self, of: Quantity) -> Callable[[World], Fraction]:
        if isinstance(of, str):
            self._known(of)
            return lambda world: number(world[of], f"node {of!r}")
        return lambda world: number(of(world), "quantity")


def _constant(value: Any) -> Callable[[], Any]:
    return lambda: value
