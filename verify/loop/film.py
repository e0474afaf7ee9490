"""Trajectories as films: what a report shows of them, state by state.

Where a condition speaks of trajectories as well, as of the same start under watch, those are shown
beside the one that violates the property.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from theory.enclosure import Undecided
from theory.error import InputError
from theory.scope import TEMPORAL
from theory.semantics import Interpretation, evaluate
from theory.sort import ObservationSort, RealSort, Sort, VectorSort
from theory.term import Term, and_, brief
from theory.trajectory import Span
from theory.value import Value, finite_domain
from theory.world import World, moment
from verify.bind import BoundProperty, as_floats, exactly, in_float32, meaning
from verify.loop.fact import conjuncts
from verify.loop.question import Temporal, questions
from verify.loop.trial import Functions, Trail, follow
from verify.quantified import NUMBER
from verify.replay import Values, symbols_of
from verify.verdict import Result, Run, Verdict

_CHANGED = re.compile(r"[^\[\]]+\[(.*)\]")


def films(part: Temporal, bound: BoundProperty, functions: Functions, trail: Trail) -> list[Run]:
    """The film of a trajectory, and beside it those of which its condition speaks.

    Args:
        part: the temporal formula that it violates.
        bound: the property and its networks.
        functions: the exact meaning of the function symbols.
        trail: the trajectory.
    """
    own = list(_film(part.span.world, bound, trail))
    others = [
        (_named(start, span), list(_film(span.world, bound, other)))
        for start, span, other in _companions(part, functions, trail)
    ]
    if not others:
        return own
    beside = [*others, (_named(part.formula.arguments[0], part.span), own)]
    found: list[Run] = []
    for step in range(len(own)):
        for start, runs in beside:
            if step < len(runs):
                run = runs[step]
                found.append(replace(run, term=f"{run.term} {start}"))
    return found


def _named(start: Term, span: Span) -> str:
    """What tells trajectories from each other: what is changed where they begin, or their world."""
    change = _CHANGED.fullmatch(brief(start))
    return change[1] if change else f"in {span.world.name}"


def _companions(
    part: Temporal, functions: Functions, trail: Trail
) -> Iterator[tuple[Term, Span, Trail]]:
    """The trajectories of a condition, as long as the one that violates it, from the same values;
    of what others may choose there, the first is shown.
    """
    for formula, _ in conjuncts(part.condition):
        if formula.operator not in TEMPORAL or formula.operator == "probably":
            continue
        span: Span = formula.payload
        steps = len(trail.actions) if span.steps is None else min(span.steps, len(trail.actions))
        choices: Sequence[Value | None] = [None]
        if span.world.choice_sort is not None:
            choices = finite_domain(span.world.choice_sort) or ()
        question = Temporal(part.variables, and_(), formula).bounded(steps)
        try:
            found = follow(question, functions, trail.values, [*choices[:1]] * steps)
        except (Undecided, InputError):
            continue
        if found is not None:
            yield formula.arguments[0], span, found


def _film(world: World, bound: BoundProperty, trail: Trail) -> Iterator[Run]:
    """The states of a trajectory, each with the scores in float32 and what was done there."""
    functions = meaning(bound.functions, symbols_of(bound.property.formula), in_float32)
    for step, state in enumerate(trail.states):
        shown = _shown(world.state_sort, state)
        if step < len(trail.choices) and world.choice_sort is not None:
            shown |= _shown(world.choice_sort, trail.choices[step])
        outputs: dict[str, float] = {}
        action = trail.actions[step] if step < len(trail.actions) else None
        if world.observation is not None:
            try:
                observed = evaluate(world.observation, Interpretation(functions, {"state": state}))
                scores = functions["score"](observed).entries
                outputs = dict(zip(world.agent.actions, map(float, scores), strict=True))
            except Undecided:
                pass  # float32 does not hold a number that occurs
            top = [name for name, score in outputs.items() if score == max(outputs.values())]
            action = action or (top[0] if len(top) == 1 else None)
        yield Run(_title(world, trail, step), shown, outputs, action, step)


def _title(world: World, trail: Trail, step: int) -> str:
    """What a state of a film is called."""
    name = world.label(trail.states[step])
    again = trail.returns is not None and step == len(trail.states) - 1
    number = f"step {step} = step {trail.returns}" if again else f"step {step}"
    return f"{number}: {name}" if name else number


def filmed(bound: BoundProperty, result: Result) -> Result:
    """The result with the whole trajectory in its witness, where that was found in another way."""
    witness = result.witness
    if result.verdict is not Verdict.VIOLATED or witness is None:
        return result
    symbols = symbols_of(bound.property.formula)
    functions = meaning(bound.functions, symbols, exactly)
    for part in questions(bound.property.formula) or []:
        steps, chooser = part.span.steps, part.span.world.choice_sort
        names = [] if chooser is None else [moment(chooser.name, at) for at in range(steps or 0)]
        given = [witness.values.get(name) for name in names] if names else [None] * (steps or 0)
        values = {name: _given(witness.values, name, sort) for name, sort in part.variables}
        if steps is None or None in values.values():
            continue
        try:
            trail = follow(part.bounded(steps), functions, values, given)
        except (Undecided, InputError):
            continue
        if trail is not None and trail.fails:
            runs = tuple(films(part, bound, functions, trail))
            return replace(result, witness=replace(witness, runs=runs))
    return result


def _given(values: Values, name: str, sort: Sort) -> Any:
    """The value that a witness has for a variable; None where it has none."""
    entries = values.get(name)
    return entries[NUMBER] if entries and isinstance(sort, RealSort) else entries


def _shown(sort: Any, state: Any) -> dict[str, float]:
    if isinstance(sort, ObservationSort):
        flat: Sequence[Any] = [state[f.name] for f in sort.features]
        names = [f.name for f in sort.features]
    else:
        flat = state.entries
        names = [str(at) for at in range(sort.size)] if isinstance(sort, VectorSort) else []
    try:
        return dict(zip(names, as_floats(flat, np.float64).tolist(), strict=True))
    except Undecided:
        return {}
