"""`mesascope vnnlib`: one instance, or a list in several processes that can be resumed."""

import csv
import json
from collections.abc import Callable, Generator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import report_case as case
from command import play, run

from theory.error import InputError, UnsupportedOperator
from verify import batch
from verify.batch import Instance, Outcome, decide_vnnlib, read_instances
from verify.verdict import EngineFault, Reason, Result, Run, Verdict, Witness

WITNESS = Witness(
    values={"X": {"X_0": Fraction(1, 4), "X_1": Fraction(-1, 3)}},
    runs=(Run("N(X)", {"X_0": 0.25, "X_1": -1 / 3}, {"Y_0": -0.0, "Y_1": 1e-7}, None),),
    replays={"exact": True, "float32": True},
)
VIOLATED = Result(case.obeys(), Verdict.VIOLATED, witness=WITNESS, seconds=0.5, engine="neural")


@pytest.fixture
def answer(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[Any], None]:
    """Set what the decision answers, or raises."""
    monkeypatch.chdir(tmp_path)
    for name in ("n.onnx", "p.vnnlib"):
        (tmp_path / name).touch()

    def set_answer(result: Any) -> None:
        def check_vnnlib(net: str, path: str, **options: Any) -> Result:
            if isinstance(result, Exception):
                raise result
            return result

        play(monkeypatch, "verify.vnnlib", check_vnnlib=check_vnnlib)

    return set_answer


ONE = ("vnnlib", "n.onnx", "p.vnnlib")


def test_holds(answer: Callable[[Any], None], capsys: pytest.CaptureFixture[str]):
    answer(case.holds(case.obeys()))
    assert run(capsys, *ONE) == (0, "holds\n", "")


def test_violated_with_its_counterexample(
    answer: Callable[[Any], None], capsys: pytest.CaptureFixture[str]
):
    answer(VIOLATED)
    status, out, err = run(capsys, *ONE)
    assert (status, err) == (1, "")
    assert out == ("violated\n((X_0 0.25)\n(X_1 -0.3333333333333333)\n(Y_0 -0.0)\n(Y_1 1e-07))\n")


def test_unknown_with_its_reason(answer: Callable[[Any], None], capsys: pytest.CaptureFixture[str]):
    answer(Result(case.obeys(), Verdict.UNKNOWN, reason=Reason.TIME, detail="3 boxes"))
    assert run(capsys, *ONE) == (3, "unknown (time ran out: 3 boxes)\n", "")


def test_json_is_a_report(answer: Callable[[Any], None], capsys: pytest.CaptureFixture[str]):
    answer(VIOLATED)
    status, out, _ = run(capsys, *ONE, "--timeout", "5", "--json", "-")
    assert status == 1
    document = json.loads(out)
    assert document["command"] == "mesascope vnnlib n.onnx p.vnnlib --timeout 5 --seed 0"
    assert document["properties"][0]["witness"]["values"]["X"]["X_1"] == "-1/3"
    assert set(document["inputs"]) == {"n.onnx", "p.vnnlib"}


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("n.onnx",),
        ("n.onnx", "p.vnnlib", "--csv", "o.csv"),
        ("n.onnx", "--instances", "l.csv"),
        ("--instances", "l.csv", "--json", "-"),
    ],
)
def test_half_a_question_is_2(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]):
    status, out, err = run(capsys, "vnnlib", *words)
    assert (status, out) == (2, "")
    assert "Usage: " in err


def test_a_missing_file_is_2(answer: Callable[[Any], None], capsys: pytest.CaptureFixture[str]):
    answer(VIOLATED)
    assert run(capsys, "vnnlib", "n.onnx", "q.vnnlib") == (
        2, "", "error: q.vnnlib: no such file or directory\n",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("result", "verdict", "reason"),
    [
        (VIOLATED, "violated", ""),
        (
            replace(VIOLATED, verdict=Verdict.UNKNOWN, reason=Reason.TIME, detail="so\nfar"),
            "unknown",
            "time ran out: so far",
        ),
        (UnsupportedOperator("Erf", "n3"), "unknown", "unsupported operator 'Erf' at node 'n3'"),
        (InputError("p: line 3"), "error", "p: line 3"),
        (EngineFault("no"), "fault", "no"),
        (ValueError("oh"), "fault", "ValueError: oh"),
    ],
)
def test_what_goes_wrong_is_the_verdict_of_its_row(
    result: Any, verdict: str, reason: str, answer: Callable[[Any], None]
):
    answer(result)
    outcome = decide_vnnlib(Instance("n", "p", ".", 1.0))
    assert (outcome.verdict, outcome.reason) == (verdict, reason)


VERDICTS = {"a": "holds", "b": "violated", "c": "unknown", "d": "error", "e": "fault"}


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[Instance]:
    """The instances that a list made run, decided without processes by their property's name."""
    monkeypatch.chdir(tmp_path)
    ran: list[Instance] = []

    def double(instances: list[Instance], *, jobs: int) -> Generator[Outcome, None, None]:
        for one in instances:
            ran.append(one)
            yield Outcome(one.network, one.property, VERDICTS[one.property[0]], 0.125, "x, y")

    monkeypatch.setattr(batch, "run", double)
    return ran


def write_list(*names: str) -> None:
    Path("list.csv").write_text("".join(f"n.onnx,{name},7\n" for name in names))


LIST = ("vnnlib", "--instances", "list.csv")


@pytest.mark.parametrize(
    ("names", "status"),
    [("aa", 0), ("ab", 1), ("ac", 3), ("abc", 1), ("abd", 2), ("abcde", 4), ("", 2)],
)
def test_a_list_exits_with_its_worst(
    names: str, status: int, ran: list[Instance], capsys: pytest.CaptureFixture[str]
):
    write_list(*(f"{name}{at}" for at, name in enumerate(names)))
    found, out, _ = run(capsys, *LIST)
    assert found == status
    assert out.splitlines()[-1].startswith(f"{len(names)} instances: ")


def test_a_list_says_each_row_and_the_sum(ran: list[Instance], capsys: pytest.CaptureFixture[str]):
    write_list("a", "b", "c")
    lines = run(capsys, *LIST)[1].splitlines()
    assert lines[0].split() == ["holds", "0.125", "s", "n.onnx", "a", "(x,", "y)"]
    assert lines[-1].startswith("3 instances: 1 holds, 1 violated, 1 unknown in ")


def test_a_list_is_resumed(ran: list[Instance], capsys: pytest.CaptureFixture[str]):
    write_list("a", "b")
    assert run(capsys, *LIST, "--csv", "o.csv")[0] == 1
    with Path("o.csv").open("a") as stream:
        stream.write("n.onnx,c,ho")  # cut off by a power failure
    write_list("a", "b", "c")
    ran.clear()
    status, out, _ = run(capsys, *LIST, "--csv", "o.csv")
    assert status == 1
    assert [one.property for one in ran] == ["c"]
    assert out.startswith("3 instances (2 known before): 1 holds, 1 violated, 1 unknown in ")
    with Path("o.csv").open(newline="") as stream:
        rows = list(csv.reader(stream))
    assert rows[0] == ["network", "property", "verdict", "seconds", "reason"]
    assert [row[:3] for row in rows[1:]] == [
        ["n.onnx", name, VERDICTS[name]] for name in ("a", "b", "c")
    ]
    assert rows[3][3:] == ["0.125", "x, y"]


def test_a_foreign_csv_is_not_appended_to(ran: list[Instance], capsys: pytest.CaptureFixture[str]):
    write_list("a")
    Path("o.csv").write_text("my,own,file\n1,2,3\n")
    status, _, err = run(capsys, *LIST, "--csv", "o.csv")
    assert status == 2
    assert err.startswith("error: --csv: o.csv is there and its first line is not network,")
    assert Path("o.csv").read_text() == "my,own,file\n1,2,3\n"
    assert run(capsys, *LIST, "--csv", "list.csv")[0] == 2
    assert ran == []


def test_lists_with_and_without_names(tmp_path: Path):
    path = tmp_path / "l.csv"
    path.write_text("a.onnx,b.vnnlib, 12 \n\n")
    plain = read_instances(path, timeout_s=None, seed=3)
    assert plain == [Instance("a.onnx", "b.vnnlib", str(tmp_path), 12.0, 3)]
    assert plain[0].path("a.onnx") == str(tmp_path / "a.onnx")
    path.write_text("\ufeffproperty,verdict,network,tools\nb.vnnlib,sat,a.onnx,4\n")
    (named,) = read_instances(path, timeout_s=None, seed=0)
    assert (named.network, named.property, named.timeout_s) == ("a.onnx", "b.vnnlib", 60.0)
    assert read_instances(path, timeout_s=2.5, seed=0)[0].timeout_s == 2.5


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a.onnx\n", "line 1: field property is missing"),
        ("network,property\na,b\n,b\n", "line 3: field network is missing"),
        ("a,b,soon\n", "line 1: timeout 'soon'"),
        ("a,b,-1\n", "line 1: timeout '-1'"),
        ("a,b,nan\n", "line 1: timeout 'nan'"),
    ],
)
def test_a_bad_list_is_named_with_its_line(text: str, said: str, tmp_path: Path):
    path = tmp_path / "l.csv"
    path.write_text(text)
    with pytest.raises(InputError) as caught:
        read_instances(path, timeout_s=None, seed=0)
    assert str(caught.value).startswith(f"{path}, {said}")


@pytest.mark.parametrize("content", [None, b"\xff\xfe\x00"])
def test_no_list_at_all(content: bytes | None, tmp_path: Path):
    path = tmp_path / "l.csv"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=r"l\.csv: "):
        read_instances(path, timeout_s=None, seed=0)
