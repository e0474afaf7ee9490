"""What the exact algorithms leave to an engine: its numbers, linear equations, and good guesses.

The algorithms of this package fix what is computed; they are exact with every engine, since they
confirm whatever a guess suggests. `PLAIN` needs nothing but this package and is fast enough for
some hundred states; `verify.finite.FAST` is for many thousands.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Protocol

from theory.linear import solve

if TYPE_CHECKING:
    from theory.finite.system import System

Number = Any
"""A rational of the engine's own type, with exact `+ - * /` and comparisons among its like."""


class Engine(Protocol):
    """The arithmetic behind the exact algorithms."""

    def number(self, value: Fraction) -> Number:
        """A rational as the engine's own number."""
        ...

    def fraction(self, value: Number) -> Fraction:
        """The engine's number as a rational."""
        ...

    def solve(
        self, rows: Sequence[Mapping[int, Number]], right: Sequence[Number]
    ) -> Sequence[Number]:
        """The exact solution of as many equations as unknowns, which is known to be unique.

        Args:
            rows: one equation each: coefficients by unknown; what is left out is zero.
            right: the right-hand sides.
        """
        ...

    def guess(self, system: System) -> Sequence[int] | None:
        """A strategy that may be optimal, as the position of a move for every unknown, or None."""
        ...


class PlainEngine:
    """Fractions and elimination."""

    def number(self, value: Fraction) -> Number:
        """The rational itself."""
        return value

    def fraction(self, value: Number) -> Fraction:
        """The rational itself."""
        return value

    def solve(
        self, rows: Sequence[Mapping[int, Number]], right: Sequence[Number]
    ) -> Sequence[Number]:
        """See `theory.linear.solve`."""
        return solve(rows, right)

    def guess(self, system: System) -> Sequence[int] | None:
        """No guess."""
        return None


PLAIN = PlainEngine()
