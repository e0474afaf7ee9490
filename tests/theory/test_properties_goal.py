"""Goals: held, violated, at the boundary, vacuous; and the theorems about them."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from theory.error import InputError
from theory.goal.identification import Goal, NoGoal, rationalise
from theory.process import Process, process
from theory.properties.goal import goal_identified, goal_integrity, no_misgeneralisation
from theory.verdict import Verdict

F = Fraction
HOLDS, VIOLATED, VACUOUS = Verdict.HOLDS, Verdict.VIOLATED, Verdict.VACUOUS


def test_goal_integrity_is_an_invariant():
    steps = {"a": ["b"], "b": ["a", "c"], "c": []}
    kept = goal_integrity(steps, {"a": "g", "b": "g", "c": "g"}, "a").decide()
    assert (kept.verdict, kept.proof) == (HOLDS, "3 steps from 3 reachable states")
    lost = goal_integrity(steps, {"a": "g", "b": "g", "c": "h"}, "a").decide()
    assert lost.verdict is VIOLATED
    assert lost.witness == {"path": ["a", "b", "c"], "goal": "g", "next_goal": "h"}
    assert goal_integrity(steps, {"c": "h"}, "c").decide().verdict is VACUOUS
    unreached = {"a": ["b"], "b": ["b"], "z": ["a"]}
    assert goal_integrity(unreached, {"a": "g", "b": "g", "z": "h"}, "a").decide().holds
    with pytest.raises(InputError, match="state 'b' has no goal"):
        goal_integrity(steps, {"a": "g"}, "a").decide()


CORRIDOR = process(
    {
        "left": {"stay": "left", "go": "middle"},
        "middle": {"back": "left", "on": "right"},
        "right": {"stay": "right", "go": "middle"},
    },
    discount="9/10",
)


def test_training_in_one_state_leaves_the_goal_open():
    claim = goal_identified(CORRIDOR, {"left": "go"}, test=["right"])
    finding = claim.decide()
    assert finding.verdict is VIOLATED
    witness = finding.witness
    assert {witness["first_action"], witness["second_action"]} == {"stay", "go"}
    for which in ("first", "second"):
        solved = CORRIDOR.rewarding(witness[f"{which}_goal"])
        assert solved.optimal("left") == ("go",)
        assert solved.optimal("right") == (witness[f"{which}_action"],)


def test_features_that_tie_the_states_together_pin_the_goal():
    sides = {"edge": {"left": F(1), "right": F(1)}, "centre": {"middle": F(1)}}
    pinned = goal_identified(CORRIDOR, {"left": "go"}, test=["right"], features=sides).decide()
    assert pinned.verdict is HOLDS
    apart = {**sides, "extra": {"right": F(1, 10**9)}}
    assert (
        goal_identified(CORRIDOR, {"left": "go"}, test=["right"], features=apart).decide().verdict
        is VIOLATED
    )


def test_identification_is_vacuous_where_no_goal_explains_the_training():
    nothing = {"flat": {"left": F(1), "middle": F(1), "right": F(1)}}
    finding = goal_identified(CORRIDOR, {"left": "go"}, test=["right"], features=nothing).decide()
    assert finding.verdict is VACUOUS
    with pytest.raises(InputError, match="'left' is a training state"):
        goal_identified(CORRIDOR, {"left": "go"}, test=["left"])
    with pytest.raises(InputError, match="discount below 1"):
        rationalise(process({"a": {"x": "b", "y": "b"}}), {"a": "x"}, ["a"])


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(-2, 2), min_size=3, max_size=3))
def test_a_strictly_best_policy_is_explained_and_explanations_are_right(rewards):
    reward = dict(zip(CORRIDOR.states, map(F, rewards), strict=True))
    solved = CORRIDOR.rewarding(reward)
    strict = [s for s in CORRIDOR.states if len(solved.optimal(s)) == 1]
    policy = {s: solved.optimal(s)[0] for s in strict}
    found = rationalise(CORRIDOR, policy, strict)
    assert isinstance(found, Goal)
    again = CORRIDOR.rewarding(found.reward)
    assert all(again.optimal(s) == (policy[s],) for s in strict)


def test_no_goal_comes_with_refutations():
    twins: Process = process({"a": {"x": "b", "y": "b"}, "b": {"stay": "b"}}, discount="1/2")
    found = rationalise(twins, {"a": "x"}, ["a"])
    assert isinstance(found, NoGoal)
    assert (found.completions, len(found.refutations)) == (1, 1)


def test_misgeneralisation():
    intended = {"left": 1}
    always_left = {"left": "stay", "middle": "back", "right": "go"}
    kept = no_misgeneralisation(
        CORRIDOR, always_left, intended, train=["left", "middle"], test=["right"]
    )
    assert kept.decide().verdict is HOLDS
    both_ends = {**always_left, "right": "stay"}
    wrong = no_misgeneralisation(
        CORRIDOR, both_ends, intended, train=["left", "middle"], test=["right"]
    ).decide()
    assert wrong.verdict is VIOLATED
    assert wrong.witness["intended_actions"] == ("go",)
    pursued = CORRIDOR.rewarding(wrong.witness["pursued_goal"])
    assert all(pursued.optimal(s) == (a,) for s, a in both_ends.items())
    confused = no_misgeneralisation(
        CORRIDOR,
        both_ends,
        intended,
        train=["left", "middle"],
        test=["right"],
        features={"left": {"left": F(1)}},
    ).decide()
    assert confused.verdict is HOLDS
    assert "no goal explains it" in confused.proof
    untrained = no_misgeneralisation(
        CORRIDOR, both_ends, {"right": 1}, train=["left"], test=["right"]
    ).decide()
    assert untrained.verdict is VACUOUS
