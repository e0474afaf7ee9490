"""Several decisions of one agent: backward where recall suffices, by enumeration where not."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from itertools import product
from typing import Any

import pytest
from diagram_case import BITS, PROBABILITIES, table
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from theory.causal.diagram import Diagram, chance, decision, utility
from theory.causal.graph import influence_graph
from theory.causal.optimum import best_policy, optimum, rules
from theory.causal.recall import forgotten, need_recall, solving_order
from theory.error import InputError


@st.composite
def two_decisions(draw: st.DrawFn) -> Diagram:
    """A, D1, B, D2 in this order, each following some of those before; two utilities."""

    def pick(pool: list[Any]) -> Any:
        return draw(st.sampled_from(pool))

    def some(names: list[str]) -> list[str]:
        return [name for name in names if draw(st.booleans())]

    def row() -> dict[int, Fraction]:
        zero = pick(PROBABILITIES)
        return {0: zero, 1: 1 - zero}

    gain: Callable[[], int] = lambda: pick([-2, -1, 0, 1, 2])  # noqa: E731
    above = some(["A", "D1"])
    wants = [some(["A", "D1", "B"]), [*some(["A", "B", "D1"]), "D2"]]
    return Diagram(
        chance("A", row()),
        decision("D1", BITS, some(["A"])),
        chance("B", table(above, row) if above else row(), above, BITS),
        decision("D2", BITS, some(["A", "D1", "B"])[:2]),
        *(
            utility(f"U{i}", table(names, gain) if names else {gain(): 1}, names)
            for i, names in enumerate(wants)
        ),
    )


@given(diagram=two_decisions())
@settings(max_examples=25, deadline=None)
def test_the_best_policy_is_the_best_of_all_joint_policies(diagram: Diagram):
    policies = product(rules(diagram, "D1"), rules(diagram, "D2"))
    best = max(diagram.expected_utility({"D1": a, "D2": b}) for a, b in policies)
    value, policy = best_policy(diagram)
    assert value == best == diagram.expected_utility(policy)


@given(diagram=two_decisions())
@settings(max_examples=40, deadline=None)
def test_backward_induction_lists_only_what_is_optimal(diagram: Diagram):
    assume(solving_order(diagram.structure, "agent") is not None)
    best = optimum(diagram)
    for policy in list(best.policies())[:64]:
        assert diagram.expected_utility(policy) == best.value


def test_the_order_of_solving():
    recall = influence_graph("S>D1, D1>X, X>D2, D1>D2, X>U, D2>U", ["D1", "D2"], "U")
    assert solving_order(recall, "agent") == ("D2", "D1")
    blind = influence_graph("D1>U, D2>U", ["D1", "D2"], "U")
    assert forgotten(blind, "D1") == "D2"
    assert solving_order(blind, "agent") is None
    with pytest.raises(InputError, match="forgets what matters"):
        need_recall(blind)
    apart = influence_graph("D1>U, D2>V", {"a": ["D1"], "b": ["D2"]}, {"a": ["U"], "b": ["V"]})
    need_recall(apart)


def test_too_many_rules_are_refused():
    seen = [f"X{i}" for i in range(5)]
    other = [f"Y{i}" for i in range(5)]
    diagram = Diagram(
        *(chance(x, {0: "1/2", 1: "1/2"}) for x in [*seen, *other]),
        decision("D1", BITS, seen),
        decision("D2", BITS, other),
        utility("U", lambda D1, D2: D1 * D2),
    )
    with pytest.raises(InputError, match="there are 4294967296 rules to try"):
        best_policy(diagram)
