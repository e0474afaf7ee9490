"""Features as functions of parameters, where their denominators change signs together."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import sympy

from verify.dilemma.chart import Chart

_sympy: Any = sympy
F = Fraction


def test_a_shared_denominator_below_zero_turns_no_lead_around():
    """At 1/8 both 1 / (p - 1/4)^2 and 1 / ((p - 1/4) (p - 1/3)) are finite and positive, and the
    denominator that they share is negative: minus the first is not above zero there.
    """
    field: Any = _sympy.QQ.frac_field("p")
    (p,) = field.gens
    a, b = p - _sympy.QQ(1, 4), p - _sympy.QQ(1, 3)
    chart = Chart({"p": (F(0), F(1))}, [1 / a**2, 1 / (a * b)])
    low, high = np.array([[0.1]]), np.array([[0.15]])
    *_, finite = chart.hull(low, high)
    assert finite.all()
    points, widths = np.array([[[0.1], [0.15]]]), np.zeros((1, 1, 1))
    values = chart.above(np.array([[[-1.0, 0.0]]]), np.zeros((1, 1)), points, widths)
    assert not (values > 0).all(axis=0).any()
    ahead = chart.above(np.array([[[1.0, 0.0]]]), np.zeros((1, 1)), points + 0.5, widths)
    assert (ahead > 0).all()
