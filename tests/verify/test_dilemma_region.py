"""Regions of several parameters: known boundaries, and what the same code says at each point."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from theory.decision.dilemma import LIBRARY
from theory.decision.theory import THEORIES
from theory.error import InputError
from theory.partition import Partition, partition
from theory.region import region
from verify.dilemma.feasible import feasible
from verify.dilemma.study import study
from verify.verdict import EngineFault

UNIT = (Fraction(0), Fraction(1))


def regions(name: str, theory: str, **box: tuple[object, object]) -> Partition[str]:
    ends = {n: (Fraction(str(a)), Fraction(str(b))) for n, (a, b) in box.items()}
    return partition(lambda v: str(THEORIES[theory](LIBRARY[name].problem(**v))), ends, feasible)


@pytest.mark.parametrize(
    ("name", "theory", "box", "answer", "where"),
    [
        ("newcomb", "FDT", {"accuracy": (0, 1)}, "one", "accuracy > 0.5005"),
        ("newcomb", "FDT", {"accuracy": (0, 1)}, "one or two", "accuracy = 0.5005"),
        ("newcomb", "CDT", {"accuracy": (0, 1)}, "two", "always"),
        ("newcomb", "CDT", {"accuracy": (0, 1)}, "one", "never"),
        (
            "newcomb",
            "EDT",
            {"accuracy": (0, 1), "small": (0, 2_000_000)},
            "one",
            "accuracy > (small + 1000000)/2000000",
        ),
        (
            "mechanical blackmail",
            "FDT",
            {"noise": (0, 1), "price": (-2000, 0)},
            "refuse",
            "noise < -price/1000000",
        ),
        (
            "psychopath button",
            "CDT",
            {"sign": (0, 1)},
            "leave",
            "sign ≥ 1/11 and sign ≤ 10/11",
        ),
        (
            "psychopath button",
            "FDT",
            {"sign": (0, 1), "relief": (0, 20)},
            "press",
            "sign < relief/(relief + 100)",
        ),
    ],
)
def test_the_boundary_is_the_formula_that_it_should_be(name, theory, box, answer, where):
    assert regions(name, theory, **box).where(answer) == where


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.tuples(*(st.integers(-2, 2) for _ in range(4))), min_size=1, max_size=3),
    st.lists(st.tuples(st.integers(0, 8), st.integers(0, 8)), min_size=6, max_size=6),
)
def test_a_random_decision_gives_everywhere_what_its_region_says(rows, points):
    """Bilinear comparisons, nested in the way that code nests them."""

    def decide(values: Mapping[str, Fraction]) -> int:
        p, q = values["p"], values["q"]
        total = 0
        for a, b, c, d in rows:
            value = a * p * q + b * p + c * q + Fraction(d, 2)
            if value > 0:
                total += 1
            elif value == 0:
                total += 10
            else:
                break
        return total

    found = partition(decide, {"p": UNIT, "q": UNIT}, feasible)
    for i, j in points:
        point = {"p": Fraction(i, 8), "q": Fraction(j, 8)}
        assert found.at(point) == decide(point)
        inside = [
            answer
            for answer, ways in found.regions.items()
            if any(all(c.holds(point) for c in way) for way in ways)
        ]
        assert inside == [decide(point)]


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(-3, 3), min_size=3, max_size=4))
def test_one_parameter_has_the_breakpoints_that_following_it_gives(coefficients):
    def decide(p: Fraction) -> str:
        value = Fraction(0)
        for c in coefficients:
            value = value * p + c
        return "above" if value > 0 else "on" if value == 0 else "below"

    one = region(decide, -1, 1)
    two = partition(lambda v: decide(v["p"]), {"p": (Fraction(-1), Fraction(1))}, feasible)
    assert set(one.answers) == set(two.regions)
    for piece in one.pieces:
        middle = (piece.lower.upper + piece.upper.lower) / 2
        if piece.lower != piece.upper:
            assert two.at({"p": middle}) == piece.answer


def test_a_region_that_is_wrong_is_a_fault(monkeypatch):
    monkeypatch.setattr("verify.dilemma.study._read", lambda found, point: "one")
    with pytest.raises(EngineFault, match="disagree"):
        study(LIBRARY["newcomb"], {"accuracy": UNIT})
    with pytest.raises(EngineFault, match="the region says one, EDT two, at accuracy = "):
        study(LIBRARY["newcomb"], {"accuracy": UNIT, "small": (Fraction(1), Fraction(9))})


def test_what_has_no_region_is_refused():
    with pytest.raises(InputError, match="p: 1 is above 0"):
        partition(lambda v: 0, {"p": (Fraction(1), Fraction(0))}, feasible)
    with pytest.raises(InputError, match="depends on the parameter, and has no digits"):
        partition(lambda v: float(v["p"]), {"p": UNIT}, feasible)
