"""What findings show, as plain data and as rows."""

from dataclasses import dataclass
from enum import Enum
from fractions import Fraction
from typing import Any

import pytest

from verify.exhibit import Row, brief, exact, floats, rows, tree


class Side(Enum):
    LEFT = "left"


@dataclass(frozen=True)
class Departure:
    time: int
    state: str


@dataclass(frozen=True)
class Pump:
    steps: tuple[str, ...]

    def __str__(self) -> str:
        return " for ".join(self.steps)


@pytest.mark.parametrize(
    ("value", "said", "numbers"),
    [
        (Fraction(-3, 8), "-3/8", -0.375),
        (3, "3", 3.0),
        (0.1, "3602879701896397/36028797018963968", 0.1),
        (float("inf"), "inf", None),
        (True, "true", None),
        (None, "none", None),
        (Side.LEFT, "left", None),
        ("a b", "a b", None),
        ((1, "a"), ["1", "a"], [1.0, None]),
        (["a", "b"], ["a", "b"], None),
        ({"b", "a"}, ["a", "b"], None),
        ({(): 1, ("x", Fraction(1, 2)): "y"}, {"()": "1", "(x, 0.5)": "y"}, {"()": 1.0}),
        (Departure(3, "s"), {"time": "3", "state": "s"}, {"time": 3.0}),
        (Pump(("a", "b")), "a for b", None),
        (Fraction(10) ** 400, str(10**400), None),
        (len, "len", None),
    ],
)
def test_values_are_exact_strings_and_floats_where_there_are_numbers(
    value: Any, said: Any, numbers: Any
):
    assert exact(tree(value)) == said
    assert floats(tree(value)) == numbers


def test_a_value_that_contains_itself_comes_to_an_end():
    loop: dict[str, Any] = {}
    loop["again"] = loop
    assert "again" in str(exact(tree(loop)))


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({"X": 1, "type": "weak"}, "X=1, type=weak"),
        ({("weak", 1): "wait"}, "(weak, 1): wait"),
        ({(): "wait"}, "wait"),
        ([1, (2, 3)], "1, (2, 3)"),
        ({"a": {"b": 1}}, "a=(b=1)"),
        (Fraction(1, 3), "1/3"),
        (Fraction(5, 8), "0.625"),
        (Fraction(7**90, 3**160), "about 0.5241105"),
        ((), "-"),
        ({}, "-"),
        ("two\nlines", "two lines"),
    ],
)
def test_one_line(value: Any, said: str):
    assert brief(tree(value)) == said


def test_a_policy_of_one_decision_stands_under_its_name():
    assert rows(tree({"policy": {"D": {("weak",): "wait"}}}), 40) == [
        Row("policy D", "(weak): wait")
    ]
    assert rows(tree({"the_rest": {"D": {(): 0}}}), 40) == [Row("the rest D", "0")]


def test_what_is_deep_or_long_gets_rows_of_its_own():
    value = {"policy": {"D": {(1,): "a", (2,): "b"}, "E": {(): "c"}}}
    assert rows(tree(value), 40) == [
        Row("policy", ""),
        Row("D", "(1): a, (2): b", 1),
        Row("E", "c", 1),
    ]
    assert rows(tree(value), 10)[1:4] == [Row("D", "", 1), Row("(1)", "a", 2), Row("(2)", "b", 2)]


def test_a_list_of_steps_is_numbered():
    value = {"trades": [{"give": "a", "get": "b"}, {"give": "b", "get": "a"}]}
    assert rows(tree(value), 80) == [
        Row("trades", ""),
        Row("1", "give=a, get=b", 1),
        Row("2", "give=b, get=a", 1),
    ]


def test_a_setting_may_take_two_lines_and_a_rule_one():
    assert rows(tree({"setting": {"X": 1, "Y": 2}}), 5) == [Row("setting", "X=1, Y=2")]
    assert len(rows(tree({"rule": {(1,): "a", (2,): "b"}}), 13)) == 3
    assert len(rows(tree({"rule": {(1,): "a", (2,): "b"}}), 14)) == 1
