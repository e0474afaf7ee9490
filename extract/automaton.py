"""Finite processes from automata learned with AALpy: chains, decision processes, Mealy machines.

Muskardin, Aichernig, Pill, Pferscher and Tappler, AALpy: an active automata learning library, 2022.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from aalpy.automata import MarkovChain, Mdp, StochasticMealyMachine

from theory.error import InputError
from theory.finite.table import rational_row
from theory.process import Process

STEP = "step"
"""The one action of a Markov chain."""

Learned = MarkovChain[Any] | Mdp[Any, Any] | StochasticMealyMachine[Any, Any]


def from_automaton(automaton: Learned) -> Process:
    """The process of a learned automaton, its states named `STATE: OUTPUT`.

    The probabilities are frequencies in floats; what they stand for: `theory.finite.table`. The
    output of a stochastic Mealy machine belongs to a step, and becomes part of the state that the
    step arrives in.

    Raises:
        InputError: naming state and input: probabilities that are negative or do not sum to 1; or
            two states have the same name.
    """
    transitions: dict[str, dict[str, dict[str, Fraction]]] = {}
    names: dict[tuple[Any, Any], str] = {}
    waiting = [(automaton.initial_state, _output(automaton.initial_state))]
    while waiting:
        state, output = waiting.pop()
        name = _name(state, output)
        if (id(state), output) in names:
            continue
        if name in transitions:
            raise InputError(f"automaton: two states are named {name!r}")
        names[id(state), output] = name
        transitions[name] = {}
        for action, steps in _moves(state):
            where = f"state {name!r}, input {action!r}"
            weights = rational_row([chance for _, _, chance in steps], where)
            row: dict[str, Fraction] = {}
            for (target, seen, _), weight in zip(steps, weights, strict=True):
                arrived = _name(target, seen)
                row[arrived] = row.get(arrived, Fraction(0)) + weight
                waiting.append((target, seen))
            transitions[name][action] = row
    return Process(transitions)


def _output(state: Any) -> Any:
    return getattr(state, "output", None)


def _name(state: Any, output: Any) -> str:
    return str(state.state_id) if output is None else f"{state.state_id}: {output}"


def _moves(state: Any) -> Iterator[tuple[str, list[tuple[Any, Any, float]]]]:
    """Input, and its steps as (next state, output there, probability)."""
    if isinstance(state.transitions, list):
        yield STEP, [(target, _output(target), chance) for target, chance in state.transitions]
        return
    for action, steps in state.transitions.items():
        if steps and len(steps[0]) == 3:
            yield str(action), list(steps)
        elif steps:
            yield str(action), [(target, _output(target), chance) for target, chance in steps]
