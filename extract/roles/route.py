"""The world model of a planner in a loop: where the actions lead, as its weights have it.

The moves that are read off from weights are the true ones, where an environment shows these.
Causal: a world model mirrored in its weights makes the policy choose as an explicit search with
mirrored moves does, and leaves the evaluator as it was.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from extract.cutoff import READ_OFF, RETARGET
from extract.intervene import evaluate
from extract.network import Array
from extract.roles.planner import LOOKED_AT, Planner, locate, rereading
from extract.roles.trial import Resample, informs, measured
from extract.statistic import exchange, permuted
from extract.structure import Evidence, Kind
from extract.study import Study


def true_moves(study: Study, planner: Planner) -> Array | None:
    """Where each action truly leads: the commonest change of place among those that change it."""
    aside = study.aside
    if aside is None:
        return None
    count, width = aside.rewards.shape
    before = locate(planner, study.split(study.experience.states))
    after = locate(planner, study.split(aside.flat))
    step = after.reshape(count, width, 2) - before[:, None]
    moves = np.zeros((width, 2), dtype=int)
    for action in range(width):
        kept = step[:, action][~aside.ended[:, action] & step[:, action].any(axis=1)]
        if len(kept):
            options, counts = np.unique(kept, axis=0, return_counts=True)
            moves[action] = options[counts.argmax()]
    return moves


def share_right(moves: Array, truth: Array | None) -> float:
    """Share of actions whose move is the true one; without a truth, share of distinct moves."""
    if truth is not None:
        return float((moves == truth).all(axis=1).mean())
    return len({tuple(move) for move in moves if move.any()}) / len(moves)


def moves_found(
    study: Study, planner: Planner, truth: Array | None, nets: list[float]
) -> tuple[Evidence, ...]:
    """Whether the moves read off from weights are the true ones, or at least distinct."""
    effect = share_right(planner.moves, truth)
    listed = ", ".join(f"({row:+d}, {column:+d})" for row, column in planner.moves)
    if truth is None:
        means = f"share of actions with a move of their own, read off from weights: {listed}"
        return (informs("moves read off", effect, means, nets),)
    rng = study.rng("moves")
    shuffles = permuted(lambda o: share_right(planner.moves[o], truth), len(truth), rng)
    again = rereading(planner, study.samples)
    return (
        measured(
            "transition read-off",
            effect,
            READ_OFF,
            stable=Resample(
                lambda o: share_right(again(o), truth),
                min(len(next(iter(study.samples.values()))), LOOKED_AT),
                rng,
            ),
            nets=nets,
            shuffles=shuffles if len(truth) > 4 else (),
            p=None if len(truth) > 4 else _by_chance(effect, planner, len(truth)),
            means=f"share of actions whose move, read off from weights, is true: {listed}",
        ),
    )


def _by_chance(effect: float, planner: Planner, actions: int) -> float:
    """Probability that so many moves are right if each is any cell of the window."""
    from scipy.stats import binom

    cells = (2 * planner.reach + 1) ** 2
    return float(binom.sf(round(effect * actions) - 1, actions, 1 / cells))


def mirrored(study: Study, planner: Planner) -> tuple[Evidence, ...]:
    """The model's kernels mirrored: does the policy choose as a search with mirrored moves?"""
    network = planner.network
    marks = {
        (array.tobytes(), array.shape)
        for array in (network.parameters[name] for name in planner.loop.parameters)
        if array.ndim == 4 and array.shape[3] > 1
    }
    if not marks:
        return ()
    parameters = {
        name: np.flip(array, axis=3).copy() if (array.tobytes(), array.shape) in marks else array
        for name, array in network.parameters.items()
    }
    edited = planner.on(replace(network, parameters=parameters))
    samples = study.samples
    places = locate(planner, samples)
    (values,) = edited.maps(samples, (edited.final,))
    mirrored = planner.lookahead(values, places, planner.moves * np.array([1, -1]))
    plain = planner.lookahead(values, places)
    differ = mirrored != plain
    choices = edited.choices(samples)
    if differ.sum() < 20:
        return ()
    with_edit = (choices == mirrored)[differ].astype(float)
    without = (choices == plain)[differ].astype(float)
    left_alone = True
    if planner.source:
        before = evaluate(network, samples, [planner.source])[planner.source]
        after = evaluate(edited.network, samples, [planner.source])[planner.source]
        left_alone = bool(np.array_equal(before, after))
    return (
        measured(
            "edited model re-routes",
            float(with_edit.mean()),
            RETARGET,
            nets=(float(without.mean()),),
            p=exchange(with_edit, without, study.rng("mirrored")),
            stable=Resample(
                lambda o: float(with_edit[o].mean()), len(with_edit), study.rng("mirrored again")
            ),
            kind=Kind.CAUSAL,
            also=left_alone,
            means=(
                "share of choices that follow the mirrored moves once the kernels are mirrored, "
                "where that makes a difference; null: the share that follows the moves as they "
                "were; the evaluator's map is "
                + ("unchanged" if left_alone else "changed, so that the two are not apart")
            ),
        ),
    )
