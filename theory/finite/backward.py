"""One pass from the last to the first, where no play comes back to where it was."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from theory.finite.arena import Arena
from theory.finite.engine import Number

_NEW, _BEGUN, _DONE = range(3)


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
    field: Arena, moving: Iterable[int], values: list[Number], zero: Number
) -> list[int] | None:
    """Fill in the probabilities of some states, if no play comes back to one of them.

    Args:
        field: the arena.
        moving: whose values are unknown; a terminal state has the value 0.
        values: of the others; those of `moving` are filled in.
        zero: the number 0.

    Returns:
        A strategy that attains them, or None, with nothing filled in.
    """
    going = [state for state in moving if not field.stays(state)]
    order = last_to_first(len(values), going, field.after)
    if order is None:
        return None
    strategy = [0] * len(values)
    for state in order:
        values[state], strategy[state] = best_choice(field, state, values, zero)
    return strategy
