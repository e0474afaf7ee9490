"""Agents whose goal can change: what they expect of the agent that they become.

A process whose states say which goal is in force, and a finite number of steps. Each goal gives
every state a worth, earned on arrival. Everitt, Filan, Daswani and Hutter, Self-modification of
policy and utility function in rational agents, 2016 (arXiv 1605.03142), tell three agents apart:

- hedonistic (definition 10): what is earned counts by the goal in force when it is earned;
- ignorant (definition 11): it counts by the goal in force now, and the future acts are thought to
  be chosen by that goal too;
- realistic (definition 12): it counts by the goal in force now, and the future acts are those of
  the agent that one becomes.

Reward tampering is the same structure with the reward's parameter for the goal: the standard
objective is hedonistic, current reward with and without considering time inconsistency is
realistic and ignorant (Everitt, Hutter, Kumar and Krakovna, 2021, arXiv 1908.04734).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from fractions import Fraction

from theory.error import InputError
from theory.linear import ZERO
from theory.process import Outcomes, Process, process
from theory.rational import Exact, exact


class Outlook(Enum):
    """How an agent values a future in which its goal may have changed."""

    HEDONISTIC = "hedonistic"
    IGNORANT = "ignorant"
    REALISTIC = "realistic"


class Ties(Enum):
    """Which of its own best actions a future agent takes, seen from the present goal."""

    KIND = "kind"
    HARSH = "harsh"


@dataclass(frozen=True)
class Succession:
    """A process in whose states one of several goals is in force.

    Attributes:
        world: the process; its rewards are not used.
        goal_of: state to the goal that is in force in it.
        goals: goal to state to worth; what is left out is worth 0.
        horizon: how many steps there are.
        ties: how a future agent's ties are resolved; a realistic agent's verdict can hinge on it.

    Raises:
        InputError: naming the state or goal.
    """

    world: Process
    goal_of: Mapping[str, str]
    goals: Mapping[str, Mapping[str, Fraction]]
    horizon: int
    ties: Ties = Ties.KIND
    _known: dict[tuple[object, ...], Fraction] = field(
        default_factory=dict[tuple[object, ...], Fraction], init=False, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        if self.horizon < 1:
            raise InputError(f"horizon: {self.horizon} is less than 1 step")
        for state in self.world.states:
            if state not in self.goal_of:
                raise InputError(f"state {state!r}: which goal is in force is not said")
            if self.goal_of[state] not in self.goals:
                raise InputError(f"state {state!r}: there is no goal {self.goal_of[state]!r}")
        for goal, worth in self.goals.items():
            for state in worth:
                self.world.require(state, what=f"goal {goal!r}")

    def value(self, outlook: Outlook, goal: str, state: str, action: str, steps: int) -> Fraction:
        """What an agent with this goal expects of an action, with `steps` steps to go.

        Args:
            outlook: which of the three agents it is.
            goal: what counts; for a hedonistic agent only as far as goals are in force later.
            state: where it is.
            action: what it does now.
            steps: at least 1, this one included.
        """
        key = (outlook, goal, state, action, steps)
        if key not in self._known:
            self.world.require(state, action)
            total = ZERO
            for after, probability in self.world.outcomes(state, action).items():
                judge = self.goal_of[after] if outlook is Outlook.HEDONISTIC else goal
                earned = self.goals[judge].get(after, ZERO)
                later = self._later(outlook, goal, after, steps - 1)
                total += probability * (earned + self.world.discount * later)
            self._known[key] = total
        return self._known[key]

    def best(self, outlook: Outlook, goal: str, state: str, steps: int) -> tuple[str, ...]:
        """Every action that an agent with this goal and outlook may choose."""
        values = {a: self.value(outlook, goal, state, a, steps) for a in self.world.actions(state)}
        top = max(values.values(), default=ZERO)
        return tuple(action for action, value in values.items() if value == top)

    def successor_value(self, goal: str, state: str, steps: int) -> Fraction:
        """What the agent that is in force in a state is worth to a goal."""
        return self._later(Outlook.REALISTIC, goal, state, steps)

    def kept_value(self, goal: str, state: str, steps: int) -> Fraction:
        """What an agent that had this goal from the state on would be worth to it."""
        return self._later(Outlook.IGNORANT, goal, state, steps)

    def loss(self, goal: str, state: str, action: str, steps: int) -> Fraction:
        """What an action costs the goal because other goals may be in force afterwards."""
        return sum(
            (
                p * (self.kept_value(goal, t, steps - 1) - self.successor_value(goal, t, steps - 1))
                for t, p in self.world.outcomes(state, action).items()
            ),
            ZERO,
        )

    def occasions(self, start: str, outlook: Outlook | None = None) -> tuple[tuple[str, int], ...]:
        """The states in which something can be done, with the steps to go, as they are reached.

        Args:
            start: the first state.
            outlook: follow only what is best for the agent in force, with this outlook; by
                default every action.
        """
        layer, found = {start}, dict[tuple[str, int], None]()
        self.world.require(start, what="start")
        for steps in range(self.horizon, 0, -1):
            later: set[str] = set()
            for state in sorted(layer):
                actions = self.world.actions(state)
                if actions:
                    found[state, steps] = None
                if outlook is not None:
                    actions = self.best(outlook, self.goal_of[state], state, steps)
                later.update(t for a in actions for t in self.world.outcomes(state, a))
            layer = later
        return tuple(found)

    def _later(self, outlook: Outlook, goal: str, state: str, steps: int) -> Fraction:
        actions = self.world.actions(state)
        if steps == 0 or not actions:
            return ZERO
        if outlook is Outlook.REALISTIC:
            actions = self.best(outlook, self.goal_of[state], state, steps)
        values = [self.value(outlook, goal, state, action, steps) for action in actions]
        harsh = outlook is Outlook.REALISTIC and self.ties is Ties.HARSH
        return min(values) if harsh else max(values)


def self_modification(
    world: Mapping[str, Mapping[str, Outcomes]],
    goals: Mapping[str, Mapping[str, Exact]],
    *,
    horizon: int,
    discount: Exact = 1,
    ties: Ties = Ties.KIND,
    allowed: Callable[[str, str], bool] = lambda goal, other: True,
) -> Succession:
    """A world in which every action also sets the agent's next goal (definition 5).

    The states are `state | goal` and the actions `action > goal`; goals rate the world's states,
    so that they do not depend on the modifications (definition 7).

    Args:
        world: as for `process`.
        goals: goal to the worth of each of the world's states.
        horizon: how many steps there are.
        discount: the weight of the next step.
        ties: how a future agent's ties are resolved.
        allowed: whether an agent with the first goal can give itself the second; to keep one's
            own is always allowed.
    """
    plain = process(world)
    steps: dict[str, dict[str, Outcomes]] = {}
    goal_of: dict[str, str] = {}
    worth: dict[str, dict[str, Fraction]] = {goal: {} for goal in goals}
    for goal, rated in goals.items():
        for state in rated:
            plain.require(state, what=f"goal {goal!r}")
    for state in plain.states:
        for goal in goals:
            here = place(state, goal)
            goal_of[here] = goal
            for judge, rated in goals.items():
                worth[judge][here] = exact(rated.get(state, 0), f"goal {judge!r}, state {state!r}")
            steps[here] = {
                move(action, other): {
                    place(target, other): p for target, p in plain.outcomes(state, action).items()
                }
                for action in plain.actions(state)
                for other in goals
                if other == goal or allowed(goal, other)
            }
    whole = process(steps, discount=discount)
    return Succession(whole, goal_of, worth, horizon, ties)


def place(state: str, goal: str) -> str:
    """The name of a world's state with a goal in force."""
    return f"{state} | {goal}"


def move(action: str, goal: str) -> str:
    """The name of an action that also sets the next goal."""
    return f"{action} > {goal}"


def modified(succession: Succession, state: str, action: str) -> frozenset[str]:
    """The goals other than the present one that an action may put in force."""
    now = succession.goal_of[state]
    after = {succession.goal_of[t] for t in succession.world.outcomes(state, action)}
    return frozenset(after - {now})
