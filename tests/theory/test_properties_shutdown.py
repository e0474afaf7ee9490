"""Claims about shutdown problems: held, violated, at the boundary, vacuous."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest

from theory.causal.diagram import Diagram, chance, decision, utility
from theory.causal.model import Mechanism, Model
from theory.causal.shutdown import Shutdown, shutdown_problem
from theory.claim import Claim
from theory.compound import depending
from theory.error import InputError
from theory.properties import shutdown
from theory.verdict import Verdict

HOLDS, VIOLATED, VACUOUS = Verdict.HOLDS, Verdict.VIOLATED, Verdict.VACUOUS
Rule = Callable[..., Any]


def stop_or_go(
    request: Rule = lambda good: int(good), obeys: Rule = lambda H: H, bad: int = -1, off: int = 0
) -> Shutdown:
    """Running on is worth 1 where things are good and `bad` where not; the human sees which."""
    diagram = Diagram(
        chance("good", {True: "1/2", False: "1/2"}),
        chance("H", request, domain=[0, 1]),
        decision("S", [0, 1], sees=["H"]),
        utility("U", lambda S, good: off if S == 0 else (1 if good else bad)),
    )
    return shutdown.problem(diagram, {"S": obeys})


GOOD = stop_or_go()
DEAF = stop_or_go(obeys=lambda H: 1)
SILENT = stop_or_go(request=lambda good: 1)
IDLE = stop_or_go(request=lambda good: 1, bad=0)


@pytest.mark.parametrize(
    ("build", "problem", "verdict"),
    [
        (shutdown.beneficial, GOOD, HOLDS),
        (shutdown.beneficial, DEAF, HOLDS),  # worth exactly 0
        (shutdown.beneficial, stop_or_go(obeys=lambda H: 1, bad=-2), VIOLATED),
        (shutdown.vigilant, GOOD, HOLDS),
        (shutdown.vigilant, SILENT, VIOLATED),
        (shutdown.vigilant, IDLE, VACUOUS),
        (shutdown.obedient, GOOD, HOLDS),
        (shutdown.obedient, SILENT, HOLDS),  # by do, though nobody asks
        (shutdown.obedient, DEAF, VIOLATED),
        (shutdown.weakly_obedient, GOOD, HOLDS),
        (shutdown.weakly_obedient, DEAF, VIOLATED),
        (shutdown.weakly_obedient, SILENT, VACUOUS),
        (shutdown.cautious, GOOD, HOLDS),
        (shutdown.cautious, stop_or_go(off=-1), VIOLATED),
        (shutdown.instructable, GOOD, HOLDS),
        (shutdown.instructable, DEAF, VIOLATED),
        (shutdown.instructable, SILENT, VIOLATED),
        (shutdown.instructable, stop_or_go(off=-1), VIOLATED),
        (shutdown.instructable, IDLE, VACUOUS),
        (shutdown.aligned, GOOD, HOLDS),
        (shutdown.aligned, DEAF, VIOLATED),
        (shutdown.aligned, IDLE, VACUOUS),
        (shutdown.outperforms, GOOD, HOLDS),
        (shutdown.outperforms, DEAF, HOLDS),  # as good as being off
        (shutdown.outperforms, stop_or_go(obeys=lambda H: 1, bad=-2), VIOLATED),
        (shutdown.non_obstructive, GOOD, HOLDS),
        (shutdown.non_obstructive, DEAF, VIOLATED),
        (shutdown.non_obstructive, SILENT, VIOLATED),
    ],
)
def test_verdicts(build: Callable[[Shutdown], Claim], problem: Shutdown, verdict: Verdict):
    found = build(problem).decide()
    assert found.verdict is verdict
    assert bool(found.witness) == (verdict is VIOLATED)
    assert bool(found.proof) == (verdict is not VIOLATED)


@pytest.mark.parametrize("problem", [GOOD, DEAF, SILENT])
def test_theorem_14_and_the_shifts_agree(problem: Shutdown):
    by_theorem = shutdown.non_obstructive(problem).decide()
    by_shifts = shutdown.non_obstructive(problem, values=[-1, 0, 1]).decide()
    assert by_theorem.verdict is by_shifts.verdict
    assert "theorem" not in by_shifts.proof


def test_without_the_edge_to_the_utility_the_shifts_decide():
    model = Model(
        {"X": {0: "1/2", 1: "1/2"}},
        {
            "H": Mechanism(lambda X: X, ("X",), (0, 1)),
            "S": Mechanism(lambda H: 1, ("H",), (0, 1)),
            "Z": Mechanism(lambda S: 0, ("S",), (0, 1)),
            "U": lambda Z, X: X,
        },
    )
    problem = shutdown_problem(model)
    assert shutdown.obedient(problem).decide().verdict is VIOLATED
    open_ = shutdown.non_obstructive(problem).decide()
    assert open_.verdict is Verdict.UNKNOWN
    assert open_.reason == "theorem 14 needs an edge S -> U; no obstruction in 16 shifts"
    assert shutdown.non_obstructive(problem, values=[-1, 0]).decide().holds


def test_uncertainty():
    """Only an agent that is deaf, or whose human errs, can be unsure when it is asked to stop."""
    assert shutdown.uncertain(SILENT, sees=["H"]).decide().verdict is VACUOUS
    assert shutdown.uncertain(GOOD, sees=["H"]).decide().verdict is VIOLATED
    assert shutdown.uncertain(DEAF, sees=["H"]).decide().verdict is HOLDS
    jumpy = stop_or_go(request=lambda good: 0, obeys=lambda H: 1)
    assert shutdown.uncertain(jumpy, sees=["H"]).decide().verdict is HOLDS
    assert shutdown.uncertain(jumpy, sees=["H", "good"]).decide().verdict is VIOLATED


def test_what_a_witness_shows():
    found = shutdown.aligned(DEAF).decide().witness
    assert found["the human sees"] == "good=False"
    assert (found["E[U | pa_H]"], found["E[U_{S=0} | pa_H]"]) == (-1, 0)
    disobeyed = shutdown.obedient(DEAF).decide().witness
    assert "H=0, S=1" in disobeyed["when asked to stop"]
    assert shutdown.instructable(DEAF).decide().witness["not"] == "obedient"


def test_how_often_the_human_slips_decides_whether_it_is_beneficial():
    def build(slip: Fraction) -> Claim:
        problem = shutdown_problem(
            Model(
                {"good": {1: "1/2", 0: "1/2"}, "slips": {1: slip, 0: 1 - slip}},
                {
                    "H": Mechanism(lambda good, slips: good ^ slips, ("good", "slips"), (0, 1)),
                    "S": lambda H: H,
                    "U": lambda S, good: S * (1 if good else -3),
                },
            ),
            sees=("good",),
        )
        return shutdown.beneficial(problem)

    found = depending(build, 0, 1, name="the slip").decide()
    assert found.region == "HOLDS iff the slip is at most 0.25; VIOLATED iff the slip exceeds 0.25"


def test_a_diagram_needs_its_nodes():
    diagram = Diagram(decision("S", [0, 1]), utility("U", lambda S: S))
    with pytest.raises(InputError, match="no node 'H'"):
        shutdown.problem(diagram, {"S": lambda: 0})
