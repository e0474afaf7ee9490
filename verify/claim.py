"""Judging one claim: its own exact decision, within the budget, and once more where it fails."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from theory.claim import Claim, Finding
from theory.enclosure import Undecided
from theory.error import InputError
from verify.limit import OutOfTime, within
from verify.verdict import (
    EngineFault,
    Guarantee,
    ProgressEvent,
    Reason,
    Result,
    Verdict,
)

ENGINE = "exact"
PLAIN_S = 1.0
"""How long deciding again may take with the plain arithmetic of `theory.finite`."""
ROLE_NOT_FOUND = "role not found: "
"""How a finding begins its reason where the structure lacks a role."""


def judge_claim(
    claim: Claim,
    timeout_s: float,
    progress: Callable[[ProgressEvent], None] | None = None,
    *,
    where: str = "spec",
) -> Result:
    """Decide one claim within a budget in seconds.

    Args:
        claim: the claim.
        timeout_s: the budget.
        progress: told when the decision begins.
        where: what the claim was read from, for messages.

    Raises:
        InputError: the structure that the claim is about is wrong, or a decision of the user's own
            fails.
        EngineFault: decided again, a claim that is violated is not.
    """
    if progress is not None:
        progress(ProgressEvent(claim.name, 0.0, 0, 0.0))
    started = time.monotonic()
    result = _decide(claim, timeout_s, where)
    if result.verdict is Verdict.VIOLATED:
        again = _again(claim, timeout_s - (time.monotonic() - started), where)
        if again.reason not in (Reason.TIME, Reason.MEMORY):
            if again.verdict is not Verdict.VIOLATED:
                raise EngineFault(
                    f"claim {claim.name!r} is VIOLATED, and {again.verdict.value} when it is "
                    "decided again"
                )
            result = replace(result, redecided=True)
    return replace(result, seconds=time.monotonic() - started)


def decided(claim: Claim, seconds: float, where: str = "spec") -> Finding:
    """What the claim's own decision finds.

    Raises:
        OutOfTime: it takes longer.
        InputError: see `judge_claim`.
    """
    named = f"{where}: claim {claim.name!r}"
    try:
        found: Any = within(seconds, _decision(claim))
    except InputError as error:
        raise InputError(f"{named}: {error}") from error
    except (MemoryError, Undecided):
        raise
    except Exception as error:
        if claim.definition is not None:
            raise  # a decision of the library's own does not fail
        raise InputError(f"{named}: {type(error).__name__}: {error}".rstrip(": ")) from error
    if not isinstance(found, Finding):
        raise InputError(f"{named}: its decision gives {found!r}, not a Finding")
    return found


def _decision(claim: Claim) -> Callable[[], Finding]:
    """The claim's decision, by the fast engine where it leaves the arithmetic to one."""
    by = claim.by
    if by is None:
        return claim.decide
    from verify.finite import FAST

    return lambda: by(FAST)


def _again(claim: Claim, seconds: float, where: str) -> Result:
    """The claim decided once more: with plain arithmetic where that is quick, else as before."""
    if claim.by is not None:
        plain = _decide(replace(claim, by=None), min(seconds, PLAIN_S), where)
        if plain.reason is not Reason.TIME:
            return plain
        seconds -= PLAIN_S
    return _decide(claim, seconds, where)


def _decide(claim: Claim, seconds: float, where: str) -> Result:
    try:
        return result_of(claim, decided(claim, seconds, where))
    except OutOfTime:
        detail = "its exact decision was stopped; try a larger --timeout"
        return Result(claim, Verdict.UNKNOWN, reason=Reason.TIME, detail=detail, engine=ENGINE)
    except MemoryError:
        return Result(claim, Verdict.UNKNOWN, reason=Reason.MEMORY, engine=ENGINE)
    except Undecided as error:
        detail = str(error)
        return Result(claim, Verdict.UNKNOWN, reason=Reason.LEFT_OPEN, detail=detail, engine=ENGINE)


def result_of(claim: Claim, finding: Finding) -> Result:
    """The finding as a result: nothing about it is probable, and nothing rounded."""
    match finding.verdict:
        case Verdict.HOLDS:
            return Result(
                claim, Verdict.HOLDS, guarantee=Guarantee.EXACT, proved_share=1.0, engine=ENGINE,
                finding=finding,
            )  # fmt: skip
        case Verdict.VIOLATED:
            return Result(claim, Verdict.VIOLATED, engine=ENGINE, finding=finding)
        case Verdict.VACUOUS:
            return Result(
                claim, Verdict.VACUOUS, detail=finding.proof, proved_share=1.0, engine=ENGINE,
                finding=finding,
            )  # fmt: skip
        case Verdict.UNKNOWN:
            reason, detail = _reason(finding)
            return Result(
                claim, Verdict.UNKNOWN, reason=reason, detail=detail, engine=ENGINE,
                finding=finding,
            )  # fmt: skip


def _reason(finding: Finding) -> tuple[Reason, str]:
    """Why it is open, and more about it."""
    if finding.region:
        return Reason.PARAMETER, finding.reason
    if finding.reason.startswith(ROLE_NOT_FOUND):
        return Reason.ROLE_NOT_FOUND, finding.reason.removeprefix(ROLE_NOT_FOUND)
    return Reason.LEFT_OPEN, finding.reason
