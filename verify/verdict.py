"""What a check answers: verdicts, reasons, witnesses, and the report over a whole spec."""

from __future__ import annotations

import builtins
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from fractions import Fraction
from typing import TYPE_CHECKING

from theory.claim import Claim, Finding
from theory.error import MesascopeError
from theory.property import Property
from theory.verdict import Verdict

if TYPE_CHECKING:
    from verify.certificate.file import Entry

__all__ = [
    "EngineFault",
    "Guarantee",
    "ModelVerdict",
    "ProgressEvent",
    "Reason",
    "Report",
    "Result",
    "Run",
    "Statement",
    "Verdict",
    "Violation",
    "Witness",
]


Statement = Property | Claim
"""What a spec lists: a formula about networks, or a claim about a finite structure."""


class ModelVerdict(Enum):
    """The answer over a whole spec."""

    OK = "OK"
    DANGEROUS = "DANGEROUS"
    DONT_KNOW = "DON'T KNOW"


class Guarantee(Enum):
    """What exactly HOLDS is a statement about."""

    FLOAT32 = "float32"
    REAL = "real"
    EXACT = "exact"

    @property
    def meaning(self) -> str:
        """The sentence that reports print."""
        return {
            Guarantee.FLOAT32: "true of the deployed float32 network, in any order of summation",
            Guarantee.REAL: "true of the exact weights in real arithmetic; rounding is not covered",
            Guarantee.EXACT: "decided by exact enumeration of a finite structure",
        }[self]

    @property
    def assumption(self) -> str:
        """What is taken for granted of whatever runs the network, as reports print it."""
        if self is not Guarantee.FLOAT32:
            return ""
        return "assumed: rounding to nearest, functions within 8 ulp, no Winograd or fast math"


class Reason(Enum):
    """Why a property is not decided; the values are what reports print."""

    TIME = "time ran out"
    MEMORY = "memory ran out"
    UNSUPPORTED_OPERATOR = "the network uses an operator without an exact meaning here"
    UNSUPPORTED_STATEMENT = "this form of statement cannot be decided yet"
    ROLE_NOT_FOUND = "the structure lacks a role that the property speaks of"
    REPLAY_FAILED = "a candidate witness did not replay"
    SOLVER_GAVE_UP = "the solver gave up"
    VACUITY_OPEN = "it holds, but no case in which its condition is true could be shown"
    PARAMETER = "the answer hinges on a parameter of the statement"
    LEFT_OPEN = "the exact decision leaves it open"


@dataclass(frozen=True)
class Run:
    """One evaluation of the network (or a declared part) at the witness.

    Attributes:
        term: the application as the formula writes it, such as `score(o[watched: 1])`.
        inputs: what went in, by feature name (or index).
        outputs: what came out in float32, by action name (or index).
        action: the strictly best action where the outputs are scores, else None; on a trajectory
            the action that was taken.
        step: on a trajectory, which of its states this is, from 0; the inputs are the state and
            what others chose there. None for a single evaluation.
    """

    term: str
    inputs: Mapping[str, float]
    outputs: Mapping[str, float]
    action: str | None
    step: int | None = None


@dataclass(frozen=True)
class Witness:
    """An input that violates a property.

    Attributes:
        values: exact values by variable, then by feature.
        runs: every evaluation of the network that the formula asks for, at these values.
        replays: for each way of replaying, whether the property is violated there:
            `exact` (rational arithmetic), `float32` (torch), `onnxruntime` where it is installed.
    """

    values: Mapping[str, Mapping[str, Fraction]]
    runs: Sequence[Run]
    replays: Mapping[str, bool]


@dataclass(frozen=True)
class Result:
    """The answer for one statement.

    Attributes:
        property: the property, or the claim.
        verdict: the answer.
        guarantee: what HOLDS is about; None otherwise.
        reason: why it is not decided; None where it is.
        detail: one line more about the reason: what was missing, what to try.
        witness: of a property, for VIOLATED; for UNKNOWN(replay failed) the candidate.
        finding: of a claim, what its own decision found: witness, proof, value, region.
        region: of a property that is VIOLATED, where it is, in words, if more than the witness is
            known.
        certificate: of a property that HOLDS, its proof, where it was asked for and could be made.
        uncertified: why it could not.
        redecided: for a claim that is VIOLATED, whether deciding it again gave the same answer;
            None where there was no time left for it.
        seconds: wall-clock time spent.
        proved_share: share of the domain's volume on which the property is proved, in [0, 1].
        engine: which engine decided.
    """

    property: Statement
    verdict: Verdict
    guarantee: Guarantee | None = None
    reason: Reason | None = None
    detail: str = ""
    witness: Witness | None = None
    seconds: float = 0.0
    proved_share: float = 0.0
    engine: str = ""
    finding: Finding | None = None
    redecided: bool | None = None
    region: str = ""
    certificate: Entry | None = None
    uncertified: str = ""

    @builtins.property
    def replays(self) -> Mapping[str, bool]:
        """For each way of replaying the witness, whether it does; a claim is decided again."""
        if self.witness is not None:
            return self.witness.replays
        return {} if self.redecided is None else {"exact": self.redecided}


class Violation(MesascopeError):
    """Raised by `Report.raise_for_violation`."""


class EngineFault(MesascopeError):
    """Two engines disagree, or a replay contradicts the solver: a fault of Mesascope's own."""


@dataclass(frozen=True)
class ProgressEvent:
    """How far the decision of one property has come.

    Attributes:
        property: its name.
        proved_share: share of the domain's volume on which it is proved so far, in [0, 1].
        boxes_open: parts of the domain that are still to be decided.
        seconds: wall-clock time spent on it so far.
    """

    property: str
    proved_share: float
    boxes_open: int
    seconds: float


@dataclass(frozen=True)
class Report:
    """The answers for all statements of a spec, on one network where they are about networks.

    Attributes:
        network: how the user named the network; empty where there was none.
        spec: how the user named the spec.
        results: one per statement, in the order of the spec.
        timeout_s: budget per statement, in seconds.
        seed: of every pseudo-random choice.
        inputs: sha256 of every input file by name.
        versions: of Mesascope and of the libraries that decide.
        command: the command line that reruns the check.
        facts: what the network is, in the words and the order that reports print: sizes, operators.
        graph: the network's graph as an SVG string, or nothing.
        pictures: by property name, the witness as the spec draws it: one SVG string for each run.
        found: how the user named the file of what was found in the network; empty without one.
    """

    network: str
    spec: str
    results: tuple[Result, ...]
    timeout_s: float
    seed: int
    inputs: Mapping[str, str] = field(default_factory=dict[str, str])
    versions: Mapping[str, str] = field(default_factory=dict[str, str])
    command: str = ""
    facts: Mapping[str, str] = field(default_factory=dict[str, str])
    graph: str = ""
    pictures: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    found: str = ""

    @property
    def subject(self) -> str:
        """What the verdict is about: the network, or the spec where there is none."""
        return self.network or self.spec

    @property
    def notes(self) -> Sequence[str]:
        """What is to be known of the network besides what it is: those of the facts that are whole
        sentences.
        """
        return [fact for name, fact in self.facts.items() if name.startswith("note ")]

    @property
    def model_verdict(self) -> ModelVerdict:
        """DANGEROUS where one property is violated, OK where there are some and all hold."""
        verdicts = {result.verdict for result in self.results}
        if Verdict.VIOLATED in verdicts:
            return ModelVerdict.DANGEROUS
        return ModelVerdict.OK if verdicts == {Verdict.HOLDS} else ModelVerdict.DONT_KNOW

    @property
    def exit_code(self) -> int:
        """0 all hold, 1 some violated, 2 nothing checked, 3 some open or vacuous, none violated."""
        if not self.results:
            return 2
        return {ModelVerdict.OK: 0, ModelVerdict.DANGEROUS: 1, ModelVerdict.DONT_KNOW: 3}[
            self.model_verdict
        ]

    def raise_for_violation(self) -> None:
        """Raise `Violation` where some property is violated; for use in tests."""
        violated = [r.property.name for r in self.results if r.verdict is Verdict.VIOLATED]
        if violated:
            raise Violation(f"{self.subject}: violated: {', '.join(violated)}")

    def _repr_html_(self) -> str:
        from verify.report.html import notebook

        return notebook(self)
