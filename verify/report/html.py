"""A report as one page that stands alone: no scripts, nothing from the network, light and dark."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from markupsafe import Markup

from theory.claim import Finding
from theory.printer import latex, text
from theory.property import Property
from verify import exhibit
from verify.report.picture import image
from verify.report.template import templates
from verify.report.terminal import explains, explanation
from verify.report.text import conclusion, duration, file_name, plain, share, symbols
from verify.report.witness import Column, Row, Table, table
from verify.verdict import Guarantee, ModelVerdict, Report, Result, Verdict

FOLDER = Path(__file__).resolve().parent
_ROWS, _SCORES = 14, 16  # rows of a witness, bars of a run that are shown at once
_CLAIM_ROOM = 72  # characters of a claim's value that stand on one line
_KINDS = {
    ModelVerdict.OK: "holds",
    ModelVerdict.DANGEROUS: "violated",
    ModelVerdict.DONT_KNOW: "unknown",
}


@dataclass(frozen=True)
class Picture:
    """A picture of one run: an image, or why there is none."""

    caption: str
    action: str
    uri: str
    problem: str


def render(*reports: Report, title: str = "") -> str:
    """The reports as one HTML page; equal reports give equal pages."""
    environment = templates(FOLDER)
    environment.filters |= {
        "words": _words,
        "duration": duration,
        "share": share,
        "file_name": file_name,
    }
    template = environment.get_template("page.jinja")
    return template.render(
        title=title or f"{file_name(reports[0].subject)}: {reports[0].model_verdict.value}",
        heading=title,
        style=Markup((FOLDER / "page.css").read_text(encoding="utf-8")),
        reports=[_report(report, at) for at, report in enumerate(reports, start=1)],
    )


def notebook(report: Report) -> str:
    """The page in a frame of its own, so that its style and a notebook's do not mix."""
    return (
        f'<iframe srcdoc="{escape(render(report))}" sandbox="" title="Mesascope report" '
        'style="width: 100%; height: 42em; border: 0"></iframe>'
    )


def _report(report: Report, at: int) -> dict[str, Any]:
    graph, _ = image(report.graph) if report.graph else ("", "")
    return {
        "report": report,
        "anchor": f"net{at}",
        "kind": _KINDS[report.model_verdict],
        "conclusion": conclusion(report),
        "graph": graph,
        "results": [
            _result(report, result, f"net{at}-property{i}")
            for i, result in enumerate(report.results, start=1)
        ],
    }


def _result(report: Report, result: Result, anchor: str) -> dict[str, Any]:
    of, finding = result.property, result.finding
    formula = of.formula if isinstance(of, Property) else None
    shown = None
    if result.witness and isinstance(of, Property):
        shown = table(of, result.witness)
    return {
        "result": result,
        "property": of,
        "anchor": anchor,
        "kind": result.verdict.value.lower(),
        "why": explanation(result) if explains(result) else "",
        "guarantee": _guarantee(result.guarantee),
        "formula": _formula(symbols(text(formula))) if formula is not None else "",
        "latex": latex(formula) if formula is not None else "",
        "definition": of.definition,
        "witness": shown,
        "rows": _split(shown.rows) if shown else ([], []),
        "bars": _bars(shown.columns) if shown else ([], 0),
        "pictures": _pictures(report.pictures.get(of.name, ()), shown),
        "replays": [(plain(w), ok) for w, ok in result.replays.items()],
        "is_claim": formula is None,
        "exhibit": _exhibit(finding) if finding else [],
        "proof": plain(finding.proof) if finding and result.verdict is not Verdict.VACUOUS else "",
        "region": plain(finding.region if finding else result.region),
    }


def _exhibit(finding: Finding) -> list[exhibit.Row]:
    """What a claim's finding shows, as rows; the quantity behind it last."""
    rows = exhibit.rows(exhibit.tree(finding.witness), _CLAIM_ROOM)
    value = exhibit.tree(finding.value)
    if finding.value is not None and value != finding.region:
        rows += exhibit.rows({"value": value}, _CLAIM_ROOM)
    return rows


def _pictures(svgs: Sequence[str], shown: Table | None) -> list[Picture]:
    columns = shown.columns if shown else ()
    pictures: list[Picture] = []
    for at, svg in enumerate(svgs):
        column = columns[at] if at < len(columns) else None
        uri, problem = image(svg)
        label = column.label if column and len(columns) > 1 else ""
        action = column.action or "" if column else ""
        pictures.append(Picture(label, action, uri, problem))
    return pictures


def _split(rows: Sequence[Row]) -> tuple[list[Row], list[Row]]:
    """The rows that matter, and the others, each in the order of the network."""
    if len(rows) <= _ROWS + 2:
        return list(rows), []
    first = set(sorted(range(len(rows)), key=lambda at: (rows[at].rank, at))[:_ROWS])
    return (
        [row for at, row in enumerate(rows) if at in first],
        [row for at, row in enumerate(rows) if at not in first],
    )


def _bars(columns: Sequence[Column]) -> tuple[list[tuple[str, list[Any]]], int]:
    """For each output its bar in every run, and how many outputs are left out."""
    names = list(dict.fromkeys(score.name for column in columns for score in column.scores))
    by_run = [{score.name: score for score in column.scores} for column in columns]

    def most(name: str) -> float:
        return max(run[name].value for run in by_run if name in run)

    kept = set(sorted(names, key=most, reverse=True)[:_SCORES])
    bars = [(name, [run.get(name) for run in by_run]) for name in names if name in kept]
    return bars, len(names) - len(kept)


def _words(sentence: str) -> Markup:
    """A sentence in which `names` between backticks are set as code."""
    return Markup(re.sub(r"`([^`]*)`", r"<code>\1</code>", escape(plain(sentence))))


def _formula(formula: str) -> Markup:
    """A formula in which the signs of logic stand out."""
    return Markup(re.sub(r"[∀∃⇒⇔∧∨¬]", r"<b>\g<0></b>", escape(plain(formula))))


def _guarantee(guarantee: Guarantee | None) -> str:
    if guarantee is None:
        return ""
    assumed = f"; {guarantee.assumption}" if guarantee.assumption else ""
    return f"{guarantee.value}: {guarantee.meaning}{assumed}"
