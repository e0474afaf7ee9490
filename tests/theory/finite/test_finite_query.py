"""Exact queries on finite processes: by hand, at the boundary, and against every strategy."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from functools import partial

import numpy as np
import pytest
import world_case as naive
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from theory.error import InputError
from theory.finite.arena import Game
from theory.finite.average import average
from theory.finite.reach import always, next_step, reach, until
from theory.finite.reward import collected, discounted, reward_to
from theory.finite.table import induced
from theory.finite.value import Limit, Value, negated
from theory.process import Process, process

F = Fraction
bests = st.sampled_from(["max", "min"])
EVERYWHERE = frozenset(naive.NAMES)


def shown(values: Mapping[str, Value]) -> naive.Table:
    return {s: v if isinstance(v, Fraction) else None for s, v in values.items()}


def follow(world: naive.World, strategy: Mapping[str, str]) -> Process:
    """The chain in which both sides do what a strategy says."""
    return induced(naive.parts(world)[0], strategy)


def test_the_chain_of_storms_issue_1061():
    chain = process(
        {"0": {"go": {"1": "9/10", "2": "1/10"}}, "1": {"go": {"0": "9/10", "2": "1/10"}}},
        rewards={"0": -10, "1": -10},
    )
    assert reward_to(chain, ["2"]).values == {"0": -100, "1": -100, "2": 0}
    assert reach(chain, ["2"]).values == {"0": 1, "1": 1, "2": 1}
    assert average(chain).values == {"0": 0, "1": 0, "2": 0}
    assert collected(chain, 2).value("0") == -19


def haddad_monmege(n: int, p: str) -> Process:
    steps: dict[str, dict[str, dict[str, Fraction]]] = {}
    left, half = F(p), F(1, 2)
    for x in range(1, 2 * n):
        if x == n:
            row = {str(n - 1): left, str(n + 1): 1 - left}
        else:
            row = {str(x - 1 if x < n else x + 1): half, str(n): half}
        steps[str(x)] = {"go": row}
    return process(steps)


def test_haddad_monmege_with_the_plain_engine():
    assert reach(haddad_monmege(20, "7/10"), ["0"]).value("20") == F(7, 10)


BOTH = {"a": {"stay": "a", "go": "end"}}


@pytest.mark.parametrize(
    ("stay", "go", "most", "least"),
    [
        (-1, -5, -5, Limit.MINUS_INFINITE),
        (0, -5, -5, Limit.MINUS_INFINITE),  # nothing is positive: to miss the end is the worst
        (1, -5, Limit.INFINITE, -5),
        (1, 5, Limit.INFINITE, 5),
        (0, 5, Limit.INFINITE, 5),  # nothing is negative
        (-1, 5, 5, Limit.MINUS_INFINITE),
    ],
)
def test_rewards_of_one_who_may_stay(stay, go, most, least):
    world = process(BOTH, rewards={("a", "stay"): stay, ("a", "go"): go})
    assert reward_to(world, ["end"]).value("a") == most
    assert reward_to(world, ["end"], best="min").value("a") == least


def test_an_average_of_exactly_nothing_is_undefined():
    steps = {"a": {"on": "b", "end": "e"}, "b": {"back": "a"}}
    for back, most in ((-1, Limit.UNDEFINED), (-2, 5), (0, Limit.INFINITE)):
        rewards = {("a", "on"): 1, ("b", "back"): back, ("a", "end"): 5}
        assert reward_to(process(steps, rewards=rewards), ["e"]).value("a") == most
    hair = {("a", "on"): 1, ("b", "back"): -1 - F(1, 10**40), ("a", "end"): 5}
    assert reward_to(process(steps, rewards=hair), ["e"]).value("a") == 5
    # who cannot get to the end, in the middle of gains and losses
    trap = {"a": {"on": {"b": "1/2", "e": "1/2"}}, "b": {"back": "b"}}
    assert reward_to(process(trap, rewards={"a": -1, "b": 1}), ["e"]).values == {
        "a": Limit.UNDEFINED,
        "b": Limit.UNDEFINED,
        "e": 0,
    }


def test_the_goal_ends_what_is_counted():
    steps = {"a": {"on": "goal"}, "goal": {"on": "trap"}, "trap": {"on": "trap"}}
    world = process(steps, rewards={"a": 1, "goal": -1, "trap": 3})
    assert reward_to(world, ["goal"]).value("a") == 1


def test_bounded_paths_have_a_plan():
    world = process(
        {"a": {"safe": {"goal": "1/2", "a": "1/2"}, "risky": {"goal": "3/4", "pit": "1/4"}}}
    )
    assert reach(world, ["goal"]).value("a") == 1
    two = reach(world, ["goal"], within=2)
    assert two.value("a") == F(7, 8)
    assert [step["a"] for step in two.plan] == ["safe", "risky"]
    on = process({"a": {"go": "goal"}, "goal": {"on": "goal", "off": "a"}})
    assert reach(on, ["goal"], within=2).plan == ({"a": "go"}, {"a": "go"})
    assert reach(on, ["goal"], within=2).strategy == {"a": "go", "goal": "on"}
    assert reach(world, ["goal"], within=0).value("a") == 0
    assert next_step(world, ["goal"]).value("a") == F(3, 4)
    assert next_step(world, ["pit"]).value("pit") == 1
    assert always(world, ["a", "goal"]).value("a") == 1
    assert always(world, ["a", "goal"], within=1, best="min").value("a") == F(3, 4)
    assert until(world, ["pit"], ["goal"]).value("a") == 0


def test_errors_name_what_is_wrong():
    world = process(BOTH)
    with pytest.raises(InputError, match="target: there is no state 'z'"):
        reach(world, ["z"])
    with pytest.raises(InputError, match="stay: there is no state 'z'"):
        until(world, ["z"], ["a"])
    with pytest.raises(InputError, match="safe: there is no state 'z'"):
        always(world, ["z"])
    with pytest.raises(InputError, match="within: -1 steps"):
        reach(world, ["a"], within=-1)
    with pytest.raises(InputError, match="best: 'most' is neither"):
        reach(world, ["a"], best="most")  # pyright: ignore[reportArgumentType]
    with pytest.raises(InputError, match="discount: 1 is not at least 0 and less than 1"):
        discounted(world)
    with pytest.raises(InputError, match="opponent: there is no state 'z'"):
        Game(world, frozenset("z"))
    with pytest.raises(InputError, match="there is no state 'z'"):
        reach(world, ["a"]).value("z")


@settings(max_examples=150, deadline=None)
@given(naive.worlds(), naive.subsets, naive.subsets, bests)
def test_until_is_that_of_the_best_strategies(world, stay, goal, best):
    found = until(world, stay, goal, best=best)
    assert found.values == naive.play(world, best, partial(naive.chain_until, stay=stay, goal=goal))
    assert until(follow(world, found.strategy), stay, goal).values == found.values


@settings(max_examples=150, deadline=None)
@given(naive.worlds(least=0), naive.subsets, bests)
def test_rewards_to_a_target_are_those_of_the_best_strategies(world, goal, best):
    found = reward_to(world, goal, best=best)
    assume(not any(v is Limit.UNDEFINED for v in found.values.values()))
    assert shown(found.values) == naive.play(world, best, partial(naive.chain_reward, goal=goal))
    followed = reward_to(follow(world, found.strategy), goal).values
    assert followed == found.values


@settings(max_examples=100, deadline=None)
@given(naive.worlds(least=-3, most=0), naive.subsets, bests)
def test_costs_are_negated_rewards(world, goal, best):
    base, opponent = naive.parts(world)
    turned = Process(base.transitions, {k: -r for k, r in base.rewards.items()}, base.discount)
    found = reward_to(world, goal, best=best)
    other = reward_to(Game(turned, opponent), goal, best="min" if best == "max" else "max")
    if any(r for (s, _), r in base.rewards.items() if s not in goal):
        assert {s: negated(v) for s, v in found.values.items()} == other.values


@settings(max_examples=100, deadline=None)
@given(naive.worlds(players=1), naive.subsets)
def test_rewards_of_both_signs_are_those_of_the_best_strategy_that_arrives(world, goal):
    """Where it is finite, the best over the strategies that arrive; never less than any of them."""
    found = reward_to(world, goal)
    for policy in naive.strategies(world, list(naive.NAMES)):
        arrives = naive.chain_until(world, policy, EVERYWHERE, goal)
        open_ = [s for s in naive.NAMES if arrives[s] == 1 and s not in goal]
        gains = {s: world.reward(s, str(policy[s])) for s in open_}
        values = naive.linear(world, policy, open_, dict.fromkeys(goal, F(0)), gains)
        for state in open_:
            value = found.value(state)
            assert value in (Limit.INFINITE, Limit.UNDEFINED) or (
                isinstance(value, Fraction) and value >= values[state]
            )
    followed = reward_to(follow(world, found.strategy), goal).values
    assert all(followed[s] == v for s, v in found.values.items() if isinstance(v, Fraction))


@settings(max_examples=100, deadline=None)
@given(naive.worlds(), bests)
def test_discounted_rewards_are_those_of_the_best_strategies(world, best):
    found = discounted(world, best=best)
    assert found.values == naive.play(world, best, naive.chain_discounted)
    assert discounted(follow(world, found.strategy)).values == found.values


def long_run(world: Process, policy: dict[str, str | None]) -> np.ndarray:
    """The average reward in floats, by a high power of the half-lazy chain."""
    rows = [naive.row(world, s, policy[s]) for s in naive.NAMES]
    matrix = np.array([[float(r.get(t, 0)) for t in naive.NAMES] for r in rows])
    lazy = np.linalg.matrix_power((matrix + np.eye(len(rows))) / 2, 2**14)
    return lazy @ np.array([float(world.reward(s, str(policy[s]))) for s in naive.NAMES])


@settings(max_examples=100, deadline=None)
@given(naive.worlds(players=1), bests)
def test_average_rewards_are_those_of_the_best_strategies(world, best):
    found = average(world, best=best)
    tables = [long_run(world, p) for p in naive.strategies(world, list(naive.NAMES))]
    optimum = np.max(tables, axis=0) if best == "max" else np.min(tables, axis=0)
    values = [float(found.value(s)) for s in naive.NAMES]  # pyright: ignore[reportArgumentType]
    assert np.allclose(values, optimum, atol=1e-9)
    assert average(follow(world, found.strategy)).values == found.values


@settings(max_examples=100, deadline=None)
@given(naive.worlds(), bests)
def test_average_rewards_of_games_are_those_of_the_best_strategies(world, best):
    def chain(process: Process, policy: dict[str, str | None]) -> dict[str, Fraction]:
        return dict(zip(naive.NAMES, map(Fraction, long_run(process, policy)), strict=True))

    found = average(world, best=best)
    expected = naive.play(world, best, chain)
    for state in naive.NAMES:
        assert abs(found.value(state) - expected[state]) < 1e-9  # pyright: ignore[reportOperatorIssue]
    assert average(follow(world, found.strategy)).values == found.values


def test_the_average_of_a_game_in_which_the_opponent_draws_back():
    # Greedy play leads to where the opponent can keep one out; staying is worth 1 for ever.
    steps = {
        "home": {"stay": "home", "out": "gate"},
        "gate": {"open": "field", "shut": "home"},
        "field": {"on": "gate"},
    }
    rewards = {("home", "stay"): 1, ("field", "on"): 9, ("gate", "shut"): -2}
    world = process(steps, rewards=rewards)
    assert average(world).value("home") == F(9, 2)
    found = average(Game(world, frozenset({"gate"})))
    assert found.values == {"home": 1, "gate": 1, "field": 1}
    assert found.strategy == {"home": "stay", "gate": "shut", "field": "on"}


@settings(max_examples=60, deadline=None)
@given(naive.worlds(), naive.subsets, st.integers(0, 3), bests)
def test_bounded_paths_approach_the_unbounded(world, goal, steps, best):
    now = reach(world, goal, within=steps, best=best)
    later = reach(world, goal, within=steps + 1, best=best)
    ever = reach(world, goal, best=best)
    for state in naive.NAMES:
        assert now.value(state) <= later.value(state) <= ever.value(state)  # pyright: ignore[reportOperatorIssue]
    base, opponent = naive.parts(world)
    # one step at a time, by the definition
    for state in naive.NAMES:
        if state in goal or not base.actions(state):
            assert later.value(state) == int(state in goal)
            continue
        ahead = [
            sum(p * now.value(t) for t, p in base.outcomes(state, a).items())  # pyright: ignore
            for a in base.actions(state)
        ]
        large = (best == "max") != (state in opponent)
        assert later.value(state) == (max(ahead) if large else min(ahead))


@settings(max_examples=30, deadline=None)
@given(naive.worlds(actions=1, players=1), naive.subsets, st.integers(0, 2**32 - 1))
def test_a_simulation_stays_within_its_bound(world, goal, seed):
    """Hoeffding: 4,000 runs are off by more than 0.06 with probability below 2e-12."""
    steps, runs = 12, 4000
    rng = np.random.default_rng(seed)
    rows = [naive.row(world, s, next(iter(world.actions(s)), None)) for s in naive.NAMES]
    matrix = np.array([[float(r.get(t, 0)) for t in naive.NAMES] for r in rows]).cumsum(axis=1)
    at = np.zeros(runs, dtype=int)
    inside = np.array([s in goal for s in naive.NAMES])
    arrived = inside[at]
    for _ in range(steps):
        draws = rng.random(runs)[:, None]
        at = np.minimum((matrix[at] < draws).sum(axis=1), len(rows) - 1)
        arrived |= inside[at]
    exact = reach(world, goal, within=steps).value(naive.NAMES[0])
    assert abs(float(exact) - arrived.mean()) < 0.06  # pyright: ignore[reportArgumentType]
