"""The policy: scores whose largest entry is what the agent does.

Functional: acting on them earns more than acting at random. Causal: acting on the scores of
another state (resample ablation) earns no more than that. Without an environment only the tests of
a planner can bear a policy out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np
import torch

from extract.cutoff import EARNING_LOST, RANDOM_POLICIES, RETURN_SPREADS
from extract.experience import EPISODES, Choose, chooser
from extract.network import Array, Network
from extract.null import Part
from extract.roles.trial import Candidate, Resample, decide, measured
from extract.run import as_function
from extract.statistic import exchange, permuted
from extract.structure import Evidence, Finding, Kind
from extract.study import Study

NULL_POLICIES, NULL_EPISODES = 10, (3, 10)


def find_policy(study: Study, planning: Sequence[Evidence] = ()) -> Finding:
    """The finding about the policy.

    Args:
        study: the network under study.
        planning: tests that a planner's choices passed, where the network has one.
    """
    scores = study.interface.scores
    needed = study.network.ancestors([scores])
    parameters = frozenset(needed & set(study.network.parameters))
    evidence = tuple(planning)
    if study.environment is not None:
        evidence += (earning(study), earning_lost(study, scores))
    lacking = "" if evidence else "no environment is given, so that what it does cannot be valued"
    candidate = Candidate(
        scores,
        f"an output with one entry for each of {study.interface.actions} actions",
        frozenset(needed) - parameters,
        parameters,
        evidence,
        True,
        lacking=lacking,
        inputs=study.interface.observations,
        outputs=(scores,),
    )
    return decide("policy", [candidate], "")


def earning(study: Study) -> Evidence:
    """What acting on the scores earns, against random actions and fresh nets."""
    names, scores = study.interface.observations, study.interface.scores
    parts = study.picked(
        study.interface.actions, "policy", study.seen - {scores}, count=RANDOM_POLICIES
    )
    return earns(
        study,
        "return above chance",
        study.experience.returns,
        lambda net: chooser(net, names, scores),
        "mean return less that of random actions, in standard deviations; nulls: fresh nets",
        [chooser(study.network, names, *part) for part in parts],
    )


def earns(
    study: Study,
    test: str,
    returns: Array,
    policy: Callable[[Network], Choose],
    means: str,
    blind: Sequence[Choose] = (),
) -> Evidence:
    """How much more a policy earns than random actions do.

    Args:
        study: the network under study.
        test: its name.
        returns: of the policy's episodes.
        policy: the same policy of another network, for the nulls.
        means: the effect in words.
        blind: policies of blindly picked parts.
    """
    random = study.experience.random

    def above(order: Array) -> float:
        mine, theirs = returns[order], random[order]
        return _difference(mine, theirs) / _spread(mine, theirs)

    everything = np.arange(len(returns))
    effect, scale = above(everything), _spread(returns, random)
    nets = study.null_nets[:: max(1, len(study.null_nets) // NULL_POLICIES)]
    gaps, losses = (shortfalls(study, returns, policies) for policies in (map(policy, nets), blind))
    return measured(
        test,
        effect,
        RETURN_SPREADS,
        stable=Resample(above, len(returns), study.rng(f"stable {test}")),
        nets=[effect - gap / scale for gap in gaps],
        blind=[effect - gap / scale for gap in losses],
        p=exchange(returns, random, study.rng(test)),
        means=means,
    )


def earning_lost(study: Study, tensor: str) -> Evidence:
    """What the policy earns less when a tensor comes from another state (resample ablation)."""
    rng = study.rng(f"ablate {tensor}")
    return lost(
        "return lost under resample ablation",
        study.experience.returns,
        ablated(study, [whole(study.network, tensor)], rng),
        study.experience.random,
        rng,
        f"share of what is earned above random actions that is lost when {tensor} is another "
        "state's",
    )


def lost(
    test: str,
    intact: Array,
    broken: Array,
    chance: Array,
    rng: np.random.Generator,
    means: str,
    kind: Kind = Kind.CAUSAL,
    cutoff: float = EARNING_LOST,
    blind: Sequence[Array] = (),
) -> Evidence:
    """How much of what is earned above chance is lost by breaking something.

    Args:
        test: its name.
        intact, broken, chance: returns of episodes from the same starts, or shares of good choices
            in the same states: as it is, with something broken, and of random actions.
        rng: for the p-value.
        means: the effect in words.
        kind: what the test bears on.
        cutoff: the share that has to be lost.
        blind: as `broken`, with blindly picked parts broken, maybe for the first episodes only.
    """
    gained = _difference(intact, chance)
    scale = gained if gained > 0 else np.inf
    joined = np.concatenate([intact, broken])

    def share(order: Array) -> float:
        earned = _difference(intact[order], chance[order])
        return _difference(intact[order], broken[order]) / earned if earned > 0 else 0.0

    def mixed(order: Array) -> float:
        half = len(intact)
        return _difference(joined[order[:half]], joined[order[half:]]) / scale

    return measured(
        test,
        _difference(intact, broken) / scale,
        cutoff,
        stable=Resample(share, len(intact), rng),
        shuffles=permuted(mixed, len(joined), rng),
        blind=[_difference(intact[: len(one)], one) / scale for one in blind],
        kind=kind,
        means=f"{means}; nulls: both exchanged at random",
    )


def whole(network: Network, tensor: str) -> Part:
    """All entries of a tensor."""
    return tensor, np.arange(network.node(tensor).size)


def ablated(
    study: Study, parts: Sequence[Part], rng: np.random.Generator, count: int = EPISODES
) -> Array:
    """Returns (count,) of the policy's episodes in which parts come from states drawn anew for
    every choice, all of them from the same.
    """
    network, donors = study.network, study.experience.states
    names, scores = study.interface.observations, study.interface.scores
    tensors = [name for name, _ in parts]
    values = study.read(donors, parts)
    needed = network.ancestors([scores], stop=tensors)
    free = tuple(name for name in names if name in needed)
    below = as_function(network.slice((*free, *tensors), (scores,)))
    wholly = all(len(entries) == network.node(name).size for name, entries in parts)

    def choose(flat: Array) -> Array:
        given = study.split(flat)
        rows = [given[name].reshape(len(flat), -1) for name in free]
        held = (
            [np.empty((len(flat), len(entries))) for _, entries in parts]
            if wholly
            else study.read(flat, [whole(network, name) for name in tensors])
        )
        picked = rng.integers(0, len(donors), len(flat))
        for row, (_, entries), donated in zip(held, parts, values, strict=True):
            row[:, entries] = donated[picked]
        with torch.no_grad():
            joined = torch.from_numpy(np.concatenate([*rows, *held], axis=1).astype(np.float32))
            return below(joined).argmax(dim=1).numpy()

    return study.guide.episodes(choose, count)


def shortfalls(study: Study, returns: Array, policies: Iterable[Choose]) -> list[float]:
    """How much less some policies earn, by the mean over the same first episodes; over more where
    these do not tell them apart, since a few starts in a small world are mastered by chance.

    Args:
        study: the network under study.
        returns: what the network's own policy earns.
        policies: that are compared with it.
    """
    gaps: list[float] = []
    for choose in policies:
        gap = 0.0
        for count in NULL_EPISODES:
            gap = _difference(returns[:count], study.guide.episodes(choose, count))
            if gap > 0:
                break
        gaps.append(gap)
    return gaps


def _difference(a: Array, b: Array) -> float:
    return float(a.mean() - b.mean())


def _spread(a: Array, b: Array) -> float:
    """Pooled standard deviation; a thousandth of the scale where returns do not vary."""
    pooled = float(np.sqrt((a.var() + b.var()) / 2))
    return max(pooled, 1e-3 * float(np.abs(np.concatenate([a, b])).max()), 1e-12)
