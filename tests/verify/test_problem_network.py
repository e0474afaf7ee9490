"""From formulas to problems: copies of networks, and what enters them."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest
from compile_case import LINE, PLANE, TILT, functions
from engine_case import Dense, Tiny, dense

from extract.network import Network, Node
from theory import (
    Agent,
    Chooser,
    Feature,
    Term,
    forall,
    maximum,
    or_,
)
from theory.error import InputError
from theory.properties import cognition, rationality
from verify.problem import compile_goal
from verify.problem.compile import MissingRole
from verify.problem.goal import NEVER
from verify.problem.graph import NotRepresentable


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
