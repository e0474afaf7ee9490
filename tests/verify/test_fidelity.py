"""Proved fidelity: its shares enclose the true ones, its boxes are what they are said to be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from module_case import linear, network
from torch import nn

from extract.abstraction.leaf import AffineLeaf, Leaf
from extract.abstraction.tree import fit_tree
from extract.network import Network
from extract.run import as_function, run_exact
from extract.structure import declare
from theory import Agent, Feature
from theory.agent import Ties
from theory.error import InputError
from theory.semantics import Interpretation, evaluate
from verify.bind import bind, exactly, meaning
from verify.fidelity import prove_fidelity
from verify.fidelity.box import Boxes, starts
from verify.fidelity.proof import Proof
from verify.fidelity.rule import statements
from verify.verdict import EngineFault

AGENT = Agent(observation=[Feature("x", -1, 1), Feature("y", -1, 1)], actions=["a", "b"])
FLAGGED = Agent(observation=[Feature("x", -1, 1), Feature("f", flag=True)], actions=["a", "b"])


def leaf(low: Sequence[float], high: Sequence[float], action: int) -> Leaf:
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
            action = int(tree.leaves[one.leaf].choose(point[None])[0])
            assert scores[action] <= scores[1 - action]
    for number in found.whole:
        box = tree.leaves[number]
        for point in rng.uniform(box.low, box.high, (10, 2)):
            scores = run_exact(net, [float(v) for v in point])
            action = int(box.choose(point[None])[0])
            assert scores[action] > scores[1 - action]
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


def affine(low: Sequence[float], high: Sequence[float], weight: Any, bias: Any) -> AffineLeaf:
    return AffineLeaf(
        np.array(low), np.array(high), np.array(weight, dtype=float), np.array(bias, dtype=float)
    )


def test_an_affine_leaf_follows_an_oblique_border():
    """Action a is taken for x + y > 0.5: the right border is proved, a shifted one half right."""
    net = declare(network(linear([[1.0, 1.0], [0.0, 0.0]], [-0.5, 0.0])))
    right = affine([-1, -1], [1, 1], [[1, 1], [0, 0]], [-0.5, 0])
    found = prove_fidelity(net, AGENT, [right], timeout_s=10, finest=1e-4)
    assert found.agreed > 0.95
    assert found.disagreed == 0
    shifted = affine([-1, -1], [1, 1], [[1, 1], [0, 0]], [0, 0])
    found = prove_fidelity(net, AGENT, [shifted], timeout_s=10, finest=1e-4)
    between = (2 - 1.5**2 / 2) / 4  # of the box lies between x + y = 0 and x + y = 0.5
    assert found.disagreed <= between <= 1 - found.agreed
    assert found.disagreed > between - 0.05
    first = found.disagreements[0]
    assert first.witness.replays == {"exact": True, "float32": True}
    point = first.witness.values["o"]
    assert 0 < point["x"] + point["y"] <= Fraction(1, 2)


@pytest.mark.parametrize(
    ("ties", "action", "agreed"),
    [("strict", 0, 0.0), ("strict", 1, 0.0), ("first", 0, 1.0), ("first", 1, 0.0),
     ("any", 0, 1.0), ("any", 1, 1.0)],
)  # fmt: skip
def test_ties_count_as_the_agent_says(ties: Ties, action: int, agreed: float):
    """Both scores are zero everywhere; that a tie is exact, bounds may leave open."""
    agent = Agent(observation=AGENT.features, actions=["a", "b"], ties=ties)
    net = declare(network(linear([[0.0, 0.0], [0.0, 0.0]], [0.0, 0.0])))
    for one in (
        leaf([-1, -1], [1, 1], action),
        affine([-1, -1], [1, 1], np.zeros((2, 2)), [float(action == 0), float(action == 1)]),
    ):
        found = prove_fidelity(net, agent, [one], timeout_s=1, finest=1e-2)
        assert found.agreed <= agreed
        assert found.disagreed <= 1 - agreed


def test_equal_affine_scores_are_no_way_out():
    """Where two affine scores are equal everywhere, the first action is the leaf's."""
    net = declare(network(linear([[0.0, 0.0], [0.0, 0.0]], [0.0, 1.0])))
    tied = affine([-1, -1], [1, 1], [[1, 1], [1, 1]], [0, 0])
    found = prove_fidelity(net, AGENT, [tied], timeout_s=5)
    assert (found.agreed, found.disagreed) == (0.0, 1.0)


def test_what_no_leaf_covers_is_open():
    net = declare(network(linear([[0.0, 0.0], [0.0, 0.0]], [1.0, 0.0])))
    found = prove_fidelity(net, AGENT, [leaf([-1, -1], [0, 1], 0)], timeout_s=5)
    assert (found.agreed, found.open, found.covered) == (0.5, 0.5, 0.5)


def test_a_budget_of_boxes_is_kept_and_the_rest_is_open():
    net = declare(network(linear([[1.0, 1.0], [0.0, 0.0]], [0.0, 0.0])))
    found = prove_fidelity(net, AGENT, [leaf([-1, -1], [1, 1], 0)], most_boxes=7)
    assert found.boxes >= 7
    assert found.boxes < 30
    assert found.open > 0.1
    assert found.agreed <= 0.5


def test_leaves_that_overlap_are_refused():
    net = declare(network(linear([[1.0, 0.0], [0.0, 0.0]], [-0.5, 0.0])))
    twice = [leaf([-1, -1], [0.5, 1], 1), leaf([0.25, -1], [1, 1], 0)]
    with pytest.raises(InputError, match="leaves 0 and 1 share more than a face"):
        prove_fidelity(net, AGENT, twice)
    at_a_value = [leaf([-1, 0], [1, 1], 1), leaf([-1, 1], [1, 1], 0)]
    with pytest.raises(InputError, match="leaves 0 and 1 share more than a face"):
        prove_fidelity(net, FLAGGED, at_a_value)


def test_a_leaf_between_the_values_of_a_flag_proves_nothing():
    net = declare(network(linear([[0.0, 0.0], [0.0, 0.0]], [1.0, 0.0])))
    leaves = [
        leaf([-1, 0], [1, 0.25], 0),
        leaf([-1, 0.25], [1, 0.75], 1),
        leaf([-1, 0.75], [1, 1], 0),
    ]
    found = prove_fidelity(net, FLAGGED, leaves, timeout_s=5)
    assert found.agreed == 1.0
    assert found.whole == {0, 2}


def test_corners_are_rounded_outward_and_witnesses_stay_inside():
    third = Fraction(1, 3)
    agent = Agent(
        observation=[Feature("x", -third, third), Feature("y", values=[third])], actions=["a", "b"]
    )
    end, one = float(np.float32(1 / 3)), float(third)
    assert Fraction(one) != third
    boxes = starts(agent, [leaf([-end, one], [end, one], 0)])
    assert Fraction(float(boxes.low[0, 0])) <= -third
    assert Fraction(float(boxes.high[0, 0])) >= third
    assert Fraction(float(boxes.low[0, 1])) < third < Fraction(float(boxes.high[0, 1]))
    assert float(boxes.share.sum()) == 1.0
    net = declare(network(linear([[0.0, 0.0], [0.0, 0.0]], [0.0, 1.0])))
    found = prove_fidelity(net, agent, [leaf([-end, one], [end, one], 0)], timeout_s=5)
    assert found.disagreed == 1.0
    assert found.disagreements[0].witness.values["o"]["y"] == third


@given(low=st.floats(-4, 4, width=32), width=st.floats(2.0**-20, 4, width=32))
def test_halving_keeps_shares_exact(low: float, width: float):
    high = float(np.float32(low + width))
    if not low < high:
        return
    a, b = torch.tensor([[low]]), torch.tensor([[high]])
    box = Boxes(a, b, a.double(), b.double(), torch.ones(1).double(), torch.zeros(1))
    if not bool(box.splittable):
        return
    halves = box.halve(torch.tensor([0]))
    for i in range(2):
        size = Fraction(float(halves.high[i, 0])) - Fraction(float(halves.low[i, 0]))
        exact = size / (Fraction(high) - Fraction(low))
        assert abs(Fraction(float(halves.share[i])) - exact) < Fraction(1, 10**12)


def test_shares_of_a_box_between_few_floats():
    """Of [2^24, 2^24 + 3] float32 knows every other number, and none beside the end."""
    least = 2**24
    agent = Agent(
        observation=[Feature("x", least, least + 3), Feature("y", 0, 1)], actions=["a", "b"]
    )
    halves = starts(agent, [leaf([least, 0], [least + 4, 1], 0)]).halve(torch.tensor([0]))
    assert halves.low[1, 0] == least + 2
    assert halves.share.tolist() == pytest.approx([2 / 3, 1 / 3])


def test_a_proof_that_an_evaluation_refutes_is_a_fault(monkeypatch: pytest.MonkeyPatch):
    net = declare(network(linear([[0.0, 0.0], [0.0, 0.0]], [1.0, 0.0])))

    def lies(_: Proof, low: torch.Tensor, high: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        no = torch.zeros(len(low), dtype=torch.bool)
        return no, ~no

    monkeypatch.setattr(Proof, "settle", lies)
    with pytest.raises(EngineFault, match="proved not to be followed"):
        prove_fidelity(net, AGENT, [leaf([-1, -1], [1, 1], 0)], timeout_s=5)


def test_one_action_is_always_taken():
    agent = Agent(observation=AGENT.features, actions=["a"])
    net = declare(network(linear([[1.0, 0.0]], [0.0])))
    for one in (leaf([-1, -1], [1, 1], 0), affine([-1, -1], [1, 1], [[1, 0]], [0])):
        assert prove_fidelity(net, agent, [one], timeout_s=5).agreed == 1.0


@pytest.fixture(scope="module")
def three() -> Network:
    return network(nn.Linear(2, 4), nn.ReLU(), nn.Linear(4, 3))


COARSE = st.integers(-2, 2).map(float)


@settings(max_examples=40)
@given(
    weight=st.lists(st.tuples(COARSE, COARSE), min_size=3, max_size=3),
    bias=st.tuples(COARSE, COARSE, COARSE),
    ties=st.sampled_from(["strict", "first", "any"]),
    x=COARSE.map(lambda v: v / 2), y=COARSE.map(lambda v: v / 2), seed=st.integers(0, 2**16),
)  # fmt: skip
def test_statements_say_what_the_leaf_does(
    three: Network, weight: list[tuple[float, float]], bias: tuple[float, ...], ties: Ties,
    x: float, y: float, seed: int,
) -> None:  # fmt: skip
    """At a point the one statement is true where the actions agree, the other where not."""
    rng = np.random.default_rng(seed)
    coarse = {n: rng.integers(-1, 2, a.shape).astype("f4") for n, a in three.parameters.items()}
    net = replace(three, parameters=coarse)
    agent = Agent(
        observation=[Feature("x", values=[x]), Feature("y", values=[y])], actions=["a", "b", "c"],
        ties=ties,
    )  # fmt: skip
    one = affine([x, y], [x, y], weight, bias)
    chosen = int(one.choose(np.array([[x, y]]))[0])
    scores = run_exact(net, [Fraction(x), Fraction(y)])
    best = [i for i, s in enumerate(scores) if s == max(scores)]
    taken = {
        "strict": best == [chosen], "first": best[0] == chosen, "any": chosen in best
    }[ties]  # fmt: skip
    functions, _ = bind(declare(net), agent)
    symbol = agent.score(agent.observation("o")).payload
    meant = Interpretation(functions=meaning(functions, [symbol], exactly))
    agrees, differs = statements(agent, one)
    assert evaluate(agrees, meant) is taken
    assert evaluate(differs, meant) is not taken


@settings(max_examples=10)
@given(seed=st.integers(0, 2**32 - 1))
def test_proved_affine_boxes_hold_in_exact_arithmetic(three: Network, seed: int):
    rng = np.random.default_rng(seed)
    drawn = {n: rng.normal(size=a.shape).astype("f4") for n, a in three.parameters.items()}
    net = replace(three, parameters=drawn)
    agent = Agent(observation=AGENT.features, actions=["a", "b", "c"])
    cut = float(np.float32(rng.uniform(-0.5, 0.5)))
    leaves = [
        affine(low, high, np.round(rng.normal(size=(3, 2)), 2), np.round(rng.normal(size=3), 2))
        for low, high in (([-1, -1], [cut, 1]), ([cut, -1], [1, 1]))
    ]
    found = prove_fidelity(declare(net), agent, leaves, timeout_s=1, finest=1e-3)
    assert found.agreed + found.disagreed + found.open == pytest.approx(1, abs=1e-9)

    def agrees(one: AffineLeaf, point: np.ndarray) -> bool:
        scores = run_exact(net, [float(v) for v in point])
        chosen = int(one.choose(point[None])[0])
        return all(scores[chosen] > s for i, s in enumerate(scores) if i != chosen)

    for one in found.disagreements:
        for point in rng.uniform(one.low, one.high, (3, 2)):
            assert not agrees(leaves[one.leaf], point)
    points = rng.uniform(-1, 1, (400, 2))
    share = np.mean([agrees(leaves[int(point[0] > cut)], point) for point in points])
    assert found.agreed - 0.1 <= share <= 1 - found.disagreed + 0.1
