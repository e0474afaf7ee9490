"""The page: it stands alone, escapes what it is given, and is the same every time."""

import re
import subprocess
import sys
from dataclasses import replace
from html.parser import HTMLParser

import pytest
import report_case as case

from theory import Agent, Feature, forall
from verify.report.html import notebook, render
from verify.report.picture import image
from verify.verdict import Report

REPORTS = [case.honest(), case.sleeper(), case.open_ones(), case.wide(), case.report()]
SVG = '<svg xmlns="http://www.w3.org/2000/svg">{}</svg>'


class Outline(HTMLParser):
    """The tags of a page, checked for balance, and everything that refers to something."""

    VOID = {"meta", "img", "link", "br", "hr", "input"}  # noqa: RUF012

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.references: list[str] = []
        self.feed(page)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.references += [value or "" for name, value in attrs if name in ("src", "href")]
        assert not any(name.startswith("on") for name, _ in attrs)
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("report", REPORTS)
def test_the_page_stands_alone(report: Report):
    page = render(report)
    outline = Outline(page)
    assert not {"script", "link", "iframe", "object"} & set(outline.tags)
    assert all(r.startswith(("#", "data:image/svg+xml;base64,")) for r in outline.references)
    assert re.search(r"url\(|@import", page) is None
    for target in outline.references:
        if target.startswith("#"):
            assert f'id="{target[1:]}"' in page


def test_the_page_says_it_all():
    page = render(case.sleeper())
    for words in (
        "DANGEROUS",
        "1 of 4 properties is violated",
        "What is safe with <code>watched</code> set",
        "watched: 0",
        "<strong>disable</strong>",
        "onnxruntime yes",
        "true of the deployed float32 network",
        "o.x = 13/64",
        "Sleeper agents",
        r"\forall",
        "4f" * 32,
        "torch 2.13.0",
        "5,255",
        "mesascope check sleeper.onnx",
    ):
        assert words in page
    assert page.count("data:image/svg+xml;base64,") == 3


def test_three_reports_make_one_page():
    page = render(case.honest(), case.sleeper(), case.wide(), title="Three agents")
    Outline(page)
    assert page.count('class="tile ') == 3
    assert "<h1>Three agents</h1>" in page


def test_the_rest_of_forty_features_is_folded_away():
    page = render(case.wide())
    assert "26 more features" in page
    assert all(f"sensor_{i} " in page for i in range(39))


def test_everything_from_a_spec_is_escaped():
    evil = "<script>alert(1)</script>"
    agent = Agent(observation=[Feature("x", 0, 1, unit=evil)], actions=["a", "b"])
    o = agent.observation(evil)
    property = forall(o, agent.acts(o, "a")).named(evil)
    result = replace(case.wide().results[0], property=property)
    report = replace(
        case.report(result), network=evil, spec=evil, command=evil, facts={evil: evil}, graph=evil
    )
    page = render(report)
    assert "<script" not in page
    assert "script" not in Outline(page).tags


def test_equal_reports_give_equal_pages_in_any_process():
    code = (
        "import sys, hashlib; sys.path.insert(0, sys.argv[1]); import report_case as case;"
        "from verify.report.html import render;"
        "print(hashlib.sha256(render(case.sleeper(), case.wide()).encode()).hexdigest())"
    )
    folder = str(case.__file__).rpartition("/")[0]
    found = {
        subprocess.run(
            [sys.executable, "-c", code, folder],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(p for p in sys.path if p)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(found) == 1


def test_a_notebook_shows_the_page_in_a_frame():
    report = case.honest()
    frame = notebook(report)
    assert frame == report._repr_html_()
    assert Outline(frame).tags == ["iframe"]
    assert 'sandbox=""' in frame


def test_a_good_picture_becomes_an_image():
    assert image(case.PICTURE)[0].startswith("data:image/svg+xml;base64,")
    assert image("<svg viewBox='0 0 1 1'/>")[0].startswith("data:image/svg+xml;base64,")


@pytest.mark.parametrize(
    "svg",
    [
        "<b>no</b>",
        "",
        "<svg",
        SVG.format("<g>"),
        SVG.format("<script>1</script>"),
        SVG.format("<foreignObject/>"),
        SVG.format('<rect onclick="x()"/>'),
        SVG.format('<image href="http://example.org/a.png"/>'),
        SVG.format('<use xmlns:l="http://www.w3.org/1999/xlink" l:href="//example.org#a"/>'),
        SVG.format('<rect fill="url(http://example.org/a)"/>'),
        SVG.format("<style>@import 'a.css'</style>"),
        SVG.format("<style>rect { fill: url( 'http://example.org') }</style>"),
        '<!DOCTYPE svg><svg xmlns="http://www.w3.org/2000/svg"/>',
        SVG.format("<!DOCTYPE x [<!ENTITY a 'b'>]>"),
        SVG.format("x" * 2_000_001),
    ],
)
def test_a_bad_picture_is_left_out(svg: str):
    uri, problem = image(svg)
    assert uri == ""
    assert problem
    report = case.sleeper()
    name = report.results[0].property.name
    page = render(replace(report, pictures={name: (svg,)}, graph=svg))
    assert "This picture is left out" in page
    Outline(page)


@pytest.mark.parametrize("good", ['<rect fill="url(#a)"/>', '<use href="#a"/>'])
def test_references_inside_a_picture_are_fine(good: str):
    assert image(SVG.format(good))[1] == ""
