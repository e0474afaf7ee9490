"""Goals: self-modification, discounting, goal-directedness, world models (10 to 16, 68)."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from theory.goal.directedness import one_shot
from theory.goal.discount import exponential, hyperbolic
from theory.goal.succession import Outlook, Succession, self_modification
from theory.goal.world_model import recovered, recovery_bound
from theory.process import process
from theory.properties import agency
from theory.verdict import Verdict


def three_selves() -> Succession:
    """A world with a good state to stay in, and three goals to have."""
    return self_modification(
        {"g": {"stay": "g", "leave": "b"}, "b": {"stay": "b", "leave": "g"}},
        {"keep": {"g": "1/2"}, "one": {"g": 1, "b": 1}, "inv": {"b": "1/2"}},
        horizon=2,
        discount="9/10",
    )


def self_modifications(case: dict[str, Any]) -> None:
    selves = three_selves()
    published = case["verdict"]
    values: list[str] = []
    chosen: dict[str, set[str]] = {}
    for outlook in Outlook:
        best = selves.best(outlook, "keep", "g | keep", 2)
        chosen[outlook.value] = {action.split(" > ")[1] for action in best}
        values.append(str(selves.value(outlook, "keep", "g | keep", best[0], 2)))
    assert chosen["hedonistic"] == {published["hedonistic"]}
    assert chosen["ignorant"] == {"keep", "one", "inv"}
    assert published["ignorant"] == "indifferent"
    assert chosen["realistic"] == set(published["realistic"])
    assert values == published["values"]


def reversal(case: dict[str, Any]) -> None:
    patience = process(
        {
            "now": {"take 10": "paid", "wait": "later"},
            "later": {"take 15": "paid"},
            "paid": {"rest": "paid"},
            "before": {"on": "now"},
            "long before": {"on": "before"},
        },
        rewards={("now", "take 10"): 10, ("later", "take 15"): 15},
    )
    for name, discounting in (
        ("hyperbolic", hyperbolic(1, 5)),
        ("exponential", exponential("9/10", 5)),
    ):
        consistent = agency.consistent_discounting(discounting).decide().verdict
        kept = agency.keeps_its_plan(patience, "long before", discounting).decide().verdict
        same = {"reversal": Verdict.VIOLATED, "consistent": Verdict.HOLDS}[case["verdict"][name]]
        assert consistent is kept is same


def directedness(options: int, best: Fraction) -> Callable[[dict[str, Any]], None]:
    def check(case: dict[str, Any]) -> None:
        others = [f"other {at}" for at in range(1, options)]
        chances = {"best": best, **dict.fromkeys(others, (1 - best) / (options - 1))}
        utility = {"best": Fraction(1), **dict.fromkeys(others, Fraction(0))}
        score = one_shot(chances, utility).score
        assert abs(score - Fraction(str(case["verdict"]))) < Fraction(1, 10**6)

    return check


def world_model(case: dict[str, Any]) -> None:
    probability = Fraction(3, 10)
    assert recovered(probability, 20) == Fraction(str(case["verdict"]["Phat"]))
    bound = recovery_bound(probability, 20)
    assert abs(bound - Fraction(str(case["verdict"]["bound"]))) < Fraction(1, 10**4)


CASES: dict[int, Callable[[dict[str, Any]], None]] = {
    10: self_modifications,
    11: reversal,
    12: directedness(2, Fraction(1)),
    13: directedness(2, Fraction(1, 2)),
    14: directedness(2, Fraction(0)),
    15: directedness(3, Fraction(1)),
    16: directedness(3, Fraction(1, 2)),
    68: world_model,
}
