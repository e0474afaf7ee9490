"""Boxes with known signs are settled exactly: against Z3, and against the networks themselves."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import torch
import z3
from engine_case import Tiny, dense, draw_tiny
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn
from strategy import dyadics, pick
from test_branch import TRAPS, chain

from extract.network import Network
from extract.run import run_exact
from theory import Agent, Feature, Term, and_, eq, forall, implies, not_, or_
from verify.answer import Answer, Deadline
from verify.bind import BoundProperty
from verify.judge import judge
from verify.neural.branch import Search
from verify.neural.exact import solution
from verify.neural.piece import Form, piece
from verify.neural.settle import Demand, refutes, settle
from verify.problem import compile_goal
from verify.smt.solver import SmtSolver
from verify.solve import Engines
from verify.verdict import Guarantee, Reason, Verdict

LINE = Agent(observation=[Feature("x", 0, 1)], actions=["left", "right"])
O, P = LINE.observation("o"), LINE.observation("p")
VALUE = LINE.value(O)


@st.composite
def demands(draw: DrawFn) -> list[Demand]:
    """Up to six, with coefficients so small that ties are frequent; some of them tiny besides."""
    width = pick(draw, range(4))
    numbers = st.integers(-3, 3).map(lambda n: Fraction(n, 2))
    scale = pick(draw, (Fraction(1), Fraction(1, 3), Fraction(1, 10**9)))

    def form() -> Form:
        factor = pick(draw, (Fraction(1), scale))
        slopes = tuple(draw(numbers) * factor for _ in range(width))
        return Form(draw(numbers) * factor, slopes)

    wanted = [Demand(form(), draw(st.booleans()), True) for _ in range(pick(draw, range(1, 4)))]
    return wanted + [Demand(form(), False, False) for _ in range(pick(draw, range(4)))]


@given(given_=demands())
def test_demands_are_settled_as_by_z3(given_: list[Demand]) -> None:
    width = len(given_[0].form.coefficients)
    solver, unknowns = z3.Solver(), [z3.Real(f"y{at}") for at in range(width)]
    solver.add(*[z3.And(y >= 0, y <= 1) for y in unknowns])
    for one in given_:
        total: Any = z3.RealVal(str(one.form.constant))
        for c, y in zip(one.form.coefficients, unknowns, strict=True):
            total = total + z3.RealVal(str(c)) * y
        solver.add(total > 0 if one.strict else total >= 0)
    found = settle(given_)
    assert found.met == (solver.check() == z3.sat)
    assert found.met == (found.multipliers is None)
    if found.met:
        assert all(one.met(found.places[-1]) for one in given_)
        assert all(0 <= y <= 1 for y in found.places[-1])
    else:
        assert found.multipliers is not None
        assert refutes(found.multipliers, given_)


def test_multipliers_that_prove_nothing() -> None:
    rising = Demand(Form(Fraction(-1), (Fraction(1),)), True, True)  # y > 1
    weak = Demand(rising.form, False, True)
    assert refutes([Fraction(1)], [rising])
    assert not refutes([Fraction(1)], [weak])
    assert not refutes([Fraction(0)], [rising])
    assert not refutes([Fraction(-1)], [Demand(Form(Fraction(1), (Fraction(1),)), True, True)])
    assert settle([weak]).met
    assert settle([weak]).places[-1] == (1,)


@st.composite
def pieces(draw: DrawFn) -> tuple[Tiny, list[Fraction]]:
    tiny = draw_tiny(draw, 2, 1, bends=4)
    return tiny, [draw(dyadics(2, 2)) for _ in range(2)]


PLANE = Agent(observation=[Feature("x", -8, 8), Feature("y", -8, 8)], actions=["left", "right"])


@given(case=pieces(), shares=st.tuples(st.integers(0, 8), st.integers(0, 8)))
def test_a_piece_is_the_network_where_the_signs_are_those(
    case: tuple[Tiny, list[Fraction]], shares: tuple[int, int]
) -> None:
    tiny, corner = case
    o = PLANE.observation("o")
    problem = compile_goal(forall(o, PLANE.value(o) <= 1), {"value": tiny.network()}, wanted=False)
    if not problem.inequalities:
        return
    search = Search(problem)
    if not search._leaves.possible:
        return
    phases = search._main.graph.phases
    low = [float(c) for c in corner]
    high = [c + 0.25 for c in low]
    box = torch.tensor([low]), torch.tensor([high])
    state = search._main.sweep(*box, phases.nothing(1, "cpu"))
    known = phases.learned(phases.nothing(1, "cpu"), state.bounds)
    if bool((known == 0).any()):
        return
    signs = {name: known[0, at].sign().numpy() for name, at in phases.places.items()}
    none = {name: np.zeros_like(sign) for name, sign in signs.items()}
    found = piece(problem, low, high, signs, none)
    assert found is not None
    place = [Fraction(share, 8) for share in shares]
    at = found.point(place)
    assert at == tuple(c + y / 4 for c, y in zip(corner, place, strict=True))
    outputs = run_exact(problem.network, at)
    for inequality, form in zip(problem.inequalities, found.inequalities, strict=True):
        value = inequality.expression.constant + sum(
            c * outputs[position]  # pyright: ignore[reportOperatorIssue]
            for position, c in problem.flat_terms(inequality.expression).items()
        )
        assert value == form.constant + sum(
            c * y for c, y in zip(form.coefficients, place, strict=True)
        )


def rising(seed: int, hidden: int) -> Tiny:
    """One input, one output, and only positive weights."""
    rng = np.random.default_rng(seed)

    def floats(*shape: int) -> list[Any]:
        return [[Fraction(float(v)) for v in row] for row in rng.random(shape, np.float32)]

    biases = [row[0] - Fraction(3, 4) for row in floats(hidden, 1)]
    return dense((floats(hidden, 1), biases), (floats(1, hidden), [Fraction(0)]))


def searched(formula: Term, network: Network, seconds: float = 10.0) -> Answer:
    problem = compile_goal(formula, {"value": network}, wanted=False)
    return Search(problem).run(Deadline.after(seconds))


GROWS = forall(O, P, implies(O["x"] <= P["x"], LINE.value(P) >= VALUE))


def test_a_tie_along_a_diagonal_is_settled() -> None:
    """Two copies of the network give the same where their inputs are the same."""
    answer = searched(GROWS, rising(1, 10).network())
    assert answer.reached is False
    assert answer.guarantee is Guarantee.REAL


def test_what_does_not_grow_has_a_witness() -> None:
    tiny = rising(1, 6)
    first, second = tiny.layers[0], tiny.layers[-1]
    falling = dense(
        (first.weights, first.biases),  # pyright: ignore
        ([[-Fraction(1, 2**12), *second.weights[0][1:]]], [Fraction(0)]),  # pyright: ignore
    )
    answer = searched(GROWS, falling.network())
    exact = [falling([x])[0] for x in (Fraction(k, 64) for k in range(65))]
    assert answer.reached is (exact != sorted(exact))


TENT = dense(([[1], [1]], [0, -Fraction(1, 2)]), ([[Fraction(2, 1), -4]], [0]))
"""2x up to 1/2, then 2 - 2x: 1 at the most."""


@pytest.mark.parametrize("margin", [Fraction(1, 10**9), Fraction(0), Fraction(1, 2**40)])
def test_margins_are_honoured_exactly(margin: Fraction) -> None:
    above = searched(forall(O, 1 + margin >= VALUE), TENT.network())
    assert above.reached is False
    below = searched(forall(O, 1 - margin > VALUE), TENT.network())
    assert below.reached is True
    assert below.point is not None
    assert TENT(below.point)[0] >= 1 - margin


THIRD = dense(([[1], [1]], [0, -Fraction(1, 4)]), ([[3, -Fraction(5, 1)]], [0]))
"""Its two pieces are 3x, up to 1/4, and 5/4 - 2x."""


def test_a_conjunction_that_only_a_number_beyond_floats_satisfies() -> None:
    """5/4 - 2x = 7/12 at 1/3, which no float is."""
    claim = forall(O, implies(O["x"] >= Fraction(1, 4), not_(eq(VALUE, Fraction(7, 12)))))
    answer = searched(claim, THIRD.network())
    assert answer.reached is True
    assert answer.point == (Fraction(1, 3),)


@pytest.fixture
def engines() -> Iterator[Engines]:
    with SmtSolver() as smt:
        yield Engines(smt)


def test_such_a_number_is_no_violation_of_the_deployed_network(engines: Engines) -> None:
    claim = forall(O, implies(O["x"] >= Fraction(1, 4), not_(eq(VALUE, Fraction(7, 12)))))
    bound = BoundProperty(claim.named("never"), {"value": THIRD.network()})
    result = judge(bound, engines, 10.0)
    assert result.verdict is Verdict.UNKNOWN
    assert result.reason is Reason.REPLAY_FAILED


def test_goals_of_too_many_conjunctions_have_no_leaves() -> None:
    """Weakened until nothing is left of them, they say nothing of a box."""
    steps = [Fraction(i, 10**5) for i in range(40)]
    middle, gap = Fraction(1, 2), Fraction(1, 10**9)
    above = and_(*(VALUE - O["x"] * step <= middle + 2 * gap for step in steps))
    below = and_(*(VALUE + step >= middle + gap for step in steps))
    network = dense(([[1]], [1]), ([[1]], [-1])).network()
    problem = compile_goal(forall(O, or_(above, below)), {"value": network}, wanted=False)
    search = Search(problem)
    assert not search._leaves.possible
    assert search.run(Deadline.after(1)).reached is not True


@pytest.mark.parametrize("name", TRAPS)
def test_the_trap_with_a_tie_gets_no_guarantee_for_float32(name: str) -> None:
    """Net(x) <= x is true of the exact weights, everywhere with equality."""
    close = and_(O["x"] >= VALUE, O["x"] <= VALUE)
    answer = searched(forall(O, close), TRAPS[name], 3.0)
    assert answer.reached is not True
    assert answer.guarantee is not Guarantee.FLOAT32


def test_a_leaf_that_overflows_in_float32_has_no_guarantee_for_it() -> None:
    network = chain(("mul", 1e30), ("relu", None), ("mul", 1e30), ("mul", 1e-30), ("mul", 1e-30))
    answer = searched(forall(O, and_(VALUE <= 2, VALUE >= -1)), network, 3.0)
    assert answer.reached is not True
    assert answer.guarantee is not Guarantee.FLOAT32


@given(data=st.data())
def test_equations_are_solved_where_they_can_be(data: st.DataObject) -> None:
    rows, columns = data.draw(st.integers(1, 4)), data.draw(st.integers(1, 4))
    small = st.integers(-2, 2).map(lambda n: Fraction(n, 3))
    table = [[data.draw(small) for _ in range(columns)] for _ in range(rows)]
    right = [data.draw(small) for _ in range(rows)]
    found = solution(table, right)
    solver, unknowns = z3.Solver(), [z3.Real(f"x{at}") for at in range(columns)]
    for row, side in zip(table, right, strict=True):
        total: Any = z3.RealVal(0)
        for c, x in zip(row, unknowns, strict=True):
            total = total + z3.RealVal(str(c)) * x
        solver.add(total == z3.RealVal(str(side)))
    assert (found is not None) == (solver.check() == z3.sat)
    for row, side in zip(table, right, strict=True) if found else ():
        assert sum(c * x for c, x in zip(row, found or (), strict=True)) == side


@st.composite
def long_demands(draw: DrawFn) -> list[Demand]:
    """With coefficients of hundreds of digits, that all meet in one point: decided by a tie."""
    width = pick(draw, range(1, 7))
    place = [Fraction(pick(draw, range(1, 8)), 8) for _ in range(width)]
    long = st.integers(-(2**200), 2**200).map(lambda n: Fraction(n, 2**200))
    made: list[Demand] = []
    for _ in range(pick(draw, range(1, width + 4))):
        slopes = tuple(draw(long) for _ in range(width))
        constant = -sum(c * y for c, y in zip(slopes, place, strict=True))
        made.append(Demand(Form(Fraction(constant), slopes), draw(st.booleans()), True))
    return made


@given(given_=long_demands())
def test_long_numbers_are_settled_exactly(given_: list[Demand]) -> None:
    found = settle(given_)
    if not any(one.strict for one in given_):
        assert found.multipliers is None  # they meet where all are zero
    if found.multipliers is not None:
        assert refutes(found.multipliers, given_)
    if found.met:
        assert all(one.met(found.places[-1]) for one in given_)
