"""Automata and Markov decision processes out of what a system does, learned by AALpy.

Muskardin, Aichernig, Pill, Pferscher and Tappler, AALpy: an active automata learning library, 2022.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import log, sqrt
from typing import Any

from aalpy.base import SUL
from aalpy.learning_algs import run_Alergia, run_Lstar
from aalpy.oracles import RandomWMethodEqOracle

from extract.automaton import from_automaton
from theory.process import Process

Trace = Sequence[Any]
"""First output, then (input, output) for every step."""


@dataclass(frozen=True, eq=False)
class Machine:
    """A deterministic machine: from each state and input to output and next state.

    Attributes:
        start: number of the first state.
        steps: (state, input) -> (output, next state).
        walks: random walks on which it gave what the system gave; nothing is proved beyond them.
    """

    start: int
    steps: dict[tuple[int, Hashable], tuple[Hashable, int]]
    walks: int

    @property
    def size(self) -> int:
        """The number of states."""
        return len({state for state, _ in self.steps})

    def run(self, word: Sequence[Hashable]) -> list[Hashable]:
        """The outputs for a word of inputs."""
        state, outputs = self.start, list[Hashable]()
        for letter in word:
            output, state = self.steps[state, letter]
            outputs.append(output)
        return outputs

    def process(self) -> Process:
        """The machine as a process: an input is an action, and each step leads to one state.

        A state is named "NUMBER: OUTPUT" by the output with which it is arrived in, and the first
        state, before any, by its number alone.
        """
        inputs = sorted({letter for _, letter in self.steps}, key=str)
        transitions: dict[str, dict[str, dict[str, Fraction]]] = {}
        waiting: list[tuple[int, str]] = [(self.start, str(self.start))]
        while waiting:
            state, name = waiting.pop()
            if name in transitions:
                continue
            transitions[name] = {}
            for letter in inputs:
                output, following = self.steps[state, letter]
                arrived = f"{following}: {output}"
                transitions[name][str(letter)] = {arrived: Fraction(1)}
                waiting.append((following, arrived))
        return Process(transitions)


class _System(SUL):
    """A system that is started anew and stepped."""

    def __init__(self, start: Callable[[], Callable[[Hashable], Hashable]]) -> None:
        super().__init__()
        self._start = start
        self._react: Callable[[Hashable], Hashable] = start()

    def pre(self) -> None:
        self._react = self._start()

    def post(self) -> None:
        pass

    def step(self, letter: Hashable) -> Hashable:
        return self._react(letter)


def learn_machine(
    start: Callable[[], Callable[[Hashable], Hashable]],
    alphabet: Sequence[Hashable],
    *,
    walks: int = 50,
    most_states: int = 60,
) -> Machine:
    """The smallest Mealy machine that agrees with a deterministic system, by L*.

    Args:
        start: starts the system anew; gives what reacts to an input with an output.
        alphabet: the inputs.
        walks: random walks from each state that have to agree before it is believed.
        most_states: learning stops there.
    """
    system = _System(start)
    oracle = RandomWMethodEqOracle(list(alphabet), system, walks_per_state=walks, walk_len=12)
    learned: Any = run_Lstar(
        list(alphabet), system, oracle, "mealy", max_learning_rounds=most_states, print_level=0
    )
    number = {state.state_id: i for i, state in enumerate(learned.states)}
    steps = {
        (number[state.state_id], letter): (
            state.output_fun[letter],
            number[state.transitions[letter].state_id],
        )
        for state in learned.states
        for letter in alphabet
    }
    return Machine(number[learned.initial_state.state_id], steps, walks * len(learned.states))


@dataclass(frozen=True, eq=False)
class Learned:
    """A process learned from traces.

    Attributes:
        process: its states are "NUMBER: OUTPUT".
        start: the first state.
        errors: half-width of the probabilities of each (state, action), by how often it was seen.
        confidence: with which each of them holds, if the states are the right ones (Hoeffding).
    """

    process: Process
    start: str
    errors: dict[tuple[str, str], float]
    confidence: float


def learn_process(
    traces: Sequence[Trace], *, epsilon: float = 0.05, confidence: float = 0.99
) -> Learned:
    """A Markov decision process that explains traces, by Alergia.

    Args:
        traces: each its first output, then (input, output) pairs.
        epsilon: how different two states may be before they are kept apart (Alergia's parameter).
        confidence: of the error of each frequency.
    """
    model: Any = run_Alergia([list(t) for t in traces], "mdp", epsilon, print_info=False)
    process = from_automaton(model)
    start = process.states[0]
    errors = {
        step: sqrt(log(2 / (1 - confidence)) / (2 * seen))
        for step, seen in _visits(process, start, traces).items()
    }
    return Learned(process, start, errors, confidence)


def _visits(process: Process, start: str, traces: Sequence[Trace]) -> dict[tuple[str, str], int]:
    """How often each action was taken in each learned state."""
    counts: dict[tuple[str, str], int] = {}
    for trace in traces:
        state = start
        for action, output in trace[1:]:
            step = (state, str(action))
            counts[step] = counts.get(step, 0) + 1
            following = process.outcomes(*step)
            state = next(s for s in following if s.partition(": ")[2] == str(output))
    return counts
