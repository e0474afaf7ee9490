"""The long-run average reward of a chain, a decision process or a turn-based game, exact.

Puterman, Markov decision processes, 1994, section 9.2: policy iteration for several classes of
recurrent states. What it ends with is checked against the optimality equations of section 9.1,
which prove it.

In a game, strategies that are best for a discount near enough to 1 are best on average: Liggett and
Lippman, Stochastic games with perfect information and time average payoff, 1969. How near is not
asked: each side's strategy is held against the best response of the other, and where both give the
same, that is the value.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

import networkx as nx

from theory.finite.arena import Arena, Choice, World, arena
from theory.finite.engine import PLAIN, Engine, Number
from theory.finite.system import settle, sides, system
from theory.finite.value import Answer, Best


def average(world: World, *, best: Best = "max", engine: Engine = PLAIN) -> Answer:
    """The expected reward per step in the long run; a terminal state earns nothing more.

    Args:
        world: a chain, a decision process or a game.
        best: whether the agent wants much or little.
        engine: what does the arithmetic.
    """
    field = arena(world, best, engine)
    gains, strategy = _played(field) if field.players == 2 else _optimum(field)
    return field.answer(lambda state: engine.fraction(gains[state]), strategy)


def _optimum(field: Arena) -> tuple[list[Number], list[int]]:
    """The averages where only one side has a choice, and a strategy that attains them."""
    strategy = [0] * len(field.names)
    gains, biases = _evaluate(field, strategy)
    while _improve_gain(field, gains, strategy) or _improve_bias(field, gains, biases, strategy):
        gains, biases = _evaluate(field, strategy)
    return gains, strategy


def _played(field: Arena) -> tuple[list[Number], list[int]]:
    """The averages of a game, and strategies of both sides that attain them."""
    strategy = [0] * len(field.names)
    share = Fraction(1, 2)
    while True:
        discount = field.engine.number(1 - share)
        equations = system(field, range(len(field.names)), {}, rewarded=True, discount=discount)
        mine, theirs = sides(equations)
        settle(equations, strategy, outer=mine, inner=theirs)
        least, most = (_optimum(_bound(field, strategy, who))[0] for who in (True, False))
        if least == most:
            return least, strategy
        share *= share


def _bound(field: Arena, strategy: Sequence[int], who: bool) -> Arena:
    """The arena in which the maximising side, or the minimising one, follows a strategy."""
    choices = tuple(
        (row[at],) if large is who else row
        for row, at, large in zip(field.choices, strategy, field.maximises, strict=True)
    )
    return replace(field, choices=choices)


def _evaluate(field: Arena, strategy: Sequence[int]) -> tuple[list[Number], list[Number]]:
    """The average and the bias of every state; the bias of one state of each class is 0."""
    engine = field.engine
    zero, one = engine.number(Fraction(0)), engine.number(Fraction(1))
    chain = [field.choices[state][at] for state, at in enumerate(strategy)]
    classes = _recurrent(chain)
    gains: list[Number] = [zero] * len(chain)
    biases: list[Number] = [zero] * len(chain)
    recurrent: set[int] = set()
    for states in classes:
        recurrent.update(states)
        first, *others = states
        index = {state: at for at, state in enumerate(others)}
        # unknowns: the biases of the others, then the common average
        rows: list[dict[int, Number]] = []
        for state in (*others, first):
            row = {len(others): one}
            if state != first:
                row[index[state]] = one
            for target, weight in zip(chain[state].targets, chain[state].weights, strict=True):
                if target != first:
                    row[index[target]] = row.get(index[target], zero) - weight
            rows.append(row)
        *found, gain = engine.solve(rows, [chain[state].reward for state in (*others, first)])
        for state in states:
            gains[state] = gain
        for state, bias in zip(others, found, strict=True):
            biases[state] = bias
    transient = [state for state in range(len(chain)) if state not in recurrent]
    _transient(field, chain, transient, gains, [zero] * len(chain))
    rewards = [chain[state].reward - gains[state] for state in range(len(chain))]
    _transient(field, chain, transient, biases, rewards)
    return gains, biases


def _transient(
    field: Arena,
    chain: Sequence[Choice],
    states: Sequence[int],
    values: list[Number],
    constants: Sequence[Number],
) -> None:
    """Fill in the values of states that are left for good: constant plus expected next value."""
    zero, one = field.engine.number(Fraction(0)), field.engine.number(Fraction(1))
    index = {state: at for at, state in enumerate(states)}
    rows: list[dict[int, Number]] = []
    right: list[Number] = []
    for at, state in enumerate(states):
        row, known = {at: one}, constants[state]
        for target, weight in zip(chain[state].targets, chain[state].weights, strict=True):
            if target in index:
                row[index[target]] = row.get(index[target], zero) - weight
            else:
                known += weight * values[target]
        rows.append(row)
        right.append(known)
    for state, value in zip(states, field.engine.solve(rows, right), strict=True):
        values[state] = value


def _recurrent(chain: Sequence[Choice]) -> list[list[int]]:
    """The classes of states that are never left."""
    graph: nx.DiGraph[int] = nx.DiGraph()
    graph.add_nodes_from(range(len(chain)))
    graph.add_edges_from((s, t) for s, choice in enumerate(chain) for t in choice.targets)
    found = [sorted(component) for component in nx.strongly_connected_components(graph)]
    return [c for c in found if all(t in set(c) for s in c for t in chain[s].targets)]


def _expected(choice: Choice, values: Sequence[Number], start: Number) -> Number:
    for target, weight in zip(choice.targets, choice.weights, strict=True):
        start += weight * values[target]
    return start


def _improve_gain(field: Arena, gains: Sequence[Number], strategy: list[int]) -> bool:
    """Whether some choice has a better average, which the strategy then takes."""
    zero = field.engine.number(Fraction(0))
    changed = False
    for state, choices in enumerate(field.choices):
        best, large = gains[state], field.maximises[state]
        for at, choice in enumerate(choices):
            worth = _expected(choice, gains, zero)
            if (worth > best) if large else (worth < best):
                strategy[state], best, changed = at, worth, True
    return changed


def _improve_bias(
    field: Arena, gains: Sequence[Number], biases: Sequence[Number], strategy: list[int]
) -> bool:
    """The same for the bias, among choices with the best average."""
    zero = field.engine.number(Fraction(0))
    changed = False
    for state, choices in enumerate(field.choices):
        best, large = gains[state] + biases[state], field.maximises[state]
        for at, choice in enumerate(choices):
            if _expected(choice, gains, zero) != gains[state]:
                continue
            worth = _expected(choice, biases, choice.reward)
            if (worth > best) if large else (worth < best):
                strategy[state], best, changed = at, worth, True
    return changed
