"""Nets without the role: the same architecture with weights that mean nothing.

Two kinds, and a third beside them. A *fresh* net has its weights drawn anew, each tensor with the
mean and the spread that it has, so that activations keep their scale. A *shuffled* net keeps every
weight but not its place within the tensor; whether zeros stay where they are is a choice: in a net
that is sparse by design, the pattern of its zeros may be what makes it what it is. Tied parameters
stay tied. Constants that the source itself computes with (ranges, sizes, one-element tensors) are
no weights and are kept. A *random part* is of the trained network itself, as large as a part in
question, but picked blindly.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace

import numpy as np

from extract.network import Array, Network
from extract.operator import OPERATORS

Part = tuple[str, Array]
"""A tensor, and the flat numbers of some of its entries."""

Rule = Callable[[str, Array, np.random.Generator], Array]
"""From the name of a weight tensor, the tensor and a generator to other weights of its shape."""


def weights(network: Network) -> dict[str, Array]:
    """The parameters that are trained weights: those in a weight position of some operator."""
    names = [
        node.inputs[position]
        for node in network.nodes
        for position in OPERATORS[node.op].weights
        if position < len(node.inputs)
    ]
    names += [
        name
        for node in network.nodes
        if node.op == "matmul"
        for name in node.inputs
        if name in network.parameters
    ]
    return {name: network.parameters[name] for name in dict.fromkeys(names)}


def fresh(network: Network, rng: np.random.Generator) -> Network:
    """The same architecture with weights drawn anew, tensor by tensor with its mean and spread."""

    def draw(_: str, array: Array, rng: np.random.Generator) -> Array:
        return rng.normal(array.mean(), array.std(), array.shape)

    return _changed(network, draw, rng)


def shuffled(
    network: Network,
    rng: np.random.Generator,
    *,
    keep_zeros: bool = True,
    among: Mapping[str, Array] | None = None,
) -> Network:
    """The same weights at other places of their tensors; zeros stay, unless told otherwise.

    Args:
        network: the network.
        rng: of the permutations.
        keep_zeros: whether zeros stay where they are.
        among: for some weight tensors the (rows, columns) that may move, all others stay.
    """
    allowed = among or {}

    def mix(name: str, array: Array, rng: np.random.Generator) -> Array:
        mixed = array.copy()
        full = array != 0 if keep_zeros else np.ones(array.shape, dtype=bool)
        if name in allowed:
            full &= allowed[name].reshape(*allowed[name].shape, *[1] * (array.ndim - 2))
        mixed[full] = rng.permutation(array[full])
        return mixed

    return _changed(network, mix, rng)


def random_parts(
    network: Network, names: Collection[str], size: int, rng: np.random.Generator, count: int
) -> list[Part]:
    """Parts of the network itself that were picked blindly: `size` entries of some tensor.

    Args:
        network: the network.
        names: the tensors that are picked from, those that are computed.
        size: the number of entries.
        rng: picks.
        count: how many parts.

    Returns:
        the parts; none where no tensor has enough entries.
    """
    wide = [
        (node.name, node.size)
        for node in network.nodes
        if node.name in names and node.op not in ("input", "parameter") and node.size >= size
    ]
    picked = [wide[i] for i in rng.integers(0, len(wide), count)] if wide else []
    return [(name, rng.choice(total, size, replace=False)) for name, total in picked]


def same_weights(a: Network, b: Network) -> bool:
    """Whether all parameters of two networks of one architecture are equal."""
    return all(np.array_equal(array, b.parameters[name]) for name, array in a.parameters.items())


def _changed(network: Network, rule: Rule, rng: np.random.Generator) -> Network:
    drawn: dict[bytes, Array] = {}
    parameters = dict(network.parameters)
    for name, array in weights(network).items():
        key = array.tobytes() + repr(array.shape).encode()
        if key not in drawn:
            drawn[key] = rule(name, array, rng).astype(array.dtype)
        parameters[name] = drawn[key]
    return replace(network, parameters=parameters)
