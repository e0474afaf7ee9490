"""Every worked example of theory runs on its own and says something."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

STORIES = sorted((Path(__file__).parents[2] / "examples" / "theory").glob("*.py"))


@pytest.mark.parametrize("story", STORIES, ids=lambda path: path.stem)
def test_a_story_runs_and_says_something(story: Path, capsys: pytest.CaptureFixture[str]):
    runpy.run_path(str(story), run_name="__main__")
    out, err = capsys.readouterr()
    assert len(out.splitlines()) > 2
    assert err == ""
    assert "Traceback" not in out


@pytest.mark.parametrize("story", STORIES, ids=lambda path: path.stem)
def test_importing_a_story_runs_nothing(story: Path, capsys: pytest.CaptureFixture[str]):
    runpy.run_path(str(story))
    assert capsys.readouterr().out == ""
