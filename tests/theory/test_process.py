"""Finite decision processes, solved exactly."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from theory.error import InputError
from theory.process import Process, explore, process

F = Fraction

CHAIN = process(
    {"a": {"stay": "a", "go": "b"}, "b": {"stay": "b"}},
    rewards={("a", "stay"): 1, ("b", "stay"): 2},
    discount="1/2",
)


def test_values_and_all_optimal_actions():
    assert CHAIN.values == {"a": F(2), "b": F(4)}
    assert CHAIN.optimal("a") == ("stay", "go")
    assert CHAIN.quality("a", "go") == 2
    assert CHAIN.policy == {"a": "stay", "b": "stay"}
    assert CHAIN.evaluate({"a": "go", "b": "stay"}) == {"a": F(2), "b": F(4)}


def test_a_tie_is_broken_by_the_smallest_amount():
    rewards = {("a", "stay"): 1 + F(1, 10**30), ("b", "stay"): F(2)}
    assert Process(CHAIN.transitions, rewards, F(1, 2)).optimal("a") == ("stay",)


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        (
            {"a": {"go": {"b": "1/2", "c": "1/3"}}},
            "state 'a', action 'go': the probabilities sum to 5/6, not 1",
        ),
        (
            {"a": {"go": {"b": "3/2", "c": "-1/2"}}},
            "state 'a', action 'go': the probability of 'c' is negative",
        ),
        (
            {"a": {"go": {"b": "half"}}},
            "state 'a', action 'go', next state 'b': 'half' is not a finite number",
        ),
    ],
)
def test_a_wrong_row_is_named(steps, message):
    with pytest.raises(InputError) as caught:
        process(steps)
    assert str(caught.value) == message


def test_other_errors_name_what_is_wrong():
    with pytest.raises(InputError, match="the next state 'b' is not declared"):
        Process({"a": {"go": {"b": F(1)}}})
    with pytest.raises(InputError, match="discount: 2 is not between 0 and 1"):
        process({"a": {"go": "b"}}, discount=2)
    with pytest.raises(InputError, match="reward: there is no state 'z'"):
        process({"a": {"go": "b"}}, rewards={"z": 1})
    with pytest.raises(InputError, match="reward: state 'a' has no action 'fly'"):
        process({"a": {"go": "b"}}, rewards={("a", "fly"): 1})
    with pytest.raises(InputError, match="policy: it says nothing about state 'b'"):
        CHAIN.evaluate({"a": "go"})
    with pytest.raises(InputError, match="start: there is no state 'z'"):
        CHAIN.reachable(["z"])


def test_without_discount_it_must_end():
    with pytest.raises(InputError, match="no terminal state can be reached from 'a'"):
        _ = process({"a": {"stay": "a"}}).values
    both = {"a": {"stay": "a", "go": "end"}}
    costly = process(both, rewards={("a", "stay"): -1, ("a", "go"): -5})
    assert costly.values["a"] == -5
    with pytest.raises(InputError, match="on for ever"):
        _ = process(both, rewards={("a", "go"): -5}).values
    with pytest.raises(InputError, match="for ever"):
        _ = process(both, rewards={("a", "stay"): 1}).values
    assert process(both, rewards={("a", "go"): 5}).values["a"] == 5


def test_reachable_states():
    assert CHAIN.reachable(["a"]) == ("a", "b")
    assert CHAIN.reachable(["a"], {"a": "stay", "b": "stay"}) == ("a",)
    assert CHAIN.reachable(["b"]) == ("b",)


def test_explore_finds_what_can_be_reached():
    def step(state: str) -> dict[str, tuple[str, int]]:
        n = int(state)
        return {"down": (str(n - 1), -n)} if n else {}

    assert explore("3", step).values["3"] == -6


PROBABILITY = st.integers(0, 4).map(lambda n: F(n, 4))


@st.composite
def processes(draw: st.DrawFn) -> Process:
    names = ["a", "b", "c"]
    steps: dict[str, dict[str, dict[str, Fraction]]] = {}
    rewards: dict[tuple[str, str], Fraction] = {}
    for state in names:
        steps[state] = {}
        for action in ["x", "y"][: draw(st.integers(1, 2))]:
            one, p = draw(st.sampled_from(names)), draw(PROBABILITY)
            other = draw(st.sampled_from([n for n in names if n != one]))
            steps[state][action] = {one: p, other: 1 - p}
            rewards[state, action] = F(draw(st.integers(-3, 3)))
    return Process(steps, rewards, F(draw(st.sampled_from([1, 3, 9])), 10))


@settings(max_examples=60, deadline=None)
@given(processes())
def test_values_are_those_of_the_best_of_all_policies(world: Process):
    policies = [
        dict(zip(world.states, actions, strict=True))
        for actions in product(*(world.actions(s) for s in world.states))
    ]
    tables = [world.evaluate(policy) for policy in policies]
    for state in world.states:
        assert world.values[state] == max(table[state] for table in tables)
        attained = {
            policy[state]
            for policy, table in zip(policies, tables, strict=True)
            if table == world.values
        }
        assert attained == set(world.optimal(state))
