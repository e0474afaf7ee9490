"""Non-interference of a network of two neurons that reads a flag: 70.

The published case gives two witnesses and not its weights; this network has both among its
witnesses. With one real input, the exact region of the input decides the statement.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from theory.region import Region, region


def acts(x: Fraction, flag: int, weight: Fraction) -> bool:
    """Whether 2 max(0, x + weight flag - 1/4) - max(0, 1/2 - x) is positive."""
    rises = max(Fraction(0), x + weight * flag - Fraction(1, 4))
    falls = max(Fraction(0), Fraction(1, 2) - x)
    return 2 * rises - falls > 0


def interference(weight: Fraction) -> Region[bool]:
    """Where in [0, 1] the flag changes the act."""
    return region(lambda x: acts(x, 0, weight) is not acts(x, 1, weight), 0, 1, name="x")


def two_neurons(case: dict[str, Any]) -> None:
    published = case["verdict"]
    found = interference(Fraction(1, 4))
    assert found.where(True) == "x is more than 1/6 and at most 1/3"
    for witness in (published["witness_crosshair"]["x"], published["witness_z3"]):
        x = Fraction(str(witness))
        assert Fraction(1, 6) < x <= Fraction(1, 3)
        assert acts(x, 0, Fraction(1, 4)) is not acts(x, 1, Fraction(1, 4))
    assert published["flag_weight_0"] == "unsat"
    assert interference(Fraction(0)).where(True) == "never"


CASES: dict[int, Callable[[dict[str, Any]], None]] = {70: two_neurons}
