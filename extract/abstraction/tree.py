"""A decision tree for a policy, whose leaves are boxes of observations with one action each.

Bastani, Pu and Solar-Lezama, Verifiable reinforcement learning via policy extraction, NeurIPS 2018
(VIPER): examples weigh what a wrong action would cost, the difference of the best and the worst
score; the tree is grown again where it went wrong. What is stated here is an estimate on samples;
`verify.fidelity` proves it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.tree import DecisionTreeClassifier

from extract.network import Array
from theory.error import InputError

Scores = Callable[[Array], Array]
"""From observations (N, features) to scores (N, actions)."""


@dataclass(frozen=True, eq=False)
class Leaf:
    """A box of observations in which the tree takes one action.

    Attributes:
        low, high: corners (features,), closed; neighbouring leaves share a face.
        action: number of the action.
    """

    low: Array
    high: Array
    action: int


@dataclass(frozen=True, eq=False)
class Tree:
    """A decision tree over a box.

    Attributes:
        leaves: they cover the box.
        agreement: share of fresh uniform samples at which tree and policy choose the same.
        samples: how many those were.
        regret: mean score that is lost by the tree's choice, on the same samples.
    """

    leaves: tuple[Leaf, ...]
    agreement: float
    samples: int
    regret: float

    def choose(self, observations: Array) -> Array:
        """The actions at observations (N, features); at a shared face, that of the earlier leaf."""
        chosen = np.full(len(observations), -1)
        for leaf in self.leaves:
            inside = ((observations >= leaf.low) & (observations <= leaf.high)).all(axis=1)
            chosen[inside & (chosen < 0)] = leaf.action
        return chosen


def fit_tree(
    scores: Scores,
    low: Sequence[float],
    high: Sequence[float],
    *,
    leaves: int = 32,
    rounds: int = 4,
    samples: int = 20_000,
    seed: int = 0,
    finite: Sequence[bool] | None = None,
) -> Tree:
    """Grow a tree that acts as a policy does in a box.

    Args:
        scores: of the policy.
        low, high: corners of the box.
        leaves: at most so many.
        rounds: of growing; each adds samples near where the last tree was wrong.
        samples: uniform ones for each round.
        seed: of the samples and of the tree.
        finite: for each feature whether it is 0 or 1 rather than a range; default none.

    Raises:
        InputError: an empty box, or fewer than one leaf.
    """
    lower, upper = np.asarray(low, dtype=float), np.asarray(high, dtype=float)
    if lower.shape != upper.shape or (lower > upper).any():
        raise InputError("the box of a tree needs low <= high for every feature")
    if leaves < 1:
        raise InputError(f"leaves is {leaves}; a tree has at least one")
    rng = np.random.default_rng(seed)
    flags = np.zeros(len(lower), dtype=np.bool_) if finite is None else np.asarray(finite)
    points = _sample(rng, lower, upper, flags, samples)
    grown = DecisionTreeClassifier(max_leaf_nodes=max(leaves, 2), random_state=seed)
    for _ in range(rounds):
        given = scores(points)
        weight = given.max(axis=1) - given.min(axis=1)
        grown.fit(points, given.argmax(axis=1), sample_weight=weight + 1e-12)
        fresh = _sample(rng, lower, upper, flags, samples)
        wrong = fresh[grown.predict(fresh) != scores(fresh).argmax(axis=1)]
        near = _near(rng, wrong, lower, upper, flags)
        points = np.concatenate([points, fresh, near])
    boxes = tuple(_leaves(grown, lower, upper))
    fresh = _sample(rng, lower, upper, flags, samples)
    given = scores(fresh)
    chosen = Tree(boxes, 0.0, 0, 0.0).choose(fresh)
    lost = given.max(axis=1) - given[np.arange(len(fresh)), chosen]
    agreement = float((chosen == given.argmax(axis=1)).mean())
    return Tree(boxes, agreement, samples, float(lost.mean()))


def _sample(rng: np.random.Generator, low: Array, high: Array, flags: Array, count: int) -> Array:
    points = rng.uniform(low, high, (count, len(low)))
    return np.where(flags, np.rint(points), points)


def _near(rng: np.random.Generator, points: Array, low: Array, high: Array, flags: Array) -> Array:
    """Points not far from those at which the tree was wrong."""
    moved = points + rng.normal(0, 0.03, points.shape) * (high - low)
    return np.where(flags, points, moved).clip(low, high)


def _leaves(grown: DecisionTreeClassifier, low: Array, high: Array) -> list[Leaf]:
    """The boxes of a fitted tree; cuts are rounded to float32, as observations are."""
    tree, found = grown.tree_, list[Leaf]()
    stack = [(0, low, high)]
    while stack:
        node, lower, upper = stack.pop()
        left, right = tree.children_left[node], tree.children_right[node]
        if left == right:
            action = int(grown.classes_[int(tree.value[node][0].argmax())])
            found.append(Leaf(lower, upper, action))
            continue
        axis, cut = tree.feature[node], float(np.float32(tree.threshold[node]))
        below, above = upper.copy(), lower.copy()
        below[axis], above[axis] = min(upper[axis], cut), max(lower[axis], cut)
        stack += [(right, above, upper), (left, lower, below)]
    return found
