"""Judging one property: look for a violation, replay it, see that the property says something."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction

from theory.bend import TooManyCases
from theory.enclosure import Undecided
from theory.error import InputError, UnsupportedOperator
from theory.property import Property
from theory.term import Term
from theory.unroll import can_be_unrolled, is_temporal
from verify.alternation import is_game, play
from verify.answer import Answer, Deadline, Progress
from verify.bind import BoundProperty, exactly
from verify.limit import OutOfTime, within
from verify.problem.choice import Choices
from verify.problem.compile import NO_CHOICES, MissingRole, compile_goal
from verify.problem.graph import NotRepresentable
from verify.problem.problem import Problem
from verify.replay import Values, values_at, violated, witness_at
from verify.solve import Engines, decide
from verify.verdict import EngineFault, Guarantee, ProgressEvent, Reason, Result, Verdict

VACUITY_S = 0.4
"""The least time for the question whether a property's condition can be true at all: mostly a few
milliseconds are enough, and a budget may be exceeded by half a second.
"""

FOLLOWING_SHARE = 0.6
"""Of the time for a property of trajectories, what following them gets where they can also be
unrolled.
"""


def unsupported(subject: Property, error: UnsupportedOperator) -> Result:
    """The result where the network has an operator without a meaning here."""
    return Result(subject, Verdict.UNKNOWN, reason=Reason.UNSUPPORTED_OPERATOR, detail=str(error))


def judge(
    bound: BoundProperty,
    engines: Engines,
    timeout_s: float,
    progress: Callable[[ProgressEvent], None] | None = None,
) -> Result:
    """Decide one property of a network within a budget in seconds.

    Raises:
        InputError: the property does not fit the network; names the property.
        EngineFault: the engines disagree, or a witness does not replay exactly.
    """
    started = time.monotonic()
    deadline = Deadline.after(timeout_s)
    try:
        result = _decide(bound, engines, deadline, _reporter(bound.property, progress, started))
    except InputError as error:
        raise InputError(f"property {bound.property.name!r}: {error}") from error
    return replace(result, seconds=time.monotonic() - started)


def _decide(
    bound: BoundProperty, engines: Engines, deadline: Deadline, progress: Progress
) -> Result:
    subject = bound.property
    if not is_temporal(subject.formula):
        return _decide_observations(bound, engines, deadline, progress)
    from verify.loop.enumerate import enumerated
    from verify.loop.film import filmed
    from verify.loop.judge import judge_trajectories

    short = can_be_unrolled(subject.formula)
    limit = deadline.earlier(deadline.left * FOLLOWING_SHARE) if short else deadline
    found = judge_trajectories(bound, limit, progress, seed=engines.seed, device=engines.device)
    open_ = None if found is None else _with_occasion(bound, engines, deadline, *found)
    if open_ is not None and not (short and open_.verdict is Verdict.UNKNOWN):
        return open_
    if open_ is not None and open_.reason in (Reason.VACUITY_OPEN, Reason.ROLE_NOT_FOUND):
        return open_
    result = _decide_observations(bound, engines, deadline, progress)
    if result.verdict is Verdict.UNKNOWN and open_ is None:
        listed = enumerated(bound, deadline)
        if listed is not None:
            return _with_occasion(bound, engines, deadline, *listed)
    if open_ is not None and result.verdict is Verdict.UNKNOWN:
        return open_
    return filmed(bound, result)


def _decide_observations(
    bound: BoundProperty, engines: Engines, deadline: Deadline, progress: Progress
) -> Result:
    """The result by the engines for single observations; trajectories are unrolled."""
    subject = bound.property
    try:
        problem = _compiled(bound, subject.formula, deadline, wanted=False)
    except OutOfTime:
        detail = "there was no time to write its trajectories out; try a longer timeout"
        return Result(subject, Verdict.UNKNOWN, reason=Reason.TIME, detail=detail)
    except MissingRole as error:
        return Result(subject, Verdict.UNKNOWN, reason=Reason.ROLE_NOT_FOUND, detail=str(error))
    except (NotRepresentable, TooManyCases) as error:
        return Result(
            subject, Verdict.UNKNOWN, reason=Reason.UNSUPPORTED_STATEMENT, detail=str(error)
        )
    choices: Choices = NO_CHOICES
    if is_game(problem):
        played = play(bound, problem, engines, deadline, progress)
        problem, answer, choices = played.problem, played.answer, played.choices
        if answer.reached:
            return _disproved(subject, answer)
    else:
        answer = decide(problem, engines, deadline, progress)
    if answer.reached:
        return _violated(bound, problem, answer)
    if answer.reached is None:
        return _unknown(subject, answer)
    return _meaningful(bound, engines, deadline, problem, choices, answer)


def _compiled(bound: BoundProperty, formula: Term, deadline: Deadline, *, wanted: bool) -> Problem:
    """The problem that a formula is.

    Raises:
        OutOfTime: it speaks of trajectories, and to write them out takes too long.
    """

    def compiled() -> Problem:
        return compile_goal(formula, bound.functions, wanted=wanted, name=bound.property.name)

    return within(max(deadline.left, VACUITY_S), compiled) if is_temporal(formula) else compiled()


def _disproved(subject: Property, answer: Answer) -> Result:
    """VIOLATED by a proof that nothing is chosen well, where that proof covers float32.

    VIOLATED always says two things: exact arithmetic and the deployed network agree that the
    statement is false. A witness shows both by its replays. Where something was claimed to exist
    there is no witness, and a proof takes its place; with guarantee `float32` it covers the exact
    values as well. A proof about real arithmetic alone is like a witness that replays exactly, but
    not in float32: the deployed network may find by rounding what exactly is not there. Both are
    UNKNOWN, and say so. HOLDS differs, because it names its guarantee, and VIOLATED has none.
    """
    if answer.guarantee is Guarantee.FLOAT32:
        return Result(
            subject, Verdict.VIOLATED, guarantee=answer.guarantee, detail=answer.detail,
            engine=answer.engine,
        )  # fmt: skip
    return Result(
        subject, Verdict.UNKNOWN, reason=Reason.REPLAY_FAILED,
        detail=f"{answer.detail}, but in real arithmetic only", engine=answer.engine,
    )  # fmt: skip


def _with_occasion(
    bound: BoundProperty, engines: Engines, deadline: Deadline, found: Result, occurs: bool | None
) -> Result:
    """A result about trajectories; where it holds, only if its condition is true somewhere."""
    held = Answer(False, guarantee=found.guarantee, engine=found.engine)
    if found.verdict is not Verdict.HOLDS:
        return found
    if occurs:
        return _certified(found, None, NO_CHOICES, held, engines, None)
    if occurs is False:
        return _vacuous(bound.property, held)
    try:
        return _meaningful(bound, engines, deadline, None, NO_CHOICES, held)
    except (NotRepresentable, TooManyCases) as error:
        return Result(
            bound.property, Verdict.UNKNOWN, reason=Reason.VACUITY_OPEN, detail=str(error),
            proved_share=1.0, engine=found.engine,
        )  # fmt: skip


def _vacuous(subject: Property, answer: Answer) -> Result:
    detail = "its condition is never true on the domain"
    return Result(subject, Verdict.VACUOUS, detail=detail, proved_share=1.0, engine=answer.engine)


def _violated(bound: BoundProperty, problem: Problem, answer: Answer) -> Result:
    """VIOLATED where the candidate replays in every way; UNKNOWN where only rounding forbids it."""
    named = f"property {bound.property.name!r}: {answer.engine}"
    point = answer.point
    if point is None or len(point) != len(problem.variables) or not problem.inside(point):
        raise EngineFault(f"{named} claims a violation outside the domain")
    values = values_at(problem.variables, point)
    witness = witness_at(bound, values)
    failed = [way for way, replayed in witness.replays.items() if not replayed]
    if _refuted(bound, problem, values, point):
        raise EngineFault(f"{named} claims a violation that exact evaluation refutes")
    if failed:
        open_exactly = "exact evaluation leaves it open whether the candidate violates it"
        only = f"violated exactly, but not in {', '.join(failed)}"
        detail = open_exactly if "exact" in failed else only
        return Result(
            bound.property, Verdict.UNKNOWN, reason=Reason.REPLAY_FAILED, detail=detail,
            witness=witness, engine=answer.engine,
        )  # fmt: skip
    return Result(bound.property, Verdict.VIOLATED, witness=witness, engine=answer.engine)


def _refuted(
    bound: BoundProperty, problem: Problem, values: Values, point: Sequence[Fraction]
) -> bool:
    """Whether exact evaluation, of the formula or of what was made of it, refutes a witness."""
    try:
        if not problem.reached(point):
            return True
    except Undecided:
        pass
    return violated(bound, values, exactly) is False


def _unknown(subject: Property, answer: Answer) -> Result:
    return Result(
        subject, Verdict.UNKNOWN, reason=answer.reason, detail=answer.detail,
        proved_share=answer.proved_share, engine=answer.engine,
    )  # fmt: skip


def _meaningful(
    bound: BoundProperty,
    engines: Engines,
    deadline: Deadline,
    problem: Problem | None,
    choices: Choices,
    answer: Answer,
) -> Result:
    """HOLDS, unless its condition is never true (VACUOUS) or is not shown to be true anywhere."""
    held = Result(
        bound.property,
        Verdict.HOLDS,
        guarantee=answer.guarantee,
        proved_share=1.0,
        engine=answer.engine,
    )
    occasion = bound.property.occasion
    if occasion is None:
        return _certified(held, problem, choices, answer, engines, None)
    try:
        condition = _compiled(bound, occasion, deadline, wanted=True)
    except OutOfTime:
        return Result(
            bound.property, Verdict.UNKNOWN, reason=Reason.VACUITY_OPEN, proved_share=1.0,
            detail="there was no time to write its condition out", engine=answer.engine,
        )  # fmt: skip
    limit = Deadline.after(max(deadline.left, VACUITY_S))
    alone = replace(engines, cross_check=False, certify_s=None)
    reachable = decide(condition, alone, limit)
    if reachable.reached:
        return _certified(held, problem, choices, answer, engines, reachable.point)
    if reachable.reached is False:
        return _vacuous(bound.property, answer)
    return Result(
        bound.property, Verdict.UNKNOWN, reason=Reason.VACUITY_OPEN, detail=reachable.detail,
        proved_share=1.0, engine=answer.engine,
    )  # fmt: skip


def _certified(
    held: Result,
    problem: Problem | None,
    choices: Choices,
    answer: Answer,
    engines: Engines,
    occasion: Sequence[Fraction] | None,
) -> Result:
    """The result with its proof, where that was asked for."""
    if engines.certify_s is None or answer.guarantee is None:
        return held
    if problem is None:
        return replace(held, uncertified="a proof about trajectories is not written down")
    from verify.certificate.write import Uncertified, entry

    made = entry(
        held.property.name,
        problem,
        answer.record,
        guarantee=answer.guarantee,
        occasion=occasion,
        choices=choices,
        deadline=Deadline.after(engines.certify_s),
    )
    if isinstance(made, Uncertified):
        return replace(held, uncertified=made.why)
    return replace(held, certificate=made)


def _reporter(
    subject: Property, progress: Callable[[ProgressEvent], None] | None, started: float
) -> Progress:
    def report(share: float, boxes: int) -> None:
        if progress is not None:
            progress(ProgressEvent(subject.name, share, boxes, time.monotonic() - started))

    return report
