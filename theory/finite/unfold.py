"""A process that remembers which objectives it has met, for strategies that serve several."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property

import networkx as nx

from theory.error import InputError
from theory.finite.arena import Arena, Choice, arena
from theory.finite.engine import Engine, Number
from theory.finite.graph import sure
from theory.finite.system import System, evaluate, settle, sides, system
from theory.process import Process

STOP = "stop here"
"""The move of staying for ever among states where nothing is earned."""


@dataclass(frozen=True)
class Objective:
    """The probability of reaching some states, or where there are none the total of a reward.

    Attributes:
        name: what it is called.
        target: the states to reach.
        rewards: by (state, action).
    """

    name: str
    target: frozenset[str] = frozenset()
    rewards: Mapping[tuple[str, str], Fraction] = field(
        default_factory=dict[tuple[str, str], Fraction]
    )


@dataclass(frozen=True)
class Corner:
    """A strategy that is best for a weighted sum of objectives.

    Attributes:
        values: by objective.
        strategy: the action by state; where something was reached before, by "STATE after NAMES".
    """

    values: Mapping[str, Fraction]
    strategy: Mapping[str, str]


@dataclass(frozen=True)
class Unfolding:
    """States with what was reached before, and what each choice earns towards each objective.

    Attributes:
        field: the arena; its last state is where all play that stops ends.
        start: the number of the first state.
        names: of the objectives.
        earned: for each objective, by state and position of a choice.
        granted: the numbers of the objectives that are met at the start.
    """

    field: Arena
    start: int
    names: tuple[str, ...]
    earned: tuple[Mapping[tuple[int, int], Number], ...]
    granted: frozenset[int]

    @cached_property
    def _equations(self) -> tuple[System, list[int]]:
        """The equations without gains, and a strategy that stops almost surely."""
        stopped = len(self.field.names) - 1
        _, picks, _ = sure(self.field, range(stopped + 1), {stopped})
        zero = self.field.engine.number(Fraction(0))
        found = system(self.field, range(stopped), {stopped: zero}, rewarded=False)
        return found, [picks[state] for state in range(stopped)]

    def corner(self, weights: Sequence[Fraction]) -> Corner:
        """A best strategy for a weighted sum, with its values.

        To stop and to stay for ever among states where nothing is earned are worth the same, so
        that the best over strategies that stop is the best of all.
        """
        blank, strategy = self._equations
        numbers = [self.field.engine.number(weight) for weight in weights]
        equations = _earning(blank, self.earned, numbers)
        chosen = list(strategy)
        mine, theirs = sides(equations)
        settle(equations, chosen, mine, theirs)
        values: dict[str, Fraction] = {}
        one = self.field.engine.number(Fraction(1))
        for number, (name, earned) in enumerate(zip(self.names, self.earned, strict=True)):
            found = evaluate(_earning(blank, [earned], [one]), chosen)
            value = self.field.engine.fraction(found[self.start])
            values[name] = value + (number in self.granted)
        return Corner(values, self._reached(chosen))

    def _reached(self, chosen: Sequence[int]) -> dict[str, str]:
        """What a strategy does where it gets to and has a choice."""
        met, stack = {self.start: None}, [self.start]
        stopped = len(self.field.names) - 1
        while stack:
            state = stack.pop()
            for target in self.field.choices[state][chosen[state]].targets:
                if target not in met and target != stopped:
                    met[target] = None
                    stack.append(target)
        return {
            self.field.names[state]: self.field.choices[state][chosen[state]].action
            for state in met
            if len(self.field.choices[state]) > 1
        }


def _earning(
    blank: System, earned: Sequence[Mapping[tuple[int, int], Number]], weights: Sequence[Number]
) -> System:
    """The equations in which every move gains the weighted sum of what it earns."""
    zero = blank.engine.number(Fraction(0))

    def gain(state: int, choice: int) -> Number:
        total = zero
        for weight, table in zip(weights, earned, strict=True):
            total += weight * table.get((state, choice), zero)
        return total

    moves = tuple(
        tuple(move._replace(gain=gain(state, move.choice)) for move in of)
        for state, of in zip(blank.states, blank.moves, strict=True)
    )
    return System(blank.states, moves, blank.maximises, blank.engine)


def unfold(
    world: Process, start: str, objectives: Sequence[Objective], engine: Engine
) -> Unfolding:
    """Everything that can be reached from a state, with what was reached on the way.

    Raises:
        InputError: there is no such state or action, two objectives have one name, or a total may
            be infinite: what earns can go on for ever.
    """
    names = tuple(objective.name for objective in objectives)
    if len(set(names)) < len(names):
        raise InputError(f"objectives: two have one name: {', '.join(sorted(names))}")
    base = arena(world, "max", engine)
    targets = [base.numbers(o.target, f"objective {o.name!r}") for o in objectives]
    for objective in objectives:
        for state, action in objective.rewards:
            world.require(state, action, f"objective {objective.name!r}")
    world.require(start, what="start")

    def after(state: int, met: frozenset[int]) -> tuple[int, frozenset[int]]:
        return state, met | {at for at, target in enumerate(targets) if state in target}

    begin = after(base.index[start], frozenset())
    index = {begin: 0}
    waiting = [begin]
    rows: list[list[Choice]] = []
    zero, one = engine.number(Fraction(0)), engine.number(Fraction(1))
    earned: list[dict[tuple[int, int], Number]] = [{} for _ in objectives]
    for node in waiting:
        state, met = node
        row: list[Choice] = []
        for at, choice in enumerate(base.choices[state]):
            arrived = [after(target, met) for target in choice.targets]
            for each in arrived:
                if each not in index:
                    index[each] = len(index)
                    waiting.append(each)
            for number, objective in enumerate(objectives):
                gain = engine.number(
                    objective.rewards.get((base.names[state], choice.action), Fraction(0))
                )
                for each, weight in zip(arrived, choice.weights, strict=True):
                    if number in each[1] and number not in met:
                        gain += weight
                if gain != zero:
                    earned[number][index[node], at] = gain
            row.append(choice._replace(targets=tuple(index[each] for each in arrived), reward=zero))
        rows.append(row)
    labels = [_label(base.names[state], met, names) for state, met in index]
    _add_stops(rows, labels, earned, names, one, zero)
    choices = tuple(tuple(row) for row in rows)
    whole = Arena((*labels, STOP), choices, (True,) * len(choices), engine)
    return Unfolding(whole, 0, names, tuple(earned), begin[1])


def _label(state: str, met: frozenset[int], names: Sequence[str]) -> str:
    before = ", ".join(names[number] for number in sorted(met))
    return f"{state} after {before}" if before else state


def _add_stops(
    rows: list[list[Choice]],
    labels: Sequence[str],
    earned: Sequence[Mapping[tuple[int, int], Number]],
    names: Sequence[str],
    one: Number,
    zero: Number,
) -> None:
    """Let play stop wherever it can stay for ever, and nothing is earned there."""
    components = end_components(rows)
    for states in components:
        for state in states:
            for at, choice in enumerate(rows[state]):
                endless = [
                    n for n, table in zip(names, earned, strict=True) if (state, at) in table
                ]
                if endless and states.issuperset(choice.targets):
                    raise InputError(
                        f"objective {endless[0]!r}: its total may be infinite or undefined: "
                        f"in {labels[state]!r}, {choice.action!r} earns for ever"
                    )
    stop = Choice(STOP, (len(rows),), (one,), zero)
    for state in sorted(state for states in components for state in states):
        rows[state].append(stop)
    rows.append([stop])


def end_components(rows: Sequence[Sequence[Choice]]) -> list[set[int]]:
    """The maximal sets of states in which play can stay for ever and get from each to each.

    De Alfaro, Formal verification of probabilistic systems, 1997, section 3.3.
    """
    alive = {(s, at): set(c.targets) for s, row in enumerate(rows) for at, c in enumerate(row)}
    while True:
        graph: nx.DiGraph[int] = nx.DiGraph()
        graph.add_edges_from((s, t) for (s, _), targets in alive.items() for t in targets)
        component = {
            state: at
            for at, states in enumerate(nx.strongly_connected_components(graph))
            for state in states
        }
        kept = {
            key: targets
            for key, targets in alive.items()
            if all(component[t] == component[key[0]] for t in targets)
        }
        if len(kept) == len(alive):
            found: dict[int, set[int]] = {}
            for state, _ in kept:
                found.setdefault(component[state], set()).add(state)
            return list(found.values())
        alive = kept
