"""Replay a written report: does the network still do what it says, do its claims come out alike?

The witness of a property is evaluated again; a claim is decided again, whatever its verdict was.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from theory.claim import Claim
from theory.error import InputError
from verify.provenance import sha256, source
from verify.quantified import inside
from verify.verdict import Reason
from verify.wire import Document, WireProperty

if TYPE_CHECKING:
    from verify.bind import BoundProperty

Values = Mapping[str, Mapping[str, Fraction]]


@dataclass(frozen=True)
class Review:
    """One witness, replayed, or one claim, decided again.

    Attributes:
        name: of the property or claim.
        verdict: what the report says of it.
        written: for each way of replaying, what the report says; of a claim, that it is decided so.
        found: for each way of replaying, whether the property is violated now; of a claim, whether
            it is decided as the report says.
        detail: of a claim, how it is decided now.
    """

    name: str
    verdict: str
    written: Mapping[str, bool]
    found: Mapping[str, bool]
    detail: str = ""

    @property
    def agrees(self) -> bool:
        """Whether every way that replayed when the report was written, and that is here, does."""
        return all(self.found.get(way, True) for way, replayed in self.written.items() if replayed)


def review(
    document: Document, *, folder: Path, network: str | None = None, force: bool = False
) -> list[Review]:
    """Replay every witness of a report, and decide its claims again.

    Args:
        document: the report.
        folder: where the report lies; its files are looked for here and in the working directory.
        network: where the network is now; by default where the report says.
        force: go on where a file is not the one that the report was made from.

    Raises:
        InputError: a file is missing, or has changed, or no longer has the property.
    """
    net = network or (_found(document.network, folder) if document.network else "")
    spec = _found(document.spec, folder)
    parts = _found(document.found, folder) if document.found else None
    places = {document.network: net, document.spec: spec, document.found: parts or ""}
    _same_files(document, places, folder, force)
    wanted = {
        entry.name: entry.witness.exact(f"property {entry.name!r}")
        for entry in document.properties
        if entry.witness is not None and entry.formula is not None
    }
    if wanted and not net:
        raise InputError(f"property {next(iter(wanted))!r} has a witness and no network")
    found = replay(net, spec, wanted, parts) if wanted else {}
    again = _redecide(spec, [e for e in document.properties if _decided_claim(e)], document)
    reviews = [
        Review(entry.name, entry.verdict, entry.witness.replays, found[entry.name])
        if entry.name in found and entry.witness is not None
        else again.get(entry.name)
        for entry in document.properties
    ]
    return [one for one in reviews if one is not None]


def replay(
    network: str, spec: str, wanted: Mapping[str, Values], parts: str | None = None
) -> dict[str, dict[str, bool]]:
    """For each property by name and each way of replaying: do these values violate it?

    `parts` is the file of what was found in the network.
    """
    bound = {one.property.name: one for one in bound_properties(network, spec, found=parts)}
    missing = [name for name in wanted if name not in bound]
    if missing:
        raise InputError(f"{spec}: there is no property {missing[0]!r} any more")
    return {name: _replayed(bound[name], values) for name, values in wanted.items()}


def _decided_claim(entry: WireProperty) -> bool:
    """Whether this is a claim whose decision came to an end."""
    return entry.formula is None and entry.reason not in (Reason.TIME.value, Reason.MEMORY.value)


def _redecide(spec: str, entries: Sequence[WireProperty], document: Document) -> dict[str, Review]:
    """For each claim by name: is it decided as it was?"""
    if not entries:
        return {}
    from verify.claim import ENGINE, judge_claim
    from verify.spec import read_spec

    claims = {one.name: one for one in read_spec(spec).properties if isinstance(one, Claim)}
    reviews: dict[str, Review] = {}
    for entry in entries:
        if entry.name not in claims:
            raise InputError(f"{spec}: there is no claim {entry.name!r} any more")
        now = judge_claim(claims[entry.name], document.budget.timeout_s, where=spec)
        unfinished = now.reason in (Reason.TIME, Reason.MEMORY)
        same = now.verdict.value == entry.verdict
        reviews[entry.name] = Review(
            entry.name,
            entry.verdict,
            {ENGINE: True},
            {} if unfinished else {ENGINE: same},
            detail=now.reason.value
            if unfinished and now.reason
            else f"{now.verdict.value}{' again' if same else ''}",
        )
    return reviews


def _replayed(bound: BoundProperty, values: Values) -> dict[str, bool]:
    """Values outside the domain violate nothing, whatever the network does there."""
    from verify.replay import replay_values

    name = bound.property.name
    if not inside(bound.property.formula, values, f"property {name!r}: values"):
        return {"in the domain": False, "exact": False, "float32": False}
    return replay_values(bound, values)


def bound_properties(
    network: str, spec: str, only: Sequence[str] = (), found: str | None = None
) -> Sequence[BoundProperty]:
    """The properties of a spec or VNN-LIB file that are about a network, bound to it.

    `found` is the file of what was found in the network.

    Raises:
        InputError: a file cannot be used, they do not fit together, or a name is unknown.
        UnsupportedOperator: the network has an operator without a meaning.
    """
    if spec.lower().endswith(".vnnlib"):
        from verify.vnnlib import load_vnnlib

        bound = load_vnnlib(network, spec)
        if odd := [name for name in only if name != bound.property.name]:
            raise InputError(f"{spec}: no property named {odd[0]!r}; its only one has its own name")
        return [bound]
    from verify.check import load
    from verify.spec import read_spec

    return load(network, read_spec(spec).only(only or None), found).properties


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
