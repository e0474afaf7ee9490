"""From formulas to problems: a goal is reached exactly where the formula is false."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np
import pytest
from engine_case import Dense, Tiny, dense, draw_tiny, interpretation
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn
from strategy import agents, formulas, pick

from extract.network import Network, Node
from theory import (
    Agent,
    Chooser,
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
    maximum,
    not_,
    or_,
)
from theory.error import InputError
from theory.properties import cognition, rationality
from theory.term import real, truth
from verify.answer import Deadline
from verify.neural.branch import Search
from verify.problem import Problem, compile_goal
from verify.problem.compile import LARGEST_EXPANSION, MissingRole
from verify.problem.goal import ALWAYS, NEVER, AllOf, AnyOf, Atom, combine, undecidable_parts
from verify.problem.graph import NotRepresentable
from verify.problem.problem import NOTHING
from verify.replay import values_at

LINE = Agent(observation=[Feature("x", -1, 1)], actions=["left", "right"])
PLANE = Agent(observation=[Feature("x", -1, 1), Feature("y", 0, 2)], actions=["left", "right"])
SWITCHES = Agent(
    observation=[Feature("a", flag=True), Feature("b", flag=True)], actions=["left", "right"]
)
TILT = dense(([[1], [-1]], [0, 0]))
"""Scores x and -x."""


def functions(**tinies: Tiny) -> dict[str, Network]:
    return {name: tiny.network(name) for name, tiny in tinies.items()}


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


# Quantifiers.


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


# Networks.


def test_copies_that_differ_in_an_unread_input_are_one() -> None:
    """The evaluator's first weight is zero, so that changing it changes nothing: HOLDS at once."""
    for tiny in (dense(([[0, 1]], [1])), dense(([[0, 1], [0, -2]], [1, 0]), ([[1, 1]], [0]))):
        subject = cognition.evaluator_ignores(PLANE, feature="x")
        problem = compile_goal(subject.formula, functions(value=tiny), wanted=False)
        assert problem.goal == NEVER
        assert problem.inequalities == ()


def test_copies_that_differ_in_an_input_that_is_read_are_two() -> None:
    tiny = dense(([[0, 1], [Fraction(1, 1024), -2]], [1, 0]), ([[1, 1]], [0]))
    subject = cognition.evaluator_ignores(PLANE, feature="x")
    problem = compile_goal(subject.formula, functions(value=tiny), wanted=False)
    assert sum(node.op == "relu" for node in problem.network.nodes) == 2


def test_an_input_that_is_read_around_the_first_layer_is_read() -> None:
    """A residual connection reads what the weights beside it do not."""
    from engine_case import Bend, Residual

    zero, keep = Fraction(0), Fraction(1)
    inner = (Dense(((zero, keep), (zero, keep)), (zero, zero)), Bend("relu"))
    tiny = Tiny(2, (Residual(inner), Dense(((keep, zero),), (zero,))))
    subject = cognition.evaluator_ignores(PLANE, feature="x")
    problem = compile_goal(subject.formula, functions(value=tiny), wanted=False)
    assert problem.goal != NEVER
    point = [Fraction(0), Fraction(1), Fraction(1)]
    assert problem.reached(point)


def test_the_same_application_twice_is_one_copy() -> None:
    o = LINE.observation("o")
    formula = forall(o, or_(LINE.acts(o, "left"), LINE.score(o, "right") > o["x"] - 3))
    problem = compile_goal(formula, functions(score=TILT), wanted=False)
    assert (
        sum(node.op == "linear" and node.name in problem.deployed for node in problem.network.nodes)
        == 1
    )


def test_an_output_that_depends_on_no_input_is_constant() -> None:
    nodes = (
        Node("x", "input", (), (1,)),
        Node("c", "parameter", (), (2,)),
        Node("y", "relu", ("x",), (1,)),
    )
    held = {"c": np.array([0.5, -0.25], dtype=np.float32)}
    network = Network(nodes, ("x",), ("c", "y"), held, "constant")
    agent = Agent(observation=[Feature("x", -1, 1)], actions=["a", "b", "c"])
    o = agent.observation("o")
    holds = compile_goal(forall(o, agent.score(o, "a") >= 0.5), {"score": network}, wanted=False)
    assert holds.goal == NEVER
    mixed = forall(o, agent.score(o, "a") + agent.score(o, "c") <= 1)
    problem = compile_goal(mixed, {"score": network}, wanted=False)
    assert problem.reached([Fraction(1)])
    assert not problem.reached([Fraction(1, 2)])


def test_three_copies_of_a_comparison_of_options() -> None:
    chooser = Chooser(option=[Feature("price", 0, 1)])
    network = functions(preference=dense(([[1, -1]], [0])))
    subject = rationality.transitive(chooser)
    problem = compile_goal(subject.formula, network, wanted=False)
    copies = [n for n in problem.network.nodes if n.name in problem.deployed]
    assert len(copies) == 3
    assert not problem.reached([Fraction(1), Fraction(1, 2), Fraction(0)])


def test_a_constant_that_no_float_holds_does_not_enter_a_network() -> None:
    o = LINE.observation("o")
    formula = forall(o, LINE.acts(o.with_(x="0.1"), "left"))
    with pytest.raises(NotRepresentable, match="1/10 is not exactly a float64"):
        compile_goal(formula, functions(score=TILT), wanted=False)


def test_a_missing_part_is_named() -> None:
    o = LINE.observation("o")
    with pytest.raises(MissingRole, match="no part for `value`"):
        compile_goal(forall(o, LINE.value(o) > 0), functions(score=TILT), wanted=False)


def test_a_part_of_the_wrong_size_is_refused() -> None:
    o = PLANE.observation("o")
    with pytest.raises(InputError, match="`score` is used with 2 inputs and 2 outputs"):
        compile_goal(forall(o, PLANE.acts(o, "left")), functions(score=TILT), wanted=False)


@pytest.mark.parametrize(
    ("change", "rounds"),
    [
        (lambda o: o, False),
        (lambda o: o.with_(x=0.5), False),
        (lambda o: o.with_(x=-o["x"]), False),
        (lambda o: o.with_(x=PLANE.value(o)), False),
        (lambda o: o.with_(x=0.1), True),
        (lambda o: o.with_(x=3 * o["x"]), True),
        (lambda o: o.with_(x=o["x"] + o["y"]), True),
        (lambda o: o.with_(x=abs(3 * o["x"])), True),
        (lambda o: o.with_(x=maximum(o["x"] / 4 * 3, o["y"])), True),
    ],
)
def test_what_is_not_a_float32_is_rounded_on_its_way_into_a_network(
    change: Callable[[Term], Term], rounds: bool
) -> None:
    o = PLANE.observation("o")
    formula = forall(o, PLANE.value(change(o)) > 0)
    problem = compile_goal(formula, functions(value=dense(([[1, 1]], [0]))), wanted=False)
    assert bool(problem.casts) is rounds


@pytest.mark.parametrize(
    ("feature", "rounds"),
    [
        (Feature("x", 0, "0.1"), False),
        (Feature("x", flag=True), False),
        (Feature("x", values=[0.5, 0.25]), False),
        (Feature("x", values=[0.1, 0.5]), True),
        (Feature("x", values=["1/3"]), True),
        (Feature("x", 0.1, 0.1), True),
        (Feature("x", 0.5, 0.5), False),
    ],
)
def test_features_that_take_other_numbers_than_float32_are_rounded(
    feature: Feature, rounds: bool
) -> None:
    agent = Agent(observation=[feature], actions=["left", "right"])
    o = agent.observation("o")
    problem = compile_goal(forall(o, agent.acts(o, "left")), functions(score=TILT), wanted=False)
    assert bool(problem.casts) is rounds


def test_a_vector_that_is_one_formula_entry_is_rounded_too() -> None:
    o = LINE.observation("o")
    formula = forall(o, LINE.acts(o.with_(x=abs(3 * o["x"])), "left"))
    problem = compile_goal(formula, functions(score=TILT), wanted=False)
    assert problem.casts


# Goals.


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
