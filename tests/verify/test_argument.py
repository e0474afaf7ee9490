"""Arguments of leaves: their sums are bounded rightly, whatever the numbers are, and forged ones
are rejected.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from itertools import product
from random import Random
from typing import Any

import msgspec
import numpy as np
import pytest
from bound_case import Sketch, draw_boxes, draw_points, exact_values, in_float32
from numpy.random import Generator
from test_auditor import value, with_rows
from test_certificate import bound, finding, most, network

from theory import Agent, Feature, Term, forall
from verify.answer import Deadline
from verify.bind import BoundProperty
from verify.certificate.argument import Argument, follows, joined
from verify.certificate.bound import Auditor
from verify.certificate.box import Boxes
from verify.certificate.file import Entry, unwired, wired
from verify.certificate.statement import network_digest, statement_digest
from verify.certificate.tree import ARGUED, LEAF, Tree
from verify.certificate.write import FEW_INPUTS, entry
from verify.problem import Problem, compile_goal
from verify.problem.goal import AllOf, AnyOf, Atom, Goal, Undecidable
from verify.verdict import Guarantee


def bent(rng: Generator) -> tuple[Problem, list[str], list[str]]:
    """Two layers of bends: the problem, what is bent, and what inequalities speak of."""
    sketch = Sketch(3)
    hidden, before = "x", list[str]()
    for width in (6, 5):
        size = next(n for n in sketch.nodes if n.name == hidden).shape[0]
        weight, bias = (sketch.hold(rng.normal(size=s)) for s in ((width, size), (width,)))
        before.append(sketch.put("linear", hidden, weight, bias))
        op = ("relu", "abs", "leaky_relu")[int(rng.integers(0, 3))]
        attributes = {"alpha": 0.25} if op == "leaky_relu" else {}
        hidden = sketch.put(op, before[-1], **attributes)
    out = sketch.put("linear", hidden, sketch.hold(rng.normal(size=(2, 5))))
    spoken = [out, before[0]]
    return with_rows(sketch.problem(*spoken, before[1]), rng, spoken), before, spoken


def numbers(values: dict[str, Any]) -> dict[str, list[Fraction]]:
    return {name: [Fraction(float(v)) for v in array] for name, array in values.items()}


@pytest.mark.parametrize("seed", range(8))
def test_sums_of_any_weights_slopes_and_prices_are_bounded(seed: int) -> None:
    """For runs that have the signs, exact ones and float32 ones in any order of summation."""
    rng = np.random.default_rng(seed)
    problem, before, spoken = bent(rng)
    low, high = draw_boxes(rng, 3, ("wide", "narrow"))
    finite = 0
    for deployed in (False, True):
        auditor = Auditor(problem, deployed=deployed)
        for box, point in product(range(2), draw_points(rng, low[0], high[0], 6)):
            corner = np.clip(point, low[box], high[box])
            run = exact_values(problem, corner, [*before, *spoken])
            if deployed:
                run = numbers(in_float32(problem, corner, rng))
            signs = {}
            for name in before:
                known = np.array([1.0 if v >= 0 else -1.0 for v in run[name]])
                known[rng.random(len(known)) < 0.5] = 0.0
                if known.any():
                    signs[name] = known
            count = sum(int(np.count_nonzero(s)) for s in signs.values())
            argument = Argument(
                np.abs(rng.normal(size=(3, 4))).astype(np.float32),
                rng.integers(0, 256, size=(3, 11)).astype(np.uint8),
                (np.abs(rng.normal(size=(3, count))) * 3).astype(np.float32),
            )
            rows = {name: sign[None] for name, sign in signs.items()}
            boxes = Boxes(low[box : box + 1].astype(float), high[box : box + 1].astype(float), rows)
            upper = auditor.summed(auditor.sweep(boxes), joined([argument], [signs]))[0]
            for row in range(3):
                total = sum(
                    Fraction(float(w)) * value(i, run)
                    for w, i in zip(argument.weights[row], problem.inequalities, strict=True)
                )
                prices = iter(argument.prices[row])
                for name, sign in signs.items():
                    for at in np.flatnonzero(sign):
                        priced = Fraction(float(next(prices))) * Fraction(float(sign[at]))
                        total += priced * run[name][at]
                assert total <= Fraction(upper[row])
                finite += 1
    assert finite == 2 * 2 * 6 * 3


def test_slopes_and_prices_change_the_bounds() -> None:
    """Otherwise the test above would say nothing of them."""
    rng = np.random.default_rng(3)
    problem, before, _ = bent(rng)
    low, high = (a.astype(float) for a in draw_boxes(rng, 3, ("wide",)))
    auditor = Auditor(problem, deployed=False)
    sign = np.zeros(5)
    sign[0] = 1.0
    state = auditor.sweep(Boxes(low, high, {before[1]: sign[None]}))
    weights = np.ones((1, 4), dtype=np.float32)

    def upper(level: int, price: float) -> float:
        slopes = np.full((1, 11), level, dtype=np.uint8)
        one = Argument(weights, slopes, np.array([[price]], dtype=np.float32))
        return float(auditor.summed(state, joined([one], [{before[1]: sign}]))[0, 0])

    assert len({upper(0, 0.0), upper(100, 0.0), upper(255, 0.0), upper(0, 1.0)}) == 4


GOALS: tuple[Goal, ...] = (
    Atom(0),
    AllOf((Atom(0), Atom(1))),
    AnyOf((Atom(0), AllOf((Atom(1), Atom(2))))),
    AllOf((Atom(3), AnyOf((Atom(0), AllOf((Atom(1), Atom(2))))), AnyOf((Atom(0), Atom(1))))),
    AllOf((Atom(0), Undecidable("some reason"))),
    AnyOf((Undecidable("some reason"), Atom(1))),
    AnyOf(()),
    AllOf(()),
)


@pytest.mark.parametrize("goal", GOALS)
def test_what_follows_from_negative_sums(goal: Goal) -> None:
    """A goal is not reached where all that reaches it satisfies all inequalities of some negative
    sum; what cannot be decided may be so.
    """

    def reached(part: Goal, true: tuple[bool, ...]) -> bool:
        match part:
            case Atom(index):
                return true[index]
            case AllOf(parts):
                return all(reached(inner, true) for inner in parts)
            case AnyOf(parts):
                return any(reached(inner, true) for inner in parts)
            case _:
                return True

    rng = np.random.default_rng(0)
    answers = set[bool]()
    for _ in range(300):
        weights = rng.random((1, int(rng.integers(1, 4)), 4)) * (rng.random((1, 1, 4)) < 0.7)
        weights *= rng.random(weights.shape) < 0.6
        negative = rng.random(weights.shape[:2]) < 0.7
        worlds = [w for w in product((False, True), repeat=4) if reached(goal, w)]
        rows = [weights[0, k] > 0 for k in np.flatnonzero(negative[0])]
        refuted = all(any(all(np.array(w)[row]) for row in rows) for w in worlds)
        answer = bool(follows(goal, weights, negative)[0])
        answers.add(answer)
        assert refuted or not answer
    assert answers == {False, True} or goal == AnyOf(())


# Forgery.


@pytest.fixture(scope="module")
def wide() -> BoundProperty:
    return limited(0.92)


def limited(share: float) -> BoundProperty:
    """The first score is at most a share of twice the largest value seen."""
    width = FEW_INPUTS + 4
    agent = Agent(
        observation=[Feature(f"x{i}", -1, 1) for i in range(width)], actions=["left", "right"]
    )
    net = network(seed=3, inputs=width)
    o = agent.observation("o")
    limit = Fraction(most(net, agent) * 2 * share).limit_denominator(100)
    claim: Term = forall(o, agent.score(o, "left") <= limit)
    return bound(net, claim)


@pytest.fixture(scope="module")
def argued(wide: BoundProperty) -> Entry:
    problem = compile_goal(wide.property.formula, wide.functions, wanted=False)
    made = entry(
        wide.property.name,
        problem,
        None,
        guarantee=Guarantee.FLOAT32,
        occasion=None,
        deadline=Deadline.after(60),
    )
    assert isinstance(made, Entry)
    tree = unwired(made.tree)
    assert (tree.kind == ARGUED).sum() > 20
    assert tree.leaves < 300
    assert finding(made, wide).opinion.value == "accepted"
    return made


Change = Callable[[Tree, Random], Tree]


def argument_missing(tree: Tree, random: Random) -> Tree:
    """An argued leaf becomes a plain one; its argument goes, or stays behind."""
    at = random.choice(np.flatnonzero(tree.kind == ARGUED).tolist())
    kind = tree.kind.copy()
    kind[at] = LEAF
    return replace(tree, kind=kind)


def argument_added(tree: Tree, random: Random) -> Tree:
    at = random.choice(np.flatnonzero(tree.kind == LEAF).tolist())
    kind = tree.kind.copy()
    kind[at] = ARGUED
    return replace(tree, kind=kind)


def rows_changed(tree: Tree, random: Random) -> Tree:
    rows = tree.rows.copy()
    rows[random.randrange(len(rows))] = random.choice((0, 2, 7, 255))
    return replace(tree, rows=rows)


def number_bad(tree: Tree, random: Random) -> Tree:
    """A weight or a price is negative, infinite or no number."""
    name = random.choice(("weight", "price"))
    column = getattr(tree, name).copy()
    bad = (np.nan, np.inf, -np.inf, -1.0, -1e-30, -3e38)
    column[random.randrange(len(column))] = random.choice(bad)
    return replace(tree, **{name: column})


def weights_gone(tree: Tree, random: Random) -> Tree:
    """Half of the sums are of nothing but signs, which contradict each other on few leaves."""
    gone = np.array([random.random() < 0.5 for _ in tree.weight])
    return replace(tree, weight=np.where(gone, 0.0, tree.weight))


def column_shorter(tree: Tree, random: Random) -> Tree:
    name = random.choice(("rows", "weight", "slope", "price"))
    column = getattr(tree, name)
    return replace(tree, **{name: column[: random.randrange(len(column))]})


def column_longer(tree: Tree, random: Random) -> Tree:
    name = random.choice(("rows", "weight", "slope", "price"))
    column = getattr(tree, name)
    return replace(tree, **{name: np.append(column, column[-1:])})


def prices_huge(tree: Tree, random: Random) -> Tree:
    """All prices of the tree are the largest float32."""
    return replace(tree, price=np.full_like(tree.price, 3.4e38))


FORGERIES: tuple[Change, ...] = (
    argument_missing,
    argument_added,
    rows_changed,
    number_bad,
    weights_gone,
    column_shorter,
    column_longer,
    prices_huge,
)


def with_tree(one: Entry, tree: Tree) -> Entry:
    return msgspec.structs.replace(one, tree=wired(tree))


@pytest.mark.parametrize("forge", FORGERIES)
def test_forged_arguments_are_rejected(forge: Change, wide: BoundProperty, argued: Entry) -> None:
    tree = unwired(argued.tree)
    for seed in range(25):
        forged = with_tree(argued, forge(tree, Random(seed)))
        found = finding(forged, wide)
        assert found.opinion.value == "rejected", (seed, found)


def test_arguments_at_random_prove_nothing_false(argued: Entry) -> None:
    """The forger fits hashes to a false statement, and puts any numbers in the proof."""
    false = limited(0.48)
    problem = compile_goal(false.property.formula, false.functions, wanted=False)
    tree = unwired(argued.tree)
    for seed in range(30):
        rng = np.random.default_rng(seed)
        weight = (tree.weight * 10.0 ** rng.integers(-30, 30, size=tree.weight.shape)).astype("f4")
        price = (tree.price + np.abs(rng.normal(size=tree.price.shape))) * 10.0 ** rng.integers(
            -9, 9
        )
        slope = rng.integers(0, 256, size=tree.slope.shape).astype(np.uint8)
        forged = replace(tree, weight=weight, price=price.astype("f4"), slope=slope)
        lie = msgspec.structs.replace(
            with_tree(argued, forged),
            network=network_digest(problem.network),
            statement=statement_digest(problem),
        )
        assert finding(lie, false).opinion.value == "rejected"
