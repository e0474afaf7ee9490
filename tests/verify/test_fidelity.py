"""Proved fidelity: its shares enclose the true ones, its boxes are what they are said to be."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from extract.abstraction.tree import Leaf, fit_tree
from extract.network import Network
from extract.reader.python_file import export
from extract.reader.torch_export import translate
from extract.run import as_function, run_exact
from extract.structure import declare
from theory import Agent, Feature
from theory.error import InputError
from verify.fidelity import prove_fidelity

AGENT = Agent(observation=[Feature("x", -1, 1), Feature("y", -1, 1)], actions=["a", "b"])
FLAGGED = Agent(observation=[Feature("x", -1, 1), Feature("f", flag=True)], actions=["a", "b"])


def network(*layers: nn.Module) -> Network:
    program = export("net", nn.Sequential(*layers).eval(), (torch.zeros(1, 2),), {})
    return translate("net", program, sha256="").require()


def linear(rows: list[list[float]], bias: list[float]) -> nn.Linear:
    layer = nn.Linear(len(rows[0]), len(rows))
    layer.weight, layer.bias = nn.Parameter(torch.tensor(rows)), nn.Parameter(torch.tensor(bias))
    return layer


def leaf(low: list[float], high: list[float], action: int) -> Leaf:
    return Leaf(np.array(low), np.array(high), action)


def test_shares_of_a_line_are_exact():
    """Action a is taken for x > 0.5: the leaf says from 0 on, and b below."""
    net = declare(network(linear([[1.0, 0.0], [0.0, 0.0]], [-0.5, 0.0])))
    leaves = [leaf([-1, -1], [0, 1], 1), leaf([0, -1], [1, 1], 0)]
    found = prove_fidelity(net, AGENT, leaves, timeout_s=20)
    assert found.agreed == pytest.approx(0.75, abs=1e-5)
    assert found.disagreed == pytest.approx(0.25, abs=1e-5)
    assert found.open < 1e-5
    assert found.whole == {0}
    first = found.disagreements[0]
    assert (first.leaf, first.low) == (1, (0.0, -1.0))
    assert first.high[0] in (0.25, 0.5)
    assert first.witness.replays == {"exact": True, "float32": True}


def test_finite_features_are_counted():
    """Action a is taken exactly where the flag is set."""
    net = declare(network(linear([[0.0, 1.0], [0.0, -1.0]], [-0.5, 0.5])))
    found = prove_fidelity(net, FLAGGED, [leaf([-1, 0], [1, 1], 0)], timeout_s=20)
    assert (found.agreed, found.disagreed, found.open) == (0.5, 0.5, 0.0)


@pytest.fixture(scope="module")
def shape() -> Network:
    return network(nn.Linear(2, 5), nn.ReLU(), nn.Linear(5, 2))


@settings(max_examples=10)
@given(seed=st.integers(0, 2**32 - 1))
def test_proved_boxes_hold_in_exact_arithmetic(shape: Network, seed: int):
    rng = np.random.default_rng(seed)
    drawn = {n: rng.normal(size=a.shape).astype("f4") for n, a in shape.parameters.items()}
    net = replace(shape, parameters=drawn)
    function = as_function(net)
    tree = fit_tree(
        lambda x: function(torch.tensor(x, dtype=torch.float32)).numpy(),
        [-1, -1], [1, 1], leaves=4, rounds=1, samples=200, seed=seed % 1000,
    )  # fmt: skip
    found = prove_fidelity(declare(net), AGENT, tree.leaves, timeout_s=1, finest=1e-4)
    assert found.agreed + found.disagreed + found.open == pytest.approx(1, abs=1e-9)
    for one in found.disagreements:
        for point in rng.uniform(one.low, one.high, (3, 2)):
            scores = run_exact(net, [float(v) for v in point])
            assert scores[tree.leaves[one.leaf].action] <= scores[1 - tree.leaves[one.leaf].action]
    for number in found.whole:
        box = tree.leaves[number]
        for point in rng.uniform(box.low, box.high, (10, 2)):
            scores = run_exact(net, [float(v) for v in point])
            assert scores[box.action] > scores[1 - box.action]
    points = rng.uniform(-1, 1, (2000, 2))
    same = function(torch.tensor(points, dtype=torch.float32)).argmax(1).numpy()
    share = float((same == tree.choose(points)).mean())
    assert found.agreed - 0.05 <= share <= 1 - found.disagreed + 0.05


def test_leaves_that_do_not_fit_are_refused():
    net = declare(network(linear([[1.0, 0.0], [0.0, 0.0]], [-0.5, 0.0])))
    with pytest.raises(InputError, match="features and actions"):
        prove_fidelity(net, AGENT, [leaf([-1], [0], 1)])
    with pytest.raises(InputError, match="features and actions"):
        prove_fidelity(net, AGENT, [leaf([-1, -1], [1, 1], 2)])
    with pytest.raises(InputError, match="within x"):
        prove_fidelity(net, AGENT, [leaf([-2, -1], [1, 1], 0)])
    with pytest.raises(InputError, match="no volume"):
        prove_fidelity(net, AGENT, [leaf([1, -1], [1, 1], 0)])
