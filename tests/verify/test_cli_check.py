"""`mesascope check`: answers, exit statuses, files, and what goes wrong."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import report_case as case
from command import play, run

from theory.error import InputError
from verify.verdict import EngineFault, Report

CHECK = ("check", "net.onnx", "--spec", "spec.py")


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, Any]:
    """What check was asked; it answers what stands under `answer`, or raises it."""
    monkeypatch.chdir(tmp_path)
    asked: dict[str, Any] = {"answer": case.honest()}

    def check(net: str, spec: str, **options: Any) -> Report:
        asked.update(options, net=net, spec=spec)
        if isinstance(asked["answer"], BaseException):
            raise asked["answer"]
        return asked["answer"]

    play(monkeypatch, "verify.check", check=check)
    return asked


def test_what_is_asked(asked: dict[str, Any], capsys: pytest.CaptureFixture[str]):
    status, _, err = run(
        capsys, *CHECK, "--property", "a", "--property", "b", "--timeout", "1.5", "--seed", 7,
        "--cross-check", "--device", "cpu:0", "--jobs", 2,
    )  # fmt: skip
    assert (status, err) == (0, "")
    del asked["answer"]
    assert asked == {
        "net": "net.onnx",
        "spec": "spec.py",
        "properties": ("a", "b"),
        "timeout_s": 1.5,
        "seed": 7,
        "device": "cpu:0",
        "jobs": 2,
        "cross_check": True,
        "certify": False,
        "progress": None,
        "found": None,
    }


def test_what_is_asked_by_default(asked: dict[str, Any], capsys: pytest.CaptureFixture[str]):
    run(capsys, *CHECK)
    assert (asked["properties"], asked["timeout_s"], asked["seed"]) == (None, 60.0, 0)
    assert asked["cross_check"] is False
    assert asked["jobs"] is None


@pytest.mark.parametrize(
    ("report", "status"),
    [(case.honest(), 0), (case.sleeper(), 1), (case.report(), 2), (case.open_ones(), 3)],
)
@pytest.mark.parametrize("options", [(), ("--json", "-"), ("--html", "page.html")])
def test_the_exit_status_is_the_verdict_in_every_format(
    report: Report,
    status: int,
    options: tuple[str, ...],
    asked: dict[str, Any],
    capsys: pytest.CaptureFixture[str],
):
    asked["answer"] = report
    found, out, err = run(capsys, *CHECK, *options)
    assert (found, err) == (status, "")
    if options[:1] == ("--json",):
        assert json.loads(out)["exit_code"] == status
    else:
        assert out.splitlines()[-1] == report.command


def test_files_are_written_whole(
    asked: dict[str, Any], capsys: pytest.CaptureFixture[str], tmp_path: Path
):
    (tmp_path / "r.json").write_text("old")
    (tmp_path / "r.json").chmod(0o640)
    status, out, _ = run(capsys, *CHECK, "--json", "r.json", "--html", "page.html")
    assert status == 0
    assert "OK  honest.onnx" in out
    assert json.loads((tmp_path / "r.json").read_text())["model_verdict"] == "OK"
    assert (tmp_path / "r.json").stat().st_mode & 0o777 == 0o640
    assert (tmp_path / "page.html").read_text().startswith("<!doctype html>")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["page.html", "r.json"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--html", "no/page.html"), "--html: no/page.html: there is no folder no"),
        (("--json", "."), "--json: . is a folder"),
        (("--html", "-"), "--html: give a file"),
        (("--json", "spec.py"), "--json: spec.py is an input"),
        (("--html", "./net.onnx"), "--html: ./net.onnx is an input"),
        (("--json", "a", "--html", "./a"), "--json and --html name the same file"),
    ],
)
def test_an_unwritable_file_is_noticed_before_the_work(
    options: tuple[str, ...], said: str, asked: dict[str, Any], capsys: pytest.CaptureFixture[str]
):
    status, out, err = run(capsys, *CHECK, *options)
    assert (status, out) == (2, "")
    assert err.startswith(f"error: {said}")
    assert err.count("\n") == 1
    assert "net" not in asked


@pytest.mark.skipif(not Path("/dev/null").exists(), reason="there is no /dev/null")
def test_a_device_is_written_to_and_not_replaced(
    asked: dict[str, Any], capsys: pytest.CaptureFixture[str]
):
    assert run(capsys, *CHECK, "--json", "/dev/null", "--html", "/dev/null")[0] == 2
    assert run(capsys, *CHECK, "--json", "/dev/null")[0] == 0
    assert Path("/dev/null").is_char_device()


def test_a_link_keeps_leading_where_it_led(
    asked: dict[str, Any], capsys: pytest.CaptureFixture[str], tmp_path: Path
):
    (tmp_path / "there").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "there" / "r.json")
    assert run(capsys, *CHECK, "--json", "link")[0] == 0
    assert (tmp_path / "link").is_symlink()
    assert json.loads((tmp_path / "there" / "r.json").read_text())


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--timeout", "nan"), "positive, finite"),
        (("--timeout", "inf"), "positive, finite"),
        (("--timeout", "0"), "positive, finite"),
        (("--timeout", "soon"), "not a number of seconds"),
        (("--seed", "-1"), "--seed"),
        (("--sped", "1"), "--sped"),
        (("more",), "more"),
    ],
)
def test_wrong_usage_is_2(
    options: tuple[str, ...], said: str, asked: dict[str, Any], capsys: pytest.CaptureFixture[str]
):
    status, out, err = run(capsys, *CHECK, *options)
    assert (status, out) == (2, "")
    assert said in err


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [
        (InputError("spec.py: line 3:\n bad"), 2, "error: spec.py: line 3: bad\n"),
        (EngineFault("smt and neural disagree"), 4, "internal fault: smt and neural disagree\n"),
        (SystemExit(0), 2, "error: a file that was loaded calls sys.exit(0)\n"),
        (KeyboardInterrupt(), 130, "\ninterrupted\n"),
    ],
)
def test_errors_are_one_line(
    error: BaseException,
    status: int,
    said: str,
    asked: dict[str, Any],
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
):
    asked["answer"] = error
    assert run(capsys, *CHECK, "--json", "r.json") == (status, "", said)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("error", [ZeroDivisionError("division"), RecursionError(), MemoryError()])
def test_a_bug_is_4_without_a_traceback(
    error: Exception, asked: dict[str, Any], capsys: pytest.CaptureFixture[str]
):
    asked["answer"] = error
    status, out, err = run(capsys, *CHECK)
    assert (status, out) == (4, "")
    first, second = err.splitlines()
    assert first == f"internal fault: {type(error).__name__}: {error}".rstrip(": ")
    assert "--debug" in second


@pytest.mark.parametrize("words", [("--debug", *CHECK), (*CHECK, "--debug")])
def test_debug_shows_the_traceback(
    words: tuple[str, ...], asked: dict[str, Any], capsys: pytest.CaptureFixture[str]
):
    asked["answer"] = ZeroDivisionError("division")
    status, _, err = run(capsys, *words)
    assert status == 4
    assert "Traceback (most recent call last)" in err


def test_nothing_is_written_in_colour_where_nobody_looks(
    asked: dict[str, Any], capsys: pytest.CaptureFixture[str]
):
    assert "\x1b" not in run(capsys, *CHECK)[1]


def test_an_encoding_without_the_characters_is_no_fault():
    done = process("properties", "transitive", PYTHONIOENCODING="ascii")
    assert done.returncode == 0, done.stderr


def process(*arguments: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "verify", *arguments],
        env={**os.environ, **environment},
        cwd=Path(__file__).resolve().parents[2],
        capture_output=True,
        check=False,
    )


@pytest.mark.parametrize(("arguments", "status"), [(("properties",), 0), (("--help",), 141)])
def test_a_reader_that_leaves_is_no_fault(arguments: tuple[str, ...], status: int):
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as nobody:
        done = subprocess.run(
            [sys.executable, "-m", "verify", *arguments],
            cwd=Path(__file__).resolve().parents[2],
            stdout=nobody,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert (done.returncode, done.stderr) == (status, b"")
