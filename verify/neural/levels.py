"""A goal laid out in levels, so that it is evaluated for many points or boxes with few operations.

Parts that stand in a goal several times are evaluated once, and all parts of one level together.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from verify.problem.goal import AllOf, Atom, Goal, Undecidable


@dataclass(frozen=True)
class Group:
    """Conjunctions, or disjunctions, of one level with about as many parts each.

    Attributes:
        every: whether they are conjunctions.
        parts: columns (N, k) of their parts; filled up with that which changes nothing.
        atoms: for each, the inequalities among its parts.
    """

    every: bool
    parts: Tensor
    atoms: tuple[tuple[int, ...], ...]


class Levels:
    """A goal in levels.

    Columns are those of the inequalities, then two of what changes no conjunction and of what
    changes no disjunction, then those of the groups, in order. What cannot be searched for counts
    as the former.

    Args:
        goal: the goal.

    Attributes:
        count: of inequalities that the goal may speak of: one more than the largest number.
        levels: groups that depend on earlier ones only.
        root: the column of the goal.
        undecidable: why some part cannot be searched for; empty where all can.
    """

    def __init__(self, goal: Goal) -> None:
        order = _in_order(goal)
        atoms = [part.index for part in order if isinstance(part, Atom)]
        self.count = 1 + max(atoms, default=-1)
        self.undecidable = next((p.why for p in order if isinstance(p, Undecidable)), "")
        place: dict[int, int] = {}
        height: dict[int, int] = {}
        waiting: dict[tuple[int, bool, int], list[AllOf]] = {}
        for part in order:
            if isinstance(part, Atom | Undecidable):
                height[id(part)] = 0
                place[id(part)] = part.index if isinstance(part, Atom) else self.count
                continue
            height[id(part)] = 1 + max((height[id(inner)] for inner in part.parts), default=0)
            key = height[id(part)], isinstance(part, AllOf), (len(part.parts) - 1).bit_length()
            waiting.setdefault(key, []).append(part)  # pyright: ignore[reportArgumentType]
        self.levels: list[list[Group]] = [[] for _ in range(max(height.values()))]
        following = self.count + 2
        for (level, every, _), members in sorted(waiting.items(), key=lambda pair: pair[0]):
            neutral = self.count if every else self.count + 1
            width = max(1, *(len(part.parts) for part in members))
            rows = [
                [place[id(inner)] for inner in part.parts] + [neutral] * (width - len(part.parts))
                for part in members
            ]
            for number, part in enumerate(members):
                place[id(part)] = following + number
            following += len(members)
            named = tuple(
                tuple(inner.index for inner in part.parts if isinstance(inner, Atom))
                for part in members
            )
            self.levels[level - 1].append(Group(every, torch.tensor(rows), named))
        self.root = place[id(goal)]

    def evaluate(
        self,
        values: Tensor,
        neutral: tuple[float | bool, float | bool],
        every: Callable[[Tensor, Group], Tensor],
        some: Callable[[Tensor, Group], Tensor],
    ) -> Tensor:
        """The value of the goal.

        Args:
            values: of the inequalities (B, K).
            neutral: what changes no conjunction, and what changes no disjunction.
            every, some: values (B, N) of conjunctions and of disjunctions, from those of their
                parts (B, N, k).

        Returns:
            (B,)
        """
        ends = [values.new_full((len(values), 1), end) for end in neutral]
        columns = torch.cat([values[:, : self.count], *ends], dim=1)
        for level in self.levels:
            found = [
                (every if group.every else some)(columns[:, group.parts.to(values.device)], group)
                for group in level
            ]
            columns = torch.cat([columns, *found], dim=1)
        return columns[:, self.root]


def _in_order(goal: Goal) -> list[Goal]:
    """All parts, each once, those inside before those around them."""
    order: list[Goal] = []
    done: set[int] = set()
    stack: list[tuple[Goal, bool]] = [(goal, False)]
    while stack:
        part, ready = stack.pop()
        if id(part) in done:
            continue
        if ready or isinstance(part, Atom | Undecidable):
            done.add(id(part))
            order.append(part)
        else:
            stack.append((part, True))
            stack.extend((inner, False) for inner in part.parts)
    return order
