"""Linear inequalities and equations: every answer carries its certificate."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from theory.error import InputError
from theory.linear import Refutation, Row, equal, refutes, satisfy, solve

F = Fraction
SMALL = st.integers(-3, 3).map(Fraction)


def test_a_point_is_found():
    point = satisfy([Row({"x": F(1)}, F(1), strict=True), Row({"x": F(-1)}, F(-2))])
    assert isinstance(point, dict)
    assert 1 < point["x"] <= 2


def test_the_boundary_belongs_to_weak_rows_only():
    at_least, at_most = Row({"x": F(1)}, F(1)), Row({"x": F(-1)}, F(-1))
    assert satisfy([at_least, at_most]) == {"x": F(1)}
    strictly = Row({"x": F(1)}, F(1), strict=True)
    found = satisfy([strictly, at_most])
    assert isinstance(found, Refutation)
    assert found.multipliers[0] == found.multipliers[1] > 0


def test_equalities_are_two_rows():
    assert satisfy(equal({"x": F(2)}, F(1))) == {"x": F(1, 2)}
    assert isinstance(satisfy([*equal({"x": F(2)}, F(1)), *equal({"x": F(1)}, F(1))]), Refutation)


@pytest.mark.parametrize(
    ("row", "possible"),
    [
        (Row({}, F(0)), True),
        (Row({}, F(0), strict=True), False),
        (Row({}, F(-1), strict=True), True),
        (Row({}, F(1)), False),
    ],
)
def test_rows_without_unknowns(row: Row, possible: bool):
    assert isinstance(satisfy([row]), dict) is possible


def test_nothing_asked_is_satisfied():
    assert satisfy([]) == {}


def test_what_does_not_refute():
    rows = [Row({"x": F(1)}, F(1)), Row({"x": F(-1)}, F(0))]
    assert refutes(Refutation((F(1), F(1))), rows)
    assert not refutes(Refutation((F(1), F(2))), rows)  # x does not cancel
    assert not refutes(Refutation((F(-1), F(-1))), rows)
    assert not refutes(Refutation((F(1),)), rows)
    assert not refutes(Refutation((F(0), F(0))), rows)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.lists(SMALL, min_size=2, max_size=2), SMALL, st.booleans()),
        min_size=1,
        max_size=6,
    )
)
def test_exactly_one_of_point_and_refutation_checks(table):
    rows = [
        Row(dict(zip("xy", coefficients, strict=True)), bound, strict)
        for coefficients, bound, strict in table
    ]
    found = satisfy(rows)
    if isinstance(found, Refutation):
        assert refutes(found, rows)
        grid = [F(a, 2) for a in range(-8, 9)]
        assert not any(
            all(row.holds_at({"x": x, "y": y}) for row in rows) for x in grid for y in grid
        )
    else:
        assert all(row.holds_at(found) for row in rows)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(SMALL, min_size=3, max_size=3), min_size=3, max_size=3))
def test_equations_are_solved_or_singular(matrix):
    rows = [dict(enumerate(row)) for row in matrix]
    right = [F(1), F(2), F(3)]
    (a, b, c), (d, e, f), (g, h, i) = matrix
    determinant = a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g)
    if determinant == 0:
        with pytest.raises(InputError, match="does not have exactly one solution"):
            solve(rows, right)
    else:
        x = solve(rows, right)
        for row, value in zip(matrix, right, strict=True):
            assert sum(p * q for p, q in zip(row, x, strict=True)) == value
