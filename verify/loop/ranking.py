"""Linear ranking functions, guessed from steps that were seen; a proof comes later."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from torch import Tensor

from theory.term import Term

MOST = 2000
DIGITS = 64
"""Coefficients are rounded to fractions with this denominator."""


def linear_ranking(before: Tensor, after: Tensor, names: Sequence[str], state: Term) -> Term | None:
    """A linear function of the state that falls by a little more than 1 on all steps seen, and was
    at least 1 on all of them; None where there is none.

    Args:
        before, after: states (N, n) and those after one step.
        names: of the features.
        state: the variable.
    """
    # Loading it takes as long as many a proof, and few proofs need a ranking.
    import scipy.optimize

    if not len(before):
        return None
    a, b = before[:MOST].numpy(), after[:MOST].numpy()
    count = len(names)
    # Variables: positive and negative parts of the coefficients, their offset.
    falls = np.hstack([-(a - b), a - b, np.zeros((len(a), 2))])
    stays = np.hstack([-a, a, -np.ones((len(a), 1)), np.ones((len(a), 1))])
    found: Any = scipy.optimize.linprog(  # pyright: ignore[reportUnknownMemberType]
        np.ones(2 * count + 2),
        A_ub=np.vstack([falls, stays]),
        b_ub=np.concatenate([np.full(len(a), -1.1), np.full(len(a), -1.0)]),
        method="highs",
    )
    if found.x is None:
        return None
    numbers = [Fraction(float(x)).limit_denominator(DIGITS) for x in found.x]
    parts = [p - q for p, q in zip(numbers[:count], numbers[count : 2 * count], strict=True)]
    rank: Term | None = None
    for name, factor in zip(names, parts, strict=True):
        if factor:
            term = state[name] * factor
            rank = term if rank is None else rank + term
    return None if rank is None else rank + (numbers[-2] - numbers[-1])
