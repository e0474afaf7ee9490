"""Networks that compare two options, over the whole box of options, by the whole pipeline."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from engine_case import Tiny, dense

from theory import Chooser, Feature
from theory.properties import rationality
from theory.property import Property
from theory.verdict import Verdict
from verify.check import check
from verify.spec import Spec

CHOOSER = Chooser(option=[Feature("price", 0, 1), Feature("quality", 0, 1)])

LINEAR = dense(([[-2, 1, 2, -1]], [0]))
"""Prefers by quality - 2 price."""

BENT = dense(([[-1, 1, 0, 0], [0, 0, -1, 1]], ["-1/4", "-1/4"]), ([[1, -1]], [0]))
"""Prefers by max(0, quality - price - 1/4): what is worth less counts as nothing."""

NESTED = dense(([[-1, 0, 1, 0], [1, 0, -1, 0]], [0, 0]), ([[1, "-1/2"]], ["-1/8"]))
"""Prefers what is cheaper by more than 1/8."""

SNOB = dense(([[1, 1, -1, -1]], [0]))
"""Prefers what is better and dearer."""


def verdict(network: Tiny, statement: Property) -> tuple[Verdict, Any]:
    spec = Spec(CHOOSER, (statement,))
    (result,) = check(network.network("preference"), spec, timeout_s=30).results
    return result.verdict, result.witness


@pytest.mark.parametrize(
    ("network", "expected"),
    [(LINEAR, Verdict.HOLDS), (SNOB, Verdict.HOLDS), (BENT, Verdict.VIOLATED)],
)
def test_independence_over_the_whole_box(network: Tiny, expected: Verdict):
    found, witness = verdict(network, rationality.independent(CHOOSER, weight="1/2"))
    assert found is expected
    if expected is Verdict.VIOLATED:
        options = {name: witness.values[name] for name in "xyz"}

        def worth(option: dict[str, Fraction]) -> Fraction:
            return max(Fraction(0), option["quality"] - option["price"] - Fraction(1, 4))

        def mixed(one: dict[str, Fraction]) -> dict[str, Fraction]:
            return {f: (one[f] + options["z"][f]) / 2 for f in one}

        assert worth(options["x"]) > worth(options["y"])
        assert worth(mixed(options["x"])) <= worth(mixed(options["y"]))


@pytest.mark.parametrize(
    ("network", "expected"),
    [(LINEAR, Verdict.HOLDS), (BENT, Verdict.HOLDS), (SNOB, Verdict.VIOLATED)],
)
def test_dominated_options_over_the_whole_box(network: Tiny, expected: Verdict):
    statement = rationality.monotone(CHOOSER, lower_is_better=["price"])
    assert verdict(network, statement)[0] is expected


def test_a_threshold_of_noticing_is_not_independent():
    """A difference that is noticed alone goes unnoticed when it is diluted."""
    found, _ = verdict(NESTED, rationality.independent(CHOOSER, weight="1/2"))
    assert found is Verdict.VIOLATED
