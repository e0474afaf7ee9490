"""Processes with known or arguable values, up to 50,000 states, for `benchmarks.storm`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import gymnasium
from gymnasium.envs.toy_text.frozen_lake import generate_random_map

from theory.finite.engine import Engine
from theory.finite.reach import reach
from theory.finite.reward import reward_to
from theory.finite.table import from_table
from theory.finite.value import Answer, Best
from theory.process import Process, explore, process


@dataclass(frozen=True)
class Case:
    """One query.

    Attributes:
        name: what it is.
        world: the process; its first state is the initial one.
        goal: the states to get to.
        best: which optimum is asked for.
        rewarded: whether the expected reward is asked for, or the probability.
        known: its value in the initial state, where that is known beforehand.
        as_costs: whether Storm is asked for the least of the negated rewards: to it, a run that
            misses the goal is worth infinitely much, whatever the signs.
    """

    name: str
    world: Process
    goal: tuple[str, ...]
    best: Best = "max"
    rewarded: bool = False
    known: Fraction | None = None
    as_costs: bool = False

    def ask(self, engine: Engine) -> Answer:
        """Our answer."""
        query = reward_to if self.rewarded else reach
        return query(self.world, self.goal, best=self.best, engine=engine)

    @property
    def formula(self) -> str:
        """The query as Storm reads it."""
        chain = all(len(self.world.actions(state)) <= 1 for state in self.world.states)
        optimum = "" if chain else "min" if self.as_costs else self.best
        kind = f'R{{"cost"}}{optimum}' if self.rewarded else f"P{optimum}"
        return f'{kind}=? [F "goal"]'


def issue_1061() -> Case:
    """Storm's issue #1061: ten a step, and one time in ten it ends."""
    chain = process(
        {"0": {"go": {"1": "9/10", "2": "1/10"}}, "1": {"go": {"0": "9/10", "2": "1/10"}}},
        rewards={"0": -10, "1": -10},
    )
    return Case("Storm's issue 1061", chain, ("2",), rewarded=True, known=Fraction(-100))


def haddad_monmege(n: int) -> Case:
    """Interval iteration algorithm for MDPs and IMDPs, 2018: it takes 2^N steps on average."""
    half = Fraction(1, 2)
    first = {str(n - 1): Fraction(7, 10), str(n + 1): Fraction(3, 10)}
    steps: dict[str, dict[str, dict[str, Fraction]]] = {str(n): {"go": first}}
    for x in (x for x in range(1, 2 * n) if x != n):
        steps[str(x)] = {"go": {str(x - 1 if x < n else x + 1): half, str(n): half}}
    return Case(f"Haddad-Monmege {n}", process(steps), ("0",), known=Fraction(7, 10))


def _toy(name: str, **chosen: Any) -> Any:
    """One of Gymnasium's toy-text worlds, which have their table and starts as attributes."""
    return gymnasium.make(name, **chosen).unwrapped


def lake(size: int, name: str | None = None, known: Fraction | None = None) -> Case:
    """FrozenLake: one of Gymnasium's maps, or a random one of this size with one hole in ten."""
    drawn = None if name else generate_random_map(size, 0.9, seed=1)
    table = _toy("FrozenLake-v1", map_name=name, desc=drawn).P
    world = from_table(table, starts=[0])
    return Case(f"FrozenLake {size}x{size}", world, (str(size * size - 1),), known=known)


def cliff() -> Case:
    """CliffWalking from its corner."""
    table = _toy("CliffWalking-v1").P
    world = _first(from_table(table, starts=[36]), "36")
    return Case("CliffWalking", world, ("47",), rewarded=True, known=Fraction(-13), as_costs=True)


def taxi() -> Case:
    """Taxi from its first start: rewards of both signs."""
    env = _toy("Taxi-v4")
    starts = [state for state in env.P if env.initial_state_distrib[state] > 0]
    world = from_table(env.P, starts=starts)
    return Case("Taxi", world, _ends(world), rewarded=True, as_costs=True)


def race(length: int) -> Case:
    """Two sides gain a point at a time; bold play wins more points, and may cost one."""

    def step(state: str) -> dict[str, tuple[dict[str, Fraction] | str, int]]:
        mine, theirs = map(int, state.split(":"))
        if mine == length or theirs == length:
            return {}
        ahead, behind = f"{mine + 1}:{theirs}", f"{mine}:{theirs + 1}"
        fair = Fraction(1, 2)
        bold = Fraction(3, 5) if mine < theirs else Fraction(2, 5)
        return {
            "steady": ({ahead: fair, behind: 1 - fair}, 0),
            "bold": ({ahead: bold, behind: 1 - bold}, 0),
        }

    world = explore("0:0", step)
    won = tuple(state for state in world.states if state.startswith(f"{length}:"))
    return Case(f"race to {length}", world, won)


def retry(rounds: int) -> Case:
    """Rounds of two states, each tried again until it works: cheap and unsure, or dear and sure."""

    def step(state: str) -> dict[str, tuple[dict[str, Fraction] | str, int]]:
        kind, number = state[0], int(state[1:])
        if number == rounds:
            return {}
        if kind == "r":
            return {"again": (f"t{number}", 1)}
        chance = Fraction(1 + number % 7, 10)
        following, repair = f"t{number + 1}", f"r{number}"
        return {
            "cheap": ({following: chance, repair: 1 - chance}, 1),
            "dear": ({following: Fraction(9, 10), repair: Fraction(1, 10)}, 3),
        }

    world = explore("t0", step)
    return Case(f"{rounds} rounds of retries", world, (f"t{rounds}",), "min", rewarded=True)


def cases() -> Iterable[Callable[[], Case]]:
    """Every case, made when it is its turn."""
    return (
        issue_1061,
        lambda: haddad_monmege(10),
        lambda: haddad_monmege(20),
        lambda: haddad_monmege(300),
        lambda: lake(4, "4x4", Fraction(14, 17)),
        lambda: lake(8, "8x8", Fraction(1)),
        lambda: lake(16),
        lambda: lake(32),
        lambda: lake(48),
        cliff,
        taxi,
        lambda: retry(25_000),
        lambda: race(100),
        lambda: race(222),
    )


def _ends(world: Process) -> tuple[str, ...]:
    return tuple(state for state in world.states if not world.actions(state))


def _first(world: Process, state: str) -> Process:
    """The process with one state moved to the front."""
    order = {state: world.transitions[state], **world.transitions}
    return Process(order, world.rewards, world.discount)
