"""The comparison with Storm, without Storm: the processes, the files, the judgement of floats."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from benchmarks import process_case
from benchmarks.process_case import Case
from benchmarks.storm import judged, write_drn
from theory.finite.engine import PLAIN
from verify.finite import FAST

SMALL = {
    "issue": process_case.issue_1061,
    "chain": lambda: process_case.haddad_monmege(10),
    "lake": lambda: process_case.lake(4, "4x4", Fraction(14, 17)),
    "cliff": process_case.cliff,
    "race": lambda: process_case.race(5),
    "retry": lambda: process_case.retry(5),
}


@pytest.mark.parametrize("name", SMALL)
def test_known_values_are_met_by_both_engines(name: str):
    case: Case = SMALL[name]()
    start = case.world.states[0]
    fast, plain = case.ask(FAST).value(start), case.ask(PLAIN).value(start)
    assert fast == plain
    assert case.known in (None, fast)


def test_large_known_values():
    assert process_case.haddad_monmege(300).ask(FAST).value("300") == Fraction(7, 10)
    assert process_case.lake(8, "8x8").ask(FAST).value("0") == 1


def test_taxi_on_average_over_its_starts():
    case = process_case.taxi()
    starts = [state for state in case.world.states if case.world.actions(state)]
    values = case.ask(FAST).values
    passengers = [s for s in starts if int(s) // 4 % 5 < 4 and int(s) // 4 % 5 != int(s) % 4]
    found = [values[state] for state in passengers]
    assert len(found) == 300
    assert sum(v for v in found if isinstance(v, Fraction)) / 300 == Fraction(793, 100)


def test_storm_reads_exact_fractions(tmp_path: Path):
    case = process_case.lake(4, "4x4")
    path = tmp_path / "lake.drn"
    write_drn(case.world, case.goal, path)
    lines = path.read_text().splitlines()
    assert lines[0] == "@type: MDP"
    assert "state 0 [0] init" in lines
    assert sum(line.endswith(" [0] goal") for line in lines) == 1
    assert "\t\t0 : 2/3" in lines
    assert case.formula == 'Pmax=? [F "goal"]'
    assert process_case.cliff().formula == 'R{"cost"}min=? [F "goal"]'


def test_floats_are_judged_by_what_is_promised():
    third = Fraction(1, 3)
    assert judged({"value": "0.33333334"}, third, 1) == "0.33333334"
    assert judged({"value": "0.3334"}, third, 1) == "0.3334 WRONG"
    assert judged({"value": "0.33333334"}, -third, -1) == "-0.33333334"
    assert judged({"problem": "over 60 s"}, third, 1) == "over 60 s"
