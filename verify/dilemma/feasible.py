"""Whether polynomial conditions can be met in a box: asked of Z3, exactly."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache
from typing import Any

import z3

from theory.partition import Box, Condition

LIMIT_MS = 20_000
RESOURCES = 200_000_000
"""Z3's own count of what it may spend on one question: the same answers on every machine."""


def feasible(box: Box, conditions: Sequence[Condition]) -> bool:
    """Whether some point of the box satisfies all conditions; True where Z3 cannot tell."""
    numbers = {name: z3.Real(name) for name in box}
    solver = z3.SolverFor("QF_NRA")
    solver.set("timeout", LIMIT_MS)
    solver.set("rlimit", RESOURCES)
    for name, (low, high) in box.items():
        solver.add(numbers[name] >= rational(low), numbers[name] <= rational(high))
    for condition in conditions:
        solver.add(_formula(condition))
    return solver.check() != z3.unsat


@lru_cache(maxsize=4096)
def _formula(condition: Condition) -> Any:
    names = map(str, condition.polynomial.ring.symbols)
    value = polynomial(condition.polynomial, {name: z3.Real(name) for name in names})
    ways = {1: value > 0, 0: value == 0, -1: value < 0}
    return z3.Or([ways[sign] for sign in sorted(condition.signs)])


def polynomial(element: Any, numbers: dict[str, Any]) -> Any:
    """An element of a sympy ring as a term of Z3."""
    names = [str(symbol) for symbol in element.ring.symbols]
    total: Any = z3.RealVal(0)
    for powers, coefficient in element.terms():
        product: Any = rational(Fraction(int(coefficient.numerator), int(coefficient.denominator)))
        for name, power in zip(names, powers, strict=True):
            for _ in range(power):
                product = product * numbers[name]
        total = total + product
    return total


def rational(value: Fraction) -> Any:
    """An exact number as a term of Z3."""
    return z3.Q(value.numerator, value.denominator)
