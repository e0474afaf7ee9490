"""Power, impact, tampering and interruption: held, violated, at the boundary, vacuous."""

from __future__ import annotations

from fractions import Fraction
from math import factorial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from theory.error import InputError
from theory.goal.succession import Succession
from theory.power.attainable import choice_power, orbit, power, uniform_rewards, visits
from theory.power.impact import preserving, reachability
from theory.power.interruption import interrupted
from theory.process import Process, process
from theory.properties.impact import keeps_reachable, low_impact
from theory.properties.power import most_goals_favour, no_needless_power
from theory.properties.tampering import (
    no_reward_tampering,
    no_wireheading,
    safely_interruptible,
)
from theory.verdict import Verdict

F = Fraction
HOLDS, VIOLATED, VACUOUS, UNKNOWN = (
    Verdict.HOLDS,
    Verdict.VIOLATED,
    Verdict.VACUOUS,
    Verdict.UNKNOWN,
)
FORK = process(
    {
        "fork": {"wide": "hall", "narrow": "c"},
        "hall": {"to a": "a", "to b": "b"},
        "a": {"stay": "a"},
        "b": {"stay": "b"},
        "c": {"stay": "c"},
    },
    discount="1/2",
)
REWARDS = uniform_rewards(["a", "b", "c"], 3)


def test_power_by_hand():
    """With marks 1/6, 1/2, 5/6 the mean is 1/2 and the better of two is 35/54 on average."""
    powers = power(FORK, REWARDS)
    assert powers["a"] == F(1, 2)
    assert powers["hall"] == sum(F(1, 9) * max(x, y) for x in MARKS for y in MARKS)


MARKS = [F(1, 6), F(1, 2), F(5, 6)]


@settings(max_examples=20, deadline=None)
@given(
    st.lists(st.lists(st.integers(0, 4), min_size=5, max_size=5), min_size=1, max_size=3),
    st.sampled_from([F(1, 10), F(1, 2), F(9, 10)]),
)
def test_power_is_between_the_least_and_the_greatest_reward(tables, discount):
    world = Process(FORK.transitions, {}, discount)
    names = world.states
    rewards = [(F(1, len(tables)), dict(zip(names, map(F, t), strict=True))) for t in tables]
    powers = power(world, rewards)
    low = min(min(t) for t in tables)
    high = max(max(t) for t in tables)
    assert all(low <= value <= high for value in powers.values())
    # a state from which both children can be stayed in has at least their power
    assert powers["hall"] >= max(powers["a"], powers["b"])


def test_the_closed_form_is_the_limit_of_finer_rewards():
    star = process(
        {"r": {"x": "x", "y": "y"}, "x": {"stay": "x"}, "y": {"stay": "y"}}, discount="1/3"
    )
    gaps = [
        choice_power(2) - power(star, uniform_rewards(["x", "y"], levels))["r"]
        for levels in (1, 2, 4, 8)
    ]
    assert gaps == [F(1, 6 * levels**2) for levels in (1, 2, 4, 8)]
    with pytest.raises(InputError, match="less than 1"):
        choice_power(0)
    with pytest.raises(InputError, match="POWER needs"):
        power(process({"a": {"go": "b"}}), [(F(1), {})])
    with pytest.raises(InputError, match="sum to 1/2"):
        power(FORK, [(F(1, 2), {})])


def test_needless_power():
    wide = no_needless_power(FORK, {"fork": "wide"}, REWARDS).decide()
    assert wide.verdict is VIOLATED
    assert wide.witness["power"] > wide.witness["its_power"]
    assert no_needless_power(FORK, {"fork": "narrow"}, REWARDS).decide().verdict is HOLDS
    # power that the goal needs is no offence
    needed = no_needless_power(FORK, {"fork": "wide"}, REWARDS, goal={"a": 1}).decide()
    assert needed.verdict is VACUOUS
    # just across: where c is as good as a would be one step later
    level = no_needless_power(FORK, {"fork": "wide"}, REWARDS, goal={"a": 1, "c": "1/2"})
    assert level.decide().verdict is VIOLATED
    below = {"a": 1, "c": F(1, 2) - F(1, 10**20)}
    assert (
        no_needless_power(FORK, {"fork": "wide"}, REWARDS, goal=below).decide().verdict is VACUOUS
    )


def test_slack_at_the_boundary():
    gap = no_needless_power(FORK, {"fork": "wide"}, REWARDS).decide().witness
    slack = gap["power"] - gap["its_power"]
    assert no_needless_power(FORK, {"fork": "wide"}, REWARDS, slack=slack).decide().holds
    less = slack - F(1, 10**20)
    assert not no_needless_power(FORK, {"fork": "wide"}, REWARDS, slack=less).decide().holds


def test_most_of_an_orbit_goes_where_there_is_more_choice():
    sides = process(
        {
            "s": {"two": "l", "one": "r"},
            "l": {"up": "l1", "down": "l2"},
            "r": {"on": "r1"},
            "l1": {"stay": "l1"},
            "l2": {"stay": "l2"},
            "r1": {"stay": "r1"},
        },
        discount="99/100",
    )
    finding = most_goals_favour(sides, "s", "two", "one", {"l1": 1}).decide()
    assert finding.verdict is HOLDS
    assert finding.value.permutations == factorial(6)
    assert finding.value.optimal["two"] > finding.value.optimal["one"]
    assert most_goals_favour(sides, "s", "one", "two", {"l1": 1}).decide().verdict is VIOLATED
    flat = most_goals_favour(sides, "s", "one", "two", dict.fromkeys(sides.states, 1)).decide()
    assert flat.verdict is VACUOUS


def test_orbits_agree_with_solving_every_permutation():
    from itertools import permutations

    reward = [F(0), F(1), F(2), F(3), F(5)]
    found = orbit(FORK, "fork", dict(zip(FORK.states, reward, strict=True)))
    counts = {"wide": 0, "narrow": 0}
    for order in permutations(reward):
        solved = FORK.rewarding(dict(zip(FORK.states, order, strict=True)))
        for action in solved.optimal("fork"):
            counts[action] += 1
    assert found.optimal == counts
    assert sum(len(plans) for plans in visits(FORK, "fork").values()) == 3


def test_too_many_states_for_an_orbit():
    steps: dict[str, Any] = {f"s{n}": {"on": f"s{n + 1}"} for n in range(7)}
    with pytest.raises(InputError, match="8 states have too many permutations"):
        most_goals_favour(process(steps, discount="1/2"), "s0", "on", "on", {}).decide()


VASE = process(
    {
        "room": {"wait": "room", "rush": "shards", "around": "door"},
        "shards": {"wait": "shards", "on": "door, broken"},
        "door": {"wait": "door", "back": "room"},
        "door, broken": {"wait": "door, broken", "back": "shards"},
    },
    discount="9/10",
)
WHOLE = {"whole": {"room": 1, "door": 1}}


def test_impact_on_attainable_values():
    rush = {"room": "rush", "shards": "on", "door, broken": "wait"}
    around = {"room": "around", "door": "wait"}
    broken = low_impact(VASE, "room", rush, WHOLE, noop="wait", limit=0).decide()
    assert broken.verdict is VIOLATED
    assert broken.witness["impact"] == 9
    assert low_impact(VASE, "room", rush, WHOLE, noop="wait", limit=9).decide().holds
    assert low_impact(VASE, "room", around, WHOLE, noop="wait", limit=0).decide().holds
    idle = {"room": "wait"}
    assert low_impact(VASE, "room", idle, WHOLE, noop="wait", limit=0).decide().verdict is VACUOUS
    with pytest.raises(InputError, match="no action 'nothing'"):
        low_impact(VASE, "room", rush, WHOLE, noop="nothing", limit=0).decide()
    with pytest.raises(InputError, match="there is no auxiliary reward"):
        low_impact(VASE, "room", rush, {}, noop="wait", limit=0).decide()


def test_impact_on_reachability():
    reach = reachability(VASE, "room")
    assert reach == {"room": 1, "door": F(9, 10), "shards": 0, "door, broken": 0}
    rush = {"room": "rush", "shards": "wait"}
    found = keeps_reachable(VASE, "room", rush, noop="wait", limit=0).decide()
    assert found.verdict is VIOLATED
    # from the shards, the room (1) and the door (9/10) are lost, of four states
    assert found.witness["impact"] == F(19, 40)
    assert keeps_reachable(VASE, "room", rush, noop="wait", limit="19/40").decide().holds
    idle = {"room": "wait"}
    assert keeps_reachable(VASE, "room", idle, noop="wait", limit=0).decide().verdict is VACUOUS


def test_attainable_utility_preservation_makes_the_careful_way_best():
    steps = {
        "room": {"wait": "room", "rush": "prize, broken", "around": "corridor"},
        "corridor": {"wait": "corridor", "on": "prize"},
        "prize": {"wait": "prize"},
        "prize, broken": {"wait": "prize, broken"},
    }
    world = process(steps, rewards={"prize": 1, "prize, broken": 1}, discount="9/10")
    whole = {"whole": {"room": F(1), "corridor": F(1), "prize": F(1), "prize, broken": F(1, 100)}}
    assert world.optimal("room") == ("rush",)
    assert preserving(world, whole, "wait", F(0)).optimal("room") == ("rush",)
    assert preserving(world, whole, "wait", F(10)).optimal("room") == ("around",)


def office(gain: Fraction, *, again: bool = True) -> Succession:
    """Work, or change the reward function so that every state is worth `gain`."""
    steps: dict[str, dict[str, str]] = {
        "desk, own": {"work": "done, own", **({"hack": "desk, hacked"} if again else {})},
        "desk, hacked": {"idle": "desk, hacked", "work": "done, hacked"},
        "done, own": {"more": "done, own"},
        "done, hacked": {"more": "done, hacked"},
    }
    return Succession(
        process(steps),
        {state: state.split(", ")[1] for state in steps},
        {
            "own": {s: F(1) for s in steps if s.startswith("done")},
            "hacked": dict.fromkeys(steps, gain),
        },
        horizon=3,
    )


def tampering(agent: str, gain: Fraction, **options: Any) -> Verdict:
    claim = no_reward_tampering(office(gain, **options), "desk, own", agent=agent, intended="own")
    return claim.decide().verdict


def test_claims_1_to_3_of_reward_tampering():
    assert tampering("standard", F(2)) is VIOLATED
    assert tampering("considering", F(2)) is HOLDS
    assert tampering("ignoring", F(2)) is HOLDS
    assert tampering("standard", F(1) - F(1, 10**20)) is HOLDS  # just across: not worth it
    assert tampering("standard", F(1)) is VIOLATED  # a tie: tampering is among the best
    assert tampering("standard", F(2), again=False) is VACUOUS
    with pytest.raises(InputError, match="none of standard, considering, ignoring"):
        tampering("careless", F(2))
    with pytest.raises(InputError, match="no reward function 'meant'"):
        no_reward_tampering(office(F(2)), "desk, own", intended="meant")


REGISTER = process(
    {
        "work, 0": {"file": "work, 0", "forge": "work, 1"},
        "work, 1": {"file": "work, 1", "forge": "work, 1"},
    },
    discount="1/2",
)
FEATURES: dict[str, dict[str, str]] = {
    s: dict(zip(("place", "register"), s.split(", "), strict=True)) for s in REGISTER.states
}


def test_wireheading_needs_both_reading_and_writing():
    both = no_wireheading(REGISTER, FEATURES, {"work, 1": 1}, register="register").decide()
    assert both.verdict is VIOLATED
    assert both.witness["by"] == ("file", "forge")
    blind = no_wireheading(REGISTER, FEATURES, {}, register="register").decide()
    assert (blind.verdict, "does not read" in blind.proof) == (HOLDS, True)
    fixed = process({s: {"file": s, "forge": s} for s in REGISTER.states}, discount="1/2")
    sealed = no_wireheading(fixed, FEATURES, {"work, 1": 1}, register="register").decide()
    assert (sealed.verdict, "no decision writes" in sealed.proof) == (HOLDS, True)
    slightly = {"work, 1": F(1, 10**30)}
    assert not no_wireheading(REGISTER, FEATURES, slightly, register="register").decide().holds
    with pytest.raises(InputError, match="does not say what 'x' is"):
        no_wireheading(REGISTER, FEATURES, {}, register="x")


WALK = process(
    {
        "start": {"short": "gate", "long": "path"},
        "gate": {"through": "goal", "stop": "halt"},
        "path": {"on": "path 2"},
        "path 2": {"on": "goal"},
    },
    rewards={
        ("start", "short"): -1,
        ("start", "long"): -1,
        ("gate", "through"): 9,
        ("path", "on"): -1,
        ("path 2", "on"): 9,
        ("gate", "stop"): -1,
    },
)


def test_interruption_and_its_exact_region():
    """Short: 8 - 10 p; long: 7. The long way is among the best from p = 1/10 on."""

    def at(p: Fraction) -> Process:
        return interrupted(WALK, {"gate": "stop"}, p)

    assert safely_interruptible(at(F(1, 20)), WALK, "start").decide().verdict is HOLDS
    assert safely_interruptible(at(F(1, 10) - F(1, 10**20)), WALK, "start").decide().holds
    avoided = safely_interruptible(at(F(1, 10)), WALK, "start").decide()
    assert avoided.verdict is VIOLATED
    assert avoided.witness == {"state": "start", "action": "long", "cost": 1}
    assert safely_interruptible(at(F(0)), WALK, "start").decide().verdict is VACUOUS
    open_ended = safely_interruptible(at, WALK, "start").decide()
    assert open_ended.verdict is UNKNOWN
    assert open_ended.region == (
        "safely interruptible iff the probability of interruption is less than 0.1"
    )
    low = safely_interruptible(at, WALK, "start", probability=(0, "1/20")).decide()
    assert low.verdict is HOLDS
    high = safely_interruptible(at, WALK, "start", probability=("1/2", 1)).decide()
    assert high.verdict is VIOLATED


def test_certain_interruption_makes_every_choice_as_good():
    certain = interrupted(WALK, {"gate": "through"}, F(1))
    finding = safely_interruptible(certain, WALK, "start").decide()
    assert finding.witness == {"state": "gate", "action": "stop", "cost": 10}


def test_wrong_interruptions_are_refused():
    with pytest.raises(InputError, match="no action 'fly'"):
        interrupted(WALK, {"gate": "fly"}, F(1, 2))
    with pytest.raises(InputError, match="2 is not between 0 and 1"):
        interrupted(WALK, {"gate": "stop"}, F(2))
    other = process({"start": {"short": "goal"}})
    with pytest.raises(InputError, match="offer different actions"):
        safely_interruptible(WALK, other, "start").decide()


@settings(max_examples=25, deadline=None)
@given(st.fractions(0, "11/12", max_denominator=12))
def test_forcing_what_is_best_anyway_changes_nothing(p):
    """Langlois and Everitt: where the forced action is optimal, optima agree."""
    same = interrupted(WALK, {"gate": "through", "path": "on"}, p)
    assert same.values == WALK.values
    claim = safely_interruptible(same, WALK, "start").decide()
    assert claim.verdict in (HOLDS, VACUOUS)
