"""Looking for a violation by running many random trajectories in floats, side by side.

Nothing follows from what is not found. What is found is run again exactly (`verify.loop.trial`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

import torch
from torch import Tensor

from extract.network import Network
from extract.run import as_function
from theory.enclosure import Undecided
from theory.error import InputError
from theory.sort import Feature, ObservationSort, Sort
from theory.term import Term
from theory.unroll import is_temporal
from theory.world import STATE
from verify.answer import Deadline
from verify.loop.batch import Batch, Tensors
from verify.loop.cell import by_part
from verify.loop.question import Question, Root, roots
from verify.loop.trial import Functions, Trail, follow
from verify.neural.thread import one_thread
from verify.problem.affine import Affine

COUNT = 2048
"""Trajectories that are run at once, at most."""

FEW = 256
"""So many, and twice as many for each number that is free, where those are fewer."""

MOST_CHECKED = 12
"""Violations in floats that are run again exactly."""

MOST_CIRCLES = 4
LONGEST_CIRCLE = 64
"""A trajectory that comes back to a state after more steps than this is not noticed."""


def attack(
    question: Question,
    network: Network | None,
    functions: Functions,
    generator: torch.Generator,
    deadline: Deadline,
    *,
    quick: bool,
) -> Iterator[Trail]:
    """Trajectories that do not meet their demands, or go round for ever, replayed exactly.

    Args:
        question: the question.
        network: the policy; None where the world asks none.
        functions: the exact meaning of the function symbols.
        generator: of the random numbers.
        deadline: when to stop.
        quick: run no more trajectories than there are ways to begin, as what is rare will be found
            in another way.
    """
    starts, sorts = list(roots(question)), dict(question.variables)
    if not starts:
        return
    most = _enough(question, len(starts[0].cell.lower)) * len(starts) if quick else COUNT
    with torch.no_grad(), one_thread():
        run = None if network is None else as_function(network, torch.float32)
        each = max(1, min(most, COUNT) // len(starts))
        checked = 0
        for root in starts[:COUNT]:
            values = _draw(root, each, generator)
            for row, step, chosen in _failures(question, run, values, each, generator, deadline):
                exact = {name: _exact(one, row, sorts[name]) for name, one in values.items()}
                choices = [
                    None if one is None else _exact(one, row, question.world.choice_sort)
                    for one in chosen[:step]
                ]
                checked += 1
                try:
                    trail = follow(question, functions, exact, choices)
                except (Undecided, InputError):
                    trail = None
                if trail is not None and trail.violates:
                    yield trail
                if checked >= MOST_CHECKED:
                    return


def _enough(question: Question, free: int) -> int:
    """How many trajectories are run from one start cell with so many free numbers."""
    chosen = question.world.choice_sort
    free += 0 if chosen is None else question.steps * len(chosen.features)
    return COUNT if free > COUNT // FEW else min(COUNT, FEW * 2**free)


def visited(
    question: Question, network: Network | None, generator: torch.Generator, count: int = COUNT
) -> tuple[Tensor, Tensor]:
    """States (N, n) of random trajectories as far as more is asked, and those one step later."""
    before: list[Tensor] = []
    after: list[Tensor] = []
    starts = list(roots(question))
    world = question.world
    names = [f.name for f in world.agent.features]
    with torch.no_grad(), one_thread():
        run = None if network is None else as_function(network, torch.float32)
        each = max(1, count // max(1, len(starts)))
        for root in starts[:count]:
            values = _draw(root, each, generator)
            state = Batch(values, run, names).value(question.start)
            alive = torch.ones(each, dtype=torch.bool)
            for demand in question.demands[:-1]:
                here = Batch({**values, question.state: state, STATE: state}, run, names)
                if demand.leaves is not None:
                    alive = alive & ~here.value(demand.leaves)
                if not bool(alive.any()):
                    break
                choice = _choose(world.choice_sort, each, generator)
                following = _after(question, here, state, choice, each)
                before.append(_rows(state, each)[alive])
                after.append(_rows(following, each)[alive])
                state = following
    if not before:
        return torch.zeros(0, 0).double(), torch.zeros(0, 0).double()
    return torch.cat(before), torch.cat(after)


def stepped(
    question: Question, network: Network | None, states: Tensor, generator: torch.Generator
) -> Tensor:
    """Those (N, n) that come one step after states (N, n), with random choices of others."""
    world, count = question.world, len(states)
    names = [feature.name for feature in question.world.agent.features]
    columns = dict(zip(_names(world.state_sort), states.T, strict=True))
    with torch.no_grad(), one_thread():
        run = None if network is None else as_function(network, torch.float32)
        here = Batch({question.state: columns, STATE: columns}, run, names)
        choice = _choose(world.choice_sort, count, generator)
        return _rows(_after(question, here, columns, choice, count), count)


def _names(sort: Sort) -> list[str]:
    return [f.name for f in sort.features] if isinstance(sort, ObservationSort) else []


def _rows(state: Tensors, count: int) -> Tensor:
    return torch.stack([value.expand(count) for value in state.values()], dim=1)


def _failures(
    question: Question,
    run: Any,
    values: Tensors,
    count: int,
    generator: torch.Generator,
    deadline: Deadline,
) -> Iterator[tuple[int, int, list[dict[str, Tensor] | None]]]:
    """Rows that fail in floats until the deadline: the row, the step, and all choices."""
    world = question.world
    names = [f.name for f in world.agent.features]
    state = Batch(values, run, names).value(question.start)
    alive = torch.ones(count, dtype=torch.bool)
    for condition in _conjuncts(question.condition):
        if not is_temporal(condition):
            alive = alive & Batch(values, run, names).value(condition)
    chosen: list[dict[str, Tensor] | None] = []
    passed: list[Tensor] = []
    held = torch.rand(count, generator=generator) < 0.5
    for step, demand in enumerate(question.demands):
        here = Batch({**values, question.state: state, STATE: state}, run, names)
        if demand.leaves is not None:
            alive = alive & ~here.value(demand.leaves)
        if demand.must is not None:
            failing = (alive & ~here.value(demand.must)).nonzero()[:, 0]
            # A few of each step, so that long ways and short ways to fail are both seen.
            for row in failing[:3].tolist():
                yield row, step, chosen
            alive[failing] = False
        if step == question.steps and question.endless:
            again: Any = (alive & _returning(_rows(state, count), passed)).nonzero()[:, 0]
            for row in again[:MOST_CIRCLES].tolist():
                yield row, step, chosen
        if step == question.steps or deadline.passed or not bool(alive.any()):
            return
        if question.endless and step >= question.steps - LONGEST_CIRCLE:
            passed.append(_rows(state, count))
        choice = _choose(world.choice_sort, count, generator)
        if choice is not None and chosen and chosen[-1] is not None:
            before = chosen[-1]
            choice = {name: torch.where(held, before[name], now) for name, now in choice.items()}
        chosen.append(choice)
        state = _after(question, here, state, choice, count)


def _returning(rows: Tensor, passed: Sequence[Tensor]) -> Tensor:
    """Which trajectories (B,) come back to a state (B, n) where they were before."""
    found = torch.zeros(len(rows), dtype=torch.bool)
    for before in passed:
        found = found | (before == rows).all(dim=1)
    return found


def _conjuncts(formula: Term) -> list[Term]:
    if formula.operator != "and":
        return [formula]
    return [one for part in formula.arguments for one in _conjuncts(part)]


def _after(
    question: Question, here: Batch, state: Tensors, choice: Tensors | None, count: int
) -> dict[str, Tensor]:
    world = question.world
    variables = dict(here.variables)
    if world.choice_sort is not None and choice is not None:
        variables[world.choice_sort.name] = choice
    there = Batch(variables, here.network, here.features)
    if world.observation is None:
        taken = torch.zeros(count, dtype=torch.long)
    else:
        scores = there.value(world.agent.score(world.observation))
        taken = scores.argmax(dim=1).expand(count)
    following = {name: value.expand(count).clone() for name, value in state.items()}
    for at, action in enumerate(world.agent.actions):
        rows = taken == at
        if bool(rows.any()):
            for name, value in there.value(world.moves[action]).items():
                following[name] = torch.where(rows, value.expand(count), following[name])
    return following


def _draw(root: Root, count: int, generator: torch.Generator) -> dict[str, Any]:
    """Random starts: the quantified variables as tensors (count,)."""
    free = [
        _float32(_uniform(count, float(low), float(high), generator), low, high)
        for low, high in zip(root.cell.lower, root.cell.upper, strict=True)
    ]

    def drawn(number: Any) -> Any:
        if not isinstance(number, Affine):
            return number
        total = torch.full((count,), float(number.constant)).double()
        for (_, at), factor in number.terms.items():
            total = total + float(factor) * free[at]
        return total

    return {name: by_part(given, drawn) for name, given in root.environment.items()}


def _uniform(count: int, low: float, high: float, generator: torch.Generator) -> Tensor:
    share = torch.rand(count, generator=generator, dtype=torch.float64)
    # Ends of ranges are where things go wrong more often than elsewhere.
    ends = torch.rand(count, generator=generator)
    share = torch.where(ends < 0.05, 0.0, torch.where(ends > 0.95, 1.0, share))
    return low + share * (high - low)


def _float32(values: Tensor, low: Fraction, high: Fraction) -> Tensor:
    """The values as float32 numbers where these lie in the range."""
    rounded = values.float().double()
    inside = (rounded >= float(low)) & (rounded <= float(high))
    return torch.where(inside, rounded, values)


def _choose(
    sort: ObservationSort | None, count: int, generator: torch.Generator
) -> dict[str, Tensor] | None:
    if sort is None:
        return None
    return {f.name: _chosen(f, count, generator) for f in sort.features}


def _chosen(feature: Feature, count: int, generator: torch.Generator) -> Tensor:
    if feature.values is None:
        return _uniform(count, float(feature.lower), float(feature.upper), generator)
    listed = torch.tensor([float(v) for v in feature.values]).double()
    return listed[torch.randint(0, len(listed), (count,), generator=generator)]


def _exact(value: Any, row: int, sort: Any) -> Any:
    """A row as exact numbers; of finitely many values the one that is meant."""
    found = by_part(value, lambda part: _number(part, row))
    if isinstance(sort, ObservationSort):
        for feature in sort.features:
            listed = feature.values or ()
            if feature.lower == feature.upper:
                listed = (feature.lower,)
            if listed:
                near = found[feature.name]
                found[feature.name] = min(listed, key=lambda one: abs(one - near))
    return found


def _number(value: Any, row: int) -> Any:
    return Fraction(float(value[row])) if isinstance(value, Tensor) else value
