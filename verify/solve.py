"""Choosing an engine: attack and rigorous bounds first, Z3 where the problem is small enough.

Both engines answer the same question, so what the one cannot decide the other is asked.
"""

from __future__ import annotations

from dataclasses import dataclass

from theory.error import UnsupportedOperator
from verify.answer import Answer, Deadline, Progress
from verify.certificate.tree import Record
from verify.neural.branch import Search
from verify.neural.pair import processes_at_hand, run_in_pair
from verify.neural.precision import require_device
from verify.problem.goal import ALWAYS, undecidable_parts
from verify.problem.problem import Problem
from verify.smt.solver import SmtSolver
from verify.verdict import EngineFault, Guarantee, Reason

FIRST_SLICE_S = 2.0
SMT_SLICE_S = 10.0
SMALL = 40
"""Number of piecewise entries up to which Z3 is asked early."""


@dataclass(frozen=True)
class Engines:
    """What `decide` may use.

    Attributes:
        smt: the complete engine.
        seed: of every pseudo-random choice.
        cross_check: let both engines answer, and compare.
        device: torch device of the neural engine.
        certify_s: seconds to spend on the certificate of a proof; None where nobody wants one.
        processes: that the neural engine may use for one problem, of which two pay; None for as
            many as there are cores for.
    """

    smt: SmtSolver
    seed: int = 0
    cross_check: bool = False
    device: str = "cpu"
    certify_s: float | None = None
    processes: int | None = 1

    def __post_init__(self) -> None:
        """Raises: InputError: torch cannot compute on the device."""
        require_device(self.device)

    def run(self, search: Search, deadline: Deadline, progress: Progress | None) -> Answer:
        """Run a search, or run it on, in as many processes as there may be."""
        if self.processes != 1 and processes_at_hand(self.device) > 1:
            return run_in_pair(search, deadline, progress)
        return search.run(deadline, progress)

    def search(self, problem: Problem) -> Search:
        """A search of the neural engine for one problem.

        Raises:
            UnsupportedOperator: the network has an operator without bounds.
        """
        record = None if self.certify_s is None else Record()
        return Search(problem, seed=self.seed, device=self.device, record=record)


def decide(
    problem: Problem, engines: Engines, deadline: Deadline, progress: Progress | None = None
) -> Answer:
    """Is there a point of the box at which the goal is reached?

    Raises:
        EngineFault: the engines disagree (with `cross_check`).
    """
    trivial = _trivial(problem)
    if trivial is not None:
        return trivial
    if not engines.cross_check:
        return _alternate(problem, engines, deadline, progress)
    first = _neural(problem, engines, deadline.earlier(deadline.left / 2), progress)
    second = engines.smt.decide(problem, deadline)
    if first.reached is not None and second.reached is not None and first.reached != second.reached:
        raise EngineFault(
            f"{problem.network.name}: {first.engine} says {_word(first)}, "
            f"{second.engine} says {_word(second)}"
        )
    return first if first.reached is not None else second


def _trivial(problem: Problem) -> Answer | None:
    """Answers that need no engine."""
    why = undecidable_parts(problem.goal)
    if why:
        return Answer(None, reason=Reason.UNSUPPORTED_STATEMENT, detail=why[0])
    if problem.empty:
        return Answer(False, guarantee=Guarantee.FLOAT32, proved_share=1.0, engine="logic")
    if problem.goal == ALWAYS:
        point = tuple(v.lower for v in problem.variables)
        return Answer(True, point=point, engine="logic")
    if not problem.inequalities:
        return Answer(False, guarantee=Guarantee.FLOAT32, proved_share=1.0, engine="logic")
    return None


def _neural(
    problem: Problem, engines: Engines, deadline: Deadline, progress: Progress | None
) -> Answer:
    try:
        return engines.search(problem).run(deadline, progress)
    except UnsupportedOperator as error:
        return Answer(None, reason=Reason.UNSUPPORTED_OPERATOR, detail=str(error), engine="neural")


def _alternate(
    problem: Problem, engines: Engines, deadline: Deadline, progress: Progress | None
) -> Answer:
    try:
        search = engines.search(problem)
    except UnsupportedOperator as error:
        answer = engines.smt.decide(problem, deadline)
        if answer.reason is Reason.UNSUPPORTED_OPERATOR:
            return Answer(None, reason=answer.reason, detail=str(error), engine="neural")
        return answer
    small = bends(problem) <= SMALL
    first = deadline.earlier(FIRST_SLICE_S) if small else deadline
    answer = engines.run(search, first, progress)
    if answer.reached is None and small:
        second = engines.smt.decide(problem, deadline.earlier(SMT_SLICE_S))
        if second.reached is not None:
            return second
        answer = engines.run(search, deadline, progress)
    if answer.reason is Reason.SOLVER_GAVE_UP and not deadline.passed:
        second = engines.smt.decide(problem, deadline)
        if second.reached is not None:
            return second
    return answer


def bends(problem: Problem) -> int:
    """How many entries of the network are not affine in its input."""
    kinds = {"relu", "leaky_relu", "abs", "maximum", "minimum", "max_pool", "reduce_max"}
    return sum(node.size for node in problem.network.nodes if node.op in kinds)


def _word(answer: Answer) -> str:
    return "it can be violated" if answer.reached else "it holds"
