"""Linear readouts: what memory alone could do is no merit, and the worst error is proved."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
import torch
from module_case import linear, network
from torch import nn

from extract.abstraction.readout import read_out
from extract.network import Network
from extract.run import run_exact
from theory import Agent, Feature
from theory.error import InputError
from verify.readout import prove_readout

AGENT = Agent(observation=[Feature("x", -1, 1), Feature("y", -1, 1)], actions=["a", "b"])


@pytest.fixture
def bent() -> Network:
    """Two hidden units, |x| and x + y, and scores that do not matter."""
    return network(
        linear([[1.0, 0.0], [-1.0, 0.0], [1.0, 1.0]], [0.0, 0.0, 3.0]),
        nn.ReLU(),
        linear([[1.0, 1.0, 0.0], [0.0, 0.0, 1.0]], [0.0, -3.0]),
    )


def square(count: int = 600) -> np.ndarray:
    return np.random.default_rng(3).uniform(-1, 1, (count, 2)).astype("f4")


def test_what_is_there_is_read_out_and_what_is_not_is_not(bent: Network):
    end, x = bent.outputs[0], square()
    given = {bent.inputs[0]: x[:, None]}
    absolute = read_out(bent, end, given, np.abs(x[:, 0]), "|x|")
    assert absolute.r2 > 0.999
    assert absolute.input_r2 < 0.1
    assert absolute.beyond_input > 0.9
    assert absolute.selectivity > 0.7
    lost = read_out(bent, end, given, x[:, 0], "x")
    assert lost.r2 < 0.7
    assert lost.mean_error > 0.1


def test_a_wide_random_layer_reads_anything_and_is_not_selective():
    torch.manual_seed(0)
    wide = network(nn.Linear(2, 150), nn.ReLU(), nn.Linear(150, 2))
    hidden = next(node.name for node in wide.nodes if node.op == "relu")
    x = np.random.default_rng(1).choice([-1.0, -0.5, 0.0, 0.5, 1.0], (800, 2)).astype("f4")
    found = read_out(wide, hidden, {wide.inputs[0]: x[:, None]}, np.abs(x[:, 0] * x[:, 1]), "|xy|")
    assert found.r2 > 0.99
    assert max(found.null_r2) > 0.9
    assert found.selectivity < 0.3


def test_the_worst_error_is_enclosed_and_its_witness_has_it(bent: Network):
    """The best affine function of |x| for x itself is off by about 1 at an edge."""
    x = square()
    found = read_out(bent, bent.outputs[0], {bent.inputs[0]: x[:, None]}, x[:, 0], "x")
    worst = prove_readout(bent, AGENT, found, lambda o: o["x"], timeout_s=20)
    assert worst.bound is not None
    assert worst.witness is not None
    assert Fraction(found.max_error) <= worst.bound
    assert worst.reached <= worst.bound <= worst.reached * 2
    read = found.network(bent)
    rng = np.random.default_rng(0)
    for point in rng.uniform(-1, 1, (50, 2)):
        exact = [Fraction(float(v)) for v in point]
        assert abs(run_exact(read, exact)[0] - exact[0]) <= worst.bound
    at = worst.witness.values["o"]
    off = abs(run_exact(read, [at["x"], at["y"]])[0] - at["x"])
    assert worst.reached <= off <= worst.bound
    assert worst.witness.replays == {"exact": True, "float32": True}


def test_an_exact_readout_has_a_small_proved_error(bent: Network):
    x = square()
    given = {bent.inputs[0]: x[:, None]}
    found = read_out(bent, bent.outputs[0], given, x[:, 0] + x[:, 1], "x + y")
    worst = prove_readout(bent, AGENT, found, lambda o: o["x"] + o["y"], timeout_s=20)
    assert worst.bound is not None
    assert worst.bound < Fraction(1, 100)


def test_wrong_targets_are_refused(bent: Network):
    x = square(30)
    given, end = {bent.inputs[0]: x[:, None]}, bent.outputs[0]
    for target, words in (
        (np.zeros(29), "one target is needed"),
        (np.zeros(30), "the same everywhere"),
        (np.full(30, np.nan), "not finite"),
    ):
        with pytest.raises(InputError, match=words):
            read_out(bent, end, given, target, "z")
    few = {bent.inputs[0]: x[:5, None]}
    with pytest.raises(InputError, match="fewer than 20"):
        read_out(bent, end, few, x[:5, 0], "z")
