"""The vocabulary of agents: observations, actions, and the functions of a structure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Literal

from theory.error import InputError, SortError
from theory.sort import (
    REAL,
    EnumSort,
    Feature,
    FunctionSymbol,
    ObservationSort,
    Sort,
    VectorSort,
    check_name,
    check_names,
)
from theory.term import Term, and_, build, member, or_, variable

if TYPE_CHECKING:
    from theory.trajectory import Trajectory
    from theory.world import World

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
        InputError: a name occurs twice, a list is empty, or the size is below 1.
    """

    def __init__(
        self,
        *,
        observation: Iterable[Feature],
        actions: Iterable[str],
        ties: Ties = "strict",
        latent: int | None = None,
    ) -> None:
        names = tuple(_listed("actions", actions))
        check_names("action", names)
        if latent is not None and (not isinstance(latent, int) or latent < 1):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise InputError(f"latent is the size of the latent state, not {latent!r}")
        if ties not in ("strict", "first", "any"):
            raise InputError(f"ties is 'strict', 'first' or 'any', not {ties!r}")
        self.observation_sort = _record("Observation", observation)
        self.action_sort = EnumSort("action", names)
        self.latent_sort = None if latent is None else VectorSort(latent)
        self.ties: Ties = ties
        self._score = FunctionSymbol(
            "score", (self.observation_sort,), VectorSort(len(names), self.action_sort)
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
        check_name(name)
        return variable(name, self.observation_sort)

    def action(self, name: str = "a") -> Term:
        """A variable that ranges over the actions."""
        check_name(name)
        return variable(name, self.action_sort)

    def feature(self, name: str) -> Feature:
        """A feature by name; InputError where there is none."""
        return self.features[self.observation_sort.position(name)]

    def score(self, state: Term, action: str | Term | None = None) -> Term:
        """The policy's scores at an observation, or the score of one action.

        At a latent state it is another function, `latent_score`: the policy behind what is
        perceived.
        """
        symbol = self._score
        if self.latent_sort is not None and state.sort == self.latent_sort:
            symbol = FunctionSymbol("latent_score", (state.sort,), symbol.codomain)
        scores = build("apply", (state,), symbol)
        if action is None:
            return scores
        return build("select", (scores, member(self.action_sort, action)))

    def acts(self, state: Term, action: str | Term) -> Term:
        """The agent chooses this action at this observation, or latent state (see `ties`)."""
        return build("acts", (self.score(state), member(self.action_sort, action)), self.ties)

    def acts_in(self, state: Term, actions: Iterable[str]) -> Term:
        """The agent chooses one of these actions: one of them scores above all others.

        Ties among these actions do not matter; a tie with an action outside counts as for `acts`.
        """
        chosen = list(_listed("actions", actions))
        if len(chosen) <= 1 or self.ties == "first":
            return or_(*(self.acts(state, action) for action in chosen))
        score = {action: self.score(state, action) for action in self.actions}
        for action in chosen:
            member(self.action_sort, action)
        return and_(
            *(
                or_(
                    *(
                        score[a] >= score[b] if self.ties == "any" else score[a] > score[b]
                        for a in chosen
                    )
                )
                for b in self.actions
                if b not in chosen
            )
        )

    def value(self, state: Term) -> Term:
        """The evaluator's value of an observation, or of a latent state.

        The two are different functions, `value` and `latent_value`: the first perceives, too.
        """
        given = state.sort if isinstance(state, Term) else repr(state)  # pyright: ignore[reportUnnecessaryIsInstance]
        if given not in (self.observation_sort, self.latent_sort):
            raise SortError(f"value takes an observation or a latent state, got {given}")
        name = "value" if given == self.observation_sort else "latent_value"
        return build("apply", (state,), FunctionSymbol(name, (state.sort,), REAL))

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

    def trajectory(self, start: Term, steps: int | None, world: World) -> Trajectory:
        """What the agent runs through in a world, for so many steps; None is for ever.

        Raises:
            InputError: the world is another agent's.
        """
        if world.agent is not self:
            raise InputError(f"{world.name} is the world of another agent")
        return world.trajectory(start, steps)

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

    Args:
        option: the features of one option, in the order in which the network takes them.

    Raises:
        InputError: a name occurs twice, or there is none.
    """

    def __init__(self, *, option: Iterable[Feature]) -> None:
        self.option_sort = _record("Option", option)

    def option(self, name: str) -> Term:
        """A variable that ranges over the box of options."""
        check_name(name)
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


def _record(name: str, listed: Iterable[Feature]) -> ObservationSort:
    features = tuple(listed)
    for feature in features:
        if not isinstance(feature, Feature):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise InputError(f"{feature!r} is not a Feature(...)")
    check_names("feature", (feature.name for feature in features))
    return ObservationSort(name, features)


def _listed(what: str, names: Iterable[str]) -> Iterable[str]:
    """The names; a single string, which is a list of letters to Python, is refused."""
    if isinstance(names, str):
        raise InputError(f"{what} is a list of names, not the text {names!r}")
    return names
