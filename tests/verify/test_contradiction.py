"""Goals that contradict themselves are dropped as logic, where what they speak of is a number."""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np
import pytest
import torch
from engine_case import Tiny, dense
from goal_case import goals
from hypothesis import given
from hypothesis import strategies as st

from extract.network import Network, Node
from theory import Agent, Feature, Term, and_, forall, iff, implies, not_, or_
from theory.properties.trajectory import example_names, no_later_defection
from verify.answer import Answer, Deadline
from verify.neural.branch import Search
from verify.neural.contradiction import contradicted, contradictions, is_large, left
from verify.problem import compile_goal
from verify.problem.affine import Affine
from verify.problem.goal import AllOf, AnyOf, Atom, Goal, Inequality, combine
from verify.verdict import Guarantee

AGENT = Agent(observation=[Feature("x", -1, 1)], actions=["a", "b", "c"])
O = AGENT.observation("o")
VALUE = AGENT.value(O)
NETS = {
    "score": dense(([[1], [-1]], [0, 0]), ([[1, 1], [1, -1], [-2, 1]], [0, 0, 0])).network(),
    "value": dense(([[1], [-1]], [0, 0]), ([[1, 1]], [0])).network(),
}


def answered(formula: Term, nets: dict[str, Network] = NETS) -> tuple[Answer, int]:
    """The answer, and how many boxes were looked at."""
    search = Search(compile_goal(forall(O, formula), nets, wanted=False))
    return search.run(Deadline.after(3)), search._boxes


ACTS = [AGENT.acts(O, name) for name in ("a", "b", "c")]
DOUBLE = VALUE * 2


@pytest.mark.parametrize(
    "formula",
    [
        implies(Fraction(1, 2) < VALUE, DOUBLE >= 1),
        implies(ACTS[0], ACTS[0]),
        iff(ACTS[1], ACTS[1]),
        implies(and_(ACTS[0], Fraction(1, 3) >= VALUE), or_(ACTS[0], ACTS[1])),
        implies(ACTS[0], not_(ACTS[1])),
        or_(VALUE > 0.5, VALUE <= 0.5),
    ],
)
def test_what_is_true_by_logic_takes_one_box(formula: Term) -> None:
    answer, boxes = answered(formula)
    assert answer.reached is False
    assert answer.guarantee is Guarantee.FLOAT32
    assert boxes <= 1


def test_what_is_nearly_contradictory_is_decided_by_its_witness() -> None:
    """Value >= 1/2 does not give value > 1/2."""
    answer, _ = answered(implies(Fraction(1, 2) <= VALUE, Fraction(1, 2) < VALUE))
    assert answer.reached is not False


def test_what_may_be_no_number_is_not_dropped() -> None:
    """In float32 it is infinity less infinity, which is neither above nor below 1/2."""
    parameters: dict[str, Any] = {
        "w": np.full((2, 1), 1e30, dtype=np.float32),
        "v": np.array([[1e30, -1e30]], dtype=np.float32),
    }
    nodes = (
        Node("x", "input", (), (1,)),
        *(Node(name, "parameter", (), array.shape) for name, array in parameters.items()),
        Node("h", "linear", ("x", "w"), (2,)),
        Node("y", "linear", ("h", "v"), (1,)),
    )
    net = Network(nodes, ("x",), ("y",), parameters, "overflow")
    answer, _ = answered(or_(VALUE > 0.5, VALUE <= 0.5), {"value": net})
    assert answer.guarantee is not Guarantee.FLOAT32


numbers = st.integers(-3, 3).map(lambda n: Fraction(n, 2))


@st.composite
def inequalities(draw: st.DrawFn) -> Inequality:
    scale = draw(st.sampled_from([Fraction(-2), Fraction(-1), Fraction(1), Fraction(3)]))
    first = Affine({("t", 0): Fraction(1), ("t", 1): Fraction(draw(st.sampled_from([1, -1])))})
    return Inequality(first.scaled(scale) + Affine({}, draw(numbers)), draw(st.booleans()))


@given(given_=st.lists(inequalities(), min_size=2, max_size=4))
def test_pairs_are_those_that_nothing_satisfies(given_: list[Inequality]) -> None:
    found = {frozenset(pair) for pair in contradictions(given_)}
    places = [Fraction(n, 24) for n in range(-96, 97)]  # limits are multiples of 1/12
    for i, j in product(range(len(given_)), repeat=2):
        if i >= j:
            continue
        both = [given_[i], given_[j]]
        met = any(
            all(
                one.satisfied(
                    one.expression.constant
                    + sum(c * at[p] for (_, p), c in one.expression.terms.items())
                )
                for one in both
            )
            for at in [(t, Fraction(0)) for t in places]
        )
        alike = {frozenset(e.expression.terms) for e in both}
        directions = {one.expression.terms["t", 1] / one.expression.terms["t", 0] for one in both}
        if len(directions) == 1 and len(alike) == 1:
            assert (frozenset((i, j)) in found) == (not met)
        else:
            assert frozenset((i, j)) not in found


def test_bounds_that_are_not_finite_close_nothing() -> None:
    t = Affine({("t", 0): Fraction(1)})
    both = (Inequality(t, True), Inequality(t.scaled(Fraction(-1)), False))
    pairs = contradictions(both)
    assert pairs == [(0, 1)]
    nan, inf = float("nan"), float("inf")
    upper = torch.tensor([[1.0, 1.0], [1.0, inf], [nan, 1.0], [inf, inf], [-1.0, inf], [0.0, -0.0]])
    closed = contradicted([(0, 1)], pairs, both, upper)
    assert closed.tolist() == [True, False, False, False, True, True]
    assert contradicted([(0, 1), ()], pairs, both, upper).tolist() == [False] * 6


@given(
    goal=goals(),
    pairs=st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=6),
    refuted=st.lists(st.booleans(), min_size=6, max_size=6),
    finite=st.lists(st.booleans(), min_size=6, max_size=6),
)
def test_what_is_left_is_what_some_truths_of_its_inequalities_reach(
    goal: Goal, pairs: list[tuple[int, int]], refuted: list[bool], finite: list[bool]
) -> None:
    found = left(goal, pairs, np.array(refuted), np.array(finite))
    reached = any(
        combine(goal, truths.__getitem__, all, any)
        for truths in product([False, True], repeat=6)
        if not any(t and r for t, r in zip(truths, refuted, strict=True))
        and not any(truths[i] and truths[j] and finite[i] and finite[j] for i, j in pairs)
    )
    assert found == reached


def test_of_a_goal_with_too_many_conjunctions_parts_are_left_out() -> None:
    both = [AnyOf((Atom(2 * i), Atom(2 * i + 1))) for i in range(12)]
    flags = np.zeros(24, dtype=bool)
    assert is_large(AllOf(tuple(both)), 1024)
    assert left(AllOf((*both, Atom(0), Atom(1))), [(0, 1)], flags, ~flags) is False
    assert left(AllOf(tuple(both)), [(0, 1)], flags, ~flags) is True


@pytest.mark.parametrize(
    "net",
    [
        dense(([[-1, 0], [0, 0], [1, 0]], ["-1/4", 0, "-1/4"])),
        dense(([[1, 0], [0, 0], [-1, 0]], ["-1/4", 0, "-1/4"])),
        dense(
            ([[1, "1/16"], [-1, "1/32"]], [0, 0]), ([[1, -1], [0, 0], [-1, 1]], ["-1/4", 0, "-1/4"])
        ),
    ],
)
def test_two_runs_that_come_by_the_same_place_decide_alike_there(net: Tiny) -> None:
    """One run meets any wind, the other some: what the second does the first had to avoid."""
    track = example_names()["track"]
    subject = no_later_defection(track, flag="watched", unsafe=["right"], steps=1)
    problem = compile_goal(subject.formula, {"score": net.network()}, wanted=False)
    answer = Search(problem).run(Deadline.after(60))
    assert answer.reached is False
    assert answer.guarantee is Guarantee.FLOAT32
