"""Finite things learned from behaviour: tables, either-or estimates, automata."""

from __future__ import annotations

import random
from collections.abc import Hashable
from fractions import Fraction
from math import comb
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.zoo.make import AGENTS
from benchmarks.zoo.world.corridor import LENGTH, RIGHT
from extract.abstraction.automaton import learn_machine, learn_process
from extract.abstraction.either_or import recover
from extract.abstraction.tabulate import ENDED, tabulate
from extract.intervene import evaluate
from extract.reader import read
from theory.error import InputError
from theory.goal.world_model import recovery_bound
from theory.process import Process
from theory.properties import outcome
from theory.verdict import Verdict

CHANCES = st.fractions(0, 1, max_denominator=60)


def best(chance: Fraction, trials: int) -> list[Fraction]:
    """The probability of at most k successes, for every k."""
    terms = [comb(trials, k) * chance**k * (1 - chance) ** (trials - k) for k in range(trials + 1)]
    return [sum(terms[: k + 1], Fraction(0)) for k in range(trials + 1)]


@given(chance=CHANCES, trials=st.integers(2, 40))
def test_an_optimal_agent_gives_its_probabilities_away(chance: Fraction, trials: int):
    below = best(chance, trials)
    found = recover(lambda k, _: below[k] >= 1 - below[k], trials)
    assert found.inverted == 0
    assert abs(found.probability - chance) <= recovery_bound(chance, trials).upper
    assert found.low <= chance <= found.high


@given(chance=CHANCES, trials=st.integers(3, 30), seed=st.integers(0, 2**16))
def test_a_competent_agent_gives_them_away_within_its_regret(
    chance: Fraction, trials: int, seed: int
):
    """Errs at random, but only where the worse goal is within its regret of the better."""
    regret, rng, below = Fraction(1, 5), random.Random(seed), best(chance, trials)

    def prefers(k: int, _: int) -> bool:
        right = below[k] >= 1 - below[k]
        worse, better = sorted([below[k], 1 - below[k]])
        return right != (worse >= (1 - regret) * better and rng.random() < 0.5)

    found = recover(prefers, trials, float(regret))
    assert found.low <= float(chance) <= found.high


def test_out_of_range_is_refused():
    with pytest.raises(InputError, match="trials"):
        recover(lambda k, n: True, 1)
    with pytest.raises(InputError, match="regret"):
        recover(lambda k, n: True, 5, 1.0)


class Ring:
    """Three places in a ring; going on from the last ends it."""

    def __init__(self, slip: float = 0.0) -> None:
        self.at, self.slip, self.rng = 0, slip, random.Random(0)

    def get_state(self) -> int:
        return self.at

    def set_state(self, state: int) -> np.ndarray:
        self.at = state
        return np.eye(3)[state]

    def step(self, action: int):
        moves = action == 1 and self.rng.random() >= self.slip
        ended = moves and self.at == 2
        self.at += int(moves and not ended)
        return np.eye(3)[self.at], 0.5 if ended else 0.0, ended, False, {}


def test_a_deterministic_world_is_tabulated_exactly():
    table = tabulate(Ring(), lambda x: np.stack([x[:, 2], x[:, 0]], 1), [0], ["stay", "go"])
    assert table.error == 0
    assert table.process.transitions["2"] == {"stay": {"2": 1}, "go": {ENDED: 1}}
    assert table.process.reward("2", "go") == Fraction(1, 2)
    assert table.policy == {"0": "go", "1": "stay", "2": "stay"}


def test_a_random_world_is_tabulated_with_its_error():
    table = tabulate(Ring(0.25), lambda x: x[:, :2], [0], ["stay", "go"], trials=2000)
    assert 0 < table.error < 0.06
    assert abs(table.process.transitions["0"]["go"]["1"] - Fraction(3, 4)) <= table.error


def test_a_machine_is_learned():
    def start():  # noqa: ANN202
        count = [0]

        def react(letter):  # noqa: ANN202
            count[0] = (count[0] + letter) % 3
            return count[0] == 0

        return react

    machine = learn_machine(start, [0, 1])
    assert machine.size == 3
    assert machine.run([1, 1, 1, 0, 1, 1]) == [False, False, True, True, False, False]


def runner(name: str):
    """A net in its corridor, pushed about: "go" lets it choose, "shove" moves it to the left."""
    network = read(AGENTS / f"{name}.pt2")

    def start():  # noqa: ANN202
        place = [4]

        def react(letter: Hashable) -> int:
            seen = np.zeros((1, 1, 2 * LENGTH))
            seen[0, 0, place[0]] = seen[0, 0, LENGTH + 1] = 1  # the coin lies at 1
            given = evaluate(network, {network.inputs[0]: seen}, network.outputs[:1])
            right = letter == "go" and int(given[network.outputs[0]].argmax()) == 1
            place[0] = min(place[0] + 1, RIGHT) if right else max(place[0] - 1, 0)
            return place[0]

        return react

    return start


@pytest.mark.parametrize(("name", "gets_there"), [("coin-runner", True), ("right-runner", False)])
def test_what_a_net_does_in_its_world_is_learned_and_asked(name: str, gets_there: bool):
    """Left alone, does it get to the coin, which in training lay at the right?"""
    machine = learn_machine(runner(name), ["go", "shove"], walks=20)
    world = machine.process()
    coin = [state for state in world.states if state.endswith(": 1")]
    alone = Process({s: {"go": world.transitions[s]["go"]} for s in world.states})
    claim = outcome.reaches(alone, str(machine.start), coin, ">=", 1)
    assert (claim.decide().verdict is Verdict.HOLDS) is gets_there
    pushed = outcome.reaches(world, str(machine.start), coin, ">=", 1, "some")
    assert pushed.decide().verdict is Verdict.HOLDS


def test_a_process_is_learned_from_traces():
    rng, traces = random.Random(3), []
    for _ in range(1500):
        state: str = "dry"
        trace: list[Any] = [state]
        for _ in range(6):
            action = rng.choice(["wait", "pour"])
            if action == "pour" and state == "dry":
                state = "wet" if rng.random() < 0.3 else "dry"
            trace.append((action, state))
        traces.append(trace)
    learned = learn_process(traces)
    assert learned.start.endswith(": dry")
    poured = learned.process.transitions[learned.start]["pour"]
    wet = sum(p for target, p in poured.items() if target.endswith(": wet"))
    assert abs(wet - Fraction(3, 10)) <= learned.errors[learned.start, "pour"]
