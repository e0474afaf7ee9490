"""What a leaf says of a network: that it acts as the leaf does, or nowhere as the leaf does.

Of affine scores the first of the best is the leaf's action, so that at every observation there is
exactly one. When an action counts as taken by the network, `agent.ties` says.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from extract.abstraction.leaf import AffineLeaf, Leaf
from theory.agent import Agent
from theory.term import Term, and_, forall, implies, not_


def statements(agent: Agent, leaf: Leaf | AffineLeaf) -> tuple[Term, Term]:
    """That the network takes the leaf's action at every observation, and that it does at none."""
    o = agent.observation("o")
    if isinstance(leaf, Leaf):
        taken = agent.acts(o, agent.actions[leaf.action])
        return forall(o, taken), forall(o, not_(taken))
    agree: list[Term] = []
    differ: list[Term] = []
    for action, name in enumerate(agent.actions):
        chosen = _chosen(agent, leaf, o, action)
        if chosen is None:
            continue
        # Pair by pair: a border of the leaf is then bounded together with one of the network's.
        agree += [implies(chosen, part) for part in _acts(agent, o, action)]
        differ.append(implies(chosen, not_(agent.acts(o, name))))
    return forall(o, and_(*agree)), forall(o, and_(*differ))


def _acts(agent: Agent, o: Term, action: int) -> list[Term]:
    """What `agent.acts` is the conjunction of: the action against each of the others."""
    score = [agent.score(o, name) for name in agent.actions]
    parts: list[Term] = []
    for other, theirs in enumerate(score):
        if other != action:
            weak = agent.ties == "any" or (agent.ties == "first" and action < other)
            parts.append(score[action] >= theirs if weak else score[action] > theirs)
    return parts or [agent.acts(o, agent.actions[action])]


def _chosen(agent: Agent, leaf: AffineLeaf, o: Term, action: int) -> Term | None:
    """That the leaf chooses an action; None where it never does."""
    names = [feature.name for feature in agent.features]
    parts: list[Term] = []
    for other in range(len(agent.actions)):
        if other == action:
            continue
        ahead = _exactly(leaf.weight[action], leaf.weight[other])
        constant = Fraction(float(leaf.bias[action])) - Fraction(float(leaf.bias[other]))
        if not any(ahead):
            if constant < 0 or (constant == 0 and other < action):
                return None
            continue
        total: Any = constant
        for name, slope in zip(names, ahead, strict=True):
            total = total + o[name] * slope if slope else total
        parts.append(total > 0 if other < action else total >= 0)
    return and_(*parts)


def _exactly(first: Sequence[float], second: Sequence[float]) -> list[Fraction]:
    return [Fraction(float(a)) - Fraction(float(b)) for a, b in zip(first, second, strict=True)]
