"""Small plots as SVG that depend on their data alone: no date, no random mark."""

from __future__ import annotations

import io
import math
from collections.abc import Generator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from extract.structure import Chart, Curve, Evidence

INK, NULL, MARK, CUT = "#1d2433", "#98a1b3", "#2f6fde", "#d9822b"
_SETTINGS = {
    "svg.hashsalt": "mesascope",
    "svg.fonttype": "path",
    "font.size": 8,
    "axes.spines.top": False,
    "axes.spines.right": False,
}


@contextmanager
def _axes(width: float, height: float) -> Generator[tuple[Any, io.StringIO], None, None]:
    """Axes to draw on, and the text that holds the SVG afterwards."""
    library: Any = import_module("matplotlib")
    figures: Any = import_module("matplotlib.figure")
    out = io.StringIO()
    with library.rc_context(_SETTINGS):
        figure = figures.Figure(figsize=(width, height), layout="constrained")
        axes = figure.add_subplot()
        yield axes, out
        figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None})


def plot_nulls(test: Evidence) -> str:
    """The effect of a test as a mark, the nulls as dots, blindly picked parts as rings below them,
    and the cut-off as a line.
    """
    nulls = [x for x in test.nulls if math.isfinite(x)]
    low = min([test.effect, 0.0, *(x for x in nulls if x > -2 * abs(test.effect) - 1)])
    shown = [x for x in nulls if x >= low]
    with _axes(3.4, 0.75) as (axes, out):
        axes.scatter(shown, [0] * len(shown), s=14, color=NULL, alpha=0.6, linewidths=0)
        blind = [x for x in test.blind if math.isfinite(x) and x >= low]
        axes.scatter(
            blind, [-0.6] * len(blind), s=12, facecolors="none", edgecolors=NULL, alpha=0.7
        )
        axes.scatter([test.effect], [0], s=46, color=MARK, marker="D", zorder=3)
        if math.isfinite(test.cutoff):
            axes.axvline(test.cutoff, color=CUT, linewidth=1.2, linestyle="--")
        axes.set_yticks([])
        axes.set_ylim(-1, 1)
        axes.spines["left"].set_visible(False)
        if len(shown) < len(nulls):
            axes.set_xlabel(f"{len(nulls) - len(shown)} nulls lie further left", color=INK)
    return _plain(out)


def plot_curve(curve: Curve) -> str:
    """A curve in colour above those of nets without the role."""
    with _axes(3.4, 2.1) as (axes, out):
        for null in curve.nulls:
            axes.plot(curve.x[: len(null)], null, color=NULL, linewidth=0.8, alpha=0.7)
        axes.plot(curve.x, curve.y, color=MARK, marker="o", markersize=3, linewidth=1.6)
        axes.set_xlabel(curve.x_label, color=INK)
        axes.set_ylabel(curve.y_label, color=INK)
        axes.set_ylim(bottom=min(0.0, min(curve.y)))
    return _plain(out)


_MARKS = {"agent": ("o", "#ffffff"), "target": ("X", CUT), "peak": ("^", MARK)}


def plot_chart(chart: Chart) -> str:
    """A map as a picture, with its marks and their names."""
    high, wide = len(chart.cells), len(chart.cells[0])
    with _axes(3.4, 3.4 * high / wide * 0.8) as (axes, out):
        axes.imshow(chart.cells, cmap="viridis")
        for name, (row, column) in chart.marks.items():
            form, tone = _MARKS.get(name, ("s", NULL))
            axes.plot(
                [column], [row], form, color=tone, markeredgecolor=INK, markersize=8, label=name
            )
        axes.set_xticks([])
        axes.set_yticks([])
        axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False)
    return _plain(out)


def _plain(out: io.StringIO) -> str:
    """The SVG element alone."""
    text = out.getvalue()
    return text[text.index("<svg") :]
