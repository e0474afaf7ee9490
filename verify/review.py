"""Replay the witnesses of a written report: does the network still do what the report says?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from theory.error import InputError
from verify.provenance import sha256, source
from verify.quantified import inside
from verify.wire import Document

if TYPE_CHECKING:
    from verify.bind import BoundProperty

Values = Mapping[str, Mapping[str, Fraction]]


@dataclass(frozen=True)
class Review:
    """One witness, replayed.

    Attributes:
        name: of the property.
        verdict: what the report says of it.
        written: for each way of replaying, what the report says.
        found: for each way of replaying, whether the property is violated now.
    """

    name: str
    verdict: str
    written: Mapping[str, bool]
    found: Mapping[str, bool]

    @property
    def agrees(self) -> bool:
        """Whether every way that replayed when the report was written, and that is here, does."""
        return all(self.found.get(way, True) for way, replayed in self.written.items() if replayed)


def review(
    document: Document, *, folder: Path, network: str | None = None, force: bool = False
) -> list[Review]:
    """Replay every witness of a report.

    Args:
        document: the report.
        folder: where the report lies; its files are looked for here and in the working directory.
        network: where the network is now; by default where the report says.
        force: go on where a file is not the one that the report was made from.

    Raises:
        InputError: a file is missing, or has changed, or no longer has the property.
    """
    net = network or _found(document.network, folder)
    spec = _found(document.spec, folder)
    _same_files(document, {document.network: net, document.spec: spec}, folder, force)
    wanted = {
        entry.name: entry.witness.exact(f"property {entry.name!r}")
        for entry in document.properties
        if entry.witness is not None
    }
    found = replay(net, spec, wanted) if wanted else {}
    return [
        Review(entry.name, entry.verdict, entry.witness.replays, found[entry.name])
        for entry in document.properties
        if entry.witness is not None
    ]


def replay(network: str, spec: str, wanted: Mapping[str, Values]) -> dict[str, dict[str, bool]]:
    """For each property by name and each way of replaying: do these values violate it?"""
    bound = {one.property.name: one for one in _bound(network, spec)}
    missing = [name for name in wanted if name not in bound]
    if missing:
        raise InputError(f"{spec}: there is no property {missing[0]!r} any more")
    return {name: _replayed(bound[name], values) for name, values in wanted.items()}


def _replayed(bound: BoundProperty, values: Values) -> dict[str, bool]:
    """Values outside the domain violate nothing, whatever the network does there."""
    from verify.replay import replay_values

    name = bound.property.name
    if not inside(bound.property.formula, values, f"property {name!r}: values"):
        return {"in the domain": False, "exact": False, "float32": False}
    return replay_values(bound, values)


def _bound(network: str, spec: str) -> Sequence[BoundProperty]:
    if spec.lower().endswith(".vnnlib"):
        from verify.vnnlib import load_vnnlib

        return [load_vnnlib(network, spec)]
    from verify.check import load

    return load(network, spec).properties


def _found(name: str, folder: Path) -> str:
    """The file as the report names it, from the working directory or from the report's folder."""
    if source(name).exists() or not (folder / source(name)).exists():
        return name
    return str(folder / name)


def _same_files(document: Document, places: Mapping[str, str], folder: Path, force: bool) -> None:
    for name, written in document.inputs.items():
        place = next((p for n, p in places.items() if name in (n, str(source(n)))), None)
        path = source(place or _found(name, folder))
        now = sha256(path)
        if now != written and not force:
            raise InputError(
                f"{path}: not the file of the report: sha256 is {now[:12]}..., the report has "
                f"{written[:12]}...; --force replays on it all the same"
            )
