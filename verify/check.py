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
from verify.bind import BoundProperty, bind
from verify.judge import judge
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
        UnsupportedOperator: the network has an operator without a meaning.
        EngineFault: the engines disagree, or a witness does not replay exactly.
    """
    loaded = load(net, spec, properties)
    with SmtSolver(seed) as smt:
        engines = Engines(smt, seed, cross_check, device)
        results = tuple(judge(bound, engines, timeout_s, progress) for bound in loaded.properties)
    named = net if isinstance(net, str) else loaded.network.name
    return summarise(
        loaded.structure,
        loaded.spec,
        results,
        net=named,
        timeout_s=timeout_s,
        seed=seed,
        cross_check=cross_check,
    )


def load(
    net: str | Network, spec: str | Path | Spec, properties: Sequence[str] | None = None
) -> Loaded:
    """Read a network and a spec, and bind the one to the other."""
    network = net if isinstance(net, Network) else read(net)
    read_in = (spec if isinstance(spec, Spec) else read_spec(spec)).only(properties)
    structure = declare(network, read_in.parts, folder=Path(read_in.name).parent)
    functions, whole = bind(structure, read_in.agent)
    onnx = net if isinstance(net, str) and net.lower().endswith(".onnx") else None
    bound = tuple(BoundProperty(p, functions, whole, onnx) for p in read_in.properties)
    return Loaded(network, structure, read_in, bound)
