"""An agent in a causal model: what it decides, what it sees then, and what it wants."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from itertools import product
from typing import Any, TypeAlias, cast

from theory.causal.diagram import Diagram
from theory.causal.model import Mechanism, Model
from theory.causal.rule import Context, Rule
from theory.causal.value import World, call, number, shown
from theory.error import InputError

Reply: TypeAlias = Mapping[str, Any]
"""A deterministic rule for each of some decisions: a function of what it sees, a table from that,
or one value."""

MOST_REPLIES = 1_000


@dataclass(frozen=True)
class Party:
    """One agent with one decision, in a model where all decisions have mechanisms.

    Attributes:
        name: who it is.
        decision: its decision.
        utilities: the variables whose sum it wants to be great.
        sees: what it observes when it decides.
    """

    name: str
    decision: str
    utilities: tuple[str, ...]
    sees: tuple[str, ...]

    def context(self, world: World) -> Context:
        """What it sees in a world."""
        return tuple(world[name] for name in self.sees)

    def welfare(self, world: World) -> Fraction:
        """The sum of its utilities in a world."""
        found = (number(world[name], f"node {name!r}") for name in self.utilities)
        return sum(found, Fraction(0))


def party(
    model: Model,
    name: str,
    *,
    decision: str,
    utilities: tuple[str, ...] | list[str],
    sees: tuple[str, ...] | list[str] | None = None,
) -> Party:
    """An agent of a model. It sees the parents of its decision, but for its own noise.

    Raises:
        InputError: there is no such node, or the agent wants nothing.
    """
    if not utilities:
        raise InputError(f"agent {name!r} has no utility")
    for node in (decision, *utilities, *(sees or ())):
        if node not in model.graph:
            raise InputError(f"agent {name!r}: there is no node {node!r}")
    if decision not in model.endogenous:
        raise InputError(f"agent {name!r}: node {decision!r} is exogenous, it decides nothing")
    if sees is None:
        sees = tuple(v for v in model.endogenous[decision].parents if v != f"{decision} noise")
    return Party(name, decision, tuple(utilities), tuple(sees))


def party_of(diagram: Diagram, name: str, model: Model) -> Party:
    """The agent of a diagram, in the model that a policy makes of it.

    Raises:
        InputError: it has no utility, or not exactly one decision.
    """
    own = diagram.decisions(name)
    if len(own) != 1:
        found = ", ".join(own) or "none"
        raise InputError(f"agent {name!r} needs one decision, not {len(own)}: {found}")
    return party(model, name, decision=own[0], utilities=diagram.utilities(name))


def replies(model: Model, agent: Party) -> dict[str, Reply]:
    """Every deterministic policy of an agent, by how it is printed.

    Raises:
        InputError: there are more than MOST_REPLIES.
    """
    seen = tuple(product(*(model.domain(name) for name in agent.sees)))
    domain = model.domain(agent.decision)
    if len(domain) ** len(seen) > MOST_REPLIES:
        raise InputError(
            f"agent {agent.name!r} has {len(domain)}^{len(seen)} policies, more than "
            f"{MOST_REPLIES}: name those that matter"
        )
    found: dict[str, Reply] = {}
    for chosen in product(domain, repeat=len(seen)):
        rule = dict(zip(seen, chosen, strict=True))
        text = ", ".join(
            f"{value} at {shown(agent.sees, context)}" if context else f"{value}"
            for context, value in rule.items()
        )
        found[f"({text})"] = {agent.decision: rule}
    return found


def following(model: Model, replies: Reply) -> Model:
    """The model in which some decisions follow other deterministic rules, everything else the same.

    Raises:
        InputError: there is no such decision, or a table says nothing about a context.
    """
    changed: dict[str, Mechanism] = {}
    for name, rule in replies.items():
        if name not in model.endogenous:
            raise InputError(f"reference policy: there is no decision {name!r}")
        old = model.endogenous[name]
        parents = tuple(v for v in old.parents if v != f"{name} noise")
        changed[name] = Mechanism(_rule(name, rule, parents), parents, old.domain)
    return model.do(changed)


def _rule(name: str, rule: Rule | Any, parents: tuple[str, ...]) -> Any:
    if callable(rule):
        return rule
    if not isinstance(rule, Mapping):
        return partial(_always, rule)
    table = cast(Mapping[Any, Any], rule)

    def look_up(*context: Any) -> Any:
        key = context[0] if len(context) == 1 and context not in table else context
        if key not in table:
            raise InputError(f"node {name!r}: the rule says nothing at {shown(parents, context)}")
        return table[key]

    return look_up


def _always(value: Any, *_: Any) -> Any:
    return value


def holding(model: Model, setting: World, held: World) -> dict[str, Any]:
    """What happens in a setting where some variables are held at values.

    The same as `model.do(held).evaluate(setting)`, without making a model of it.
    """
    world: dict[str, Any] = {}
    for name in model.order:
        made = model.endogenous.get(name)
        if name in held:
            world[name] = held[name]
        elif made is None:
            world[name] = setting[name]
        else:
            values = [world[parent] for parent in made.parents]
            world[name] = call(made.function, made.parents, values, f"node {name!r}")
    return world
