"""What an engine answers to a problem."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from verify.certificate.tree import Record
from verify.verdict import Guarantee, Reason

Progress = Callable[[float, int], None]
"""Called with the proved share in [0, 1] and the number of open boxes."""


@dataclass(frozen=True)
class Answer:
    """An engine's answer.

    Attributes:
        reached: True with a `point` that is a candidate (not yet replayed), False where the goal is
            proved unreachable, None where undecided.
        point: values of the problem's variables, in order.
        guarantee: for False, what the proof covers.
        reason, detail: for None, why.
        proved_share: share of the box on which the goal is proved unreachable.
        engine: the engine's name.
        record: for False, the split tree of the proof, where it was recorded.
    """

    reached: bool | None
    point: tuple[Fraction, ...] | None = None
    guarantee: Guarantee | None = None
    reason: Reason | None = None
    detail: str = ""
    proved_share: float = 0.0
    engine: str = ""
    record: Record | None = None


@dataclass(frozen=True)
class Deadline:
    """A point in time, by the monotonic clock."""

    at: float

    @staticmethod
    def after(seconds: float) -> Deadline:
        """The deadline this many seconds from now."""
        return Deadline(time.monotonic() + seconds)

    @property
    def left(self) -> float:
        """Seconds left, not below zero."""
        return max(0.0, self.at - time.monotonic())

    @property
    def passed(self) -> bool:
        """Whether no time is left."""
        return self.left == 0.0

    def earlier(self, seconds: float) -> Deadline:
        """This deadline, or the one `seconds` from now where that is sooner."""
        return Deadline(min(self.at, time.monotonic() + seconds))

    def affords(self, count: int, each_s: float, least: int) -> int:
        """Of so many things, as many as there is time for at `each_s`; `least` in any case."""
        left = self.left
        return count if each_s * count <= left else max(least, min(count, int(left / each_s)))
