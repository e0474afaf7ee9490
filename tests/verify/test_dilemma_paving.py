"""Bounds on pieces of a box, volumes, and courses along a parameter, against plain running."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import sympy
from engine_case import dense
from hypothesis import given, settings
from hypothesis import strategies as st

from extract.network import Network
from extract.run import run_exact
from theory.decision.dilemma import dilemma
from theory.decision.theory import THEORIES
from theory.region import apart, region, same
from verify.dilemma.chart import Chart, case_chart
from verify.dilemma.encoding import read_encoding
from verify.dilemma.line import along, bends
from verify.dilemma.paving import Bounder, pave, share, volumes
from verify.dilemma.reach import AGREES, DIFFERS, SILENT, UNPUT, line
from verify.dilemma.stake import leading, stakes

FOLDER = Path(__file__).parents[2] / "examples" / "dilemma"
ENCODING = read_encoding(FOLDER / "general.py")
CASE = "elsewhere, predicted"  # three parameters, and no silence
weights = st.lists(st.integers(-3, 3), min_size=44, max_size=44)


def small_net(numbers: list[int]) -> Network:
    """A net with three hidden units, and halves of small integers for weights."""
    halves = iter(Fraction(number, 2) for number in numbers)

    def layer(inputs: int, outputs: int) -> tuple[list[list[Fraction]], list[Fraction]]:
        rows = [[next(halves) for _ in range(inputs)] for _ in range(outputs)]
        return rows, [next(halves) for _ in range(outputs)]

    return dense(layer(11, 3), layer(3, 2)).network()


# --- volumes ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("texts", "true"),
    [
        (["x - 1/3"], 2 / 3),
        (["x - y"], 1 / 2),
        (["x*y - 1/4"], 1 - 1 / 4 - np.log(4) / 4),
        (["1 - x**2 - y**2"], np.pi / 4),
        (["x - y", "y - z"], 1 / 6),
        (["x", "y"], 1.0),
        (["-x"], 0.0),
        ([], 1.0),
    ],
)
def test_a_share_is_below_the_volume_and_near_it(texts, true):
    zero, one = Fraction(0), Fraction(1)
    box = dict.fromkeys("xyz" if "z" in "".join(texts) else "xy", (zero, one))
    ring = sympy.QQ.frac_field(*box).one.numer.ring
    found = share([ring.from_expr(sympy.sympify(text)) for text in texts], box)
    assert true - 0.03 < found <= true + 1e-9


# --- pieces -------------------------------------------------------------------------------------


@settings(max_examples=25, deadline=None)
@given(weights, st.lists(st.integers(0, 16), min_size=15, max_size=15))
def test_bounds_are_below_the_differences_of_scores(numbers, at):
    """On pieces, at points of them, in exact arithmetic; and the chart's multiples as well."""
    net = small_net(numbers)
    chart, bounder = case_chart(ENCODING, CASE), Bounder(net, ENCODING)
    pieces = pave(bounder, chart, most=17)
    box = list(ENCODING.box(CASE).items())
    for piece in range(len(pieces)):
        for k in range(5):
            parts = [Fraction(a, 16) for a in at[3 * k : 3 * k + 3]]
            low = [Fraction(float(x)) for x in pieces.low[piece]]
            high = [Fraction(float(x)) for x in pieces.high[piece]]
            cube = [a + (b - a) * p for a, b, p in zip(low, high, parts, strict=True)]
            values = {n: a + (b - a) * u for (n, (a, b)), u in zip(box, cube, strict=True)}
            flat = list(ENCODING.observation(CASE, values).values())
            scores = run_exact(net, flat)
            for action in range(2):
                slope, offset = pieces.slope[piece, action, 0], pieces.offset[piece, action, 0]
                bound = Fraction(float(offset)) + sum(
                    Fraction(float(w)) * x for w, x in zip(slope, flat, strict=True)
                )
                if bound > 0:  # what is not known is nowhere above zero
                    assert bound <= scores[action] - scores[1 - action]


@settings(max_examples=5, deadline=None)
@given(weights, st.sampled_from(["EDT", "FDT"]))
def test_shares_are_below_what_a_grid_counts(numbers, theory):
    net, worths = small_net(numbers), stakes(ENCODING, CASE, theory)
    chart = case_chart(ENCODING, CASE)
    regions = {(at, acts): place for at, (acts, place) in enumerate(leading(worths))}
    shares = volumes(pave(Bounder(net, ENCODING), chart, most=400), chart, regions)
    agrees = differs = 0.0
    for (_, acts), by_action in shares.items():
        same_ = sum(s for action, s in enumerate(by_action) if action in acts)
        agrees, differs = agrees + same_, differs + sum(by_action) - same_
    seen = {True: 0, False: 0}
    box, steps = ENCODING.box(CASE), 6
    for i, j, k in np.ndindex(steps, steps, steps):
        parts = [Fraction(2 * at + 1, 2 * steps) for at in (i, j, k)]
        values = {n: a + (b - a) * p for (n, (a, b)), p in zip(box.items(), parts, strict=True)}
        answer = THEORIES[theory](ENCODING.case(CASE).build(**values))
        scores = run_exact(net, list(ENCODING.observation(CASE, values).values()))
        if scores[0] != scores[1] and len(answer.acts) == 1:
            does = ENCODING.agent.actions[0 if scores[0] > scores[1] else 1]
            seen[does in answer.acts] += 1
    assert agrees <= seen[True] / steps**3 + 0.13
    assert differs <= seen[False] / steps**3 + 0.13
    assert agrees + differs <= 1


def test_a_chart_with_a_denominator_encloses_its_features():
    box = {"x": (Fraction(0), Fraction(2)), "y": (Fraction(-1), Fraction(1))}
    field = sympy.QQ.frac_field(*box)
    x, y = field.gens
    chart = Chart(box, [(x - y) / (x + 1), (y * y) / (3 - x), field(1)])
    drawn = np.random.default_rng(0)
    low = drawn.uniform(0, 0.9, (200, 2))
    high = low + drawn.uniform(0, 0.1, (200, 2))
    first, last, finite = chart.hull(low, high)
    assert finite.all()
    point = low + (high - low) * drawn.uniform(0, 1, (200, 2))
    a, b = 2 * point[:, 0], 2 * point[:, 1] - 1
    features = np.stack([(a - b) / (a + 1), b * b / (3 - a), np.ones(200)], axis=1)
    assert (first <= features).all()
    assert (features <= last).all()
    assert (last - first).max() < 1


# --- lines --------------------------------------------------------------------------------------


@settings(max_examples=25, deadline=None)
@given(weights, st.sampled_from(["1", "p", "p^2", "1/(1+p)"]))
def test_along_a_curve_a_net_does_what_it_is_said_to_do(numbers, curve):
    net = small_net(numbers)
    field = sympy.QQ.frac_field("p")
    (p,) = field.gens
    bent = {"1": field(1), "p": p, "p^2": p * p, "1/(1+p)": 1 / (1 + p)}[curve]
    features = (field(1), bent - 1, p, bent, 1 - p, *[field(0)] * 6)
    found = along(net, ("leave", "take"), region(lambda _: features, 0, 1))
    assert found[0].lower.lower == 0
    assert found[-1].upper.upper == 1
    for one, other in pairwise(found):
        assert same(one.upper, other.lower)
        assert one.answer != other.answer
    for k in range(41):
        at = Fraction(k, 41) + Fraction(1, 97)
        b = {"1": 1, "p": at, "p^2": at * at, "1/(1+p)": 1 / (1 + at)}[curve]
        scores = run_exact(net, [1, b - 1, at, b, 1 - at, *[0] * 6])
        does = "" if scores[0] == scores[1] else ("leave", "take")[int(scores[1] > scores[0])]
        for one in found:
            low, high = apart(one.lower, one.upper)
            if low.upper < at < high.lower:
                assert one.answer == does or does == ""


@settings(max_examples=6, deadline=None)
@given(weights, st.sampled_from(["newcomb", "death in damascus", "cosmic ray", "smoking lesion"]))
def test_a_line_says_of_a_dilemma_what_asking_says(numbers, name):
    net, entry, sample = small_net(numbers), dilemma(name), ENCODING.dilemmas[name]
    parameter = next(iter(entry.parameters))
    found = line(net, ENCODING, entry, sample, parameter)
    assert found is not None
    for k in range(1, 30):
        value = Fraction(k, 30) + Fraction(1, 1009)
        point = {**entry.parameters, parameter: value}
        scores = run_exact(
            net, list(ENCODING.observation(sample.case, sample.values(**point)).values())
        )
        if scores[0] == scores[1]:
            continue
        act = sample.acts[ENCODING.agent.actions[int(scores[1] > scores[0])]]
        for theory, stretches in found.follows.items():
            answer = THEORIES[theory](entry.problem(**{parameter: value}))
            said = AGREES if act in answer.acts else DIFFERS
            if answer.status.value != "decided":
                said = SILENT
            for one in stretches:
                low, high = apart(one.lower, one.upper)
                if low.upper < value < high.lower and one.answer != UNPUT:
                    assert one.answer == said


def test_a_net_that_is_not_piecewise_linear_has_no_exact_line():
    assert bends(small_net([1] * 44)) is not None


def test_where_a_denominator_is_not_positive_nothing_is_claimed():
    """Features 1/(2x - 1): the net takes iff x > 1/2, and a chart looks at one side only."""
    zeros = [0] * 11
    net = dense(([zeros, [0, 1, *[0] * 9]], [0, 0])).network()
    box = {"x": (Fraction(0), Fraction(1))}
    field = sympy.QQ.frac_field("x")
    (x,) = field.gens
    chart = Chart(box, [field(1), 1 / (2 * x - 1), *[field(0)] * 9])
    pieces = pave(Bounder(net, ENCODING), chart, most=60)
    leaves, takes = volumes(pieces, chart, {"all": []})["all"]
    assert leaves + takes > 0.4
    assert leaves <= 0.5
    assert takes <= 0.5
