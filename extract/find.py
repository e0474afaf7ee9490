"""Find the structure of an agent in a network: what predicts, values, searches and acts.

The page that calls everything else: meet the network, look at its graph, test each role against its
nulls, and gather what was found.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from extract.cutoff import FRESH_NETS
from extract.environment import Environment, open_environment
from extract.graph.candidate import find_interface
from extract.network import Array, Network
from extract.observation import fit, read_observations
from extract.piece import is_step, piece
from extract.pursuit import find_goal
from extract.remember import remembering
from extract.roles.evaluator import find_evaluator
from extract.roles.lookahead import find_lookahead
from extract.roles.memory import find_memory
from extract.roles.planning import find_planners
from extract.roles.policy import find_policy
from extract.roles.search import find_search
from extract.roles.world_model import find_world_model
from extract.structure import AgentStructure, Finding, Part, Status
from extract.study import Progress, Study
from theory.error import InputError


def find(
    network: Network,
    environment: Environment | str | None = None,
    observations: Mapping[str, Array] | str | Path | None = None,
    *,
    seed: int = 0,
    nulls: int = FRESH_NETS,
    progress: Progress | None = None,
) -> AgentStructure:
    """Search a network for the parts of an agent.

    Args:
        network: the network.
        environment: its world: a Gymnasium id, FILE.py:callable, or an environment.
        observations: recorded ones: input name -> array (N, *shape), or the path of an .npz file.
        seed: of every pseudo-random choice; the answer depends on nothing else.
        nulls: fresh nets to compare with, and as many shuffled ones.
        progress: hears which role is being tested, and the share that is done.

    Raises:
        InputError: the network chooses nothing, or the data do not fit it.
    """
    world = open_environment(environment) if environment is not None else None
    interface = find_interface(network, world.actions if world else None)
    world = remembering(world, network, interface) if world else None
    recorded = None
    if observations is not None:
        is_file = isinstance(observations, str | Path)
        arrays = read_observations(observations) if is_file else observations
        source = str(observations) if is_file else "observations"
        recorded = fit(arrays, network, interface.observations, source)
    study = Study(network, interface, world, recorded, seed, nulls, progress)
    study.say("planners in loops", 0.1)
    planned = find_planners(study)
    found = (*planned, *find_lookahead(study))
    study.say("world model", 0.4)
    world_model, model = find_world_model(study, tuple(one.world_model for one in found))
    study.say("evaluator", 0.6)
    functional = world_model.status is Status.FUNCTIONAL
    evaluator = find_evaluator(
        study, model if functional else None, tuple(one.evaluator for one in found)
    )
    study.say("search", 0.8)
    search = find_search(study, planned, tuple(one.search for one in found[len(planned) :]))
    study.say("policy", 0.85)
    policy = find_policy(study, [test for one in planned for test in one.policy])
    findings = (world_model, evaluator, search, policy, find_memory(study))
    study.say("goals", 0.95)
    return AgentStructure(
        network,
        _parts(study, findings),
        {finding.role: finding for finding in findings},
        find_goal(study),
    )


NAMES = {"world_model": "predict", "evaluator": "value", "search": "search", "policy": "policy"}
"""How the functions of a specification name the parts that play the roles."""


def _parts(study: Study, findings: tuple[Finding, ...]) -> dict[str, Part]:
    """The parts that were found and are functions, under the names that specifications use."""
    network = study.network
    parts: dict[str, Part] = {}
    for finding in findings:
        if finding.role not in NAMES or finding.status is Status.ABSENT or not finding.outputs:
            continue
        name = NAMES[finding.role]
        starts, ends = finding.inputs, finding.outputs
        if name == "value":
            ends = _planned(network, ends, findings)
        try:
            found = piece(network, name, starts, ends)
        except InputError:
            continue  # a loop that also reads from outside is no function of its entry alone
        parts[name] = Part(
            name,
            found,
            starts,
            ends,
            finding.status,
            finding.evidence,
            finding.nodes,
            f"found: {', '.join(starts)} → {', '.join(ends)}",
        )
    step = parts.get("predict")
    latent = step.inputs[0] if step is not None and is_step(step.network) else None
    if step is not None and latent is not None and _perceived(study, latent):
        inner = frozenset(network.ancestors([latent]) - set(network.parameters))
        parts["perceive"] = Part(
            "perceive",
            network.slice(study.interface.observations, [latent]),
            study.interface.observations,
            (latent,),
            step.status,
            nodes=inner - set(network.inputs),
            origin=f"found: what the world model starts from, {latent}",
        )
    return parts


def _planned(
    network: Network, ends: tuple[str, ...], findings: tuple[Finding, ...]
) -> tuple[str, ...]:
    """The map of values that a search makes of an evaluator's map, in the place of that."""
    for finding in findings:
        made = finding.outputs
        if finding.role != "search" or finding.status is not Status.FUNCTIONAL or len(made) != 1:
            continue
        shape = network.node(made[0]).shape
        of_it = bool(set(ends) & network.ancestors(made))
        if len(ends) == 1 and of_it and len(shape) == 4 and shape == network.node(ends[0]).shape:
            return made
    return ends


def _perceived(study: Study, latent: str) -> bool:
    """Whether a tensor is a function of the observation alone."""
    needed = study.network.ancestors([latent]) & set(study.network.inputs)
    return needed <= set(study.interface.observations)
