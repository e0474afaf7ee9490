"""Policies of boxes: in each box of observations one action, or the best of affine scores.

What is stated here is an estimate on samples; `verify.fidelity` proves it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from extract.network import Array

Scores = Callable[[Array], Array]
"""From observations (N, features) to scores (N, actions)."""


@dataclass(frozen=True, eq=False)
class Leaf:
    """A box of observations in which one action is taken.

    Attributes:
        low, high: corners (features,), closed; neighbouring leaves share a face.
        action: number of the action.
    """

    low: Array
    high: Array
    action: int

    def choose(self, observations: Array) -> Array:
        """The action, for every observation (N, features)."""
        return np.full(len(observations), self.action)


@dataclass(frozen=True, eq=False)
class AffineLeaf:
    """A box of observations in which the first action of the best affine score is taken.

    Attributes:
        low, high: corners (features,), closed; neighbouring leaves share a face.
        weight, bias: (actions, features) and (actions,): the scores are weight @ o + bias, exactly.
    """

    low: Array
    high: Array
    weight: Array
    bias: Array

    def choose(self, observations: Array) -> Array:
        """The actions at observations (N, features), in float64."""
        return (observations @ self.weight.T + self.bias).argmax(axis=1)


@dataclass(frozen=True, eq=False)
class Tree:
    """A policy whose leaves are boxes.

    Attributes:
        leaves: they cover the box.
        agreement: share of fresh uniform samples at which tree and policy choose the same.
        samples: how many those were.
        regret: mean score that is lost by the tree's choice, on the same samples.
    """

    leaves: tuple[Leaf | AffineLeaf, ...]
    agreement: float
    samples: int
    regret: float

    def choose(self, observations: Array) -> Array:
        """The actions at observations (N, features); at a shared face, that of the earlier leaf."""
        chosen = np.full(len(observations), -1)
        for leaf in self.leaves:
            inside = ((observations >= leaf.low) & (observations <= leaf.high)).all(axis=1)
            inside &= chosen < 0
            chosen[inside] = leaf.choose(observations[inside])
        return chosen


def tree_of(leaves: tuple[Leaf | AffineLeaf, ...], scores: Scores, fresh: Array) -> Tree:
    """The policy of some leaves, with its error against another on fresh samples (N, features)."""
    given = scores(fresh)
    chosen = Tree(leaves, 0.0, 0, 0.0).choose(fresh)
    lost = given.max(axis=1) - given[np.arange(len(fresh)), chosen]
    agreement = float((chosen == given.argmax(axis=1)).mean())
    return Tree(leaves, agreement, len(fresh), float(lost.mean()))
