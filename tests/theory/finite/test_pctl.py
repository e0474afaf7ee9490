"""Random PCTL formulas against a naive checker that lists strategies; printing; errors."""

from __future__ import annotations

from fractions import Fraction
from functools import partial

import pytest
import world_case as naive
from hypothesis import given, settings
from hypothesis import strategies as st

from theory.enclosure import Undecided
from theory.error import InputError
from theory.finite.arena import Game
from theory.finite.formula import (
    EVERYWHERE,
    Always,
    And,
    Atom,
    Average,
    Bounded,
    Discounted,
    Next,
    Not,
    Or,
    RewardTo,
    RewardWithin,
    Schedulers,
    StateFormula,
    Until,
    at,
    bounded,
    eventually,
)
from theory.finite.modelcheck import quantity, satisfying
from theory.process import process

F = Fraction
LIMITS = ["0", "1/4", "1/3", "1/2", "2/3", "9/10", "1"]


def formulas() -> st.SearchStrategy[StateFormula]:
    atoms = naive.subsets.map(lambda states: at("{" + "".join(sorted(states)) + "}", states))

    def grow(inner: st.SearchStrategy[StateFormula]) -> st.SearchStrategy[StateFormula]:
        steps = st.none() | st.integers(0, 3)
        paths = st.one_of(
            inner.map(Next), st.builds(Until, inner, inner, steps), st.builds(Always, inner, steps)
        )
        rewards = inner.map(RewardTo) | st.integers(0, 3).map(RewardWithin) | st.just(Discounted())
        schedulers = st.sampled_from(["all", "some"])
        signs = st.sampled_from([">=", ">", "<=", "<"])
        return st.one_of(
            inner.map(Not),
            st.lists(inner, min_size=1, max_size=2).map(lambda fs: And(tuple(fs))),
            st.lists(inner, min_size=1, max_size=2).map(lambda fs: Or(tuple(fs))),
            st.builds(bounded, paths, signs, st.sampled_from(LIMITS), schedulers),
            st.builds(bounded, paths, signs, st.sampled_from(LIMITS), schedulers),
            st.builds(bounded, rewards, signs, st.sampled_from([*LIMITS, "3", "10"]), schedulers),
        )

    return st.recursive(atoms, grow, max_leaves=5)


def check(world: naive.World, formula: StateFormula) -> set[str]:
    """The states in which a formula is true, from the definitions."""
    match formula:
        case Atom(states=states):
            return set(naive.NAMES if states is None else states)
        case Not(formula=inner):
            return set(naive.NAMES) - check(world, inner)
        case And(formulas=parts):
            return {s for s in naive.NAMES if all(s in check(world, part) for part in parts)}
        case Or(formulas=parts):
            return {s for s in naive.NAMES if any(s in check(world, part) for part in parts)}
        case Bounded():
            return check_bound(world, formula)


def check_bound(world: naive.World, formula: Bounded) -> set[str]:
    low = formula.relation in (">=", ">")
    process_, opponent = naive.parts(world)
    if formula.schedulers == "all":
        played, best = process_, "min" if low else "max"
    else:
        played, best = Game(process_, opponent), "max" if low else "min"
    values = naive_values(world, played, best, formula)

    def good(value: Fraction | None) -> bool:
        if value is None:
            return low
        return {
            ">=": value >= formula.limit,
            ">": value > formula.limit,
            "<=": value <= formula.limit,
            "<": value < formula.limit,
        }[formula.relation]

    return {s for s in naive.NAMES if good(values[s])}


def naive_values(
    world: naive.World, played: naive.World, best: str, formula: Bounded
) -> naive.Table:
    everywhere = frozenset(naive.NAMES)
    flipped = "max" if best == "min" else "min"
    match formula.quantity:
        case Next(formula=inner):
            goal = check(world, inner)
            return steps(played, best, {s: F(int(s in goal)) for s in naive.NAMES}, everywhere, 1)
        case Until(stay=stay, goal=goal, within=None):
            left, right = frozenset(check(world, stay)), frozenset(check(world, goal))
            return naive.play(played, best, partial(naive.chain_until, stay=left, goal=right))
        case Until(stay=stay, goal=goal, within=int(count)):
            left, right = check(world, stay), check(world, goal)
            begin = {s: F(int(s in right)) for s in naive.NAMES}
            return steps(played, best, begin, frozenset(left - right), count)
        case Always(formula=inner, within=count):
            bad = everywhere - check(world, inner)
            until = Until(EVERYWHERE, at("bad", bad), count)
            found = naive_values(world, played, flipped, Bounded(until, ">=", F(0)))
            return {s: 1 - (v or F(0)) for s, v in found.items()}
        case RewardTo(goal=inner):
            goal = frozenset(check(world, inner))
            return naive.play(played, best, partial(naive.chain_reward, goal=goal))
        case RewardWithin(steps=count):
            return steps(played, best, dict.fromkeys(naive.NAMES, F(0)), everywhere, count, True)
        case _:
            return naive.play(played, best, naive.chain_discounted)


def steps(
    world: naive.World,
    best: str,
    values: dict[str, Fraction],
    moving: frozenset[str],
    count: int,
    rewarded: bool = False,
) -> naive.Table:
    """By recursion on the number of steps."""
    if count == 0:
        return {**values}
    later = steps(world, best, values, moving, count - 1, rewarded)
    base, opponent = naive.parts(world)
    found: naive.Table = dict(values)
    for state in moving:
        worths = [
            sum((p * (later[t] or 0) for t, p in naive.row(base, state, a).items()), F(0))
            + (base.reward(state, str(a)) if rewarded else 0)
            for a in list(base.transitions[state]) or [None]
        ]
        found[state] = max(worths) if (best == "max") != (state in opponent) else min(worths)
    return found


@settings(max_examples=250, deadline=None)
@given(naive.worlds(least=0), formulas())
def test_formulas_are_true_where_the_naive_checker_says(world, formula):
    assert satisfying(world, formula) == check(world, formula)


RETRY = process(
    {"try": {"go": {"done": "1/2", "fail": "1/2"}, "quit": "off"}, "fail": {"again": "try"}},
    rewards={("try", "go"): 2},
)
DONE = at("done", ["done"])


def test_bounds_at_their_boundary():
    cases: list[tuple[str, str, Schedulers, bool]] = [
        (">=", "1", "some", True),
        (">", "1", "some", False),
        (">=", "0", "all", True),
        (">", "0", "all", False),
        ("<=", "1", "all", True),
        ("<", "1", "all", False),
        ("<=", "0", "some", True),
        ("<", "0", "some", False),
    ]
    for sign, limit, schedulers, true in cases:
        formula = bounded(eventually(DONE), sign, limit, schedulers)
        assert ("try" in satisfying(RETRY, formula)) == true
    exactly = bounded(eventually(DONE, 3), ">=", "3/4", "some")
    assert "try" in satisfying(RETRY, exactly)
    above = bounded(eventually(DONE, 3), ">=", F(3, 4) + F(1, 10**30), "some")
    assert "try" not in satisfying(RETRY, above)
    rewarded = bounded(RewardTo(at("end", ["done", "off"])), "<=", 4)
    assert "try" in satisfying(RETRY, rewarded)
    infinite = bounded(RewardTo(DONE), ">=", 10**9)  # who quits is never done
    assert "off" in satisfying(RETRY, infinite)
    assert quantity(RETRY, Average(), "max").value("try") == 0


def test_formulas_print_as_they_are_read():
    inner = bounded(Next(DONE), ">", "1/2", "some")
    formula = bounded(Until(Or((Not(DONE), inner)), And((DONE, DONE)), 3), ">=", "1/10")
    assert str(formula) == (
        "P >= 0.1 for all [(not done or P > 0.5 for some [next done]) until within 3 "
        "(done and done)]"
    )
    assert str(bounded(RewardTo(DONE), "<", 2, "some")) == "E < 2 for some [reward until done]"
    assert str(Always(DONE, 2)) == "always within 2 done"
    assert str(RewardWithin(2)) == "reward in 2 steps"
    assert (str(Discounted()), str(Average())) == ("discounted reward", "average reward")


def test_errors_name_what_is_wrong():
    with pytest.raises(InputError, match="limit: 2 is not a probability"):
        bounded(eventually(DONE), ">=", 2)
    with pytest.raises(InputError, match="relation: '=' is not one of"):
        bounded(eventually(DONE), "=", 1)
    with pytest.raises(InputError, match="schedulers: 'most' is neither"):
        bounded(eventually(DONE), ">=", 1, "most")  # pyright: ignore[reportArgumentType]
    with pytest.raises(InputError, match="lost: there is no state 'z'"):
        satisfying(RETRY, at("lost", ["z"]))
    trap = process(
        {"a": {"go": {"b": "1/2", "e": "1/2"}}, "b": {"on": "b"}}, rewards={"a": -1, "b": 1}
    )
    with pytest.raises(Undecided, match="is undefined in state 'a'"):
        satisfying(trap, And((at("a", "a"), bounded(RewardTo(at("e", "e")), ">=", 0))))
