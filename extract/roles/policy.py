"""The policy: scores whose largest entry is what the agent does.

Functional: acting on them earns more than acting at random. Causal: acting on the scores of
another state (resample ablation) earns no more than that. Without an environment only the tests of
a planner can bear a policy out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch

from extract.cutoff import EARNING_LOST, RETURN_SPREADS
from extract.experience import EPISODES, Choose, chooser
from extract.intervene import evaluate
from extract.network import Array, Network
from extract.roles.trial import Candidate, decide, measured
from extract.run import as_function
from extract.statistic import permuted
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
        evidence += (_earning(study), earning_lost(study, scores))
    lacking = "" if evidence else "no environment is given, so that what it does cannot be valued"
    candidate = Candidate(
        scores,
        frozenset(needed) - parameters,
        parameters,
        evidence,
        True,
        lacking=lacking,
        inputs=study.interface.observations,
        outputs=(scores,),
    )
    return decide("policy", [candidate], "")


def _earning(study: Study) -> Evidence:
    """What acting on the scores earns, against random actions and fresh nets."""
    experience = study.experience
    scale = spread(experience.returns, experience.random)
    effect = _difference(experience.returns, experience.random) / scale
    names, scores = study.interface.observations, study.interface.scores
    nets = [
        effect - gap / scale
        for gap in shortfalls(study, experience.returns, lambda net: chooser(net, names, scores))
    ]
    return measured(
        "return above chance",
        effect,
        RETURN_SPREADS,
        nets=nets,
        p=exchange(experience.returns, experience.random, study.rng("policy")),
        means="mean return less that of random actions, in standard deviations; nulls: fresh nets",
    )


def earning_lost(study: Study, tensor: str) -> Evidence:
    """What the policy earns less when a tensor comes from another state (resample ablation)."""
    experience, guide = study.experience, study.guide
    rng = study.rng(f"ablate {tensor}")
    broken = guide.episodes(ablated(study, tensor, experience.states, rng), EPISODES)
    return lost(
        "return lost under resample ablation",
        experience.returns,
        broken,
        experience.random,
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
) -> Evidence:
    """How much of what is earned above chance is lost by breaking something.

    Args:
        test: its name.
        intact, broken, chance: returns of episodes from the same starts, or shares of good choices
            in the same states: as it is, with something broken, and of random actions.
        rng: for the p-value.
        means: the effect in words.
        kind: what the test bears on.
    """
    gained = _difference(intact, chance)
    scale = gained if gained > 0 else np.inf
    joined = np.concatenate([intact, broken])

    def mixed(order: Array) -> float:
        half = len(intact)
        return _difference(joined[order[:half]], joined[order[half:]]) / scale

    return measured(
        test,
        _difference(intact, broken) / scale,
        EARNING_LOST,
        shuffles=permuted(mixed, len(joined), rng),
        kind=kind,
        means=f"{means}; nulls: both exchanged at random",
    )


def ablated(study: Study, tensor: str, donors: Array, rng: np.random.Generator) -> Choose:
    """The policy with a tensor that comes from states drawn anew for every choice."""
    names, scores = study.interface.observations, study.interface.scores
    values = evaluate(study.network, study.split(donors), [tensor])[tensor].reshape(len(donors), -1)
    needed = study.network.ancestors([scores], stop=[tensor])
    free = tuple(name for name in names if name in needed)
    below = as_function(study.network.slice((*free, tensor), (scores,)))

    def choose(flat: Array) -> Array:
        given = study.split(flat)
        rows = [given[name].reshape(len(flat), -1) for name in free]
        rows.append(values[rng.integers(0, len(values), len(flat))])
        with torch.no_grad():
            joined = torch.from_numpy(np.concatenate(rows, axis=1).astype(np.float32))
            return below(joined).argmax(dim=1).numpy()

    return choose


def shortfalls(study: Study, returns: Array, policy: Callable[[Network], Choose]) -> list[float]:
    """How much less some null nets earn, by the mean over the same first episodes; over more where
    these do not tell them apart, since a few starts in a small world are mastered by chance.

    Args:
        study: the network under study.
        returns: what the network's own policy earns.
        policy: of a network.
    """
    nets = study.null_nets[:: max(1, len(study.null_nets) // NULL_POLICIES)]
    gaps: list[float] = []
    for choose in map(policy, nets):
        gap = 0.0
        for count in NULL_EPISODES:
            gap = _difference(returns[:count], study.guide.episodes(choose, count))
            if gap > 0:
                break
        gaps.append(gap)
    return gaps


def _difference(a: Array, b: Array) -> float:
    return float(a.mean() - b.mean())


def spread(a: Array, b: Array) -> float:
    """Pooled standard deviation; a thousandth of the scale where returns do not vary."""
    pooled = float(np.sqrt((a.var() + b.var()) / 2))
    return max(pooled, 1e-3 * float(np.abs(np.concatenate([a, b])).max()), 1e-12)


def exchange(a: Array, b: Array, rng: np.random.Generator) -> float:
    """p-value of a's mean being so far above b's, under exchange of their members."""
    joined = np.concatenate([a, b])

    def measure(order: Array) -> float:
        return _difference(joined[order[: len(a)]], joined[order[len(a) :]])

    shuffles = permuted(measure, len(joined), rng)
    return float((shuffles >= _difference(a, b) - 1e-9).sum() + 1) / (len(shuffles) + 1)
