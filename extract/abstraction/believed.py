"""The finite process that a world model believes in: where it expects to be after every action.

The states are those one names, by what is observed in them. What the model predicts is a latent
state; it stands for the named state whose own latent state is nearest. How near, and how much
nearer than the next one, is stated with every step: where the second is hardly further than the
first, the step is a guess.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from extract.intervene import evaluate
from extract.network import Array
from extract.structure import AgentStructure
from theory.error import InputError
from theory.process import Process

SPREAD = 1e-9
"""Entries of the latent state that differ by less between all states say nothing."""


@dataclass(frozen=True, eq=False)
class Believed:
    """A process with how surely each step was told.

    Attributes:
        process: each step leads to the one state that is expected.
        distance: of the predicted latent state from that of the expected state, by (state, action),
            in standard deviations of the latent entries.
        ambiguity: that distance over the distance from the second nearest, from 0 (sure) to 1.
    """

    process: Process
    distance: Mapping[tuple[str, str], float]
    ambiguity: Mapping[tuple[str, str], float]


def believed(
    structure: AgentStructure, observations: Mapping[str, Array], actions: Sequence[str]
) -> Believed:
    """What the parts `perceive` and `predict` of a network say of named states.

    Args:
        structure: with both parts; `predict` takes the latent state and a one-hot action.
        observations: name of a state -> what is observed there, flat.
        actions: their names, in the order of the one-hot vector.

    Raises:
        InputError: a part is missing or does not fit, there are fewer than two states, or two are
            perceived alike.
    """
    perceive = structure.part("perceive").network
    predict = structure.part("predict").network
    if len(predict.inputs) != 2 or predict.node(predict.inputs[1]).size != len(actions):
        raise InputError(f"{predict.name}: takes no latent state and one of {len(actions)} actions")
    if len(observations) < 2:
        raise InputError("a process that is believed in needs two states at least")
    names = tuple(observations)
    start = perceive.node(perceive.inputs[0])
    rows = np.stack([np.asarray(observations[name], dtype=float).ravel() for name in names])
    if len(perceive.inputs) != 1 or rows.shape[1] != start.size:
        raise InputError(f"{perceive.name} takes {start.size} numbers, not {rows.shape[1]}")
    end = perceive.outputs[0]
    latent = evaluate(perceive, {start.name: rows.reshape(-1, *start.shape)}, [end])[end]
    scaled, scale = _scaled(latent.reshape(len(names), -1))
    _told_apart(names, scaled)
    steps: dict[str, dict[str, dict[str, Fraction]]] = {name: {} for name in names}
    distance: dict[tuple[str, str], float] = {}
    ambiguity: dict[tuple[str, str], float] = {}
    for number, action in enumerate(actions):
        chosen = np.zeros((len(names), *predict.node(predict.inputs[1]).shape))
        chosen.reshape(len(names), -1)[:, number] = 1
        given = {predict.inputs[0]: latent, predict.inputs[1]: chosen}
        ahead = evaluate(predict, given, predict.outputs)[predict.outputs[0]]
        far = _distances(ahead.reshape(len(names), -1) / scale, scaled)
        order = np.sort(far, axis=1)
        for at, name in enumerate(names):
            steps[name][action] = {names[int(far[at].argmin())]: Fraction(1)}
            distance[name, action] = float(order[at, 0])
            ambiguity[name, action] = float(order[at, 0] / max(order[at, 1], 1e-300))
    return Believed(Process(steps), distance, ambiguity)


def _scaled(latent: Array) -> tuple[Array, Array]:
    """Latent states (N, d) in standard deviations, and those; infinite for what does not vary."""
    spread = latent.std(axis=0)
    scale = np.where(spread > SPREAD, spread, np.inf)
    return latent / scale, scale


def _distances(one: Array, other: Array) -> Array:
    """Euclidean distances (N, M)."""
    return np.linalg.norm(one[:, None] - other[None], axis=2)


def _told_apart(names: Sequence[str], latent: Array) -> None:
    far = _distances(latent, latent)
    np.fill_diagonal(far, np.inf)
    first, second = divmod(int(far.argmin()), len(far))
    if far[first, second] == 0:
        raise InputError(f"states {names[first]!r} and {names[second]!r} are perceived alike")
