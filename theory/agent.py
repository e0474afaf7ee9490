"""The vocabulary of agents: observations, actions, and the functions that a structure interprets."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

from theory.error import InputError, SortError
from theory.operator import FunctionSymbol
from theory.sort import REAL, EnumSort, Feature, ObservationSort, Sort, VectorSort
from theory.term import Term, build, member, or_, variable

Ties = Literal["strict", "first", "any"]


class Agent:
    """An agent as formulas speak of it.

    Args:
        observation: its features, in the order in which the network takes them (flattened).
        actions: names of its actions, in the order of the network's scores.
        ties: when an action counts as chosen: `strict`, its score is above every other; `first`, it
            is the first of the best (argmax in code); `any`, no other scores above it.
        latent: size of the latent state, where `perceive` and `predict` are used.

    Raises:
        InputError: a name occurs twice, or a list is empty.
    """

    def __init__(
        self,
        *,
        observation: Sequence[Feature],
        actions: Sequence[str],
        ties: Ties = "strict",
        latent: int | None = None,
    ) -> None:
        _distinct("feature", [f.name for f in observation])
        _distinct("action", actions)
        if ties not in ("strict", "first", "any"):
            raise InputError(f"ties is 'strict', 'first' or 'any', not {ties!r}")
        self.observation_sort = ObservationSort("Observation", tuple(observation))
        self.action_sort = EnumSort("action", tuple(actions))
        self.latent_sort = None if latent is None else VectorSort(latent)
        self.ties: Ties = ties
        self._score = FunctionSymbol(
            "score", (self.observation_sort,), VectorSort(len(actions), self.action_sort)
        )

    @property
    def features(self) -> tuple[Feature, ...]:
        """The features, in order."""
        return self.observation_sort.features

    @property
    def actions(self) -> tuple[str, ...]:
        """The names of the actions, in order."""
        return self.action_sort.members

    def observation(self, name: str = "o") -> Term:
        """A variable that ranges over the box of observations."""
        return variable(name, self.observation_sort)

    def action(self, name: str = "a") -> Term:
        """A variable that ranges over the actions."""
        return variable(name, self.action_sort)

    def feature(self, name: str) -> Feature:
        """A feature by name; InputError where there is none."""
        return self.features[self.observation_sort.position(name)]

    def score(self, observation: Term, action: str | Term | None = None) -> Term:
        """The policy's scores at an observation, or the score of one action."""
        scores = build("apply", (observation,), self._score)
        return (
            scores
            if action is None
            else build("select", (scores, member(self.action_sort, action)))
        )

    def acts(self, observation: Term, action: str | Term) -> Term:
        """The agent chooses this action at this observation (see `ties`)."""
        return build("acts", (self.score(observation), member(self.action_sort, action)), self.ties)

    def acts_in(self, observation: Term, actions: Iterable[str]) -> Term:
        """The agent chooses one of these actions."""
        return or_(*(self.acts(observation, action) for action in actions))

    def value(self, state: Term) -> Term:
        """The evaluator's value of an observation, or of a latent state."""
        return build("apply", (state,), FunctionSymbol("value", (state.sort,), REAL))

    def perceive(self, observation: Term) -> Term:
        """The latent state that an observation is encoded to."""
        return build(
            "apply",
            (observation,),
            FunctionSymbol("perceive", (self.observation_sort,), self._latent()),
        )

    def predict(self, state: Term, action: str | Term) -> Term:
        """The latent state that the world model expects after an action."""
        latent = self._latent()
        return build(
            "apply",
            (state, member(self.action_sort, action)),
            FunctionSymbol("predict", (latent, self.action_sort), latent),
        )

    def _latent(self) -> Sort:
        if self.latent_sort is None:
            raise SortError(
                "perceive and predict need the size of the latent state: Agent(latent=...)"
            )
        return self.latent_sort


class Chooser:
    """A system that compares two options, each described by the same features.

    `prefers(x, y)` is true where the network's single output for the concatenated input (x, y) is
    positive.
    """

    def __init__(self, *, option: Sequence[Feature]) -> None:
        _distinct("feature", [f.name for f in option])
        self.option_sort = ObservationSort("Option", tuple(option))

    def option(self, name: str) -> Term:
        """A variable that ranges over the box of options."""
        return variable(name, self.option_sort)

    def preference(self, x: Term, y: Term) -> Term:
        """How strongly x is preferred to y; a real number."""
        return build(
            "apply",
            (x, y),
            FunctionSymbol("preference", (self.option_sort, self.option_sort), REAL),
        )

    def prefers(self, x: Term, y: Term) -> Term:
        """x is preferred to y."""
        return self.preference(x, y) > 0


def _distinct(kind: str, names: Sequence[str]) -> None:
    if not names:
        raise InputError(f"an agent needs at least one {kind}")
    for name in names:
        if list(names).count(name) > 1:
            raise InputError(f"the {kind} {name!r} is given twice")
