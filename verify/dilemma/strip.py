"""What a network does as pictures: strips along a parameter, bars of proved shares."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from theory.region import Root
from verify.dilemma.plot import COLOURS, svg
from verify.dilemma.reach import AGREES, DIFFERS, SILENT, UNPUT, Line
from verify.dilemma.survey import Survey

TONES = {AGREES: "#5aa469", DIFFERS: "#d1603d", SILENT: "#c9ced6", UNPUT: "#f1f2f4"}
OPEN = "#e3e6ea"
WORDS = {AGREES: "does what it says", DIFFERS: "does not", SILENT: "no firm answer"}


def draw_line(line: Line) -> str:
    """What a network does along one parameter, and which theories it then follows, as SVG."""
    from matplotlib.patches import Patch

    acts = [a for a in dict.fromkeys(s.answer for s in line.does) if a != UNPUT]
    colour = {act: COLOURS[at % len(COLOURS)] for at, act in enumerate(acts)} | {
        UNPUT: TONES[UNPUT]
    }
    rows = [("it does", line.does, colour)]
    rows += [(theory, found, TONES) for theory, found in line.follows.items()]
    with _figure(0.36 * len(rows) + 1.0) as figure:
        axis = figure.subplots()
        for at, (_, stretches, tones) in enumerate(rows):
            for one in stretches:
                low, high = _float(one.lower), _float(one.upper)
                axis.barh(-at, high - low, left=low, height=0.74, color=tones[one.answer])
        axis.set_yticks([-at for at in range(len(rows))], [name for name, _, _ in rows])
        axis.set_xlim(float(line.lower), float(line.upper))
        axis.set_xlabel(line.parameter)
        axis.spines[["top", "right", "left"]].set_visible(False)
        axis.tick_params(axis="y", length=0)
        handles = [Patch(color=colour[act], label=str(act)) for act in acts]
        used = {s.answer for found in line.follows.values() for s in found}
        handles += [Patch(color=TONES[k], label=word) for k, word in WORDS.items() if k in used]
        if UNPUT in used:
            handles.append(Patch(color=TONES[UNPUT], label=UNPUT))
        figure.legend(handles=handles, loc="upper center", ncols=len(handles), frameon=False)
        figure.tight_layout(rect=(0, 0, 1, 0.88))
        return svg(figure)


def draw_survey(survey: Survey) -> str:
    """The proved shares of every theory on every kind of problem, as SVG."""
    from matplotlib.patches import Patch

    theories = list(survey.cases)
    cases = list(next(iter(survey.cases.values()))) if theories else []
    rows = ["all", *cases]
    with _figure(0.3 * len(rows) + 1.1) as figure:
        axes = figure.subplots(1, len(theories), squeeze=False, sharey=True)[0]
        for axis, theory in zip(axes, theories, strict=True):
            for at, name in enumerate(rows):
                share = None if name == "all" else survey.cases[theory][name]
                agrees = survey.agrees(theory) if share is None else share.agrees
                differs = survey.differs(theory) if share is None else share.differs
                axis.barh(-at, 1.0, height=0.74, color=OPEN)
                axis.barh(-at, agrees, height=0.74, color=TONES[AGREES])
                axis.barh(-at, differs, left=1 - differs, height=0.74, color=TONES[DIFFERS])
            axis.axvline(survey.threshold, color="#1d2433", linewidth=0.8, ymin=1 - 1 / len(rows))
            axis.set_title(theory, fontsize=9)
            axis.set_xlim(0, 1)
            axis.set_xticks([0, 0.5, 1], ["0", "½", "1"])
            axis.spines[["top", "right", "left"]].set_visible(False)
            axis.tick_params(axis="y", length=0)
        axes[0].set_yticks([-at for at in range(len(rows))], rows)
        handles = [
            Patch(color=TONES[AGREES], label="agrees"),
            Patch(color=OPEN, label="open"),
            Patch(color=TONES[DIFFERS], label="differs"),
        ]
        figure.legend(handles=handles, loc="upper center", ncols=3, frameon=False)
        figure.tight_layout(rect=(0, 0, 1, 0.9))
        return svg(figure)


@contextmanager
def _figure(height: float) -> Generator[Any]:
    import matplotlib
    from matplotlib.figure import Figure

    settings: Any = {"svg.hashsalt": "mesascope", "svg.fonttype": "none", "font.size": 9}
    with matplotlib.rc_context(settings):
        yield Figure(figsize=(8.4, height))


def _float(number: Root) -> float:
    near = number
    while float(near.upper - near.lower) > 1e-9 * (1 + abs(float(near.lower))):
        near = near.refined()
    return float((near.lower + near.upper) / 2)
