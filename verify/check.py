"""The pipeline: read the net, find its agent structure, bind the property to it, choose an engine,
decide, replay, report. Claims about finite structures decide themselves, without a net.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from theory.claim import Claim
from theory.error import InputError, UnsupportedOperator
from theory.property import Property
from verify.claim import judge_claim
from verify.spec import Spec, read_spec
from verify.verdict import ProgressEvent, Report, Result

if TYPE_CHECKING:
    from extract.network import Network
    from extract.structure import AgentStructure
    from verify.bind import BoundProperty

Tell = Callable[[ProgressEvent], None]


@dataclass(frozen=True)
class Loaded:
    """A network and a spec that fit together."""

    network: Network
    structure: AgentStructure
    spec: Spec
    properties: tuple[BoundProperty, ...]


def check(
    net: str | Network | AgentStructure | None,
    spec: str | Path | Spec,
    *,
    properties: Sequence[str] | None = None,
    timeout_s: float = 60.0,
    seed: int = 0,
    cross_check: bool = False,
    device: str = "cpu",
    jobs: int | None = 1,
    progress: Tell | None = None,
    certify: bool = False,
    found: str | Path | None = None,
) -> Report:
    """Decide every property and claim of a spec.

    Args:
        net: a file, `FILE.py:callable`, or a network that is already read; a structure that was
            found in one, whose functional parts then need no declaration; None where the spec has
            claims only.
        spec: a spec file, or a spec.
        properties: names of the properties to check; all by default.
        timeout_s: budget for each property, in seconds.
        seed: of every pseudo-random choice.
        cross_check: let both engines decide and compare.
        device: torch device of the neural engine.
        jobs: processes for one property; None for as many as there are cores for.
        progress: called now and then while a property is being decided.
        certify: write down the proof of every property that holds; as many seconds again may go
            into that.
        found: the JSON of what `mesascope extract` found in the network: its functional parts need
            no declaration.

    Raises:
        InputError: the network or the spec cannot be used; there is no network for a property, or
            no property for the network.
        EngineFault: the engines disagree, or a witness does not replay exactly.
    """
    from verify.report.build import summarise

    wanted = (spec if isinstance(spec, Spec) else read_spec(spec)).only(properties)
    structure, judged = _on_network(
        net,
        wanted,
        timeout_s,
        progress,
        seed=seed,
        cross_check=cross_check,
        device=device,
        jobs=jobs,
        certify_s=timeout_s if certify else None,
        found=found,
    )
    results = tuple(
        judge_claim(one, timeout_s, progress, where=wanted.name)
        if isinstance(one, Claim)
        else judged[one]
        for one in wanted.properties
    )
    return summarise(
        structure,
        wanted,
        results,
        net=net if net is None or isinstance(net, str) else _title(net),
        timeout_s=timeout_s,
        seed=seed,
        only=properties or (),
        cross_check=cross_check,
        found=found,
    )


def _title(net: Network | AgentStructure) -> str:
    """What a report calls a network that no file names."""
    from extract.network import Network

    return net.name if isinstance(net, Network) else net.network.name


def _on_network(
    net: str | Network | AgentStructure | None,
    wanted: Spec,
    timeout_s: float,
    progress: Tell | None,
    *,
    seed: int,
    cross_check: bool,
    device: str,
    jobs: int | None,
    certify_s: float | None,
    found: str | Path | None,
) -> tuple[AgentStructure | None, dict[Property, Result]]:
    """The structure of the network, where there is one, and the result of each property of it."""
    properties = [one for one in wanted.properties if isinstance(one, Property)]
    if net is None:
        if properties:
            raise InputError(
                f"{wanted.name}: property {properties[0].name!r} is about a network: give NET"
            )
        return None, {}
    if not properties:
        raise InputError(f"{wanted.name}: no property is about a network: leave NET out")

    from verify.judge import judge, unsupported
    from verify.smt.solver import SmtSolver
    from verify.solve import Engines

    try:
        loaded = load(net, wanted, found)
    except UnsupportedOperator as error:
        return None, {one: unsupported(one, error) for one in properties}
    with SmtSolver(seed) as smt:
        engines = Engines(smt, seed, cross_check, device, certify_s, jobs)
        judged = {
            one.property: judge(one, engines, timeout_s, progress) for one in loaded.properties
        }
    return loaded.structure, judged


def load(
    net: str | Network | AgentStructure,
    spec: str | Path | Spec,
    found: str | Path | None = None,
) -> Loaded:
    """Read a network, a spec, and what was found in the network, and bind properties to parts.

    Raises:
        InputError: one of them cannot be used, or they do not fit together.
        UnsupportedOperator: the network has an operator without a meaning.
    """
    from extract.network import Network
    from extract.reader import read
    from extract.structure import AgentStructure, declare
    from verify.bind import BoundProperty, bind
    from verify.found import read_found

    wanted = spec if isinstance(spec, Spec) else read_spec(spec)
    extracted = net if isinstance(net, AgentStructure) else None
    network = (
        extracted.network if extracted else net if isinstance(net, Network) else read(str(net))
    )
    structure = declare(network, wanted.parts, folder=Path(wanted.name).parent)
    if found is not None:
        extracted = read_found(found, network)
    if extracted is not None:
        structure = extracted.with_parts(structure.parts)
    if wanted.agent is None:
        raise InputError(f"{wanted.name}: `agent` is missing; define agent = Agent(...)")
    functions, whole = bind(structure, wanted.agent)
    onnx = net if isinstance(net, str) and net.lower().endswith(".onnx") else None
    bound = tuple(
        BoundProperty(one, functions, whole, onnx)
        for one in wanted.properties
        if isinstance(one, Property)
    )
    return Loaded(network, structure, wanted, bound)
