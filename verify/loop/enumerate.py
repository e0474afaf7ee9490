"""Statements about trajectories in any form, by the reference semantics, where all is finite.

Trajectories that begin on other trajectories, `exists`, alternatives of temporal formulas: the
engines of this room do not take them, but where every variable has finitely many values and
trajectories come to few states, their exact meaning can be computed as it is defined.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from theory.enclosure import Undecided
from theory.error import InputError
from theory.semantics import Interpretation, evaluate
from theory.sort import ObservationSort, RealSort, Sort
from verify.answer import Deadline
from verify.bind import BoundProperty, exactly, meaning
from verify.limit import OutOfTime, within
from verify.loop.finite import listed
from verify.quantified import NUMBER
from verify.replay import symbols_of, witness_at
from verify.verdict import Guarantee, Reason, Result, Verdict

NAME = "enumeration"


def enumerated(bound: BoundProperty, deadline: Deadline) -> tuple[Result, bool | None] | None:
    """The result by exact evaluation, and whether its condition occurs; None where something is
    infinite, or takes too long.
    """
    if any(symbol.name not in bound.functions for symbol in symbols_of(bound.property.formula)):
        return None
    try:
        return within(deadline.left, lambda: _enumerated(bound))
    except (OutOfTime, Undecided, InputError):
        return None


def _enumerated(bound: BoundProperty) -> tuple[Result, bool | None] | None:
    formula = bound.property.formula
    functions = meaning(bound.functions, symbols_of(formula), exactly)
    variables: tuple[tuple[str, Sort], ...] = ()
    body = formula
    if formula.operator == "forall":
        variables, body = formula.payload, formula.arguments[0]
    rows = listed(variables)
    if rows is None:
        return None
    for row in rows:
        if not evaluate(body, Interpretation(functions, row)):
            return _violation(bound, variables, row), None
    occasion = bound.property.occasion
    occurs = True if occasion is None else bool(evaluate(occasion, Interpretation(functions)))
    held = Result(
        bound.property, Verdict.HOLDS, guarantee=Guarantee.REAL, proved_share=1.0, engine=NAME
    )
    return held, occurs


def _violation(
    bound: BoundProperty, variables: tuple[tuple[str, Sort], ...], row: dict[str, Any]
) -> Result:
    values: dict[str, dict[str, Fraction]] = {}
    for name, sort in variables:
        if isinstance(sort, ObservationSort):
            values[name] = row[name]
        elif isinstance(sort, RealSort):
            values[name] = {NUMBER: row[name]}  # a name has its whole domain in a replay
    witness = witness_at(bound, values)
    failed = [way for way, replayed in witness.replays.items() if not replayed]
    if failed:
        return Result(
            bound.property, Verdict.UNKNOWN, reason=Reason.REPLAY_FAILED, witness=witness,
            detail=f"violated, but that does not replay: {', '.join(failed)}", engine=NAME,
        )  # fmt: skip
    return Result(bound.property, Verdict.VIOLATED, witness=witness, engine=NAME)
