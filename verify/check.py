"""The pipeline: read the net, find its agent structure, bind the property to it, choose an engine,
decide, replay, report.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from extract.network import Network
from extract.reader import read
from extract.structure import AgentStructure, declare
from theory.error import UnsupportedOperator
from verify.bind import BoundProperty, bind
from verify.judge import judge, unsupported
from verify.report.build import summarise
from verify.smt.solver import SmtSolver
from verify.solve import Engines
from verify.spec import Spec, read_spec
from verify.verdict import ProgressEvent, Report


@dataclass(frozen=True)
class Loaded:
    """A network and a spec that fit together."""

    network: Network
    structure: AgentStructure
    spec: Spec
    properties: tuple[BoundProperty, ...]


def check(
    net: str | Network,
    spec: str | Path | Spec,
    *,
    properties: Sequence[str] | None = None,
    timeout_s: float = 60.0,
    seed: int = 0,
    cross_check: bool = False,
    device: str = "cpu",
    progress: Callable[[ProgressEvent], None] | None = None,
) -> Report:
    """Decide every property of a spec on a network.

    Args:
        net: a file, `FILE.py:callable`, or a network that is already read.
        spec: a spec file, or a spec.
        properties: names of the properties to check; all by default.
        timeout_s: budget for each property, in seconds.
        seed: of every pseudo-random choice.
        cross_check: let both engines decide and compare.
        device: torch device of the neural engine.
        progress: called now and then while a property is being decided.

    Raises:
        InputError: the network or the spec cannot be used.
        EngineFault: the engines disagree, or a witness does not replay exactly.
    """
    wanted = (spec if isinstance(spec, Spec) else read_spec(spec)).only(properties)
    try:
        loaded = load(net, wanted)
    except UnsupportedOperator as error:
        structure, results = None, tuple(unsupported(p, error) for p in wanted.properties)
    else:
        structure = loaded.structure
        with SmtSolver(seed) as smt:
            engines = Engines(smt, seed, cross_check, device)
            results = tuple(judge(one, engines, timeout_s, progress) for one in loaded.properties)
    return summarise(
        structure,
        wanted,
        results,
        net=net if isinstance(net, str) else net.name,
        timeout_s=timeout_s,
        seed=seed,
        only=properties or (),
        cross_check=cross_check,
    )


def load(net: str | Network, spec: str | Path | Spec) -> Loaded:
    """Read a network and a spec, and bind the one to the other.

    Raises:
        InputError: one of them cannot be used, or they do not fit together.
        UnsupportedOperator: the network has an operator without a meaning.
    """
    wanted = spec if isinstance(spec, Spec) else read_spec(spec)
    network = net if isinstance(net, Network) else read(net)
    structure = declare(network, wanted.parts, folder=Path(wanted.name).parent)
    functions, whole = bind(structure, wanted.agent)
    onnx = net if isinstance(net, str) and net.lower().endswith(".onnx") else None
    bound = tuple(BoundProperty(p, functions, whole, onnx) for p in wanted.properties)
    return Loaded(network, structure, wanted, bound)
