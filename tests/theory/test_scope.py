"""Free variables."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from strategy import agents, formulas, matrices

from theory import Term, and_, exists, forall, implies, real
from theory.scope import free, free_variables

X, Y = real("x", 0, 1), real("y", 0, 1)


def test_a_quantifier_binds_by_name():
    assert free_variables(X + Y) == {"x", "y"}
    assert free_variables(forall(X, X + Y < 1)) == {"y"}
    assert free_variables(forall(X, exists(Y, X + Y < 1))) == frozenset()
    assert free_variables(and_(X < 1, forall(X, X < 1))) == {"x"}
    assert free(implies(X < 1, Y < 1)) == {X, Y}


def test_depth_is_no_obstacle(deep_formula: Term):
    assert free_variables(deep_formula) == {"x", "y"}


@settings(max_examples=20)
@given(st.data())
def test_random_formulas_are_closed_and_their_matrices_are_not_more_than_open(data):
    agent = data.draw(agents())
    assert free_variables(data.draw(formulas(agent))) == frozenset()
    o = agent.observation("o")
    assert free_variables(data.draw(matrices(agent, [o]))) <= {"o"}
