"""A decision tree for a policy, whose leaves are boxes of observations with one action each.

Bastani, Pu and Solar-Lezama, Verifiable reinforcement learning via policy extraction, NeurIPS 2018
(VIPER): examples weigh what a wrong action would cost, the difference of the best and the worst
score; the tree is grown again where it went wrong.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from sklearn.tree import DecisionTreeClassifier

from extract.abstraction.leaf import Leaf, Scores, Tree, tree_of
from extract.abstraction.sample import sampler
from extract.network import Array


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
    draws = sampler(low, high, finite, leaves, seed)
    points = draws.draw(samples)
    grown = DecisionTreeClassifier(max_leaf_nodes=max(leaves, 2), random_state=seed)
    for _ in range(rounds):
        given = scores(points)
        weight = given.max(axis=1) - given.min(axis=1)
        grown.fit(points, given.argmax(axis=1), sample_weight=weight + 1e-12)
        fresh = draws.draw(samples)
        wrong = fresh[grown.predict(fresh) != scores(fresh).argmax(axis=1)]
        points = np.concatenate([points, fresh, draws.near(wrong)])
    boxes = tuple(_leaves(grown, draws.low, draws.high))
    return tree_of(boxes, scores, draws.draw(samples))


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
