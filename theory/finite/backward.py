"""One pass from the last to the first, where no play comes back to where it was."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from fractions import Fraction
from math import lcm

from theory.finite.arena import Arena
from theory.finite.engine import Number

_NEW, _BEGUN, _DONE = range(3)

LARGEST_DENOMINATOR = 2**64
"""Weights with a larger common denominator are not brought to it."""

LONGEST_BITS = 100_000
"""Of a power of the common denominator."""


def last_to_first(
    size: int, asked: Iterable[int], after: Callable[[int], Iterable[int]]
) -> list[int] | None:
    """Numbers in such an order that each comes after all that it leads to.

    Args:
        size: all are less.
        asked: those to be ordered; where others are led to is not looked at.
        after: what a number leads to.

    Returns:
        The order, or None where one leads back to itself.
    """
    mark = [_DONE] * size
    stack = list(asked)
    for at in stack:
        mark[at] = _NEW
    order: list[int] = []
    while stack:
        at = stack[-1]
        if mark[at] == _NEW:
            mark[at] = _BEGUN
            for target in after(at):
                if mark[target] == _NEW:
                    stack.append(target)
                elif mark[target] == _BEGUN:
                    return None
        else:
            stack.pop()
            if mark[at] == _BEGUN:
                mark[at] = _DONE
                order.append(at)
    return order


def best_choice(
    field: Arena, state: int, values: Sequence[Number], start: Number | None = None
) -> tuple[Number, int]:
    """The best expected value of the next state, and the position of the first choice with it.

    Args:
        field: the arena.
        state: where the choice is made.
        values: of the next states.
        start: what is added to it; None for the reward of the choice.
    """
    large = field.maximises[state]
    best, position = start, -1
    for at, choice in enumerate(field.choices[state]):
        worth = choice.reward if start is None else start
        for target, weight in zip(choice.targets, choice.weights, strict=True):
            worth += weight * values[target]
        if position < 0 or (worth > best if large else worth < best):
            best, position = worth, at
    return best, position


def passed_back(
    field: Arena, moving: Iterable[int], goal: Collection[int]
) -> tuple[Callable[[int], Fraction], list[int]] | None:
    """The probabilities of getting to a goal, if no play comes back to where it was.

    Args:
        field: the arena.
        moving: the states from which a play goes on; none of them is a goal.
        goal: the states to get to.

    Returns:
        The probability in each state, and a strategy that attains them; None where a play may come
        back.
    """
    going = [state for state in moving if not field.stays(state)]
    order = last_to_first(len(field.names), going, field.after)
    if order is None:
        return None
    return _in_integers(field, order, goal) or _in_rationals(field, order, goal)


def _in_rationals(
    field: Arena, order: Iterable[int], goal: Collection[int]
) -> tuple[Callable[[int], Fraction], list[int]]:
    engine = field.engine
    one, zero = engine.number(Fraction(1)), engine.number(Fraction(0))
    values = [one if state in goal else zero for state in range(len(field.names))]
    strategy = [0] * len(values)
    for state in order:
        values[state], strategy[state] = best_choice(field, state, values, zero)
    return lambda state: engine.fraction(values[state]), strategy


def _in_integers(
    field: Arena, order: Iterable[int], goal: Collection[int]
) -> tuple[Callable[[int], Fraction], list[int]] | None:
    """Values as whole numbers over powers of the weights' common denominator, which spares the
    greatest common divisors; None where these numbers would be too long.
    """
    # A field has few different weights, each made once; while it is there, so are their numbers.
    made = {id(w): w for choices in field.choices for choice in choices for w in choice.weights}
    ratios = {key: field.engine.fraction(w).as_integer_ratio() for key, w in made.items()}
    common = lcm(*(bottom for _, bottom in ratios.values()))
    if common > LARGEST_DENOMINATOR:
        return None
    whole = {key: top * (common // bottom) for key, (top, bottom) in ratios.items()}
    powers = [1]
    values = [1 if state in goal else 0 for state in range(len(field.names))]
    heights = [0] * len(values)
    strategy = [0] * len(values)
    bits = common.bit_length()
    for state in order:
        large = field.maximises[state]
        best, level, position = 0, 0, -1
        for at, choice in enumerate(field.choices[state]):
            targets = choice.targets
            if len(targets) == 1:
                worth, height = values[targets[0]], heights[targets[0]]
            else:
                below = [heights[target] for target in targets]
                top, worth = max(below), 0
                for target, weight, low in zip(targets, choice.weights, below, strict=True):
                    term = whole[id(weight)] * values[target]
                    worth += term if low == top else term * powers[top - low]
                height = top + 1
            if height >= len(powers):
                if height * bits > LONGEST_BITS:
                    return None
                powers.append(powers[-1] * common)
            if position < 0:
                best, level, position = worth, height, at
                continue
            mine = worth if height >= level else worth * powers[level - height]
            theirs = best if level >= height else best * powers[height - level]
            if mine > theirs if large else mine < theirs:
                best, level, position = worth, height, at
        values[state], heights[state], strategy[state] = best, level, position
    return lambda state: Fraction(values[state], powers[heights[state]]), strategy
