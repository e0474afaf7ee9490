"""Probabilities of paths: next, until and always, bounded and unbounded, exact, with strategies.

Baier and Katoen, Principles of model checking, 2008, chapter 10; turn-based games: Condon, The
complexity of stochastic games, 1992.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from fractions import Fraction

from theory.error import InputError
from theory.finite.arena import Arena, World, arena, process_of
from theory.finite.backward import best_choice, passed_back
from theory.finite.engine import PLAIN, Engine, Number
from theory.finite.graph import possible, sure
from theory.finite.system import settle_least, system
from theory.finite.value import Answer, Best

ONE = Fraction(1)


def reach(
    world: World,
    target: Iterable[str],
    *,
    within: int | None = None,
    best: Best = "max",
    engine: Engine = PLAIN,
) -> Answer:
    """The probability of getting to a target state, in so many steps or at all.

    Args:
        world: a chain, a decision process or a game.
        target: the states to get to; a run that begins in one has got there.
        within: the largest number of steps; None for any.
        best: whether the agent wants it probable or improbable; an opponent wants the opposite.
        engine: what does the arithmetic.

    Raises:
        InputError: there is no such state, or `within` is negative.
    """
    return until(world, process_of(world).states, target, within=within, best=best, engine=engine)


def until(
    world: World,
    stay: Iterable[str],
    target: Iterable[str],
    *,
    within: int | None = None,
    best: Best = "max",
    engine: Engine = PLAIN,
) -> Answer:
    """The probability of getting to a target state and being in `stay` before; see `reach`."""
    field = arena(world, best, engine)
    left, right = field.numbers(stay, "stay"), field.numbers(target, "target")
    if within is None:
        moving = [state for state in left if state not in right]
        passed = passed_back(field, moving, right)
        if passed is not None:
            return field.answer(*passed)
        values, strategy = until_values(field, left, right)
        return field.answer(lambda state: engine.fraction(values[state]), strategy)
    values, plan = until_within(field, left, right, within)
    return planned(field, values, plan)


def next_step(
    world: World, target: Iterable[str], *, best: Best = "max", engine: Engine = PLAIN
) -> Answer:
    """The probability that the next state is a target state; a terminal state stays."""
    field = arena(world, best, engine)
    goal = field.numbers(target, "target")
    one, zero = engine.number(ONE), engine.number(Fraction(0))
    indicator = [one if state in goal else zero for state in range(len(field.names))]
    values, strategy = step_back(field, indicator, range(len(field.names)))
    return planned(field, values, [strategy])


def always(
    world: World,
    safe: Iterable[str],
    *,
    within: int | None = None,
    best: Best = "max",
    engine: Engine = PLAIN,
) -> Answer:
    """The probability of never leaving the safe states, for so many steps or for ever."""
    kept = set(safe)
    process = process_of(world)
    for state in kept:
        process.require(state, what="safe")
    unsafe = [state for state in process.states if state not in kept]
    other: Best = "min" if best == "max" else "max"
    found = reach(world, unsafe, within=within, best=other, engine=engine)
    values = {s: ONE - v for s, v in found.values.items() if isinstance(v, Fraction)}
    return Answer(values, found.strategy, found.plan)


def until_values(
    field: Arena, stay: Collection[int], goal: Collection[int]
) -> tuple[list[Number], list[int]]:
    """The probabilities of `stay until goal` by state, and a strategy that attains them."""
    engine = field.engine
    one, zero = engine.number(ONE), engine.number(Fraction(0))
    likely = possible(field, stay, goal)
    certain, picks, _ = sure(field, stay, goal)
    strategy = [picks.get(state, 0) for state in range(len(field.names))]
    for state, choices in enumerate(field.choices):
        if state not in likely and not field.maximises[state] and state in stay:
            strategy[state] = next(
                at for at, c in enumerate(choices) if not any(t in likely for t in c.targets)
            )
    values = [one if state in certain else zero for state in range(len(field.names))]
    unknown = sorted(likely - certain)
    if unknown:
        open_ = set(unknown)
        known = {state: value for state, value in enumerate(values) if state not in open_}
        equations = system(field, unknown, known, rewarded=False)
        chosen = [0] * len(unknown)
        for state, value in zip(unknown, settle_least(equations, chosen), strict=True):
            values[state] = value
        for at, state in enumerate(unknown):
            strategy[state] = equations.moves[at][chosen[at]].choice
    return values, strategy


def until_within(
    field: Arena, stay: Collection[int], goal: Collection[int], steps: int
) -> tuple[list[Number], list[list[int]]]:
    """The probabilities of `stay until goal` in so many steps, and the strategy of each step.

    Raises:
        InputError: the number of steps is negative.
    """
    require_steps(steps)
    one, zero = field.engine.number(ONE), field.engine.number(Fraction(0))
    values = [one if state in goal else zero for state in range(len(field.names))]
    moving = [s for s in range(len(field.names)) if s in stay and s not in goal]
    plan: list[list[int]] = []
    for _ in range(steps):
        values, strategy = step_back(field, values, moving)
        plan.append(strategy)
    return values, plan[::-1]


def step_back(
    field: Arena, values: Sequence[Number], moving: Iterable[int], *, rewarded: bool = False
) -> tuple[list[Number], list[int]]:
    """The best expected value of the next state where `moving`, else the value as it is.

    Args:
        field: the arena.
        values: of the next state.
        moving: where a choice is made.
        rewarded: whether its reward is added.
    """
    found = list(values)
    strategy = [-1] * len(found)
    start = None if rewarded else field.engine.number(Fraction(0))
    for state in moving:
        found[state], strategy[state] = best_choice(field, state, values, start)
    return found, strategy


def require_steps(steps: int) -> None:
    """Raise InputError where a number of steps is negative."""
    if steps < 0:
        raise InputError(f"within: {steps} steps are fewer than none")


def planned(field: Arena, values: Sequence[Number], plan: Sequence[Sequence[int]]) -> Answer:
    """The answer of a query about so many steps."""
    strategy = [max(at, 0) for at in plan[0]] if plan else [0] * len(values)
    return field.answer(lambda state: field.engine.fraction(values[state]), strategy, plan)
