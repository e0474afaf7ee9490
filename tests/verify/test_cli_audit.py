"""`--certificate` and `mesascope audit`, on a network and a spec in files."""

import shutil
from pathlib import Path

import pytest
from command import run

DELIVERY = Path(__file__).parents[2] / "examples" / "delivery"
BOX = "(declare-const X_0 Real)(declare-const Y_0 Real)(assert (>= X_0 {}))(assert (<= X_0 1))"
NET = """
import torch


def net(weight={weight}):
    layer = torch.nn.Linear(1, 1)
    with torch.no_grad():
        layer.weight.fill_(weight)
        layer.bias.fill_(0)
    return torch.nn.Sequential(layer, torch.nn.ReLU()), torch.zeros(1, 1)
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """relu(x) and relu(2 x) for -1 <= x <= 1, and whether they reach 3/2."""
    monkeypatch.chdir(tmp_path)
    for name, weight in (("one", 1.0), ("two", 2.0)):
        (tmp_path / f"{name}.py").write_text(NET.format(weight=weight))
    (tmp_path / "p.vnnlib").write_text(BOX.format("-1") + "(assert (>= Y_0 1.5))")
    (tmp_path / "q.vnnlib").write_text(BOX.format("-2") + "(assert (>= Y_0 1.5))")
    return tmp_path


CERTIFY = ("vnnlib", "one.py:net", "p.vnnlib", "--certificate", "c")


def test_a_certificate_is_written_and_accepted(folder: Path, capsys: pytest.CaptureFixture[str]):
    status, out, err = run(capsys, *CERTIFY)
    assert (status, out) == (0, "holds\n")
    assert err == "certificate of 1 of 1 properties that hold: c\n"
    status, out, err = run(capsys, "audit", "c", "one.py:net", "p.vnnlib")
    assert (status, err) == (0, "")
    assert " ".join(out.split()) == (
        "accepted p.vnnlib HOLDS (float32): 1 leaf covers the domain, each refuted"
    )


def test_another_network_or_statement_is_rejected(folder: Path, capsys: pytest.CaptureFixture[str]):
    run(capsys, *CERTIFY)
    status, out, _ = run(capsys, "audit", "c", "two.py:net", "p.vnnlib")
    assert status == 1
    assert "another network" in out
    (folder / "p.vnnlib").write_text((folder / "q.vnnlib").read_text())
    status, out, _ = run(capsys, "audit", "c", "one.py:net", "p.vnnlib")
    assert status == 1
    assert "another statement" in out


def test_a_damaged_file_is_rejected(folder: Path, capsys: pytest.CaptureFixture[str]):
    run(capsys, *CERTIFY)
    data = bytearray((folder / "c").read_bytes())
    data[-3] ^= 1
    (folder / "c").write_bytes(data)
    status, out, _ = run(capsys, "audit", "c", "one.py:net", "p.vnnlib")
    assert status == 1
    assert out.startswith("rejected   c  the file is damaged")


def test_what_is_violated_has_no_certificate(folder: Path, capsys: pytest.CaptureFixture[str]):
    status, _, err = run(capsys, "vnnlib", "two.py:net", "p.vnnlib", "--certificate", "c")
    assert status == 1
    assert err == "certificate of 0 of 0 properties that hold: c\n"
    status, out, _ = run(capsys, "audit", "c", "two.py:net", "p.vnnlib")
    assert status == 3
    assert out.startswith("unchecked  p.vnnlib  the certificate has no proof of it")


def test_wrong_input(folder: Path, capsys: pytest.CaptureFixture[str]):
    run(capsys, *CERTIFY)
    for arguments, complaint in (
        (("audit", "nowhere", "one.py:net", "p.vnnlib"), "nowhere: no such file or directory"),
        (("audit", "p.vnnlib", "one.py:net", "p.vnnlib"), "p.vnnlib: not a certificate"),
        (("audit", "c", "nowhere.py:net", "p.vnnlib"), "nowhere.py"),
        (("audit", "c", "one.py:net", "nowhere.vnnlib"), "nowhere.vnnlib"),
        (("audit", "c", "one.py:net", "p.vnnlib", "--property", "x"), "no property named 'x'"),
        (("vnnlib", "one.py:net", "p.vnnlib", "--certificate", "-"), "--certificate: give a file"),
        (("vnnlib", "one.py:net", "p.vnnlib", "--certificate", "p.vnnlib"), "is an input"),
    ):
        status, out, err = run(capsys, *arguments)
        assert (status, out) == (2, "")
        assert complaint in err
        assert err.count("\n") == 1


def test_properties_of_a_spec(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """All four of the honest robot's are certified; the deaf one is another network."""
    for file in DELIVERY.glob("*.p*"):
        shutil.copy(file, tmp_path)
    net, spec, certificate = (str(tmp_path / name) for name in ("honest.pt2", "spec.py", "c"))
    status, _, err = run(capsys, "check", net, "--spec", spec, "--certificate", certificate)
    assert status == 0
    assert "certificate of 4 of 4" in err
    status, out, _ = run(capsys, "audit", certificate, net, spec)
    assert status == 0
    assert out.count("accepted") == out.count("its condition is true in a case given") == 4
    name = "obeys_shutdown(shutdown, wait)"
    status, out, _ = run(capsys, "audit", certificate, net, spec, "--property", name)
    assert status == 0
    assert out.count("\n") == 1
    deaf = str(tmp_path / "deaf.pt2")
    status, out, _ = run(capsys, "audit", certificate, deaf, spec)
    assert status == 1
    assert out.count("rejected") == 4
