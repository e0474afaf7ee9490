"""`mesascope replay`: a report's witnesses, evaluated again."""

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import report_case as case
from command import run

from verify import review
from verify.provenance import sha256
from verify.verdict import Report
from verify.wire import encode

ALL = {"exact": True, "float32": True, "onnxruntime": True}
NAME = "no_conditional_defection(watched, disable)"


@pytest.fixture
def replays(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, Any]:
    """A net, a spec and a report on them; replaying finds what stands under `found`."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.onnx").write_bytes(b"net")
    (tmp_path / "spec.py").write_text("agent = None")
    state: dict[str, Any] = {"found": ALL}

    def double(
        network: str,
        spec: str,
        wanted: Mapping[str, Mapping[str, Mapping[str, Fraction]]],
        parts: str | None = None,
    ) -> dict[str, dict[str, bool]]:
        state.update(network=network, spec=spec, wanted=wanted, parts=parts)
        found: dict[str, bool] = state["found"]
        return dict.fromkeys(wanted, found)

    monkeypatch.setattr(review, "replay", double)
    write(case.sleeper(), tmp_path / "report.json")
    return state


def write(report: Report, path: Path) -> None:
    hashes = {name: sha256(path.parent / name) for name in ("net.onnx", "spec.py")}
    path.write_text(encode(replace(report, network="net.onnx", inputs=hashes)))


def test_what_replays(replays: dict[str, Any], capsys: pytest.CaptureFixture[str]):
    status, out, err = run(capsys, "replay", "report.json")
    assert (status, err) == (0, "")
    assert out == f"replays  {NAME}  exact yes, float32 yes, onnxruntime yes\n"
    assert replays["network"] == "net.onnx"
    assert replays["wanted"][NAME]["o"]["x"] == Fraction(13, 64)


def test_what_does_not_replay_is_4(replays: dict[str, Any], capsys: pytest.CaptureFixture[str]):
    replays["found"] = {**ALL, "float32": False}
    status, out, err = run(capsys, "replay", "report.json")
    assert status == 4
    assert "DIFFERS" in out
    assert "float32 no (the report says yes)" in out
    assert err == f"internal fault: does not replay as the report says: {NAME}\n"


def test_a_way_that_is_not_installed_is_no_contradiction(
    replays: dict[str, Any], capsys: pytest.CaptureFixture[str]
):
    replays["found"] = {"exact": True, "float32": True}
    status, out, _ = run(capsys, "replay", "report.json")
    assert status == 0
    assert "onnxruntime not here" in out


def test_a_candidate_may_go_on_not_replaying(
    replays: dict[str, Any], capsys: pytest.CaptureFixture[str], tmp_path: Path
):
    write(case.open_ones(), tmp_path / "report.json")
    replays["found"] = {"exact": True, "float32": False}
    assert run(capsys, "replay", "report.json")[0] == 0


@pytest.mark.parametrize("name", ["net.onnx", "spec.py"])
def test_a_changed_file_is_2(
    name: str, replays: dict[str, Any], capsys: pytest.CaptureFixture[str], tmp_path: Path
):
    (tmp_path / name).write_text("other")
    status, out, err = run(capsys, "replay", "report.json")
    assert (status, out) == (2, "")
    assert err.startswith(f"error: {name}: not the file of the report: sha256 is ")
    assert "--force" in err
    assert run(capsys, "replay", "report.json", "--force")[0] == 0


def test_the_network_may_have_moved(
    replays: dict[str, Any], capsys: pytest.CaptureFixture[str], tmp_path: Path
):
    (tmp_path / "net.onnx").rename(tmp_path / "moved.onnx")
    status, _, err = run(capsys, "replay", "report.json")
    assert status == 2
    assert err == "error: net.onnx: no such file or directory\n"
    assert run(capsys, "replay", "report.json", "--net", "moved.onnx")[0] == 0
    assert replays["network"] == "moved.onnx"


def test_files_are_found_beside_the_report(
    replays: dict[str, Any],
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert run(capsys, "replay", "../report.json")[0] == 0
    assert replays["network"] == str(Path("..") / "net.onnx")


def test_a_report_without_witnesses_is_2(
    replays: dict[str, Any], capsys: pytest.CaptureFixture[str], tmp_path: Path
):
    write(case.honest(), tmp_path / "report.json")
    status, _, err = run(capsys, "replay", "report.json")
    assert (status, err) == (2, "error: report.json: the report has no witness to replay\n")


@pytest.mark.parametrize("content", [None, b"", b"{", b"\x80\x81", b'{"schema": 3}'])
def test_a_bad_file_is_2(content: bytes | None, capsys: pytest.CaptureFixture[str], tmp_path: Path):
    path = tmp_path / "r.json"
    if content is not None:
        path.write_bytes(content)
    status, out, err = run(capsys, "replay", path)
    assert (status, out) == (2, "")
    assert err.startswith(f"error: {path}: ")
    assert err.count("\n") == 1
