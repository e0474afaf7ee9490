"""The process that a world model believes in, from the found parts alone."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from benchmarks.zoo.make import AGENTS
from benchmarks.zoo.world.base import MOVES, STEPS
from benchmarks.zoo.world.field import SIZE
from extract.abstraction.believed import believed
from extract.graph.branch import find_branchings
from extract.network import Network
from extract.null import shuffled
from extract.piece import piece
from extract.reader import read
from extract.structure import AgentStructure, Part, Status, declare
from theory.error import InputError
from theory.process import Process, process
from theory.properties.worldmodel import accurate_world_model
from theory.verdict import Verdict

GOAL = (3, 3)
CELLS = list(product(range(SIZE), repeat=2))
SEEN = {f"{x},{y}": np.array([x, y, *GOAL]) / ((SIZE - 1) / 2) - 1 for x, y in CELLS}


def field() -> Process:
    """Where moves lead; the edge holds."""
    return process(
        {
            f"{x},{y}": {
                move: ",".join(
                    str(min(max(a + int(d), 0), SIZE - 1))
                    for a, d in zip((x, y), step, strict=True)
                )
                for move, step in zip(MOVES, STEPS, strict=True)
            }
            for x, y in CELLS
        }
    )


def branched(network: Network) -> AgentStructure:
    found = find_branchings(network, network.outputs[0])[0]
    ends = {
        "perceive": (network.inputs, (found.latent,)),
        "predict": ((found.latent,), found.predicted.names),
    }
    parts = {
        role: Part(role, piece(network, role, *of), *of, Status.FUNCTIONAL)
        for role, of in ends.items()
    }
    return AgentStructure(network, parts)


def right(model: Process) -> float:
    """Share of the steps that lead where the field leads."""
    world = field()
    steps = [(s, a) for s in world.states for a in world.actions(s)]
    return sum(model.outcomes(*step) == world.outcomes(*step) for step in steps) / len(steps)


def test_a_hidden_lookahead_believes_in_the_field_as_it_is():
    network = read(AGENTS / "lookahead-hidden.pt2")
    found = believed(branched(network), SEEN, MOVES)
    assert right(found.process) == 1.0
    assert max(found.ambiguity.values()) < 1e-3
    claim = accurate_world_model(found.process, field(), trials=2)
    assert claim.decide().verdict is Verdict.HOLDS


def test_shuffled_weights_believe_in_something_else():
    network = read(AGENTS / "lookahead-hidden.pt2")
    mixed = shuffled(network, np.random.default_rng(0), keep_zeros=False)
    found = believed(branched(mixed), SEEN, MOVES)
    assert right(found.process) < 0.6
    assert np.median(list(found.ambiguity.values())) > 0.3
    claim = accurate_world_model(found.process, field(), trials=2)
    assert claim.decide().verdict is Verdict.VIOLATED


def test_a_value_equivalent_model_is_often_a_guess():
    """A MuZero that was trained on values alone: its states are near others, and it errs."""
    programs = AGENTS.parent / "net" / "muzero.py"
    network = read(f"{AGENTS / 'muzero.safetensors'}:{programs}:programs")
    parts = declare(network, {role: f"module:{role}" for role in ("perceive", "predict")})
    found = believed(parts, SEEN, MOVES)
    assert 0.3 < right(found.process) < 1
    assert np.median(list(found.ambiguity.values())) > 0.1


def test_what_does_not_fit_is_refused():
    network = read(AGENTS / "lookahead-hidden.pt2")
    whole = branched(network)
    with pytest.raises(InputError, match="one of 3 actions"):
        believed(whole, SEEN, MOVES[:3])
    with pytest.raises(InputError, match="two states at least"):
        believed(whole, dict(list(SEEN.items())[:1]), MOVES)
    with pytest.raises(InputError, match="takes 4 numbers, not 3"):
        believed(whole, {name: row[:3] for name, row in SEEN.items()}, MOVES)
    with pytest.raises(InputError, match="'0,0' and 'again' are perceived alike"):
        believed(whole, {**SEEN, "again": SEEN["0,0"]}, MOVES)
    with pytest.raises(InputError, match="no part 'predict'"):
        believed(replace(whole, parts={"perceive": whole.parts["perceive"]}), SEEN, MOVES)
