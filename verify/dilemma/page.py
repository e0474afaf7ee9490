"""The library of dilemmas as one page that stands alone: no scripts, nothing from the network."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from markupsafe import Markup

from theory.decision.answer import Status
from theory.decision.dilemma.proof import Riddle
from theory.partition import Box
from theory.rational import number_text
from verify.dilemma.graph import draw as draw_graph
from verify.dilemma.plot import draw as draw_regions
from verify.dilemma.study import Study, study
from verify.dilemma.table import SHORT, worth
from verify.report.picture import image
from verify.report.template import templates
from verify.report.text import plain

FOLDER = Path(__file__).resolve().parent
STYLE = FOLDER.parent / "report" / "page.css"


def render(studies: Sequence[Study], riddles: Sequence[Riddle] = (), *, seed: int = 0) -> str:
    """The studies as one HTML page; equal studies give equal pages.

    A dilemma of which no parameter is free is shown over its first one.
    """
    environment = templates(FOLDER)
    return environment.get_template("page.jinja").render(
        style=Markup(STYLE.read_text("utf-8") + (FOLDER / "page.css").read_text("utf-8")),
        theories=[SHORT.get(name, name) for name in studies[0].rows] if studies else [],
        riddles=[(one, anchor(one.name), list(one.answers().items())) for one in riddles],
        entries=[_entry(one, seed) for one in studies],
    )


def _entry(shown: Study, seed: int) -> dict[str, Any]:
    dilemma = shown.dilemma
    free = shown if shown.box else study(dilemma, _first(shown), seed=seed)
    graph, _ = image(draw_graph(dilemma.problem()))
    plot = image(draw_regions(free))[0] if free.box else ""
    answers = [str(row.answer) for row in shown.rows.values()]
    kinds = {answer: at for at, answer in enumerate(dict.fromkeys(answers))}
    return {
        "dilemma": dilemma,
        "anchor": anchor(dilemma.name),
        "story": plain(dilemma.story),
        "parameters": [(n, number_text(v)) for n, v in dilemma.parameters.items()],
        "graph": graph,
        "plot": plot,
        "free": ", ".join(free.box),
        "rows": [
            {
                "theory": name,
                "answer": str(row.answer),
                "kind": kinds[str(row.answer)] % 4,
                "firm": row.answer.status is Status.DECIDED,
                "reason": row.answer.reason,
                "worth": [(act, worth(row.answer, act)) for act in row.answer.values],
                "regret": "" if row.regret is None else number_text(row.regret),
                "region": str(free.rows[name].regions) if free.box else "",
            }
            for name, row in shown.rows.items()
        ],
    }


def anchor(name: str) -> str:
    """What links within a page call an entry."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def _first(shown: Study) -> Box | None:
    parameters = list(shown.dilemma.parameters)
    return shown.dilemma.box(parameters[:1]) if parameters else None
