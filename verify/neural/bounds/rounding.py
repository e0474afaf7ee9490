"""A priori bounds on rounding errors, for the engine's own arithmetic and for the deployed network.

Standard model (Higham, Accuracy and Stability of Numerical Algorithms, 2002, sections 2.2, 3.1): a
sum of n products, in any order and with or without fused multiply-add, is off by at most
gamma(n) * sum |a_i b_i|, gamma(n) = n u / (1 - n u), plus an absolute term where results underflow
(flushing to zero included).

Assumed: IEEE arithmetic, rounding to nearest; elementary functions (tanh, exp, ...) within
FUNCTION_ULPS units in the last place; variances in two passes, in one, or by updates
(`verify.neural.bounds.variance`); no algorithm that recombines weights (Winograd, Strassen).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

FUNCTION_ULPS = 8
SAFETY = 1.02
"""Covers the rounding of sums of up to 10^5 non-negative error terms, themselves in float32."""

LARGEST_SUM = 100_000


@dataclass(frozen=True)
class Rounding:
    """Unit round-off and smallest normal number of a float format."""

    unit: float
    tiny: float

    def gamma(self, terms: int) -> float:
        """Relative error of a sum of this many products."""
        product = (terms + 2) * self.unit
        if terms > LARGEST_SUM or product > 0.01:
            raise OverflowError(f"a sum of {terms} terms is too long for the error analysis")
        return product / (1 - product)

    def underflow(self, terms: int) -> float:
        """Absolute error of a sum of this many products that underflow, for factors below 2^24."""
        return (terms + 2) * self.tiny * 2.0**24


SINGLE = Rounding(2.0**-24, 2.0**-126)
DOUBLE = Rounding(2.0**-53, 2.0**-1022)


def of(dtype: torch.dtype) -> Rounding:
    """The format of a torch dtype."""
    return {torch.float32: SINGLE, torch.float64: DOUBLE}[dtype]
