"""Every worked example of theory runs on its own, tells its story, and is a spec as well."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

from theory.claim import Claim
from verify import check
from verify.report.html import render as page
from verify.report.terminal import render
from verify.spec import read_spec
from verify.verdict import Reason, Verdict
from verify.wire import decode, document, encode

STORIES = sorted((Path(__file__).parents[2] / "examples" / "theory").glob("*.py"))

VERDICTS = {
    "absent_supervisor": "VIOLATED",
    "content_recommender": "VIOLATED HOLDS VIOLATED",
    "grade_predictor": "VIOLATED HOLDS VIOLATED",
    "modal_combat": "HOLDS VIOLATED VACUOUS HOLDS HOLDS HOLDS HOLDS VIOLATED HOLDS VIOLATED",
    "money_pump": "VIOLATED VIOLATED HOLDS VIOLATED HOLDS",
    "newcomb": "HOLDS VIOLATED VIOLATED VIOLATED HOLDS HOLDS VIOLATED HOLDS",
    "off_switch": "HOLDS VIOLATED VIOLATED UNKNOWN UNKNOWN",
    "self_modification": "UNKNOWN VIOLATED HOLDS UNKNOWN",
    "shutdown_problem": ("HOLDS VIOLATED HOLDS HOLDS HOLDS VIOLATED HOLDS VIOLATED VIOLATED"),
    "war_game": "VIOLATED HOLDS UNKNOWN UNKNOWN",
}


def name(story: Path) -> str:
    return story.stem


@pytest.mark.parametrize("story", STORIES, ids=name)
def test_a_story_runs_and_says_something(story: Path, capsys: pytest.CaptureFixture[str]):
    runpy.run_path(str(story), run_name="__main__")
    out, err = capsys.readouterr()
    assert len(out.splitlines()) > 2
    assert err == ""
    assert "Traceback" not in out


@pytest.mark.parametrize("story", STORIES, ids=name)
def test_a_story_is_checked(story: Path, capsys: pytest.CaptureFixture[str]):
    spec = read_spec(story)
    assert all(isinstance(one, Claim) for one in spec.properties)
    report = check(None, spec)
    assert capsys.readouterr().out == ""  # reading it runs nothing
    found = " ".join(result.verdict.value for result in report.results)
    assert found == VERDICTS.get(story.stem, found)
    for result in report.results:
        if result.verdict is Verdict.VIOLATED:
            assert result.finding is not None
            assert result.finding.witness
            assert result.replays == {"exact": True}
        elif result.verdict is Verdict.HOLDS:
            assert result.finding is not None
            assert result.finding.proof
        elif result.verdict is Verdict.UNKNOWN:
            assert result.reason is Reason.PARAMETER
    lines = render(report, width=80).splitlines()
    assert max(map(len, lines[:-1])) <= 80
    assert decode(encode(report)) == document(report)
    assert page(report).count("<article") == len(report.results)


def test_no_story_is_forgotten():
    assert {story.stem for story in STORIES} >= VERDICTS.keys()
