"""Regions as pictures: a strip for one free parameter, a map for two; one panel a theory."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
from __future__ import annotations

import re
from io import StringIO
from typing import Any

import numpy as np
import sympy

from theory.error import InputError
from theory.partition import Condition, Partition
from verify.dilemma.study import Study

POINTS = 240
COLOURS = ("#4878cf", "#e5864d", "#6acc65", "#b47cc7", "#d65f5f", "#8c9aa8", "#c4ad66", "#77bedb")
_sympy: Any = sympy


def draw(study: Study) -> str:
    """The regions of every theory as one SVG; the same study gives the same text.

    Raises:
        InputError: there is no free parameter, or there are more than two.
    """
    if not 1 <= len(study.box) <= 2:
        raise InputError(f"a plot has one or two free parameters, not {len(study.box)}")
    import matplotlib
    from matplotlib.figure import Figure
    from matplotlib.patches import Patch

    regions = {name: row.regions for name, row in study.rows.items() if row.regions is not None}
    answers = list(dict.fromkeys(a for found in regions.values() for a in found.regions))
    colour = {answer: COLOURS[at % len(COLOURS)] for at, answer in enumerate(answers)}
    flat = len(study.box) == 1
    with matplotlib.rc_context(
        {"svg.hashsalt": "mesascope", "svg.fonttype": "none", "font.size": 9}
    ):
        columns = 1 if flat else 3
        lines = -(-len(regions) // columns)
        figure = Figure(figsize=(8.4, 0.42 * lines + 0.9 if flat else 2.9 * lines))
        axes = figure.subplots(lines, columns, squeeze=False, sharex=True, sharey=True)
        for at, (name, found) in enumerate(regions.items()):
            axis = axes[at // columns][at % columns]
            (_strip if flat else _map)(axis, found, colour)
            if flat:
                axis.set_ylabel(name, rotation=0, ha="right", va="center")
            else:
                axis.set_title(name, fontsize=9)
        for at in range(len(regions), lines * columns):
            axes[at // columns][at % columns].set_axis_off()
        names = list(study.box)
        figure.supxlabel(names[0], fontsize=9)
        if not flat:
            figure.supylabel(names[1], fontsize=9)
        figure.legend(
            handles=[Patch(color=colour[a], label=a) for a in answers],
            loc="upper center",
            ncols=len(answers),
            frameon=False,
        )
        figure.tight_layout(rect=(0, 0, 1, 0.93 if not flat else 0.9))
        return svg(figure)


def svg(figure: Any) -> str:
    """A figure as SVG, without a date; to be asked where the settings of the figure hold."""
    out = StringIO()
    figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None})
    return re.sub(r"^.*?(?=<svg)", "", out.getvalue(), flags=re.DOTALL)


def _strip(axis: Any, found: Partition[str], colour: dict[str, str]) -> None:
    (low, high), *_ = found.box.values()
    xs = np.linspace(float(low), float(high), POINTS * 4 + 1)
    axis.imshow(
        _picture(found, [xs], colour),
        extent=(float(low), float(high), 0, 1),
        aspect="auto",
        origin="lower",
    )
    axis.set_yticks([])
    axis.set_xlim(float(low), float(high))


def _map(axis: Any, found: Partition[str], colour: dict[str, str]) -> None:
    ends = [(float(a), float(b)) for a, b in found.box.values()]
    xs, ys = (np.linspace(a, b, POINTS + 1) for a, b in ends)
    grid = [g.ravel() for g in np.meshgrid(xs, ys)]
    axis.imshow(
        _picture(found, grid, colour).reshape(len(ys), len(xs), 3),
        extent=(*ends[0], *ends[1]),
        aspect="auto",
        origin="lower",
    )
    across, up = np.meshgrid(xs, ys)
    for polynomial in found.boundaries:
        values = _numbers(polynomial, list(found.box))(across, up) + np.zeros(across.shape)
        if values.min() < 0 < values.max():
            axis.contour(across, up, values, levels=[0], colors="#1d2433", linewidths=0.8)


def _picture(found: Partition[str], points: list[Any], colour: dict[str, str]) -> Any:
    """The colour of the answer at each point: (1, N, 3)."""
    shades = np.full((len(points[0]), 3), 1.0)
    names = list(found.box)
    for answer, ways in found.regions.items():
        inside = np.zeros(len(points[0]), dtype=bool)
        for way in ways:
            inside |= np.all([_meets(c, names, points) for c in way] or [True], axis=0)
        shades[inside] = [int(colour[answer][i : i + 2], 16) / 255 for i in (1, 3, 5)]
    return shades[None]


def _meets(condition: Condition, names: list[str], points: list[Any]) -> Any:
    values = _numbers(condition.polynomial, names)(*points) + np.zeros(len(points[0]))
    return np.isin(np.sign(values), list(condition.signs))


def _numbers(polynomial: Any, names: list[str]) -> Any:
    return _sympy.lambdify(names, polynomial.as_expr(), "numpy")
