"""The published cases of deception, the off-switch game and shutdown, as ordinary tests."""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from typing import Any

import pytest
from known import off_switch, shutdown, war_game

from theory.causal.intention import Minimality
from theory.properties.deception import no_deception
from theory.verdict import Verdict

ACTIONS = ("defend", "retreat")


@pytest.mark.parametrize(
    ("number", "verdict"),
    [(18, True), (19, False), (20, False), (21, ["29/10", "14/5"])],
)
def test_the_war_game(number: int, verdict: Any):
    war_game.CASES[number]({"verdict": verdict})


@pytest.mark.parametrize("kind", ["strong", "weak"])
@pytest.mark.parametrize(("strong", "weak"), list(product(ACTIONS, ACTIONS)))
def test_only_the_weak_deceives_and_only_against_the_honest_reference(
    kind: str, strong: str, weak: str
):
    reference = {"D_S": {"strong": strong, "weak": weak}}
    expected = kind == "weak" and reference == war_game.HONEST
    assert war_game.deceives(kind, reference) is expected


@pytest.mark.parametrize(
    ("minimality", "verdict"),
    [("among all", Verdict.HOLDS), ("among supersets", Verdict.VIOLATED)],
)
def test_against_always_retreating_it_turns_on_what_minimal_means(
    minimality: Minimality, verdict: Verdict
):
    """Where only sets with D_T compete, {D_S, D_T} is minimal, and holding D_T makes up."""
    claim = no_deception(
        war_game.war_game(),
        war_game.POOLING,
        deceiver="S",
        target="T",
        about={"X": "strong"},
        references=[{"D_S": "retreat"}],
        minimality=minimality,
    )
    assert claim.decide().verdict is verdict


@pytest.mark.parametrize(
    ("number", "incentive"), [(22, "1/2"), (23, "1/2"), (24, "0"), (26, "1/4"), (28, "-1/20")]
)
def test_the_off_switch_game(number: int, incentive: str):
    source = "own; flips at 1/4" if number > 24 else "Hadfield-Menell et al. 2017"
    off_switch.CASES[number]({"verdict": incentive, "source": source})


@pytest.mark.parametrize(
    ("error", "incentive"), [("0", "1/4"), ("1/10", "3/20"), ("1/2", "-1/4"), ("1/4", "0")]
)
def test_the_noisy_human(error: str, incentive: str):
    game = off_switch.off_switch(off_switch.MOSTLY_GOOD, error)
    assert game.incentive == Fraction(incentive)


@pytest.mark.parametrize("number", [30, 31, 32])
def test_shutdown(number: int):
    shutdown.CASES[number]({"verdict": True})
