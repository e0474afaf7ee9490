"""Four ways to group units: two by weights, one by activations, one by what a lesion does."""

from __future__ import annotations

import warnings

import networkx as nx
import numpy as np
from scipy import sparse
from sklearn.cluster import AgglomerativeClustering, SpectralClustering

from extract.intervene import Tensors, evaluate
from extract.network import Array, Network
from extract.segment.unit import UnitGraph

Labels = Array
"""A group number for each unit."""


def by_spectrum(graph: UnitGraph, groups: int, seed: int) -> Labels:
    """Normalised spectral clustering of the weights (Shi and Malik 2000; Filan et al. 2021)."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a graph may fall into components: that is an answer too
        cluster = SpectralClustering(
            groups, affinity="precomputed", assign_labels="kmeans", random_state=seed, n_init=5
        )
        weights = sparse.csr_matrix(graph.weights)
        weights.indices = weights.indices.astype(np.int32)
        weights.indptr = weights.indptr.astype(np.int32)
        return cluster.fit_predict(weights)


def by_community(graph: UnitGraph, groups: int, seed: int) -> Labels:
    """Louvain communities of the weights (Blondel et al. 2008); they set their own number."""
    del groups
    whole = nx.from_scipy_sparse_array(graph.weights)
    labels = np.zeros(len(graph.units), dtype=int)
    for number, members in enumerate(nx.community.louvain_communities(whole, seed=seed)):
        labels[list(members)] = number
    return labels


def by_activation(likeness: Array, groups: int) -> Labels:
    """Average-linkage grouping by how alike units fire: 1 - |correlation|."""
    cluster = AgglomerativeClustering(groups, metric="precomputed", linkage="average")
    return cluster.fit_predict(1 - likeness)


def by_lesion(effects: Array, groups: int) -> Labels:
    """Grouping by what changes in the outputs where a unit is silenced (units, outputs)."""
    size = np.linalg.norm(effects, axis=1, keepdims=True)
    unit = effects / np.maximum(size, 1e-12)
    return AgglomerativeClustering(groups, linkage="ward").fit_predict(unit)


def activations(network: Network, graph: UnitGraph, observations: Tensors) -> Array:
    """How strongly each unit fires: the mean of its entries (samples, units)."""
    values = evaluate(network, observations, list(dict.fromkeys(n for n, _ in graph.entries)))
    flat = {name: value.reshape(len(value), -1) for name, value in values.items()}
    return np.stack([flat[name][:, at].mean(axis=1) for name, at in graph.entries], axis=1)


def likeness(firing: Array) -> Array:
    """|Correlation| of the activations of units; 0 with a unit that never changes."""
    centred = firing - firing.mean(axis=0)
    size = np.linalg.norm(centred, axis=0)
    alike = np.abs(centred.T @ centred) / np.maximum(np.outer(size, size), 1e-12)
    np.fill_diagonal(alike, 1.0)
    return alike.clip(0, 1)


def lesions(network: Network, graph: UnitGraph, observations: Tensors) -> Array:
    """The mean absolute change of each output where a unit is held at its mean (units, outputs)."""
    tensors = list(dict.fromkeys(name for name, _ in graph.entries))
    plain = evaluate(network, observations, list(dict.fromkeys([*tensors, *network.outputs])))
    usual = _joined(network, plain)
    rows: list[Array] = []
    for name, at in graph.entries:
        held = plain[name].copy()
        flat = held.reshape(len(held), -1)
        flat[:, at] = flat[:, at].mean(axis=0)
        changed = evaluate(network, {**observations, name: held}, network.outputs)
        rows.append(np.abs(_joined(network, changed) - usual).mean(axis=0))
    return np.stack(rows)


def _joined(network: Network, values: Tensors) -> Array:
    parts = [values[name] for name in network.outputs]
    return np.concatenate([part.reshape(len(part), -1) for part in parts], axis=1)
