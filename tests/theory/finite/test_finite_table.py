"""Processes from tables and policies: what floats stand for, where episodes end, bad rows."""

from __future__ import annotations

from fractions import Fraction

import pytest

from theory.error import InputError
from theory.finite.table import FOLLOW, from_table, induced, rational_row
from theory.process import process

F = Fraction
THIRD = [0.33333333333333337, 0.3333333333333333, 0.33333333333333337]


def test_floats_stand_for_the_short_rationals_that_they_round():
    assert rational_row(THIRD, "here") == [F(1, 3)] * 3
    assert rational_row([0.1, 0.9], "here") == [F(1, 10), F(9, 10)]
    assert rational_row([0.25, 0.75], "here") == [F(1, 4), F(3, 4)]
    # exact floats that sum to 1 and are no short rationals count as they are
    odd = 0.7853981633974483
    assert rational_row([odd, 1 - odd], "here") == [F(odd), 1 - F(odd)]
    # rationals and text are never rounded
    close = F(1, 3) + F(1, 10**30)
    assert rational_row([close, 1 - close], "here") == [close, 1 - close]
    assert rational_row(["1/3", "2/3"], "here") == [F(1, 3), F(2, 3)]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ([0.3333, 0.3333, 0.3333], "here: the probabilities sum to 0.99990000000000001, not 1"),
        ([0.5, 0.25], "here: the probabilities sum to 0.75, not 1"),
        ([1.5, -0.5], "here: a probability is negative: -0.5"),
        ([float("nan"), 1.0], "here: nan is not a finite number"),
        ([F(1, 3) + F(1, 10**30), F(2, 3)], "here: the probabilities sum to 1 + 1e-30, not 1"),
    ],
)
def test_a_row_that_is_none_is_refused(row, message):
    with pytest.raises(InputError) as caught:
        rational_row(row, "here")
    assert str(caught.value) == message


TABLE = {
    0: {0: [(0.5, 0, -1.0, False), (0.5, 1, -3.0, False)], 1: [(1.0, 2, 5.0, True)]},
    1: {0: [(1.0, 2, 0.0, True)], 1: [(0.25, 0, 0.0, False), (0.75, 0, 1.0, False)]},
    2: {0: [(1.0, 2, 0.0, True)], 1: [(1.0, 0, 0.0, False)]},
}


def test_an_episode_ends_where_the_table_says():
    world = from_table(TABLE, starts=[0], actions=["left", "right"])
    assert world.states == ("0", "1", "2")
    assert world.actions("2") == ()
    assert world.outcomes("1", "right") == {"0": 1}
    assert world.reward("0", "left") == -2
    assert world.reward("1", "right") == F(3, 4)
    # 2 as a start is a state like others, and its end another
    whole = from_table(TABLE, starts=[0, 2])
    assert set(whole.states) == {"0", "1", "2", "2, end"}
    assert whole.outcomes("0", "1") == {"2, end": 1}
    # without starts, a state that is only an end is one
    assert from_table(TABLE).actions("2") == ()


def test_errors_name_state_and_action():
    with pytest.raises(InputError, match="state '0', action '0': the probabilities sum to"):
        from_table({0: {0: [(0.5, 0, 0.0, False)]}})
    with pytest.raises(InputError, match="state '0', action 'up': the next state '7' is not dec"):
        from_table({0: {0: [(1.0, 7, 0.0, False)]}}, actions=["up"], starts=[0])
    with pytest.raises(InputError, match="starts: there is no state '7'"):
        from_table(TABLE, starts=[7])
    with pytest.raises(InputError, match="state '0', action '0', reward: inf is not a finite"):
        from_table({0: {0: [(1.0, 0, float("inf"), False)]}}, starts=[0])


def test_a_policy_makes_a_chain():
    world = from_table(TABLE, starts=[0])
    mixed = induced(world, {"0": {"0": "1/2", "1": "1/2"}, "1": "1"})
    assert mixed.outcomes("0", FOLLOW) == {"0": F(1, 4), "1": F(1, 4), "2": F(1, 2)}
    assert mixed.reward("0", FOLLOW) == F(3, 2)
    assert mixed.actions("2") == ()
    assert induced(world, lambda state: "0").outcomes("1", FOLLOW) == {"2": 1}
    for policy, message in [
        ({"0": "0"}, "policy: it says nothing about state '1'"),
        ({"0": "0", "1": "up"}, "policy: state '1' has no action 'up'"),
        ({"0": {"0": 0.5}, "1": "0"}, "policy, state '0': the probabilities sum to 0.5, not 1"),
    ]:
        with pytest.raises(InputError, match=message):
            induced(world, policy)


def test_a_policy_may_be_a_function_of_names():
    line = process({"1": {"on": "2", "back": "0"}, "2": {"on": "3", "back": "1"}})
    chain = induced(line, lambda state: "on" if int(state) > 1 else "back")
    assert chain.outcomes("1", FOLLOW) == {"0": 1}
