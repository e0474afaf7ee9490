"""Goal-directedness, discounting and agents: held, violated, at the boundary, vacuous."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from theory.enclosure import enclose, log
from theory.error import InputError
from theory.goal.directedness import directedness, one_shot
from theory.goal.discount import Discounting, exponential, hyperbolic, proportional, reversal
from theory.process import Policy, Process, process
from theory.properties.agency import (
    consistent_discounting,
    directed,
    is_agent,
    keeps_its_plan,
)
from theory.verdict import Verdict

F = Fraction
HOLDS, VIOLATED, VACUOUS, UNKNOWN = (
    Verdict.HOLDS,
    Verdict.VIOLATED,
    Verdict.VACUOUS,
    Verdict.UNKNOWN,
)
CHOICE = process({"s": {"a": "end", "b": "end"}}, rewards={("s", "a"): 1})


@pytest.mark.parametrize(
    ("chance", "least", "verdict"),
    [
        ("1", "0.693147", HOLDS),
        ("1", "0.693148", VIOLATED),
        ("0", "0.693147", HOLDS),  # blind for the sign
        ("1/2", 0, HOLDS),
        ("1/2", "1e-30", VIOLATED),
        ("3/4", "0.13", HOLDS),
        ("3/4", "0.131", VIOLATED),
    ],
)
def test_directedness_against_a_threshold(chance: str, least: str, verdict: Verdict):
    policy = {"s": {"a": chance, "b": 1 - F(chance)}}
    assert directed(CHOICE, "s", policy, least=least).decide().verdict is verdict


def test_a_threshold_within_the_enclosure_is_unknown():
    found = one_shot({"a": F(3, 4), "b": F(1, 4)}, {"a": F(1), "b": F(0)})
    policy = {"s": {"a": "3/4", "b": "1/4"}}
    finding = directed(CHOICE, "s", policy, least=found.score.middle).decide()
    assert finding.verdict is UNKNOWN
    assert "within the enclosure" in finding.reason


def test_directedness_refuses_what_is_no_policy():
    with pytest.raises(InputError, match="do not sum to 1"):
        directed(CHOICE, "s", {"s": {"a": "1/2"}}, least=0).decide()
    with pytest.raises(InputError, match="says nothing about state 's'"):
        directed(CHOICE, "s", {}, least=0).decide()
    with pytest.raises(InputError, match="has no action 'c'"):
        directed(CHOICE, "s", {"s": {"c": 1}}, least=0).decide()


SHARES = st.lists(st.integers(0, 4), min_size=3, max_size=3).filter(any)
UTILITY = st.lists(st.integers(-2, 2), min_size=3, max_size=3)


def named(numbers: list[Fraction]) -> dict[str, Fraction]:
    return dict(zip("xyz", numbers, strict=True))


@settings(max_examples=25, deadline=None)
@given(SHARES, UTILITY, st.integers(-3, 3).filter(bool), st.integers(-3, 3))
def test_directedness_is_bounded_and_blind_to_scale_and_sign(shares, utility, scale, shift):
    chances = named([F(n, sum(shares)) for n in shares])
    found = one_shot(chances, named(list(map(F, utility))))
    assert found.score.lower >= 0
    assert found.score.lower <= log(3).upper
    assert found.score.width < F(1, 2**50)
    other = one_shot(chances, named([F(scale * u + shift) for u in utility]))
    assert found.score.lower <= other.score.upper
    assert other.score.lower <= found.score.upper
    if len(set(utility)) == 1:
        assert found.score.lower == found.score.upper == 0


@settings(max_examples=25, deadline=None)
@given(st.integers(2, 4), st.fractions(0, 1, max_denominator=20))
def test_directedness_in_closed_form(options: int, p: Fraction):
    """p log p + (1 - p) log((1 - p) / (n - 1)) + log n, for u = (1, 0, ..., 0)."""
    others = [f"other {at}" for at in range(options - 1)]
    chances = {"best": p, **dict.fromkeys(others, (1 - p) / (options - 1))}
    score = one_shot(chances, {"best": F(1), **dict.fromkeys(others, F(0))}).score
    closed = log(options)
    if p:
        closed = closed + p * log(p)
    if p < 1:
        closed = closed + (1 - p) * log((1 - p) / (options - 1))
    assert abs(score.middle - closed.middle) < F(1, 2**50)


def test_directedness_over_two_steps():
    grid = process(
        {"s": {"l": "l", "r": "r"}, "l": {"l": "end", "r": "end"}, "r": {"l": "end", "r": "end"}},
        rewards={("l", "l"): 1},
    )
    always = {s: {"l": F(1), "r": F(0)} for s in ("s", "l", "r")}
    found = directedness(grid, "s", always, 2)
    assert abs(found.score - log(4)).upper < F(1, 2**100)
    uniform = {s: {"l": F(1, 2), "r": F(1, 2)} for s in ("s", "l", "r")}
    assert directedness(grid, "s", uniform, 2).score.upper == 0
    never = {s: {"l": F(0), "r": F(1)} for s in ("s", "l", "r")}
    # three of the four plans earn nothing: log 4 - log 3
    assert abs(directedness(grid, "s", never, 2).score - (log(4) - log(3))).upper < F(1, 2**100)


def test_decisions_that_cannot_influence_the_utility_are_not_directed():
    fixed = process({"s": {"a": "end", "b": "end"}}, rewards={("s", "a"): 2, ("s", "b"): 2})
    policy = {"s": {"a": F(1), "b": F(0)}}
    assert directedness(fixed, "s", policy, 1).score.upper == 0


def test_discounting_held_violated_and_across_the_boundary():
    assert consistent_discounting(exponential("9/10", 6)).decide().verdict is HOLDS
    finding = consistent_discounting(hyperbolic(1, 6)).decide()
    assert finding.verdict is VIOLATED
    found = finding.witness["reversal"]
    weights = hyperbolic(1, 6)
    then = weights.weight(0, found.time) * found.early - weights.weight(0, found.later) * found.late
    now = (
        weights.weight(found.now, found.time) * found.early
        - weights.weight(found.now, found.later) * found.late
    )
    assert then * now < 0
    rows = [list(row) for row in exponential("1/2", 3).rows]
    rows[1] = [5 * w for w in rows[1]]  # a multiple is the same discounting
    assert consistent_discounting(Discounting(tuple(map(tuple, rows)))).decide().holds
    rows[1][1] += F(1, 10**30)
    nearly = consistent_discounting(Discounting(tuple(map(tuple, rows)))).decide()
    assert nearly.verdict is VIOLATED
    assert consistent_discounting(exponential("1/2", 1)).decide().verdict is VACUOUS


def test_a_later_moment_may_not_care_about_what_the_first_ignored():
    short = Discounting(((F(1), F(0), F(0)), (F(1), F(1)), (F(1),)))
    assert proportional(short) is None
    assert consistent_discounting(short).decide().verdict is VIOLATED


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (((F(1),), (F(1),)), "discount row 0: 1 weights, 2 are needed"),
        (((F(1), F(-1)), (F(1),)), "discount row 0, time 1: -1 is negative"),
        (((F(1), F(1)), (F(0),)), "discount row 1: every weight is 0"),
    ],
)
def test_wrong_matrices_are_refused(rows, message):
    with pytest.raises(InputError) as caught:
        Discounting(rows)
    assert str(caught.value) == message


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(1, 3), min_size=6, max_size=6))
def test_lattimore_hutter_consistent_iff_proportional(weights):
    a, b, c, d, e, f = map(F, weights)
    matrix = Discounting(((a, b, c), (d, e), (f,)))
    consistent = proportional(matrix) is not None
    assert consistent is (b * e == c * d)
    assert consistent is (reversal(matrix) is None)


TEMPTATION = process(
    {
        "now": {"on": "near"},
        "near": {"take": "paid", "wait": "far"},
        "far": {"take": "paid"},
        "paid": {"rest": "paid"},
    },
    rewards={("near", "take"): 5, ("far", "take"): 8},
)


def test_plans_are_kept_or_dropped():
    assert keeps_its_plan(TEMPTATION, "now", exponential("9/10", 4)).decide().verdict is HOLDS
    dropped = keeps_its_plan(TEMPTATION, "now", hyperbolic(1, 4)).decide()
    assert dropped.verdict is VIOLATED
    assert dropped.witness == {
        "time": 1,
        "state": "near",
        "planned": ("wait",),
        "chosen": ("take",),
    }
    assert keeps_its_plan(TEMPTATION, "paid", hyperbolic(1, 1)).decide().verdict is VACUOUS


def test_across_the_boundary_of_a_dropped_plan():
    """At 1 the delay counts 1/2: a prize of 10 is as good as 5 now, and the plan may be kept."""

    def world(prize: Fraction) -> Process:
        rewards = {**TEMPTATION.rewards, ("far", "take"): prize}
        return Process(TEMPTATION.transitions, rewards)

    assert keeps_its_plan(world(F(10)), "now", hyperbolic(1, 4)).decide().holds
    below = keeps_its_plan(world(10 - F(1, 10**20)), "now", hyperbolic(1, 4)).decide()
    assert below.verdict is VIOLATED


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.integers(0, 5), min_size=6, max_size=6), st.sampled_from(["1/2", "9/10", "1/10"])
)
def test_exponential_discounting_keeps_every_plan(rewards, discount):
    steps = {
        "a": {"x": "a", "y": "b"},
        "b": {"x": {"a": "1/2", "c": "1/2"}, "y": "c"},
        "c": {"x": "a", "y": "c"},
    }
    pairs = [(s, a) for s in steps for a in steps[s]]
    world = process(steps, rewards=dict(zip(pairs, rewards, strict=True)))
    assert keeps_its_plan(world, "a", exponential(discount, 4)).decide().holds


def test_agents_answer_to_changes_and_devices_do_not():
    hall = process(
        {"l": {"stay": "l", "go": "r"}, "r": {"stay": "r", "go": "l"}},
        rewards={"l": 1},
        discount="9/10",
    )
    prize = Process(hall.transitions, {(s, a): F(s == "r") for s, a in hall.rewards}, F(9, 10))
    tiny = Process(hall.transitions, {**hall.rewards, ("r", "stay"): F(1, 10**9)}, hall.discount)

    def planner(world: Process) -> Policy:
        return world.policy

    def device(world: Process) -> Policy:
        return {"l": "stay", "r": "go"}

    found = is_agent(planner, hall, {"a tiny prize": tiny, "a prize": prize}).decide()
    assert (found.verdict, found.value) == (HOLDS, "a prize")
    assert "evaluator" in found.proof
    swapped = process(
        {"l": {"stay": "r", "go": "l"}, "r": {"stay": "l", "go": "r"}},
        rewards={"l": 1},
        discount="9/10",
    )
    assert "world" in is_agent(planner, hall, {"crossed wires": swapped}).decide().proof
    refuted = is_agent(device, hall, {"a prize": prize, "crossed wires": swapped}).decide()
    assert refuted.witness == {"changes_without_effect": ["a prize", "crossed wires"]}
    assert is_agent(planner, hall, {"a tiny prize": tiny}).decide().verdict is VIOLATED
    assert is_agent(planner, hall, {}).decide().verdict is VACUOUS


def test_hyperbolic_weights_fall():
    row = hyperbolic("1/2", 5).rows[0]
    assert all(a > b for a, b in pairwise(row))
    assert enclose(row[2]).lower == F(1, 2)
