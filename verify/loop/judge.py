"""Judging a property of trajectories: attack, invariants, exploration, and the witness's film."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from itertools import islice

import torch

from theory.bend import TooManyCases
from theory.enclosure import Undecided
from theory.error import InputError, UnsupportedOperator
from theory.finite.finding import value_text
from theory.semantics import Interpretation, evaluate
from theory.term import Term, build, forall, implies, variable
from theory.world import moment
from verify.answer import Deadline, Progress
from verify.bind import BoundProperty, exactly, meaning
from verify.limit import OutOfTime, within
from verify.loop.attack import attack
from verify.loop.explore import Explorer, Outcome
from verify.loop.extent import extent
from verify.loop.film import films
from verify.loop.finite import described, listed, settle
from verify.loop.induction import prove
from verify.loop.policy import Policy
from verify.loop.question import Question, Temporal, questions, roots
from verify.loop.trial import Functions, Trail, follow
from verify.problem.compile import MissingRole
from verify.quantified import NUMBER
from verify.replay import replay_values, symbols_of, violated, ways, with_last_step
from verify.verdict import EngineFault, Guarantee, Reason, Result, Verdict, Witness

NAME = "loop"
GLANCES = 200
"""Cells of which the middle is tried, to see a trajectory begin."""

LOCATING_S = 1.0
"""Time at most for finding all starts that violate."""

REPLAY_S = 10.0
"""Time at most for replaying a probability, which takes every state that is come to."""

LEAST_REPLAY_S = 0.5
"""So much time it has in any case: a budget may be exceeded by that."""

HORIZON = 200
"""Steps for which an attack follows trajectories without end."""


@dataclass(frozen=True)
class Loop:
    """What the engines of this room need of a bound property.

    Attributes:
        temporal: the formula.
        bound: the property and its networks.
        functions: the exact meaning of the function symbols.
        policy: bounds on scores; None where the world asks no policy.
    """

    temporal: Temporal
    bound: BoundProperty
    functions: Functions
    policy: Policy | None


def judge_trajectories(
    bound: BoundProperty, deadline: Deadline, progress: Progress, *, seed: int, device: str
) -> tuple[Result, bool | None] | None:
    """The result for a property of trajectories, and whether its condition occurs, where known.

    Returns:
        Result and occurrence; None where the formula is none that is handled here.

    Raises:
        EngineFault: a witness does not replay exactly.
    """
    subject = bound.property
    parts = questions(subject.formula)
    if not parts:
        return None
    missing = [s.name for s in symbols_of(subject.formula) if s.name not in bound.functions]
    if missing:
        return _unknown(bound, Reason.ROLE_NOT_FOUND, str(MissingRole(missing[0]))), None
    generator = torch.Generator().manual_seed(seed)
    engines: set[str] = set()
    guarantee = Guarantee.FLOAT32
    for number, part in enumerate(parts):
        until = Deadline.after(deadline.left / (len(parts) - number))
        try:
            result = _judge_part(bound, part, until, progress, generator, device)
        except TooManyCases as error:
            return _unknown(bound, Reason.UNSUPPORTED_STATEMENT, str(error)), None
        except UnsupportedOperator as error:
            return _unknown(bound, Reason.UNSUPPORTED_OPERATOR, str(error)), None
        if result.verdict is not Verdict.HOLDS:
            return result, None
        engines.add(result.engine)
        guarantee = result.guarantee if result.guarantee is Guarantee.REAL else guarantee
    held = Result(
        subject,
        Verdict.HOLDS,
        guarantee=guarantee,
        proved_share=1.0,
        engine=", ".join(sorted(engines)),
    )
    functions = meaning(bound.functions, symbols_of(subject.formula), exactly)
    occurring = [_occurs(part, functions, deadline) for part in parts]
    occurs = False if not any(one is not False for one in occurring) else all(occurring) or None
    return held, occurs


def _occurs(part: Temporal, functions: Functions, deadline: Deadline) -> bool | None:
    """Whether a trajectory begins at all: all starts are tried, where those are finitely many, else
    the middles of some cells.
    """
    starts = listed(part.variables)
    leaves_open = starts is None
    if starts is None:
        cells = islice(roots(part.bounded(0)), GLANCES)
        starts = (root.values(root.cell.middle) for root in cells)
    none = True
    for values in starts:
        none = False
        if deadline.passed:
            return None
        try:
            if evaluate(part.condition, Interpretation(functions, values)):
                return True
        except (Undecided, InputError):
            leaves_open = True
    return None if leaves_open and not none else False


def _judge_part(
    bound: BoundProperty,
    part: Temporal,
    deadline: Deadline,
    progress: Progress,
    generator: torch.Generator,
    device: str,
) -> Result:
    world = part.span.world
    network = None if world.observation is None else bound.functions["score"]
    features = len(world.agent.features)
    if network is not None and network.input_size != features:
        raise InputError(
            f"its agent observes {features} numbers, but the policy takes {network.input_size}"
        )
    symbols = symbols_of(bound.property.formula)
    if world.observation is not None:  # an invariant may ask for it, and need not be the user's
        symbols.append(world.agent.value(world.observation).payload)
    functions = meaning(bound.functions, symbols, exactly)
    policy = None if network is None else Policy(world.agent, network, device)
    loop = Loop(part, bound, functions, policy)
    steps = part.span.steps
    found = _listed(loop, deadline)
    if found is not None:
        return found
    if part.formula.operator == "probably":
        detail = "a probability is decided where trajectories come to finitely many states"
        return _unknown(bound, Reason.UNSUPPORTED_STATEMENT, detail)
    question = part.bounded(HORIZON if steps is None else steps)
    trails = attack(question, network, functions, generator, deadline, quick=steps is not None)
    found = _first(loop, trails, deadline)
    if found is not None:
        return _located(loop, question, found, deadline)
    # Exploring decides what has an end sooner or later, and may see that a goal is reached.
    share = 1 / 8 if steps is not None else 1 / 2 if question.endless else 7 / 8
    limit = deadline.earlier(deadline.left * share)
    try:
        work = partial(prove, part, policy, functions, bound.functions, generator, limit)
        proof = within(limit.left, work)
    except OutOfTime:
        proof = None
    if proof is not None:
        return Result(bound.property, Verdict.HOLDS, engine=f"{NAME}: {proof}")
    outcome = Explorer(question, policy, functions).run(deadline, progress)
    return _located(loop, question, _concluded(loop, outcome, deadline), deadline)


def _listed(loop: Loop, deadline: Deadline) -> Result | None:
    """The result where trajectories come to finitely many states; None where they do not."""
    only = loop.temporal.formula.operator == "probably"
    limit = deadline if only else deadline.earlier(deadline.left / 2)
    try:
        found = settle(loop.temporal, loop.policy, loop.functions, limit)
    except Undecided as error:
        return _unknown(loop.bound, Reason.SOLVER_GAVE_UP, str(error)) if only else None
    if found is None:
        return None
    engine = f"{NAME}: {described(found)}"
    if found.trail is None:
        return Result(loop.bound.property, Verdict.HOLDS, guarantee=found.guarantee, engine=engine)
    chance = found.probability
    where = "" if chance is None else f"with probability {value_text(chance)}"
    return replace(violation(loop, found.trail, deadline), engine=engine, region=where)


def _located(loop: Loop, question: Question, result: Result, deadline: Deadline) -> Result:
    """A violation with all the starts that violate, where those are found with little effort."""
    whole = loop.temporal.formula is _innermost(loop.bound.property.formula)
    if result.verdict is not Verdict.VIOLATED or loop.temporal.span.steps is None or not whole:
        return result
    limit = deadline.earlier(min(deadline.left, LOCATING_S))
    found = extent(question, loop.policy, loop.functions, limit)
    return replace(result, region="" if found is None else str(found))


def _innermost(formula: Term) -> Term:
    """What is left of a formula without its quantifiers and conditions."""
    while formula.operator in ("forall", "implies"):
        formula = formula.arguments[-1]
    return formula


def _concluded(loop: Loop, outcome: Outcome, deadline: Deadline) -> Result:
    bound = loop.bound
    if outcome.proved:
        return Result(bound.property, Verdict.HOLDS, engine=f"{NAME}: {outcome.places} cells")
    if outcome.trail is not None:
        return violation(loop, outcome.trail, deadline)
    reason = outcome.reason or Reason.SOLVER_GAVE_UP
    return _unknown(bound, reason, outcome.detail)


def _first(loop: Loop, trails: Iterator[Trail], deadline: Deadline) -> Result | None:
    """The result of the first trajectory that replays in every way; else of the first one."""
    fallback: Result | None = None
    for trail in trails:
        found = violation(loop, trail, deadline)
        if found.verdict is Verdict.VIOLATED:
            return found
        fallback = fallback or found
        if deadline.passed:
            break
    return fallback


def violation(loop: Loop, trail: Trail, deadline: Deadline) -> Result:
    """VIOLATED where a trajectory replays in every way; UNKNOWN where only rounding forbids it.

    Raises:
        EngineFault: the reference semantics refutes it.
    """
    bound = loop.bound
    steps = len(trail.actions)
    values = _values(loop, trail)
    closed = replace(bound, property=replace(bound.property, formula=_cut_off(loop, steps)))
    if loop.temporal.formula.operator == "probably":
        limit = min(REPLAY_S, max(deadline.left, LEAST_REPLAY_S))
        try:
            replays = within(limit, lambda: replay_values(closed, values))
        except OutOfTime:
            return _unknown(bound, Reason.REPLAY_FAILED, "the states were not replayed in time")
    else:
        replays = replay_values(closed, values)
    if trail.returns is not None:
        replays = {way: yes and _returns(loop, trail, way) for way, yes in replays.items()}
    witness = Witness(
        values=values,
        runs=tuple(films(loop.temporal, bound, loop.functions, trail)),
        replays=replays,
    )
    failed = [way for way, replayed in replays.items() if not replayed]
    engine = f"{NAME}: {steps} steps"
    if trail.returns is not None:
        engine += f", the last {steps - trail.returns} for ever"
    if "exact" in failed and violated(closed, values, exactly) is False:
        raise EngineFault(
            f"property {bound.property.name!r}: {NAME} claims a violation that exact evaluation "
            "refutes"
        )
    if failed:
        open_exactly = "exact evaluation leaves it open whether the trajectory violates it"
        only = f"violated exactly, but not in {', '.join(failed)}"
        return Result(
            bound.property, Verdict.UNKNOWN, reason=Reason.REPLAY_FAILED,
            detail=open_exactly if "exact" in failed else only, witness=witness, engine=engine,
        )  # fmt: skip
    return Result(bound.property, Verdict.VIOLATED, witness=witness, engine=engine)


def _cut_off(loop: Loop, steps: int) -> Term:
    """A formula with an end, that of a trajectory with so many steps: where it is violated, so is
    the property, if the trajectory can go on as it does.
    """
    part = loop.temporal
    if part.span.steps is not None or part.formula.operator not in ("eventually", "until"):
        return with_last_step(loop.bound.property.formula, steps)
    short = build(part.formula.operator, part.formula.arguments, replace(part.span, steps=steps))
    variables = [variable(name, sort) for name, sort in part.variables]
    body = implies(part.condition, short)
    return forall(*variables, body) if variables else body


def _returns(loop: Loop, trail: Trail, way: str) -> bool:
    """Whether a trajectory comes back to where it was, when its network is run in some way."""
    symbols = symbols_of(loop.bound.property.formula)
    functions = meaning(loop.bound.functions, symbols, ways(loop.bound)[way])
    question = loop.temporal.bounded(len(trail.actions))
    try:
        again = follow(question, functions, trail.values, trail.choices, trail.actions)
    except (Undecided, InputError):
        return False
    return again is not None and again.returns is not None


def _values(loop: Loop, trail: Trail) -> dict[str, dict[str, Fraction]]:
    """Exact values of the quantified variables, and of what others chose at each step."""
    values: dict[str, dict[str, Fraction]] = {}
    for name, _ in loop.temporal.variables:
        given = trail.values[name]
        if isinstance(given, Fraction):
            values[name] = {NUMBER: given}
        elif not isinstance(given, str):  # a name has its whole, finite domain
            values[name] = dict(given)
    sort = loop.temporal.span.world.choice_sort
    if sort is not None:
        for step, chosen in enumerate(trail.choices):
            values[moment(sort.name, step)] = dict(chosen or {})
    return values


def _unknown(bound: BoundProperty, reason: Reason, detail: str) -> Result:
    return Result(bound.property, Verdict.UNKNOWN, reason=reason, detail=detail, engine=NAME)
