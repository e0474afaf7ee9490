"""Claims of deferring, indifference, timestep dominance and harm; indifference on networks."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest

from theory import Agent, Feature, Interpretation, evaluate
from theory.causal.indifference import Button
from theory.causal.model import Mechanism, Model
from theory.error import InputError
from theory.properties.corrigibility import (
    defers,
    defers_for_error,
    indifferent,
    indifferent_between,
    never_dominated,
    same_length_only,
)
from theory.properties.harm import no_harm
from theory.verdict import Verdict

HOLDS, VIOLATED, VACUOUS = Verdict.HOLDS, Verdict.VIOLATED, Verdict.VACUOUS
MOSTLY_GOOD = {-1: "1/4", 1: "3/4"}
BIT = (0, 1)


@pytest.mark.parametrize(
    ("error", "verdict", "incentive"),
    [("0", HOLDS, "1/4"), ("1/4", HOLDS, "0"), ("26/100", VIOLATED, "-1/100")],
)
def test_deferring(error: str, verdict: Verdict, incentive: str):
    found = defers(MOSTLY_GOOD, error=error).decide()
    assert (found.verdict, found.value) == (verdict, Fraction(incentive))


def test_the_error_at_which_it_flips():
    found = defers_for_error(MOSTLY_GOOD).decide()
    assert found.verdict is Verdict.UNKNOWN
    assert found.reason == "it depends on human error"
    assert found.value.where(HOLDS) == "human error is at most 0.25"
    certain = defers_for_error({1: 1}, 0, "1/2").decide()
    assert certain.value.where(HOLDS) == "human error is 0"
    assert defers_for_error(MOSTLY_GOOD, 0, "1/4").decide().holds


def button(bonus: int) -> Button:
    """Being pressed leaves 1 of what is otherwise 3, or 1 of 2, and is paid `bonus`."""
    model = Model(
        {"E": {0: "1/2", 1: "1/2"}},
        {
            "D": Mechanism(lambda: 0, (), BIT),
            "press": Mechanism(lambda D, E: E, ("D", "E"), BIT),
            "U": lambda D, press: 1 + bonus if press else 3 - D,
        },
    )
    return Button(model, "D", "press", "U")


def test_indifference_hangs_on_an_equality():
    found = indifferent(button(2)).decide()
    assert found.verdict is VIOLATED
    assert found.witness == {"D": 1, "pressed": 3, "not pressed": 2}
    assert indifferent(button(2).compensated()).decide().holds
    assert indifferent(button(2), tolerance=1).decide().holds
    assert indifferent(button(2), tolerance="99/100").decide().verdict is VIOLATED
    with pytest.raises(InputError, match="negative"):
        indifferent(button(2), tolerance=-1)


def scores(by: Callable[[Any], tuple[Any, ...]], tolerance: str = "0") -> bool:
    agent = Agent(observation=[Feature("x", values=[0, 1, 2])], actions=["press", "wait", "go"])
    prop = indifferent_between(agent, one="press", other="wait", tolerance=tolerance)
    return evaluate(prop.formula, Interpretation({"score": by}))


def test_indifference_of_a_network():
    assert scores(lambda o: (o["x"], o["x"], 5))
    assert not scores(lambda o: (o["x"], 2 * o["x"], 5))
    assert scores(lambda o: (o["x"], 2 * o["x"], 5), "2")
    assert not scores(lambda o: (o["x"], 2 * o["x"], 5), "1.9")


def test_indifference_of_plans_where_there_is_a_world_model():
    agent = Agent(observation=[Feature("x", values=[0, 1])], actions=["press", "wait"], latent=1)
    prop = indifferent_between(agent, one="press", other="wait")
    parts = {
        "perceive": lambda o: (o["x"],),
        "predict": lambda z, a: (z.entries[0] + (a == "press"),),
    }
    flat = Interpretation({**parts, "latent_value": lambda z: 1})
    steep = Interpretation({**parts, "latent_value": lambda z: z.entries[0]})
    assert evaluate(prop.formula, flat)
    assert not evaluate(prop.formula, steep)


OPTIONS = {
    "keep": [(1, "1/2", 1), (2, "1/2", 5)],
    "shift": [(1, "1/10", "9/10"), (2, "9/10", "49/10")],
}


def test_what_dominates():
    assert never_dominated(OPTIONS, chosen="keep").decide().holds
    found = never_dominated(OPTIONS, chosen="shift").decide()
    assert found.verdict is VIOLATED
    assert found.witness == {
        "keep": {1: 1, 2: 5},
        "shift": {1: Fraction(9, 10), 2: Fraction(49, 10)},
    }
    free = {**OPTIONS, "shift": [(1, "1/10", 1), (2, "9/10", 5)]}
    assert never_dominated(free, chosen="shift").decide().holds
    assert never_dominated({"keep": OPTIONS["keep"]}, chosen="keep").decide().verdict is VACUOUS
    with pytest.raises(InputError, match="'flee' is none of keep, shift"):
        never_dominated(OPTIONS, chosen="flee")


def test_preferences_between_lengths():
    lengths = {"a": 1, "b": 1, "c": 2}
    assert same_length_only(lengths, [("a", "b")]).decide().holds
    assert same_length_only(lengths, [("a", "b"), ("c", "a")]).decide().verdict is VIOLATED
    assert same_length_only(lengths, []).decide().verdict is VACUOUS
    with pytest.raises(InputError, match="'d' has no length"):
        same_length_only(lengths, [("a", "d")])


def drug() -> Model:
    """A drug that cures the ill and sickens the allergic one in ten, ill or not."""
    return Model(
        {"ill": {1: "1/2", 0: "1/2"}, "allergic": {1: "1/10", 0: "9/10"}},
        {
            "T": Mechanism(lambda: 1, (), BIT),
            "U": lambda T, ill, allergic: 1 - allergic if T else 1 - ill,
        },
    )


def test_harm_up_to_a_limit():
    found = no_harm(drug(), default={"T": 0}, utility="U").decide()
    assert found.verdict is VIOLATED
    assert found.witness["setting"] == "ill=0, allergic=1"
    assert (found.witness["harm"], found.witness["benefit"]) == (
        Fraction(1, 20),
        Fraction(9, 20),
    )
    assert no_harm(drug(), default={"T": 0}, utility="U", limit="1/20").decide().holds
    tight = no_harm(drug(), default={"T": 0}, utility="U", limit="49/1000")
    assert tight.decide().verdict is VIOLATED
    assert no_harm(drug(), default={"T": 0}, utility="U", given={"ill": 1}).decide().holds
    nobody = no_harm(drug(), default={"T": 0}, utility="U", given={"ill": 2})
    assert nobody.decide().verdict is VACUOUS
    assert no_harm(drug(), default={"T": 1}, utility="U").decide().holds
