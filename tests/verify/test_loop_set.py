"""Sets of states that are no boxes: octagons, level sets, starts under linear conditions."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from itertools import product
from typing import Any

import pytest
from engine_case import Dense, Largest, Tiny, dense
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn
from strategy import dyadics, pick

from extract.network import Network
from theory import (
    Agent,
    Feature,
    Interpretation,
    Term,
    World,
    and_,
    eq,
    evaluate,
    forall,
    iff,
    implies,
    not_,
    or_,
    world,
)
from theory.trajectory import Condition
from verify.bind import BoundProperty
from verify.judge import judge
from verify.loop.cell import FREE, Cell
from verify.loop.fact import facts, follows
from verify.loop.question import cut_by
from verify.loop.valuation import Valuation
from verify.problem.affine import Affine, entry
from verify.smt.solver import SmtSolver
from verify.solve import Engines
from verify.verdict import Result, Verdict

F = Fraction
HOLDS, VIOLATED = Verdict.HOLDS, Verdict.VIOLATED
GO = dense(([[0, 0]], [0]))


def judged(formula: Term, timeout_s: float = 600.0, **networks: Network) -> Result:
    with SmtSolver() as smt:
        bound = BoundProperty(formula.named("claim"), {"score": GO.network(), **networks})
        return judge(bound, Engines(smt), timeout_s)


def spiral(shrink: Fraction, turn: tuple[Fraction, Fraction] = (F(3, 5), F(4, 5))) -> World:
    """A turn by an angle of these cosine and sine that shrinks the plane."""
    agent = Agent(observation=[Feature("x", -0.5, 0.5), Feature("y", -0.5, 0.5)], actions=["go"])
    cosine, sine = (part * shrink for part in turn)

    def step(s: Term, action: str) -> Mapping[str, Any]:
        return {"x": s["x"] * cosine - s["y"] * sine, "y": s["x"] * sine + s["y"] * cosine}

    return world(agent, step, name="spiral")


def within(limit: Fraction) -> Condition:
    return lambda s: and_(abs(s["x"]) <= limit, abs(s["y"]) <= limit)


def always(there: World, condition: Condition, invariant: Condition | None = None) -> Term:
    s = there.state("s")
    return forall(s, there.trajectory(s).always(condition, invariant=invariant))


def test_an_octagon_is_invariant_where_no_box_is():
    result = judged(always(spiral(F(4, 5)), within(F(3, 4))))
    assert result.verdict is HOLDS
    assert result.engine == "loop: invariant an octagon that was grown"
    # A corner of the square of starts comes to 14/25 after one step.
    assert judged(always(spiral(F(4, 5)), within(F(14, 25)))).verdict is HOLDS
    assert judged(always(spiral(F(4, 5)), within(F(559, 1000)))).verdict is VIOLATED


NARROW = (F(399, 401), F(40, 401))
"""A turn by an angle so small that no few steps show that nothing gets out."""

QUARTER = [(F(1), F(0)), (F(12, 13), F(5, 13)), (F(5, 7), F(5, 7)), (F(5, 13), F(12, 13))]
RAYS = [
    turned
    for x, y in QUARTER
    for turned in ((x, y), (-y, x), (-x, -y), (y, -x))
]  # fmt: skip


def height(sign: int) -> Network:
    """The largest of sixteen linear functions, times a sign: its level sets are polygons."""
    layers = (Dense(tuple(RAYS), (F(0),) * 16), Largest(), Dense(((F(sign),),), (F(0),)))
    return Tiny(2, layers).network("height")


def test_a_level_set_of_the_evaluator_is_invariant_where_no_octagon_is():
    there = spiral(F(193, 200), NARROW)
    result = judged(always(there, within(F(9, 10))), value=height(1))
    assert result.verdict is HOLDS
    assert "invariant value at most" in result.engine


def test_a_given_level_is_checked():
    there = spiral(F(193, 200), NARROW)
    value = there.agent.value
    good = always(there, within(F(9, 10)), lambda s: value(there.observe(s)) >= -F(4, 5))
    result = judged(good, value=height(-1))
    assert result.verdict is HOLDS
    assert "the given formula" in result.engine
    low = always(there, within(F(1, 4)), lambda s: value(there.observe(s)) >= -F(4, 5))
    assert judged(low, value=height(-1)).verdict is VIOLATED
    assert "the given" not in judged(good, 2.0, value=height(1)).engine


# Starts in a triangle.


def walk(strength: Fraction) -> World:
    agent = Agent(observation=[Feature("x", 0, 1), Feature("y", 0, 1)], actions=["go"])
    return world(
        agent,
        lambda s, action: {"x": s["x"] + s["y"] * strength, "y": s["y"] * F(3, 4)},
        name="walk",
    )


@pytest.mark.parametrize("steps", [1, 3])
def test_starts_under_a_linear_condition(steps: int):
    there = walk(F(1))
    s = there.state("s")
    triangle = s["x"] + s["y"] <= 1
    reach = sum((F(3, 4) ** k for k in range(steps)), F(0))  # of y, by which x can grow

    def claim(limit: Fraction) -> Term:
        run = there.trajectory(s, steps)
        return forall(s, implies(triangle, run.always(lambda t: t["x"] <= limit)))

    most = max(F(1), reach)
    assert judged(claim(most)).verdict is HOLDS  # with equality at the corner
    assert judged(claim(most - F(1, 10**6))).verdict is VIOLATED


@pytest.mark.parametrize("join", [or_, lambda a, b: implies(not_(a), b)])
def test_starts_under_alternatives(join: Any):
    there = walk(F(0))
    s = there.state("s")
    low = join(s["x"] <= F(1, 8), s["x"] <= F(1, 4))
    run = there.trajectory(s, 2)
    stays = forall(s, implies(low, run.always(lambda t: t["x"] <= F(1, 4))))
    assert judged(stays).verdict is HOLDS
    leaves = forall(s, implies(low, run.always(lambda t: t["x"] <= F(1, 5))))
    assert judged(leaves).verdict is VIOLATED


# Cutting, facts and what follows from them, against points.

PLANE = Agent(observation=[Feature("x", -1, 1), Feature("y", -1, 1)], actions=["go"])
S = PLANE.observation("s")
ENVIRONMENT: dict[str, Any] = {"s": {"x": entry(FREE, 0), "y": entry(FREE, 1)}}
GRID = [F(k, 4) for k in range(-4, 5)]


@st.composite
def formulas(draw: DrawFn, depth: int = 2) -> Term:
    if depth == 0 or pick(draw, (False, False, True)):
        side = S["x"] * draw(dyadics(2, 1)) + S["y"] * draw(dyadics(2, 1)) + draw(dyadics(2, 2))
        return pick(draw, (side <= 0, side < 0, eq(side, 0)))
    first, second = draw(formulas(depth - 1)), draw(formulas(depth - 1))
    return pick(draw, (and_, or_, implies, iff, lambda a, b: not_(a)))(first, second)


def true(formula: Term, point: tuple[Fraction, ...]) -> bool:
    return evaluate(formula, Interpretation({}, {"s": dict(zip("xy", point, strict=True))}))


def at(number: Affine, point: tuple[Fraction, ...]) -> Fraction:
    return sum((c * point[i] for (_, i), c in number.terms.items()), number.constant)


@settings(max_examples=150)
@given(formulas(), formulas())
def test_no_point_is_lost_and_nothing_follows_that_is_false(given_: Term, asked: Term):
    cell = Cell((F(-1), F(-1)), (F(1), F(1)))
    here = Valuation(cell, ENVIRONMENT)
    kept, known = cut_by(here, given_), facts(here, given_)
    implied = follows(here, asked, known)
    for point in product(GRID, repeat=2):
        if not true(given_, point):
            continue
        assert kept is not None
        assert all(a <= x <= b for a, x, b in zip(kept.lower, point, kept.upper, strict=True))
        assert all(at(one, point) >= 0 for one in known)
        if implied is True:
            assert true(asked, point)
    if isinstance(implied, tuple):
        assert len(implied) == 2
        assert all(at(one, implied) >= 0 for one in known)
        assert all(-1 <= x <= 1 for x in implied)
