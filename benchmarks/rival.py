"""Other ways to say which parts a network has: cuts, communities, and linear probes.

Each answers for a whole network with the roles that it claims. Cuts and communities know nothing of
roles: where a network falls apart into groups, beyond what shuffled weights do, they claim all.
A probe claims what can be read, linearly, from the widest tensors of the network, on states that it
was not fitted to: the return that follows (evaluator), the state that follows an action (world
model), the action after the next (search).
"""

from __future__ import annotations

import numpy as np
from sklearn.linear_model import RidgeClassifier, RidgeCV

from extract.environment import open_environment
from extract.graph.candidate import find_interface
from extract.intervene import evaluate
from extract.network import Array, Network
from extract.remember import remembering
from extract.segment import segment
from extract.study import Study
from theory.error import MesascopeError

CLAIMS = frozenset({"world_model", "evaluator", "search"})
GROUPS, SHUFFLES, BEYOND = 4, 10, -2.0
WIDEST, READS, ABOVE = 4, 0.5, 0.2
"""Tensors that are probed; R² from which something is read, accuracy above the commonest action."""


def modular(network: Network, procedure: str) -> frozenset[str]:
    """What a segmentation claims: everything, where it beats shuffled weights."""
    try:
        found = segment(network, procedure, groups=GROUPS, nulls=SHUFFLES)
    except (MesascopeError, ValueError):
        return frozenset()
    return CLAIMS if found.z <= BEYOND else frozenset()


def probed(network: Network, world: str) -> frozenset[str]:
    """What linear probes claim."""
    environment = open_environment(world)
    interface = find_interface(network, environment.actions)
    study = Study(network, interface, remembering(environment, network, interface), nulls=0)
    if study.aside is None:
        return frozenset()
    states, aside = study.experience.states, study.aside
    count, width = aside.rewards.shape
    returns = study.rewards_after.sum(axis=2).max(axis=1)
    later = study.choose(aside.flat).reshape(count, width)
    onward = later[np.arange(count), study.choose(states)]
    claims: set[str] = set()
    for name in _tensors(study):
        given = evaluate(network, study.split(states), [name])[name].reshape(count, -1)
        if _r2(given, returns[:, None]) >= READS:
            claims.add("evaluator")
        joint = (given[:, None, :, None] * np.eye(width)[None, :, None, :]).reshape(
            count * width, -1
        )
        if _r2(joint, aside.flat) >= READS:
            claims.add("world_model")
        if _accuracy(given, onward) >= ABOVE:
            claims.add("search")
    return frozenset(claims)


def _tensors(study: Study) -> list[str]:
    """The widest tensors on the way to the scores, inputs left out."""
    needed = study.network.ancestors([study.interface.scores])
    nodes = [
        n for n in study.network.nodes if n.name in needed and n.op not in ("input", "parameter")
    ]
    wide = sorted(nodes, key=lambda node: -node.size)[:WIDEST]
    return [node.name for node in wide if node.size <= 512]


def _halves(count: int) -> tuple[Array, Array]:
    order = np.random.default_rng(0).permutation(count)
    return order[: count // 2], order[count // 2 :]


def _r2(given: Array, wanted: Array) -> float:
    """Share of the variance on the half that was not fitted."""
    fitted, held = _halves(len(given))
    model = RidgeCV(np.logspace(-2, 4, 7)).fit(given[fitted], wanted[fitted])
    guess = model.predict(given[held]).reshape(len(held), -1)
    spread = ((wanted[held] - wanted[held].mean(axis=0)) ** 2).sum()
    return 1 - float(((wanted[held] - guess) ** 2).sum() / spread) if spread > 0 else 0.0


def _accuracy(given: Array, wanted: Array) -> float:
    """Accuracy on the half that was not fitted, above that of the commonest answer."""
    fitted, held = _halves(len(given))
    if len(set(wanted[fitted])) < 2:
        return 0.0
    guess = RidgeClassifier().fit(given[fitted], wanted[fitted]).predict(given[held])
    commonest = np.bincount(wanted[held]).max() / len(held)
    return float(np.mean(guess == wanted[held]) - commonest)
