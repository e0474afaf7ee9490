"""From formulas to problems: a goal is reached exactly where the formula is false."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from compile_case import LINE, PLANE, SWITCHES, TILT, functions
from engine_case import Tiny, dense, draw_tiny, interpretation
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn
from strategy import agents, formulas, pick

from theory import (
    Agent,
    Term,
    and_,
    eq,
    evaluate,
    forall,
    implies,
    not_,
    or_,
)
from verify.answer import Deadline
from verify.neural.branch import Search
from verify.problem import Problem, compile_goal
from verify.problem.goal import NEVER, AllOf, AnyOf, Atom, combine, undecidable_parts
from verify.replay import values_at


def points_of(problem: Problem, values: list[Fraction]) -> dict[str, list[Any]]:
    """The point for the reference semantics; a name that is bound twice has several."""
    listed: dict[str, list[Any]] = {}
    for owner, components in values_at(problem.variables, values).items():
        name = owner.split("#")[0]
        alone = list(components) == ["value"]
        listed.setdefault(name, []).append(components["value"] if alone else components)
    return listed


def somewhere(problem: Problem, choices: Sequence[int]) -> list[Fraction]:
    """A point of the box: ends and sixteenths of ranges, any of a finite set."""
    values: list[Fraction] = []
    for v, choice in zip(problem.variables, choices, strict=False):
        if v.values is not None:
            values.append(v.values[choice % len(v.values)])
        else:
            values.append(v.lower + (v.upper - v.lower) * Fraction(choice, 16))
    return values


@st.composite
def cases(draw: DrawFn) -> tuple[Agent, dict[str, Tiny], Term, list[int]]:
    """An agent, its networks, a formula, and numbers that choose a point."""
    agent = draw(agents(max_features=3))
    tinies = {
        "score": draw_tiny(draw, len(agent.features), len(agent.actions), bends=4),
        "value": draw_tiny(draw, len(agent.features), 1, bends=3),
    }
    return agent, tinies, draw(formulas(agent, depth=2)), [pick(draw, range(17)) for _ in range(6)]


@settings(max_examples=150)
@given(cases())
def test_a_goal_is_reached_exactly_where_the_formula_is_false(
    case: tuple[Agent, dict[str, Tiny], Term, list[int]],
) -> None:
    agent, tinies, formula, choices = case
    for wanted in (False, True):
        problem = compile_goal(formula, functions(**tinies), wanted=wanted)
        if problem.empty or undecidable_parts(problem.goal):
            continue
        values = somewhere(problem, choices)
        meant = interpretation(agent, tinies, points=points_of(problem, values))
        assert problem.reached(values) == (evaluate(formula, meant) == wanted)


@st.composite
def conditional_cases(
    draw: DrawFn,
) -> tuple[Agent, Tiny, Term, list[Fraction]]:
    """A claim under bounds on single features, and a point anywhere in the agent's box."""
    agent = draw(agents(max_features=2))
    bounds = [feature_bound(draw, agent) for _ in range(pick(draw, (1, 2)))]
    score = draw_tiny(draw, len(agent.features), len(agent.actions), bends=2)
    o = agent.observation("o")
    formula = forall(o, implies(and_(*bounds), agent.acts(o, agent.actions[0])))
    values = [
        f.values[pick(draw, range(len(f.values)))]
        if f.values is not None
        else f.lower + (f.upper - f.lower) * Fraction(pick(draw, range(17)), 16)
        for f in agent.features
    ]
    return agent, score, formula, values


@settings(max_examples=60)
@given(conditional_cases())
def test_narrowing_leaves_every_violation_in_the_box(
    case: tuple[Agent, Tiny, Term, list[Fraction]],
) -> None:
    """A point at which the formula is false lies in the box, whatever was cut away."""
    agent, score, formula, values = case
    problem = compile_goal(formula, functions(score=score), wanted=False)
    named = dict(zip((f.name for f in agent.features), values, strict=True))
    meant = interpretation(agent, {"score": score}, points={"o": [named]})
    if not evaluate(formula, meant):
        assert not problem.empty
        assert problem.inside(values)
        assert problem.reached(values)


def feature_bound(draw: DrawFn, agent: Agent) -> Term:
    feature = pick(draw, agent.features)
    x, limit = agent.observation("o")[feature.name], Fraction(pick(draw, range(-16, 17)), 8)
    scaled = pick(draw, (x, 2 * x, -x, x - Fraction(1, 2)))
    return pick(draw, (scaled >= limit, scaled <= limit, scaled < limit, eq(x, limit)))


def test_an_empty_box_is_never_reached() -> None:
    o = LINE.observation("o")
    formula = forall(o, not_(and_(o["x"] >= 0.5, o["x"] <= 0.25, LINE.acts(o, "left"))))
    problem = compile_goal(formula, functions(score=TILT), wanted=False)
    assert problem.empty
    assert problem.goal == NEVER
    assert not problem.reached([Fraction(1, 2)])
    s = SWITCHES.observation("s")
    finite = compile_goal(forall(s, not_(eq(s["a"], 0.5))), {}, wanted=False)
    assert finite.empty
    assert Search(finite).run(Deadline.after(1)).reached is False


def test_ranges_are_cut_by_what_every_violation_needs() -> None:
    o = PLANE.observation("o")
    condition = and_(o["x"] >= 0.5, 2 * o["y"] < 3, PLANE.acts(o, "left"))
    score = dense(([[1, 0], [0, 1]], [0, 0]))
    problem = compile_goal(forall(o, not_(condition)), functions(score=score), wanted=False)
    x, y = problem.variables
    assert (x.lower, x.upper) == (Fraction(1, 2), 1)
    assert (y.lower, y.upper) == (0, Fraction(3, 2))
    assert not problem.reached([Fraction(1), Fraction(3, 2)])


def test_a_reached_goal_of_a_disjunction_cuts_nothing() -> None:
    o = LINE.observation("o")
    formula = forall(o, not_(or_(o["x"] >= 0.5, o["x"] <= -0.5)))
    (x,) = compile_goal(formula, {}, wanted=False).variables
    assert (x.lower, x.upper) == (-1, 1)


def test_combine_evaluates_shared_parts_once() -> None:
    seen: list[int] = []

    def atom(index: int) -> bool:
        seen.append(index)
        return index > 0

    shared = AllOf((Atom(0), Atom(1)))
    goal = AnyOf((shared, AllOf((shared, Atom(1)))))
    assert combine(goal, atom, all, any) is False
    assert sorted(seen)[:1] == [0]


def test_deep_formulas_do_not_exhaust_the_stack() -> None:
    o = LINE.observation("o")
    formula = o["x"] >= 0
    for _ in range(3000):
        formula = not_(formula)
    problem = compile_goal(forall(o, formula), {}, wanted=False)
    assert problem.reached([Fraction(-1)])
    assert not problem.reached([Fraction(1)])
