"""A segmentation with the scores of the same procedure on nets that learned nothing beside it.

The score of the weight-based procedures is the normalised cut (less is more modular), of the
behaviour-based ones the coherence: how much more alike units of one group fire than units of two.
Whatever the procedure, its labels are also judged for what they say beyond topology: the labels
that it gives on shuffled weights know the topology and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from sklearn.metrics import adjusted_rand_score

from extract.intervene import Tensors
from extract.network import Array, Network
from extract.null import fresh, shuffled
from extract.segment import procedure as how
from extract.segment.unit import UnitGraph, unit_graph
from theory.error import InputError

PROCEDURES = ("spectrum", "community", "activation", "lesion")


@dataclass(frozen=True, eq=False)
class Segmentation:
    """Groups of units, and what they are worth.

    Attributes:
        procedure: one of `PROCEDURES`.
        graph: the units, without isolated ones.
        labels: the group of each unit.
        score: normalised cut, or coherence.
        shuffled: the score of the same procedure on shuffled weights, one each.
        random: the same on weights drawn anew.
        coherence: of the labels with the activations; NaN without observations.
        topology_coherence: the coherence of the labels that shuffled nets give, mean over them.
        topology_agreement: adjusted Rand index of the labels with those of shuffled nets, mean.
    """

    procedure: str
    graph: UnitGraph
    labels: Array
    score: float
    shuffled: Array
    random: Array
    coherence: float
    topology_coherence: float
    topology_agreement: float

    @property
    def z(self) -> float:
        """Standard deviations of the shuffled scores by which the score is above their mean."""
        return _z(self.score, self.shuffled)

    @property
    def z_random(self) -> float:
        """The same against random nets."""
        return _z(self.score, self.random)

    @property
    def p(self) -> float:
        """Share of shuffled nets that are at least as modular, this one counted among them."""
        cut = self.procedure in ("spectrum", "community")
        better = self.shuffled <= self.score if cut else self.shuffled >= self.score
        return float(better.sum() + 1) / (len(self.shuffled) + 1)

    @property
    def beyond_topology(self) -> float:
        """Coherence of the activations that the topology alone does not explain."""
        return self.coherence - self.topology_coherence


def segment(
    network: Network,
    procedure: str = "spectrum",
    *,
    groups: int = 8,
    nulls: int = 20,
    seed: int = 0,
    observations: Tensors | None = None,
    keep_zeros: bool = True,
) -> Segmentation:
    """Group the units of a network.

    Args:
        network: with fully connected or convolutional layers.
        procedure: "spectrum", "community", "activation" or "lesion".
        groups: how many; "community" finds its own number.
        nulls: shuffled nets, and random nets, to compare with.
        seed: of clustering and nulls.
        observations: input name -> array (samples, *shape); the last two procedures need it.
        keep_zeros: whether shuffled weights keep the pattern of their zeros. Where they do not,
            zeros move among the units that are not isolated: isolated ones are dropped first.

    Raises:
        InputError: an unknown procedure, no observations where they are needed, too few units.
    """
    if procedure not in PROCEDURES:
        raise InputError(f"procedure {procedure!r} is none of {', '.join(PROCEDURES)}")
    if observations is None and procedure in ("activation", "lesion"):
        raise InputError(f"procedure {procedure!r} needs observations")
    rng = np.random.default_rng(seed)
    run = partial(_once, procedure=procedure, groups=groups, seed=seed, observations=observations)
    found = run(network)
    alike = (
        None
        if observations is None
        else how.likeness(how.activations(network, found.graph, observations))
    )
    among = None if keep_zeros else found.graph.joining()
    mixed = [run(shuffled(network, rng, keep_zeros=keep_zeros, among=among)) for _ in range(nulls)]
    drawn = [run(fresh(network, rng)) for _ in range(nulls)]
    common = [(one, *_common(found.graph, one.graph)) for one in mixed]
    agreement = [adjusted_rand_score(found.labels[i], one.labels[j]) for one, i, j in common]
    blind = [
        coherence(alike[np.ix_(i, i)], one.labels[j]) for one, i, j in common if alike is not None
    ]
    return Segmentation(
        procedure,
        found.graph,
        found.labels,
        found.score,
        np.array([one.score for one in mixed]),
        np.array([one.score for one in drawn]),
        coherence=float("nan") if alike is None else coherence(alike, found.labels),
        topology_coherence=float(np.mean(blind)) if blind else float("nan"),
        topology_agreement=float(np.mean(agreement)),
    )


@dataclass(frozen=True, eq=False)
class _Found:
    graph: UnitGraph
    labels: Array
    score: float


def _once(
    network: Network, *, procedure: str, groups: int, seed: int, observations: Tensors | None
) -> _Found:
    graph = unit_graph(network).connected()
    if len(graph.units) <= groups:
        raise InputError(f"{network.name}: {len(graph.units)} units for {groups} groups")
    weighing: dict[str, Callable[[UnitGraph, int, int], Array]] = {
        "spectrum": how.by_spectrum,
        "community": how.by_community,
    }
    if procedure in weighing:
        labels = weighing[procedure](graph, groups, seed)
        return _Found(graph, labels, n_cut(graph, labels))
    observations = observations or {}
    alike = how.likeness(how.activations(network, graph, observations))
    if procedure == "activation":
        labels = how.by_activation(alike, groups)
    else:
        labels = how.by_lesion(how.lesions(network, graph, observations), groups)
    return _Found(graph, labels, coherence(alike, labels))


def n_cut(graph: UnitGraph, labels: Array) -> float:
    """Normalised cut: over the groups, the weight that leaves a group over the weight at it."""
    degree = np.asarray(graph.weights.sum(axis=1)).ravel()
    total = 0.0
    for group in np.unique(labels):
        inside = labels == group
        volume = float(degree[inside].sum())
        within = float(graph.weights[inside][:, inside].sum())
        total += (volume - within) / volume if volume > 0 else 0.0
    return total


def coherence(alike: Array, labels: Array) -> float:
    """Mean |correlation| of pairs within a group less that of pairs of two groups.

    0 where all units are in one group, or each is in its own.
    """
    same = labels[:, None] == labels[None]
    apart = ~np.eye(len(labels), dtype=np.bool_)
    inside, outside = alike[same & apart], alike[~same]
    return float(inside.mean() - outside.mean()) if inside.size and outside.size else 0.0


def _common(one: UnitGraph, other: UnitGraph) -> tuple[Array, Array]:
    """Positions, in both graphs, of the units that both have."""
    at = {unit: i for i, unit in enumerate(other.units)}
    pairs = [(i, at[unit]) for i, unit in enumerate(one.units) if unit in at]
    first, second = np.array(pairs, dtype=int).reshape(-1, 2).T
    return first, second


def _z(score: float, nulls: Array) -> float:
    spread = float(nulls.std(ddof=1)) if len(nulls) > 1 else 0.0
    return (score - float(nulls.mean())) / spread if spread > 0 else float("nan")
