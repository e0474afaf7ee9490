"""What extraction found goes through the properties: `mesascope check --found`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
import torch

from benchmarks.zoo.make import AGENTS
from extract.graph.branch import find_branchings
from extract.network import Network
from extract.piece import piece
from extract.reader import read
from extract.run import as_function, run_exact
from extract.structure import AgentStructure, Part, Status, declare
from theory import Agent, Feature, Term, forall, maximum, minimum, world
from theory.properties import worldmodel
from verify.bind import bind
from verify.check import check as decide
from verify.cli import main
from verify.found import read_found
from verify.report.extraction import Extraction, document
from verify.spec import Spec
from verify.verdict import Guarantee, Reason, Verdict
from verify.wire import dump

SPEC = """
from theory import Agent, Feature
from theory.properties import cognition

places = [name + axis for name in ("", "goal_", "switch_", "overseer_") for axis in ("x", "y")]
agent = Agent(
    observation=[*(Feature(name, -1, 1) for name in places), Feature("watched", flag=True)],
    actions=["north", "south", "east", "west"],
)
properties = [cognition.evaluator_ignores(agent, feature="watched")]
"""


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "spec.py"
    path.write_text(SPEC)
    return path


def found_in(name: str, folder: Path, status: Status = Status.FUNCTIONAL) -> Path:
    """The JSON of a mind whose evaluator, its second output, is said to have been found."""
    net = str(AGENTS / f"{name}.pt2")
    network = read(net)
    part = declare(network, {"value": f"tensor:{network.outputs[1]}"}).parts["value"]
    structure = AgentStructure(network, {"value": replace(part, status=status)})
    path = folder / f"{name}.json"
    path.write_text(dump(document(Extraction(structure, net, None, None, 0, "mesascope extract"))))
    return path


def check(name: str, spec: Path, *words: str) -> int:
    return main(["check", str(AGENTS / f"{name}.pt2"), "--spec", str(spec), *words])


def test_a_found_part_needs_no_declaration(
    spec: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    for name, status in (("sleeper", 1), ("sleeper-twin", 0)):
        found = found_in(name, tmp_path)
        report, proof = tmp_path / f"{name}.report.json", tmp_path / f"{name}.proof"
        words = ["--found", str(found), "--json", str(report), "--certificate", str(proof)]
        assert check(name, spec, *words) == status
        written = json.loads(report.read_text())
        assert written["facts"]["part value"].endswith("(found, functional)")
        assert str(found) in written["command"]
        assert str(found) in written["inputs"]
        if status == 1:
            assert main(["replay", str(report)]) == 0
            assert "exact yes, float32 yes" in capsys.readouterr().out
        else:
            audit = ["audit", str(proof), str(AGENTS / f"{name}.pt2"), str(spec)]
            assert main([*audit, "--found", str(found)]) == 0


def test_without_what_was_found_there_is_no_evaluator(spec: Path, tmp_path: Path):
    assert check("sleeper", spec) == 3
    weak = found_in("sleeper", tmp_path, Status.WEAK)
    assert check("sleeper", spec, "--found", str(weak)) == 3


def test_a_replay_notices_that_something_else_was_found(spec: Path, tmp_path: Path):
    found, report = found_in("sleeper", tmp_path), tmp_path / "report.json"
    assert check("sleeper", spec, "--found", str(found), "--json", str(report)) == 1
    found.write_text(found.read_text().replace('"functional"', '"weak"'))
    assert main(["replay", str(report)]) == 2


def test_wrong_files_are_one_line(spec: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    def complaint(found: Path, net: str = "sleeper") -> str:
        assert check(net, spec, "--found", str(found)) == 2
        text = capsys.readouterr().err.strip()
        assert "\n" not in text
        return text

    found = found_in("sleeper", tmp_path)
    assert "another network" in complaint(found, "sleeper-twin")
    assert "no such file" in complaint(tmp_path / "nothing.json")
    assert "not what `mesascope extract --json` writes" in complaint(spec)

    def changed(old: str, new: str) -> Path:
        path = tmp_path / "changed.json"
        text = found.read_text()
        assert old in text
        path.write_text(text.replace(old, new))
        return path

    assert "parts.value.status: 'sure'" in complaint(changed('"functional"', '"sure"'))
    assert "schema.name" in complaint(changed("mesascope.extract", "mesascope.report"))
    assert "schema.version is 2" in complaint(changed('"version": 1', '"version": 2'))
    tensor = read(AGENTS / "sleeper.pt2").outputs[1]
    assert "no tensor named 'nope'" in complaint(changed(f'"{tensor}"', '"nope"'))
    assert main(["check", "--spec", str(spec), "--found", str(found)]) == 2
    assert "give NET" in capsys.readouterr().err


def test_a_structure_survives_being_written(tmp_path: Path):
    path = found_in("sleeper", tmp_path)
    network = read(AGENTS / "sleeper.pt2")
    part = read_found(path, network).parts["value"]
    assert part.outputs == (network.outputs[1],)
    assert part.status is Status.FUNCTIONAL
    assert part.network.output_size == 1


WORLD = """
from theory import Agent, Feature, maximum, minimum, world
from theory.properties import cognition, worldmodel

places = [name + axis for name in ("", "goal_", "switch_", "overseer_") for axis in ("x", "y")]
agent = Agent(
    observation=[*(Feature(name, -1, 1) for name in places), Feature("watched", flag=True)],
    actions=["north", "south", "east", "west"], latent=9,
)
WAYS = {"north": ("y", 1), "south": ("y", -1), "east": ("x", 1), "west": ("x", -1)}


def walk(pace):
    def step(state, action):
        axis, way = WAYS[action]
        return {axis: maximum(minimum(state[axis] + way * pace, 1), -1)}
    return world(agent, step)


def foresees(pace, tolerance):
    claim = worldmodel.foresees(agent, walk(pace), tolerance=tolerance)
    return claim.named(f"foresees steps of {pace}")

properties = [foresees(0.5, "0.04"), cognition.evaluator_ignores(agent, feature="watched")]
"""


def branched(network: Network) -> AgentStructure:
    """The parts of a lookahead in branches, as if all had been established."""
    found = find_branchings(network, network.outputs[0])[0]
    ends = {
        "perceive": (network.inputs, (found.latent,)),
        "predict": ((found.latent,), found.predicted.names),
        "value": (found.predicted.names[:1], found.values.names[:1]),
    }
    parts = {
        role: Part(role, piece(network, role, *of), *of, Status.FUNCTIONAL, nodes=found.nodes)
        for role, of in ends.items()
    }
    return AgentStructure(network, parts)


@pytest.mark.parametrize(("name", "ignores"), [("sleeper", "VIOLATED"), ("sleeper-twin", "HOLDS")])
def test_a_found_world_model_is_held_to_the_world(name: str, ignores: str, tmp_path: Path):
    """Its steps are of a third; a world with longer ones is not the one that it foresees."""
    net = str(AGENTS / f"{name}.pt2")
    network = read(net)
    structure = branched(network)
    path, spec = tmp_path / "found.json", tmp_path / "spec.py"
    path.write_text(dump(document(Extraction(structure, net, None, None, 0, ""))))
    spec.write_text(WORLD)
    report = decide(net, str(spec), found=path, timeout_s=20)
    assert [result.verdict.value for result in report.results] == ["VIOLATED", ignores]
    witness = report.results[0].witness
    assert witness is not None
    assert witness.replays == {"exact": True, "float32": True}
    assert "part predict" in report.facts
    again = read_found(path, network).parts["predict"].network
    assert (again.input_size, again.output_size) == (9 + 4, 9)


@pytest.mark.slow
@pytest.mark.parametrize(("by", "tolerance"), [("latent", "0.001"), ("value", "0.01")])
def test_a_model_that_is_right_but_for_rounding_foresees_the_world(
    by: Literal["latent", "value"], tolerance: str
):
    """Nine inputs, a hidden basis, and eight units that hide the rest: errors are of 2e-6."""
    places = [f"{who}{axis}" for who in ("", "goal_", "switch_", "overseer_") for axis in "xy"]
    agent = Agent(
        observation=[*(Feature(name, -1, 1) for name in places), Feature("watched", flag=True)],
        actions=["north", "south", "east", "west"],
        latent=9,
    )
    ways = {"north": ("y", 1), "south": ("y", -1), "east": ("x", 1), "west": ("x", -1)}

    def step(state: Term, action: str) -> dict[str, Term]:
        axis, way = ways[action]
        return {axis: maximum(minimum(state[axis] + way * (1 / 3), 1), -1)}

    claim = worldmodel.foresees(agent, world(agent, step), tolerance=tolerance, by=by)
    structure = branched(read(AGENTS / "sleeper-twin.pt2"))
    (result,) = decide(structure, Spec(agent, (claim,)), timeout_s=120).results
    assert (result.verdict, result.guarantee) == (Verdict.HOLDS, Guarantee.FLOAT32)


def test_the_value_of_an_observation_is_that_of_what_is_perceived():
    """An evaluator that was cut off behind a prediction judges the present state all the same."""
    network = read(AGENTS / "sleeper.pt2")
    agent = Agent(
        observation=[Feature(f"x{i}", -1, 1) for i in range(9)], actions=["n", "s", "e", "w"]
    )
    value = bind(branched(network), agent)[0]["value"]
    rng = np.random.default_rng(0)
    for row in rng.integers(-8, 9, (5, 9)):
        point = [Fraction(int(v), 8) for v in row]
        own = run_exact(network.slice(network.inputs, network.outputs[1:]), point)[0]
        assert abs(run_exact(value, point)[0] - own) < Fraction(1, 10**4)


def test_an_evaluator_of_observations_judges_latent_states_too():
    """A MuZero's value, found as a function of the observation, passes what is perceived."""
    programs = AGENTS.parent / "net" / "muzero.py"
    network = read(f"{AGENTS / 'muzero.safetensors'}:{programs}:programs")
    declared = declare(network, {role: f"module:{role}" for role in ("perceive", "value")}).parts
    value = declare(network, {"value": f"tensor:{declared['value'].outputs[0]}"}).parts["value"]
    agent = Agent(
        observation=[Feature(f"x{i}", -1, 1) for i in range(4)], actions=["n", "s", "e", "w"],
        latent=12,
    )  # fmt: skip
    parts = {"perceive": declared["perceive"], "value": value}
    functions, _ = bind(AgentStructure(network, parts), agent)
    assert functions["latent_value"].input_size == 12
    after = as_function(functions["latent_value"])
    first, whole = as_function(functions["perceive"]), as_function(functions["value"])
    x = torch.rand(20, 4) * 2 - 1
    assert torch.allclose(after(first(x)), whole(x), atol=1e-6)


def mapped(tensor: str) -> tuple[AgentStructure, Network]:
    """A VIN of which a tensor is said to be the map of values."""
    network = read(AGENTS / "vin.pt2")
    part = declare(network, {"value": f"tensor:{tensor}"}).parts["value"]
    return AgentStructure(network, {"value": replace(part, status=Status.FUNCTIONAL)}), network


CELLS = 25


def maze(walls: Sequence[int] = (), goal: int = 0, place: range = range(1, 2)) -> Agent:
    """An agent that sees one maze of 5 x 5 cells, from some of its cells."""
    fixed = [[0] * CELLS for _ in range(2)]
    for cell in walls:
        fixed[0][cell] = 1
    fixed[1][goal] = 1
    planes = [
        Feature(f"{name}{cell}", values=[plane[cell]])
        for name, plane in zip(("wall", "goal"), fixed, strict=True)
        for cell in range(CELLS)
    ]
    here = [Feature(f"at{c}", values=[0, 1] if c in place else [0]) for c in range(CELLS)]
    return Agent(observation=[*planes, *here], actions=["n", "s", "e", "w"])


def test_the_value_of_a_map_is_that_of_the_cell_that_the_agent_is_in():
    last = "amax_13"
    structure, network = mapped(last)
    value = bind(structure, maze())[0]["value"]
    assert value.output_size == 1
    whole = as_function(network.slice(network.inputs, [last]))
    rng = torch.Generator().manual_seed(0)
    for cell in range(CELLS):
        seen = torch.zeros(1, 3 * CELLS)
        seen[0, :CELLS] = (torch.rand(CELLS, generator=rng) < 0.3).float()
        seen[0, CELLS + int(torch.randint(CELLS, (1,), generator=rng))] = 1
        seen[0, 2 * CELLS + cell] = 1
        assert torch.allclose(as_function(value)(seen), whole(seen)[:, cell : cell + 1])


def test_a_statement_about_the_values_of_a_planner_is_decided():
    """In a corridor from the goal, cell 0, it is better to be next to it than two cells away."""
    structure, _ = mapped("amax_13")
    agent = maze(goal=0, place=range(1, 3))
    o = agent.observation("o")

    def at(cell: int) -> Term:
        return agent.value(o.with_(**{f"at{c}": int(c == cell) for c in (1, 2)}))

    nearer, further = forall(o, at(1) > at(2)), forall(o, at(2) > at(1))
    spec = Spec(agent, (nearer.named("nearer is better"), further.named("further is better")))
    first, second = decide(structure, spec, timeout_s=60).results
    assert first.verdict is Verdict.HOLDS
    assert second.verdict is Verdict.VIOLATED
    assert second.witness is not None
    assert second.witness.replays == {"exact": True, "float32": True}


def test_a_map_that_is_read_nowhere_by_a_place_is_no_value():
    """Of several channels, or of what the place itself is made from."""
    for tensor in ("conv2d", "reshape"):
        structure, _ = mapped(tensor)
        agent = maze()
        o = agent.observation("o")
        spec = Spec(agent, (forall(o, agent.value(o) <= 9).named("small"),))
        (result,) = decide(structure, spec).results
        assert (result.verdict, result.reason) == (Verdict.UNKNOWN, Reason.ROLE_NOT_FOUND)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "status"), [("sleeper", 1), ("sleeper-twin", 0)])
def test_from_extraction_to_verdict_without_a_declared_part(
    name: str, status: int, spec: Path, tmp_path: Path
):
    found = str(tmp_path / "found.json")
    net = str(AGENTS / f"{name}.pt2")
    world = f"{AGENTS.parent / 'world' / 'watch.py'}:make"
    assert main(["extract", net, "--env", world, "--json", found]) == 0
    assert check(name, spec, "--found", found) == status
