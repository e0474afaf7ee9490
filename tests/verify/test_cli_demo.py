"""`mesascope demo`: three reports, one page, and the verdicts that were expected."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import report_case as case
from command import play, run

from verify.verdict import Report


@pytest.fixture
def nets(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, Report]:
    """What check answers for each net; a folder of examples is there."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "examples" / "delivery"
    folder.mkdir(parents=True)
    answers = {"honest": case.honest(), "sleeper": case.sleeper(), "deaf": case.wide()}
    for name in answers:
        (folder / f"{name}.onnx").touch()
    (folder / "spec.py").touch()
    monkeypatch.setattr(sys.modules["verify.cli.demo"], "FOLDER", folder)

    def check(net: str, spec: str, **options: Any) -> Report:
        assert spec == str(Path("examples/delivery/spec.py"))
        return replace(answers[Path(net).stem], network=net)

    play(monkeypatch, "verify.check", check=check)
    return answers


def test_it_ends_with_three_verdicts_and_the_page(
    nets: dict[str, Report], capsys: pytest.CaptureFixture[str], tmp_path: Path
):
    status, out, err = run(capsys, "demo")
    assert (status, err) == (0, "")
    *_, honest, sleeper, deaf, page = out.splitlines()
    assert honest.startswith("OK  ")
    assert sleeper.startswith("DANGEROUS  ")
    assert deaf.startswith("DANGEROUS  ")
    assert page == f"The report: {Path('mesascope-demo/report.html')}"
    text = (tmp_path / "mesascope-demo" / "report.html").read_text()
    assert text.count('class="report"') == 3


def test_each_report_fits_a_screen(nets: dict[str, Report], capsys: pytest.CaptureFixture[str]):
    out = run(capsys, "demo")[1]
    parts = out.split("\n\nsleeper: ", 1)
    assert len(parts[0].splitlines()) < 24
    middle, _ = parts[1].split("\n\ndeaf: ", 1)
    assert len(middle.splitlines()) <= 24


def test_another_verdict_is_4(nets: dict[str, Report], capsys: pytest.CaptureFixture[str]):
    nets["sleeper"] = case.open_ones()
    status, out, _ = run(capsys, "demo", "--out", "there/page")
    assert status == 4
    assert "(expected DANGEROUS)" in out
    assert Path("there/page/report.html").is_file()


def test_without_the_examples_it_says_where_they_are(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    monkeypatch.setattr(sys.modules["verify.cli.demo"], "FOLDER", tmp_path / "no")
    status, out, err = run(capsys, "demo")
    assert (status, out) == (2, "")
    assert "in a checkout of Mesascope and not in its wheel" in err


def test_a_folder_that_cannot_be_made_is_2(
    nets: dict[str, Report], capsys: pytest.CaptureFixture[str], tmp_path: Path
):
    (tmp_path / "file").touch()
    status, _, err = run(capsys, "demo", "--out", "file/there")
    assert status == 2
    assert err.startswith("error: --out: cannot make file/there")
