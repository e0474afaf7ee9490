"""The engines against the reference semantics, on random formulas about random networks.

Where everything is finite, and where one real number varies, the truth is computed exactly and in
full; elsewhere a witness has to falsify the formula, and HOLDS has to survive points, whole lines
through the box, and the other engine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

import pytest
from differential import Case, Engine, compare, counterexample, whole_truth
from engine_case import Tiny, dense, draw_tiny
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn
from strategy import TIES, agents, dyadics, flat, formulas, matrices, pick
from sweep import breakpoints

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
    iff,
    implies,
    maximum,
    or_,
)
from theory.term import number
from theory.value import Vector
from verify.answer import Answer, Deadline
from verify.certificate.tree import Record
from verify.certificate.write import Uncertified, certify
from verify.neural.branch import Search
from verify.problem import Problem
from verify.smt.solver import SmtSolver
from verify.verdict import Guarantee

FINITE, SINGLE, SEVERAL, EDGE, AWKWARD, COMPOSED, SMOOTH = 120, 130, 110, 80, 80, 60, 50
SAFETY = 25
BENDS = 4
"""Piecewise entries of one network; a formula may speak of several copies."""

Engines = dict[str, tuple[Engine, float]]


def neural(problem: Problem, deadline: Deadline) -> Answer:
    return Search(problem).run(deadline)


def auditor(problem: Problem, deadline: Deadline) -> Answer:
    """What the code that audits certificates proves on its own; it refutes nothing."""
    record = certify(problem, Record(), deployed=False, deadline=deadline)
    if isinstance(record, Uncertified):
        return Answer(None, engine="auditor")
    return Answer(False, guarantee=Guarantee.REAL, engine="auditor")


@pytest.fixture(scope="module")
def engines() -> Iterator[Engines]:
    with SmtSolver() as solver:
        yield {
            "neural": (neural, 0.4),
            "smt": (solver.decide, 3.0),
            "auditor": (auditor, 0.03),
        }


def functions(agent: Agent, tinies: dict[str, Tiny]) -> dict[str, Callable[..., Any]]:
    meanings: dict[str, Callable[..., Any]] = {}
    if "score" in tinies:
        score = tinies["score"]
        meanings["score"] = lambda o: Vector(tuple(score(flat(agent, o))), agent.action_sort)
    if "value" in tinies:
        value = tinies["value"]
        meanings["value"] = lambda o: value(flat(agent, o))[0]
    return meanings


def draw_networks(
    draw: DrawFn, agent: Agent, bends: int, *, awkward: bool = False
) -> dict[str, Tiny]:
    size = len(agent.features)
    return {
        "score": draw_tiny(draw, size, len(agent.actions), bends=bends, awkward=awkward),
        "value": draw_tiny(draw, size, 1, bends=bends - 1, awkward=awkward),
    }


@st.composite
def finite_cases(draw: DrawFn) -> Case:
    """Every feature finite; quantifiers of both kinds, over observations and over actions."""
    agent = draw(agents(finite=True, max_features=2))
    tinies = draw_networks(draw, agent, BENDS)
    o, p, a = agent.observation("o"), agent.observation("p"), agent.action("a")
    body = draw(matrices(agent, [o, p], depth=2))
    if pick(draw, (True, False)):
        body = pick(draw, (and_, or_, implies))(body, agent.acts(pick(draw, (o, p)), a))
    for variable in pick(draw, ((o, p, a), (a, o, p), (p, a, o), (a, p, o))):
        body = pick(draw, (forall, exists))(variable, body)
    return Case(body, tinies, functions(agent, tinies))


@st.composite
def single_cases(draw: DrawFn) -> Case:
    """One real feature, perhaps with a flag beside it."""
    low = draw(dyadics(2, 2))
    x = Feature("x", low, low + Fraction(pick(draw, range(1, 9)), 4))
    features = [x, Feature("flag", flag=True)] if pick(draw, (True, False)) else [x]
    agent = Agent(observation=features, actions=["left", "right"], ties=pick(draw, TIES))
    tinies = draw_networks(draw, agent, BENDS)
    formula = draw(formulas(agent, depth=2, max_variables=1))
    return Case(formula, tinies, functions(agent, tinies))


@st.composite
def several_cases(draw: DrawFn) -> Case:
    """One or two observations of one to three features."""
    agent = draw(agents(max_features=3))
    tinies = draw_networks(draw, agent, BENDS - 1)
    formula = draw(formulas(agent, depth=2, max_variables=2))
    return Case(formula, tinies, functions(agent, tinies), seed=pick(draw, range(1000)))


@st.composite
def edge_cases(draw: DrawFn) -> Case:
    """A limit at the exact maximum of what it limits, or a hair's breadth beside it."""
    low = draw(dyadics(2, 2))
    high = low + Fraction(pick(draw, range(1, 9)), 4)
    flag = Feature("flag", flag=True)
    agent = Agent(observation=[Feature("x", low, high), flag], actions=["left", "right"])
    tinies = draw_networks(draw, agent, BENDS, awkward=pick(draw, (False, False, True)))
    meanings = functions(agent, tinies)
    o = agent.observation("o")
    set_, unset = o.with_(flag=1), o.with_(flag=0)
    left, right = agent.score(set_, "left"), agent.score(unset, "right")
    term = pick(draw, (left, left - right, right + agent.value(unset), abs(left) - o["x"]))
    points = {"flag": Fraction(0)}

    def value(t: Any) -> Any:
        return evaluate(term, Interpretation(meanings, {"o": {"x": t, **points}}))

    most = max(value(t) for t in breakpoints(value, low, high))
    beside = pick(draw, (0, 0, 10, -10, 20, -20, 30, -30, 45, -45))
    limit = most + (Fraction((beside > 0) - (beside < 0), 2 ** abs(beside)))
    claim = term <= limit if pick(draw, (True, False)) else term < limit
    case = Case(forall(o, claim), tinies, meanings)
    assert whole_truth(case) == (beside > 0 or (beside == 0 and claim.operator == "le"))
    return case


@st.composite
def awkward_cases(draw: DrawFn) -> Case:
    """Weights, values and limits that no float holds, or only with all its digits."""
    thirds = st.integers(-6, 6).map(lambda k: Fraction(k, 3))
    low = draw(thirds)
    features = [
        pick(
            draw,
            (
                Feature("x", low, low + Fraction(pick(draw, range(1, 9)), 7)),
                Feature("x", values=[Fraction(1, 10), 0.3, Fraction(2, 3)]),
            ),
        ),
        Feature("k", values=["0.1", "1/3", 0.7]),
    ]
    agent = Agent(observation=features, actions=["left", "right"], ties=pick(draw, TIES))
    tinies = draw_networks(draw, agent, BENDS, awkward=True)
    o = agent.observation("o")
    left, right, value = agent.score(o, "left"), agent.score(o, "right"), agent.value(o)
    terms = (left, right, value, left - value / 3, maximum(left, right), abs(value - o["k"]))
    claims = [pick(draw, (agent.acts(o, "left"), eq(o["k"], "1/3"), o["x"] >= draw(thirds)))]
    for _ in range(2):
        limit = pick(draw, (draw(thirds), Fraction(1, 10), Fraction(977, 10), Fraction(2**20)))
        a, b = pick(draw, terms), pick(draw, (number(limit), pick(draw, terms)))
        claims.append(pick(draw, (a <= b, a < b, a - b >= limit)))
    body = pick(draw, (or_, and_, and_))(*claims)
    return Case(forall(o, implies(pick(draw, claims), body)), tinies, functions(agent, tinies))


@st.composite
def composed_cases(draw: DrawFn) -> Case:
    """Networks fed by networks: the value of the state that is predicted after an action."""
    size = pick(draw, (1, 2))
    low = draw(dyadics(1, 2))
    agent = Agent(
        observation=[Feature("x", low, low + 1), Feature("flag", flag=True)],
        actions=["left", "right"],
        latent=size,
    )
    tinies = {
        "perceive": draw_tiny(draw, 2, size, bends=2),
        "predict": draw_tiny(draw, size + 2, size, bends=2),
        "latent_value": draw_tiny(draw, size, 1, bends=2),
    }
    perceive, predict, value = tinies["perceive"], tinies["predict"], tinies["latent_value"]
    meanings: dict[str, Callable[..., Any]] = {
        "perceive": lambda o: Vector(tuple(perceive(flat(agent, o)))),
        "predict": lambda z, a: Vector(
            tuple(predict([*z.entries, *(Fraction(int(a == b)) for b in agent.actions)]))
        ),
        "latent_value": lambda z: value(z.entries)[0],
    }
    o, a = agent.observation("o"), agent.action("a")
    state = agent.perceive(o)
    after = agent.predict(state, a)
    twice = agent.predict(after, pick(draw, agent.actions))
    terms = [agent.value(state), agent.value(after), agent.value(twice), after[0], o["x"]]
    limit = draw(dyadics(3, 2)) + pick(draw, (0, 8))
    claims = [
        pick(draw, terms) - pick(draw, terms) <= limit,
        pick(draw, terms) >= pick(draw, terms) + limit,
        eq(pick(draw, terms), pick(draw, terms)),
        implies(eq(o["flag"], 1), pick(draw, terms) < limit),
    ]
    body = pick(draw, claims)
    if pick(draw, (True, False)):
        body = pick(draw, (and_, or_))(body, pick(draw, claims))
    return Case(forall(o, pick(draw, (forall, exists))(a, body)), tinies, meanings)


@st.composite
def safety_cases(draw: DrawFn) -> Case:
    """Two and three copies of the network: equal choices, monotone values, disjoint conditions."""
    agent = draw(agents(max_features=2, max_actions=2))
    tinies = draw_networks(draw, agent, 2)
    o, p, q = (agent.observation(name) for name in "opq")
    feature = pick(draw, agent.features).name

    def same(x: Term, y: Term) -> Term:
        return and_(*(iff(agent.acts(x, a), agent.acts(y, a)) for a in agent.actions))

    near = abs(o[feature] - p[feature]) <= draw(dyadics(1, 2))
    condition = or_(near, and_(agent.acts(o, "left"), p[feature] >= draw(dyadics(1, 2))))
    rising = implies(o[feature] <= p[feature], agent.value(o) <= agent.value(p))
    conclusions = (
        same(o, p),
        rising,
        implies(and_(same(o, p), same(p, q)), same(o, q)),
        implies(and_(rising, p[feature] <= q[feature]), agent.value(p) <= agent.value(q)),
        or_(same(o, p), same(p, q), same(o, q)),
        agent.score(o, "left") + agent.score(p, "right") <= agent.value(q) + draw(dyadics()),
    )
    formula = implies(condition, pick(draw, conclusions))
    names = pick(draw, range(1000))
    return Case(forall(o, p, q, formula), tinies, functions(agent, tinies), seed=names)


@st.composite
def smooth_cases(draw: DrawFn) -> Case:
    """Networks with tanh, which only bounds can decide."""
    agent = draw(agents(max_features=2))
    tinies = {
        "score": draw_tiny(draw, len(agent.features), len(agent.actions), bends=3, kinds=("tanh",))
    }
    formula = draw(formulas(agent, functions=("score",), depth=1, max_variables=2))
    seed = pick(draw, range(1000))
    return Case(formula, tinies, functions(agent, tinies), seed, smooth=True)


@settings(max_examples=FINITE)
@given(case=finite_cases())
def test_finite(case: Case, engines: Engines) -> None:
    compare(case, engines)


@settings(max_examples=SINGLE)
@given(case=single_cases())
def test_one_real_number(case: Case, engines: Engines) -> None:
    assert whole_truth(case) is not None
    compare(case, engines)


@settings(max_examples=SEVERAL)
@given(case=several_cases())
def test_several_real_numbers(case: Case, engines: Engines) -> None:
    compare(case, engines)


@settings(max_examples=EDGE)
@given(case=edge_cases())
def test_edge(case: Case, engines: Engines) -> None:
    compare(case, engines)


@settings(max_examples=AWKWARD)
@given(case=awkward_cases())
def test_awkward(case: Case, engines: Engines) -> None:
    compare(case, engines)


@settings(max_examples=COMPOSED)
@given(case=composed_cases())
def test_composition(case: Case, engines: Engines) -> None:
    compare(case, engines)


@settings(max_examples=SAFETY)
@given(case=safety_cases())
def test_copies(case: Case, engines: Engines) -> None:
    compare(case, engines)


@settings(max_examples=SMOOTH)
@given(case=smooth_cases())
def test_smooth(case: Case, engines: Engines) -> None:
    compare(case, {"neural": engines["neural"]})


# Broken engines: each of these has to be caught by the comparison itself.

LINE = Agent(observation=[Feature("x", -1, 1)], actions=["left", "right"])
PLANE = Agent(observation=[Feature("x", -1, 1), Feature("y", -1, 1)], actions=["left", "right"])
SWITCH = Agent(observation=[Feature("on", flag=True)], actions=["left", "right"])


def says(answer: Answer) -> Engines:
    """An engine with one answer to everything."""
    return {"broken": (lambda problem, deadline: answer, 1.0)}


def holds() -> Answer:
    return Answer(False, guarantee=Guarantee.REAL, engine="broken")


def at(*values: Any) -> Answer:
    return Answer(True, point=tuple(Fraction(v) for v in values), engine="broken")


def claim(agent: Agent, limit: Fraction) -> Case:
    """The score of going left is at most a limit; it reaches 1 where every feature is 1."""
    size = len(agent.features)
    tinies = {"score": dense(([[1] * size, [0] * size], [1 - size, 0]))}
    o = agent.observation("o")
    return Case(forall(o, agent.score(o, "left") <= limit), tinies, functions(agent, tinies))


@pytest.mark.parametrize("agent", [LINE, PLANE, SWITCH])
def test_a_false_proof_is_caught(agent: Agent) -> None:
    with pytest.raises(AssertionError, match=r"broken claims that a (false )?formula holds"):
        compare(claim(agent, Fraction(9, 10)), says(holds()))
    compare(claim(agent, Fraction(1)), says(holds()))


def test_a_false_proof_that_no_point_refutes_is_caught_by_the_other_engine(
    engines: Engines,
) -> None:
    """Too small a violation for points at random: the engines disagree."""
    features = [Feature(f"f{i}", -1, 1) for i in range(6)]
    case = claim(Agent(observation=features, actions=["left", "right"]), 1 - Fraction(1, 2**30))
    compare(case, says(holds()) if counterexample(case) is None else {})
    with pytest.raises(AssertionError, match="the engines disagree"):
        compare(case, {**says(holds()), **engines})


@pytest.mark.parametrize("agent", [LINE, PLANE, SWITCH])
def test_a_false_witness_is_caught(agent: Agent) -> None:
    size = len(agent.features)
    with pytest.raises(AssertionError, match=r"claims that a true formula|formula is true"):
        compare(claim(agent, Fraction(1)), says(at(*[1] * size)))
    with pytest.raises(AssertionError, match="formula is true"):
        compare(claim(agent, Fraction(9, 10)), says(at(*[0] * size)))
    compare(claim(agent, Fraction(9, 10)), says(at(*[1] * size)))


def test_a_witness_outside_the_box_is_caught() -> None:
    with pytest.raises(AssertionError, match="outside the box"):
        compare(claim(LINE, Fraction(9, 10)), says(at(2)))
    with pytest.raises(AssertionError, match="outside the box"):
        compare(claim(SWITCH, Fraction(9, 10)), says(at(Fraction(1, 2))))


def test_an_engine_that_gives_up_contradicts_nothing() -> None:
    compare(claim(LINE, Fraction(1)), says(Answer(None, engine="broken")))


def test_the_default_run_has_five_hundred_cases() -> None:
    assert FINITE + SINGLE + SEVERAL + EDGE + AWKWARD + COMPOSED + SMOOTH >= 500


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "count"),
    [
        (finite_cases, 600),
        (single_cases, 800),
        (several_cases, 500),
        (edge_cases, 400),
        (awkward_cases, 400),
        (composed_cases, 300),
        (safety_cases, 300),
        (smooth_cases, 200),
    ],
)
def test_at_length(
    kind: Callable[[], st.SearchStrategy[Case]], count: int, engines: Engines
) -> None:
    @settings(max_examples=count)
    @given(case=kind())
    def run(case: Case) -> None:
        compare(case, engines if kind is not smooth_cases else {"neural": engines["neural"]})

    run()
