"""Numbers, durations, shares and sentences."""

import pytest
import report_case as case

from verify.report.text import (
    conclusion,
    duration,
    file_name,
    number,
    numbers,
    plain,
    share,
    symbols,
)
from verify.verdict import Report


@pytest.mark.parametrize(
    ("value", "text"),
    [(1.0, "1"), (-0.0, "0"), (0.1, "0.1"), (1 / 3, "0.333333"), (-1e-9, "-1e-09"), (1e6, "1e+06")],
)
def test_number(value: float, text: str):
    assert number(value) == text


def test_numbers_tell_neighbours_apart():
    near = 0.1 + 1e-12
    assert numbers([0.1, near]) == ["0.1", repr(near)]
    assert numbers([0.1, 0.1]) == ["0.1", "0.1"]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.004, "0.00 s"),
        (0.42, "0.42 s"),
        (0.999, "1.0 s"),
        (9.94, "9.9 s"),
        (59.6, "60 s"),
        (119.7, "2 min 0 s"),
        (125, "2 min 5 s"),
    ],
)
def test_duration(seconds: float, text: str):
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0%"),
        (1, "100%"),
        (0.99999, ">99.9%"),
        (1e-9, "<0.1%"),
        (0.5, "50%"),
        (0.934, "93.4%"),
        (0.05, "5.0%"),
    ],
)
def test_share_keeps_nothing_and_all_apart(value: float, text: str):
    assert share(value) == text


def test_plain_has_nothing_that_a_terminal_obeys():
    assert plain("a\x1b[31mb\n c\x07\u202e") == "a\ufffd[31mb c\ufffd\ufffd"


def test_symbols_are_for_words_of_logic_only():
    assert symbols("forall o: not (o.and <= 1) implies acts(o, notify)") == (
        "∀ o: ¬(o.and ≤ 1) ⇒ acts(o, notify)"
    )
    assert symbols("a and b or o[or: 1] iff c") == "a ∧ b ∨ o[or: 1] ⇔ c"


@pytest.mark.parametrize(
    ("report", "text"),
    [
        (case.honest(), "all 4 properties hold"),
        (case.sleeper(), "1 of 4 properties is violated"),
        (case.wide(), "the one property is violated"),
        (case.open_ones(), "0 of 4 properties proved, 3 undecided, 1 vacuous"),
        (case.report(), "nothing was checked"),
        (case.report(case.holds(case.obeys())), "the one property holds"),
    ],
)
def test_conclusion(report: Report, text: str):
    assert conclusion(report) == text


@pytest.mark.parametrize(
    ("name", "text"),
    [("a/b/net.onnx", "net.onnx"), ("C:\\n\\net.py:make", "net.py:make"), ("a/", "a"), ("/", "/")],
)
def test_file_name(name: str, text: str):
    assert file_name(name) == text
