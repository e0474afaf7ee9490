"""Replaying a witness: exactly, in float32, and on the ONNX file."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from engine_case import Bend, Tiny, dense
from onnx import TensorProto, helper, numpy_helper

from extract.network import Network, Node
from extract.reader import read
from theory import Agent, Feature, Term, and_, eq, exists, forall, iff, implies, not_, or_
from theory.property import Property
from theory.term import real
from verify.bind import BoundProperty, exactly
from verify.problem import compile_goal
from verify.problem.problem import NOTHING, Variable
from verify.replay import replay_values, values_at, violated, witness_at

LINE = Agent(observation=[Feature("x", -1, 1)], actions=["left", "right"])
SWITCH = Agent(observation=[Feature("on", flag=True)], actions=["left", "right"])
O, P = LINE.observation("o"), LINE.observation("p")
TILT = dense(([[1], [-1]], [0, 0]))
IDENTITY = dense(([[1]], [0]))
BOTH = {"exact": True, "float32": True}
NEITHER = {"exact": False, "float32": False}


def bound(formula: Term, **tinies: Tiny | Network) -> BoundProperty:
    networks = {n: t.network() if isinstance(t, Tiny) else t for n, t in tinies.items()}
    return BoundProperty(formula.named("claim"), networks)


def at(**values: Any) -> dict[str, dict[str, Fraction]]:
    """Values of features by variable; `o2` stands for `o#2`, and a number for a quantified one."""
    table: dict[str, dict[str, Fraction]] = {}
    for owner, value in values.items():
        entries = value if isinstance(value, dict) else {"value": value}
        name = f"{owner[:-1]}#2" if owner.endswith("2") else owner
        table[name] = {k: Fraction(v) for k, v in entries.items()}
    return table


@pytest.mark.parametrize(("x", "replays"), [("0.5", NEITHER), ("-0.5", BOTH), ("0", BOTH)])
def test_a_choice(x: str, replays: dict[str, bool]) -> None:
    subject = bound(forall(O, LINE.acts(O, "left")), score=TILT)
    assert replay_values(subject, at(o={"x": x})) == replays


def test_exactly_and_in_float32_may_differ() -> None:
    subject = bound(forall(O, LINE.value(O) <= Fraction(1, 2)), value=IDENTITY)
    hair = Fraction(1, 2) + Fraction(1, 2**40)
    assert replay_values(subject, at(o={"x": hair})) == {"exact": True, "float32": False}
    below = bound(forall(O, LINE.value(O) >= Fraction(1, 10)), value=IDENTITY)
    tenth = Fraction(1, 10) - Fraction(1, 2**40)  # float32 rounds it to above 1/10
    assert replay_values(below, at(o={"x": tenth})) == {"exact": True, "float32": False}


def test_two_quantifiers_over_one_name() -> None:
    subject = bound(
        or_(forall(O, LINE.acts(O, "left")), forall(O, LINE.acts(O, "right"))), score=TILT
    )
    assert replay_values(subject, at(o={"x": -1}, o2={"x": 1})) == BOTH
    assert replay_values(subject, at(o={"x": 1}, o2={"x": 1})) == NEITHER


@pytest.mark.parametrize("names", [("a#b", "a"), ("o#2", "o"), ("o", "o#2"), ("o#2", "o#2")])
def test_names_that_look_like_numbered_ones(names: tuple[str, str]) -> None:
    o, p = (LINE.observation(name) for name in names)
    first, second = forall(o, LINE.value(o) <= 0.5), forall(p, LINE.value(p) >= -0.5)
    subject = bound(or_(first, second, forall(o, LINE.value(o) <= 0.75)), value=IDENTITY)
    problem = compile_goal(subject.property.formula, subject.functions, wanted=False)
    assert len({v.owner for v in problem.variables}) == 3
    point = [Fraction(1), Fraction(-1), Fraction(1)]
    assert problem.reached(point)
    assert replay_values(subject, values_at(problem.variables, point)) == BOTH
    inside = [Fraction(1), Fraction(0), Fraction(1)]
    assert (
        names[0] == names[1]
        or replay_values(subject, values_at(problem.variables, inside)) == NEITHER
    )


def test_a_quantified_number() -> None:
    t = real("t", 0, 1)
    subject = bound(
        forall(O, t, implies(t >= O["x"], LINE.value(O.with_(x=t)) <= 0.75)), value=IDENTITY
    )
    assert replay_values(subject, at(o={"x": 0}, t=1)) == BOTH
    assert replay_values(subject, at(o={"x": 0}, t="0.75")) == NEITHER


def test_a_feature_named_like_a_number() -> None:
    agent = Agent(observation=[Feature("value", -1, 1)], actions=["left", "right"])
    o = agent.observation("o")
    subject = bound(forall(o, agent.acts(o, "left")), score=TILT)
    assert replay_values(subject, at(o={"value": -1})) == BOTH


def test_inner_quantifiers_range_over_all_their_values() -> None:
    """Only what the search chose is fixed; an inner `exists` still has its whole domain."""
    s = SWITCH.observation("s")
    subject = bound(forall(O, exists(s, eq(s["on"], O["x"]))))
    assert replay_values(subject, at(o={"x": Fraction(1, 2)})) == BOTH
    assert replay_values(subject, at(o={"x": 1})) == NEITHER


def test_a_name_that_the_search_and_an_inner_quantifier_share() -> None:
    """The inner `exists s` is true at another value than the one that the witness gives `s`."""
    s = SWITCH.observation("s")
    inner = exists(s, eq(s["on"], 1))
    subject = bound(forall(s, or_(eq(s["on"], 1), inner)))
    assert replay_values(subject, at(s={"on": 0})) == NEITHER
    either = bound(and_(forall(s, eq(s["on"], 0)), exists(s, eq(s["on"], 0))))
    assert replay_values(either, at(s={"on": 1})) == BOTH


def test_both_sides_of_an_equivalence() -> None:
    s = SWITCH.observation("s")
    some = exists(s, eq(s["on"], 1))
    subject = bound(forall(O, iff(some, O["x"] >= 0)))
    assert replay_values(subject, at(o={"x": 1}, s={"on": 0})) == NEITHER
    assert replay_values(subject, at(o={"x": -1}, s={"on": 1})) == BOTH


def test_a_shared_name_of_two_sorts_is_left_open() -> None:
    o, s = LINE.observation("o"), SWITCH.observation("o")
    subject = bound(forall(o, implies(o["x"] >= 0, exists(s, eq(s["on"], 1)))))
    assert violated(subject, at(o={"x": 1}), exactly) in (None, False)


# Numbers that float32 does not hold.


def test_values_beyond_float32() -> None:
    agent = Agent(observation=[Feature("x", 0, Fraction(10) ** 400)], actions=["left", "right"])
    o = agent.observation("o")
    subject = bound(forall(o, agent.value(o) <= 1), value=IDENTITY)
    for x in (Fraction(10) ** 39, Fraction(10) ** 390):
        witness = witness_at(subject, at(o={"x": x}))
        assert witness.replays == {"exact": True, "float32": False}
        assert witness.runs == ()


def test_a_network_that_overflows_or_divides_by_zero() -> None:
    nodes = (
        Node("x", "input", (), (1,)),
        Node("c", "parameter", (), (1,)),
        Node("y", "mul", ("x", "c"), (1,)),
        Node("z", "mul", ("y", "c"), (1,)),
        Node("d", "sub", ("z", "z"), (1,)),
    )
    big = np.array([1e30], dtype=np.float32)
    network = Network(nodes, ("x",), ("d",), {"c": big}, "overflows")
    subject = bound(forall(O, LINE.value(O) > 0), value=network)
    assert replay_values(subject, at(o={"x": 1})) == {"exact": True, "float32": False}


def test_what_enclosures_leave_open_is_no_violation() -> None:
    smooth = Tiny(1, (Bend("tanh"),))
    same = forall(O, LINE.value(O) - LINE.value(O) < 0)
    subject = bound(same, value=smooth)
    assert violated(subject, at(o={"x": 1}), exactly) is None
    assert replay_values(subject, at(o={"x": 1}))["exact"] is False
    plain = bound(forall(O, LINE.value(O) < 0), value=smooth)
    assert replay_values(plain, at(o={"x": 1})) == BOTH


# What is shown.


def test_every_evaluation_is_shown_once() -> None:
    agent = Agent(
        observation=[Feature("x", -1, 1), Feature("on", flag=True)], actions=["left", "right"]
    )
    o = agent.observation("o")
    score = dense(([[1, -1], [-1, 1]], [0, 0]))
    watched, unwatched = o.with_(on=1), o.with_(on=0)
    formula = forall(
        o, and_(*(iff(agent.acts(watched, a), agent.acts(unwatched, a)) for a in agent.actions))
    )
    witness = witness_at(bound(formula, score=score), at(o={"x": "0.5", "on": 0}))
    assert [run.inputs for run in witness.runs] == [{"x": 0.5, "on": 1.0}, {"x": 0.5, "on": 0.0}]
    assert [run.outputs for run in witness.runs] == [
        {"left": -0.5, "right": 0.5},
        {"left": 0.5, "right": -0.5},
    ]
    assert [run.action for run in witness.runs] == ["right", "left"]
    assert witness.replays == BOTH


def test_a_tie_is_no_action() -> None:
    witness = witness_at(bound(forall(O, LINE.acts(O, "left")), score=TILT), at(o={"x": 0}))
    assert [run.action for run in witness.runs] == [None]


def test_compositions_are_shown_with_what_goes_in() -> None:
    agent = Agent(observation=[Feature("x", -1, 1)], actions=["left", "right"], latent=2)
    o = agent.observation("o")
    parts = {
        "perceive": dense(([[1], [2]], [0, 0])),
        "predict": dense(([[1, 0, 1, 0], [0, 1, 0, 1]], [0, 0])),
        "latent_value": dense(([[1, 1]], [0])),
    }
    formula = forall(o, agent.value(agent.predict(agent.perceive(o), "left")) <= 3)
    witness = witness_at(bound(formula, **parts), at(o={"x": 1}))
    assert witness.replays == BOTH
    assert [list(run.outputs.values()) for run in witness.runs] == [[1.0, 2.0], [2.0, 2.0], [4.0]]


def test_points_are_listed_by_variable() -> None:
    variables = [
        Variable("o", "x", Fraction(0), Fraction(1)),
        Variable("o", "y", Fraction(0), Fraction(1)),
        Variable("t", "", Fraction(0), Fraction(1)),
    ]
    point = [Fraction(1), Fraction(0), Fraction(1, 2)]
    assert values_at(variables, point) == {"o": {"x": 1, "y": 0}, "t": {"value": Fraction(1, 2)}}
    assert values_at([NOTHING], [Fraction(0)]) == {}


# On the ONNX file.


@pytest.fixture
def net(tmp_path: Path) -> str:
    """The scores x and -x."""
    weight = numpy_helper.from_array(np.array([[1], [-1]], dtype=np.float32), "w")
    graph = helper.make_graph(
        [helper.make_node("Gemm", ["x", "w"], ["y"], transB=1)],
        "net",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 1])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 2])],
        [weight],
    )
    path = tmp_path / "net.onnx"
    onnx.save(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), path
    )
    return str(path)


def test_the_source_file_replays_too(net: str) -> None:
    pytest.importorskip("onnxruntime")
    claim: Property = forall(O, LINE.acts(O, "left")).named("claim")
    subject = BoundProperty(claim, {"score": read(net)}, frozenset({"score"}), net)
    assert replay_values(subject, at(o={"x": -1})) == {**BOTH, "onnxruntime": True}
    assert replay_values(subject, at(o={"x": 1})) == {**NEITHER, "onnxruntime": False}


def test_the_source_file_does_not_replay_a_part(net: str) -> None:
    claim = forall(O, not_(LINE.acts(O, "left"))).named("claim")
    subject = BoundProperty(claim, {"score": read(net)}, frozenset(), net)
    assert "onnxruntime" not in replay_values(subject, at(o={"x": 1}))


def test_the_source_file_may_give_another_answer(net: str) -> None:
    """A witness counts only where the file itself agrees: here it is another network's."""
    pytest.importorskip("onnxruntime")
    other = TILT.network()
    claim = forall(O, LINE.acts(O, "left")).named("claim")
    flipped = Network(
        other.nodes,
        other.inputs,
        other.outputs,
        {k: -v for k, v in other.parameters.items()},
        "flipped",
    )
    subject = BoundProperty(claim, {"score": flipped}, frozenset({"score"}), net)
    assert replay_values(subject, at(o={"x": 1})) == {**BOTH, "onnxruntime": False}
