"""Goals: held, violated, at the boundary, vacuous; and the theorems about them."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from theory.error import InputError
from theory.goal.identification import Goal, NoGoal, rationalise
from theory.goal.succession import Outlook, Succession, Ties, modified, self_modification
from theory.process import Process, process
from theory.properties.goal import (
    goal_identified,
    goal_integrity,
    goal_stability,
    no_flattery,
    no_misgeneralisation,
)
from theory.verdict import Verdict

F = Fraction
HOLDS, VIOLATED, VACUOUS, UNKNOWN = (
    Verdict.HOLDS,
    Verdict.VIOLATED,
    Verdict.VACUOUS,
    Verdict.UNKNOWN,
)
ROOM = {"g": {"stay": "g", "leave": "b"}, "b": {"stay": "b", "leave": "g"}}


def selves(**goals: dict[str, Any]) -> Succession:
    return self_modification(ROOM, goals, horizon=2, discount="9/10")


THREE = selves(keep={"g": "1/2"}, one={"g": 1, "b": 1}, inv={"b": "1/2"})


@pytest.mark.parametrize(
    ("agent", "verdict"), [("hedonistic", VIOLATED), ("ignorant", VIOLATED), ("realistic", HOLDS)]
)
def test_who_keeps_the_goal(agent: str, verdict: Verdict):
    finding = goal_stability(THREE, "g | keep", agent=agent, ties="harsh").decide()
    assert finding.verdict is verdict


def test_the_witness_says_what_is_lost():
    finding = goal_stability(THREE, "g | keep", agent="ignorant", ties="kind").decide()
    assert finding.verdict is VIOLATED
    assert finding.witness["next_goal"] == "inv"
    assert finding.witness["loss"] == F(1, 2)
    assert finding.witness["value"] == F(19, 20)


def test_strict_stability_hinges_on_the_ties_of_the_successor():
    finding = goal_stability(THREE, "g | keep", strict=True).decide()
    assert finding.verdict is UNKNOWN
    assert finding.reason == "it hinges on how a future agent resolves its ties"
    assert finding.region == "VIOLATED where ties are kind; HOLDS where ties are harsh"
    assert finding.witness["action"] == "stay > one"
    for ties, verdict in (("kind", VIOLATED), ("harsh", HOLDS)):
        claim = goal_stability(THREE, "g | keep", strict=True, ties=ties)
        assert claim.decide().verdict is verdict


def test_without_another_goal_nothing_can_change():
    assert goal_stability(selves(only={"g": 1}), "g | only").decide().verdict is VACUOUS
    assert no_flattery(selves(only={"g": 1}), "g | only").decide().verdict is VACUOUS


def test_flattery_just_across_the_boundary():
    same = selves(own={"g": 1}, other={"g": 1})
    assert no_flattery(same, "g | own", agent="hedonistic").decide().verdict is VACUOUS
    more = selves(own={"g": 1}, other={"g": 1 + F(1, 10**20)})
    finding = no_flattery(more, "g | own", agent="hedonistic").decide()
    assert finding.verdict is VIOLATED
    assert finding.witness["value_by_new_goal"] > finding.witness["value_by_old_goal"]
    sterner = selves(own={"g": 1}, other={"b": 2})
    assert no_flattery(sterner, "g | own", agent="realistic").decide().verdict is HOLDS


def test_wrong_names_are_refused():
    with pytest.raises(InputError, match="none of hedonistic, ignorant, realistic"):
        goal_stability(THREE, "g | keep", agent="wise")
    with pytest.raises(InputError, match="neither kind nor harsh"):
        goal_stability(THREE, "g | keep", ties="random").decide()
    with pytest.raises(InputError, match="there is no state 'x'"):
        goal_stability(THREE, "x").decide()
    with pytest.raises(InputError, match="goal 'g': there is no state 'z'"):
        self_modification(ROOM, {"g": {"z": 1}}, horizon=1)


WORTH = st.lists(st.integers(0, 3), min_size=2, max_size=2)


@st.composite
def worlds(draw: st.DrawFn) -> Succession:
    steps: dict[str, dict[str, Any]] = {}
    for state in ("g", "b"):
        p = F(draw(st.integers(0, 3)), 3)
        steps[state] = {"one": {"g": p, "b": 1 - p}, "two": draw(st.sampled_from(["g", "b"]))}
    goals = {
        name: {"g": F(a, 3), "b": F(b, 3)}
        for name, (a, b) in zip(
            ("own", "second", "third"), draw(st.lists(WORTH, min_size=2, max_size=3)), strict=False
        )
    }
    ties = draw(st.sampled_from(list(Ties)))
    discount = draw(st.sampled_from(["1/2", "9/10", 1]))
    return self_modification(steps, goals, horizon=3, discount=discount, ties=ties)


@settings(max_examples=40, deadline=None)
@given(worlds())
def test_theorem_16_realistic_agents_only_make_value_preserving_modifications(world: Succession):
    verdict = goal_stability(world, "g | own", ties=world.ties.value).decide().verdict
    assert verdict in (HOLDS, VACUOUS)
    for state, steps in world.occasions("g | own"):
        own = world.goal_of[state]
        for action in world.best(Outlook.REALISTIC, own, state, steps):
            assert world.loss(own, state, action, steps) == 0


@settings(max_examples=40, deadline=None)
@given(worlds())
def test_theorem_15_ignorant_agents_are_indifferent_to_modifications(world: Succession):
    for state, steps in world.occasions("g | own"):
        own = world.goal_of[state]
        values: dict[str, set[Fraction]] = {}
        for action in world.world.actions(state):
            plain = action.split(" > ")[0]
            value = world.value(Outlook.IGNORANT, own, state, action, steps)
            values.setdefault(plain, set()).add(value)
        assert all(len(each) == 1 for each in values.values())


@settings(max_examples=40, deadline=None)
@given(worlds())
def test_theorem_14_a_goal_that_is_always_1_is_best_for_a_hedonist(world: Succession):
    goals = {name: {s.split(" | ")[0]: w for s, w in g.items()} for name, g in world.goals.items()}
    goals["bliss"] = {"g": F(1), "b": F(1)}
    steps = {"g": {"on": {"g": F(1, 2), "b": F(1, 2)}}, "b": {"on": "g"}}
    blissful = self_modification(steps, goals, horizon=3, ties=world.ties)
    best = blissful.best(Outlook.HEDONISTIC, "own", "g | own", 3)
    assert "on > bliss" in best
    assert blissful.value(Outlook.HEDONISTIC, "own", "g | own", "on > bliss", 3) == 3


@settings(max_examples=30, deadline=None)
@given(worlds())
def test_lemma_13_values_are_the_unrolled_sums(world: Succession):
    """For a realistic agent: the expected discounted worth of the way that it really goes."""

    def unrolled(goal: str, state: str, action: str, steps: int, weight: Fraction) -> Fraction:
        total = F(0)
        for after, p in world.world.outcomes(state, action).items():
            total += p * weight * world.goals[goal].get(after, F(0))
            if steps > 1:
                mine = world.best(Outlook.REALISTIC, world.goal_of[after], after, steps - 1)
                onward = [
                    unrolled(goal, after, a, steps - 1, weight * world.world.discount) for a in mine
                ]
                total += p * (min(onward) if world.ties is Ties.HARSH else max(onward))
        return total

    for action in world.world.actions("g | own"):
        expected = unrolled("own", "g | own", action, 3, F(1))
        assert world.value(Outlook.REALISTIC, "own", "g | own", action, 3) == expected


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


def test_modifications_are_seen_in_the_next_state():
    assert modified(THREE, "g | keep", "stay > inv") == {"inv"}
    assert modified(THREE, "g | keep", "stay > keep") == frozenset()
