"""Random systems of inequalities: each has an answer, and the answer checks."""

import random
from fractions import Fraction

from theory.linear import Refutation, Row, refutes, satisfy


def test_every_system_has_a_point_or_a_refutation():
    draw = random.Random(0)
    kinds = {True: 0, False: 0}
    for _ in range(600):
        unknowns = [f"x{at}" for at in range(draw.randint(1, 4))]
        rows = [
            Row(
                {x: Fraction(draw.randint(-3, 3)) for x in unknowns},
                Fraction(draw.randint(-3, 3)),
                strict=draw.random() < 0.4,
            )
            for _ in range(draw.randint(1, 8))
        ]
        answer = satisfy(rows)
        refuted = isinstance(answer, Refutation)
        kinds[refuted] += 1
        if isinstance(answer, Refutation):
            assert refutes(answer, rows)
        else:
            assert all(row.holds_at(answer) for row in rows)
    assert min(kinds.values()) > 100


def test_a_system_on_which_the_simplex_method_of_sympy_fails():
    """Its issue 28089: s + t = 1, s + 2 t = 0, both in [0, 1]."""
    one, two = Fraction(1), Fraction(2)
    rows = [Row({x: one}) for x in "st"] + [Row({x: -one}, -one) for x in "st"]
    rows += [Row({"s": one, "t": one}, one), Row({"s": -one, "t": -one}, -one)]
    rows += [Row({"s": one, "t": two}), Row({"s": -one, "t": -two})]
    answer = satisfy(rows)
    assert isinstance(answer, Refutation)
    assert refutes(answer, rows)
