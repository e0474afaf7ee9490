"""Sorts are values; features have sane ranges and errors that name them."""

from __future__ import annotations

from fractions import Fraction

import pytest

from theory.error import InputError
from theory.sort import REAL, EnumSort, Feature, ObservationSort, RealSort, VectorSort


def test_sorts_with_the_same_content_are_equal():
    assert RealSort() == REAL
    assert RealSort(Fraction(0), Fraction(1)) != REAL
    assert EnumSort("action", ("a", "b")) == EnumSort("action", ("a", "b"))
    assert EnumSort("action", ("a", "b")) != EnumSort("action", ("b", "a"))
    assert VectorSort(2) != VectorSort(3)
    assert ObservationSort("O", (Feature("x", 0, 1),)) == ObservationSort(
        "O", (Feature("x", 0, 1),)
    )
    assert len({Feature("x", 0, 1), Feature("x", 0, 1.0), Feature("x", 0, "1")}) == 1


def test_sorts_read_well():
    assert str(REAL) == "Real"
    assert str(RealSort(Fraction(0.1), Fraction(1, 3))) == "[0.1, 1/3]"
    assert str(VectorSort(3)) == "Real^3"


def test_a_flag_has_the_values_zero_and_one():
    flag = Feature("watched", flag=True)
    assert flag.is_flag
    assert flag.values == (0, 1)
    assert (flag.lower, flag.upper) == (0, 1)
    assert Feature("watched", values=[1, 0, 1]) == flag


def test_a_range_is_exact():
    feature = Feature("x", "0.1", 0.1)
    assert feature.lower == Fraction(1, 10)
    assert feature.upper == Fraction(0.1)
    assert not feature.is_flag


@pytest.mark.parametrize(
    ("feature", "inside", "outside"),
    [
        (Feature("x", -1, 1), [-1, 0, 1], [Fraction(1001, 1000), -2]),
        (Feature("x", flag=True), [0, 1], [Fraction(1, 2), 2]),
        (Feature("x", values=[3, 1]), [1, 3], [2]),
        (Feature("x", 2, 2), [2], [1]),
    ],
)
def test_contains(feature, inside, outside):
    assert all(feature.contains(Fraction(value)) for value in inside)
    assert not any(feature.contains(Fraction(value)) for value in outside)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("x", 1, -1), "feature 'x': lower 1 is above upper -1"),
        (("x",), "feature 'x': needs lower and upper, flag=True, or values"),
        (("x", 0), "feature 'x': needs lower and upper, flag=True, or values"),
        (("x", float("nan"), 1), "feature 'x': nan is not a finite number"),
        (("x", 0, float("inf")), "feature 'x': inf is not a finite number"),
        (("x", "low", 1), "feature 'x': 'low' is not a finite number"),
        (("", 0, 1), "the name of a feature, action or variable is printable text, not ''"),
        (
            ("a\nb", 0, 1),
            r"the name of a feature, action or variable is printable text, not 'a\nb'",
        ),
        ((3, 0, 1), "the name of a feature, action or variable is printable text, not 3"),
    ],
)
def test_a_bad_range_is_refused(arguments, message):
    with pytest.raises(InputError) as error:
        Feature(*arguments)
    assert str(error.value) == message


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"values": []}, "feature 'x': the set of values is empty"),
        ({"values": [1], "lower": 0}, "feature 'x': give a range or a set of values, not both"),
        (
            {"flag": True, "upper": 1},
            "feature 'x': a flag has the values 0 and 1 and takes no range",
        ),
        ({"values": [0, float("nan")]}, "feature 'x': nan is not a finite number"),
    ],
)
def test_contradicting_options_are_refused(options, message):
    with pytest.raises(InputError) as error:
        Feature("x", **options)
    assert str(error.value) == message


def test_an_unknown_feature_is_named_with_those_that_exist():
    sort = ObservationSort("Observation", (Feature("x", 0, 1), Feature("y", 0, 1)))
    assert [sort.position("x"), sort.position("y")] == [0, 1]
    with pytest.raises(InputError) as error:
        sort.position("z")
    assert str(error.value) == "unknown feature 'z' of Observation; it has: x, y"
