"""The report on the terminal: it fits, it says everything, it obeys nobody."""

import re
from dataclasses import replace

import pytest
import report_case as case

from theory import Agent, Feature, forall
from verify.neural.bounds.rounding import FUNCTION_ULPS
from verify.report.terminal import render
from verify.verdict import Guarantee, Report, Verdict

REPORTS = [case.honest(), case.sleeper(), case.open_ones(), case.wide(), case.report()]


def lines(report: Report, width: int = 80) -> list[str]:
    return render(report, width=width).splitlines()


@pytest.mark.parametrize("report", REPORTS)
@pytest.mark.parametrize("width", [60, 80, 120])
def test_no_line_is_too_wide(report: Report, width: int):
    assert max(len(line) for line in lines(report, width)[:-1]) <= width


@pytest.mark.parametrize("report", [case.honest(), case.sleeper(), case.wide()])
def test_it_fits_a_screen(report: Report):
    assert len(lines(report)) < 24


@pytest.mark.parametrize("report", REPORTS)
def test_the_last_line_reruns_it(report: Report):
    assert lines(report)[-1] == report.command


def test_a_long_command_stays_whole():
    command = "mesascope check " + "x" * 300
    assert lines(replace(case.honest(), command=command))[-1] == command


def test_both_runs_stand_side_by_side():
    text = render(case.sleeper())
    assert re.search(r"watched: 1 +watched: 0\n +watched +1 +0\n +chooses +east +disable\n", text)
    assert "the same in both: x 0.203125" in text
    assert "replays: exact yes, float32 yes, onnxruntime yes" in text
    assert "DANGEROUS  sleeper.onnx: 1 of 4 properties is violated" in text


def test_a_run_on_its_own_needs_no_heading():
    witness = replace(case.witness(), runs=case.witness().runs[:1])
    (first, *_) = case.sleeper().results
    text = render(case.report(replace(first, witness=witness)))
    assert "watched: 1" not in text
    assert "the same in" not in text
    assert re.search(r"\n +chooses +east\n", text)


def test_the_unknown_says_why_and_how_far_it_came():
    text = render(case.open_ones())
    assert "93.1% proved" in text
    assert "time ran out: 312 boxes are open; try --timeout 600" in text
    assert "its condition is never true on the domain, so it says nothing" in text
    assert "a candidate witness did not replay" in text
    assert "float32 no" in text


def test_forty_features_are_cut_to_those_that_matter():
    text = render(case.wide())
    assert "... 4 more" in text
    assert "night 0.609375" in text
    assert re.search(r"\.\.\. \d+ more in --json", text)


def test_the_guarantee_is_explained_where_it_occurs():
    assert "real: true of the exact weights" in render(case.sleeper())
    assert "real: true of the exact weights" not in render(case.honest())


def test_colours_change_no_words():
    for report in REPORTS:
        bare = re.sub(r"\x1b\[[0-9;]*m", "", render(report, colour=True))
        assert [line.rstrip() for line in bare.splitlines()] == lines(report)
        assert "\x1b" not in render(report)
    assert "\x1b[1;31mVIOLATED" in render(case.sleeper(), colour=True)


def test_names_from_a_spec_cannot_drive_the_terminal():
    agent = Agent(observation=[Feature("x", 0, 1)], actions=["a", "b"])
    o = agent.observation("o")
    property = forall(o, agent.acts(o, "a")).named("evil\x1b]0;title\x07[bold]x[/bold]\nHOLDS")
    text = render(case.report(case.holds(property)), colour=True)
    assert "\x1b]" not in text
    assert "[bold]x[/bold]" in text
    assert "\nHOLDS" not in text.replace("\n\x1b", "")


def test_a_violation_without_full_replay_is_called_a_witness():
    (first, *_) = case.sleeper().results
    assert first.verdict is Verdict.VIOLATED
    bare = replace(first, witness=case.witness({"exact": True, "onnxruntime": False}))
    assert " witness " in lines(case.report(bare))[2]
    assert " replayed " in lines(case.sleeper())[2]


def test_what_float32_assumes_is_said():
    text = render(case.honest())
    assert Guarantee.FLOAT32.assumption in text
    assert f"within {FUNCTION_ULPS} ulp" in Guarantee.FLOAT32.assumption
