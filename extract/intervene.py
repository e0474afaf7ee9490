"""Run a network with some of its tensors set to other values.

An intervention cuts the graph at a tensor and puts a value there: what lies above no longer
matters, what lies below follows. Interchange puts there what another input would have produced.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

import numpy as np
import torch

from extract.network import Array, Network
from extract.run import as_evaluator

BATCH = 1024
Tensors = Mapping[str, Array]
"""Name of a tensor -> values (N, *shape), one for each sample."""


def evaluate(network: Network, given: Tensors, wanted: Sequence[str]) -> dict[str, Array]:
    """The values of tensors, given those of others.

    Args:
        network: the network.
        given: values of the inputs, and of any tensors that are set; what is not needed is ignored.
        wanted: names of tensors.

    Returns:
        name -> float64 array (N, *shape), computed in float32.

    Raises:
        InputError: a wanted tensor depends on an input that is not given.
    """
    starts, function = _compiled(network, tuple(given), tuple(wanted))
    count = len(next(iter(given.values())))
    results: dict[str, list[Array]] = {name: [] for name in wanted}
    with torch.no_grad():
        for first in range(0, count, BATCH):
            flat = [
                np.asarray(given[name][first : first + BATCH], dtype=np.float32).reshape(
                    min(BATCH, count - first), -1
                )
                for name in starts
            ]
            values = function(torch.from_numpy(np.concatenate(flat, axis=1)))
            for name in wanted:
                results[name].append(values[network.node(name).name].double().numpy())
    return {name: np.concatenate(parts) for name, parts in results.items()}


@lru_cache(maxsize=1024)
def _compiled(
    network: Network, given: tuple[str, ...], wanted: tuple[str, ...]
) -> tuple[tuple[str, ...], Callable[[torch.Tensor], dict[str, torch.Tensor]]]:
    """Which of the given tensors are needed, and the function from them to the wanted ones."""
    needed = network.ancestors(wanted, stop=given)
    starts = tuple(name for name in given if network.node(name).name in needed)
    part = network.slice(starts, wanted)
    return starts, as_evaluator(part, part.outputs)
