"""Incentives in influence diagrams: cases 1, 3, 4, 6 and 7."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from theory.causal.diagram import Diagram, chance, decision, utility
from theory.causal.graph import InfluenceGraph, influence_graph
from theory.causal.incentive import (
    instrumental_control,
    response_incentive,
    value_of_control,
    value_of_information,
)
from theory.causal.optimum import optimum

CONTENT_RECOMMENDER = influence_graph("O>I, O>M, M>P, P>I, P>C, I>C", "P", "C")
GRADE_PREDICTOR = influence_graph("R>HS, HS>E, HS>P, E>Gr, Gr>Ac, Ge>P, P>Ac", "P", "Ac")
WITHOUT_SCHOOL = influence_graph("R>HS, HS>E, E>Gr, Gr>Ac, Ge>P, P>Ac", "P", "Ac")

CRITERIA = {
    "VoI": value_of_information.admitted,
    "VoC": value_of_control.admitted,
    "RI": response_incentive.admitted,
    "ICI": instrumental_control.admitted,
}


def noisy_sign() -> Diagram:
    """A bet on a sign that is seen through noise; PyCID's get_quantitative_voi_cid."""
    return Diagram(
        chance("S", {-1: "1/2", 1: "1/2"}),
        chance("X", lambda S: {S: "4/5", -S: "1/5"}),
        decision("D", [-1, 0, 1], sees=["X"]),
        utility("U", lambda S, D: S * D),
    )


def matching(sees: list[str]) -> Diagram:
    """A bet on a sign; PyCID's get_3node_cid, whose utility is the product of S and D."""
    return Diagram(
        chance("S", {-1: "1/2", 1: "1/2"}),
        decision("D", [-1, 1], sees=sees),
        utility("U", lambda S, D: S * D),
    )


def admitted(graph: InfluenceGraph) -> Callable[[dict[str, Any]], None]:
    """Checks the nodes that admit each incentive that the case lists."""

    def check(case: dict[str, Any]) -> None:
        for kind, names in case["verdict"].items():
            assert sorted(CRITERIA[kind](graph)) == names

    return check


def quantities(case: dict[str, Any]) -> None:
    """Case 6."""
    verdict = case["verdict"]
    for name, value in verdict["qVoI"].items():
        assert value_of_information.value(noisy_sign(), name) == Fraction(str(value))
    assert optimum(noisy_sign()).value == Fraction(str(verdict["maxEU"]))


def control(case: dict[str, Any]) -> None:
    """Case 7; its "U=[D==S]" is PyCID's U = S*D: with 0 and 1 the answer 1 would be 1/2."""
    verdict = case["verdict"]
    assert optimum(matching(["S"])).value == verdict["maxEU"]
    assert value_of_control.value(matching(["S"]), "S") == verdict["qVoC_S"]
    assert value_of_control.value(matching([]), "S") == verdict["qVoC_S_without_S>D"]


CASES: dict[int, Callable[[dict[str, Any]], None]] = {
    1: admitted(CONTENT_RECOMMENDER),
    3: admitted(GRADE_PREDICTOR),
    4: admitted(WITHOUT_SCHOOL),
    6: quantities,
    7: control,
}
