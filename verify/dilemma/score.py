"""A network before dilemmas as one page that stands alone: no scripts, nothing from the network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from markupsafe import Markup

from theory.decision.theory import THEORIES
from theory.rational import number_text
from verify.dilemma.card import Score
from verify.dilemma.page import FOLDER, STYLE, anchor
from verify.dilemma.portrait import Portrait, along, over, told
from verify.dilemma.reach import AGREES
from verify.dilemma.strip import draw_line, draw_survey
from verify.dilemma.table import SHORT
from verify.report.picture import image
from verify.report.template import templates
from verify.report.text import file_name, plain

KINDS = {True: "tone2", False: "tone1"}


def render(portrait: Portrait) -> str:
    """The portrait as one HTML page; equal portraits give equal pages."""
    survey, card = portrait.survey, portrait.card
    return (
        templates(FOLDER)
        .get_template("score.jinja")
        .render(
            style=Markup(STYLE.read_text("utf-8") + (FOLDER / "page.css").read_text("utf-8")),
            network=file_name(portrait.network),
            encoding=Path(portrait.encoding).name,
            conclusion=f"It {portrait.conclusion}.",
            survey=image(draw_survey(survey))[0],
            theories=[
                (theory, survey.verdict(theory).value, survey.failures(theory))
                for theory in survey.cases
            ],
            bookie="" if portrait.book is None else told(portrait.book),
            names=[SHORT.get(name, name) for name in _theories(card.scores)],
            entries=[_entry(score, _theories(card.scores)) for score in card.scores],
            left_out=list(card.left_out.items()),
        )
    )


def _theories(scores: tuple[Score, ...]) -> list[str]:
    said = {name for score in scores for name in (*score.agrees, *score.against)}
    return [name for name in THEORIES if name in said]


def _entry(score: Score, theories: list[str]) -> dict[str, Any]:
    said: list[dict[str, str]] = []
    for theory in theories:
        firm = theory in score.agrees or theory in score.against
        text = (AGREES if theory in score.agrees else "differs") if firm else "no firm answer"
        said.append({"text": text, "kind": KINDS[theory in score.agrees] if firm else "open"})
    return {
        "name": score.dilemma.name,
        "anchor": anchor(score.dilemma.name),
        "story": plain(score.dilemma.story),
        "act": "a tie" if score.action is None else str(score.act),
        "loss": number_text(score.loss) if score.loss else "",
        "agrees": ", ".join(score.agrees),
        "said": said,
        "parameter": "" if score.line is None else score.line.parameter,
        "plot": "" if score.line is None else image(draw_line(score.line))[0],
        "along": along(score)[:1].upper() + along(score)[1:],
        "over": over(score)[:1].upper() + over(score)[1:],
        "failures": list(score.failures.items()),
    }
