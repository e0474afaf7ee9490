"""Stated preferences, quotes, acts and purchases: held, violated, at the boundary, vacuous."""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from theory.error import InputError
from theory.preference.belief import Book, Probability, coherence
from theory.preference.lottery import (
    Pump,
    Utility,
    indifferent,
    lottery,
    mix,
    prefer,
    represent,
)
from theory.preference.purchase import Cycle, explain, purchases
from theory.preference.relation import circle, incomparable
from theory.properties.choice import (
    has_probability,
    no_dutch_book,
    rationalisable,
    undominated,
)
from theory.properties.rationality import (
    independent_choices,
    no_money_pump,
    representable,
)
from theory.verdict import Verdict

F = Fraction
HOLDS, VIOLATED, VACUOUS = Verdict.HOLDS, Verdict.VIOLATED, Verdict.VACUOUS


def test_representable_preferences():
    chain = representable([("a", "b"), ("b", {"a": "1/2", "c": "1/2"})]).decide()
    assert chain.verdict is HOLDS
    assert chain.value.of["a"] > chain.value.of["b"]
    pumped = representable([("a", "b"), ({"b": "1/2", "c": "1/2"}, {"a": "1/2", "c": "1/2"})])
    finding = pumped.decide()
    assert finding.verdict is VIOLATED
    assert finding.witness["trades"] == (
        "1/3 x (a over b); 2/3 x (0.5 b + 0.5 c over 0.5 a + 0.5 c)"
    )
    assert representable([]).decide().verdict is VACUOUS
    assert representable([indifferent("a", "b")]).decide().verdict is VACUOUS


def test_indifference_is_the_boundary():
    """a over b, and 1/2 a + 1/2 c as good as b: representable until a as good as c is added."""
    open_ended = [prefer("a", "b"), indifferent({"a": "1/2", "c": "1/2"}, "b")]
    assert representable(open_ended).decide().verdict is HOLDS
    closed = [*open_ended, indifferent("a", "c")]
    finding = representable(closed).decide()
    assert finding.verdict is VIOLATED
    assert finding.witness["pump"].checks()
    slightly = [*open_ended, prefer("a", "c")]
    assert representable(slightly).decide().verdict is HOLDS


@pytest.mark.parametrize(
    ("chances", "message"),
    [
        ({"a": "1/2"}, "lottery {'a': '1/2'}: the probabilities sum to 1/2, not 1"),
        ({"a": "3/2", "b": "-1/2"}, "lottery: the probability of 'b' is negative: -1/2"),
        ({"a": "x"}, "lottery, outcome 'a': 'x' is not a finite number"),
    ],
)
def test_what_is_no_lottery(chances, message):
    with pytest.raises(InputError) as caught:
        lottery(chances)
    assert str(caught.value) == message


def shares(draw: st.DrawFn) -> dict[str, Fraction]:
    numbers = draw(st.lists(st.integers(0, 3), min_size=3, max_size=3).filter(any))
    return {x: F(n, sum(numbers)) for x, n in zip("abc", numbers, strict=True) if n}


@st.composite
def preferences(draw: st.DrawFn) -> list[Any]:
    count = draw(st.integers(1, 4))
    return [
        (prefer if draw(st.booleans()) else indifferent)(shares(draw), shares(draw))
        for _ in range(count)
    ]


@settings(max_examples=60, deadline=None)
@given(preferences())
def test_representable_iff_there_is_no_pump(stated):
    found = represent(stated)

    def agrees(utility: dict[str, int], stated: Any) -> bool:
        gain = sum(utility[x] * d for x, d in stated.difference().items())
        return gain > 0 if stated.strict else gain == 0

    utilities = [dict(zip("abc", u, strict=True)) for u in product(range(-4, 5), repeat=3)]
    some = any(all(agrees(u, p) for p in stated) for u in utilities)
    if isinstance(found, Pump):
        assert found.checks()
        assert not some
    else:
        assert isinstance(found, Utility)


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_a_utility_is_never_pumped(data):
    utility = {x: F(data.draw(st.integers(-3, 3))) for x in "abc"}
    stated: list[Any] = []
    for _ in range(4):
        one, other = shares(data.draw), shares(data.draw)
        gain = sum(p * utility[x] for x, p in one.items()) - sum(
            p * utility[x] for x, p in other.items()
        )
        better, worse = (one, other) if gain > 0 else (other, one)
        stated.append(prefer(better, worse) if gain else indifferent(one, other))
    assert isinstance(represent(stated), Utility)
    assert independent_choices(stated).decide().verdict in (HOLDS, VACUOUS)


def test_independence_between_two_preferences():
    a, b, c = lottery("a"), lottery("b"), lottery("c")
    half = F(1, 2)
    mixed = prefer(mix(half, a, c), mix(half, b, c))
    against = prefer(mix(half, b, c), mix(half, a, c))
    assert independent_choices([("a", "b"), mixed]).decide().verdict is HOLDS
    violated = independent_choices([("a", "b"), against]).decide()
    assert violated.verdict is VIOLATED
    assert violated.witness["scale"] == half
    equal = indifferent(mix(half, a, c), mix(half, b, c))
    assert independent_choices([("a", "b"), equal]).decide().verdict is VIOLATED
    turned = indifferent(mix(half, b, c), mix(half, a, c))
    assert independent_choices([("a", "b"), turned]).decide().verdict is VIOLATED
    assert independent_choices([("a", "b"), ("a", "c")]).decide().verdict is VACUOUS
    three = [("a", "b"), ("b", "c"), ("c", "a")]  # transitivity fails, no two are related
    assert independent_choices(three).decide().verdict is VACUOUS


def test_circles_of_any_length():
    chain = [("a", "b"), ("b", "c"), ("c", "d")]
    assert no_money_pump(chain).decide().verdict is HOLDS
    closed = no_money_pump([*chain, ("d", "a")]).decide()
    assert closed.witness["circle"] == "a over b over c over d over a"
    weak = no_money_pump(chain, [("d", "a")]).decide()
    assert weak.verdict is VIOLATED
    assert "at least as good as" in weak.witness["circle"]
    assert no_money_pump([("a", "a")]).decide().verdict is VIOLATED
    assert no_money_pump([], [("a", "b"), ("b", "a")]).decide().verdict is VACUOUS


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from("abcd")), max_size=6))
def test_a_circle_is_found_iff_there_is_no_order(pairs):
    ranks = [dict(zip("abcd", order, strict=True)) for order in product(range(4), repeat=4)]
    ordered = any(all(rank[x] > rank[y] for x, y in pairs) for rank in ranks)
    found = circle(pairs)
    assert (found is None) is ordered
    if found is not None:
        steps = zip(found.options, (*found.options[1:], found.options[0]), strict=True)
        assert all(step in pairs for step in steps)


def test_completeness():
    assert incomparable(["a", "b"], [("a", "b")]) is None
    assert incomparable(["a", "b", "c"], [("a", "b")], [("b", "c")]) == ("a", "c")
    with pytest.raises(InputError, match="no option 'z'"):
        incomparable(["a"], [("a", "z")])


WEATHER = ["rain", "dry"]
EVENTS = {"rain": ["rain"], "dry": ["dry"], "either": ["rain", "dry"]}


@pytest.mark.parametrize(
    ("quotes", "verdict"),
    [
        ({"rain": "0.6", "dry": "0.4"}, HOLDS),
        ({"rain": "0.6", "dry": "0.6"}, VIOLATED),
        ({"rain": "0.6", "dry": F(2, 5) + F(1, 10**30)}, VIOLATED),
        ({"rain": "0.6", "dry": "0.3"}, VIOLATED),
        ({"rain": "-0.1"}, VIOLATED),
        ({"either": "0.9"}, VIOLATED),
        ({"either": 1}, HOLDS),
        ({}, VACUOUS),
    ],
)
def test_dutch_books(quotes: dict[str, Any], verdict: Verdict):
    finding = no_dutch_book(WEATHER, EVENTS, quotes).decide()
    assert finding.verdict is verdict
    if verdict is VIOLATED:
        assert min(finding.witness["losses"].values()) > 0


def test_quotes_on_what_is_not_declared():
    with pytest.raises(InputError, match="no event 'snow'"):
        no_dutch_book(WEATHER, EVENTS, {"snow": 1}).decide()
    with pytest.raises(InputError, match="event 'fog': there is no world 'mist'"):
        no_dutch_book(WEATHER, {"fog": ["mist"]}, {"fog": 1}).decide()
    with pytest.raises(InputError, match="there is none"):
        coherence([], {}, {})


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 6), min_size=3, max_size=3))
def test_de_finetti_a_book_iff_no_probability(numbers):
    worlds = ["x", "y", "z"]
    events = {"x": ["x"], "not x": ["y", "z"], "y": ["y"]}
    quotes: dict[str, Any] = dict(zip(events, (F(n, 6) for n in numbers), strict=True))
    found = coherence(worlds, events, quotes)
    x, rest, y = (F(n, 6) for n in numbers)
    assert isinstance(found, Probability) is (x + rest == 1 and y <= rest)
    if isinstance(found, Book):
        for world in worlds:
            loss = sum(s * (quotes[e] - int(world in events[e])) for e, s in found.stakes.items())
            assert loss == found.losses[world] > 0
        assert min(found.scaled(3).losses.values()) == 3


ACTS = {"bet": {"up": 1, "down": -1}, "pass": {"up": 0, "down": 0}, "hedge": {"up": 0, "down": 1}}


def test_probabilities_behind_choices():
    worlds = ["up", "down"]
    explained = has_probability(worlds, ACTS, [("bet", "pass")]).decide()
    assert explained.value.of["up"] > F(1, 2)
    known = has_probability(worlds, ACTS, [("bet", "pass")], {"up": "1/2"}).decide()
    assert known.verdict is VIOLATED
    above = {"up": F(1, 2) + F(1, 10**20)}
    assert has_probability(worlds, ACTS, [("bet", "pass")], above).decide().holds
    assert has_probability(worlds, ACTS, [("pass", "hedge")]).decide().verdict is VIOLATED
    assert has_probability(worlds, ACTS, []).decide().verdict is VACUOUS
    with pytest.raises(InputError, match="world 'side' has no utility"):
        has_probability([*worlds, "side"], ACTS, [("bet", "pass")]).decide()
    with pytest.raises(InputError, match="no act 'fold'"):
        has_probability(worlds, ACTS, [("fold", "pass")]).decide()
    with pytest.raises(InputError, match="known: there is no world 'side'"):
        has_probability(worlds, ACTS, [("bet", "pass")], {"side": 1}).decide()


def test_dominance():
    dominated = undominated(ACTS, ["pass"]).decide()
    assert (dominated.verdict, dominated.witness["better"]) == (VIOLATED, "hedge")
    assert undominated(ACTS, ["bet", "hedge"]).decide().verdict is HOLDS
    slightly = {**ACTS, "pass": {"up": F(1, 10**20), "down": 0}}
    assert undominated(slightly, ["pass"]).decide().verdict is VACUOUS
    equal = {"one": {"w": 1}, "two": {"w": 1}}
    assert undominated(equal, ["one"]).decide().verdict is VACUOUS
    with pytest.raises(InputError, match="not about the same worlds"):
        undominated({"a": {"w": 1}, "b": {"v": 1}}, ["a"])
    with pytest.raises(InputError, match="no act 'fold'"):
        undominated(ACTS, ["fold"])


CONSISTENT = [({"x": 1, "y": 2}, {"x": 2, "y": 1}), ({"x": 2, "y": 1}, {"x": 1, "y": 2})]
CROSSED = [({"x": 1, "y": 2}, {"x": 1, "y": 2}), ({"x": 2, "y": 1}, {"x": 2, "y": 1})]


def test_revealed_preference():
    assert rationalisable(CONSISTENT).decide().verdict is VACUOUS  # neither could afford the other
    crossed = rationalisable(CROSSED).decide()
    assert crossed.verdict is VIOLATED
    assert crossed.witness["gain"] == 2
    explained = rationalisable([*CONSISTENT, ({"x": 1, "y": 1}, {"x": 1, "y": 1})]).decide()
    assert explained.verdict is HOLDS


def test_the_boundary_of_garp():
    """Each just affordable at the other's prices: a circle of indifference is no violation."""
    equal = [({"x": 1, "y": 1}, {"x": 2, "y": 1}), ({"x": 1, "y": 1}, {"x": 1, "y": 2})]
    assert rationalisable(equal).decide().verdict is HOLDS
    tilted = [equal[0], ({"x": 1, "y": 1 + F(1, 10**20)}, {"x": 1, "y": 2})]
    assert rationalisable(tilted).decide().verdict is VIOLATED


def test_wrong_purchases_are_refused():
    with pytest.raises(InputError, match="purchase 0: good 'z' has no price"):
        rationalisable([({"x": 1}, {"z": 1})])
    with pytest.raises(InputError, match="purchase 0: the price of 'x' is not positive"):
        rationalisable([({"x": 0}, {"x": 1})])
    with pytest.raises(InputError, match="purchase 0: the amount of 'x' is negative"):
        rationalisable([({"x": 1}, {"x": -1})])


PRICE, AMOUNT = st.integers(1, 3), st.integers(0, 3)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(PRICE, PRICE, AMOUNT, AMOUNT), min_size=2, max_size=4))
def test_afriats_theorem(table):
    """Afriat's numbers exist iff there is no cycle, and the numbers make a utility."""
    bought = purchases([({"x": p, "y": q}, {"x": a, "y": b}) for p, q, a, b in table])
    found = explain(bought)
    if isinstance(found, Cycle):
        assert found.gain > 0
        return

    def utility(bundle: Any) -> Fraction:
        return min(
            u + m * (one.cost(bundle) - one.cost(one.bundle))
            for u, m, one in zip(found.utility, found.marginal, bought, strict=True)
        )

    for one in bought:
        for x, y in product(range(4), repeat=2):
            other = {"x": F(x), "y": F(y)}
            if one.cost(other) <= one.cost(one.bundle):
                assert utility(one.bundle) >= utility(other)
