"""From formulas to problems: quantifiers, those of the search and those against it."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

import pytest
from compile_case import LINE, PLANE, SWITCHES, TILT, functions
from engine_case import Dense, Tiny, dense, interpretation

from theory import (
    Agent,
    Feature,
    Interpretation,
    Term,
    and_,
    eq,
    evaluate,
    exists,
    forall,
    iff,
    implies,
    or_,
    world,
)
from theory.term import real, truth
from verify.problem import compile_goal
from verify.problem.compile import LARGEST_EXPANSION
from verify.problem.goal import ALWAYS, NEVER, undecidable_parts
from verify.problem.problem import NOTHING


def test_a_choice_against_an_action_is_made_for_each_action_anew() -> None:
    """`exists a forall o p` fails where each action has its own counterexample."""
    o, a = LINE.observation("o"), LINE.action("a")
    formula = exists(a, forall(o, LINE.score(o, a) <= Fraction(1, 2)))
    problem = compile_goal(formula, functions(score=TILT), wanted=False)
    assert [v.name for v in problem.variables] == ["o.x", "o#2.x"]
    assert problem.reached([Fraction(1), Fraction(-1)])
    assert not problem.reached([Fraction(1), Fraction(1)])


def test_one_inner_formula_under_two_binders_has_two_choices() -> None:
    """The same inner quantifier, written once, stands for two where its outer variable differs."""
    o, p = LINE.observation("o"), LINE.observation("p")
    inner = exists(p, eq(p["x"], o["x"] + 1))
    low = exists(o, and_(o["x"] <= Fraction(-3, 4), inner))
    high = exists(o, and_(o["x"] >= Fraction(-1, 4), inner))
    problem = compile_goal(and_(low, high), {}, wanted=True)
    assert [v.name for v in problem.variables] == ["o.x", "p.x", "o#2.x", "p#2.x"]
    witness = [Fraction(-1), Fraction(0), Fraction(0), Fraction(1)]
    assert problem.reached(witness)


def test_alternatives_share_their_choice() -> None:
    o, a = LINE.observation("o"), LINE.action("a")
    formula = forall(a, forall(o, LINE.score(o, a) <= 2))
    problem = compile_goal(formula, functions(score=TILT), wanted=False)
    assert [v.name for v in problem.variables] == ["o.x"]


def test_finite_inner_quantifiers_are_expanded() -> None:
    """`forall o exists s`: for each position some setting of the switches does."""
    agent = Agent(observation=[Feature("x", 0, 1)], actions=["left", "right"])
    o, s = agent.observation("o"), SWITCHES.observation("s")
    total = s["a"] + s["b"]
    formula = forall(o, exists(s, and_(total - o["x"] <= 1, o["x"] - total < 0)))
    problem = compile_goal(formula, {}, wanted=False)
    assert [v.name for v in problem.variables] == ["o.x"]
    for x in (Fraction(0), Fraction(1, 2), Fraction(1)):
        meant = Interpretation(points={"o": [{"x": x}]})
        assert problem.reached([x]) == (not evaluate(formula, meant))


def test_the_same_name_bound_twice_is_two_variables() -> None:
    o = LINE.observation("o")
    never = forall(o, LINE.acts(o, "left"))
    formula = or_(never, forall(o, LINE.acts(o, "right")))
    problem = compile_goal(formula, functions(score=TILT), wanted=False)
    assert [v.name for v in problem.variables] == ["o.x", "o#2.x"]
    assert problem.reached([Fraction(-1), Fraction(1)])
    assert not problem.reached([Fraction(1), Fraction(1)])


def test_a_variable_that_is_bound_after_a_network_was_used() -> None:
    """The flat input grows while the graph is being built."""
    o, p = LINE.observation("o"), LINE.observation("p")
    both = and_(forall(o, LINE.acts(o, "left")), forall(p, LINE.score(p, "left") + p["x"] >= 0))
    mixed = forall(o, implies(LINE.acts(o, "left"), forall(p, LINE.acts(p, "left"))))
    for formula in (both, mixed):
        problem = compile_goal(formula, functions(score=TILT), wanted=False)
        for x, y in product((Fraction(-1), Fraction(0), Fraction(1, 2)), repeat=2):
            points = {"o": [{"x": x}], "p": [{"x": y}]}
            meant = interpretation(LINE, {"score": TILT}, points=points)
            assert problem.reached([x, y]) == (not evaluate(formula, meant))


def test_a_variable_bound_after_a_composition_of_networks() -> None:
    """Weights on the input and on other tensors are joined in one layer; only the input grows."""
    o, p = PLANE.observation("o"), PLANE.observation("p")
    value = dense(([[1, 2]], [0]))
    first = PLANE.value(o.with_(x=PLANE.value(o)))
    formula = and_(forall(o, first <= 9), forall(p, PLANE.value(p) <= 5))
    problem = compile_goal(formula, functions(value=value), wanted=False)
    assert problem.reached([Fraction(1), Fraction(2), Fraction(-1), Fraction(0)]) is False
    assert problem.reached([Fraction(1), Fraction(2), Fraction(1), Fraction(2)]) is False
    low = compile_goal(
        and_(forall(o, first <= 8), forall(p, PLANE.value(p) <= 5)),
        functions(value=value),
        wanted=False,
    )
    assert low.reached([Fraction(1), Fraction(2), Fraction(-1), Fraction(0)])


def test_an_inner_continuum_is_refused_with_a_reason() -> None:
    o, p = LINE.observation("o"), LINE.observation("p")
    problem = compile_goal(forall(o, exists(p, p["x"] > o["x"])), {}, wanted=False)
    assert undecidable_parts(problem.goal) == [
        "the inner quantifier over `p` ranges over a continuum"
    ]
    bounded = real("t", 0, 1)
    problem = compile_goal(forall(o, exists(bounded, bounded > o["x"])), {}, wanted=False)
    assert undecidable_parts(problem.goal) == [
        "the inner quantifier over `t` ranges over a continuum"
    ]


def test_an_inner_quantifier_over_too_many_points_is_refused_with_a_reason() -> None:
    wide = Agent(
        observation=[Feature(f"f{i}", flag=True) for i in range(13)], actions=["left", "right"]
    )
    o, p = LINE.observation("o"), wide.observation("p")
    assert LARGEST_EXPANSION < 2**13
    problem = compile_goal(forall(o, exists(p, eq(p["f0"], o["x"]))), {}, wanted=False)
    assert undecidable_parts(problem.goal) == ["an inner quantifier ranges over 8192 points"]


def test_the_side_of_a_quantifier_that_is_not_needed_is_not_built() -> None:
    """A universal over 2^20 observations, to be refuted, is one choice and not a million cases."""
    wide = Agent(
        observation=[Feature(f"f{i}", flag=True) for i in range(20)], actions=["left", "right"]
    )
    o = wide.observation("o")
    score = Tiny(20, (Dense(tuple((Fraction(1),) * 20 for _ in "ab"), (Fraction(0),) * 2),))
    problem = compile_goal(forall(o, wide.acts(o, "left")), functions(score=score), wanted=False)
    assert len(problem.variables) == 20
    assert undecidable_parts(problem.goal) == []


def test_both_sides_of_an_equivalence_are_built() -> None:
    o, s = LINE.observation("o"), SWITCHES.observation("s")
    some = exists(s, eq(s["a"] + s["b"], o["x"] * 2))
    formula = forall(o, iff(some, o["x"] >= 0))
    problem = compile_goal(formula, {}, wanted=False)
    for x in (Fraction(-1), Fraction(0), Fraction(1, 4), Fraction(1, 2), Fraction(1)):
        free = [x, Fraction(0), Fraction(0)], [x, Fraction(1), Fraction(0)], [x, *[Fraction(1)] * 2]
        meant = Interpretation(points={"o": [{"x": x}]})
        reached = any(problem.reached(point) for point in free)
        assert reached == (not evaluate(formula, meant))


@pytest.mark.parametrize(
    ("formula", "holds"),
    [
        (truth(True), True),
        (truth(False), False),
        (
            forall(LINE.action("a"), or_(*(eq(LINE.action("a"), m) for m in ("left", "right")))),
            True,
        ),
        (exists(LINE.action("a"), eq(LINE.action("a"), "left")), True),
        (forall(LINE.action("a"), eq(LINE.action("a"), "left")), False),
    ],
)
def test_a_formula_without_numbers_is_decided_at_once(formula: Term, holds: bool) -> None:
    problem = compile_goal(formula, {}, wanted=False)
    assert problem.goal == (NEVER if holds else ALWAYS)
    assert problem.variables == (NOTHING,)
    assert problem.reached([Fraction(0)]) is not holds


def test_cases_over_time_are_not_told_apart_by_numbers_that_no_float_is() -> None:
    """As constants they could not enter a network; as values of a variable they can."""
    third = Fraction(1, 3)
    agent = Agent(
        observation=[Feature("x", 0, 1), Feature("f", values=[0, third])], actions=["a", "b"]
    )
    idle = world(agent, lambda state, action: {"x": state["x"] / 2})
    s = idle.state("s")
    least = Fraction(1, 2) + third
    run = idle.trajectory(s, 1).always(lambda t: agent.score(idle.observe(t), "a") < least)
    network = dense(([[1, 1], [0, 0]], [0, 0])).network()
    problem = compile_goal(forall(s, run), {"score": network}, wanted=False)
    assert problem.reached([Fraction(1, 2), third])
    assert not problem.reached([Fraction(1, 2), Fraction(0)])
