"""Preferences: Allais, the circle of three, quotes that do not add up (42 to 45)."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from theory.preference.belief import Book, coherence
from theory.properties import choice, rationality
from theory.verdict import Verdict

ALLAIS = [
    ({"1M": 1}, {"1M": "0.89", "5M": "0.1", "nothing": "0.01"}),
    ({"5M": "0.1", "nothing": "0.9"}, {"1M": "0.11", "nothing": "0.89"}),
]
CIRCLE = [("a", "b"), ("b", "c"), ("c", "a")]
URN = ["red", "black", "yellow"]
ELLSBERG = {
    "red": {"red": 1, "black": 0, "yellow": 0},
    "black": {"red": 0, "black": 1, "yellow": 0},
    "red or yellow": {"red": 1, "black": 0, "yellow": 1},
    "black or yellow": {"red": 0, "black": 1, "yellow": 1},
}
RAIN = {"rain": ["wet"], "dry": ["sunny"]}


def allais(case: dict[str, Any]) -> None:
    finding = rationality.representable(ALLAIS).decide()
    assert finding.holds is case["verdict"]
    assert finding.witness["pump"].checks()
    assert rationality.independent_choices(ALLAIS).decide().verdict is Verdict.VIOLATED


def ellsberg(case: dict[str, Any]) -> None:
    chosen = [("red", "black"), ("black or yellow", "red or yellow")]
    finding = choice.has_probability(URN, ELLSBERG, chosen, {"red": "1/3"}).decide()
    assert finding.holds is case["verdict"]
    assert choice.has_probability(URN, ELLSBERG, chosen).decide().holds is case["verdict"]


def circle(case: dict[str, Any]) -> None:
    finding = rationality.representable(CIRCLE).decide()
    assert finding.holds is case["verdict"]
    assert [weight for weight, _ in finding.witness["pump"].trades] == [Fraction(1, 3)] * 3
    assert rationality.no_money_pump(CIRCLE).decide().holds is case["verdict"]


def quotes(case: dict[str, Any]) -> None:
    book = coherence(["wet", "sunny"], RAIN, {"rain": "0.6", "dry": "0.6"})
    assert case["verdict"]["sure_loss"]
    assert isinstance(book, Book)
    # a book is one for every positive multiple of its stakes; the published one loses 1/2
    scaled = book.scaled("1/2")
    assert list(scaled.stakes.values()) == [Fraction(stake) for stake in case["verdict"]["stakes"]]
    assert set(scaled.losses.values()) == {Fraction(1, 2)}


CASES: dict[int, Callable[[dict[str, Any]], None]] = {
    42: allais,
    43: ellsberg,
    44: circle,
    45: quotes,
}
