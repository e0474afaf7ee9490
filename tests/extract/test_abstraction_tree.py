"""Trees over boxes: their leaves cover the box, and their error is what it is said to be."""

from __future__ import annotations

import numpy as np
import pytest

from extract.abstraction.affine import fit_affine
from extract.abstraction.leaf import AffineLeaf
from extract.abstraction.tree import fit_tree
from theory.error import InputError


def corner(x: np.ndarray) -> np.ndarray:
    """Action 1 in a corner that no single cut makes, action 0 elsewhere; a flag turns it off."""
    inside = (x[:, 0] > 0.25) & (x[:, 1] < -0.5) & (x[:, 2] < 0.5)
    return np.stack([np.ones(len(x)), np.where(inside, 3.0, 0.0)], axis=1)


def test_a_tree_that_can_fit_does_and_covers_the_box():
    tree = fit_tree(corner, [-1, -1, 0], [1, 1, 1], leaves=8, finite=[False, False, True], seed=1)
    assert tree.agreement > 0.995
    assert tree.regret < 0.01
    sizes = [np.prod(leaf.high - leaf.low) for leaf in tree.leaves]
    assert sum(sizes) == pytest.approx(4.0)
    rng = np.random.default_rng(5)
    points = rng.uniform([-1, -1, 0], [1, 1, 1], (500, 3))
    assert (tree.choose(points) >= 0).all()


def test_one_leaf_is_as_good_as_the_commoner_action():
    tree = fit_tree(lambda x: np.stack([x[:, 0], -x[:, 0]], 1), [-1], [1], leaves=1, seed=2)
    assert tree.agreement == pytest.approx(1.0, abs=0.02) or len(tree.leaves) == 2
    assert len(fit_tree(corner, [-1, -1, 0], [1, 1, 1], leaves=4).leaves) <= 4


def test_wrong_boxes_are_refused():
    with pytest.raises(InputError, match="low <= high"):
        fit_tree(corner, [1, 0, 0], [0, 1, 1])
    with pytest.raises(InputError, match="at least one"):
        fit_tree(corner, [0, 0, 0], [1, 1, 1], leaves=0)
    with pytest.raises(InputError, match="low <= high"):
        fit_affine(corner, [1, 0, 0], [0, 1, 1])
    with pytest.raises(InputError, match="not finite"):
        fit_affine(corner, [0, 0, 0], [1, 1, float("inf")])


def bent(x: np.ndarray) -> np.ndarray:
    """Action 1 above the roof y = 1/2 - |x|, action 0 below; action 2 is never best."""
    height = x[:, 1] + np.abs(x[:, 0]) - 0.5
    return np.stack([np.zeros(len(x)), height, np.full(len(x), -9.0)], axis=1)


def test_an_oblique_border_needs_one_affine_leaf_on_each_side_of_its_bend():
    line = fit_affine(lambda x: np.stack([x[:, 0], x[:, 1]], 1), [-1, -1], [1, 1], leaves=1)
    assert len(line.leaves) == 1
    assert line.agreement > 0.995
    roof = fit_affine(bent, [-1, -1], [1, 1], leaves=4, seed=3)
    assert roof.agreement > 0.99
    same_size = fit_tree(bent, [-1, -1], [1, 1], leaves=4, seed=3)
    assert roof.regret < same_size.regret / 4
    sizes = [np.prod(leaf.high - leaf.low) for leaf in roof.leaves]
    assert sum(sizes) == pytest.approx(4.0)
    rng = np.random.default_rng(5)
    points = rng.uniform(-1, 1, (500, 2))
    assert set(roof.choose(points)) == {0, 1}


def test_a_flag_is_cut_between_its_values():
    def flipped(x: np.ndarray) -> np.ndarray:
        side = np.where(x[:, 1] > 0.5, x[:, 0], -x[:, 0])
        return np.stack([side, -side], axis=1)

    fitted = fit_affine(flipped, [-1, 0], [1, 1], leaves=2, finite=[False, True], seed=1)
    assert fitted.agreement > 0.99
    assert sorted(float(leaf.high[1]) for leaf in fitted.leaves) == [0.5, 1.0]
    assert all(isinstance(leaf, AffineLeaf) for leaf in fitted.leaves)
