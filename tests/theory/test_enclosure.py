"""Enclosures contain the truth, and answer a comparison only where it is certain."""

from __future__ import annotations

import operator
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import mpmath
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mpmath.libmp import to_rational

from theory import enclosure
from theory.enclosure import Enclosure, Undecided, enclose, largest, same, smallest

RATIONALS = st.fractions(-50, 50, max_denominator=10**6)
COMPARISONS = (operator.lt, operator.le, operator.gt, operator.ge, operator.eq, operator.ne)


@st.composite
def enclosures(draw: st.DrawFn) -> Enclosure:
    ends = sorted([draw(RATIONALS), draw(RATIONALS)])
    return Enclosure(ends[0], ends[1])


@st.composite
def members(draw: st.DrawFn) -> tuple[Enclosure, Fraction]:
    """An enclosure and a number in it."""
    interval = draw(enclosures())
    share = draw(st.fractions(0, 1, max_denominator=16))
    return interval, interval.lower + share * interval.width


@st.composite
def calculations(draw: st.DrawFn, depth: int = 3) -> tuple[Any, Fraction]:
    """A calculation on enclosures and the same on numbers in them."""
    if depth == 0:
        point = draw(RATIONALS)
        return draw(st.one_of(members(), st.just((point, point))))
    kind = draw(st.sampled_from(["leaf", "+", "-", "*", "/", "neg", "abs", "max", "min"]))
    if kind == "leaf":
        return draw(calculations(0))
    a, x = draw(calculations(depth - 1))
    if kind == "neg":
        return -a, -x
    if kind == "abs":
        return abs(a), abs(x)
    b, y = draw(calculations(depth - 1))
    if kind == "max":
        return largest(a, b), max(x, y)
    if kind == "min":
        return smallest(a, b), min(x, y)
    if kind == "/" and enclose(b).lower <= 0 <= enclose(b).upper:
        return a, x
    apply = {"+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv}[kind]
    return apply(a, b), apply(x, y)


@given(calculations())
def test_arithmetic_contains_the_truth(calculation):
    result, truth = calculation
    assert enclose(result).lower <= truth <= enclose(result).upper


@given(members(), members())
def test_a_comparison_that_answers_is_right(one, other):
    (a, x), (b, y) = one, other
    for compare in COMPARISONS:
        for left, right in ((a, b), (a, y), (x, b)):
            try:
                answer = compare(left, right)
            except Undecided:
                continue
            assert answer == compare(x, y)


@given(enclosures(), enclosures())
def test_a_comparison_is_undecided_exactly_where_members_disagree(a, b):
    ends = [(x, y) for x in (a.lower, a.upper) for y in (b.lower, b.upper)]
    for compare in COMPARISONS[:4]:
        answers = {compare(x, y) for x, y in ends}
        if len(answers) == 2:
            with pytest.raises(Undecided):
                compare(a, b)
        else:
            assert compare(a, b) == answers.pop()


@pytest.mark.parametrize(
    ("a", "b", "less", "at_most", "equal"),
    [
        ((0, 1), (2, 3), True, True, False),
        ((0, 1), (1, 2), None, True, None),
        ((1, 2), (0, 1), False, None, None),
        ((0, 2), (1, 3), None, None, None),
        ((1, 1), (1, 1), False, True, True),
        ((0, 1), (0, 1), None, None, None),
    ],
)
def test_where_enclosures_touch(a, b, less, at_most, equal):
    x, y = Enclosure(*map(Fraction, a)), Enclosure(*map(Fraction, b))
    for compare, expected in ((operator.lt, less), (operator.le, at_most), (operator.eq, equal)):
        if expected is None:
            with pytest.raises(Undecided):
                compare(x, y)
        else:
            assert compare(x, y) is expected


def test_equality_never_answers_for_the_ends_alone():
    wide = Enclosure(Fraction(0), Fraction(1))
    with pytest.raises(Undecided):
        _ = wide == wide
    with pytest.raises(Undecided):
        _ = wide == 0
    with pytest.raises(Undecided):
        bool(wide)
    assert wide != 2
    assert wide != "a name"
    assert Fraction(1) == Enclosure(Fraction(1), Fraction(1))
    assert hash(Enclosure(Fraction(1), Fraction(1))) == hash(1)
    assert not enclose(0)


def test_ends_are_exact_whatever_they_are_given_as():
    inverse = 1 / Enclosure(2, 3)  # type: ignore[arg-type]
    assert (inverse.lower, inverse.upper) == (Fraction(1, 3), Fraction(1, 2))
    assert enclose(0.1).lower == Fraction(0.1)
    assert enclose("0.1").upper == Fraction(1, 10)


def test_what_cannot_be_is_refused():
    with pytest.raises(ValueError, match="lower <= upper"):
        Enclosure(Fraction(1), Fraction(0))
    with pytest.raises(Undecided, match="division by an enclosure that contains zero"):
        _ = 1 / Enclosure(Fraction(-1), Fraction(1))
    for function, value in ((enclosure.log, 0), (enclosure.sqrt, -1), (enclosure.exp, 10**6)):
        with pytest.raises(Undecided):
            function(value)


def test_absolute_value_around_zero():
    assert abs(Enclosure(Fraction(-2), Fraction(1))).upper == 2
    assert abs(Enclosure(Fraction(-2), Fraction(1))).lower == 0


def _truth(function: Callable[[Any], Any], x: Fraction) -> Fraction:
    """The function's value to more digits than any enclosure has, as a rational."""
    with mpmath.workdps(900):
        value = function(mpmath.mpf(x.numerator) / x.denominator)
        numerator, denominator = to_rational(value._mpf_)
        return Fraction(int(numerator), int(denominator))


FUNCTIONS = {
    "exp": (enclosure.exp, mpmath.exp),
    "sigmoid": (enclosure.sigmoid, lambda x: 1 / (1 + mpmath.exp(-x))),
    "tanh": (enclosure.tanh, mpmath.tanh),
    "erf": (enclosure.erf, mpmath.erf),
    "softplus": (enclosure.softplus, lambda x: mpmath.log(1 + mpmath.exp(x))),
    "log": (enclosure.log, mpmath.log),
    "sqrt": (enclosure.sqrt, mpmath.sqrt),
}


@pytest.mark.parametrize("name", FUNCTIONS)
@given(x=st.one_of(RATIONALS, st.floats(-700, 700).map(Fraction)))
def test_elementary_functions_contain_the_truth_and_little_else(name, x):
    ours, theirs = FUNCTIONS[name]
    x = abs(x) + Fraction(1, 10**9) if name in ("log", "sqrt") else x
    result = ours(x)
    truth = _truth(theirs, x)
    assert result.lower <= truth <= result.upper
    scale = max(abs(truth), Fraction(1)) if name in ("tanh", "log", "softplus") else abs(truth)
    assert result.width <= scale / 2**130


@pytest.mark.parametrize("name", FUNCTIONS)
@given(member=members())
def test_elementary_functions_of_an_interval_contain_those_of_its_members(name, member):
    ours, theirs = FUNCTIONS[name]
    interval, x = member
    if name in ("log", "sqrt"):
        shift = 51
        interval, x = interval + shift, x + shift
    result = ours(interval)
    assert result.lower <= _truth(theirs, x) <= result.upper


def test_known_points():
    assert enclosure.tanh(0) == 0
    assert enclosure.exp(0).lower <= 1 <= enclosure.exp(0).upper
    half = enclosure.sigmoid(0)
    assert half.lower <= Fraction(1, 2) <= half.upper
    assert enclosure.sigmoid(-120) > enclosure.sigmoid(-121)
    assert enclosure.sigmoid(Enclosure(Fraction(-1), Fraction(1))).lower < Fraction(0.3)


def test_far_out_values_are_cheap_and_stay_in_their_range():
    for x in (-(10**9), -(10**30)):
        tiny = enclosure.exp(x)
        assert tiny.lower == 0
        assert 0 < tiny.upper < Fraction(1, 2**1000)
    for x in (10**9, -(10**9)):
        assert 0 <= enclosure.sigmoid(x).lower <= enclosure.sigmoid(x).upper <= 1
        assert -1 <= enclosure.tanh(x).lower <= enclosure.tanh(x).upper <= 1


def test_same_and_text():
    assert same(1, Fraction(1)) is True
    assert same(Enclosure(Fraction(0), Fraction(1)), 2) is False
    assert str(Enclosure(Fraction(0), Fraction(1, 2))) == "[0, 0.5]"
    assert float(Enclosure(Fraction(0), Fraction(1))) == 0.5
