"""A report as JSON, and back as far as replaying needs it.

The schema has a name and a version; a change that a reader of the old version would stumble over
raises the version. Exact numbers are strings such as "-3/8", because JSON's numbers are not exact.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any, cast

import msgspec

from theory.error import InputError
from theory.printer import latex, text
from theory.property import Property
from verify.exhibit import exact, floats, tree
from verify.verdict import Report, Result, Run, Verdict, Witness

NAME = "mesascope.report"
VERSION = 1


class Schema(msgspec.Struct, frozen=True):
    """Which kind of document this is."""

    name: str
    version: int


class WireRun(msgspec.Struct, frozen=True):
    """One evaluation of the network; see `verify.verdict.Run`."""

    term: str
    inputs: dict[str, float | None]
    outputs: dict[str, float | None]
    action: str | None


class WireWitness(msgspec.Struct, frozen=True):
    """An input, or what a claim's finding shows: exact, in floats for people, how it replays.

    For a property `values` go by variable and feature; for a claim they are nested as they are.
    """

    values: dict[str, Any]
    floats: dict[str, Any]
    runs: list[WireRun]
    replays: dict[str, bool]

    def exact(self, where: str) -> dict[str, dict[str, Fraction]]:
        """The exact values of a property's variables.

        Raises:
            InputError: something is no number; names `where` and the field.
        """
        found: dict[str, dict[str, Fraction]] = {}
        for variable, entries in self.values.items():
            if not isinstance(entries, dict):
                raise InputError(f"{where}: values.{variable}: not a mapping from features")
            parts = cast(dict[str, Any], entries)
            found[variable] = {
                key: _fraction(value, f"{where}: values.{variable}.{key}")
                for key, value in parts.items()
            }
        return found


class WireFormula(msgspec.Struct, frozen=True):
    """A formula, printed."""

    text: str
    latex: str


class WireProperty(msgspec.Struct, frozen=True):
    """The answer for one property or claim; see `verify.verdict.Result`.

    A claim has no formula; it may have a proof and a value, and a property has none.
    """

    name: str
    claim: str
    definition: str | None
    parameters: dict[str, str]
    formula: WireFormula | None
    verdict: str
    guarantee: str | None
    reason: str | None
    detail: str
    witness: WireWitness | None
    seconds: float
    proved_share: float
    engine: str
    proof: str = ""
    value: Any = None
    region: str = ""


class Budget(msgspec.Struct, frozen=True):
    """What the check could spend on each property."""

    timeout_s: float


class Document(msgspec.Struct, frozen=True):
    """A report; see `verify.verdict.Report`."""

    schema: Schema
    model_verdict: str
    exit_code: int
    network: str
    spec: str
    properties: list[WireProperty]
    seed: int
    budget: Budget
    inputs: dict[str, str]
    versions: dict[str, str]
    facts: dict[str, str]
    command: str
    found: str = ""


def document(report: Report) -> Document:
    """The report as it goes into JSON. Pictures and the graph stay behind: JSON is for programs."""
    return Document(
        schema=Schema(NAME, VERSION),
        model_verdict=report.model_verdict.value,
        exit_code=report.exit_code,
        network=report.network,
        spec=report.spec,
        properties=[_property(result) for result in report.results],
        seed=report.seed,
        budget=Budget(report.timeout_s),
        inputs=dict(report.inputs),
        versions=dict(report.versions),
        facts=dict(report.facts),
        command=report.command,
        found=report.found,
    )


def encode(report: Report) -> str:
    """The report as JSON, indented, with a line end."""
    return dump(document(report))


def dump(value: Any) -> str:
    """Structs, mappings and sequences as JSON, indented, with a line end."""
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode() + "\n"


def decode(data: bytes | str, where: str = "report") -> Document:
    """The report that a JSON text holds.

    Args:
        data: the text.
        where: the name of its file, for messages.

    Raises:
        InputError: no report, of another version, or a field is missing or of a wrong type.
    """

    class Envelope(msgspec.Struct):
        schema: Schema

    try:
        schema = msgspec.json.decode(data, type=Envelope).schema
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{where}: not a report of mesascope: {_reason(error)}") from None
    if schema.name != NAME:
        raise InputError(f"{where}: field schema.name is {schema.name!r}, not {NAME!r}")
    if schema.version != VERSION:
        raise InputError(
            f"{where}: field schema.version is {schema.version}; this mesascope reads {VERSION}"
        )
    try:
        return msgspec.json.decode(data, type=Document)
    except msgspec.DecodeError as error:
        raise InputError(f"{where}: {_reason(error)}") from None


def _property(result: Result) -> WireProperty:
    of, finding = result.property, result.finding
    return WireProperty(
        name=of.name,
        claim=of.claim,
        definition=of.definition.name if of.definition else None,
        parameters=dict(of.parameters),
        formula=WireFormula(text(of.formula), latex(of.formula))
        if isinstance(of, Property)
        else None,
        verdict=result.verdict.value,
        guarantee=result.guarantee.value if result.guarantee else None,
        reason=result.reason.value if result.reason else None,
        detail=result.detail,
        witness=_witness(result.witness) if result.witness else _shown(result),
        seconds=round(result.seconds, 3),
        proved_share=result.proved_share,
        engine=result.engine,
        proof=finding.proof if finding else "",
        value=exact(tree(finding.value)) if finding and finding.value is not None else None,
        region=finding.region if finding else result.region,
    )


def _witness(witness: Witness) -> WireWitness:
    return WireWitness(
        values={
            v: {k: str(x) for k, x in entries.items()} for v, entries in witness.values.items()
        },
        floats={v: _floats(entries) for v, entries in witness.values.items()},
        runs=[_run(run) for run in witness.runs],
        replays=dict(witness.replays),
    )


def _shown(result: Result) -> WireWitness | None:
    """What a claim's finding shows, where it shows a violation."""
    if result.finding is None or not _violates(result):
        return None
    shown = tree(result.finding.witness)
    return WireWitness(exact(shown), floats(shown) or {}, [], dict(result.replays))


def _violates(result: Result) -> bool:
    """Whether a claim is violated, or is for some value of a parameter and shows how."""
    if result.verdict is Verdict.VIOLATED:
        return True
    return result.verdict is Verdict.UNKNOWN and bool(result.finding and result.finding.witness)


def _run(run: Run) -> WireRun:
    return WireRun(run.term, _floats(run.inputs), _floats(run.outputs), run.action)


def _floats(values: Mapping[str, float | Fraction]) -> dict[str, float | None]:
    return {key: float(value) for key, value in values.items()}


def _fraction(value: Any, where: str) -> Fraction:
    if not isinstance(value, str):
        raise InputError(f'{where}: {value!r} is not an exact number such as "-3/8"')
    # Fraction would also take "1e999999999", and spend the memory that it asks for.
    numerator, slash, denominator = value.partition("/")
    try:
        return Fraction(int(numerator), int(denominator) if slash else 1)
    except (ValueError, ZeroDivisionError):
        raise InputError(f'{where}: {value!r} is not an exact number such as "-3/8"') from None


def _reason(error: Exception) -> str:
    return " ".join(str(error).split())
