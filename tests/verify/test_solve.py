"""Which engine is asked, what is made of its answer, and that engines which disagree are a fault.

The engines here are doubles with canned answers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import pytest
from engine_case import Tiny, dense

from theory import Agent, Feature, Term, and_, exists, forall, not_
from theory.error import UnsupportedOperator
from theory.term import truth
from verify import solve
from verify.answer import Answer, Deadline, Progress
from verify.problem import Problem, compile_goal
from verify.problem.graph import GraphBuilder
from verify.solve import Engines, bends, decide
from verify.verdict import EngineFault, Guarantee, Reason

LINE = Agent(observation=[Feature("x", -1, 1)], actions=["left", "right"])
O = LINE.observation("o")
TINY = dense(([[2]], [-1]), ([[1]], [0]))

HOLDS = Answer(False, guarantee=Guarantee.FLOAT32, engine="neural")
PROVED = Answer(False, guarantee=Guarantee.REAL, engine="smt")
FOUND = Answer(True, point=(Fraction(1),), engine="smt")
OPEN = Answer(None, reason=Reason.TIME, engine="neural")
STUCK = Answer(None, reason=Reason.SOLVER_GAVE_UP, engine="neural")
LOST = Answer(None, reason=Reason.SOLVER_GAVE_UP, engine="smt")
UNKNOWN_OPERATOR = Answer(None, reason=Reason.UNSUPPORTED_OPERATOR, detail="tanh", engine="smt")


@dataclass
class Smt:
    """An smt engine that always says the same."""

    answer: Answer
    asked: int = 0

    def decide(self, problem: Problem, deadline: Deadline) -> Answer:
        self.asked += 1
        return self.answer


@dataclass
class Neural:
    """A neural engine that says its answers one after the other, the last one for ever."""

    answers: list[Answer]
    made: int = 0
    runs: list[float] = field(default_factory=list[float])

    def __call__(self, problem: Problem, **_: Any) -> Neural:
        self.made += 1
        return self

    def run(self, deadline: Deadline, progress: Progress | None = None) -> Answer:
        self.runs.append(deadline.left)
        return self.answers[min(len(self.runs), len(self.answers)) - 1]


def problem_of(formula: Term, tiny: Tiny = TINY) -> Problem:
    return compile_goal(formula, {"value": tiny.network()}, wanted=False)


def play(
    monkeypatch: pytest.MonkeyPatch, answers: list[Answer], smt: Answer, **options: Any
) -> tuple[Answer, Neural, Smt]:
    neural, z3 = Neural(answers), Smt(smt)
    monkeypatch.setattr(solve, "Search", neural)
    problem = problem_of(forall(O, LINE.value(O) <= 5), options.pop("tiny", TINY))
    engines = Engines(z3, **options)  # pyright: ignore[reportArgumentType]
    return decide(problem, engines, Deadline.after(20)), neural, z3


def test_bounds_are_asked_first_and_may_answer_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    answer, _, smt = play(monkeypatch, [HOLDS], FOUND)
    assert answer is HOLDS
    assert smt.asked == 0


def test_z3_is_asked_about_a_small_problem_that_bounds_leave_open(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answer, neural, smt = play(monkeypatch, [OPEN], PROVED)
    assert answer is PROVED
    assert (len(neural.runs), smt.asked) == (1, 1)
    assert neural.runs[0] < 3


def test_bounds_go_on_where_z3_gives_up(monkeypatch: pytest.MonkeyPatch) -> None:
    answer, neural, smt = play(monkeypatch, [OPEN, HOLDS], LOST)
    assert answer is HOLDS
    assert (neural.made, len(neural.runs), smt.asked) == (1, 2, 1)


def test_a_large_problem_goes_to_bounds_until_they_give_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wide = dense(([[1]] * 60, [0] * 60), ([[1] * 60], [0]))
    answer, neural, smt = play(monkeypatch, [OPEN], PROVED, tiny=wide)
    assert answer is OPEN
    assert smt.asked == 0
    assert neural.runs[0] > 19
    answer, _, smt = play(monkeypatch, [STUCK], PROVED, tiny=wide)
    assert answer is PROVED
    assert smt.asked == 1


def test_both_give_up(monkeypatch: pytest.MonkeyPatch) -> None:
    answer, _, _ = play(monkeypatch, [OPEN, STUCK], LOST)
    assert (answer.reached, answer.reason) == (None, Reason.SOLVER_GAVE_UP)


def refusing(problem: Problem, **_: Any) -> Any:
    raise UnsupportedOperator("argmax", "n3", "no bounds for it")


def test_an_operator_without_bounds_goes_to_z3(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(solve, "Search", refusing)
    problem = problem_of(forall(O, LINE.value(O) <= 5))
    for answer, expected in ((PROVED, False), (FOUND, True)):
        engines = Engines(Smt(answer))  # pyright: ignore[reportArgumentType]
        assert decide(problem, engines, Deadline.after(5)).reached is expected
    engines = Engines(Smt(UNKNOWN_OPERATOR))  # pyright: ignore[reportArgumentType]
    answer = decide(problem, engines, Deadline.after(5))
    assert (answer.reached, answer.reason) == (None, Reason.UNSUPPORTED_OPERATOR)
    assert "argmax" in answer.detail
    assert "n3" in answer.detail


@pytest.mark.parametrize(
    ("neural", "smt", "expected"),
    [
        (HOLDS, PROVED, HOLDS),
        (HOLDS, LOST, HOLDS),
        (OPEN, PROVED, PROVED),
        (OPEN, FOUND, FOUND),
        (OPEN, LOST, LOST),
    ],
)
def test_with_cross_check_both_are_asked(
    monkeypatch: pytest.MonkeyPatch, neural: Answer, smt: Answer, expected: Answer
) -> None:
    answer, asked, z3 = play(monkeypatch, [neural], smt, cross_check=True)
    assert answer is expected
    assert (len(asked.runs), z3.asked) == (1, 1)


@pytest.mark.parametrize(("neural", "smt"), [(HOLDS, FOUND), (FOUND, PROVED)])
def test_engines_that_disagree_are_a_fault(
    monkeypatch: pytest.MonkeyPatch, neural: Answer, smt: Answer
) -> None:
    with pytest.raises(EngineFault, match=r"says it (holds|can be violated)"):
        play(monkeypatch, [neural], smt, cross_check=True)


def test_with_cross_check_an_operator_without_bounds_is_left_to_z3(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(solve, "Search", refusing)
    engines = Engines(Smt(PROVED), cross_check=True)  # pyright: ignore[reportArgumentType]
    problem = problem_of(forall(O, LINE.value(O) <= 5))
    assert decide(problem, engines, Deadline.after(5)) is PROVED


# What needs no engine.


def never(problem: Problem, **_: Any) -> Any:
    raise AssertionError("no engine is needed")


P = LINE.observation("p")


@pytest.mark.parametrize(
    ("formula", "reached", "reason"),
    [
        (truth(True), False, None),
        (truth(False), True, None),
        (forall(O, not_(and_(O["x"] > 0.5, O["x"] < 0.25))), False, None),
        (forall(O, LINE.value(O) - LINE.value(O) <= 0), False, None),
        (forall(O, LINE.value(O) - LINE.value(O) < 0), True, None),
        (forall(O, exists(P, P["x"] > O["x"])), None, Reason.UNSUPPORTED_STATEMENT),
    ],
)
@pytest.mark.parametrize("cross_check", [False, True])
def test_what_needs_no_engine(
    monkeypatch: pytest.MonkeyPatch,
    formula: Term,
    reached: bool | None,
    reason: Reason | None,
    cross_check: bool,
) -> None:
    monkeypatch.setattr(solve, "Search", never)
    engines = Engines(None, cross_check=cross_check)  # pyright: ignore[reportArgumentType]
    answer = decide(problem_of(formula), engines, Deadline.after(1))
    assert (answer.reached, answer.reason) == (reached, reason)
    if reached:
        assert answer.point is not None


@pytest.mark.parametrize(
    ("tiny", "expected"),
    [(TINY, 1), (dense(([[1]] * 7, [0] * 7), ([[1] * 7], [0])), 7), (dense(([[1]], [0])), 0)],
)
def test_bends_are_counted(tiny: Tiny, expected: int) -> None:
    assert bends(problem_of(forall(O, LINE.value(O) <= 5), tiny)) == expected


def test_progress_is_handed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []

    @dataclass
    class Reporting(Neural):
        def run(self, deadline: Deadline, progress: Progress | None = None) -> Answer:
            assert progress is not None
            progress(0.5, 3)
            return HOLDS

    monkeypatch.setattr(solve, "Search", Reporting([]))
    engines = Engines(Smt(LOST))  # pyright: ignore[reportArgumentType]
    problem = problem_of(forall(O, LINE.value(O) <= 5))
    report: Callable[[float, int], None] = lambda share, boxes: seen.append((share, boxes))  # noqa: E731
    decide(problem, engines, Deadline.after(1), report)
    assert seen == [(0.5, 3)]


def test_a_graph_without_variables_has_one_input_all_the_same() -> None:
    network, offsets = GraphBuilder().finish([], "empty")
    assert network.input_size == 1
    assert offsets == {"x": 0}
