"""The record of a search: a tree in preorder, whatever the order in which boxes were split."""

import numpy as np

from verify.certificate.tree import INPUT, LEAF, NEURON, ROOT, Record


def test_a_search_that_never_splits_leaves_one_leaf():
    tree = Record().tree()
    assert tree.kind.tolist() == [LEAF]
    assert tree.leaves == 1


def test_the_tree_is_in_preorder_left_before_right():
    record = Record()
    left, right = record.split_inputs(np.array([ROOT]), np.array([3]), np.array([0.5]))
    # The right half is split first, and both halves of the left one in one step.
    record.split_inputs(np.array([right]), np.array([1]), np.array([-2.0]))
    first, second = record.split_neurons(np.array([left]), "pre", np.array([7]))
    record.split_inputs(np.array([second, first]), np.array([5, 4]), np.array([1.5, 1.25]))
    tree = record.tree()
    assert tree.kind.tolist() == [
        INPUT, NEURON, INPUT, LEAF, LEAF, INPUT, LEAF, LEAF, INPUT, LEAF, LEAF
    ]  # fmt: skip
    assert tree.place.tolist() == [3, 7, 4, 5, 1]
    assert tree.cut.tolist() == [0.5, 0.0, 1.25, 1.5, -2.0]
    assert tree.tensors == ("pre",)
    assert tree.leaves == 6
