"""Self-modification in finite worlds: held, violated, at the boundary, vacuous; the theorems."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from theory.error import InputError
from theory.goal.succession import Outlook, Succession, Ties, modified, self_modification
from theory.properties.modification import goal_stability, no_flattery
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


def test_modifications_are_seen_in_the_next_state():
    assert modified(THREE, "g | keep", "stay > inv") == {"inv"}
    assert modified(THREE, "g | keep", "stay > keep") == frozenset()
