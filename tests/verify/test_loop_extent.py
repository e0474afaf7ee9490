"""All starts that violate: against single trajectories, followed exactly."""

from __future__ import annotations

from fractions import Fraction

from engine_case import Tiny, dense, draw_tiny, interpretation
from hypothesis import event, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn
from loop_case import Loop, condition, loops
from strategy import pick

from theory import Agent, Feature, Term, and_, eq, evaluate, forall, implies, or_, world
from verify.answer import Deadline
from verify.check import check
from verify.loop.extent import Extent, Interval, extent, joined
from verify.loop.policy import Policy
from verify.loop.question import questions
from verify.spec import Spec
from verify.verdict import Verdict

F = Fraction


@st.composite
def cases(draw: DrawFn) -> tuple[Loop, Tiny, Term, Term]:
    """A loop with one free number, a network, and what always has to be true on its trajectories,
    closed and from the start `o`.
    """
    loop = draw(loops(wide=True).filter(_has_one_range))
    tiny = draw_tiny(draw, len(loop.world.agent.features), 2, bends=2)
    o = loop.world.state("o")
    run = loop.world.trajectory(o, pick(draw, (1, 2, 3)))
    asked = condition(draw, loop)
    formula = run.always(asked)
    fixed = [eq(o[f.name], f.values[0]) for f in loop.world.agent.features if f.values is not None]
    return loop, tiny, forall(o, implies(and_(*fixed), formula)), formula


def _has_one_range(loop: Loop) -> bool:
    return sum(feature.values is None for feature in loop.world.agent.features) == 1


def found(loop: Loop, tiny: Tiny, formula: Term) -> Extent | None:
    (part,) = questions(formula) or []
    network = tiny.network()
    meant = interpretation(loop.world.agent, {"score": tiny})
    policy = Policy(loop.world.agent, network)
    question = part.bounded(part.span.steps or 0)
    return extent(question, policy, meant.functions, Deadline.after(2.0))


@settings(max_examples=50)
@given(cases())
def test_each_start_violates_where_that_is_said(case: tuple[Loop, Tiny, Term, Term]):
    loop, tiny, closed, formula = case
    where = found(loop, tiny, closed)
    event("none" if where is None else f"complete {where.complete}")
    if where is None:
        return
    meant = interpretation(loop.world.agent, {"score": tiny})
    (name,) = (f.name for f in loop.world.agent.features if f.values is None)
    assert where.name == f"o.{name}"
    first = {f.name: f.values[0] for f in loop.world.agent.features if f.values is not None}
    ends = [end for one in where.intervals for end in (one.lower, one.upper)]
    points = {F(k, 16) for k in range(-16, 17)}.union(
        *({e - F(1, 999), e, e + F(1, 999)} for e in ends)
    )
    for point in sorted(p for p in points if -1 <= p <= 1):
        violates = not evaluate(formula, meant.bind({"o": {**first, name: point}}))
        said = any(point in one for one in where.intervals)
        assert violates if said else not (violates and where.complete)


def test_intervals_that_touch_are_one():
    def interval(a: int, b: int, opens: bool, closes: bool) -> Interval:
        return Interval(F(a), opens, F(b), closes)

    assert joined([interval(1, 2, False, False), interval(2, 3, False, True)]) == [
        interval(1, 3, False, True)
    ]
    apart = [interval(1, 2, False, False), interval(2, 3, True, True)]
    assert joined(apart[::-1]) == apart
    assert list(map(str, apart)) == ["[1, 2)", "(2, 3]"]
    assert str(interval(2, 2, False, True)) == "{2}"


def test_a_report_says_exactly_where_a_walk_begins_that_ends_badly():
    agent = Agent(observation=[Feature("x", 0, 4)], actions=["go", "wait"])
    there = world(agent, lambda s, a: {"x": s["x"] + 1} if a == "go" else {}, name="road")
    s = there.state("s")
    apart = there.trajectory(s, 2).always(lambda t: or_(t["x"] < 3, t["x"] > F(7, 2)))
    goes = dense(([[0], [0]], [1, 0])).network()
    (result,) = check(goes, Spec(agent, (forall(s, apart).named("apart"),))).results
    assert result.verdict is Verdict.VIOLATED
    assert result.region == "exactly where s.x is in [1, 1.5] or [2, 2.5] or [3, 3.5]"
    ever = forall(s, there.trajectory(s).always(lambda t: t["x"] < 3)).named("ever")
    (result,) = check(goes, Spec(agent, (ever,))).results
    assert (result.verdict, result.region) == (Verdict.VIOLATED, "")
