"""Terms too deep for recursion, made once."""

from __future__ import annotations

import pytest

from theory import Term, not_, or_, real

DEPTH = 100_000


@pytest.fixture(scope="session")
def deep_sum() -> Term:
    """1 - (1 - (... - x)), with the variable x free."""
    total = real("x", 0, 1)
    for _ in range(DEPTH):
        total = 1 - total
    return total


@pytest.fixture(scope="session")
def deep_formula() -> Term:
    """not (... not (x < 0) or y < 0 ...) or y < 0: what x < 0 says, where y is not negative."""
    formula, other = real("x", 0, 1) < 0, real("y", 0, 1) < 0
    for _ in range(DEPTH // 2):
        formula = or_(not_(formula), other)
    return formula
