"""The few statistics that the tests of parts need: fits at slope 1, permutation p-values, Holm."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from extract.network import Array

PERMUTATIONS = 999
"""Shuffles behind a p-value, so that the least p is 0.001."""


def slope_one(prediction: Array, target: Array) -> float:
    """R² of a prediction taken as it is: 1 - SSE / SS(target), both arrays centred beforehand.

    Zero is as good as predicting no difference at all; there is no lower bound.
    """
    spread = float((target**2).sum())
    return 1.0 - float(((target - prediction) ** 2).sum()) / spread if spread > 0 else 0.0


def slope(prediction: Array, target: Array) -> float:
    """Slope through the origin of the prediction on the target; 0 where the target is constant."""
    spread = float((target**2).sum())
    return float((prediction * target).sum()) / spread if spread > 0 else 0.0


def correlation(a: Array, b: Array) -> float:
    """Pearson's correlation; 0 where one of them is constant."""
    a, b = a.ravel() - a.mean(), b.ravel() - b.mean()
    scale = float(np.sqrt((a**2).sum() * (b**2).sum()))
    return float((a * b).sum()) / scale if scale > 0 else 0.0


def concordance(a: Array, b: Array) -> float:
    """Share of the pairs that differ in b which a orders the same way; a tie in a counts half."""
    over = np.sign(b[:, None] - b[None, :])
    differ = over > 0
    count = int(differ.sum())
    if count == 0:
        return 0.5
    ahead = np.sign(a[:, None] - a[None, :])[differ]
    return float((ahead > 0).sum() + 0.5 * (ahead == 0).sum()) / count


def tail(effect: float, nulls: Array | Sequence[float]) -> float:
    """Share of null values at least as large, the effect itself counted among them."""
    values = np.asarray(nulls, dtype=float)
    return float((values >= effect - 1e-12).sum() + 1) / (values.size + 1)


def permuted(
    measure: Callable[[Array], float],
    count: int,
    rng: np.random.Generator,
    times: int = PERMUTATIONS,
) -> Array:
    """A measure under random orders of `count` things: what it is without the pairing."""
    return np.array([measure(rng.permutation(count)) for _ in range(times)])


def exchange(a: Array, b: Array, rng: np.random.Generator) -> float:
    """p-value of a's mean being so far above b's, under exchange of their members."""
    joined = np.concatenate([a, b])

    def difference(order: Array) -> float:
        return float(joined[order[: len(a)]].mean() - joined[order[len(a) :]].mean())

    return tail(float(a.mean() - b.mean()), permuted(difference, len(joined), rng))


def holm(p_values: Mapping[str, float]) -> dict[str, float]:
    """p-values adjusted for having asked several questions (Holm 1979)."""
    ordered = sorted(p_values, key=lambda name: p_values[name])
    adjusted: dict[str, float] = {}
    largest = 0.0
    for rank, name in enumerate(ordered):
        largest = max(largest, min(1.0, (len(ordered) - rank) * p_values[name]))
        adjusted[name] = largest
    return adjusted


def stability(
    measure: Callable[[Array], float],
    count: int,
    cutoff: float,
    rng: np.random.Generator,
    times: int = 200,
) -> float:
    """Share of bootstrap samples of `count` things on which a measure reaches a cut-off."""
    kept = [measure(rng.integers(0, count, count)) >= cutoff for _ in range(times)]
    return float(np.mean(kept))
