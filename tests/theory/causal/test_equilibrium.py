"""Equilibria of small games, and the deviation where a policy is none."""

from __future__ import annotations

from typing import Any

import pytest

from theory.causal.diagram import Diagram, chance, decision, utility
from theory.causal.equilibrium import equilibria, improvement
from theory.error import InputError


def game(one: dict[str, int], two: dict[str, int], sees: tuple[str, ...] = ()) -> Diagram:
    """Two players with the decisions a and b; payoffs by both decisions."""
    return Diagram(
        decision("D1", ["a", "b"], agent="one"),
        decision("D2", ["a", "b"], sees=sees, agent="two"),
        utility("U1", lambda D1, D2: one[D1 + D2], agent="one"),
        utility("U2", lambda D1, D2: two[D1 + D2], agent="two"),
    )


DILEMMA = {"aa": 2, "ab": 0, "ba": 3, "bb": 1}, {"aa": 2, "ab": 3, "ba": 0, "bb": 1}
PENNIES = {"aa": 1, "ab": -1, "ba": -1, "bb": 1}, {"aa": -1, "ab": 1, "ba": 1, "bb": -1}
MEETING = {"aa": 2, "ab": 0, "ba": 0, "bb": 1}, {"aa": 1, "ab": 0, "ba": 0, "bb": 2}


def both(payoffs: tuple[dict[str, int], dict[str, int]]) -> list[str]:
    found = equilibria(game(*payoffs))
    return ["".join(rule[()] for rule in policy.values()) for policy in found]


def test_known_games():
    assert both(DILEMMA) == ["bb"]
    assert both(PENNIES) == []
    assert both(MEETING) == ["aa", "bb"]


def test_a_mixed_equilibrium_can_be_checked():
    half: dict[str, Any] = {d: {(): {"a": "1/2", "b": "1/2"}} for d in ("D1", "D2")}
    assert improvement(game(*PENNIES), half) is None
    found = improvement(game(*DILEMMA), {"D1": {(): "a"}, "D2": {(): "a"}})
    assert found is not None
    assert (found.agent, found.policy, found.gain) == ("one", {"D1": {(): "b"}}, 1)


def test_a_threat_off_the_path_is_an_equilibrium_too():
    found = list(equilibria(game(*MEETING, sees=("D1",))))
    assert {"D1": {(): "b"}, "D2": {("a",): "b", ("b",): "b"}} in found
    assert {"D1": {(): "a"}, "D2": {("a",): "a", ("b",): "b"}} in found


def test_a_game_that_is_too_large_is_refused():
    seen = [f"X{i}" for i in range(5)]
    coins = [chance(x, {0: "1/2", 1: "1/2"}) for x in seen]
    large = Diagram(*coins, decision("D", [0, 1], seen), utility("U", lambda D: D))
    with pytest.raises(InputError, match="there are 4294967296 joint policies of D"):
        list(equilibria(large))
