"""The engine for many thousands of states: FLINT's rationals, sparse solvers, guesses in floats."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

from flint import fmpq

from theory.finite.engine import Adviser, Number
from theory.finite.system import System
from verify.finite.adviser import FloatAdviser
from verify.finite.linear import solve


class FastEngine:
    """See `theory.finite.engine.Engine`."""

    def number(self, value: Fraction) -> Number:
        """The rational as FLINT holds it."""
        return fmpq(value.numerator, value.denominator)

    def fraction(self, value: Number) -> Fraction:
        """FLINT's rational, which is in lowest terms, as a fraction."""
        return Fraction(int(value.p), int(value.q))

    def solve(
        self, rows: Sequence[Mapping[int, Number]], right: Sequence[Number]
    ) -> Sequence[Number]:
        """See `verify.finite.linear.solve`."""
        return solve(rows, right)

    def adviser(self, system: System) -> Adviser:
        """One that computes in floats."""
        return FloatAdviser(system)


FAST = FastEngine()
