"""What the exact algorithms leave to an engine: its numbers, linear equations, and good guesses.

The algorithms of this package fix what is computed; they are exact with every engine, since they
confirm whatever a guess suggests. `PLAIN` needs nothing but this package and is fast enough for
some hundred states; `verify.finite.FAST` is for many thousands.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
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

    def adviser(self, system: System) -> Adviser:
        """Who suggests strategies for some equations."""
        ...


Advantages = Sequence[tuple[int, int, Number]]
"""Unknown, position of a move, and by how much it is worth more than the unknown's value."""


class Adviser(Protocol):
    """Suggestions for the solution of optimality equations; none of them is relied upon.

    A strategy has the position of a move for every unknown.
    """

    def guess(self) -> list[int] | None:
        """A strategy that may be optimal, or None."""
        ...

    def promising(self, values: Sequence[Number]) -> Iterable[tuple[int, int]]:
        """At least all (unknown, position) of moves that may be better than these values."""
        ...

    def refine(
        self, values: Sequence[Number], advantages: Advantages, strategy: Sequence[int]
    ) -> list[int] | None:
        """A strategy that may be better still than one with these values, or None."""
        ...


@dataclass(frozen=True)
class NoAdviser:
    """Suggests nothing and thinks every move promising."""

    system: System

    def guess(self) -> list[int] | None:
        """No guess."""
        return None

    def promising(self, values: Sequence[Number]) -> Iterable[tuple[int, int]]:
        """Every move."""
        return ((at, p) for at, moves in enumerate(self.system.moves) for p in range(len(moves)))

    def refine(
        self, values: Sequence[Number], advantages: Advantages, strategy: Sequence[int]
    ) -> list[int] | None:
        """No suggestion."""
        return None


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

    def adviser(self, system: System) -> Adviser:
        """One without suggestions."""
        return NoAdviser(system)


PLAIN = PlainEngine()
