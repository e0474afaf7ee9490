"""Which leaves are settled in a step, and what becomes of their boxes.

A leaf costs as much as some ten boxes, and most are closed sooner by dividing them. Not so where
the goal is reached or tied, and where signs were assumed that contradict each other.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from verify.answer import Deadline
from verify.neural.bounds.phase import assumed
from verify.neural.candidate import Candidates
from verify.neural.leaf import Leaves
from verify.neural.queue import Queue
from verify.neural.refuter import ROUNDING_TRIES
from verify.verdict import Guarantee

WORTH = 0.1
"""Where fewer of the leaves are tied, others are settled on every fourth step only."""

SHORT, LONG = 0.1, 2.0
"""A step may take so many times as long for leaves as for its bounds; the second where division
does not close them.
"""


@dataclass(frozen=True)
class Harvested:
    """What became of some boxes.

    Attributes:
        done: rows that are closed, or have a spare candidate.
        later: rows that are to be looked at again as they are.
        share: of the whole box, that was closed.
        guarantee: of the answer with what was closed.
    """

    done: list[int]
    later: list[int]
    share: float
    guarantee: Guarantee


class Harvest:
    """Settles leaves of one search.

    Args:
        leaves: how.
        candidates: is given points that may be witnesses.

    Attributes:
        tied: share of the leaves of late that were reached or tied.
    """

    def __init__(self, leaves: Leaves, candidates: Candidates) -> None:
        self._leaves = leaves
        self._candidates = candidates
        self.tied = 0.0

    @property
    def is_tied(self) -> bool:
        """Whether ties were met of late."""
        return self.tied >= WORTH

    def gather(
        self, boxes: Queue, keep: Tensor, near: Tensor, guarantee: Guarantee, taken_s: float, *,
        seldom: bool,
    ) -> Harvested:  # fmt: skip
        """Settle some leaves; stops at a witness.

        Args:
            boxes: open boxes.
            keep: which of them (B,) are still open.
            near: which come so near to the goal (B,) that it may be reached there, or tied.
            guarantee: of the answer so far.
            taken_s: how long the step took so far, in seconds.
            seldom: whether this is no step for leaves that division closes.
        """
        leaves = keep & (self._leaves.unknown(boxes.phases) == 0)
        split = leaves & (assumed(boxes.phases) != 0).any(dim=1)
        rows = [int(row) for row in split.nonzero()]
        often = self.is_tied or bool(rows)
        must = len(rows)
        if self.is_tied or not seldom:
            rows += [int(row) for row in (leaves & near & ~split).nonzero()]
        until = Deadline.after(taken_s * (LONG if often else SHORT))
        done: list[int] = []
        share = 0.0
        for count, row in enumerate(rows):
            if count and until.passed:
                later = rows[count:] if self.is_tied else rows[count:must]
                return Harvested(done, later, share, guarantee)
            leaf = self._leaves.settle(boxes.select(slice(row, row + 1)), guarantee)
            self.tied += (leaf.tied - self.tied) / 4
            if self._candidates.accept_near(leaf.places):
                break
            if leaf.reached and self._candidates.keep(leaf.places[-1]):
                done.append(row)
            if leaf.guarantee is None:
                continue
            boxes.tries[row] += 1
            strong = leaf.guarantee in (Guarantee.FLOAT32, guarantee)
            if strong or leaf.final or boxes.tries[row] >= ROUNDING_TRIES:
                guarantee = guarantee if strong else leaf.guarantee
                share += float(boxes.share[row])
                done.append(row)
        return Harvested(done, [], share, guarantee)
