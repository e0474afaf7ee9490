"""The report of a check, from its results and what it was about."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from extract.draw import draw
from extract.network import Network
from extract.structure import AgentStructure
from theory.error import InputError
from verify.provenance import sha256, source, versions
from verify.spec import Spec
from verify.verdict import Report, Result


def summarise(
    structure: AgentStructure,
    spec: Spec,
    results: tuple[Result, ...],
    *,
    net: str,
    timeout_s: float,
    seed: int,
    cross_check: bool,
) -> Report:
    """The report.

    Args:
        structure: what was checked.
        spec: what it was checked against.
        results: one for each property.
        net: how the user named the network.
        timeout_s, seed, cross_check: how it was checked.
    """
    files = [name for name in (net, spec.name) if source(name).is_file()]
    words = ["mesascope", "check", net, "--spec", spec.name]
    words += ["--timeout", f"{timeout_s:g}", "--seed", str(seed)]
    words += ["--cross-check"] if cross_check else []
    return Report(
        network=net,
        spec=spec.name,
        results=results,
        timeout_s=timeout_s,
        seed=seed,
        inputs={name: sha256(source(name)) for name in files},
        versions=versions(),
        command=shlex.join(words),
        facts=_facts(structure.network),
        graph=draw(structure),
        pictures=_pictures(spec, results),
    )


def _facts(network: Network) -> dict[str, str]:
    operators = dict.fromkeys(n.op for n in network.live if n.op not in {"input", "parameter"})
    return {
        "inputs": str(network.input_size),
        "outputs": str(network.output_size),
        "parameters": f"{network.parameter_count:,}",
        "operators": ", ".join(operators),
        **{f"note {i}": note for i, note in enumerate(network.notes, start=1)},
    }


def _pictures(spec: Spec, results: Sequence[Result]) -> dict[str, tuple[str, ...]]:
    """The runs of every witness as the spec draws them."""
    pictures: dict[str, tuple[str, ...]] = {}
    if spec.picture is not None:
        for result in results:
            if result.witness is not None:
                try:
                    drawn = [
                        spec.picture(run.inputs, run.action or "") for run in result.witness.runs
                    ]
                except Exception as error:  # noqa: BLE001  the user's function may fail in any way
                    raise InputError(
                        f"{spec.name}: picture: {type(error).__name__}: {error}"
                    ) from None
                pictures[result.property.name] = tuple(drawn)
    return pictures
