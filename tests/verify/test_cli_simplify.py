"""`mesascope simplify`, from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from verify.cli import main

NET = """
import torch
from torch import nn


class Tilted(nn.Module):
    def forward(self, o):
        x, stop = o[:, 0], o[:, 1]
        return torch.stack([x - 8 * stop, -x - 8 * stop, 0 * x], dim=1)


def net():
    return Tilted(), (torch.zeros(1, 2),)
"""
SPEC = """
from theory import Agent, Feature, forall

agent = Agent(
    observation=[Feature("x", -1, 1), Feature("stop", flag=True)],
    actions=["right", "left", "wait"],
)
o = agent.observation("o")
properties = [forall(o, agent.acts(o, "wait")).named("waits")]
"""


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    (tmp_path / "net.py").write_text(NET)
    (tmp_path / "spec.py").write_text(SPEC)
    return [str(tmp_path / "net.py") + ":net", "--spec", str(tmp_path / "spec.py")]


def simplified(tmp_path: Path, files: list[str], *options: str) -> tuple[int, dict[str, object]]:
    path = tmp_path / "answer.json"
    status = main(["simplify", *files, "--timeout", "10", "--json", str(path), *options])
    return status, json.loads(path.read_text())


def test_a_tree_of_the_right_size_is_proved_alike(
    tmp_path: Path, files: list[str], capsys: pytest.CaptureFixture[str]
):
    status, answer = simplified(tmp_path, files, "--leaves", "3", "--at-least", "0.99")
    assert (status, answer["exit_code"]) == (0, 0)
    leaves = answer["leaves"]
    assert isinstance(leaves, list)
    assert sorted(leaf["action"] for leaf in leaves) == ["left", "right", "wait"]
    assert sum(leaf["share"] for leaf in leaves) == pytest.approx(1, abs=1e-6)
    assert [leaf["whole"] for leaf in leaves if leaf["action"] == "wait"] == [True]
    screen = capsys.readouterr().out
    assert "as a tree of 3 leaves" in screen
    assert "wait where stop = 1" in screen
    assert "acts alike on 99.0% of the box and more, proved" in screen


def test_a_tree_that_is_too_small_is_refuted_with_a_replayed_difference(
    tmp_path: Path, files: list[str], capsys: pytest.CaptureFixture[str]
):
    status, answer = simplified(tmp_path, files, "--leaves", "2", "--at-least", "0.9")
    assert (status, answer["exit_code"]) == (1, 1)
    proved = answer["proved"]
    assert isinstance(proved, dict)
    assert proved["different"] == pytest.approx(0.25, abs=0.01)
    different = answer["different"]
    assert isinstance(different, list)
    assert all(all(one["replays"].values()) and one["replays"] for one in different)
    assert "does not act alike on 90% of the box, proved" in capsys.readouterr().out


def test_what_is_neither_proved_nor_refuted_is_open(tmp_path: Path, files: list[str]):
    status, answer = simplified(tmp_path, files, "--leaves", "3", "--at-least", "1")
    proved = answer["proved"]
    assert isinstance(proved, dict)
    assert proved["alike"] < 1  # the border itself is a tie
    assert status == (1 if proved["different"] else 3)


def test_one_comparison_of_affine_scores(
    tmp_path: Path, files: list[str], capsys: pytest.CaptureFixture[str]
):
    status, answer = simplified(
        tmp_path, files, "--as", "affine", "--leaves", "2", "--at-least", "0.9"
    )
    assert status == 0
    assert answer["kind"] == "affine"
    leaves = answer["leaves"]
    assert isinstance(leaves, list)
    assert all(len(leaf["weight"]) == 3 and len(leaf["bias"]) == 3 for leaf in leaves)
    assert "the best of" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        (SPEC.replace('Feature("stop", flag=True)', 'Feature("stop", values=[0, 2])'), "'stop'"),
        (SPEC.replace(', Feature("stop", flag=True)', ""), "takes 2 inputs"),
        (SPEC.replace("agent = Agent", "robot = Agent").replace("agent.", "robot."), "`agent`"),
    ],
)
def test_what_cannot_be_simplified_is_said_in_a_line(
    files: list[str], spec: str, told: str, capsys: pytest.CaptureFixture[str]
):
    Path(files[-1]).write_text(spec)
    assert main(["simplify", *files]) == 2
    error = capsys.readouterr().err
    assert told in error
    assert error.count("\n") == 1
