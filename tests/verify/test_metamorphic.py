"""The same question in other words has the same answer.

Neurons in another order, layers scaled up and the next down again (by powers of two: exact in
every float), a box in two halves, copies of a neuron with its weight divided among them.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
import torch
from engine_case import Tiny, dense

from extract.run import as_function
from theory import Agent, Feature, and_, forall, implies
from verify.answer import Answer, Deadline
from verify.neural.branch import Search
from verify.problem import compile_goal
from verify.smt.solver import SmtSolver

Layers = list[tuple[np.ndarray, np.ndarray]]
SECONDS = 1.5


def layers_of(seed: int) -> tuple[Layers, int]:
    """Two or three hidden layers, weights in 1/64."""
    rng = np.random.default_rng(seed)
    inputs = int(rng.integers(2, 5))
    sizes = [inputs, *(int(n) for n in rng.integers(4, 9, size=int(rng.integers(2, 4)))), 1]
    made: Layers = []
    for size, width in pairwise(sizes):
        weight = np.round(rng.normal(size=(width, size)) * 64) / 64
        made.append((weight, np.round(rng.normal(size=width) * 32) / 64))
    return made, inputs


def permuted(layers: Layers, rng: np.random.Generator) -> Layers:
    changed = [(w.copy(), b.copy()) for w, b in layers]
    for at in range(len(layers) - 1):
        order = rng.permutation(len(layers[at][1]))
        weight, bias = changed[at]
        changed[at] = weight[order], bias[order]
        following, its = changed[at + 1]
        changed[at + 1] = following[:, order], its
    return changed


def rescaled(layers: Layers, rng: np.random.Generator) -> Layers:
    changed = [(w.copy(), b.copy()) for w, b in layers]
    for at in range(len(layers) - 1):
        factor = 2.0 ** rng.integers(-3, 4, size=len(layers[at][1]))
        weight, bias = changed[at]
        changed[at] = weight * factor[:, None], bias * factor
        following, its = changed[at + 1]
        changed[at + 1] = following / factor, its
    return changed


def doubled(layers: Layers, rng: np.random.Generator) -> Layers:
    """One hidden neuron twice, each with half of its outgoing weight."""
    changed = [(w.copy(), b.copy()) for w, b in layers]
    neuron = int(rng.integers(0, len(layers[0][1])))
    weight, bias = changed[0]
    changed[0] = np.vstack([weight, weight[neuron]]), np.append(bias, bias[neuron])
    following, its = changed[1]
    half = following[:, [neuron]] / 2
    following[:, [neuron]] = half
    changed[1] = np.hstack([following, half]), its
    return changed


CHANGES: dict[str, Callable[[Layers, np.random.Generator], Layers]] = {
    "permuted": permuted,
    "rescaled": rescaled,
    "doubled": doubled,
}


def tiny(layers: Layers) -> Tiny:
    return dense(*((w.tolist(), b.tolist()) for w, b in layers))


def limit_of(network: Tiny, inputs: int, seed: int) -> Fraction:
    """Near the largest value that random points reach; above it in two cases of three."""
    points = np.random.default_rng(seed).random((4000, inputs)).astype(np.float32) * 2 - 1
    values = as_function(network.network())(torch.tensor(points))
    beyond = (Fraction(1, 4), Fraction(1, 64), Fraction(-1, 64))[seed % 3]
    return Fraction(round(float(values.max()) * 2**10), 2**10) + beyond


def decided(network: Tiny, inputs: int, limit: Fraction, half: int | None = None) -> Answer:
    """Can the value exceed the limit, on the box or on one half of it?"""
    agent = Agent(
        observation=[Feature(f"x{i}", -1, 1) for i in range(inputs)], actions=["left", "right"]
    )
    o = agent.observation("o")
    middle = Fraction(1, 8)
    halves = {None: o["x0"] >= -1, 0: o["x0"] <= middle, 1: o["x0"] >= middle}
    claim = forall(o, implies(and_(halves[half]), agent.value(o) <= limit))
    problem = compile_goal(claim, {"value": network.network("value")}, wanted=False)
    return Search(problem).run(Deadline.after(SECONDS))


def run(seed: int) -> int:
    """How many of the pairs were decided on both sides."""
    layers, inputs = layers_of(seed)
    first = tiny(layers)
    limit = limit_of(first, inputs, seed)
    whole = decided(first, inputs, limit)
    both = 0
    for name, change in CHANGES.items():
        other = decided(tiny(change(layers, np.random.default_rng(seed))), inputs, limit)
        assert None in (whole.reached, other.reached) or whole.reached == other.reached, name
        both += None not in (whole.reached, other.reached)
    parts = [decided(first, inputs, limit, half).reached for half in (0, 1)]
    if None not in (*parts, whole.reached):
        both += 1
        assert whole.reached == any(parts)
    return both


def test_the_same_verdict() -> None:
    """In 8 networks and 32 pairs, of which most are decided on both sides."""
    assert sum(run(seed) for seed in range(8)) >= 20


@pytest.mark.slow
def test_the_same_verdict_at_length() -> None:
    assert sum(run(seed) for seed in range(100, 180)) >= 280


@pytest.mark.parametrize("seed", range(1))
def test_both_engines_agree_on_changed_networks(seed: int) -> None:
    layers, inputs = layers_of(seed)
    limit = limit_of(tiny(layers), inputs, seed)
    with SmtSolver() as smt:
        for change in CHANGES.values():
            network = tiny(change(layers, np.random.default_rng(seed)))
            agent = Agent(
                observation=[Feature(f"x{i}", -1, 1) for i in range(inputs)], actions=["a", "b"]
            )
            o = agent.observation("o")
            problem = compile_goal(
                forall(o, agent.value(o) <= limit),
                {"value": network.network("value")},
                wanted=False,
            )
            answers = {
                smt.decide(problem, Deadline.after(1.0)).reached,
                Search(problem).run(Deadline.after(1.0)).reached,
            }
            assert len(answers - {None}) <= 1
