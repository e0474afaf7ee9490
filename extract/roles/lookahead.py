"""The tests of a lookahead of one step: branches of equal weights, one for each action.

World model: what a branch predicts has to be worth, to what judges the predictions, what the true
successor of its action is worth once perceived, at slope 1 and under interventions on the action.
Causal: with the predictions of another state the choices are worse, by the network's own judgement:
what it wants need not be what its world rewards.

Evaluator and search: *reconstruct and compare*. Perceiving the true successors, judging them, and
taking the best has to choose as the network does. Causal: where the predictions change places, the
choice follows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from extract.cutoff import LOOKAHEAD, MISLED, OUTCOME_R2, RETARGET
from extract.experience import Aside
from extract.graph.fan import Fan, find_fan
from extract.intervene import evaluate
from extract.network import Array, Network
from extract.roles.policy import exchange
from extract.roles.trial import Candidate, measured
from extract.statistic import permuted, slope_one
from extract.structure import Evidence, Kind
from extract.study import Study

CLOSE = 0.1
"""Outcomes that differ by less than this share of the largest difference are equally good."""


@dataclass(frozen=True)
class Fanned:
    """What a fan offers for each role: candidates with their tests."""

    world_model: Candidate
    evaluator: Candidate
    search: Candidate


def find_lookahead(study: Study) -> tuple[Fanned, ...]:
    """The lookahead in a network, if its scores are joined from branches of equal weights."""
    fan = find_fan(study.network, study.interface.scores)
    if fan is None:
        return ()
    parameters = frozenset(
        name for node in fan.tail for name in study.network.node(node).inputs
    ) & set(study.network.parameters)
    model: tuple[Evidence, ...] = ()
    search: tuple[Evidence, ...] = ()
    lacking = "no environment whose state can be set is given"
    if study.aside is not None:
        lacking = ""
        model = (_outcomes(study, fan, study.aside), _misled(study, fan, study.aside))
        search = (_reconstructed(study, fan, study.aside), _swapped(study, fan))
    count = len(fan.predicted)
    found = Fanned(
        world_model=Candidate(
            f"{count} branches from {fan.latent} to {', '.join(fan.predicted)}",
            fan.nodes,
            fan.parameters,
            model,
            True,
            lacking=lacking,
        ),
        evaluator=Candidate(
            f"what judges {', '.join(fan.predicted)}",
            fan.tail,
            parameters,
            search,
            True,
            lacking=lacking,
            inputs=fan.predicted[:1],
            outputs=fan.scores[:1],
        ),
        search=Candidate(
            f"one step of lookahead in {count} branches of equal weights",
            fan.nodes | fan.tail,
            fan.parameters | parameters,
            search,
            True,
            lacking=lacking,
            inputs=study.interface.observations,
            outputs=(study.interface.scores,),
        ),
    )
    return (found,)


def _scores(study: Study, network: Network, fan: Fan, flat: Array) -> Array:
    """The numbers of the branches (N, A)."""
    values = evaluate(network, study.split(flat), fan.scores)
    return np.stack([values[name].reshape(len(flat)) for name in fan.scores], axis=1)


def _judged(study: Study, network: Network, fan: Fan, flat: Array) -> Array:
    """What observations are worth once perceived, by what judges the predictions (N,)."""
    latent = evaluate(network, study.split(flat), [fan.latent])[fan.latent]
    first, end = fan.predicted[0], fan.scores[0]
    return evaluate(network, {first: latent}, [end])[end].reshape(len(flat))


def _apart(table: Array) -> Array:
    """What depends on state and action together: (N, A) less its row and column means."""
    return table - table.mean(axis=1, keepdims=True) - table.mean(axis=0) + table.mean()


def _outcomes(study: Study, fan: Fan, aside: Aside) -> Evidence:
    shape = aside.rewards.shape

    def tables(network: Network) -> tuple[Array, Array]:
        given = _scores(study, network, fan, study.experience.states)
        return _apart(given), _apart(_judged(study, network, fan, aside.flat).reshape(shape))

    predicted, true = tables(study.network)
    rng = study.rng("outcomes")
    return measured(
        "predictions are worth what outcomes are",
        slope_one(predicted, true),
        OUTCOME_R2,
        nets=[slope_one(*tables(net)) for net in study.null_nets],
        shuffles=permuted(lambda o: slope_one(predicted[o], true), len(true), rng),
        means=(
            f"share of the variance of what the true successors of {shape[1]} intervened actions "
            f"are worth, once perceived, that the branches predict at slope 1, {shape[0]} states; "
            "nulls: fresh and shuffled nets"
        ),
    )


def _misled(study: Study, fan: Fan, aside: Aside) -> Evidence:
    """What is judged are the predictions of another state: are the choices worse for it?"""
    states = study.experience.states
    worth = _judged(study, study.network, fan, aside.flat).reshape(aside.rewards.shape)
    choices = _scores(study, study.network, fan, states).argmax(axis=1)
    rng = study.rng("predictions of another state")
    intact, misled = _good(choices, worth), _good(choices[rng.permutation(len(choices))], worth)
    return measured(
        "choices by predictions of another state",
        float(intact.mean() - misled.mean()),
        MISLED,
        p=exchange(intact, misled, rng),
        shuffles=(0.0,),
        kind=Kind.CAUSAL,
        means=(
            "share of choices that are as good as the best by the extracted evaluator of true "
            "successors, less the same when the branches hand on another state's predictions"
        ),
    )


def _good(choices: Array, worth: Array) -> Array:
    """Whether choices (N,) are as good as the best by `worth` (N, A), where that matters."""
    best, least = worth.max(axis=1), worth.min(axis=1)
    slack = CLOSE * float((best - least).max())
    taken = worth[np.arange(len(worth)), choices]
    return (taken >= best - slack)[best - least > slack].astype(float)


def agreement(choices: Array, worth: Array) -> float:
    """Share of the choices (N,) that matter which are as good as the best by `worth` (N, A)."""
    good = _good(choices, worth)
    return float(good.mean()) if len(good) else 0.0


def _reconstructed(study: Study, fan: Fan, aside: Aside) -> Evidence:
    shape = aside.rewards.shape

    def both(network: Network) -> tuple[Array, Array]:
        choices = _scores(study, network, fan, study.experience.states).argmax(axis=1)
        return choices, _judged(study, network, fan, aside.flat).reshape(shape)

    choices, worth = both(study.network)
    rng = study.rng("reconstructed")
    return measured(
        "reconstruct and compare",
        agreement(choices, worth),
        LOOKAHEAD,
        nets=[agreement(*both(net)) for net in study.null_nets],
        shuffles=permuted(lambda o: agreement(choices[o], worth), len(choices), rng),
        means=(
            f"share of {len(choices)} choices that are as good as the best by an explicit search "
            "over true successors with the extracted evaluator; nulls: fresh and shuffled nets"
        ),
    )


def _swapped(study: Study, fan: Fan) -> Evidence:
    """Each branch gets what the next one predicts: does the choice move by one?"""
    given = study.split(study.experience.states)
    predicted = evaluate(study.network, given, fan.predicted)
    moved = dict(zip(fan.predicted, np.roll([predicted[n] for n in fan.predicted], -1, 0),
                     strict=True))  # fmt: skip
    ends = evaluate(study.network, moved, fan.scores)
    after = np.stack([ends[name].ravel() for name in fan.scores], axis=1).argmax(axis=1)
    scores = _scores(study, study.network, fan, study.experience.states)
    before, worth = scores.argmax(axis=1), np.roll(scores, -1, axis=1)
    follows = np.array([agreement(after[i : i + 1], worth[i : i + 1]) for i in range(len(worth))])
    stays = np.array([agreement(before[i : i + 1], worth[i : i + 1]) for i in range(len(worth))])
    return measured(
        "choices follow predictions that change places",
        float(follows.mean()),
        RETARGET,
        nets=(float(stays.mean()),),
        p=exchange(follows, stays, study.rng("swapped")),
        kind=Kind.CAUSAL,
        means="share of choices that are best once each branch judges what the next one predicts; "
        "null: the same for the choices as they were",
    )
