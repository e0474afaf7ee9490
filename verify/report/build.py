"""The report of a check, from its results and what it was about."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from extract.draw import draw
from extract.structure import AgentStructure, Part
from theory.claim import Claim
from verify.provenance import sha256, source, versions
from verify.spec import Spec
from verify.verdict import Report, Result


def summarise(
    structure: AgentStructure | None,
    spec: Spec,
    results: tuple[Result, ...],
    *,
    net: str | None,
    timeout_s: float,
    seed: int,
    only: Sequence[str],
    cross_check: bool,
    found: str | Path | None = None,
) -> Report:
    """The report.

    Args:
        structure: what was checked; None where the network could not be read.
        spec: what it was checked against.
        results: one for each property and claim.
        net: how the user named the network; None where there is none.
        timeout_s, seed, only, cross_check: how it was checked; `only` names chosen properties.
        found: the file of what was found in the network.
    """
    named = [net] if net is not None else []
    given = [str(found)] if found is not None else []
    files = [name for name in (*named, spec.name, *given) if source(name).is_file()]
    words = ["mesascope", "check", *named, "--spec", spec.name]
    words += [word for name in given for word in ("--found", name)]
    words += [word for name in only for word in ("--property", name)]
    words += ["--timeout", f"{timeout_s:g}", "--seed", str(seed)]
    words += ["--cross-check"] if cross_check else []
    return Report(
        network=net or "",
        spec=spec.name,
        results=results,
        timeout_s=timeout_s,
        seed=seed,
        inputs={name: sha256(source(name)) for name in files},
        versions=versions(),
        command=shlex.join(words),
        facts=_facts(structure, spec) if structure else {},
        graph=draw(structure) if structure else "",
        pictures=_pictures(spec, results),
        found="".join(given),
    )


def _facts(structure: AgentStructure, spec: Spec) -> dict[str, str]:
    # Claims about finite structures, which have no network, load no torch.
    from verify.loop.scaling import conflicts

    network = structure.network
    notes = (*network.notes, *conflicts(network, spec))
    operators = dict.fromkeys(n.op for n in network.live if n.op not in {"input", "parameter"})
    return {
        "inputs": str(network.input_size),
        "outputs": str(network.output_size),
        "parameters": f"{network.parameter_count:,}",
        "operators": ", ".join(operators),
        **{f"part {name}": _origin(part) for name, part in structure.parts.items()},
        **{f"note {i}": note for i, note in enumerate(notes, start=1)},
    }


def _origin(part: Part) -> str:
    """Where a part comes from; a found one says how well it is established."""
    words = part.origin.removeprefix("found: ")
    return (
        f"{words} (found, {part.status.value})" if words != part.origin else f"{words} (declared)"
    )


def _pictures(spec: Spec, results: Sequence[Result]) -> dict[str, tuple[str, ...]]:
    """The runs of every witness as the spec draws them, and what claims draw of their findings.

    Where a drawing fails, it is the reason instead.
    """
    pictures: dict[str, tuple[str, ...]] = {}
    for result in results:
        of, draw_run = result.property, spec.picture
        if result.witness is not None and draw_run is not None:
            drawn = (
                _drawn(spec, draw_run, run.inputs, run.action or "") for run in result.witness.runs
            )
            pictures[of.name] = tuple(drawn)
        elif isinstance(of, Claim) and of.picture is not None and result.finding is not None:
            pictures[of.name] = (_drawn(spec, of.picture, result.finding),)
    return pictures


def _drawn(spec: Spec, picture: Callable[..., str], *arguments: Any) -> str:
    try:
        return picture(*arguments)
    except Exception as error:  # noqa: BLE001 -- the spec's function may fail in any way
        return f"{spec.name}: picture: {type(error).__name__}: {error}"
