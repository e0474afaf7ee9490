"""The one traversal: arguments first, each distinct subterm once, at any depth."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st
from strategy import agents, formulas

from theory import Term, and_, not_, real
from theory.fold import fold

X = real("x", 0, 1)


def test_each_distinct_subterm_is_visited_once_and_after_its_arguments():
    shared = X + 1
    order: list[Term] = []

    def step(node: Term, sizes: Sequence[int]) -> int:
        assert all(argument in order for argument in node.arguments)
        order.append(node)
        return 1 + sum(sizes)

    assert fold(shared * shared - shared, step) == 11
    assert len(order) == len(set(order)) == 5


def test_arguments_arrive_in_order():
    def step(node: Term, parts: Sequence[str]) -> str:
        return "".join(parts) or str(node)

    assert fold((X - 2) * (3 - X), step) == "x23x"


def test_a_subterm_that_is_not_entered_gets_nothing():
    formula = and_(not_(X < 1), X < 2)

    def step(node: Term, sizes: Sequence[int]) -> int:
        return 1 + sum(sizes)

    assert fold(formula, step, enter=lambda node: node.operator != "not") == 5
    assert fold(formula, step, enter=lambda node: False) == 1


def test_depth_is_no_obstacle(deep_sum: Term):
    assert fold(deep_sum, lambda node, parts: 1 + max(parts, default=0)) == 100_001


def test_sharing_costs_nothing():
    term = X
    for _ in range(200):
        term = term + term
    assert fold(term, lambda node, parts: sum(parts) or 1) == 2**200


@settings(max_examples=20)
@given(st.data())
def test_it_agrees_with_recursion(data):
    formula = data.draw(formulas(data.draw(agents())))

    def height(term: Term) -> int:
        return 1 + max((height(argument) for argument in term.arguments), default=0)

    assert fold(formula, lambda node, parts: 1 + max(parts, default=0)) == height(formula)
