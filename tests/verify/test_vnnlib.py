"""VNN-LIB files of both versions: what they mean, exactly, and what is told of wrong ones."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from random import Random

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from theory import Interpretation, evaluate
from theory.error import InputError
from theory.value import Vector
from verify.verdict import Reason, Verdict
from verify.vnnlib import check_vnnlib, read_property
from verify.vnnlib.statement import OUTPUT, Statement
from verify.vnnlib.version1 import parse
from verify.vnnlib.version2 import is_version2, parse_version2

DECLARED = """\
(declare-const X_0 Real)
(declare-const X_1 Real)
(declare-const Y_0 Real)
(declare-const Y_1 Real)
"""

BOX = """\
(assert (<= X_0 1))
(assert (>= X_0 -1))
(assert (<= X_1 1))
(assert (>= X_1 -1))
"""

VERSION1 = f"""; a comment
{DECLARED}
(assert (<= X_0 0.1))
(assert (>= X_0 -1.5e-3)) ; another
(assert (or (and (<= X_1 2) (>= X_1 1)) (and (<= X_1 -1) (>= X_1 -2.25))))
(assert (or (and (<= Y_0 Y_1)) (and (>= (+ Y_0 (* 2 Y_1) (- 3)) X_0) (not (= Y_0 1)))))
"""

VERSION2 = """\
(vnnlib-version <2.0>)
(declare-network net
  (declare-input X float32 [1,2])
  (declare-output Y float32 [2])
)
(assert (<= X[0,0] 0.1))
(assert (and (>= X[0,0] -0.0015) (>= X[0,1] -2.25) (<= X[0,1] 2.0)))
(assert (or (<= Y[0] Y[1]) (>= (+ Y[0] (* 2.0 Y[1])) (+ X[0,0] 3.0))))
"""


def violated(statement: Statement, x: Sequence[str], y: Sequence[str]) -> bool:
    """Whether the input is unsafe where the network's outputs there are y."""
    formula = statement.property("p").formula
    names = [f.name for f in formula.payload[0][1].features]
    point = dict(zip(names, map(Fraction, x), strict=True))
    outputs = Vector(tuple(map(Fraction, y)))
    meant = Interpretation({OUTPUT: lambda _: outputs}, points={"X": [point]})
    return not evaluate(formula, meant)


def ranges(statement: Statement) -> list[tuple[Fraction, Fraction]]:
    features = statement.property("p").formula.payload[0][1].features
    return [(f.lower, f.upper) for f in features]


# Meaning.


def test_a_file_of_version_1() -> None:
    statement = parse(VERSION1, "f")
    assert (statement.inputs, statement.outputs) == (2, 2)
    assert ranges(statement) == [
        (Fraction(-15, 10000), Fraction(1, 10)),
        (Fraction(-9, 4), Fraction(2)),
    ]
    assert violated(statement, ["0.1", "1"], ["0", "1"])
    assert not violated(statement, ["0.1", "0"], ["0", "1"])  # between the two boxes
    assert not violated(statement, ["0.1", "1"], ["1", "0"])
    assert violated(statement, ["0", "-2"], ["9", "1"])
    assert not violated(statement, ["0", "-2"], ["1", "0"])


def test_a_file_of_version_2() -> None:
    assert is_version2(VERSION2)
    assert not is_version2(VERSION1)
    statement = parse_version2(VERSION2, "f")
    assert (statement.inputs, statement.outputs) == (2, 2)
    assert ranges(statement) == [
        (Fraction(-15, 10000), Fraction(1, 10)),
        (Fraction(-9, 4), Fraction(2)),
    ]
    assert violated(statement, ["0", "0"], ["0", "1"])
    assert violated(statement, ["0", "0"], ["2", "0.5"])
    assert not violated(statement, ["0.1", "0"], ["2", "0.5"])


@pytest.mark.parametrize("text", ["0.1", "1e-1", "1E-01", "+.1", "10e-2", "0.10000", "00.1"])
def test_numbers_count_by_their_digits(text: str) -> None:
    statement = parse(DECLARED + BOX + f"(assert (<= X_0 {text}))", "f")
    assert ranges(statement)[0] == (Fraction(-1), Fraction(1, 10))
    assert Fraction(1, 10) != Fraction(0.1)


def test_numbers_with_many_digits() -> None:
    digits = "0." + "3" * 5000
    statement = parse(DECLARED + BOX + f"(assert (<= X_0 {digits}))", "f")
    assert ranges(statement)[0][1] == Fraction(
        int("3" * 3000) * 10**2000 + int("3" * 2000), 10**5000
    )
    version2 = VERSION2 + "(assert (<= X[0,1] 0." + "3" * 60 + "))\n"
    assert ranges(parse_version2(version2, "f"))[1][1] == Fraction(int("3" * 60), 10**60)


@pytest.mark.parametrize(
    ("operator", "at", "unsafe"),
    [
        ("<=", "0.5", True),
        ("<", "0.5", False),
        (">=", "0.5", True),
        (">", "0.5", False),
        ("=", "0.5", True),
        ("=", "0.25", False),
        ("<", "0.25", True),
        (">", "0.25", False),
    ],
)
def test_strictness(operator: str, at: str, unsafe: bool) -> None:
    statement = parse(DECLARED + BOX + f"(assert ({operator} Y_0 0.5))", "f")
    assert violated(statement, ["0", "0"], [at, "0"]) is unsafe
    strict_input = parse(DECLARED + BOX + "(assert (< X_0 0.5))", "f")
    assert ranges(strict_input)[0] == (Fraction(-1), Fraction(1, 2))
    assert not violated(strict_input, ["0.5", "0"], ["0", "0"])
    assert violated(strict_input, ["0.25", "0"], ["0", "0"])


def test_boxes_in_a_disjunction_as_in_property_6_of_acas_xu() -> None:
    text = (
        DECLARED
        + """
    (assert (or
      (and (>= X_0 0.7) (<= X_0 0.9) (>= X_1 -0.5) (<= X_1 -0.25))
      (and (>= X_0 -0.9) (<= X_0 -0.7) (>= X_1 0.25) (<= X_1 0.5))
    ))
    (assert (or (and (<= Y_1 Y_0)) (and (<= Y_1 0))))
    """
    )
    statement = parse(text, "f")
    assert ranges(statement) == [
        (Fraction(-9, 10), Fraction(9, 10)),
        (Fraction(-1, 2), Fraction(1, 2)),
    ]
    assert violated(statement, ["0.8", "-0.3"], ["1", "1"])
    assert violated(statement, ["-0.8", "0.3"], ["1", "1"])
    assert not violated(statement, ["0.8", "0.3"], ["1", "1"])
    assert not violated(statement, ["0", "0"], ["1", "1"])


@pytest.mark.parametrize(
    ("body", "unsafe"),
    [
        ("(>= (- Y_0 Y_1) 2)", True),
        ("(>= (- Y_0 Y_1 1) 2)", False),
        ("(>= (- Y_1) 0)", False),
        ("(>= (* 2 Y_0) (+ 3 Y_1 1))", True),
        ("(>= (* Y_0 Y_0) 9)", True),
        ("(not (or (<= Y_0 0) (<= Y_1 0)))", True),
        ("(and (>= Y_0 3) (not (and (>= Y_0 3) (>= Y_1 2))))", True),
        ("(<= -1 (- 1))", True),
    ],
)
def test_arithmetic_and_connectives(body: str, unsafe: bool) -> None:
    statement = parse(DECLARED + BOX + f"(assert {body})", "f")
    assert violated(statement, ["0", "0"], ["3", "1"]) is unsafe


def test_several_inputs_of_version_2_are_joined_in_order() -> None:
    text = """\
(vnnlib-version <2.0>)
(declare-network net
  (declare-input A float32 [2])
  (declare-input B float32 [2,2])
  (declare-output Y float32 [1])
)
(assert (and (>= A[0] 0.0) (<= A[0] 1.0) (>= A[1] 1.0) (<= A[1] 2.0)))
(assert (and (>= B[0,0] 2.0) (<= B[0,0] 3.0) (>= B[0,1] 3.0) (<= B[0,1] 4.0)))
(assert (and (>= B[1,0] 4.0) (<= B[1,0] 5.0) (>= B[1,1] 5.0) (<= B[1,1] 6.0)))
(assert (<= Y[0] 0.0))
"""
    statement = parse_version2(text, "f")
    assert ranges(statement) == [(Fraction(k), Fraction(k + 1)) for k in range(6)]


# Wrong files.


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "(declare-const Z_0 Real)",
            "line 1: expected (declare-const X_<n> Real) or Y_<n>, got 'Z_0'",
        ),
        (
            "(declare-const X_0 Int)",
            "line 1: expected (declare-const X_<n> Real) or Y_<n>, got 'X_0'",
        ),
        (DECLARED + "(declare-const X_0 Real)", "line 5: X_0 is declared twice"),
        (
            "(declare-const X_1 Real)(declare-const Y_0 Real)",
            "X_0 is not declared, but a later one",
        ),
        ("(declare-const X_0 Real)\n", "no Y_0 is declared"),
        (DECLARED, "there is no assertion"),
        (DECLARED + "(assert (<= X_7 1))", "line 5: X_7 is not declared"),
        (DECLARED + "(assert (<= X_0 one))", "line 5: 'one' is neither a variable nor a number"),
        (DECLARED + "(assert (<= X_0 nan))", "line 5: 'nan' is neither a variable nor a number"),
        (DECLARED + "(assert (<= X_0 1e401))", "line 5: the number 1e401 is out of range"),
        (DECLARED + "(assert (<= X_0 1e99999999999))", "out of range"),
        (DECLARED + "(assert (<= X_0))", "line 5: '<=' has 1 arguments"),
        (DECLARED + "(assert (=> X_0 1))", "line 5: unknown operator '=>'"),
        (DECLARED + "(assert (and X_0 1))", "line 5: 'and' takes formulas"),
        (DECLARED + "(assert (<= (<= X_0 1) 1))", "line 5: '<=' takes numbers"),
        (DECLARED + "(assert X_0)", "line 5: assert takes a formula, not a number"),
        (DECLARED + "(assert (+ X_0 1))", "line 5: assert takes a formula, not a number"),
        (DECLARED + "(assert)", "line 5: assert takes one formula"),
        (DECLARED + "(assert ())", "expected an operator"),
        (DECLARED + "(asert (<= X_0 1))", "line 5: unknown command 'asert'"),
        (DECLARED + "(assert (<= X_0 1)", "line 5: '(' is never closed: is the file cut off?"),
        (DECLARED + "(assert (<= X_0 1)))", "line 5: ')' closes nothing"),
        (DECLARED + "\n\nX_0", "line 7: expected a command"),
        (DECLARED + "(assert " + "(and " * 300, "line 5: nested deeper than 200"),
        (DECLARED + "(declare-const X_" + "9" * 5000 + " Real)", "line 5: expected"),
    ],
)
def test_wrong_files_are_told_with_their_line(text: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        parse(text, "file.vnnlib").property("p")
    assert str(caught.value).startswith("file.vnnlib")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (DECLARED + "(assert (<= X_0 1))", "f: X_0 has no lower bound"),
        (DECLARED + BOX.replace("(assert (<= X_1 1))\n", ""), "f: X_1 has no upper bound"),
        (
            DECLARED + BOX + "(assert (>= X_0 1.5))",
            "f: X_0: lower bound 1.5 is above upper bound 1",
        ),
        (
            DECLARED + BOX + "(assert (>= X_0 1e400))",
            "is above upper bound 1",
        ),
        (
            DECLARED + BOX.replace("(assert (<= X_0 1))", "(assert (or (<= X_0 1) (<= X_1 1)))"),
            "X_0",
        ),
    ],
)
def test_boxes_that_are_open_or_reversed(text: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        parse(text, "f").property("p")
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("<2.0>", "<3.0>", "VNN-LIB version '3.0' is not supported"),
        ("(<= X[0,0] 0.1)", "(<= X[0,7] 0.1)", "f: "),
        ("(<= X[0,0] 0.1)", "(<= Z[0,0] 0.1)", "f: "),
        ("0.1", "1e99999", "f: "),
        ("0.1", "9" * 5000 + ".0", "out of range"),
        ("net\n", "nét\n", "line 2: a character that is not ASCII text"),
        ("(assert (or", "(assert " + "(and " * 400 + "(or", "line 8: nested deeper than 200"),
        ("(<= Y[0] Y[1])", "(<= Y[0] Y[1]", "line "),
        ("(declare-output Y float32 [2])", "", "f: "),
    ],
)
def test_wrong_files_of_version_2(
    old: str, new: str, message: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert old in VERSION2
    with pytest.raises(InputError) as caught:
        parse_version2(VERSION2.replace(old, new), "f").property("p")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    assert capfd.readouterr() == ("", "")


def test_two_networks_are_refused() -> None:
    second = VERSION2[VERSION2.index("(declare-network") : VERSION2.index("(assert")]
    text = VERSION2.replace(
        "(assert (<= X",
        second.replace("network net", "network two").replace("X", "V").replace("Y", "W")
        + "(assert (<= X",
        1,
    )
    with pytest.raises(InputError, match="speaks of 2 networks; one is supported"):
        parse_version2(text, "f")


@pytest.mark.parametrize("text", [VERSION1, VERSION2], ids=["version 1", "version 2"])
def test_a_file_cut_at_any_byte_is_refused_or_read(text: str, tmp_path: Path) -> None:
    path = tmp_path / "cut.vnnlib"
    for length in range(len(text)):
        path.write_bytes(text.encode()[:length])
        refused_or_read(path)


@pytest.mark.parametrize("text", [VERSION1, VERSION2], ids=["version 1", "version 2"])
def test_a_file_with_wrong_bytes_is_refused_or_read(text: str, tmp_path: Path) -> None:
    random = Random(1)
    path = tmp_path / "bent.vnnlib"
    for _ in range(600):
        data = bytearray(text.encode())
        for _ in range(random.randint(1, 4)):
            place, act = random.randrange(len(data)), random.random()
            if act < 0.4:
                data[place] = random.randrange(256)
            elif act < 0.7:
                del data[place]
            else:
                data.insert(place, random.choice(b"()<=XY_019.eE- \n[],"))
        path.write_bytes(bytes(data))
        refused_or_read(path)


def refused_or_read(path: Path) -> None:
    try:
        read_property(path).property("p")
    except InputError as error:
        message = str(error)
    else:
        return
    assert message.startswith(str(path))
    assert "\n" not in message


def test_what_is_no_text_and_what_is_not_there(tmp_path: Path) -> None:
    path = tmp_path / "bad.vnnlib"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="not a text file"):
        read_property(path)
    with pytest.raises(InputError, match="no such file"):
        read_property(tmp_path / "none.vnnlib")


# Whole checks.


@pytest.fixture
def net(tmp_path: Path) -> str:
    """Y_0 = |X_0 - X_1|, Y_1 = X_0 + X_1."""
    first = np.array([[1, -1], [-1, 1], [1, 1], [-1, -1]], dtype=np.float32)
    second = np.array([[1, 1, 0, 0], [0, 0, 1, -1]], dtype=np.float32)
    nodes = [
        helper.make_node("Gemm", ["x", "w"], ["h"], transB=1),
        helper.make_node("Relu", ["h"], ["a"]),
        helper.make_node("Gemm", ["a", "v"], ["y"], transB=1),
    ]
    graph = helper.make_graph(
        nodes,
        "net",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 2])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 2])],
        [numpy_helper.from_array(first, "w"), numpy_helper.from_array(second, "v")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    path = tmp_path / "net.onnx"
    onnx.save(model, path)
    return str(path)


@pytest.mark.parametrize(
    ("unsafe", "verdict"),
    [
        ("(>= Y_0 2.001)", Verdict.HOLDS),
        ("(> Y_0 2)", Verdict.HOLDS),
        ("(>= Y_0 2)", Verdict.VIOLATED),
        ("(>= Y_0 1.999)", Verdict.VIOLATED),
        ("(and (>= Y_0 1.9) (>= Y_1 0.2))", Verdict.HOLDS),
        ("(or (>= Y_0 3) (>= Y_1 1.99))", Verdict.VIOLATED),
    ],
)
def test_decisions(net: str, tmp_path: Path, unsafe: str, verdict: Verdict) -> None:
    path = tmp_path / "p.vnnlib"
    path.write_text(DECLARED + BOX + f"(assert {unsafe})\n")
    result = check_vnnlib(net, str(path), timeout_s=5)
    assert result.verdict is verdict
    if verdict is Verdict.VIOLATED:
        assert result.witness is not None
        assert all(result.witness.replays.values())


def test_files_that_do_not_fit_together(net: str, tmp_path: Path) -> None:
    path = tmp_path / "p.vnnlib"
    path.write_text(DECLARED.replace("(declare-const Y_1 Real)\n", "") + BOX)
    with pytest.raises(InputError, match=r"p.vnnlib: declares 1 outputs, but .*net.onnx has 2"):
        check_vnnlib(net, str(path))


def test_the_budget_is_kept(net: str, tmp_path: Path) -> None:
    path = tmp_path / "p.vnnlib"
    path.write_text(DECLARED + BOX + "(assert (>= Y_0 2.001))\n")
    result = check_vnnlib(net, str(path), timeout_s=0.01)
    assert result.seconds < 1.5
    assert result.verdict in (Verdict.HOLDS, Verdict.UNKNOWN)
    assert result.reason in (None, Reason.TIME)
