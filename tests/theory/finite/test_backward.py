"""One backward pass: the order, and values against every strategy where nothing comes back."""

from __future__ import annotations

from fractions import Fraction
from functools import partial

import networkx as nx
import pytest
import world_case as naive
from hypothesis import given, settings
from hypothesis import strategies as st

from theory.finite import backward
from theory.finite import reach as paths
from theory.finite.arena import Game
from theory.finite.backward import last_to_first
from theory.finite.reach import reach, until
from theory.finite.table import induced
from theory.process import Process, process

SIZE = 7
edges = st.dictionaries(
    st.integers(0, SIZE - 1), st.lists(st.integers(0, SIZE - 1), max_size=4), max_size=SIZE
)


@settings(max_examples=300, deadline=None)
@given(edges, st.sets(st.integers(0, SIZE - 1)))
def test_the_order_has_what_is_led_to_first(after, asked):
    order = last_to_first(SIZE, asked, lambda at: after.get(at, ()))
    graph: nx.DiGraph[int] = nx.DiGraph()
    graph.add_nodes_from(asked)
    graph.add_edges_from((s, t) for s in asked for t in after.get(s, ()) if t in asked)
    if not nx.is_directed_acyclic_graph(graph):
        assert order is None
        return
    assert order is not None
    assert sorted(order) == sorted(asked)
    place = {at: i for i, at in enumerate(order)}
    assert all(place[t] < place[s] for s, t in graph.edges)


@st.composite
def forward_worlds(draw: st.DrawFn) -> naive.World:
    """A game in which every step leads to a later name, or a state is never left."""
    steps: dict[str, dict[str, dict[str, Fraction]]] = {}
    for at, state in enumerate(naive.NAMES):
        later = naive.NAMES[at + 1 :]
        steps[state] = {}
        if not later and draw(st.booleans()):
            steps[state] = {"x": {state: Fraction(1)}}
        for action in ["x", "y", "z"][: draw(st.integers(0, 3)) if later else 0]:
            rows = [row for row in naive.ROWS if len(row) <= len(later)]
            targets = draw(st.permutations(later))
            row = dict(zip(targets, draw(st.sampled_from(rows)), strict=False))
            steps[state][action] = {**row, "a": Fraction(0)} if draw(st.booleans()) else row
    return Game(Process(steps), draw(naive.subsets))


@settings(max_examples=200, deadline=None)
@given(forward_worlds(), naive.subsets, naive.subsets, st.sampled_from(["max", "min"]))
def test_until_is_that_of_the_best_strategies_where_nothing_comes_back(world, stay, goal, best):
    found = until(world, stay, goal, best=best)
    assert found.values == naive.play(world, best, partial(naive.chain_until, stay=stay, goal=goal))
    followed = until(induced(world.process, found.strategy), stay, goal)
    assert followed.values == found.values


def test_only_what_may_come_back_needs_the_graph(monkeypatch):
    asked: list[object] = []
    monkeypatch.setattr(paths, "possible", lambda *_: asked.append(0) or set())
    steps = {"a": {"on": {"b": "1/2", "c": "1/2"}}, "b": {"on": "c", "off": "d"}}
    assert reach(process(steps), ["c"]).values == {"a": 1, "b": 1, "c": 1, "d": 0}
    assert not asked
    reach(process({**steps, "d": {"back": "a"}}), ["c"])
    assert asked


@settings(max_examples=200, deadline=None)
@given(
    forward_worlds(),
    naive.subsets,
    st.sampled_from(["max", "min"]),
    st.sampled_from(["LARGEST_DENOMINATOR", "LONGEST_BITS"]),
)
def test_whole_numbers_and_rationals_agree(world, goal, best, limit):
    """Where a denominator or a power of it is too long, rationals take over."""
    found = reach(world, goal, best=best)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(backward, limit, 0)
        again = reach(world, goal, best=best)
    assert found == again


def test_denominators_that_have_nothing_in_common():
    """Thirty-seven primes in a row: the product of the numerators over that of the primes."""
    primes = [p for p in range(2, 160) if all(p % q for q in range(2, p))]
    steps = {
        str(at): {"on": {str(at + 1): Fraction(p - 1, p), "lost": Fraction(1, p)}}
        for at, p in enumerate(primes)
    }
    last = str(len(primes))
    found = reach(process(steps), [last])
    truth = Fraction(1)
    for p in primes:
        truth *= Fraction(p - 1, p)
    assert found.values["0"] == truth
    assert found.values["lost"] == 0
