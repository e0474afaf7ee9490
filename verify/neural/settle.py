"""Whether affine forms over the unit cube can all be positive: floats suggest, rationals settle.

HiGHS looks for the place where the least of the forms is largest. Its place, and the multipliers
that say why there is no better one, are checked in rationals. Where they do not check, because
everything hangs on a tie, the equations that they satisfy are solved exactly. Where these have no
solution, a small system goes to an exact simplex method, about those forms that matter.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from theory.linear import Refutation, Row, satisfy
from verify.neural.exact import solution
from verify.neural.piece import Form

ZERO, ONE = Fraction(0), Fraction(1)
NEAR = 1e-6
"""Forms that come so near to zero, in proportion, matter at first."""

NEGLIGIBLE = 1e-12
MOST_CELLS = 600
"""Of the exact simplex method's table; larger ones are not tried."""


@dataclass(frozen=True)
class Demand:
    """A form that has to be positive, or not negative where it is not strict.

    Attributes:
        form: over the cube.
        strict: whether zero is too little.
        lifted: whether it is to exceed zero by as much as it can.
    """

    form: Form
    strict: bool
    lifted: bool

    def met(self, place: Sequence[Fraction]) -> bool:
        """Whether a place of the cube meets it."""
        value = self.form.constant + sum(
            c * y for c, y in zip(self.form.coefficients, place, strict=True)
        )
        return value > 0 if self.strict else value >= 0


@dataclass(frozen=True)
class Settled:
    """What is known of some demands.

    Attributes:
        multipliers: of the demands, not negative, such that the sum of the forms times these is
            below zero on the cube, or nowhere above it with a strict one among those used; None
            where the demands can be met, or nothing is known.
        places: where to look for a place that meets them, the best first, in the cube.
        met: whether the last of the places meets them, exactly.
        height: what the least of the lifted forms reaches, in proportion, as floats have it.
    """

    multipliers: tuple[Fraction, ...] | None
    places: tuple[tuple[Fraction, ...], ...] = ()
    met: bool = False
    height: float = -1.0


def settle(demands: Sequence[Demand]) -> Settled:
    """Whether the demands can all be met."""
    found = _suggested(demands)
    if found is None:
        return _decided(demands, None, [0.0] * len(demands))
    rounded = tuple(Fraction(y) for y in found.place)
    for place, weights in ((rounded, found.weights), _vertex(demands, found)):
        if weights is not None and refutes(weights, demands):
            return Settled(weights, (rounded,), height=found.height)
        if place is not None and all(d.met(place) for d in demands):
            return Settled(None, (rounded, place), met=True, height=found.height)
    return replace(_decided(demands, rounded, found.slack), height=found.height)


def refutes(weights: Sequence[Fraction], demands: Sequence[Demand]) -> bool:
    """Whether multipliers prove that the demands cannot all be met."""
    if any(weight < 0 for weight in weights):
        return False
    used = [(w, d) for w, d in zip(weights, demands, strict=True) if w > 0]
    if not used:
        return False
    width = len(used[0][1].form.coefficients)
    total = Form(
        sum((w * d.form.constant for w, d in used), ZERO),
        tuple(sum((w * d.form.coefficients[at] for w, d in used), ZERO) for at in range(width)),
    )
    return total.most < 0 or (total.most == 0 and any(d.strict for _, d in used))


@dataclass(frozen=True)
class _Suggestion:
    """By floats.

    Attributes:
        place: where the least of the lifted forms is largest.
        height: what it is there, in proportion.
        weights: multipliers that say why.
        slack: how far the forms are from zero there, in proportion.
        price: multipliers of the forms in proportion.
    """

    place: list[float]
    height: float
    weights: tuple[Fraction, ...]
    slack: list[float]
    price: list[float]


def _suggested(demands: Sequence[Demand]) -> _Suggestion | None:
    """What HiGHS finds; None where it finds nothing."""
    import numpy as np
    from scipy import optimize

    sizes = [d.form.size or ONE for d in demands]
    slopes = np.array(
        [[float(c / s) for c in d.form.coefficients] for d, s in zip(demands, sizes, strict=True)]
    ).reshape(len(demands), -1)
    constants = np.array([float(d.form.constant / s) for d, s in zip(demands, sizes, strict=True)])
    lift = np.array([float(d.lifted) for d in demands])
    width = slopes.shape[1]
    linprog: Any = vars(optimize)["linprog"]  # without types
    found: Any = linprog(
        np.append(np.zeros(width), -1.0),
        A_ub=np.hstack([-slopes, lift[:, None]]),
        b_ub=constants,
        bounds=[(0, 1)] * width + [(-2, 2)],
        method="highs",
    )
    if not found.success:
        return None
    place = [min(max(float(y), 0.0), 1.0) for y in found.x[:-1]]
    price = [max(0.0, -float(m)) for m in found.ineqlin.marginals]
    weights = tuple(
        Fraction(m) / s if m > NEGLIGIBLE else ZERO for m, s in zip(price, sizes, strict=True)
    )
    slack = [float(v) for v in slopes @ found.x[:-1] + constants]
    return _Suggestion(place, float(found.x[-1]), weights, slack, price)


def _vertex(
    demands: Sequence[Demand], found: _Suggestion
) -> tuple[tuple[Fraction, ...] | None, tuple[Fraction, ...] | None]:
    """The place and the multipliers that the suggested ones stand for, exactly: solutions of the
    equations that say which forms decide, and which sides of the cube.
    """
    tight = [at for at, price in enumerate(found.price) if price > NEAR]
    inner = [at for at, y in enumerate(found.place) if NEAR < y < 1 - NEAR]
    fixed = [ZERO if y <= NEAR else ONE for y in found.place]
    forms = [demands[at].form for at in tight]
    lifts = [Fraction(int(demands[at].lifted)) for at in tight]
    rows = [
        [form.coefficients[y] for y in inner] + [-lift]
        for form, lift in zip(forms, lifts, strict=True)
    ]
    beside = [
        -form.constant
        - sum((c * fixed[y] for y, c in enumerate(form.coefficients) if y not in inner), ZERO)
        for form in forms
    ]
    place: tuple[Fraction, ...] | None = None
    solved = solution(rows, beside)
    if solved is not None:
        moved = dict(zip(inner, solved, strict=False))
        place = tuple(min(max(moved.get(y, fixed[y]), ZERO), ONE) for y in range(len(fixed)))
    weights: tuple[Fraction, ...] | None = None
    total = [ONE] * len(tight) if not any(lifts) else lifts
    columns = [[row[at] for row in rows] for at in range(len(inner))] + [total]
    shares = solution(columns, [ZERO] * len(inner) + [ONE])
    if shares is not None:
        known = dict(zip(tight, shares, strict=True))
        weights = tuple(known.get(at, ZERO) for at in range(len(demands)))
    return place, weights


def _decided(
    demands: Sequence[Demand], place: tuple[Fraction, ...] | None, slack: Sequence[float]
) -> Settled:
    """By the exact simplex method, first about the forms near zero, then about those missed."""
    width = len(demands[0].form.coefficients)
    places = () if place is None else (place,)
    chosen = [at for at, d in enumerate(demands) if d.lifted or slack[at] <= NEAR]
    while (len(chosen) + 2 * width) * 2 * (width + 1) <= MOST_CELLS:
        found = satisfy([*(_row(demands[at]) for at in chosen), *_cube(width)])
        if isinstance(found, Refutation):
            weights = [ZERO] * len(demands)
            for at, weight in zip(chosen, found.multipliers, strict=False):
                weights[at] = weight
            proved = refutes(weights, demands)
            return Settled(tuple(weights) if proved else None, places)
        exact = tuple(found.get(str(at), ZERO) for at in range(width))
        missed = [at for at, d in enumerate(demands) if not d.met(exact)]
        if not missed:
            return Settled(None, (*places, exact), met=True)
        chosen += missed
    return Settled(None, places)


def _row(demand: Demand) -> Row:
    terms = {str(at): c for at, c in enumerate(demand.form.coefficients) if c}
    return Row(terms, -demand.form.constant, demand.strict)


def _cube(width: int) -> list[Row]:
    lower = [Row({str(at): ONE}) for at in range(width)]
    return lower + [Row({str(at): -ONE}, -ONE) for at in range(width)]
