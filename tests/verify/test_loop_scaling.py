"""A world that scales an input in another way than the network's source says: reports tell."""

from __future__ import annotations

from pathlib import Path

import pytest

from extract.reader import read
from theory.error import InputError
from verify.cli import main

NNET = """// made for this test
1,2,2,2,
2,2,
0,
-10.0,-5.0,
10.0,5.0,
0.0,20.0,0.0,
{range},40.0,1.0,
1.0,0.0,
0.0,1.0,
0.0,
0.5,
"""
SPEC = """
from theory import Agent, Feature, forall, world

agent = Agent(observation=[Feature("speed", -1, 1), Feature("time", -1, 1)], actions=["a", "b"])
road = world(
    agent,
    lambda s, action: {"time": s["time"] - 1},
    state=[Feature("speed", -1, 1), Feature("time", 5, 6)],
    observe=lambda s: {"speed": s["speed"] / 50, "time": (s["time"] - 20) / 40},
    name="road",
)
s = road.state("s")
properties = [forall(s, road.trajectory(s, 2).always(lambda t: t["time"] >= 0)).named("time")]
"""
CONFLICT = "Conflict: road makes the input 'speed' as speed / 50"
MODULE = """
import torch
from torch import nn

def make():
    module = nn.Linear(2, 2)
    module.example_inputs = (torch.zeros(1, 2),)
    module.scaling = {scaling}
    return module
"""


def checked(folder: Path, net: str, capsys: pytest.CaptureFixture[str]) -> tuple[str, str, str]:
    """What the terminal, JSON and HTML say of a check."""
    (folder / "spec.py").write_text(SPEC)
    json, html = folder / "answer.json", folder / "answer.html"
    arguments = ["check", net, "--spec", str(folder / "spec.py")]
    assert main([*arguments, "--json", str(json), "--html", str(html)]) == 0
    return capsys.readouterr().out, json.read_text(), html.read_text().replace("&#39;", "'")


def test_another_range_than_the_header_is_reported(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    (tmp_path / "net.nnet").write_text(NNET.format(range="2.0"))
    for said in checked(tmp_path, str(tmp_path / "net.nnet"), capsys):
        whole = " ".join(said.split())
        assert CONFLICT in whole
        assert "but the source of net.nnet says speed / 2" in whole
        assert "input 'time'" not in whole


def test_the_same_scaling_is_no_conflict(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    (tmp_path / "net.nnet").write_text(NNET.format(range="50.0"))
    for said in checked(tmp_path, str(tmp_path / "net.nnet"), capsys):
        assert "Conflict" not in said
        assert "the header's scaling is not applied" in " ".join(said.split())


def test_a_module_says_its_scaling_itself(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    (tmp_path / "net.py").write_text(MODULE.format(scaling="[(0, 2), (20, 40)]"))
    net = f"{tmp_path / 'net.py'}:make"
    assert read(net).scaling == ((0.0, 2.0), (20.0, 40.0))
    terminal, _, _ = checked(tmp_path, net, capsys)
    assert CONFLICT in " ".join(terminal.split())


@pytest.mark.parametrize("scaling", ["3", "[(0, 0)]", "[(0, float('nan'))]", "['ab', 'c']"])
def test_a_scaling_that_is_none_is_refused(scaling: str, tmp_path: Path):
    (tmp_path / "net.py").write_text(MODULE.format(scaling=scaling))
    with pytest.raises(InputError, match=r"net\.py:make: scaling"):
        read(f"{tmp_path / 'net.py'}:make")
