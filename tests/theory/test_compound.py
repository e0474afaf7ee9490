"""Conjunction, denial, and claims with a parameter."""

from __future__ import annotations

from fractions import Fraction

import pytest

from theory.claim import Claim, Finding
from theory.compound import denying, depending, joining, ranging
from theory.error import InputError
from theory.property import Definition
from theory.verdict import Verdict

BOTH = Definition(
    name="both",
    family="test",
    claim="Both.",
    definition="p and q",
    citation="none",
    violation_means="One fails.",
    holds_does_not_mean="Nothing.",
)


def claim(verdict: Verdict, name: str = "p") -> Claim:
    found = {
        Verdict.HOLDS: Finding(verdict, proof="seen"),
        Verdict.VIOLATED: Finding(verdict, witness={"x": 1}),
        Verdict.VACUOUS: Finding(verdict, proof="never"),
        Verdict.UNKNOWN: Finding(verdict, reason=f"{name} is open"),
    }[verdict]
    return Claim(name, f"It is {name}.", lambda: found)


@pytest.mark.parametrize(
    ("one", "other", "verdict"),
    [
        ("HOLDS", "HOLDS", "HOLDS"),
        ("HOLDS", "VACUOUS", "VACUOUS"),
        ("UNKNOWN", "VACUOUS", "UNKNOWN"),
        ("UNKNOWN", "VIOLATED", "VIOLATED"),
        ("HOLDS", "UNKNOWN", "UNKNOWN"),
    ],
)
def test_conjunction(one: str, other: str, verdict: str):
    joined = joining(BOTH, [claim(Verdict(one), "p"), claim(Verdict(other), "q")])
    assert joined.decide().verdict is Verdict(verdict)


def test_a_conjunction_names_what_is_open():
    joined = joining(BOTH, [claim(Verdict.UNKNOWN, "p"), claim(Verdict.UNKNOWN, "q")])
    assert joined.decide().reason == "p is open; q is open"
    with pytest.raises(InputError, match="no claims"):
        joining(BOTH, [])


def test_denial():
    assert denying(claim(Verdict.HOLDS)).decide().witness == {"because": "seen"}
    assert denying(claim(Verdict.VIOLATED)).decide().proof == "shown by x = 1"
    assert denying(claim(Verdict.VACUOUS)).decide().verdict is Verdict.VACUOUS
    assert denying(claim(Verdict.UNKNOWN)).decide().reason == "p is open"
    assert denying(claim(Verdict.HOLDS)).claim == "It is not so that: It is p."


def at_least_half(p: Fraction) -> Claim:
    found = (
        Finding(Verdict.HOLDS, proof="enough")
        if p >= Fraction(1, 2)
        else Finding(Verdict.VIOLATED, witness={"short by": Fraction(1, 2) - p})
    )
    return Claim("enough", "It is enough.", lambda: found)


def test_a_claim_for_a_range():
    found = depending(at_least_half, 0, 1, name="share").decide()
    assert found.verdict is Verdict.UNKNOWN
    assert found.region == "VIOLATED iff share is less than 0.5; HOLDS iff share is at least 0.5"
    high = depending(at_least_half, "1/2", 1, name="share")
    assert high.decide().proof == "for every share from 1/2 to 1; at the middle: enough"
    assert high.claim == "It is enough. This for every share from 1/2 to 1."
    low = depending(at_least_half, 0, "1/4", name="share").decide()
    assert low.verdict is Verdict.VIOLATED
    assert low.witness == {"share": Fraction(1, 8), "short by": Fraction(3, 8)}


def test_a_claim_for_finitely_many_options():
    options = {"little": Fraction(1, 4), "half": Fraction(1, 2)}
    found = ranging(at_least_half, options, name="share").decide()
    assert (found.verdict, found.reason) == (Verdict.UNKNOWN, "it depends on the share")
    assert found.region == "VIOLATED iff the share is little; HOLDS iff the share is half"
    same = ranging(at_least_half, {"half": Fraction(1, 2), "all": Fraction(1)}, name="share")
    assert same.decide().proof == "for each share of 2; for the first: enough"
    with pytest.raises(InputError, match="no option"):
        ranging(at_least_half, {}, name="share")
