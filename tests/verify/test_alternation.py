"""Quantifiers over a continuum that work against the search: proofs and refutations by choices.

Where the inner variable is one number that enters no network, the truth at one point of the outer
variables is found exactly: it changes at the thresholds of the comparisons only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from random import Random
from typing import Any

import msgspec
import pytest
from engine_case import Tiny, dense, draw_tiny
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn
from strategy import dyadics, flat, pick

from theory import (
    Agent,
    Feature,
    Interpretation,
    Term,
    and_,
    eq,
    evaluate,
    exists,
    forall,
    implies,
    or_,
)
from theory.property import Property
from theory.term import real
from theory.value import Vector
from verify.alternation import Played, is_game, play
from verify.answer import Deadline
from verify.bind import BoundProperty
from verify.certificate.audit import Opinion, audit
from verify.judge import judge
from verify.problem import compile_goal
from verify.smt.solver import SmtSolver
from verify.solve import Engines
from verify.verdict import Guarantee, Reason, Result, Verdict

LOW, HIGH = Fraction(-4), Fraction(4)
Y = real("y", LOW, HIGH)


@dataclass(frozen=True)
class Case:
    """forall o: exists y in [-4, 4]: a Boolean combination of comparisons of y with terms of o."""

    agent: Agent
    tinies: dict[str, Tiny]
    body: Term
    thresholds: tuple[Term, ...]

    @property
    def bound(self) -> BoundProperty:
        formula = forall(self.agent.observation("o"), exists(Y, self.body))
        networks = {name: tiny.network(name) for name, tiny in self.tinies.items()}
        return BoundProperty(Property("game", formula, claim="A game."), networks)

    def answered(self, o: dict[str, Fraction]) -> bool:
        """Whether some y makes the body true at this observation, exactly."""
        functions: dict[str, Any] = {
            "score": lambda o: Vector(
                tuple(self.tinies["score"](flat(self.agent, o))), self.agent.action_sort
            ),
            "value": lambda o: self.tinies["value"](flat(self.agent, o))[0],
        }
        at = Interpretation(functions, variables={"o": o})
        marks = sorted({LOW, HIGH, *(evaluate(t, at) for t in self.thresholds)})
        marks = [m for m in marks if LOW <= m <= HIGH]
        tried = marks + [(a + b) / 2 for a, b in pairwise(marks)]
        return any(evaluate(self.body, at.bind({"y": y})) for y in tried)


@st.composite
def cases(draw: DrawFn) -> Case:
    features = [Feature("x", -1, 1)]
    if pick(draw, (True, False)):
        features.append(pick(draw, (Feature("z", 0, 2), Feature("on", flag=True))))
    agent = Agent(observation=features, actions=["left", "right"])
    size = len(features)
    tinies = {
        "score": draw_tiny(draw, size, 2, bends=3),
        "value": draw_tiny(draw, size, 1, bends=2),
    }
    o = agent.observation("o")
    terms = [agent.score(o, "left"), agent.score(o, "right"), agent.value(o), o["x"]]
    thresholds: list[Term] = []

    def comparison() -> Term:
        term = pick(draw, terms) + draw(dyadics(2, 2))
        thresholds.append(term)
        return pick(draw, (Y >= term, Y <= term, Y < term, Y > term))

    body = and_(comparison(), comparison())
    if pick(draw, (True, False)):
        body = pick(draw, (and_, or_, implies))(comparison(), body)
    return Case(agent, tinies, body, tuple(thresholds))


def observations(agent: Agent, seed: int) -> list[dict[str, Fraction]]:
    random = Random(seed)

    def value(feature: Feature, share: Fraction) -> Fraction:
        if feature.values is not None:
            return random.choice(feature.values)
        return feature.lower + (feature.upper - feature.lower) * share

    shares = [*map(Fraction, (0, 1)), *(Fraction(random.randint(0, 64), 64) for _ in range(30))]
    return [{f.name: value(f, share) for f in agent.features} for share in shares]


@pytest.fixture(scope="module")
def smt():
    with SmtSolver() as solver:
        yield solver


def played(one: BoundProperty, smt: SmtSolver, seconds: float = 1.0) -> Played:
    problem = compile_goal(one.property.formula, one.functions, wanted=False)
    assert is_game(problem)
    return play(one, problem, Engines(smt), Deadline.after(seconds), lambda *_: None)


def judged(one: BoundProperty, smt: SmtSolver, seconds: float = 20.0) -> Result:
    return judge(one, Engines(smt, certify_s=seconds), seconds)


@settings(max_examples=25)
@given(case=cases())
def test_against_the_exact_truth(case: Case, smt: SmtSolver) -> None:
    check(case, smt)


@pytest.mark.slow
def test_against_the_exact_truth_at_length(smt: SmtSolver) -> None:
    decided = {True: 0, False: 0, None: 0}

    @settings(max_examples=300)
    @given(case=cases())
    def run(case: Case) -> None:
        decided[check(case, smt)] += 1

    run()
    assert decided[True] > 20
    assert decided[False] > 20


def check(case: Case, smt: SmtSolver) -> bool | None:
    game = played(case.bound, smt)
    if game.answer.reached is False:
        for o in observations(case.agent, seed=1):
            assert case.answered(o), f"claims that there is an answer at {o}"
        return True
    if game.answer.reached:
        (choice,) = game.choices["o"]
        o = {part: line.constant for part, line in choice.parts}
        assert not case.answered(o), f"claims that there is no answer at {o}"
        return False
    return None


# Several quantifiers over one name, beside and inside each other, and names that look like theirs.

SAME = [Y, Y, real("y#2", LOW, HIGH), real("x", LOW, HIGH)]


@dataclass(frozen=True)
class Part:
    """exists y in [-4, 4]: comparisons of y with terms of o, and perhaps another part."""

    variable: Term
    body: Term
    thresholds: tuple[Term, ...]
    inner: Part | None = None

    def term(self) -> Term:
        """The formula; what is inside shadows the name, or has its own."""
        whole = self.body if self.inner is None else and_(self.body, self.inner.term())
        return exists(self.variable, whole)

    def answered(self, at: Interpretation) -> bool:
        """Whether some y makes it true, exactly."""
        marks = sorted({LOW, HIGH, *(evaluate(t, at) for t in self.thresholds)})
        marks = [m for m in marks if LOW <= m <= HIGH]
        tried = marks + [(a + b) / 2 for a, b in pairwise(marks)]
        name = self.variable.payload[0]
        own = any(evaluate(self.body, at.bind({name: y})) for y in tried)
        return own and (self.inner is None or self.inner.answered(at))


@st.composite
def crowds(draw: DrawFn) -> tuple[Tiny, tuple[Part, ...], Any]:
    tiny = draw_tiny(draw, 1, 1, bends=2)
    o = LINE.observation("o")
    terms = [LINE.value(o), o["x"]]

    def part(depth: int) -> Part:
        y = pick(draw, SAME)
        ends = [pick(draw, terms) + draw(dyadics(2, 2)) for _ in range(2)]
        body = and_(*(pick(draw, (y >= end, y <= end, y < end)) for end in ends))
        inner = part(depth - 1) if depth and pick(draw, (True, False)) else None
        return Part(y, body, tuple(ends), inner)

    return tiny, (part(1), part(1)), pick(draw, (and_, or_))


@settings(max_examples=15)
@given(crowd=crowds())
def test_quantifiers_over_one_name_against_the_exact_truth(
    crowd: tuple[Tiny, tuple[Part, ...], Any], smt: SmtSolver
) -> None:
    check_crowd(crowd, smt)


@pytest.mark.slow
def test_quantifiers_over_one_name_at_length(smt: SmtSolver) -> None:
    decided = {True: 0, False: 0, None: 0}

    @settings(max_examples=80)
    @given(crowd=crowds())
    def run(crowd: tuple[Tiny, tuple[Part, ...], Any]) -> None:
        decided[check_crowd(crowd, smt)] += 1

    run()
    assert decided[True] > 5
    assert decided[False] > 5


def check_crowd(crowd: tuple[Tiny, tuple[Part, ...], Any], smt: SmtSolver) -> bool | None:
    tiny, parts, join = crowd
    functions = {"value": lambda o: tiny(flat(LINE, o))[0]}

    def true(o: dict[str, Fraction]) -> bool:
        at = Interpretation(functions, variables={"o": o})
        return {and_: all, or_: any}[join](part.answered(at) for part in parts)

    one = about(forall(LINE.observation("o"), join(*(part.term() for part in parts))), tiny)
    game = played(one, smt)
    if game.answer.reached is False:
        for o in observations(LINE, seed=2):
            assert true(o), f"claims that there is an answer at {o}"
        return True
    if game.answer.reached:
        (choice,) = game.choices["o"]
        o = {part: line.constant for part, line in choice.parts}
        assert not true(o), f"claims that there is no answer at {o}"
        return False
    return None


# Statements whose truth is known.

LINE = Agent(observation=[Feature("x", -1, 1)], actions=["left", "right"])
X = LINE.observation("o")
VALUE = LINE.value(X)
HAIR = Fraction(1, 1000)
BENT = dense(([[1], [-1]], [0, 0]), ([[1, 1]], [0]))
"""|x|."""


def about(formula: Term, tiny: Tiny = BENT) -> BoundProperty:
    return BoundProperty(Property("p", formula, claim="P."), {"value": tiny.network("value")})


@pytest.mark.parametrize(
    ("formula", "verdict"),
    [
        (exists(X, VALUE >= Fraction(3, 4)), Verdict.HOLDS),
        (exists(X, VALUE >= 1), Verdict.HOLDS),
        (exists(X, VALUE > 1 + HAIR), Verdict.VIOLATED),
        (exists(X, and_(VALUE <= Fraction(1, 10), X["x"] >= Fraction(1, 5))), Verdict.VIOLATED),
        (exists(Y, forall(X, Y >= VALUE)), Verdict.HOLDS),
        (exists(Y, forall(X, and_(Y >= VALUE, Y < 1 - HAIR))), Verdict.VIOLATED),
        (forall(X, exists(Y, and_(Y >= VALUE, Y <= VALUE + Fraction(1, 2)))), Verdict.HOLDS),
        (forall(X, exists(Y, and_(Y > VALUE, Y > 3 + HAIR, Y - 3 < VALUE))), Verdict.VIOLATED),
        (forall(X, exists(Y, abs(Y - X["x"] * 3) <= HAIR)), Verdict.HOLDS),
        (forall(X, exists(Y, eq(Y, X["x"] * 5))), Verdict.VIOLATED),
        (forall(X, implies(X["x"] >= 0, exists(Y, abs(Y - VALUE) <= HAIR))), Verdict.HOLDS),
    ],
)
def test_known_statements(formula: Term, verdict: Verdict, smt: SmtSolver) -> None:
    one = about(formula)
    result = judged(one, smt)
    assert result.verdict is verdict, (result.reason, result.detail)
    if verdict is Verdict.HOLDS:
        assert result.certificate is not None, result.uncertified
        (found,) = audit([result.certificate], [one])
        assert found.opinion is Opinion.ACCEPTED, found.detail
    else:
        assert result.witness is None
        assert result.guarantee is Guarantee.FLOAT32
        assert result.detail.startswith("proved: no choice makes it true")


def test_a_choice_that_is_computed_proves_real_arithmetic_only(smt: SmtSolver) -> None:
    """y = 3 x + 1/2 need not be a float32 number where x is one."""
    one = about(forall(X, exists(Y, abs(Y - X["x"] * 3) <= HAIR)))
    result = judged(one, smt)
    assert result.guarantee is Guarantee.REAL
    assert result.certificate is not None
    lie = msgspec.structs.replace(result.certificate, guarantee="float32")
    (found,) = audit([lie], [one])
    assert found.opinion is Opinion.REJECTED


def test_a_choice_outside_its_domain_is_rejected(smt: SmtSolver) -> None:
    one = about(exists(X, VALUE >= 1))
    entry = judged(one, smt).certificate
    assert entry is not None
    bad: Sequence[Any] = (
        {"o": ({"x": ("2", {})},)},
        {"o": ({"x": ("one", {})},)},
        {"o": ({"y": ("1", {})},)},
        {"o": ({"x": ("0", {"p": {"x": "1"}})},)},
        {"o": ()},
        {},
    )
    for choices in bad:
        (found,) = audit([msgspec.structs.replace(entry, choices=choices)], [one])
        assert found.opinion is Opinion.REJECTED


def test_what_choices_do_not_settle_is_open(smt: SmtSolver) -> None:
    """y = x^2 needs infinitely many choices, or one that is not affine."""
    one = about(forall(X, exists(Y, eq(Y, X["x"] * X["x"]))))
    result = judged(one, smt, 2.0)
    assert result.verdict is Verdict.UNKNOWN
    assert result.reason in (Reason.SOLVER_GAVE_UP, Reason.TIME)
