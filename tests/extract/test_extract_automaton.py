"""Automata that AALpy learned, as processes."""

from __future__ import annotations

from fractions import Fraction

import pytest
from aalpy.automata import (
    MarkovChain,
    McState,
    Mdp,
    MdpState,
    StochasticMealyMachine,
    StochasticMealyState,
)

from extract.automaton import STEP, from_automaton
from theory.error import InputError
from theory.finite.reach import reach

F = Fraction


def learned(chance: float) -> Mdp:
    home, away = MdpState("q0", "home"), MdpState("q1", "away")
    home.transitions["go"] = [(away, chance), (home, 0.25)]
    home.transitions["stay"] = [(home, 1.0)]
    away.transitions["go"] = [(away, 1.0)]
    return Mdp(home, [home, away])


def test_a_decision_process():
    world = from_automaton(learned(0.75))
    assert world.states == ("q0: home", "q1: away")
    assert world.outcomes("q0: home", "go") == {"q1: away": F(3, 4), "q0: home": F(1, 4)}
    assert reach(world, ["q1: away"]).value("q0: home") == 1
    assert reach(world, ["q1: away"], best="min").value("q0: home") == 0


def test_a_chain_of_frequencies():
    one, two = McState("q0", "a"), McState("q1", "b")
    one.transitions = [(two, 327 / 1000), (one, 673 / 1000)]
    two.transitions = [(two, 1.0)]
    world = from_automaton(MarkovChain(one, [one, two]))
    assert world.outcomes("q0: a", STEP) == {"q1: b": F(327, 1000), "q0: a": F(673, 1000)}


def test_a_mealy_machine_remembers_its_last_output():
    state = StochasticMealyState("q0")
    state.transitions["toss"] = [(state, "heads", 0.5), (state, "tails", 0.5)]
    world = from_automaton(StochasticMealyMachine(state, [state]))
    assert set(world.states) == {"q0", "q0: heads", "q0: tails"}
    assert world.outcomes("q0: heads", "toss") == {"q0: heads": F(1, 2), "q0: tails": F(1, 2)}


def test_a_wrong_row_is_named():
    with pytest.raises(InputError, match="state 'q0: home', input 'go': the probabilities sum to"):
        from_automaton(learned(0.5))
    twin = MdpState("q0", "home")
    twin.transitions["go"] = [(twin, 1.0)]
    start = MdpState("q0", "home")
    start.transitions["go"] = [(twin, 1.0)]
    with pytest.raises(InputError, match="two states are named 'q0: home'"):
        from_automaton(Mdp(start, [start, twin]))
