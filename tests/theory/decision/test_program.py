"""ε-grounded programs: what they play, by unrolling their runs; when they are equilibria."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from theory.decision.dilemma.proof import RIDDLES, riddle
from theory.decision.program import (
    Program,
    constant,
    fair,
    gain,
    is_equilibrium,
    play,
    prisoners_dilemma,
    program,
)
from theory.error import InputError
from theory.region import region

chances = st.sampled_from([Fraction(n, 4) for n in range(5)])


@st.composite
def programs(draw: st.DrawFn, least: Fraction = Fraction(1, 4)) -> Program:
    grounded = draw(chances.filter(lambda p: p >= least))
    return program("p", grounded, draw(chances), {"C": draw(chances), "D": draw(chances)})


def unrolled(one: Program, other: Program, depth: int) -> Fraction:
    """The odds that a run of `one` cooperates, if the run at `depth` is sure to."""
    if depth == 0:
        return Fraction(1)
    run = unrolled(other, one, depth - 1)
    answered = run * one.answer["C"] + (1 - run) * one.answer["D"]
    return one.grounded * one.base + (1 - one.grounded) * answered


@given(programs(), programs())
def test_what_programs_play_is_the_limit_of_their_runs(one, other):
    """At depth 60 all but (3/4)^60 of the runs have ended."""
    exact = play(one, other)
    assert abs(exact[0] - unrolled(one, other, 60)) < Fraction(1, 10**6)
    assert abs(exact[1] - unrolled(other, one, 60)) < Fraction(1, 10**6)


@given(programs(), st.tuples(*(st.integers(-3, 3) for _ in range(4))), st.integers(0, 24))
def test_no_deviation_gains_more_than_the_best(defended, payoffs, at):
    """Deviations by constant odds; any program that deviates plays some odds against it."""
    game = prisoners_dilemma(*payoffs)
    most, odds = gain(defended, game)
    own, _ = play(defended, defended)
    alone = game.worth({"C": own, "D": 1 - own}, {"C": own, "D": 1 - own})

    def against(cooperates: Fraction) -> Fraction:
        deviator = constant(cooperates)
        mine, its = play(deviator, defended)
        return game.worth({"C": mine, "D": 1 - mine}, {"C": its, "D": 1 - its}) - alone

    assert against(Fraction(at, 24)) <= most == against(odds)


def test_the_fair_bot_cooperates_with_itself_and_is_hardly_exploited():
    assert play(fair(), fair()) == (1, 1)
    assert play(fair(), constant(0)) == (Fraction(1, 100), 0)
    assert is_equilibrium(fair(), prisoners_dilemma())
    assert not is_equilibrium(constant(1), prisoners_dilemma())
    assert is_equilibrium(constant(0), prisoners_dilemma())


def test_the_fair_bot_is_an_equilibrium_exactly_for_small_epsilon():
    """A defector gets 1 + 2 epsilon against the 2 of cooperation."""
    found = region(lambda e: is_equilibrium(fair(e), prisoners_dilemma()), "1/1000", 1, name="ε")
    assert str(found) == "True iff ε is at most 0.5; False iff ε exceeds 0.5"


@pytest.mark.parametrize("name", RIDDLES)
def test_every_agent_that_decides_by_proof_does_as_the_library_says(name):
    assert RIDDLES[name].answers() == dict(RIDDLES[name].expected)
    with pytest.raises(InputError, match="unknown riddle 'x'; it is one of: five and ten, "):
        riddle("x")


def test_mistakes_are_named():
    with pytest.raises(InputError, match="run each other without end"):
        play(fair(0), fair(0))
    with pytest.raises(InputError, match="program 'p', grounded: the probability -1 of False"):
        program("p", 2, 1, {"C": 1, "D": 0})
    with pytest.raises(InputError, match="program 'p': it needs an answer to C and to D"):
        program("p", 1, 1, {"C": 1})
