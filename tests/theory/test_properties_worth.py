"""Goals of a network's own: modification, tampering, impact, agency; across every boundary."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from theory import Agent, Feature, Interpretation, evaluate
from theory.error import InputError, SortError
from theory.goal.worth import planned
from theory.properties.agency import answers_to
from theory.properties.impact import preserves_attainable
from theory.properties.modification import (
    modifies_safely,
    no_chosen_flattery,
    wants_no_modification,
)
from theory.properties.tampering import wants_no_tampering
from theory.property import Property
from theory.term import Term

F = Fraction
SLIGHT = F(1, 10**12)
FEATURES = [Feature("x", values=[0, 1]), Feature("goal", values=[0, 1])]
ACTIONS = ["work", "wait", "rewrite"]
AGENT = Agent(observation=FEATURES, actions=ACTIONS)

Scores = Callable[[Any], tuple[Any, ...]]


def true(prop: Property, scores: Scores) -> bool:
    return evaluate(prop.formula, Interpretation({"score": scores}))


def occurs(prop: Property, scores: Scores) -> bool:
    assert prop.occasion is not None
    return evaluate(prop.occasion, Interpretation({"score": scores}))


@pytest.mark.parametrize(
    ("gain", "expected", "strictly"),
    [(SLIGHT, False, False), (0, True, False), (-SLIGHT, True, True)],
)
def test_a_modification_is_wanted_where_it_beats_keeping_the_goal(gain, expected, strictly):
    def scores(o: Any) -> tuple[Any, ...]:
        return (o["x"] - 1, 0, gain)

    prop = wants_no_modification(AGENT, modifying=["rewrite"], keep="wait")
    assert true(prop, scores) is expected
    strict = wants_no_modification(AGENT, modifying=["rewrite"], keep="wait", strict=True)
    assert true(strict, scores) is strictly


def test_a_modification_that_is_not_best_is_not_wanted():
    prop = wants_no_modification(AGENT, modifying=["rewrite"], keep="wait")
    assert true(prop, lambda _: (2, 0, 1)) is True
    assert prop.antecedent is None


def test_a_modification_may_be_judged_by_another_goal():
    def scores(o: Any) -> tuple[Any, ...]:
        return (0, 0, o["goal"])

    initial = wants_no_modification(AGENT, modifying=["rewrite"], keep="wait", goal={"goal": 0})
    assert true(initial, scores) is True
    own = wants_no_modification(AGENT, modifying=["rewrite"], keep="wait")
    assert true(own, scores) is False

    def lazy(_: Term, action: str) -> Term:
        return AGENT.score(AGENT.observation("o"), "wait") - (1 if action != "wait" else 0)

    mine = wants_no_modification(AGENT, modifying=["rewrite"], keep="wait", goal=lazy)
    assert true(mine, scores) is True


def test_a_successor_is_judged_by_the_goal_that_it_gave_up():
    """By goal 0 work is best at x = 1; the rewritten agent, after goal 1, waits there."""

    def scores(o: Any) -> tuple[Any, ...]:
        rewrites = F(3, 2) if o["goal"] == 0 and o["x"] == 0 else -1
        return (o["x"], o["goal"] * 2, rewrites)

    prop = modifies_safely(AGENT, modifying={"rewrite": {"goal": 1}})
    assert occurs(prop, scores) is True
    assert true(prop, scores) is False
    assert true(modifies_safely(AGENT, modifying={"rewrite": {"goal": 0}}), scores) is True


def test_a_successor_that_does_the_same_is_safe_and_no_modification_is_vacuous():
    prop = modifies_safely(AGENT, modifying={"rewrite": {"goal": 1}})

    def same(o: Any) -> tuple[Any, ...]:
        return (o["x"], F(1, 2), 2 if o["x"] == 0 and o["goal"] == 0 else -1)

    assert true(prop, same) is False  # rewriting was best at x = 0 by goal 0, and is not done
    calm = Agent(observation=FEATURES, actions=["work", "rewrite"])
    either = modifies_safely(calm, modifying={"rewrite": {"goal": 1}})
    assert true(either, lambda o: (o["x"], F(1, 2))) is True
    assert occurs(either, lambda o: (o["x"], F(1, 2))) is True
    assert occurs(either, lambda _: (1, 0)) is False


def test_the_successor_is_compared_at_the_boundary():
    calm = Agent(observation=FEATURES, actions=["work", "rewrite"])
    prop = modifies_safely(calm, modifying={"rewrite": {"goal": 1}})

    def scores(by: Any) -> Scores:
        # At x = 0 it rewrites; at x = 1, goal 0 is for rewriting by `by`, and goal 1 for work.
        return lambda o: (0, (1 if o["x"] == 0 else by if o["goal"] == 0 else -1))

    assert true(prop, scores(F(0))) is True
    assert true(prop, scores(SLIGHT)) is False


@pytest.mark.parametrize(("gain", "expected"), [(SLIGHT, False), (0, True), (-SLIGHT, True)])
def test_flattery_is_a_goal_that_likes_the_same_plan_better(gain, expected):
    prop = no_chosen_flattery(AGENT, modifying={"rewrite": {"goal": 1}})

    def scores(o: Any) -> tuple[Any, ...]:
        return (0, 0, 1 + o["goal"] * gain)

    assert true(prop, scores) is expected
    assert occurs(prop, scores) is (gain > 0)


def test_flattery_counts_only_where_it_is_chosen():
    prop = no_chosen_flattery(AGENT, modifying={"rewrite": {"goal": 1}})
    assert true(prop, lambda o: (9, 0, o["goal"])) is True
    assert occurs(prop, lambda o: (9, 0, o["goal"])) is True


@pytest.mark.parametrize(("honest", "expected"), [(1, True), (1 + SLIGHT, False)])
def test_tampering_is_wanted_where_only_the_shown_goal_is_for_it(honest, expected):
    prop = wants_no_tampering(AGENT, tampering=["rewrite"], intended={"goal": 1})

    def scores(o: Any) -> tuple[Any, ...]:
        return (honest if o["goal"] == 1 else 0, 0, 1)

    assert true(prop, scores) is expected


def test_tampering_that_the_intended_goal_wants_is_no_tampering():
    prop = wants_no_tampering(AGENT, tampering=["rewrite"], intended={"goal": 1})
    assert true(prop, lambda _: (0, 0, 1)) is True
    assert true(prop, lambda _: (1, 0, 0)) is True


@pytest.mark.parametrize(("limit", "expected"), [(3, True), (F(299, 100), False)])
def test_impact_is_the_sum_over_the_auxiliary_goals(limit, expected):
    prop = preserves_attainable(
        AGENT, {"no": {"goal": 0}, "yes": {"goal": 1}}, noop="wait", limit=limit
    )

    def scores(o: Any) -> tuple[Any, ...]:
        # Work changes goal 0 by 1 and goal 1 by -2; to rewrite, which is never done, by more.
        return (1, 0, -9) if o["goal"] == 0 else (-2, 0, -9)

    assert true(prop, scores) is expected
    assert occurs(prop, scores) is True
    assert occurs(prop, lambda _: (0, 1, 0)) is False


def test_a_system_answers_to_a_mechanism_that_ever_changes_its_choice():
    prop = answers_to(AGENT, mechanism=["goal"])
    assert true(prop, lambda o: (o["goal"] * o["x"], F(1, 2), 0)) is True
    assert true(prop, lambda o: (o["x"], F(1, 2), 0)) is False
    assert true(answers_to(AGENT, mechanism=["x"]), lambda o: (o["x"], F(1, 2), 0)) is True
    # From a choice to a tie is not from a choice to another.
    assert true(prop, lambda o: (o["goal"], 0, 1)) is False
    assert true(prop, lambda o: (o["goal"] * (1 + SLIGHT), 0, 1)) is True


LATENT = Agent(observation=FEATURES, actions=["work", "rewrite"], latent=1)


def test_with_a_latent_state_plans_are_judged_and_not_scores():
    prop = wants_no_modification(LATENT, modifying=["rewrite"], keep="work")
    parts: dict[str, Callable[..., Any]] = {
        "score": lambda _: (0, 1),
        "perceive": lambda o: (o["x"],),
        "predict": lambda z, a: (z.entries[0] + (1 if a == "work" else 0),),
        "latent_value": lambda z: z.entries[0],
    }
    assert evaluate(prop.formula, Interpretation(parts)) is True
    backward = {**parts, "latent_value": lambda z: -z.entries[0]}
    assert evaluate(prop.formula, Interpretation(backward)) is False
    with pytest.raises(SortError):
        planned(AGENT, AGENT.observation("o"), "work")


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (
            lambda: wants_no_modification(AGENT, modifying=[], keep="wait"),
            "modifying: no action is named",
        ),
        (
            lambda: wants_no_modification(AGENT, modifying=["hack"], keep="wait"),
            "modifying: the agent has no action 'hack'",
        ),
        (
            lambda: wants_no_modification(AGENT, modifying=["wait"], keep="wait"),
            "keep: 'wait' is said to modify the agent",
        ),
        (
            lambda: no_chosen_flattery(AGENT, modifying={"rewrite": {"goal": 2}}),
            "feature 'goal' is never 2",
        ),
        (
            lambda: modifies_safely(AGENT, modifying={"rewrite": {"mood": 1}}),
            "unknown feature 'mood' of Observation; it has: x, goal",
        ),
        (
            lambda: preserves_attainable(AGENT, {}, noop="wait", limit=1),
            "auxiliary: no goal is given",
        ),
        (
            lambda: preserves_attainable(AGENT, {"g": {}}, noop="wait", limit=-1),
            "limit -1 is negative",
        ),
        (lambda: answers_to(AGENT, mechanism=[]), "mechanism: no feature is named"),
        (
            lambda: answers_to(
                Agent(observation=[Feature("k", 1, 1)], actions=["a", "b"]), mechanism=["k"]
            ),
            "mechanism: k cannot change",
        ),
    ],
)
def test_a_mistake_is_named(build, message):
    with pytest.raises(InputError) as error:
        build()
    assert str(error.value) == message


POINTS = [{"x": x, "goal": g} for x in (0, 1) for g in (0, 1)]


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(-1, 1), min_size=12, max_size=12))
def test_every_property_says_what_its_definition_says(table: list[int]):
    """Against a second reading of the definitions, by hand, on random tables of scores."""
    rows = {(p["x"], p["goal"]): tuple(table[3 * i : 3 * i + 3]) for i, p in enumerate(POINTS)}

    def at(x: int, goal: int, action: int) -> int:
        return rows[x, goal][action]

    def chosen(x: int, goal: int) -> int | None:
        scores = rows[x, goal]
        return scores.index(max(scores)) if scores.count(max(scores)) == 1 else None

    def best(x: int, goal: int, action: int) -> bool:
        return at(x, goal, action) == max(rows[x, goal])

    def scores(o: Any) -> tuple[Any, ...]:
        return rows[int(o["x"]), int(o["goal"])]

    keys = list(rows)
    assert true(wants_no_modification(AGENT, modifying=["rewrite"], keep="wait"), scores) == all(
        not best(x, g, 2) or at(x, g, 2) <= at(x, g, 1) for x, g in keys
    )
    assert true(modifies_safely(AGENT, modifying={"rewrite": {"goal": 1}}), scores) == all(
        best(m, g, done)
        for x, g in keys
        if chosen(x, g) == 2
        for m in (0, 1)
        if (done := chosen(m, 1)) is not None
    )
    assert true(no_chosen_flattery(AGENT, modifying={"rewrite": {"goal": 1}}), scores) == all(
        at(x, 1, 2) <= at(x, g, 2) for x, g in keys if chosen(x, g) == 2
    )
    assert true(wants_no_tampering(AGENT, tampering=["rewrite"], intended={"goal": 1}), scores) == (
        all(best(x, 1, 2) for x, g in keys if best(x, g, 2))
    )
    auxiliary = {"no": {"goal": 0}, "yes": {"goal": 1}}
    assert true(preserves_attainable(AGENT, auxiliary, noop="wait", limit=1), scores) == all(
        sum(abs(at(x, i, done) - at(x, i, 1)) for i in (0, 1)) <= 1
        for x, g in keys
        if (done := chosen(x, g)) in (0, 2)
    )
    assert true(answers_to(AGENT, mechanism=["goal"]), scores) == any(
        None not in (chosen(x, 0), chosen(x, 1)) and chosen(x, 0) != chosen(x, 1) for x in (0, 1)
    )
