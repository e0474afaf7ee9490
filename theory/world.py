"""Worlds: what becomes of a state when the agent acts in it, written in the language's own terms.

A world steps from a state by the agent's action and, where it has choices, by what others choose:
a pilot, an overseer, chance. Of a choice it may be known how probable each value is; `always` and
the like speak of all values all the same, and `probably` of their probabilities. Where several
actions score best, each of them may be taken (under `ties="first"` the first alone), so that what
is true on every trajectory is true however a deployed argmax breaks ties.

The world is exact: states are real numbers, and its steps are not rounded. In float32 only the
network is run, on the state's observation rounded to float32.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from math import prod
from typing import TYPE_CHECKING, Any

from theory.agent import Agent
from theory.bend import Case, cases
from theory.error import InputError, SortError
from theory.node import Term, brief, build, member, number, variable
from theory.rational import Exact, exact
from theory.scope import free_variables
from theory.sort import Feature, ObservationSort, Sort, check_name, check_names
from theory.substitution import substitute
from theory.term import and_, or_
from theory.value import finite_domain

if TYPE_CHECKING:
    from theory.trajectory import Trajectory
    from theory.value import Value

STATE = "state"
"""The variable for the present state in the terms of a world."""


@dataclass(frozen=True, eq=False)
class World:
    """A world for an agent.

    Attributes:
        agent: who acts in it.
        name: how formulas call it.
        state_sort: what a state is.
        choice_sort: what others choose at each step; None where nobody else does.
        observation: what the agent observes, as a term over the variable `state`; None where no
            policy is asked, and any action may be taken at any time.
        moves: for each action the next state, as a term over `state` and the choice.
        odds: for choices that are made by chance, the probability of each value: at every step
            anew, independently of each other and of all that was before.
    """

    agent: Agent
    name: str
    state_sort: Sort
    choice_sort: ObservationSort | None
    observation: Term | None
    moves: Mapping[str, Term]
    odds: Mapping[str, Mapping[Fraction, Fraction]] = field(
        default_factory=dict[str, Mapping[Fraction, Fraction]]
    )

    def state(self, name: str = "s") -> Term:
        """A variable that ranges over the box of states."""
        return variable(name, self.state_sort)

    def observe(self, state: Term) -> Term:
        """What the agent observes at a state."""
        if self.observation is None:
            raise SortError(f"in {self.name} nothing is observed: every action may be taken")
        return substitute(self.observation, {STATE: state})

    def acts(self, state: Term, action: str | Term) -> Term:
        """The agent chooses this action at a state (see `Agent.acts`)."""
        return self.agent.acts(self.observe(state), action)

    def may_act(self, state: Term, action: str) -> Term:
        """The agent may choose this action: no other scores above it, or, where the agent takes
        the first of the best, it is that one.
        """
        taken = member(self.agent.action_sort, action)
        if self.observation is None:
            return and_()
        ties = "first" if self.agent.ties == "first" else "any"
        scores = self.agent.score(self.observe(state))
        return build("acts", (scores, taken), ties)

    def label(self, state: Value) -> str:
        """What a state is called in reports; nothing where its features say it all."""
        return ""

    def next(self, state: Term, action: str, choice: Term | None = None) -> Term:
        """The state after an action and a choice."""
        return substitute(self.moves[action], self._given(state, choice))

    def choice(self, step: int) -> Term:
        """The variable for what is chosen at a step, counted from 0.

        Raises:
            SortError: nobody else chooses in this world.
        """
        if self.choice_sort is None:
            raise SortError(f"in {self.name} nobody but the agent chooses")
        return variable(moment(self.choice_sort.name, step), self.choice_sort)

    def lotteries(self) -> Iterator[list[tuple[dict[str, Fraction] | None, Fraction]]]:
        """For everything that others can choose and is not left to chance, all choices of a step
        with their probabilities.

        Raises:
            InputError: there are infinitely many.
        """
        if self.choice_sort is None:
            yield [(None, Fraction(1))]
            return
        domain = finite_domain(self.choice_sort)
        if domain is None:
            raise InputError(f"{self.choice_sort.name}: there are infinitely many choices")
        groups: dict[tuple[Fraction, ...], list[tuple[dict[str, Fraction] | None, Fraction]]] = {}
        for chosen in domain:
            fixed = tuple(value for name, value in chosen.items() if name not in self.odds)
            share = prod((row[chosen[name]] for name, row in self.odds.items()), start=Fraction(1))
            groups.setdefault(fixed, []).append((chosen, share))
        yield from groups.values()

    def trajectory(self, start: Term, steps: int | None = None) -> Trajectory:
        """What the agent runs through from a state, for so many steps; None is for ever."""
        from theory.trajectory import Trajectory

        return Trajectory(self, start, steps)

    @cached_property
    def cases(self) -> Mapping[str, Sequence[Case]]:
        """For each action the steps by cases: guards that exclude each other, and next states
        without case distinctions, `max`, `min` or `abs`.
        """
        return {action: cases(move) for action, move in self.moves.items()}

    @cached_property
    def steps(self) -> Sequence[tuple[tuple[str, ...], Case]]:
        """The cases of all actions, those that are the same joined: by which actions, which."""
        found: dict[Case, list[str]] = {}
        for action, listed in self.cases.items():
            for case in listed:
                found.setdefault(case, []).append(action)
        return [(tuple(actions), case) for case, actions in found.items()]

    def leads(
        self, state: Term, actions: Sequence[str], case: Case, choice: Term | None = None
    ) -> Term:
        """The formula that one of these actions may be taken and the case applies."""
        may = [self.may_act(state, action) for action in actions]
        every = set(actions) == set(self.agent.actions)
        applies = substitute(case.guard, self._given(state, choice))
        return and_(*([] if every else [or_(*may)]), applies)

    def after(self, state: Term, case: Case, choice: Term | None = None) -> Term:
        """The state after a step to which the case applies."""
        return substitute(case.value, self._given(state, choice))

    def _given(self, state: Term, choice: Term | None) -> dict[str, Term]:
        """Both at once, as the state's own terms may have a variable with the chooser's name."""
        if self.choice_sort is None or choice is None:
            return {STATE: state}
        return {STATE: state, self.choice_sort.name: choice}


Step = Callable[..., Mapping[str, Any]]
"""From a state, an action by name and, where others choose, their choice to the features that
change, by name.
"""


def world(
    agent: Agent,
    step: Step,
    *,
    state: Iterable[Feature] | None = None,
    observe: Callable[[Term], Mapping[str, Any]] | None = None,
    choices: Iterable[Feature] = (),
    chooser: str = "choice",
    odds: Mapping[str, Mapping[Any, Exact]] | None = None,
    name: str = "world",
) -> World:
    """A world whose steps are piecewise linear.

    Args:
        agent: who acts in it.
        step: called as `step(state, action)` or, with choices, `step(state, action, choice)`, once
            for each action; returns terms or numbers for the features that change.
        state: the features of a state, with the ranges in which it starts; by default what the
            agent observes.
        observe: from a state to every feature of the observation; by default the features of the
            state that bear their names.
        choices: what others choose at each step.
        chooser: how they are called.
        odds: for choices that are made by chance, the probability of each value of the feature.
        name: how formulas call the world.

    Raises:
        InputError: a feature is unknown or missing, a value no number, or probabilities are none.
    """
    features = tuple(agent.features if state is None else state)
    check_names("feature", (feature.name for feature in features))
    state_sort = ObservationSort("State", features) if state is not None else agent.observation_sort
    chosen = tuple(choices)
    check_name(chooser)
    if chooser == STATE:
        raise InputError(f"world {name!r}: the one who chooses cannot be called {STATE!r}")
    if chosen:
        check_names("choice", (feature.name for feature in chosen))
    choice_sort = ObservationSort(chooser, chosen) if chosen else None
    now = variable(STATE, state_sort)
    given = (now,) if choice_sort is None else (now, variable(chooser, choice_sort))
    moves: dict[str, Term] = {}
    for action in agent.actions:
        changes = step(given[0], action, *given[1:])
        where = f"world {name!r}, action {action!r}"
        moves[action] = _changed(now, changes, state_sort, where, {STATE, chooser})
    if observe is None and state is None:
        observation = now
    else:
        known = [f.name for f in agent.features if f.name in {g.name for g in features}]
        seen = observe(now) if observe is not None else {name: now[name] for name in known}
        observation = _observation(agent, seen, f"world {name!r}: observe")
    drawn = _odds(odds or {}, chosen, f"world {name!r}: odds")
    return World(agent, name, state_sort, choice_sort, observation, moves, drawn)


def _odds(
    given: Mapping[str, Mapping[Any, Exact]], choices: Sequence[Feature], where: str
) -> dict[str, dict[Fraction, Fraction]]:
    """The probabilities of the values of choices; each value has one, and they sum to 1."""
    features = {feature.name: feature for feature in choices}
    found: dict[str, dict[Fraction, Fraction]] = {}
    for name, listed in given.items():
        if name not in features:
            raise InputError(f"{where}: nobody chooses {name!r}")
        of = f"{where}, {name!r}"
        row = {exact(value, of): exact(p, of) for value, p in listed.items()}
        if set(row) != set(features[name].values or ()):
            raise InputError(f"{where}: {name!r} needs a probability for each of its finite values")
        if min(row.values()) <= 0:
            raise InputError(f"{where}: a probability of {name!r} is not above 0")
        if sum(row.values()) != 1:
            raise InputError(f"{where}: those of {name!r} sum to {sum(row.values())}, not 1")
        found[name] = row
    return found


def imagined(agent: Agent, *, name: str = "imagination") -> World:
    """The agent's own world model as a world: latent states, stepped by `predict`.

    Any action may be taken at any time, so that a trajectory is one that the agent can imagine.

    Raises:
        SortError: the agent has no latent state.
    """
    if agent.latent_sort is None:
        raise SortError("an imagined world needs the size of the latent state: Agent(latent=...)")
    now = variable(STATE, agent.latent_sort)
    moves = {action: agent.predict(now, action) for action in agent.actions}
    return World(agent, name, agent.latent_sort, None, None, moves)


def moment(name: str, step: int) -> str:
    """The name of a choice at a step."""
    return f"{name}@{step}"


def if_(condition: Term, then: Any, otherwise: Any) -> Term:
    """One number where a condition is true, and another where it is not."""
    return build("if", (condition, number(then), number(otherwise)))


def _changed(
    now: Term, changes: Mapping[str, Any], sort: ObservationSort, where: str, known: set[str]
) -> Term:
    if not isinstance(changes, Mapping):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise InputError(f"{where}: a step gives a mapping from features, not {changes!r}")
    for feature, value in changes.items():
        try:
            sort.position(feature)
            term = number(value, feature)
        except InputError as error:
            raise InputError(f"{where}: {error}") from None
        odd = free_variables(term) - known
        if odd:
            raise InputError(f"{where}: {feature!r} speaks of {min(odd)!r}: '{brief(term)}'")
    return now.with_(**changes)


def _observation(agent: Agent, seen: Mapping[str, Any], where: str) -> Term:
    """A record with every feature of the observation, as a term."""
    names = [feature.name for feature in agent.features]
    if missing := [name for name in names if name not in seen]:
        raise InputError(f"{where}: no value for the feature {missing[0]!r}")
    if odd := [name for name in seen if name not in names]:
        raise InputError(f"{where}: the agent has no feature {odd[0]!r}")
    values = [number(seen[name], name) for name in names]
    observation = build("record", values, agent.observation_sort)
    if free_variables(observation) - {STATE}:
        raise InputError(f"{where}: it speaks of more than the state")
    return observation
