"""What formulas mean, against plain Python written beside them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategy import agents, corners, dyadics, grid, networks, points

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
    minimum,
    not_,
    number,
    or_,
    real,
    truth,
)
from theory.error import InputError
from theory.operator import Vector
from theory.semantics import finite_domain
from theory.sort import BOOL, REAL, VectorSort
from theory.term import variable

Environment = Mapping[str, Any]


@dataclass(frozen=True)
class Pair:
    """A term, and the same written in Python, given the values of variables and functions."""

    term: Term
    value: Callable[[Environment], Any]


@st.composite
def observed(draw: st.DrawFn, agent: Agent, depth: int) -> Pair:
    """An observation: o or p, perhaps with a feature replaced."""
    name = draw(st.sampled_from(["o", "p"]))
    base = Pair(agent.observation(name), lambda e: e[name])
    if draw(st.booleans()):
        return base
    feature = draw(st.sampled_from(agent.features)).name
    new = draw(quantities(agent, depth - 1))
    return Pair(
        base.term.with_(**{feature: new.term}),
        lambda e: {**base.value(e), feature: new.value(e)},
    )


@st.composite
def quantities(draw: st.DrawFn, agent: Agent, depth: int) -> Pair:
    """A real term and its value."""
    leaves = ["number", "feature", "score", "value"]
    kind = draw(st.sampled_from(leaves + (["binary", "binary", "unary"] if depth > 0 else [])))
    if kind == "number" or depth <= 0:
        constant = draw(dyadics())
        return Pair(number(constant), lambda e: constant)
    if kind == "unary":
        x = draw(quantities(agent, depth - 1))
        return draw(
            st.sampled_from(
                [
                    Pair(-x.term, lambda e: -x.value(e)),
                    Pair(abs(x.term), lambda e: abs(x.value(e))),
                    Pair(x.term / 4, lambda e: x.value(e) / 4),
                    Pair(1 - x.term, lambda e: 1 - x.value(e)),
                    Pair(2 * x.term, lambda e: 2 * x.value(e)),
                ]
            )
        )
    if kind == "binary":
        x, y = draw(quantities(agent, depth - 1)), draw(quantities(agent, depth - 1))
        return draw(
            st.sampled_from(
                [
                    Pair(x.term + y.term, lambda e: x.value(e) + y.value(e)),
                    Pair(x.term - y.term, lambda e: x.value(e) - y.value(e)),
                    Pair(x.term * y.term, lambda e: x.value(e) * y.value(e)),
                    Pair(maximum(x.term, y.term), lambda e: max(x.value(e), y.value(e))),
                    Pair(minimum(x.term, y.term), lambda e: min(x.value(e), y.value(e))),
                ]
            )
        )
    at = draw(observed(agent, depth))
    if kind == "value":
        return Pair(agent.value(at.term), lambda e: e["value"](at.value(e))[0])
    if kind == "feature":
        feature = draw(st.sampled_from(agent.features)).name
        return Pair(at.term[feature], lambda e: at.value(e)[feature])
    action = draw(st.sampled_from(agent.actions))
    position = agent.actions.index(action)
    key: Any = draw(st.sampled_from([action, position]))
    return Pair(agent.score(at.term)[key], lambda e: e["score"](at.value(e))[position])


def chosen(scores: list[Fraction], ties: str) -> list[int]:
    """The positions of the actions that are chosen."""
    best = [at for at, score in enumerate(scores) if score == max(scores)]
    if ties == "strict":
        return best if len(best) == 1 else []
    return best if ties == "any" else best[:1]


@st.composite
def statements(draw: st.DrawFn, agent: Agent, depth: int) -> Pair:
    """A formula and its truth value."""
    atoms = ["compare", "equal", "acts"]
    kind = draw(st.sampled_from(atoms + (["and", "or", "not", "implies", "iff"] if depth else [])))
    if kind in ("compare", "equal"):
        x, y = draw(quantities(agent, 2)), draw(quantities(agent, 2))
        if kind == "equal":
            return Pair(eq(x.term, y.term), lambda e: x.value(e) == y.value(e))
        return draw(
            st.sampled_from(
                [
                    Pair(x.term < y.term, lambda e: x.value(e) < y.value(e)),
                    Pair(x.term <= y.term, lambda e: x.value(e) <= y.value(e)),
                    Pair(x.term > y.term, lambda e: x.value(e) > y.value(e)),
                    Pair(x.term >= y.term, lambda e: x.value(e) >= y.value(e)),
                ]
            )
        )
    if kind == "acts":
        at, action = draw(observed(agent, 2)), draw(st.sampled_from(agent.actions))
        position = agent.actions.index(action)
        return Pair(
            agent.acts(at.term, action),
            lambda e: position in chosen(e["score"](at.value(e)), agent.ties),
        )
    if kind == "not":
        p = draw(statements(agent, depth - 1))
        return Pair(not_(p.term), lambda e: not p.value(e))
    p, q = draw(statements(agent, depth - 1)), draw(statements(agent, depth - 1))
    if kind == "implies":
        return Pair(implies(p.term, q.term), lambda e: q.value(e) if p.value(e) else True)
    if kind == "iff":
        return Pair(iff(p.term, q.term), lambda e: p.value(e) is q.value(e))
    if kind == "and":
        return Pair(and_(p.term, q.term), lambda e: p.value(e) and q.value(e))
    return Pair(or_(p.term, q.term), lambda e: p.value(e) or q.value(e))


@st.composite
def cases(draw: st.DrawFn, *, finite: bool) -> tuple[Agent, Environment, Interpretation]:
    """An agent, and its functions as Python takes them and as the semantics does."""
    agent = draw(agents(finite=finite, max_features=2))
    scores = draw(networks(len(agent.features), len(agent.actions)))
    values = draw(networks(len(agent.features), 1))
    names = [f.name for f in agent.features]
    environment: dict[str, Any] = {
        "score": lambda o: scores([o[name] for name in names]),
        "value": lambda o: values([o[name] for name in names]),
    }
    functions = {"score": scores.scores(agent), "value": values.value(agent)}
    return agent, environment, Interpretation(functions)


@given(st.data())
def test_terms_mean_what_python_means(data):
    agent, environment, interpretation = data.draw(cases(finite=False))
    term = data.draw(st.one_of(quantities(agent, 3), statements(agent, 3)))
    bound = {"o": data.draw(points(agent)), "p": data.draw(points(agent))}
    result = evaluate(term.term, interpretation.bind(bound))
    assert result == term.value({**environment, **bound})
    assert isinstance(result, bool | Fraction)


@given(st.data(), st.sampled_from([(forall, all), (exists, any)]))
def test_quantifiers_mean_what_loops_mean(data, quantifier):
    agent, environment, interpretation = data.draw(cases(finite=True))
    build, python = quantifier
    body = data.draw(statements(agent, 2))
    boxes = list(product(*(f.values or () for f in agent.features)))
    domain = [dict(zip([f.name for f in agent.features], box, strict=True)) for box in boxes]
    formula = build(agent.observation("o"), agent.observation("p"), body.term)
    expected = python(body.value({**environment, "o": o, "p": p}) for o in domain for p in domain)
    assert evaluate(formula, interpretation) is expected
    nested = forall(agent.observation("p"), exists(agent.observation("o"), body.term))
    expected = all(any(body.value({**environment, "o": o, "p": p}) for o in domain) for p in domain)
    assert evaluate(nested, interpretation) is expected


@given(st.data())
def test_boxes_are_quantified_over_the_listed_points(data):
    agent, environment, interpretation = data.draw(cases(finite=False))
    body = data.draw(statements(agent, 2))
    formula = forall(agent.observation("o"), agent.observation("p"), body.term)
    listed = grid(agent)[:6]
    with_points = Interpretation(interpretation.functions, points={"o": listed, "p": listed})
    expected = all(body.value({**environment, "o": o, "p": p}) for o in listed for p in listed)
    assert evaluate(formula, with_points) is expected


AGENT = Agent(
    observation=[Feature("x", values=[0, 1, 2]), Feature("w", flag=True)], actions=["a", "b"]
)
O = AGENT.observation("o")


def test_actions_are_quantified_over():
    a = AGENT.action("a")
    functions = {"score": lambda o: (o["x"], 1)}
    some = forall(O, exists(a, AGENT.acts(O, a)))
    assert evaluate(some, Interpretation(functions)) is False
    assert evaluate(some, Interpretation({"score": lambda o: (o["x"], 3)})) is True
    best = forall(O, a, implies(AGENT.acts(O, a), AGENT.score(O, a) >= 1))
    assert evaluate(best, Interpretation(functions)) is True
    named = forall(a, or_(eq(a, "a"), eq(a, "b")))
    assert evaluate(named, Interpretation()) is True


def test_an_inner_quantifier_shadows_an_outer_one():
    shadowed = forall(O, implies(eq(O["x"], 2), exists(O, eq(O["x"], 0))))
    assert evaluate(shadowed, Interpretation()) is True
    outer = forall(O, exists(O, eq(O["x"], 2)))
    assert evaluate(outer, Interpretation()) is True
    assert evaluate(exists(O, forall(O, eq(O["x"], 2))), Interpretation()) is False


def test_latent_states_and_truth_values():
    agent = Agent(observation=[Feature("x", values=[0, 1])], actions=["a", "b"], latent=2)
    o = agent.observation("o")
    z = agent.perceive(o)
    functions = {
        "perceive": lambda o: (o["x"], -o["x"]),
        "predict": lambda z, a: (z.entries[0] + 1, 0) if a == "a" else z,
        "latent_value": lambda z: sum(z.entries),
    }
    stays = forall(o, eq(agent.predict(z, "b"), z))
    moves = forall(o, eq(agent.predict(z, "a"), z))
    worth = forall(o, agent.value(agent.predict(z, "a")) >= 1)
    answers = [evaluate(f, Interpretation(functions)) for f in (stays, moves, worth)]
    assert answers == [True, False, True]
    assert evaluate(eq(truth(True), agent.value(z) < 9), Interpretation(functions, {"o": {"x": 1}}))


def test_finite_domains():
    assert finite_domain(AGENT.action_sort) == ("a", "b")
    domain = finite_domain(AGENT.observation_sort)
    assert domain is not None
    assert len(domain) == 6
    fixed = Agent(observation=[Feature("x", 2, 2), Feature("w", flag=True)], actions=["a"])
    assert finite_domain(fixed.observation_sort) == [{"x": 2, "w": 0}, {"x": 2, "w": 1}]
    assert finite_domain(REAL) is None
    assert (
        finite_domain(Agent(observation=[Feature("x", 0, 1)], actions=["a"]).observation_sort)
        is None
    )


T = real("t", 0, 1)
POINT = {"x": 0, "w": 0}


def given_values(**values: Any) -> Interpretation:
    """A meaning of `score`, and values for variables."""
    return Interpretation({"score": lambda o: (1, 2)}, values)


@pytest.mark.parametrize(
    ("term", "interpretation", "message"),
    [
        (O["x"], Interpretation(), "the variable 'o' has no value"),
        (AGENT.value(O), given_values(o=POINT), "the function 'value' has no meaning in this"),
        (forall(T, T < 1), Interpretation(), "the quantifier over 't' ranges over infinitely many"),
        (
            forall(T, T < 1),
            Interpretation(points={"t": [1, 2]}),
            "t: the point 2 is outside its domain [0, 1]",
        ),
        (
            forall(O, O["x"] < 9),
            Interpretation(points={"o": [{"x": 0.5, "w": 0}]}),
            "o: the point x=0.5, w=0 is outside its domain Observation",
        ),
        (O["x"], given_values(o={"x": 1}), "o: no value for 'w' of Observation; it has: x, w"),
        (O["x"], given_values(o={**POINT, "y": 1}), "o: unknown feature 'y' of Observation;"),
        (O["x"], given_values(o={"x": float("nan"), "w": 0}), "o.x: nan is not a finite number"),
        (
            AGENT.acts(O, "a"),
            Interpretation({"score": lambda o: (1, 2, 3)}, {"o": POINT}),
            "score: 3 numbers for a vector of 2",
        ),
        (AGENT.acts(O, AGENT.action("c")), given_values(o=POINT, c="up"), "c: 'up' is not one of"),
        (variable("v", BOOL), given_values(v=1), "v: 1 is not a truth value"),
        (variable("v", VectorSort(2))[0], given_values(v=[1]), "v: 1 numbers for a vector of 2"),
        (variable("v", VectorSort(2))[0], given_values(v=7), "v: 7 is not a vector"),
        (O["x"], given_values(o=7), "o: 7 is not an observation"),
    ],
)
def test_what_has_no_meaning_is_refused_on_one_line(term, interpretation, message):
    with pytest.raises(InputError) as error:
        evaluate(term, interpretation)
    assert str(error.value).startswith(message)
    assert "\n" not in str(error.value)


def test_floats_are_taken_by_their_exact_value():
    value = evaluate(
        O["x"] + AGENT.value(O), Interpretation({"value": lambda o: 0.1}, {"o": {"x": 0.2, "w": 0}})
    )
    assert value == Fraction(0.1) + Fraction(0.2)
    assert isinstance(value, Fraction)


def test_depth_is_no_obstacle(deep_formula: Term, deep_sum: Term):
    point = Interpretation(variables={"x": 1, "y": 1})
    assert evaluate(deep_formula, point) is False
    assert evaluate(deep_sum, point) == 1


def test_corners_are_inside():
    assert all(f.contains(value) for f in AGENT.features for value in corners(f))


def test_vectors_may_be_given_as_such():
    given_vector = Vector((Fraction(1), Fraction(2)), AGENT.action_sort)
    interpretation = Interpretation({"score": lambda o: given_vector}, {"o": POINT})
    assert evaluate(AGENT.score(O), interpretation) == given_vector
