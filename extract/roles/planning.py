"""The tests of a planner in a loop: its world model, its evaluator and its search, held apart.

World model: the moves that are read off from weights are the true ones, where an environment shows
these, and explain the choices. Causal: a world model mirrored in its weights makes the policy
choose as an explicit search with mirrored moves does, and leaves the evaluator as it was.

Evaluator: it orders states as the returns do that follow them; without an environment, its
landscape has one peak to climb to. Causal: retargeting.

Search: *reconstruct and compare*. An explicit search over the extracted moves and values chooses as
the network does, and the network's choices come nearer to it the longer it thinks. Causal: what was
retargeted is followed only after enough steps.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import torch

from extract.cutoff import (
    CONCORDANCE,
    LANDSCAPE,
    LANDSCAPE_BEATEN,
    LOOKAHEAD,
    READ_OFF,
    RETARGET,
    THINKING,
)
from extract.experience import Aside
from extract.graph.candidate import REDUCERS
from extract.intervene import evaluate
from extract.network import Array, Network
from extract.roles.planner import Planner, climb, locate, read_planner, reread
from extract.roles.policy import exchange
from extract.roles.retarget import Retarget, retarget
from extract.roles.trial import Candidate, informs, measured
from extract.run import as_evaluator
from extract.statistic import concordance, permuted
from extract.structure import Curve, Evidence, Kind
from extract.study import Study

COMPARED = 300
FEW = 64
"""Samples on which null nets are looked at."""


@dataclass(frozen=True)
class Planned:
    """What a planner in a loop offers for each role.

    Attributes:
        world_model, evaluator, search: candidates with their tests.
        policy: tests that bear on the policy.
        planner: what was read off.
    """

    world_model: Candidate
    evaluator: Candidate
    search: Candidate
    policy: tuple[Evidence, ...]
    planner: Planner


@dataclass(frozen=True)
class _Null:
    """The same measures on one net without the roles."""

    lookahead: float
    read_off: float
    landscape: float
    thinking: float
    curve: tuple[float, ...]


def find_planners(study: Study) -> tuple[Planned, ...]:
    """The planners in the loops of a network; none without samples."""
    if not study.samples:
        return ()
    planners = [
        read_planner(study.network, study.interface, loop, study.samples) for loop in study.loops
    ]
    return tuple(_test(study, planner) for planner in planners if planner is not None)


def _test(study: Study, planner: Planner) -> Planned:
    places = locate(planner, study.samples)
    (values,) = planner.maps(study.samples, (planner.final,))
    choices = planner.choices(study.samples)
    truth = _true_moves(study, planner)
    wanted = planner.lookahead(values, places)
    nulls = [
        _null(study, planner.on(net), places[:FEW], truth, wanted[:FEW]) for net in study.null_nets
    ]
    patch = retarget(study, planner, places)
    thought = _thinking(planner, study.samples, wanted)
    explained = _explained(study, planner, values, places, choices, nulls)
    followed = _followed(study, patch)
    network, loop = planner.network, planner.loop
    rest = set(network.parameters)
    inside = loop.nodes | {loop.uses[-1]}
    reducers = {name for name in inside if network.node(name).op in REDUCERS}
    source = network.ancestors([planner.source]) if planner.source else set[str]()
    searched = (
        explained,
        measured(
            "thinking time",
            thought[-1] - thought[0],
            THINKING,
            nets=[null.thinking for null in nulls],
            p=_gain(study, planner, values, places),
            means=(
                "gain in agreement with the explicit search from leaving the loop before its first "
                "step to leaving it after its last; nulls: fresh and shuffled nets"
            ),
        ),
        *_patience(study, planner, patch, places),
    )
    return Planned(
        world_model=Candidate(
            f"the tied kernel of {planner.final}",
            frozenset(inside - reducers),
            loop.parameters,
            (*_moves_found(study, planner, truth, nulls), explained, *_mirrored(study, planner)),
            inputs=(planner.states[0],),
            outputs=(loop.uses[0],),
        ),
        evaluator=Candidate(
            planner.source or planner.final,
            frozenset(source - rest),
            frozenset(source & rest),
            (
                _landscape(study, planner, values, nulls)
                if study.aside is None
                else _ordered(study, planner, study.aside),
                *followed,
            ),
            lacking="" if patch else "no map to patch, or no way to walk",
            inputs=tuple(name for name in network.inputs if name in source),
            outputs=(planner.source,) if planner.source else (),
        ),
        search=Candidate(
            f"the loop of {len(loop.steps)} steps over {planner.final}",
            frozenset(inside),
            loop.parameters,
            searched,
            curves=_curves(study, planner, thought, nulls),
            inputs=loop.entry(network),
            outputs=(planner.final,),
        ),
        policy=(replace(explained, test="choices follow the planner"), *followed),
        planner=planner,
    )


def _thinking(planner: Planner, samples: dict[str, Array], wanted: Array) -> tuple[float, ...]:
    """Agreement with the explicit search's choices when the loop is left after each step."""
    return tuple(float((choices == wanted).mean()) for choices in planner.thinking(samples))


def _null(
    study: Study, planner: Planner, places: Array, truth: Array | None, wanted: Array
) -> _Null:
    """The measures on a net without the role; its thinking is held against the real search's."""
    samples = study.few(len(places))
    found = reread(planner, samples)
    (values,) = found.maps(samples, (found.final,))
    thought = _thinking(found, samples, wanted)
    return _Null(
        float((found.lookahead(values, places) == found.choices(samples)).mean()),
        _share_right(found.moves, truth),
        climb(found, values[:FEW]),
        thought[-1] - thought[0],
        thought,
    )


def _true_moves(study: Study, planner: Planner) -> Array | None:
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


def _share_right(moves: Array, truth: Array | None) -> float:
    """Share of actions whose move is the true one; without a truth, share of distinct moves."""
    if truth is not None:
        return float((moves == truth).all(axis=1).mean())
    return len({tuple(move) for move in moves if move.any()}) / len(moves)


def _moves_found(
    study: Study, planner: Planner, truth: Array | None, nulls: list[_Null]
) -> tuple[Evidence, ...]:
    effect = _share_right(planner.moves, truth)
    nets = [null.read_off for null in nulls]
    listed = ", ".join(f"({row:+d}, {column:+d})" for row, column in planner.moves)
    if truth is None:
        means = f"share of actions with a move of their own, read off from weights: {listed}"
        return (informs("moves read off", effect, means, nets),)
    rng = study.rng("moves")
    shuffles = permuted(lambda o: _share_right(planner.moves[o], truth), len(truth), rng)
    return (
        measured(
            "transition read-off",
            effect,
            READ_OFF,
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


def _explained(
    study: Study,
    planner: Planner,
    values: Array,
    places: Array,
    choices: Array,
    nulls: list[_Null],
) -> Evidence:
    ahead = planner.ahead(values, places)
    rng = study.rng("lookahead")

    def reassigned(order: Array) -> float:
        """With the moves given to other actions."""
        return float((ahead[:, order].argmax(axis=1) == choices).mean())

    effect = float((ahead.argmax(axis=1) == choices).mean())
    mixed = permuted(
        lambda o: float((ahead[o].argmax(axis=1) == choices).mean()), len(choices), rng
    )
    swapped = permuted(reassigned, planner.interface.actions, rng, 99)
    return measured(
        "reconstruct and compare",
        effect,
        LOOKAHEAD,
        nets=[null.lookahead for null in nulls],
        shuffles=mixed,
        means=(
            f"share of {len(choices)} choices that an explicit search over the extracted moves and "
            f"values makes as the network does; with the moves of other actions "
            f"{float(swapped.mean()):.3f}; nulls: fresh and shuffled nets"
        ),
    )


def _landscape(study: Study, planner: Planner, values: Array, nulls: list[_Null]) -> Evidence:
    rng = study.rng("landscape")
    few = values[: FEW // 4]

    def scrambled(order: Array) -> float:
        return climb(planner, few.reshape(len(few), -1)[:, order].reshape(few.shape))

    return measured(
        "landscape",
        climb(planner, values[:FEW]),
        LANDSCAPE,
        nets=[null.landscape for null in nulls],
        shuffles=permuted(scrambled, int(np.prod(planner.size)), rng, 199),
        beaten=LANDSCAPE_BEATEN,
        means=(
            "share of places from which climbing the map of values by the extracted moves leads to "
            "its peak; nulls: fresh and shuffled nets"
        ),
    )


def _ordered(study: Study, planner: Planner, aside: Aside) -> Evidence:
    """The map of values at the place of the agent, against the returns of intervened actions."""
    alive = np.flatnonzero(~aside.ended.ravel())
    rng = study.rng("ordered")
    picked = alive[rng.permutation(len(alive))[:COMPARED]]
    samples = study.split(aside.flat[picked])
    returns = study.returns_after.ravel()[picked]
    places = locate(planner, samples)

    def judged(one: Planner) -> Array:
        (values,) = one.maps(samples, (one.final,))
        return values[np.arange(len(values)), places[:, 0], places[:, 1]]

    value = judged(planner)
    return measured(
        "value orders returns",
        concordance(value, returns),
        CONCORDANCE,
        nets=[concordance(judged(planner.on(net)), returns) for net in study.null_nets],
        shuffles=permuted(lambda o: concordance(value[o], returns), len(value), rng),
        means=(
            f"share of pairs among {len(value)} successors of intervened actions that the map of "
            f"values, at the place of the agent, orders as the returns that follow; nulls: fresh "
            f"and shuffled nets"
        ),
    )


def _followed(study: Study, patch: Retarget | None) -> tuple[Evidence, ...]:
    if patch is None:
        return ()
    reached, control = patch.reached.astype(float), patch.control.astype(float)
    return (
        measured(
            "retargeting",
            float(reached.mean()),
            RETARGET,
            nets=(float(control.mean()),),
            p=exchange(reached, control, study.rng("followed")),
            kind=Kind.CAUSAL,
            means=(
                f"share of {len(reached)} walks ({patch.how}) that end where the evaluator was "
                f"made to point; null: the same walks without the patch"
            ),
        ),
    )


def _mirrored(study: Study, planner: Planner) -> tuple[Evidence, ...]:
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


def _gain(study: Study, planner: Planner, values: Array, places: Array) -> float:
    """p-value of the gain from thinking: agreement at the last step against that at the first."""
    wanted = planner.lookahead(values, places)
    first, *_, last = ((c == wanted).astype(float) for c in planner.thinking(study.samples))
    return exchange(last, first, study.rng("gain"))


def _patience(
    study: Study, planner: Planner, patch: Retarget | None, places: Array
) -> tuple[Evidence, ...]:
    """Whether a far goal that was moved is followed after all steps, and not before the first."""
    if patch is None:
        return ()
    given = patch.given
    here = locate(planner, {name: given[name] for name in study.interface.observations})
    (values,) = planner.maps(given, (planner.final,))
    wanted = planner.lookahead(values, here)
    unmoved = planner.choices({k: v for k, v in given.items() if k != planner.source})
    differ = wanted != unmoved
    if differ.sum() < 20:
        return ()
    thought = planner.thinking(given)
    early, late = ((thought[at] == wanted)[differ].astype(float) for at in (0, -1))
    return (
        measured(
            "a moved goal is found by thinking",
            float(late.mean() - early.mean()),
            THINKING,
            p=exchange(late, early, study.rng("patience")),
            shuffles=(0.0,),
            kind=Kind.CAUSAL,
            means=(
                f"share of choices that follow a retargeted evaluator after the last step "
                f"({float(late.mean()):.3f}) less that before the first ({float(early.mean()):.3f})"
            ),
        ),
    )


def _curves(
    study: Study, planner: Planner, thought: tuple[float, ...], nulls: list[_Null]
) -> tuple[Curve, ...]:
    steps = tuple(float(k) for k in range(len(planner.states)))
    maps = planner.maps(study.samples, planner.states)
    change = [
        float(np.median(np.abs(b - a).max(axis=(1, 2)) / (np.abs(b).max(axis=(1, 2)) + 1e-12)))
        for a, b in pairwise(maps)
    ]
    return (
        Curve(
            "thinking time",
            steps,
            thought,
            "steps of the loop",
            "choices as the explicit search",
            tuple(null.curve for null in nulls[:10]),
        ),
        Curve("contraction", steps[1:], tuple(change), "step of the loop", "relative change"),
        *_depth(study, planner, steps),
    )


def _depth(study: Study, planner: Planner, steps: tuple[float, ...]) -> tuple[Curve, ...]:
    """How far from the agent the evaluator's map still moves the scores, by steps."""
    if not planner.source:
        return ()
    samples = study.few(FEW)
    places = locate(planner, samples)
    reach: list[float] = []
    for state in planner.states:
        slopes = _slopes(left_early(planner.network, planner.final, state), planner, samples)
        support = slopes > 1e-3 * slopes.max(axis=(1, 2), keepdims=True)
        rows, columns = np.indices(planner.size)
        far = np.maximum(
            np.abs(rows[None] - places[:, 0, None, None]),
            np.abs(columns[None] - places[:, 1, None, None]),
        )
        reach.append(float(np.where(support, far, 0).max(axis=(1, 2)).mean()))
    return (Curve("planning depth", steps, tuple(reach), "steps of the loop", "cells away"),)


def left_early(network: Network, final: str, state: str) -> Network:
    """The network in which what reads the last state of a loop reads an earlier one."""
    nodes = tuple(
        replace(node, inputs=tuple(state if name == final else name for name in node.inputs))
        for node in network.nodes
    )
    return replace(network, nodes=nodes)


def _slopes(network: Network, planner: Planner, samples: dict[str, Array]) -> Array:
    """Absolute derivative (N, rows, columns) of the best score by the evaluator's map."""
    source, scores = planner.source, planner.interface.scores
    needed = network.ancestors([scores], stop=[source])
    starts = [name for name in samples if name in needed]
    function = as_evaluator(network.slice([*starts, source], [scores]), [scores])
    held = evaluate(network, samples, [source])[source]
    total = len(held)
    flat = [samples[name].reshape(total, -1) for name in starts] + [held.reshape(total, -1)]
    x = torch.tensor(np.concatenate(flat, axis=1), dtype=torch.float32, requires_grad=True)
    best = function(x)[network.node(scores).name].reshape(total, -1).max(dim=1).values.sum()
    slopes = torch.autograd.grad(best, x)[0].numpy()[:, -int(np.prod(planner.size)) :]
    return np.abs(slopes).reshape(total, *planner.size)
