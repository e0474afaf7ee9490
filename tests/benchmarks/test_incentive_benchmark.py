"""The side-by-side run with PyCID: how answers are read, compared and printed."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from benchmarks.incentive import Line, lines, many, quantity, read
from theory.causal.incentive import value_of_information
from theory.causal.optimum import optimum

# As PyCID 0.8.2 gave it for get_quantitative_voi_cid, shortened.
RECORD: dict[str, Any] = {
    "name": "quantitative_voi_cid",
    "graph": {
        "edges": [["S", "X"], ["S", "U"], ["X", "D"], ["D", "U"]],
        "decisions": ["D"],
        "utilities": ["U"],
    },
    "questions": {
        "VoI": {"answer": ["S", "X"], "seconds": 0.0004},
        "VoC": {"answer": ["S", "U", "X"], "seconds": 0.003},
        "RI": {"answer": ["S", "X"], "seconds": 0.003},
        "ICI": {"answer": ["D", "U"], "seconds": 0.00003},
    },
    "tables": {
        "S": {"parents": [], "domain": [-1.0, 1.0], "columns": [[0.5, 0.5]]},
        "X": {
            "parents": ["S"],
            "domain": [-1.0, 1.0],
            "columns": [[0.8, 0.19999999999999996], [0.19999999999999996, 0.8]],
        },
        "D": {"parents": ["X"], "domain": [-1.0, 0.0, 1.0], "columns": [[1 / 3] * 3] * 2},
        "U": {
            "parents": ["D", "S"],
            "domain": [-1.0, 0.0, 1.0],
            "columns": [[0, 0, 1], [1, 0, 0], [0, 1, 0], [0, 1, 0], [1, 0, 0], [0, 0, 1]],
        },
    },
    "quantities": {
        "max EU": {"answer": 0.6000000000000001, "seconds": 0.09},
        "VoI X": {"answer": 0.6000000000000001, "seconds": 0.2},
        "VoC S": {"answer": 0.3999999999999999, "seconds": 0.3},
        "VoC U": {"error": "NetworkXPointlessConcept: ..."},
    },
}


def test_the_same_diagram_gets_the_same_answers():
    found = {line.question: line for line in lines(RECORD)}
    assert {q: line.agreement for q, line in found.items() if line.agreement != "same"} == {
        "VoC U": "only ours"
    }
    assert found["max EU"].ours == Fraction(3, 5)
    assert "only ours" in found["VoC U"].text()


def test_floats_are_read_as_what_they_stand_for():
    diagram = read(RECORD["tables"], ["D"], ["U"])
    assert diagram.table("X")[(Fraction(-1),)] == {-1: Fraction(4, 5), 1: Fraction(1, 5)}
    assert value_of_information.value(diagram, "S") == Fraction(2, 5)
    assert quantity(lambda: diagram, "VoC X") == Fraction(2, 5)


def test_a_different_answer_is_seen():
    assert Line("d", "max EU", 0.61, Fraction(3, 5), 0.1, 0.1).agreement == "DIFFERENT"
    assert Line("d", "VoI", ["S"], ["S", "X"], 0.1, 0.1).agreement == "DIFFERENT"
    assert Line("d", "VoI", None, None, None, 0.1).agreement == "neither"


def test_many_observations():
    """Twelve noisy copies: a majority of them decides, and 4,096 contexts are no obstacle."""
    assert optimum(many(3)).value == Fraction(27, 32)
    best = optimum(many(12)).choices["D"]
    assert len(best.worth) == 4096
    assert best.at((1,) * 7 + (0,) * 5) == (1,)
    assert best.at((1, 0) * 6) == (0, 1)
