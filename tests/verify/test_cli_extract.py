"""`mesascope extract`, from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from verify.cli import main

LINE = '''
"""A line of nine cells with the goal in the middle, and a net that holds its action values."""
import numpy as np
import torch
from torch import nn


class World:
    discount = 0.9
    actions = 2

    def __init__(self):
        self.here = 0

    def observe(self):
        return np.eye(9, dtype=np.float32)[self.here]

    def reset(self, seed=None):
        self.here = int(np.random.default_rng(seed).choice([0, 1, 2, 6, 7, 8]))
        return self.observe(), {}

    def step(self, action):
        self.here = int(np.clip(self.here + (1 if action else -1), 0, 8))
        done = self.here == 4
        return self.observe(), float(done), done, False, {}

    def get_state(self):
        return self.here

    def set_state(self, state):
        self.here = state


def values():
    steps = [abs(cell - 4) for cell in range(9)]
    rows = []
    for cell in range(9):
        onward = [max(cell - 1, 0), min(cell + 1, 8)]
        rows.append([0.9 ** steps[n] for n in onward])
    module = nn.Linear(9, 2, bias=False)
    module.weight.data = torch.tensor(rows).T.contiguous()
    module.example_inputs = torch.zeros(1, 9)
    return module
'''


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "line.py"
    path.write_text(LINE)
    return path


def test_the_findings_are_shown_and_written(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    page, data = tmp_path / "page.html", tmp_path / "found.json"
    words = ["extract", f"{file}:values", "--env", f"{file}:World"]
    assert main([*words, "--html", str(page), "--json", str(data)]) == 0
    shown = capsys.readouterr().out
    assert "FUNCTIONAL  evaluator" in shown
    assert "ABSENT      search" in shown
    assert shown.rstrip().splitlines()[-1].startswith("mesascope extract")
    roles = json.loads(data.read_text())["roles"]
    assert roles["evaluator"]["status"] == "functional"
    assert roles["search"]["status"] == "absent"
    evidence = roles["evaluator"]["evidence"][0]
    assert {"test", "effect", "null_mean", "null_max", "p"} <= set(evidence)
    assert evidence["effect"] > evidence["null_max"]
    html = page.read_text()
    assert "advantage-Bellman" in html
    assert html.count("data:image/svg+xml") >= 5
    assert 'src=""' not in html


GOALS = """

class Town(World):
    goals = {
        "start": lambda here: here == 0,
        "middle": lambda here: here == 4,
        "end": lambda here: here == 8,
    }
    starts = [0, 8]

    def set_state(self, state):
        self.here = state
        return self.observe()


class Hamlet(Town):
    goals = {"middle": lambda here: here == 4}
"""


def test_what_is_pursued_of_the_goals_of_a_world_is_said(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    file.write_text(LINE + GOALS)
    page, data = tmp_path / "page.html", tmp_path / "found.json"
    words = ["extract", f"{file}:values", "--html", str(page), "--json", str(data), "--env"]
    assert main([*words, f"{file}:Town"]) == 0
    shown = capsys.readouterr().out
    assert "PURSUED     goal" in shown
    assert "pursues middle of start, middle, end, told apart in 9 states" in shown
    assert shown.rstrip().splitlines()[-2].endswith("policy; pursues middle")
    written = json.loads(data.read_text())
    assert [one["passed"] for one in written["goal"]["evidence"]] == [False, True, False]
    assert "which of several goals is pursued" in page.read_text()
    assert main([*words, f"{file}:World"]) == 0
    assert json.loads(data.read_text())["goal"] is None
    assert main([*words, f"{file}:Hamlet"]) == 2
    assert "goals: give two or more" in capsys.readouterr().err


def test_json_on_stdout_is_all_there_is(file: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["extract", f"{file}:values", "--json", "-"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["roles"]["evaluator"]["status"] == "absent"
    assert "no environment" in document["roles"]["evaluator"]["reason"]


def test_wrong_worlds_and_observations_are_one_line(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    def complaint(*words: str) -> str:
        assert main(["extract", f"{file}:values", *words]) == 2
        text = capsys.readouterr().err.strip()
        assert "\n" not in text
        return text

    assert "NoSuchWorld-v7" in complaint("--env", "NoSuchWorld-v7")
    assert "has no 'Nothing'" in complaint("--env", f"{file}:Nothing")
    assert "absent.npz" in complaint("--observations", str(tmp_path / "absent.npz"))
    short = tmp_path / "short.npz"
    np.savez(short, observation=np.zeros((3, 4)))
    assert "no array for the input 'input'" in complaint("--observations", str(short))
    np.savez(short, input=np.zeros((3, 4)))
    assert "(N, *(1, 9)) is needed" in complaint("--observations", str(short))
    np.savez(short, input=np.full((3, 9), np.nan))
    assert "NaN" in complaint("--observations", str(short))
