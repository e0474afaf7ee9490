"""Optimality equations, solved exactly by strategy iteration.

An unknown's value is the best of its moves, `gain + sum of weights times values`. The strategy of
one side is improved against best responses of the other, and only where a move is strictly better,
so that it ends: Hoffman and Karp, On nonterminating stochastic games, 1966; Condon, On algorithms
for simple stochastic games, 1993. Every evaluation is an exact solution of linear equations.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, partial
from itertools import chain
from typing import NamedTuple

from theory.finite.arena import Arena
from theory.finite.backward import last_to_first
from theory.finite.engine import Advantages, Adviser, Engine, Number

SUGGESTIONS = 20


class Move(NamedTuple):
    """One way to go on from an unknown.

    `choice` is its position in the arena; `targets` are unknowns; `leaves` says that the weights
    sum to less than 1.
    """

    choice: int
    gain: Number
    targets: tuple[int, ...]
    weights: tuple[Number, ...]
    leaves: bool


@dataclass(frozen=True)
class System:
    """The equations of some states.

    Attributes:
        states: the number of each unknown's state in the arena.
        moves: of each unknown, at least one.
        maximises: whether the unknown's value is the largest of its moves, or the smallest.
        engine: whose numbers these are.
    """

    states: tuple[int, ...]
    moves: tuple[tuple[Move, ...], ...]
    maximises: tuple[bool, ...]
    engine: Engine

    @cached_property
    def adviser(self) -> Adviser:
        """Who suggests strategies."""
        return self.engine.adviser(self)

    def ahead(self, values: Sequence[Number], move: Move) -> Number:
        """What a move is worth where the unknowns have these values."""
        worth = move.gain
        for target, weight in zip(move.targets, move.weights, strict=True):
            worth += weight * values[target]
        return worth


def system(
    arena: Arena,
    states: Iterable[int],
    known: Mapping[int, Number],
    *,
    rewarded: bool,
    discount: Number | None = None,
    usable: Callable[[int, int], bool] = lambda state, at: True,
) -> System:
    """The equations of some states of an arena.

    Args:
        arena: the arena.
        states: whose values are unknown.
        known: the values of the states that they lead to.
        rewarded: whether the rewards of choices count.
        discount: the weight of the next step; None for 1.
        usable: which choices may be taken: at least one of each state.
    """
    chosen = tuple(states)
    index = {state: at for at, state in enumerate(chosen)}
    zero = arena.engine.number(Fraction(0))

    def move(state: int, at: int) -> Move:
        choice = arena.choices[state][at]
        gain = zero
        targets: list[int] = []
        weights: list[Number] = []
        for target, weight in zip(choice.targets, choice.weights, strict=True):
            if target in index:
                targets.append(index[target])
                weights.append(weight)
            else:
                gain += weight * known[target]
        leaves = len(targets) < len(choice.targets)
        if discount is not None:
            gain, weights, leaves = discount * gain, [discount * w for w in weights], True
        if rewarded:
            gain += choice.reward
        return Move(at, gain, tuple(targets), tuple(weights), leaves)

    moves = tuple(
        tuple(move(state, at) for at in range(len(arena.choices[state])) if usable(state, at))
        for state in chosen
    )
    return System(chosen, moves, tuple(arena.maximises[s] for s in chosen), arena.engine)


def evaluate(system: System, strategy: Sequence[int], zero: Collection[int] = ()) -> list[Number]:
    """The values under a strategy of both sides; those of `zero` are 0.

    Every other unknown must get to a move that leaves, or into `zero`, almost surely.
    """
    engine = system.engine
    nothing, one = engine.number(Fraction(0)), engine.number(Fraction(1))
    open_ = [at for at in range(len(strategy)) if at not in zero]
    index = {at: i for i, at in enumerate(open_)}
    rows: list[dict[int, Number]] = []
    right: list[Number] = []
    for i, at in enumerate(open_):
        move = system.moves[at][strategy[at]]
        row = {i: one}
        for target, weight in zip(move.targets, move.weights, strict=True):
            if target in index:
                row[index[target]] = row.get(index[target], nothing) - weight
        rows.append(row)
        right.append(move.gain)
    values = [nothing] * len(strategy)
    for at, value in zip(open_, engine.solve(rows, right), strict=True):
        values[at] = value
    return values


def improved(
    system: System, values: Sequence[Number], strategy: list[int], who: Collection[int]
) -> Advantages:
    """The moves that were compared, where some are strictly better: the strategy then takes them.

    Args:
        system: the equations.
        values: those of the strategy.
        strategy: of both sides.
        who: the unknowns whose moves may change.
    """
    best: dict[int, Number] = {}
    compared: list[tuple[int, int, Number]] = []
    for at, position in system.adviser.promising(values):
        if at not in who or position == strategy[at]:
            continue
        worth = system.ahead(values, system.moves[at][position])
        compared.append((at, position, worth - values[at]))
        so_far = best.get(at, values[at])
        if (worth > so_far) if system.maximises[at] else (worth < so_far):
            strategy[at], best[at] = position, worth
    return compared if best else []


def stuck(system: System, strategy: Sequence[int]) -> set[int]:
    """The unknowns from which the chain of a strategy cannot get to a move that leaves."""
    moves = [system.moves[at][position] for at, position in enumerate(strategy)]
    before: list[list[int]] = [[] for _ in moves]
    for at, move in enumerate(moves):
        for target in move.targets:
            before[target].append(at)
    stack = [at for at, move in enumerate(moves) if move.leaves]
    free = set(stack)
    while stack:
        for at in before[stack.pop()]:
            if at not in free:
                free.add(at)
                stack.append(at)
    return set(range(len(moves))) - free


def begin_with_guess(system: System, strategy: list[int]) -> None:
    """Begin with the adviser's guess, if it leaves for sure."""
    guess = system.adviser.guess()
    if guess is not None and not stuck(system, guess):
        strategy[:] = guess


def _backward(system: System, strategy: list[int]) -> list[Number] | None:
    """The values where no unknown depends on itself, from the last to the first; else None."""

    def after(at: int) -> Iterable[int]:
        return chain.from_iterable([move.targets for move in system.moves[at]])

    order = last_to_first(len(strategy), range(len(strategy)), after)
    if order is None:
        return None
    values: list[Number] = [None] * len(strategy)
    for at in order:
        for position, move in enumerate(system.moves[at]):
            worth = system.ahead(values, move)
            better = position == 0 or (
                (worth > values[at]) if system.maximises[at] else (worth < values[at])
            )
            if better:
                strategy[at], values[at] = position, worth
    return values


def sides(system: System) -> tuple[list[int], list[int]]:
    """The unknowns with a real choice: of the maximising side, and of the minimising one."""
    real = [at for at, moves in enumerate(system.moves) if len(moves) > 1]
    return (
        [at for at in real if system.maximises[at]],
        [at for at in real if not system.maximises[at]],
    )


def settle(
    system: System, strategy: list[int], outer: Sequence[int], inner: Sequence[int]
) -> list[Number]:
    """The values of the game where every play leaves; the strategy becomes optimal.

    Args:
        system: the equations.
        strategy: where to begin. The outer side's part of it must leave almost surely, whatever
            the inner side does.
        outer: the unknowns of the side whose strategy is improved.
        inner: those of the side that responds.
    """
    values = _backward(system, strategy)
    if values is not None:
        return values
    if not (outer and inner):
        begin_with_guess(system, strategy)
        return _climb(system, strategy, {*outer, *inner}, evaluate)
    while True:
        values = _climb(system, strategy, set(inner), evaluate)
        if not improved(system, values, strategy, set(outer)):
            return values


def settle_least(system: System, strategy: list[int]) -> list[Number]:
    """The least solution of equations whose gains are at least 0; the strategy attains it.

    The strategy of the maximising side is improved; a play that goes on for ever without a gain is
    worth 0, and the minimising side's responses know it.
    """
    values = _backward(system, strategy)
    if values is not None:
        return values
    mine, theirs = map(set, sides(system))
    if not (mine and theirs):
        begin_with_guess(system, strategy)
    if not theirs:
        return _climb(system, strategy, mine, _evaluate_least)
    while True:
        zero = _avoided(system, strategy, theirs)
        values = _climb(system, strategy, theirs - zero, partial(evaluate, zero=zero))
        if not improved(system, values, strategy, mine):
            return values


def _evaluate_least(system: System, strategy: list[int]) -> list[Number]:
    return evaluate(system, strategy, _avoided(system, strategy, ()))


def _climb(
    system: System,
    strategy: list[int],
    who: Collection[int],
    value: Callable[[System, list[int]], list[Number]],
) -> list[Number]:
    """The values when one side's strategy cannot be improved any more.

    The adviser may replace an improved strategy, but only so many times: improvement on its own
    comes to an end.
    """
    left = SUGGESTIONS
    while True:
        values = value(system, strategy)
        compared = improved(system, values, strategy, who)
        if not compared:
            return values
        suggestion = system.adviser.refine(values, compared, strategy) if left else None
        left -= 1
        if suggestion is not None and not stuck(system, suggestion):
            for at in who:
                strategy[at] = suggestion[at]


def _avoided(system: System, strategy: list[int], free: Collection[int]) -> set[int]:
    """Where the minimising side can see to it that nothing is gained, which its strategy then does.

    Args:
        system: the equations, with gains of at least 0.
        strategy: of both sides; that of unknowns in `free` is not fixed.
        free: the unknowns in which the minimising side has a choice.
    """
    before: list[list[tuple[int, int]]] = [[] for _ in strategy]
    open_: dict[int, set[int]] = {}
    stack: list[int] = []
    gaining: set[int] = set()
    for at, moves in enumerate(system.moves):
        positions = range(len(moves)) if at in free else (strategy[at],)
        open_[at] = set(positions)
        for position in positions:
            if moves[position].gain > 0:
                open_[at].discard(position)
            for target in moves[position].targets:
                before[target].append((at, position))
        if not open_[at]:
            gaining.add(at)
            stack.append(at)
    while stack:
        for at, position in before[stack.pop()]:
            open_[at].discard(position)
            if not open_[at] and at not in gaining:
                gaining.add(at)
                stack.append(at)
    avoided = set(range(len(strategy))) - gaining
    for at in avoided:
        strategy[at] = min(open_[at])
    return avoided
