"""A list of numbers under a name, which a term looks up by position."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property


@dataclass(frozen=True)
class Table:
    """Numbers by position, from 0.

    Attributes:
        name: how formulas call it.
        entries: at least one.
    """

    name: str
    entries: tuple[Fraction, ...]

    @cached_property
    def _hash(self) -> int:
        return hash((self.name, self.entries))

    def __hash__(self) -> int:
        return self._hash
