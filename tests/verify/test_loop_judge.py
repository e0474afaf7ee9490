"""Properties of trajectories, decided: against the reference semantics on random loops."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import product
from typing import Any

import pytest
from engine_case import Tiny, draw_tiny, interpretation
from hypothesis import event, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn
from loop_case import Loop, condition, loops, temporal
from strategy import pick

from theory import (
    Term,
    evaluate,
    forall,
    implies,
)
from verify.bind import BoundProperty
from verify.judge import judge
from verify.smt.solver import SmtSolver
from verify.solve import Engines
from verify.verdict import Verdict

F = Fraction


@pytest.fixture(scope="module")
def engines() -> Iterator[Engines]:
    with SmtSolver() as smt:
        yield Engines(smt)


def bound(formula: Term, **tinies: Tiny) -> BoundProperty:
    return BoundProperty(formula.named("claim"), {n: t.network() for n, t in tinies.items()})


@st.composite
def cases(draw: DrawFn, *, wide: bool) -> tuple[Loop, Tiny, Term]:
    """A loop, a network for its agent, and a closed temporal formula."""
    loop = draw(loops(wide=wide))
    count = len(loop.world.agent.features)
    tiny = draw_tiny(draw, count, 2, bends=3)
    o = loop.world.state("o")
    formula = temporal(draw, loop, o, pick(draw, (2, 1, 3)))
    if pick(draw, (False, True)):
        formula = implies(condition(draw, loop, acting=False)(o), formula)
    return loop, tiny, forall(o, formula)


@settings(max_examples=60)
@given(cases(wide=False))
def test_finite_loops_are_decided_as_the_semantics_says(case: tuple[Loop, Tiny, Term]):
    loop, tiny, formula = case
    truth = evaluate(formula, interpretation(loop.world.agent, {"score": tiny}))
    with SmtSolver() as smt:
        result = judge(bound(formula, score=tiny), Engines(smt), 20.0)
    event(result.verdict.value)
    if truth:
        assert result.verdict in (Verdict.HOLDS, Verdict.VACUOUS), result.detail
    else:
        assert result.verdict is Verdict.VIOLATED, result.detail
        assert all(result.replays.values())


@settings(max_examples=60)
@given(cases(wide=True))
def test_what_holds_on_ranges_holds_at_every_point_of_a_grid(case: tuple[Loop, Tiny, Term]):
    loop, tiny, formula = case
    with SmtSolver() as smt:
        result = judge(bound(formula, score=tiny), Engines(smt), 1.0)
    event(result.verdict.value)
    grid = [
        list(f.values) if f.values is not None else [F(k, 8) for k in range(-8, 9)]
        for f in loop.world.agent.features
    ]
    names = [f.name for f in loop.world.agent.features]
    points: list[Any] = [dict(zip(names, values, strict=True)) for values in product(*grid)]
    meant = interpretation(loop.world.agent, {"score": tiny}, points={"o": points})
    if result.verdict in (Verdict.HOLDS, Verdict.VACUOUS):
        assert evaluate(formula, meant) is True
    if result.verdict is Verdict.VIOLATED:
        assert all(result.replays.values())
