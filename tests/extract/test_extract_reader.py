"""The readers of .nnet files, Stable-Baselines3 archives and Python files; what no reader takes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from extract.reader import nnet, read
from extract.run import run
from theory.error import InputError

NNET = """// a comment
2,2,1,3,
2,3,1,
0,
-1.0,-2.0,
1.0,2.0,
0.5,0.25,3.0,
2.0,4.0,10.0,
1.0,-1.0,
0.5,0.25,
-2.0,0.1,
0.5,
0.0,
-0.25,
1.0,2.0,-1.0,
0.125,
"""


def written(folder: Path, name: str, content: str) -> Path:
    path = folder / name
    path.write_text(content)
    return path


def test_nnet_is_the_raw_network(tmp_path: Path):
    path = written(tmp_path, "a.nnet", NNET)
    network = read(path)
    x = np.array([0.5, -0.75])
    tenth = float(np.float32(0.1))
    weight = np.array([[1, -1], [0.5, 0.25], [-2, tenth]])
    hidden = np.maximum(weight @ x + [0.5, 0, -0.25], 0)
    expected = hidden @ [1, 2, -1] + 0.125
    assert run(network, x, arithmetic="float64")["output"].item() == expected
    assert network.parameters["weight0"].dtype == np.float32
    assert "not applied" in network.notes[0]
    assert read(str(path)).sha256 == network.sha256
    top = nnet.header(path)
    assert (top.means, top.ranges) == ((0.5, 0.25, 3.0), (2.0, 4.0, 10.0))


def test_nnet_with_its_scaling(tmp_path: Path):
    path = written(tmp_path, "a.nnet", NNET)
    raw = nnet.read(path, precision="float64").require()
    scaled = nnet.read(path, normalised=True, precision="float64").require()
    assert scaled.parameters["weight0"][2, 1] == 0.1
    x = np.array([5.0, -0.5])
    inside = (np.clip(x, [-1, -2], [1, 2]) - [0.5, 0.25]) / [2, 4]
    expected = run(raw, inside, arithmetic="float64")["output"] * 10 + 3
    result = run(scaled, x, arithmetic="float64")["output"]
    np.testing.assert_allclose(result, expected, rtol=1e-15)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (lambda t: t[: len(t) // 2], "line 8"),
        (lambda t: t.rsplit("\n", 2)[0], "ends before"),
        (lambda t: t + "1.0,\n", "goes on"),
        (lambda t: t.replace("-2.0,0.1", "-2.0,nan"), "NaN"),
        (lambda t: t.replace("-2.0,0.1", "-2.0,1e999"), "infinite"),
        (lambda t: t.replace("-2.0,0.1", "-2.0,1e39"), "infinite"),
        (lambda t: t.replace("-2.0,0.1", "-2.0,x"), "numbers"),
        (lambda t: t.replace("-2.0,0.1", "-2.0"), "needs 2"),
        (lambda t: t.replace("2,2,1,3", "2,5,1,3"), "do not fit"),
        (lambda t: t.replace("2,3,1,", "2,3.5,1,"), "integers"),
        (lambda t: t.replace("2,3,1,", "2,9999999999,1,"), "absurd"),
        (lambda t: t.replace("1.0,2.0,\n0.5", "-3.0,2.0,\n0.5"), "maximum"),
        (lambda t: t.replace("2.0,4.0,10.0", "2.0,0.0,10.0"), "range is 0"),
        (lambda t: "", "empty"),
        (lambda t: "\u00e9" + t, "ASCII"),
    ],
)
def test_malformed_nnet_files_are_refused(change: Callable[[str], str], text: str, tmp_path: Path):
    path = written(tmp_path, "a.nnet", change(NNET))
    with pytest.raises(InputError, match=text) as caught:
        read(path)
    assert "a.nnet" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("spec", "text"),
    [
        ("nothing.onnx", "nothing.onnx"),
        ("nothing.pt2", "nothing.pt2"),
        ("nothing.nnet", "nothing.nnet"),
        ("nothing.zip", "nothing.zip"),
        ("nothing.py:make", "nothing.py"),
        ("net.py", "name the callable"),
        ("net.pt", "pickles"),
        ("net.txt", "unknown format"),
        ("net", "unknown format"),
        ("net\0.onnx", "null"),
    ],
)
def test_other_sources_are_refused(spec: str, text: str):
    with pytest.raises(InputError, match=text):
        read(spec)


def test_a_folder_is_refused(tmp_path: Path):
    (tmp_path / "net.onnx").mkdir()
    with pytest.raises(InputError, match=r"net\.onnx"):
        read(tmp_path / "net.onnx")


PYTHON = """
import torch
from torch import nn

def make():
    torch.manual_seed(1)
    return nn.Sequential(nn.Linear(3, 2), nn.Dropout(0.5), nn.ReLU()), torch.zeros(1, 3)

class Net(nn.Module):
    example_inputs = {"y": torch.zeros(1, 2), "x": torch.zeros(1, 2)}
    def forward(self, x, y):
        return x - 2 * y

net = Net()

class Space:
    make = staticmethod(make)

def number():
    return 3

def bare():
    return nn.Linear(3, 2)

def words():
    return nn.Linear(3, 2), "words"

def fails():
    return 1 / 0

def leaves():
    raise SystemExit(3)

def branches():
    class Branch(nn.Module):
        def forward(self, x):
            return x if x.sum() > 0 else -x
    return Branch(), (torch.zeros(1, 3),)
"""


def test_modules_of_python_files_are_exported(tmp_path: Path):
    path = written(tmp_path, "agent.py", PYTHON)
    network = read(f"{path}:make")
    assert [node.op for node in network.nodes if node.op != "parameter"] == [
        "input",
        "linear",
        "relu",
    ]
    torch.manual_seed(1)
    layer = nn.Linear(3, 2)
    x = torch.tensor([[1.0, -2.0, 0.5]])
    expected = layer(x).relu().detach().numpy()
    np.testing.assert_allclose(run(network, x.numpy())[network.outputs[0]], expected, rtol=1e-6)
    assert read(f"{path}:Space.make").parameter_count == 8
    assert read(f"{path}:make").sha256 == network.sha256
    pair = read(f"{path}:net")
    assert run(pair, {"x": [1.0, 2.0], "y": [3.0, 4.0]})[pair.outputs[0]].tolist() == [[-5, -6]]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("nothing", "has no 'nothing'"),
        ("make.", "has no 'make.'"),
        ("torch.nn.Linear", r"TypeError"),
        ("number", "gives a int"),
        ("bare", "no example_inputs"),
        ("words", "is a str"),
        ("fails", r"agent\.py:29: ZeroDivisionError: division by zero"),
        ("leaves", r"agent\.py:32: SystemExit"),
        ("branches", "torch.export failed"),
        ("Net.example_inputs", "is a dict"),
    ],
)
def test_callables_that_give_no_module_are_refused(name: str, text: str, tmp_path: Path):
    path = written(tmp_path, "agent.py", PYTHON)
    with pytest.raises(InputError, match=text) as caught:
        read(f"{path}:{name}")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("def make(:\n", r"agent\.py:1: "),
        ("import torch\nx = 1\nraise ValueError('no\\nway')\n", r"agent\.py:3: ValueError: no"),
        ("import torch\n\nfrom other import thing\n", r"other\.py:2: NameError"),
        ("import missing_module_xyz\n", r"agent\.py:1: ModuleNotFoundError"),
        ("import broken\n", r"broken\.py:3: "),
        ("\0", r"agent\.py"),
    ],
)
def test_errors_in_python_files_name_file_and_line(content: str, text: str, tmp_path: Path):
    written(tmp_path, "other.py", "\nthing = undefined\n")
    written(tmp_path, "broken.py", "\n\nif\n")
    path = written(tmp_path, "agent.py", content)
    with pytest.raises(InputError, match=text) as caught:
        read(f"{path}:make")
    assert "\n" not in str(caught.value)
