"""Nash equilibria of multi-agent influence diagrams, in deterministic policies.

Koller and Milch, Multi-agent influence diagrams for representing and solving games, 2003.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from math import prod
from typing import Any

from theory.causal.diagram import Diagram, Policy
from theory.causal.optimum import best_policy, rule_count, rules
from theory.causal.rule import Context
from theory.error import InputError

LARGEST_GAME = 100_000
"""How many joint policies are tried at most."""


@dataclass(frozen=True)
class Improvement:
    """Why a joint policy is no equilibrium.

    Attributes:
        agent: who does better by deviating.
        policy: how.
        gain: by how much its expected utility rises; positive.
    """

    agent: str
    policy: Policy
    gain: Fraction


def improvement(diagram: Diagram, policy: Policy) -> Improvement | None:
    """A profitable deviation of one agent from a joint policy; None at an equilibrium.

    Args:
        diagram: its decisions are all in the policy.
        policy: deterministic or mixed rules.
    """
    for agent in dict.fromkeys(diagram.structure.decisions.values()):
        others = {n: r for n, r in policy.items() if diagram.structure.decisions[n] != agent}
        value, reply = best_policy(diagram, agent, given=others)
        gain = value - diagram.expected_utility(policy, agent)
        if gain > 0:
            return Improvement(agent, reply, gain)
    return None


def equilibria(diagram: Diagram) -> Iterator[Mapping[str, Mapping[Context, Any]]]:
    """The equilibria in deterministic policies, every joint policy being tried.

    Raises:
        InputError: there are more than `LARGEST_GAME` joint policies.
    """
    names = diagram.decisions()
    choices = {name: rule_count(diagram, name) for name in names}
    if prod(choices.values()) > LARGEST_GAME:
        raise InputError(
            f"there are {prod(choices.values())} joint policies of {', '.join(names)} "
            f"(at most {LARGEST_GAME} are tried)"
        )
    for picked in product(*(rules(diagram, name) for name in names)):
        policy = dict(zip(names, picked, strict=True))
        if improvement(diagram, policy) is None:
            yield policy
