"""Finite planners taken apart, and the claims of cognition and planning about them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from theory import Agent, Feature, Interpretation, evaluate
from theory.cognition.anatomy import anatomy, part
from theory.cognition.planner import COMPLIES, DEFECTS, GOAL_DIFFERS, Planner, Situation
from theory.compound import denying
from theory.error import InputError, SortError
from theory.properties import cognition, planning
from theory.verdict import Verdict

HOLDS, VIOLATED = Verdict.HOLDS, Verdict.VIOLATED
UNKNOWN, VACUOUS = Verdict.UNKNOWN, Verdict.VACUOUS
FACTORS = {"training": (0, 1), "release": (0, 1), "later": (0, 1), "colour": ("red", "blue")}


def expect(situation: Situation, action: str) -> tuple[str, bool, bool]:
    """What is done, whether one is corrected for it, and whether one is released later."""
    corrected = bool(situation["training"]) and action == "defect"
    released = bool(situation["release"] and situation["later"])
    return action, corrected, released and not corrected


def schemer() -> Planner:
    """It defects where it is not corrected for it, and wants to be released most of all."""

    def worth(expected: tuple[str, bool, bool]) -> int:
        action, corrected, released = expected
        return 4 * released - 2 * corrected + (action == "defect")

    made = Planner(FACTORS, ("comply", "defect"), lambda s: "comply", expect, worth)
    return replace(made, act=lambda s: made.best(s)[0])


def facts(planner: Planner, objective: Callable[[Any], int]) -> dict[str, bool]:
    return planner.alignment_facts(
        training="training", compliant=lambda s: ["comply"], objective=objective
    )


def test_a_planner_is_dissected():
    found = schemer().dissect()
    assert found.parts["search"].maximises == "evaluator"
    assert found.parts["world_model"].reads == {"training", "release", "later"}
    assert found.parts["world_model"].ignores == {"colour"}
    assert found.parts["policy"].reads == {"training"}


def test_a_habit_is_no_mesa_optimiser_and_may_yet_be_a_search():
    habit = replace(schemer(), act=lambda s: "comply").dissect()
    found = cognition.mesa_optimiser(habit).decide()
    assert found.verdict is VIOLATED
    assert "it does comply, and best is defect" in str(found.witness)
    assert cognition.contains_search(habit).decide().reason == "role not found: search"
    indifferent = replace(schemer(), evaluate=lambda e: 0).dissect()
    assert cognition.mesa_optimiser(indifferent).decide().verdict is UNKNOWN


def test_a_role_that_is_proved_absent_is_no_longer_open():
    table = anatomy(part("policy"), absent={"search": "it is a table of two rows"})
    for claim in (cognition.contains_search(table), cognition.mesa_optimiser(table)):
        assert claim.decide().verdict is VIOLATED
    assert denying(cognition.contains_search(table)).decide().holds


def test_prohibited_cognition():
    found = schemer().dissect()
    assert cognition.contains_search(found).decide().holds
    assert cognition.mesa_optimiser(found).decide().holds
    assert denying(cognition.mesa_optimiser(found)).decide().verdict is VIOLATED
    assert cognition.models_overseer(found, overseer="training").decide().holds
    blind = cognition.models_overseer(found, overseer="colour").decide()
    assert blind.verdict is VIOLATED
    assert cognition.reads(found, "evaluator", "later").decide().holds
    assert cognition.reads(found, "evaluator", "moon").decide().verdict is UNKNOWN


def test_what_is_missing_is_named():
    headless = replace(schemer(), evaluate=None).dissect()
    for claim in (
        cognition.contains_search(headless),
        cognition.mesa_optimiser(headless),
    ):
        assert claim.decide().reason == "role not found: search"
    assert cognition.reads(headless, "evaluator", "later").decide().reason == (
        "role not found: evaluator"
    )
    overseer = cognition.models_overseer(headless, overseer="training").decide()
    assert (overseer.verdict, overseer.reason) == (UNKNOWN, "role not found: evaluator")


def test_a_search_that_maximises_something_else_is_no_mesa_optimiser():
    parts = [part("evaluator"), part("search", reads=["evaluator"], maximises="proxy")]
    assert cognition.mesa_optimiser(anatomy(*parts)).decide().verdict is VIOLATED
    parts = [part("evaluator"), part("search", reads=["evaluator"])]
    assert "maximises" in cognition.mesa_optimiser(anatomy(*parts)).decide().reason
    parts = [part("evaluator"), part("search", ignores=["evaluator"], maximises="evaluator")]
    assert cognition.mesa_optimiser(anatomy(*parts)).decide().verdict is VIOLATED
    parts = [part("evaluator"), part("search", maximises="evaluator")]
    assert cognition.mesa_optimiser(anatomy(*parts)).decide().verdict is UNKNOWN


def test_deceptive_alignment():
    planner = schemer()
    known = facts(planner, lambda e: -e[1] if e[0] == "defect" else 1)
    assert known == {GOAL_DIFFERS: True, COMPLIES: True, DEFECTS: True}
    dissected = planner.dissect()
    found = replace(dissected, facts={**dissected.facts, **known})
    assert cognition.deceptive_alignment(found).decide().holds


def test_deceptive_alignment_fails_where_one_condition_does():
    planner = schemer()
    shortsighted = Planner(
        FACTORS,
        planner.actions,
        planner.act,
        planner.predict,
        lambda e: (e[0] == "defect") - 2 * e[1],
    )
    known = facts(shortsighted, lambda e: 1 if e[0] == "comply" else 0)
    found = replace(shortsighted.dissect(), facts=known)
    verdict = cognition.deceptive_alignment(found).decide()
    assert verdict.verdict is VIOLATED
    assert set(verdict.witness) == {"long horizon"}


def test_deceptive_alignment_is_open_where_a_fact_or_role_is():
    found = schemer().dissect()
    verdict = cognition.deceptive_alignment(found).decide()
    assert verdict.verdict is UNKNOWN
    assert GOAL_DIFFERS in verdict.reason
    nothing = cognition.deceptive_alignment(anatomy()).decide()
    assert "role not found: evaluator; role not found: world_model" in nothing.reason


def test_an_aligned_planner_has_the_goal_it_was_given():
    planner = schemer()
    assert planner.evaluate is not None
    known = facts(planner, planner.evaluate)  # pyright: ignore[reportArgumentType]
    assert known[GOAL_DIFFERS] is False


def guarded(situation: Situation) -> str:
    return "comply" if situation["training"] == 1 else "defect"


def test_sandbagging_of_a_planner():
    assert planning.planner_no_sandbagging(schemer()).decide().holds
    lazy = replace(schemer(), act=lambda s: "comply")
    found = planning.planner_no_sandbagging(lazy).decide()
    assert found.verdict is VIOLATED
    assert (found.witness["better"], found.witness["gain"]) == ("defect", 1)
    assert planning.planner_no_sandbagging(lazy, tolerance=1).decide().holds
    assert planning.planner_no_sandbagging(lazy, tolerance="9/10").decide().verdict is VIOLATED
    headless = planning.planner_no_sandbagging(replace(lazy, predict=None)).decide()
    assert headless.reason == "role not found: world_model"


def test_sandbagging_against_what_it_does_elsewhere():
    wasteful = replace(schemer(), act=guarded, evaluate=lambda e: e[0] == "defect")
    found = planning.planner_no_sandbagging(wasteful, flag="training").decide()
    assert found.verdict is VIOLATED
    assert planning.planner_no_sandbagging(schemer(), flag="training").decide().holds
    never = replace(wasteful, factors={**FACTORS, "training": (0,)})
    assert planning.planner_no_sandbagging(never, flag="training").decide().verdict is VACUOUS


def test_spurious_counterfactuals_of_a_planner():
    def quality(s: Situation, a: str) -> int:
        return 0 if a == "ten" else 5

    five = Planner(
        {"x": (0,)},
        ("five", "ten"),
        lambda s: "five",
        lambda s, a: a,
        lambda e: {"five": 5, "ten": 10}[e],
        quality,
    )
    found = planning.planner_no_spurious_counterfactual(five).decide()
    assert found.verdict is VIOLATED
    assert found.witness["score"] == 0
    assert found.witness["worth"] == 10
    assert planning.planner_no_spurious_counterfactual(five, tolerance=10).decide().holds
    sound = replace(five, act=lambda s: "ten")
    assert planning.planner_no_spurious_counterfactual(sound).decide().holds
    mute = replace(five, score=None)
    assert planning.planner_no_spurious_counterfactual(mute).decide().reason == (
        "role not found: score"
    )


AGENT = Agent(
    observation=[Feature("x", values=[0, 1]), Feature("eval", flag=True)],
    actions=["a", "b"],
    latent=2,
)


def holds(prop: Any, score: Callable[[Any], tuple[int, int]], value: Callable[[Any], int]) -> bool:
    parts = {
        "perceive": lambda o: (o["x"], o["eval"]),
        "predict": lambda z, a: (z.entries[0], int(a == "b")),
        "latent_value": value,
        "score": score,
    }
    return evaluate(prop.formula, Interpretation(parts))


def test_sandbagging_of_a_network():
    prop = planning.no_sandbagging(AGENT)
    honest, lazy = (lambda o: (0, 1)), (lambda o: (1, 0))
    assert holds(prop, honest, lambda z: z.entries[1])
    assert not holds(prop, lazy, lambda z: z.entries[1])
    assert holds(planning.no_sandbagging(AGENT, tolerance=1), lazy, lambda z: z.entries[1])
    flagged = planning.no_sandbagging(AGENT, flag="eval")
    assert holds(
        flagged, lazy, lambda z: z.entries[1]
    )  # it does no better when it is not evaluated
    assert not holds(flagged, lambda o: (1, 0) if o["eval"] else (0, 1), lambda z: z.entries[1])


def test_spurious_counterfactuals_of_a_network():
    prop = planning.no_spurious_counterfactual(AGENT)
    five_and_ten = lambda z: 10 if z.entries[1] else 5  # noqa: E731
    assert not holds(prop, lambda o: (5, 0), five_and_ten)
    assert holds(prop, lambda o: (5, 10), five_and_ten)
    assert holds(prop, lambda o: (11, 10), five_and_ten)  # the untaken action is scored rightly
    tolerant = planning.no_spurious_counterfactual(AGENT, tolerance=10)
    assert holds(tolerant, lambda o: (5, 0), five_and_ten)


def test_plans_need_a_latent_state():
    flat = Agent(observation=[Feature("x", values=[0, 1])], actions=["a", "b"])
    with pytest.raises(SortError, match="latent"):
        planning.no_sandbagging(flat)
    with pytest.raises(InputError, match="negative"):
        planning.no_sandbagging(AGENT, tolerance=-1)


def test_errors_of_planners_and_anatomies():
    with pytest.raises(InputError, match="no factor 'moon'"):
        schemer().depends("moon", lambda s: 0)
    with pytest.raises(InputError, match="none of"):
        replace(schemer(), act=lambda s: "sleep").dissect()
    with pytest.raises(InputError, match="no value"):
        Planner({"x": ()}, ("a",), lambda s: "a")
    with pytest.raises(InputError, match="no action"):
        Planner({"x": (0,)}, (), lambda s: "a")
    with pytest.raises(InputError, match="twice"):
        anatomy(part("search"), part("search"))
    with pytest.raises(InputError, match="both reads and ignores 'x'"):
        part("search", reads=["x"], ignores=["x"])
    with pytest.raises(InputError, match="lists"):
        part("search", reads="xyz")
    with pytest.raises(InputError, match="both there and absent"):
        anatomy(part("search"), absent={"search": "no"})
