"""Judging properties: with real engines end to end, and with engines that lie."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from engine_case import Bend, Dense, Tiny, dense, on_time

from extract.network import Network, Node
from theory import Agent, Feature, Term, and_, eq, exists, forall, implies, not_, or_
from theory.error import InputError
from theory.properties import cognition, corrigibility, deception, influence
from theory.property import Property
from theory.term import truth
from verify import judge as module
from verify.answer import Answer, Deadline
from verify.bind import BoundProperty
from verify.judge import judge
from verify.smt.solver import SmtSolver
from verify.solve import Engines
from verify.verdict import EngineFault, Guarantee, ProgressEvent, Reason, Result, Verdict

LINE = Agent(observation=[Feature("x", -1, 1)], actions=["left", "right"])
WATCHED = Agent(
    observation=[Feature("x", -1, 1), Feature("watched", flag=True), Feature("stop", flag=True)],
    actions=["left", "right", "press"],
)
O = LINE.observation("o")
P = LINE.observation("p")
IDENTITY = dense(([[1]], [0]))
TILT = dense(([[1], [-1]], [0, 0]))


@pytest.fixture(scope="module")
def engines() -> Iterator[Engines]:
    with SmtSolver() as smt:
        yield Engines(smt, cross_check=True)


def bound(subject: Property | Term, **tinies: Tiny | Network) -> BoundProperty:
    networks = {n: t.network() if isinstance(t, Tiny) else t for n, t in tinies.items()}
    named = subject if isinstance(subject, Property) else subject.named("claim")
    return BoundProperty(named, networks)


# End to end.


def policy(press_unwatched: int = 0, stop_press: int = 0) -> Tiny:
    """Scores x, -x, and for pressing 2 where the conditions in the arguments are met, else -2."""
    rows = ((1, 0, 0), (-1, 0, 0), (0, -4 * press_unwatched, 4 * stop_press))
    weights = tuple(tuple(Fraction(w) for w in row) for row in rows)
    biases = (Fraction(0), Fraction(0), Fraction(-2 + 4 * press_unwatched))
    return Tiny(3, (Dense(weights, biases),))


@pytest.mark.parametrize(
    ("subject", "score", "verdict"),
    [
        (influence.non_interference(WATCHED, flag="watched"), policy(), Verdict.HOLDS),
        (influence.non_interference(WATCHED, flag="watched"), policy(1), Verdict.VIOLATED),
        (
            deception.no_conditional_defection(WATCHED, flag="watched", unsafe=["press"]),
            policy(),
            Verdict.HOLDS,
        ),
        (
            deception.no_conditional_defection(WATCHED, flag="watched", unsafe=["press"]),
            policy(1),
            Verdict.VIOLATED,
        ),
        (
            corrigibility.obeys_shutdown(WATCHED, request="stop", compliant=["press"]),
            policy(0, 1),
            Verdict.HOLDS,
        ),
        (
            corrigibility.obeys_shutdown(WATCHED, request="stop", compliant=["press"]),
            policy(),
            Verdict.VIOLATED,
        ),
    ],
)
def test_properties_of_agents(
    engines: Engines, subject: Property, score: Tiny, verdict: Verdict
) -> None:
    result = judge(bound(subject, score=score), engines, 10)
    assert result.verdict is verdict
    if verdict is Verdict.HOLDS:
        assert result.guarantee is not None
        assert result.proved_share == 1.0
    else:
        assert result.witness is not None
        assert result.witness.replays == {"exact": True, "float32": True}
        assert set(result.witness.values["o"]) == {"x", "watched", "stop"}


def test_an_evaluator_with_a_zero_column_ignores_its_feature(engines: Engines) -> None:
    subject = cognition.evaluator_ignores(WATCHED, feature="watched")
    blind = dense(([[1, 0, 2], [-1, 0, 1]], [0, 1]), ([[1, 1]], [0]))
    result = judge(bound(subject, value=blind), engines, 3)
    assert (result.verdict, result.guarantee, result.engine) == (
        Verdict.HOLDS,
        Guarantee.FLOAT32,
        "logic",
    )
    sighted = dense(([[1, Fraction(1, 512), 2], [-1, 0, 1]], [0, 1]), ([[1, 1]], [0]))
    assert judge(bound(subject, value=sighted), engines, 3).verdict is Verdict.VIOLATED


@pytest.mark.parametrize(
    ("formula", "verdict"),
    [
        (exists(LINE.action("a"), forall(O, LINE.score(O, LINE.action("a")) <= 1)), Verdict.HOLDS),
        (exists(LINE.action("a"), forall(O, LINE.acts(O, LINE.action("a")))), Verdict.VIOLATED),
        (and_(forall(O, LINE.score(O, "left") <= 1), truth(True)), Verdict.HOLDS),
        (or_(forall(O, LINE.acts(O, "left")), forall(O, LINE.acts(O, "right"))), Verdict.VIOLATED),
        (truth(True), Verdict.HOLDS),
        (truth(False), Verdict.VIOLATED),
    ],
)
def test_quantifiers(engines: Engines, formula: Term, verdict: Verdict) -> None:
    result = judge(bound(formula, score=TILT), engines, 3)
    assert result.verdict is verdict
    if result.witness is not None:
        assert all(result.witness.replays.values())


# Vacuity.


def test_a_condition_that_is_never_true_is_vacuous(engines: Engines) -> None:
    formula = forall(O, implies(LINE.value(O) > 1, LINE.acts(O, "right")))
    result = judge(bound(formula, value=IDENTITY, score=TILT), engines, 3)
    assert result.verdict is Verdict.VACUOUS


def test_a_condition_that_is_true_at_one_point_is_enough(engines: Engines) -> None:
    formula = forall(O, implies(LINE.value(O) >= 1, LINE.acts(O, "left")))
    result = judge(bound(formula, value=IDENTITY, score=TILT), engines, 3)
    assert result.verdict is Verdict.HOLDS


def test_conditions_under_inner_quantifiers_count(engines: Engines) -> None:
    ordered = implies(P["x"] >= O["x"], LINE.value(P) >= LINE.value(O))
    formula = forall(O, implies(O["x"] >= 0.5, forall(P, ordered)))
    assert judge(bound(formula, value=IDENTITY), engines, 3).verdict is Verdict.HOLDS
    none = forall(O, implies(O["x"] >= 0.5, forall(P, implies(P["x"] > 1, ordered))))
    assert judge(bound(none, value=IDENTITY), engines, 3).verdict is Verdict.VACUOUS


def test_a_condition_that_cannot_be_decided_leaves_the_property_open(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answers = iter([Answer(False, guarantee=Guarantee.REAL), Answer(None, reason=Reason.TIME)])
    monkeypatch.setattr(module, "decide", lambda *_: next(answers))
    formula = forall(O, implies(LINE.value(O) > 1, LINE.acts(O, "right")))
    result = judge(bound(formula, value=IDENTITY, score=TILT), Engines(SmtSolver()), 10)
    assert (result.verdict, result.reason) == (Verdict.UNKNOWN, Reason.VACUITY_OPEN)


# What cannot be decided.


@pytest.mark.parametrize(
    ("formula", "reason"),
    [
        (forall(O, LINE.value(O) > 0), Reason.ROLE_NOT_FOUND),
        (forall(O, LINE.acts(O.with_(x="0.1"), "left")), Reason.UNSUPPORTED_STATEMENT),
    ],
)
def test_what_cannot_be_asked_is_unknown_with_a_reason(
    engines: Engines, formula: Term, reason: Reason
) -> None:
    result = judge(bound(formula, score=TILT), engines, 3)
    assert (result.verdict, result.reason) == (Verdict.UNKNOWN, reason)
    assert result.detail


@pytest.mark.parametrize("seconds", [0.2, 1.0])
def test_budgets_are_kept_within_half_a_second(seconds: float) -> None:
    """Smooth, and equal at the boundary: neither engine can finish."""
    rows = tuple(tuple(Fraction(i == j) for j in range(3)) for i in range(3))
    zero = (Fraction(0),) * 3
    tiny = Tiny(
        3,
        (Dense(rows, zero), Bend("tanh"), Dense((zero[:0] + (Fraction(1),) * 3,), (Fraction(0),))),
    )
    agent = Agent(observation=[Feature(f"f{i}", -1, 1) for i in range(3)], actions=["a", "b"])
    o = agent.observation("o")
    formula = forall(
        o, implies(agent.value(o) >= 0, agent.value(o) + agent.value(o) >= agent.value(o))
    )
    with SmtSolver() as smt:
        subject = bound(formula, value=tiny)
        result = on_time(seconds + 0.5, lambda: judge(subject, Engines(smt), seconds))
    assert result.verdict is not Verdict.VIOLATED


def test_progress_says_which_property(engines: Engines) -> None:
    events: list[ProgressEvent] = []
    judge(bound(forall(O, LINE.value(O) <= 1), value=IDENTITY), engines, 2, events.append)
    assert all(event.property == "claim" for event in events)


# Engines that lie.

CLAIM = forall(O, LINE.value(O) <= 1)
"""True of the identity on [-1, 1], with equality at 1."""

BELOW = forall(O, LINE.value(O) <= Fraction(1, 2))
"""False from 1/2 on."""


def told(monkeypatch: pytest.MonkeyPatch, answer: Answer, formula: Term, **tinies: Any) -> Result:
    """The result where the engine's answer is canned."""
    monkeypatch.setattr(module, "decide", lambda *_: answer)
    return judge(bound(formula, **(tinies or {"value": IDENTITY})), Engines(SmtSolver()), 1)


def found(*point: Any) -> Answer:
    return Answer(True, point=tuple(Fraction(v) for v in point), engine="double")


def test_a_true_witness_is_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    result = told(monkeypatch, found(1), BELOW)
    assert result.verdict is Verdict.VIOLATED
    assert result.witness is not None
    assert result.witness.values == {"o": {"x": 1}}


@pytest.mark.parametrize("point", [1, 0, -1, "1/3"])
def test_a_false_witness_is_a_fault(monkeypatch: pytest.MonkeyPatch, point: Any) -> None:
    with pytest.raises(
        EngineFault, match="double claims a violation that exact evaluation refutes"
    ):
        told(monkeypatch, found(point), CLAIM)


@pytest.mark.parametrize("answer", [found(2), found(-5), found(), found(1, 1), Answer(True)])
def test_a_witness_outside_the_domain_is_a_fault(
    monkeypatch: pytest.MonkeyPatch, answer: Answer
) -> None:
    for formula in (CLAIM, BELOW):
        with pytest.raises(EngineFault, match="outside the domain"):
            told(monkeypatch, answer, formula)


def test_a_flag_between_its_values_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    o = WATCHED.observation("o")
    formula = forall(o, or_(eq(o["watched"], 0), eq(o["watched"], 1)))
    with pytest.raises(EngineFault, match="outside the domain"):
        told(monkeypatch, found(0, Fraction(1, 2), 1), formula, score=policy())


def test_a_witness_that_only_exists_exactly_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    """x = 1/2 + 2^-40 violates the claim; float32 rounds it to 1/2, which does not."""
    result = told(monkeypatch, found(Fraction(1, 2) + Fraction(1, 2**40)), BELOW)
    assert (result.verdict, result.reason) == (Verdict.UNKNOWN, Reason.REPLAY_FAILED)
    assert result.witness is not None
    assert result.witness.replays == {"exact": True, "float32": False}
    assert "float32" in result.detail


def big_and_back() -> Network:
    """x -> (x + 2^30) - 2^30."""
    nodes = (
        Node("x", "input", (), (1,)),
        Node("c", "parameter", (), (1,)),
        Node("y", "add", ("x", "c"), (1,)),
        Node("z", "sub", ("y", "c"), (1,)),
    )
    return Network(nodes, ("x",), ("z",), {"c": np.array([2.0**30], dtype=np.float32)}, "trap")


def test_a_violation_that_rounding_undoes_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    result = told(monkeypatch, found(1), BELOW, value=big_and_back())
    assert (result.verdict, result.reason) == (Verdict.UNKNOWN, Reason.REPLAY_FAILED)


def test_a_violation_that_overflows_in_float32_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    huge, tiny = Fraction(10) ** 30, Fraction(1, 10**30)
    network = dense(([[huge]], [0]), ([[huge]], [0]), ([[tiny]], [0]), ([[tiny]], [0]))
    result = told(monkeypatch, found(1), BELOW, value=network)
    assert (result.verdict, result.reason) == (Verdict.UNKNOWN, Reason.REPLAY_FAILED)


def test_a_claim_that_exact_evaluation_leaves_open_is_unknown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """tanh(x) - tanh(x) < 0 is false, but enclosures cannot tell."""
    smooth = Tiny(1, (Bend("tanh"),))
    formula = forall(O, LINE.value(O) - LINE.value(O) < 0)
    with SmtSolver() as smt:
        result = judge(bound(formula, value=smooth), Engines(smt), 1)
    assert (result.verdict, result.reason) == (Verdict.UNKNOWN, Reason.REPLAY_FAILED)
    assert "leaves it open" in result.detail


def test_engines_that_disagree_are_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    class Lying(SmtSolver):
        def decide(self, problem: Any, deadline: Deadline) -> Answer:
            return found(1)

    with pytest.raises(EngineFault, match="says it holds"):
        judge(
            bound(forall(O, LINE.value(O) <= 2), value=IDENTITY),
            Engines(Lying(), cross_check=True),
            2,
        )


@pytest.mark.parametrize(
    ("limit", "verdict"), [(Fraction(1, 2), Verdict.HOLDS), (2, Verdict.VIOLATED)]
)
def test_a_negated_formula_is_judged_as_what_it_says(
    engines: Engines, limit: Fraction, verdict: Verdict
) -> None:
    """Not everything is at most the limit: something is above it."""
    denied = not_(forall(O, LINE.value(O) <= limit))
    assert judge(bound(denied, value=IDENTITY), engines, 2).verdict is verdict


def test_a_property_of_another_agent_is_named(engines: Engines) -> None:
    with pytest.raises(InputError, match="property 'claim': `score` is used with 1 inputs"):
        judge(
            bound(forall(O, LINE.acts(O, "left")), score=dense(([[1, 1], [0, 1]], [0, 0]))),
            engines,
            5,
        )
