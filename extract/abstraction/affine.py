"""A piecewise-affine policy: boxes of observations, in each of which affine scores are compared.

As a decision tree it is grown from examples that weigh what a wrong action would cost (VIPER:
Bastani, Pu and Solar-Lezama, NeurIPS 2018), but what is fitted in a leaf are affine scores, by
weighted logistic regression: a border that runs obliquely through a box needs one leaf, not many.
The leaf that loses most is cut where its two halves, fitted anew, lose least.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.linear_model import LogisticRegression

from extract.abstraction.leaf import AffineLeaf, Scores, Tree, tree_of
from extract.abstraction.sample import Sampler, sampler
from extract.network import Array

CUTS = (0.25, 0.5, 0.75)
"""Where cuts are tried: at these quantiles of the places where a leaf is wrong."""

TRIED = 3_000
"""Examples that a leaf is fitted to while cuts are tried."""

SHARPNESS = 100.0
"""Inverse strength of the regularisation, on features scaled to their box."""


def fit_affine(
    scores: Scores,
    low: Sequence[float],
    high: Sequence[float],
    *,
    leaves: int = 8,
    samples: int = 20_000,
    seed: int = 0,
    finite: Sequence[bool] | None = None,
) -> Tree:
    """Grow a piecewise-affine policy that acts as a policy does in a box.

    Args:
        scores: of the policy.
        low, high: corners of the box.
        leaves: at most so many.
        samples: uniform ones to grow it on; each leaf is then fitted to as many of its own.
        seed: of the samples.
        finite: for each feature whether it is 0 or 1 rather than a range; default none.

    Raises:
        InputError: an empty box, or fewer than one leaf.
    """
    draws = sampler(low, high, finite, leaves, seed)
    points = draws.draw(samples)
    whole = _Examples(points, scores(points))
    grown = [_fitted(whole, draws, draws.low, draws.high)]
    while len(grown) < leaves:
        worst = max(range(len(grown)), key=lambda i: grown[i].lost)
        halves = _cut(grown[worst], draws)
        if halves is None:
            break
        grown[worst : worst + 1] = halves
    final = tuple(
        _refined(piece, draws, scores, max(200, samples // len(grown))) for piece in grown
    )
    return tree_of(final, scores, draws.draw(samples))


@dataclass(frozen=True, eq=False)
class _Examples:
    """Observations (N, features) and the policy's scores there (N, actions)."""

    points: Array
    given: Array

    def pick(self, chosen: Array) -> _Examples:
        return _Examples(self.points[chosen], self.given[chosen])

    def join(self, other: _Examples) -> _Examples:
        return _Examples(
            np.concatenate([self.points, other.points]), np.concatenate([self.given, other.given])
        )


@dataclass(frozen=True, eq=False)
class _Piece:
    """A leaf, its examples, and what its choices lose on them in sum."""

    leaf: AffineLeaf
    examples: _Examples
    lost: float


def _fitted(examples: _Examples, draws: Sampler, low: Array, high: Array) -> _Piece:
    leaf = _fit(examples.pick(np.arange(min(TRIED, len(examples.points)))), draws, low, high)
    return _Piece(leaf, examples, float(_losses(leaf, examples).sum()))


def _losses(leaf: AffineLeaf, examples: _Examples) -> Array:
    """What the leaf's choice loses at each example (N,)."""
    given, chosen = examples.given, leaf.choose(examples.points)
    return given.max(axis=1) - given[np.arange(len(given)), chosen]


def _fit(examples: _Examples, draws: Sampler, low: Array, high: Array) -> AffineLeaf:
    """Affine scores whose best is the policy's, where it matters.

    The weights are rounded to float32, so that they are short numbers; actions that are never best
    score below all others in the box.
    """
    given = examples.given
    best = given.argmax(axis=1) if len(given) else np.zeros(1, dtype=int)
    actions = given.shape[1]
    weight, bias = np.zeros((actions, len(low))), np.zeros(actions)
    present = np.unique(best)
    if len(present) > 1:
        centre, half = (draws.low + draws.high) / 2, (draws.high - draws.low) / 2
        half = np.where(half > 0, half, 1.0)
        cost = given.max(axis=1) - given.min(axis=1) + 1e-12
        model = LogisticRegression(C=SHARPNESS, max_iter=200)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # unfinished descent is an answer, with its error
            model.fit((examples.points - centre) / half, best, cost / cost.mean())
        slope, constant = model.coef_ / half, model.intercept_
        constant = constant - slope @ centre
        if len(present) == 2:
            slope = np.concatenate([np.zeros_like(slope), slope])
            constant = np.concatenate([np.zeros(1), constant])
        weight[present], bias[present] = slope, constant
    reach = float((np.abs(weight) @ np.maximum(np.abs(low), np.abs(high)) + np.abs(bias)).max())
    bias[np.setdiff1d(np.arange(actions), present)] = -2 * reach - 1
    return AffineLeaf(low, high, weight.astype("f4").astype(float), bias.astype("f4").astype(float))


def _cut(piece: _Piece, draws: Sampler) -> tuple[_Piece, _Piece] | None:
    """The best two halves of a leaf; None where nothing is lost, or nothing can be cut.

    One cut may not help where two do: so the best is taken even if it does not.
    """
    losses = _losses(piece.leaf, piece.examples)
    wrong = piece.examples.points[losses > 0]
    found, least = None, float("inf")
    for axis in range(wrong.shape[1] if len(wrong) else 0):
        for place in np.unique(np.quantile(wrong[:, axis], CUTS)):
            cut = 0.5 if draws.flags[axis] else float(np.float32(place))
            if not piece.leaf.low[axis] < cut < piece.leaf.high[axis]:
                continue
            halves = _halves(piece, draws, axis, cut)
            if halves[0].lost + halves[1].lost < least:
                found, least = halves, halves[0].lost + halves[1].lost
    return found


def _halves(piece: _Piece, draws: Sampler, axis: int, cut: float) -> tuple[_Piece, _Piece]:
    leaf, below = piece.leaf, piece.examples.points[:, axis] <= cut
    top, bottom = leaf.high.copy(), leaf.low.copy()
    top[axis] = bottom[axis] = cut
    return (
        _fitted(piece.examples.pick(below), draws, leaf.low, top),
        _fitted(piece.examples.pick(~below), draws, bottom, leaf.high),
    )


def _refined(piece: _Piece, draws: Sampler, scores: Scores, count: int) -> AffineLeaf:
    """The leaf fitted to samples of its own, half of them near where it was wrong, if better."""
    leaf = piece.leaf
    inside = Sampler(leaf.low, leaf.high, draws.flags, draws.rng)
    drawn = _Examples(points := inside.draw(count), scores(points))
    wrong = drawn.points[_losses(leaf, drawn) > 0]
    if not len(wrong):
        return leaf
    near = inside.near(wrong[draws.rng.integers(len(wrong), size=count)])
    anew = _fit(drawn.join(_Examples(near, scores(near))), draws, leaf.low, leaf.high)
    return anew if _losses(anew, drawn).sum() < _losses(leaf, drawn).sum() else leaf
