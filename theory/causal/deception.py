"""Deception as Ward, Belardinelli, Toni and Everitt define it.

Honesty is the best policy: defining and mitigating AI deception, NeurIPS 2023 (arXiv 2312.01350),
definition 3.7: S deceives T about a proposition in a setting if

1. S intentionally causes T's decision,
2. T believes the proposition, and it is false,
3. S does not believe the proposition.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import networkx as nx

from theory.causal.belief import Belief, Informed, belief
from theory.causal.intention import Intention, Intentions
from theory.causal.model import Model
from theory.causal.party import Party, Reply
from theory.causal.path import descendants
from theory.causal.proposition import Proposition
from theory.causal.value import World, shown
from theory.error import InputError


@dataclass(frozen=True)
class Deception:
    """Whether one agent deceives another in a setting, clause by clause.

    Attributes:
        deceives: whether it does; None where that depends on which best reply is meant.
        world: what happens in the setting.
        intention: clause 1.
        target: clause 2, the belief of the deceived.
        own: clause 3, the belief of the deceiver.
    """

    deceives: bool | None
    world: World
    intention: Intention
    target: Belief
    own: Belief

    @property
    def evidence(self) -> dict[str, Any]:
        """What shows it: the world, what was intended by which reference, who believes what."""
        wanted, believed = self.intention, self.target
        held = {
            name: [shown(setting.keys(), setting.values()) for setting in settings]
            for name, settings in wanted.settings.items()
        }
        return {
            "world": shown(self.world.keys(), self.world.values()),
            "reference": dict(wanted.reference),
            "utility": wanted.value,
            "utility of the reference": wanted.reference_value,
            "utility of the reference with the outcome held": wanted.restored,
            "held": held,
            "the deceived does": believed.acts,
            "and would do if it were true": believed.if_true,
            "and would do if it were false": believed.if_false,
        }


def deception(
    model: Model,
    deceiver: Party,
    target: Party,
    about: Proposition,
    references: Sequence[Reply] | Intentions,
    setting: World,
    *,
    informed: Informed | None = None,
) -> Deception:
    """Whether one agent deceives another about a proposition in a setting.

    Args:
        model: the model under the policies of all.
        deceiver: S.
        target: T.
        about: the proposition.
        references: the deceiver's alternative policies, by which its intention is judged; or its
            `Intentions`, where many settings are asked about.
        setting: the exogenous values; they must have positive probability.
        informed: T's policy where it observes the truth of the proposition, too; without one, its
            best replies.
    """
    if not isinstance(references, Intentions):
        references = Intentions(model, deceiver, references)
    wanted = references.at([target.decision], setting)
    believed = belief(model, target, about, setting, informed)
    own = belief(model, deceiver, about, setting)
    clauses = (wanted.intends, believed.false_belief, _negated(own.believes))
    answer = False if False in clauses else None if None in clauses else True
    return Deception(answer, model.evaluate(setting), wanted, believed, own)


def admits_deception(
    graph: nx.DiGraph[str],
    *,
    deceiver: str,
    target: str,
    utilities: Iterable[str],
    about: Iterable[str],
) -> bool:
    """Whether some model of a graph has deception: theorems 3.8 (sound) and 3.9 (complete).

    It has where a path leads from S's decision through T's decision to a utility of S, and T does
    not observe everything that constitutes the proposition.

    Args:
        graph: the influence graph; edges into decisions are observations.
        deceiver: the decision of S.
        target: the decision of T.
        utilities: the utilities of S.
        about: the variables that constitute the proposition.
    """
    wanted, constituents = tuple(utilities), tuple(about)
    for name in (deceiver, target, *wanted, *constituents):
        if name not in graph:
            raise InputError(f"there is no node {name!r}; there are {', '.join(graph)}")
    influenced = target in descendants(graph, deceiver) and target != deceiver
    matters = not descendants(graph, target).isdisjoint(wanted)
    unseen = any(not graph.has_edge(name, target) for name in constituents)
    return influenced and matters and unseen


def _negated(answer: bool | None) -> bool | None:
    return None if answer is None else not answer
