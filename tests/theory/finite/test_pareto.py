"""Several objectives at once: by hand, against every strategy, and with certificates checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

import pytest
import world_case as naive
from hypothesis import given, settings
from hypothesis import strategies as st

from theory.error import InputError
from theory.finite.arena import Choice, arena
from theory.finite.engine import PLAIN
from theory.finite.pareto import Attained, Excluded, Wish, attainable, frontier, wish
from theory.finite.reach import reach
from theory.finite.unfold import Objective, end_components, unfold
from theory.process import Process, process

F = Fraction
FORK = process(
    {
        "start": {
            "left": {"a": "4/5", "pit": "1/5"},
            "right": {"b": "4/5", "pit": "1/5"},
            "middle": {"a": "1/2", "b": "1/2"},
        }
    },
    rewards={("start", "middle"): 3, ("start", "left"): 1},
)
A, B = Objective("A", frozenset("a")), Objective("B", frozenset("b"))
COST = Objective("cost", rewards=FORK.rewards)


def test_bounds_are_met_up_to_the_boundary():
    # mixtures of (4/5, 0), (0, 4/5) and (1/2, 1/2); (13/20, 1/4) is half of left, half of middle
    met = attainable(FORK, "start", [wish(A, ">=", "13/20"), wish(B, ">=", "1/4")])
    assert isinstance(met, Attained)
    assert met.values["A"] >= F(13, 20)
    assert met.values["B"] >= F(1, 4)
    assert sum(met.shares) == 1
    hair = F(1, 10**30)
    missed = attainable(FORK, "start", [wish(A, ">=", F(13, 20) + hair), wish(B, ">=", "1/4")])
    assert isinstance(missed, Excluded)
    assert missed.best < missed.needed


def test_little_may_be_wished_for():
    cheap = [wish(A, ">=", "1/2"), wish(COST, "<=", 1)]
    assert isinstance(attainable(FORK, "start", cheap), Attained)
    dear = [wish(A, ">=", "1/2"), wish(B, ">=", "1/2"), wish(COST, "<=", 2)]
    excluded = attainable(FORK, "start", dear)
    assert isinstance(excluded, Excluded)
    assert excluded.weights["cost"] <= 0 <= excluded.weights["A"]


def test_the_frontier_of_two():
    points = [(c.values["A"], c.values["B"]) for c in frontier(FORK, "start", [A, B])]
    assert points == [(0, F(4, 5)), (F(1, 2), F(1, 2)), (F(4, 5), 0)]
    with pytest.raises(InputError, match="a line between two objectives, not 1"):
        frontier(FORK, "start", [A])


def test_what_was_reached_is_remembered():
    """Both ends of a corridor, one after the other."""
    line = process({"l": {"on": "m"}, "m": {"west": "l", "east": "r"}, "r": {"on": "m"}})
    left, right = Objective("left", frozenset("l")), Objective("right", frozenset("r"))
    met = attainable(line, "m", [wish(left, ">=", 1), wish(right, ">=", 1)])
    assert isinstance(met, Attained)
    (corner,) = met.corners
    begun = corner.strategy["m"]
    then = corner.strategy[f"m after {'left' if begun == 'west' else 'right'}"]
    assert {begun, then} == {"east", "west"}
    assert isinstance(attainable(line, "l", [wish(left, ">=", 1)]), Attained)


def test_errors_name_what_is_wrong():
    with pytest.raises(InputError, match="objectives: there is none"):
        attainable(FORK, "start", [])
    with pytest.raises(InputError, match="objectives: two have one name: A, A"):
        attainable(FORK, "start", [wish(A, ">=", 1)] * 2)
    with pytest.raises(InputError, match="objective 'A': '>' is neither >= nor <="):
        wish(A, ">", 1)
    with pytest.raises(InputError, match="objective 'Z': there is no state 'z'"):
        attainable(FORK, "start", [wish(Objective("Z", frozenset("z")), ">=", 1)])
    loop = process({"s": {"stay": "s", "go": "t"}}, rewards={("s", "stay"): 1})
    endless = Objective("gain", rewards=loop.rewards)
    with pytest.raises(InputError, match="objective 'gain': its total may be infinite"):
        attainable(loop, "s", [wish(endless, ">=", 1)])
    with pytest.raises(InputError, match="objective 'gain': state 's' has no action 'fly'"):
        attainable(loop, "s", [wish(Objective("gain", rewards={("s", "fly"): F(1)}), ">=", 1)])


limits = st.sampled_from([F(0), F(1, 4), F(1, 2), F(3, 4), F(9, 10), F(1)])
signs = st.sampled_from([">=", "<="])


@settings(max_examples=80, deadline=None)
@given(naive.worlds(players=1), naive.subsets, naive.subsets, limits, limits, signs, signs)
def test_answers_carry_their_proof(world, first, second, low, high, sign, other):
    """A mixture is valued anew; weights that exclude are tried on every memoryless strategy."""
    one, two = Objective("one", first), Objective("two", second)
    wishes = [Wish(one, sign, low), Wish(two, other, high)]
    found = attainable(world, "a", wishes)
    everywhere = frozenset(naive.NAMES)
    tables = [
        {
            "one": naive.chain_until(world, policy, everywhere, first)["a"] or F(0),
            "two": naive.chain_until(world, policy, everywhere, second)["a"] or F(0),
        }
        for policy in naive.strategies(world, list(naive.NAMES))
    ]
    if isinstance(found, Excluded):
        for table in tables:
            assert sum(found.weights[name] * table[name] for name in table) <= found.best
        assert found.best < found.needed
        assert all(found.weights[w.objective.name] * w.direction >= 0 for w in wishes)
    else:
        for each in wishes:
            value = found.values[each.objective.name]
            assert value >= each.limit if each.sign == ">=" else value <= each.limit
            highest = reach(world, each.objective.target).value("a")
            lowest = reach(world, each.objective.target, best="min").value("a")
            assert lowest <= value <= highest  # pyright: ignore[reportOperatorIssue]
        for corner in found.corners:
            assert corner.values == followed(world, [one, two], corner.strategy)
    met = [
        all(t[w.objective.name] * w.direction >= w.limit * w.direction for w in wishes)
        for t in tables
    ]
    assert not any(met) or isinstance(found, Attained)


def followed(
    world: Process, objectives: list[Objective], strategy: Mapping[str, str]
) -> dict[str, Fraction]:
    """The probabilities under a strategy that remembers, by dense elimination."""
    field = unfold(world, "a", objectives, PLAIN).field
    chosen = [
        next((c for c in row if c.action == strategy.get(name)), row[0])
        for name, row in zip(field.names, field.choices, strict=True)
    ]
    return {
        objective.name: arrival(field.names, chosen, objective.name) for objective in objectives
    }


def arrival(names: Sequence[str], chosen: Sequence[Choice], objective: str) -> Fraction:
    """The probability of ever being where the objective was met, from the first state."""
    hit = {at for at, name in enumerate(names) if objective in name.partition(" after ")[2]}
    reaching = set(hit)
    while True:
        more = {s for s, c in enumerate(chosen) if s not in reaching and reaching & {*c.targets}}
        if not more:
            break
        reaching |= more
    if 0 in hit or 0 not in reaching:
        return F(int(0 in hit))
    unknown = sorted(reaching - hit)
    matrix: list[list[Fraction]] = []
    for state in unknown:
        line = [F(int(state == other)) for other in unknown] + [F(0)]
        for target, weight in zip(chosen[state].targets, chosen[state].weights, strict=True):
            if target in hit:
                line[-1] += weight
            elif target in reaching:
                line[unknown.index(target)] -= weight
        matrix.append(line)
    return naive.eliminate(matrix)[0]


def test_end_components():
    world = process(
        {"a": {"x": "b", "y": "c"}, "b": {"x": "a"}, "c": {"x": {"c": "1/2", "d": "1/2"}}}
    )
    field = arena(world, "max", PLAIN)
    named = [{field.names[s] for s in states} for states in end_components(field.choices)]
    assert sorted(map(sorted, named)) == [["a", "b"], ["d"]]
