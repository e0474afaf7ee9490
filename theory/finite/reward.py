"""Expected rewards: until a target, over so many steps, discounted; infinite and undefined told.

What a run that never gets to the target has collected is a convention: infinitely much where no
reward is negative (the convention of PRISM and Storm), infinitely little where none is positive.
Where rewards have both signs it is what the sum tends to, and `Limit.UNDEFINED` where a play may
go on for ever at an average of exactly nothing, or where there is an opponent and play may not end.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction

from theory.error import InputError
from theory.finite.arena import Arena, World, arena, process_of
from theory.finite.engine import PLAIN, Engine, Number
from theory.finite.graph import predecessors, sure
from theory.finite.reach import planned, require_steps, step_back
from theory.finite.system import (
    System,
    begin_with_guess,
    evaluate,
    improved,
    settle,
    sides,
    stuck,
    system,
)
from theory.finite.value import Answer, Best, Limit, Value, negated
from theory.rational import Exact, exact


def reward_to(
    world: World, target: Iterable[str], *, best: Best = "max", engine: Engine = PLAIN
) -> Answer:
    """The expected reward until a target state is reached: 0 in the target itself.

    Args:
        world: a chain, a decision process or a game; its discount does not count.
        target: the states to get to.
        best: whether the agent wants much or little; an opponent wants the opposite.
        engine: what does the arithmetic.

    Raises:
        InputError: there is no such state.
    """
    field = arena(world, best, engine)
    goal = field.numbers(target, "target")
    values, strategy = reward_values(field, goal)
    return field.answer(values.__getitem__, strategy)


def reward_values(field: Arena, goal: set[int]) -> tuple[list[Value], list[int]]:
    """The expected rewards until `goal` by state, and a strategy that attains the finite ones."""
    earned = [
        choice.reward
        for state, choices in enumerate(field.choices)
        if state not in goal
        for choice in choices
    ]
    # the numbers of an arena are shared: few are distinct
    distinct = {id(reward): reward for reward in earned}.values()
    signs = {(reward > 0) - (reward < 0) for reward in distinct}
    if signs >= {1, -1}:
        return _mixed(field, goal)
    if -1 in signs:
        values, strategy = _costs(field.turned(), goal)
        return [negated(value) for value in values], strategy
    return _costs(field, goal)


def _costs(field: Arena, goal: set[int]) -> tuple[list[Value], list[int]]:
    """Where no reward is negative: finite where the minimising side can get to the goal surely."""
    reacher = Arena(field.names, field.choices, tuple(not m for m in field.maximises), field.engine)
    finite, picks, spoils = sure(reacher, range(len(field.names)), goal)
    chosen_first = picks | spoils
    strategy = [chosen_first.get(state, 0) for state in range(len(field.names))]
    values: list[Value] = [Limit.INFINITE] * len(field.names)
    unknown = sorted(finite - goal)
    equations = _equations(field, unknown, goal, finite)
    chosen = _positions(equations, strategy)
    mine, theirs = sides(equations)
    found = settle(equations, chosen, outer=theirs, inner=mine)
    _write(equations, found, chosen, values, strategy)
    for state in goal:
        values[state] = Fraction(0)
    return values, strategy


def _mixed(field: Arena, goal: set[int]) -> tuple[list[Value], list[int]]:
    """Rewards of both signs: one side may improve as long as it gets to the goal."""
    everyone = range(len(field.names))
    if field.players == 2:
        return _stopping(field, goal)
    sides_and_choices = zip(field.maximises, field.choices, strict=True)
    if any(not large and len(choices) > 1 for large, choices in sides_and_choices):
        values, strategy = _mixed(field.turned(), goal)
        return [negated(value) for value in values], strategy
    one_sided = Arena(field.names, field.choices, (True,) * len(field.names), field.engine)
    certain, picks, _ = sure(one_sided, everyone, goal)
    strategy = [picks.get(state, 0) for state in everyone]
    values: list[Value] = [Limit.UNDEFINED] * len(field.names)
    doubtful = predecessors(field, set(everyone) - certain, goal)
    left = set(everyone) - doubtful - goal
    while True:
        equations = _equations(one_sided, sorted(left), goal, left | goal)
        chosen = _positions(equations, strategy)
        found = _improve_until_endless(equations, chosen)
        if isinstance(found, list):
            break
        endless = predecessors(field, {equations.states[at] for at in found}, goal) & left
        for state in endless:
            values[state] = Limit.INFINITE
        left -= endless
    _write(equations, found, chosen, values, strategy)
    for state in predecessors(field, _lingering(equations, found), goal) & left:
        values[state] = Limit.UNDEFINED
    for state in goal:
        values[state] = Fraction(0)
    return values, strategy


def _stopping(field: Arena, goal: set[int]) -> tuple[list[Value], list[int]]:
    """Rewards of both signs in a game: defined where every play gets to the goal."""
    everyone = range(len(field.names))
    adverse = Arena(field.names, field.choices, (False,) * len(field.names), field.engine)
    certain, _, _ = sure(adverse, everyone, goal)
    strategy = [0] * len(field.names)
    values: list[Value] = [Limit.UNDEFINED] * len(field.names)
    unknown = sorted(certain - goal)
    equations = _equations(field, unknown, goal, certain)
    chosen = [0] * len(unknown)
    mine, theirs = sides(equations)
    _write(equations, settle(equations, chosen, mine, theirs), chosen, values, strategy)
    for state in goal:
        values[state] = Fraction(0)
    return values, strategy


def _improve_until_endless(equations: System, strategy: list[int]) -> list[Number] | set[int]:
    """The best values over strategies that leave, or unknowns in which to go on for ever pays.

    A strictly better move that closes a cycle closes one whose average is more than 0.
    """
    mine, _ = sides(equations)
    begin_with_guess(equations, strategy)
    while True:
        values = evaluate(equations, strategy)
        if not improved(equations, values, strategy, set(mine)):
            return values
        endless = stuck(equations, strategy)
        if endless:
            return endless


def _lingering(equations: System, values: Sequence[Number]) -> set[int]:
    """The states in which play may go on for ever at an average of exactly nothing."""
    tight = {
        at: [m for m in moves if not m.leaves and equations.ahead(values, m) == values[at]]
        for at, moves in enumerate(equations.moves)
    }
    while True:
        gone = [at for at, moves in tight.items() if not moves]
        if not gone:
            return {equations.states[at] for at in tight}
        for at in gone:
            del tight[at]
        for at, moves in tight.items():
            tight[at] = [m for m in moves if tight.keys() >= set(m.targets)]


def _equations(field: Arena, unknown: list[int], goal: set[int], inside: set[int]) -> System:
    """The equations of a part; who would leave it for worse has no such move."""
    zero = field.engine.number(Fraction(0))

    def usable(state: int, at: int) -> bool:
        return inside.issuperset(field.choices[state][at].targets)

    return system(field, unknown, dict.fromkeys(goal, zero), rewarded=True, usable=usable)


def _positions(equations: System, strategy: Sequence[int]) -> list[int]:
    """A strategy of the arena as positions among the moves of the equations."""
    return [
        next((p for p, move in enumerate(moves) if move.choice == strategy[state]), 0)
        for state, moves in zip(equations.states, equations.moves, strict=True)
    ]


def _write(
    equations: System,
    found: Sequence[Number],
    chosen: Sequence[int],
    values: list[Value],
    strategy: list[int],
) -> None:
    for at, state in enumerate(equations.states):
        values[state] = equations.engine.fraction(found[at])
        strategy[state] = equations.moves[at][chosen[at]].choice


def collected(world: World, steps: int, *, best: Best = "max", engine: Engine = PLAIN) -> Answer:
    """The expected reward of the next so many steps, with the strategy of each step."""
    require_steps(steps)
    field = arena(world, best, engine)
    everyone = range(len(field.names))
    values: list[Number] = [engine.number(Fraction(0))] * len(field.names)
    plan: list[list[int]] = []
    for _ in range(steps):
        values, strategy = step_back(field, values, everyone, rewarded=True)
        plan.append(strategy)
    return planned(field, values, plan[::-1])


def discounted(
    world: World,
    *,
    discount: Exact | None = None,
    best: Best = "max",
    engine: Engine = PLAIN,
) -> Answer:
    """The expected discounted reward over an endless time.

    Args:
        world: a chain, a decision process or a game.
        discount: the weight of the next step; None for that of the process.
        best: whether the agent wants much or little.
        engine: what does the arithmetic.

    Raises:
        InputError: the discount is not at least 0 and less than 1.
    """
    factor = process_of(world).discount if discount is None else exact(discount, "discount")
    if not 0 <= factor < 1:
        raise InputError(f"discount: {factor} is not at least 0 and less than 1; see reward_to")
    field = arena(world, best, engine)
    everyone = range(len(field.names))
    equations = system(field, everyone, {}, rewarded=True, discount=engine.number(factor))
    chosen = [0] * len(field.names)
    mine, theirs = sides(equations)
    values = settle(equations, chosen, outer=mine, inner=theirs)
    return field.answer(lambda state: engine.fraction(values[state]), chosen)
