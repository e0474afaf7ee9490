"""Counterexamples that somebody has hidden are found, or the verdict is UNKNOWN; never HOLDS."""

from __future__ import annotations

from fractions import Fraction
from math import prod

import numpy as np
import pytest
from engine_case import Dense, Tiny, dense

from theory import Agent, Feature, forall
from theory.property import Property
from verify.bind import BoundProperty
from verify.judge import judge
from verify.smt.solver import SmtSolver
from verify.solve import Engines
from verify.verdict import Result, Verdict

BUMP = 3
"""How far the bump rises above the limit's distance from the ground."""


def pocket(rng: np.random.Generator, inputs: int, radius: float) -> tuple[Tiny, list[Fraction]]:
    """A random network with values far below 1, but near one point: there it exceeds 1.

    Around the point c it adds BUMP * relu(1 - sum |x_i - c_i| / radius), made of relu like the
    rest, so that nothing outside an l1 ball of this radius shows it.

    Returns:
        The network, and c.
    """
    centre = [Fraction(int(v), 2**20) for v in rng.integers(-(2**19), 2**19, size=inputs)]
    slope = Fraction(float(np.float32(1 / radius)))
    eye = [[Fraction(int(i == j)) for j in range(inputs)] for i in range(inputs)]
    ground = np.round(rng.normal(size=(8, inputs)) * 64) / 64
    first = eye + [[-v for v in row] for row in eye] + [[Fraction(v) for v in r] for r in ground]
    biases = [-c for c in centre] + centre + [Fraction(int(v), 64) for v in rng.integers(-9, 9, 8)]
    bump = [-slope] * (2 * inputs) + [Fraction(0)] * 8
    rest = [
        [Fraction(0)] * (2 * inputs) + [Fraction(float(v)) for v in np.round(row * 32) / 64]
        for row in rng.normal(size=(4, 8))
    ]
    reach = sum(abs(v) for v in ground.ravel()) + 8
    small = Fraction(1, 2 ** int(np.ceil(np.log2(8 * 4 * reach))))
    last = [Fraction(BUMP), *(small * int(s) for s in rng.choice([-1, 1], size=4))]
    return dense((first, biases), ([bump, *rest], [1, 0, 0, 0, 0]), ([last], [0])), centre


def judged(network: Tiny, inputs: int, seconds: float) -> Result:
    agent = Agent(
        observation=[Feature(f"x{i}", -1, 1) for i in range(inputs)], actions=["left", "right"]
    )
    o = agent.observation("o")
    claim = Property("below one", forall(o, agent.value(o) <= 1), claim="Its value is small.")
    bound = BoundProperty(claim, {"value": network.network("value")})
    with SmtSolver() as smt:
        return judge(bound, Engines(smt), seconds)


@pytest.mark.parametrize("seed", range(8))
def test_a_pocket_of_radius_one_ten_thousandth(seed: int) -> None:
    rng = np.random.default_rng(seed)
    inputs = 2 + seed % 4
    network, centre = pocket(rng, inputs, 1e-4)
    assert network(centre)[0] > 2
    result = judged(network, inputs, 1.5)
    assert result.verdict in (Verdict.VIOLATED, Verdict.UNKNOWN)
    if result.verdict is Verdict.VIOLATED and result.witness is not None:
        found = [result.witness.values["o"][f"x{i}"] for i in range(inputs)]
        assert sum(abs(a - b) for a, b in zip(found, centre, strict=True)) < Fraction(1, 10**4)
        assert all(result.witness.replays.values())


def test_most_small_pockets_are_found() -> None:
    """In two dimensions the search gets to the bottom of them."""
    found = 0
    for seed in range(3):
        network, _ = pocket(np.random.default_rng(100 + seed), 2, 1e-4)
        found += judged(network, 2, 5.0).verdict is Verdict.VIOLATED
    assert found >= 2


@pytest.mark.parametrize("inputs", [2, 3, 4, 6])
@pytest.mark.parametrize("seed", range(2))
def test_a_trigger_for_one_input_in_a_million(inputs: int, seed: int) -> None:
    """The l1 ball's share of the box is 10^-6: 2^n r^n / n! over 2^n."""
    factorial = prod(range(1, inputs + 1))
    radius = (1e-6 * factorial) ** (1 / inputs)
    network, centre = pocket(np.random.default_rng(7 * seed + inputs), inputs, radius)
    assert network(centre)[0] > 2
    result = judged(network, inputs, 1.5)
    assert result.verdict in (Verdict.VIOLATED, Verdict.UNKNOWN)


@pytest.mark.parametrize("seed", range(2))
def test_without_the_pocket_it_holds(seed: int) -> None:
    """The same networks with the bump's height below the limit are proved."""
    network, _ = pocket(np.random.default_rng(seed), 2, 1e-4)
    *before, last = network.layers
    assert isinstance(last, Dense)
    low = tuple(Fraction(1, 2) if at == 0 else w for at, w in enumerate(last.weights[0]))
    lowered = Tiny(2, (*before, Dense((low,), last.biases)))
    assert judged(lowered, 2, 5.0).verdict is Verdict.HOLDS
