"""A search in two processes: the same answers, and nothing is believed that was not reported."""

from __future__ import annotations

import os
import signal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from engine_case import dense, on_time
from hypothesis import given
from hypothesis import strategies as st
from test_branch import corridor
from torch import Tensor

from theory import Agent, Feature, and_, forall, implies
from verify.answer import Deadline
from verify.bind import BoundProperty
from verify.certificate.audit import Opinion, audit
from verify.certificate.tree import ROOT, Record
from verify.certificate.write import Uncertified, entry
from verify.judge import judge
from verify.neural import pair
from verify.neural.branch import Search
from verify.neural.candidate import Candidates
from verify.neural.pair import processes_at_hand, run_in_pair
from verify.problem import Problem, compile_goal
from verify.smt.solver import SmtSolver
from verify.solve import Engines
from verify.verdict import EngineFault, Guarantee, Reason, Verdict

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")

AGENT = Agent(observation=[Feature(n, -4, 4) for n in "xyz"], actions=["left", "right"])
O, P = AGENT.observation("o"), AGENT.observation("p")


def hills(limit: int) -> BoundProperty:
    """From one point to a near one a random network of 20 ReLU rises by no more than a limit."""
    rng = np.random.default_rng(3)

    def floats(*shape: int) -> list[Any]:
        values = rng.normal(size=shape).astype(np.float32)
        return [[Fraction(float(v)) for v in row] for row in values]

    biases = [[row[0] for row in floats(10, 1)] for _ in range(2)]
    first, second, last = floats(10, 3), floats(10, 10), floats(1, 10)
    tiny = dense((first, biases[0]), (second, biases[1]), (last, [Fraction(0)]))
    near = and_(*[and_(O[n] - P[n] <= 1, P[n] - O[n] <= 1) for n in "xyz"])
    formula = forall(O, P, implies(near, AGENT.value(O) - AGENT.value(P) <= limit))
    return BoundProperty(formula.named("hills"), {"value": tiny.network()})


def compiled(one: BoundProperty) -> Problem:
    return compile_goal(one.property.formula, one.functions, wanted=False, name="hills")


@pytest.fixture
def early(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second process starts at once, and as often as there is anything to share."""
    monkeypatch.setattr(pair, "ALONE_S", 0.0)
    monkeypatch.setattr(pair, "SLICE_S", 0.01)
    monkeypatch.setattr(pair, "FEWEST", 2)


@pytest.fixture
def forks(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The processes that were started."""
    made: list[int] = []
    fork = os.fork

    def counted() -> int:
        process = fork()
        if process:
            made.append(process)
        return process

    monkeypatch.setattr(os, "fork", counted)
    return made


def reaped(processes: list[int]) -> bool:
    """Whether none of the processes is left."""
    for process in processes:
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            continue
        return False
    return True


HOLDS, LONG, FAILS = hills(44), hills(24), hills(12)


def searched(one: BoundProperty, record: Record | None = None, seconds: float = 20.0) -> Any:
    found = Search(compiled(one), batch=4, record=record)
    return found, run_in_pair(found, Deadline.after(seconds))


def test_two_processes_prove(early: None, forks: list[int]) -> None:
    shares: list[float] = []
    search = Search(compiled(HOLDS), batch=4)
    answer = run_in_pair(search, Deadline.after(20), lambda share, boxes: shares.append(share))
    assert answer.reached is False
    assert answer.guarantee is Guarantee.FLOAT32
    assert search.proved == pytest.approx(1.0, abs=1e-9)
    assert all(0 <= share <= 1 + 1e-9 for share in shares)
    assert forks
    assert reaped(forks)


def test_two_processes_refute(early: None, forks: list[int]) -> None:
    problem = compiled(FAILS)
    search = Search(problem, batch=4)
    search.climbs = False
    answer = run_in_pair(search, Deadline.after(20))
    assert answer.reached is True
    assert answer.point is not None
    assert problem.reached(answer.point)
    assert reaped(forks)


def test_a_witness_of_the_second_process_is_taken(
    early: None, forks: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first one accepts nothing."""
    first, accept = os.getpid(), Candidates.accept

    def accepted(candidates: Candidates, points: Tensor) -> bool:
        return os.getpid() != first and accept(candidates, points)

    monkeypatch.setattr(Candidates, "accept", accepted)
    problem = compiled(FAILS)
    search = Search(problem, batch=4)
    answer = run_in_pair(search, Deadline.after(20))
    assert answer.reached is True
    assert answer.point is not None
    assert problem.reached(answer.point)
    assert reaped(forks)


def test_the_record_of_both_is_a_proof(early: None, forks: list[int]) -> None:
    problem = compiled(HOLDS)
    record = Record()
    _, answer = searched(HOLDS, record)
    assert forks
    assert answer.record is record
    made = entry("hills", problem, record, guarantee=answer.guarantee, occasion=[Fraction(0)] * 6,
                 deadline=Deadline.after(20))  # fmt: skip
    assert not isinstance(made, Uncertified)
    (found,) = audit([made], [HOLDS])
    assert found.opinion is Opinion.ACCEPTED


@pytest.mark.parametrize("how", ["killed", "left", "cut off"])
def test_what_was_not_reported_is_open(
    how: str, early: None, forks: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(search: Search, given: Any, *rest: Any) -> Any:
        """Closes everything that it was given, and ends."""
        search.queue = given
        search.run(Deadline.after(20))
        assert len(search.queue) == 0
        if how == "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        if how == "left":
            os._exit(1)
        return _Large()

    monkeypatch.setattr(pair, "_searched", lost)
    given: list[int] = []
    halved = pair.Queue.halved

    def counted(queue: Any) -> Any:
        half = halved(queue)
        given.append(len(half))
        return half

    monkeypatch.setattr(pair.Queue, "halved", counted)
    if how == "cut off":
        monkeypatch.setattr(pair._Helper, "_length", 10**9)
    search = Search(compiled(HOLDS), batch=4)
    answer = run_in_pair(search, Deadline.after(20))
    assert len(forks) == len(given) == 1  # no second one after one that was lost
    assert answer.reached is False
    assert search.proved == pytest.approx(1.0, abs=1e-9)  # its share was proved here
    open_ = Search(compiled(HOLDS), batch=4)
    monkeypatch.setattr(pair._Helper, "wait", lambda *_: None)
    short = run_in_pair(open_, Deadline.after(0.05))
    assert short.reached is None
    assert len(open_.queue) > 0
    assert open_.proved < 1
    assert reaped(forks)


class _Large:
    """Something to report that no report is."""

    def __reduce__(self) -> Any:
        return (bytes, (10**5,))


def test_a_fault_of_the_second_process_is_a_fault(
    early: None, forks: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    def faulty(*_: Any) -> Any:
        raise EngineFault("the bounds of a tensor cross")

    monkeypatch.setattr(pair, "_searched", faulty)
    with pytest.raises(EngineFault, match="cross"):
        searched(HOLDS)
    assert reaped(forks)


def test_an_interrupt_ends_the_second_process(
    early: None, forks: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: Any) -> None:
        if forks:
            raise KeyboardInterrupt

    search = Search(compiled(HOLDS), batch=4)
    with pytest.raises(KeyboardInterrupt):
        run_in_pair(search, Deadline.after(20), interrupted)
    assert forks
    assert reaped(forks)


@pytest.mark.parametrize("error", [OSError("no more processes"), KeyboardInterrupt()])
def test_where_there_is_no_room_for_a_second_process_one_does_it_all(
    early: None, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    def fork() -> int:
        raise error

    monkeypatch.setattr(os, "fork", fork)
    search = Search(compiled(HOLDS), batch=4)
    if isinstance(error, OSError):
        assert run_in_pair(search, Deadline.after(20)).reached is False
        assert search.proved == pytest.approx(1)
        return
    with pytest.raises(KeyboardInterrupt):
        run_in_pair(search, Deadline.after(20))
    assert search.run(Deadline.after(20)).reached is False
    assert search.proved == pytest.approx(1)


@pytest.mark.parametrize("seconds", [0.2, 0.6])
def test_the_deadline_is_kept_by_both(seconds: float, early: None, forks: list[int]) -> None:
    search = Search(compiled(LONG), batch=4)
    answer = on_time(
        seconds + pair.GRACE_S + 0.5, lambda: run_in_pair(search, Deadline.after(seconds))
    )
    assert answer.reached is None
    assert answer.reason is Reason.TIME
    assert len(search.queue) > 0
    assert reaped(forks)


def test_it_can_be_run_on(early: None) -> None:
    search = Search(corridor(), batch=1)
    answer = search.answer()
    for _ in range(400):
        before = search.proved
        answer = run_in_pair(search, Deadline.after(0.05))
        assert search.proved >= before
        if answer.reached is not None:
            break
    assert answer.reached is False
    assert search.proved == pytest.approx(1.0, abs=1e-9)


def test_engines_use_two_only_where_they_may(
    early: None, forks: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    with SmtSolver() as smt:
        assert judge(HOLDS, Engines(smt), 20.0).verdict is Verdict.HOLDS
        assert not forks
        monkeypatch.setattr("verify.solve.processes_at_hand", lambda device: 2)
        assert judge(HOLDS, Engines(smt, processes=None), 20.0).verdict is Verdict.HOLDS
        assert forks
    assert processes_at_hand("meta") == 1


# The record of two.


@given(plan=st.lists(st.tuples(st.booleans(), st.integers(0, 30)), max_size=12))
def test_two_records_grow_together(plan: list[tuple[bool, int]]) -> None:
    """The same tree as if one record had been told of all splits."""
    whole, first, second = Record(), Record(), Record()
    one = np.array([ROOT])
    halves = one
    for record in (whole, first, second):
        halves = record.split_neurons(one, "z", np.array([0]))
    start = first.count
    ours = {int(n): (True, int(n)) for n in halves[:1]} | {
        int(n): (False, int(n)) for n in halves[1:]
    }
    leaves = list(ours)
    names = dict(ours)
    for neuron, choice in plan:
        at = leaves.pop(choice % len(leaves))
        mine, number = names[at]
        record = first if mine else second
        made: list[Any] = []
        for target, box in ((whole, at), (record, number)):
            box_ids = np.array([box])
            if neuron:
                made.append(target.split_neurons(box_ids, f"t{choice % 3}", np.array([choice])))
            else:
                made.append(target.split_inputs(box_ids, np.array([choice]), np.array([0.5])))
        for here, there in zip(*made, strict=True):
            names[int(here)] = (mine, int(there))
            leaves.append(int(here))
    theirs = [names[at][1] for at in leaves if not names[at][0]]
    numbers = first.grow(second.since(start), np.array(theirs, dtype=np.int64))
    a, b = whole.tree(), first.tree()
    assert a.kind.tolist() == b.kind.tolist()
    assert a.place.tolist() == b.place.tolist()
    assert a.cut.tolist() == b.cut.tolist()
    assert [a.tensors[t] for t in a.tensor if a.tensors] == [b.tensors[t] for t in b.tensor]
    assert set(numbers.tolist()) <= set(first.leaves().tolist())
    assert first.count == whole.count
