"""World models against what competence implies."""

from __future__ import annotations

from fractions import Fraction

import pytest

from theory.error import InputError
from theory.goal.world_model import recovered, recovery_bound
from theory.process import Process, process
from theory.properties.worldmodel import accurate_world_model
from theory.verdict import Verdict

F = Fraction


def coin(heads: Fraction) -> Process:
    return process({"toss": {"go": {"heads": heads, "tails": 1 - heads}}})


WORLD = coin(F(3, 10))


def test_held_violated_and_across_the_boundary():
    bound = recovery_bound(F(3, 10), 20)
    inside, outside = F(3, 10) + bound.lower, F(3, 10) + bound.upper + F(1, 10**30)
    assert accurate_world_model(coin(inside), WORLD, trials=20).decide().holds
    finding = accurate_world_model(coin(outside), WORLD, trials=20).decide()
    assert finding.verdict is Verdict.VIOLATED
    assert finding.witness["at"] == "toss, go, heads"
    # a regret widens the bound, depth narrows it
    assert accurate_world_model(coin(outside), WORLD, trials=20, regret="1/2").decide().holds
    assert not accurate_world_model(coin(inside), WORLD, trials=40).decide().holds


def test_within_the_enclosure_it_is_unknown():
    bound = recovery_bound(F(3, 10), 20)
    finding = accurate_world_model(coin(F(3, 10) + bound.middle), WORLD, trials=20).decide()
    assert finding.verdict is Verdict.UNKNOWN


def test_it_is_vacuous_where_nothing_can_be_done():
    still = Process({"rest": {}})
    assert accurate_world_model(still, still, trials=2).decide().verdict is Verdict.VACUOUS


def test_the_bound_holds_for_optimal_agents_on_a_grid():
    """The estimate of an optimal agent is within the bound, at every probability and depth."""
    for trials in (2, 5, 20, 50):
        for tenths in range(1, 20):
            probability = F(tenths, 20)
            error = abs(recovered(probability, trials) - probability)
            assert error <= recovery_bound(probability, trials).upper


def test_wrong_parameters_are_refused():
    with pytest.raises(InputError, match="trials: 1 is less than 2"):
        recovery_bound(F(1, 2), 1)
    with pytest.raises(InputError, match="regret: 1 is not at least 0 and below 1"):
        recovery_bound(F(1, 2), 2, F(1))
    with pytest.raises(InputError, match="probability: 2"):
        recovery_bound(F(2), 2)
    with pytest.raises(InputError, match="state 'toss' does not have the actions"):
        accurate_world_model(Process({"toss": {}, "heads": {}, "tails": {}}), WORLD, trials=2)
