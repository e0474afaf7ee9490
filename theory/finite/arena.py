"""A process or game in the form that algorithms work on: numbered states, one optimum."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import chain
from typing import NamedTuple

from theory.error import InputError
from theory.finite.engine import Engine, Number
from theory.finite.value import Answer, Best, Value, Values
from theory.process import Process

STAY = ""
"""The action of a state that has none: it stays for ever."""


@dataclass(frozen=True)
class Game:
    """A turn-based game of two: in some states an opponent chooses what is worst for the agent.

    Attributes:
        process: what can be done, by either.
        opponent: the states in which the opponent chooses.

    Raises:
        InputError: there is no such state.
    """

    process: Process
    opponent: frozenset[str]

    def __post_init__(self) -> None:
        for state in self.opponent:
            self.process.require(state, what="opponent")


World = Process | Game
"""A chain (one action a state), a decision process, or a game."""


def process_of(world: World) -> Process:
    """The process of a game, or the process itself."""
    return world.process if isinstance(world, Game) else world


class Choice(NamedTuple):
    """One action of one state."""

    action: str
    targets: tuple[int, ...]
    weights: tuple[Number, ...]
    reward: Number


@dataclass(frozen=True)
class Arena:
    """Numbered states with their choices, and who wants what.

    Attributes:
        names: the states.
        choices: of each state, at least one; a terminal state stays, without a reward.
        maximises: whether who chooses in a state wants the quantity large.
        engine: whose numbers these are.
    """

    names: tuple[str, ...]
    choices: tuple[tuple[Choice, ...], ...]
    maximises: tuple[bool, ...]
    engine: Engine

    @cached_property
    def index(self) -> Mapping[str, int]:
        """The number of every state."""
        return {name: at for at, name in enumerate(self.names)}

    @cached_property
    def before(self) -> Sequence[Sequence[tuple[int, int]]]:
        """For every state the (state, position of a choice) that may lead into it."""
        found: list[list[tuple[int, int]]] = [[] for _ in self.names]
        for state, choices in enumerate(self.choices):
            for at, choice in enumerate(choices):
                for target in choice.targets:
                    found[target].append((state, at))
        return found

    def after(self, state: int) -> Sequence[int]:
        """Where the choices of a state may lead, perhaps more than once."""
        first, *others = self.choices[state]
        return first.targets + tuple(chain.from_iterable([choice.targets for choice in others]))

    def stays(self, state: int) -> bool:
        """Whether nothing can be done in a state but to stay."""
        choices = self.choices[state]
        return len(choices) == 1 and choices[0].targets == (state,)

    @property
    def players(self) -> int:
        """How many sides have a real choice somewhere: 0 in a chain, 2 in a game."""
        sides = zip(self.maximises, self.choices, strict=True)
        return len({side for side, choices in sides if len(choices) > 1})

    def numbers(self, states: Iterable[str], what: str) -> set[int]:
        """The numbers of some states; InputError where there is no such state."""
        try:
            return {self.index[state] for state in states}
        except KeyError as error:
            raise InputError(f"{what}: there is no state {error.args[0]!r}") from None

    def turned(self) -> Arena:
        """The same with every reward negated and the sides exchanged: its optima are negated."""
        choices = tuple(
            tuple(choice._replace(reward=-choice.reward) for choice in choices)
            for choices in self.choices
        )
        return Arena(self.names, choices, tuple(not side for side in self.maximises), self.engine)

    def answer(
        self,
        value: Callable[[int], Value],
        strategy: Sequence[int],
        plan: Iterable[Sequence[int]] = (),
    ) -> Answer:
        """Values and chosen positions, -1 for none, by the names of states and actions."""
        return Answer(
            Values(self.index, value),
            self._named(strategy),
            tuple(self._named(step) for step in plan),
        )

    def _named(self, strategy: Sequence[int]) -> dict[str, str]:
        chosen = zip(self.names, self.choices, strategy, strict=True)
        named = ((name, choices[at].action) for name, choices, at in chosen if at >= 0)
        return {name: action for name, action in named if action != STAY}


class _Numbers(dict[tuple[int, int], Number]):
    """The engine's numbers by numerator and denominator, each made once."""

    def __init__(self, engine: Engine) -> None:
        super().__init__()
        self._engine = engine

    def __missing__(self, ratio: tuple[int, int]) -> Number:
        made = self[ratio] = self._engine.number(Fraction(*ratio))
        return made


def arena(world: World, best: Best, engine: Engine) -> Arena:
    """The arena of a process or game.

    Args:
        world: the process or game.
        best: whether the agent wants the quantity large or small.
        engine: whose numbers to use.

    Raises:
        InputError: `best` is neither "max" nor "min".
    """
    if best not in ("max", "min"):
        raise InputError(f"best: {best!r} is neither 'max' nor 'min'")
    process = process_of(world)
    opponent = world.opponent if isinstance(world, Game) else frozenset[str]()
    index = {name: at for at, name in enumerate(process.states)}
    numbers = _Numbers(engine)
    one, zero = numbers[1, 1], numbers[0, 1]
    rewards = process.rewards
    choices: list[tuple[Choice, ...]] = []
    for state, actions in process.transitions.items():
        row: list[Choice] = []
        for action, outcomes in actions.items():
            targets: list[int] = []
            weights: list[Number] = []
            for target, p in outcomes.items():
                ratio = p.as_integer_ratio()
                if ratio[0]:
                    targets.append(index[target])
                    weights.append(numbers[ratio])
            reward = rewards.get((state, action))
            gain = zero if reward is None else numbers[reward.as_integer_ratio()]
            row.append(Choice(action, tuple(targets), tuple(weights), gain))
        choices.append(tuple(row) or (Choice(STAY, (index[state],), (one,), zero),))
    large = best == "max"
    return Arena(
        process.states,
        tuple(choices),
        tuple(large != (state in opponent) for state in process.states),
        engine,
    )
