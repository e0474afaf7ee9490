"""Formulas as people read them, and as they can be read back."""

from __future__ import annotations

from fractions import Fraction

import pytest
from formula_parser import Parser, flattened
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.mathtext import MathTextParser
from strategy import agents, formulas

from theory import (
    Agent,
    Chooser,
    Feature,
    Term,
    and_,
    eq,
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
from theory.printer import latex, text
from theory.properties import cognition, corrigibility, deception, influence, rationality
from theory.term import variable

AGENT = Agent(
    observation=[Feature("x", -1, 1), Feature("y", -1, 1), Feature("watched", flag=True)],
    actions=["left", "press_it"],
    latent=2,
)
LOOSE = Agent(observation=AGENT.features, actions=AGENT.actions, ties="any")
O, A = AGENT.observation("o"), AGENT.action("a")
X, Y = O["x"], O["y"]
NEGATED = -X
P, Q, R = X < 1, Y <= 2, eq(O["watched"], 1)

CASES = [
    (X + Y + 1, "o.x + o.y + 1", "o.x + o.y + 1"),
    (X + (Y + 1), "o.x + (o.y + 1)", r"o.x + \left(o.y + 1\right)"),
    (X - Y - 1, "o.x - o.y - 1", "o.x - o.y - 1"),
    (X - (Y - 1), "o.x - (o.y - 1)", r"o.x - \left(o.y - 1\right)"),
    (X + Y - 1, "o.x + o.y - 1", "o.x + o.y - 1"),
    (X - Y + 1, "o.x - o.y + 1", "o.x - o.y + 1"),
    (X - (Y + 1), "o.x - (o.y + 1)", r"o.x - \left(o.y + 1\right)"),
    (2 * (X + Y), "2 * (o.x + o.y)", r"2 \cdot \left(o.x + o.y\right)"),
    (2 * X * Y, "2 * o.x * o.y", r"2 \cdot o.x \cdot o.y"),
    (2 * (X * Y), "2 * (o.x * o.y)", r"2 \cdot \left(o.x \cdot o.y\right)"),
    (X + number(-1), "o.x + (-1)", r"o.x + \left(-1\right)"),
    (X - number(-1), "o.x - (-1)", r"o.x - \left(-1\right)"),
    (X + -1 * Y, "o.x + (-1 * o.y)", r"o.x + \left(-1 \cdot o.y\right)"),
    (-1 * X + Y, "-1 * o.x + o.y", r"-1 \cdot o.x + o.y"),
    (X * -1, "o.x * (-1)", r"o.x \cdot \left(-1\right)"),
    (X - -Y, "o.x - (-o.y)", r"o.x - \left(-o.y\right)"),
    (-X + Y, "-o.x + o.y", "-o.x + o.y"),
    (-(X + Y), "-(o.x + o.y)", r"-\left(o.x + o.y\right)"),
    (-(X * Y), "-(o.x * o.y)", r"-\left(o.x \cdot o.y\right)"),
    (-X * Y, "-o.x * o.y", r"-o.x \cdot o.y"),
    (-NEGATED, "-(-o.x)", r"-\left(-o.x\right)"),
    (-number(1), "-(1)", r"-\left(1\right)"),
    (-number(-1), "-(-1)", r"-\left(-1\right)"),
    (number(-1), "-1", "-1"),
    (X / 3, "o.x * (1/3)", r"o.x \cdot \left(\frac{1}{3}\right)"),
    (X + Fraction(-1, 3), "o.x + (-1/3)", r"o.x + \left(-\frac{1}{3}\right)"),
    (number(1e-5), "1e-05", r"1 \cdot 10^{-5}"),
    (number(0.1), "0.1", "0.1"),
    (abs(X - 1), "abs(o.x - 1)", r"\left|o.x - 1\right|"),
    (maximum(X, -1), "max(o.x, -1)", r"\max(o.x, -1)"),
    (minimum(X + 1, Y), "min(o.x + 1, o.y)", r"\min(o.x + 1, o.y)"),
    (X < -1, "o.x < -1", "o.x < -1"),
    (X >= 1, "1 <= o.x", r"1 \leq o.x"),
    (eq(P, Q), "(o.x < 1) = (o.y <= 2)", r"\left(o.x < 1\right) = \left(o.y \leq 2\right)"),
    (not_(P), "not (o.x < 1)", r"\neg \left(o.x < 1\right)"),
    (not_(AGENT.acts(O, "left")), "not acts(o, left)", r"\neg \mathrm{acts}(o, \mathtt{left})"),
    (not_(not_(P)), "not (not (o.x < 1))", r"\neg \left(\neg \left(o.x < 1\right)\right)"),
    (
        not_(and_(P, Q)),
        "not (o.x < 1 and o.y <= 2)",
        r"\neg \left(o.x < 1 \wedge o.y \leq 2\right)",
    ),
    (and_(), "true", r"\top"),
    (or_(), "false", r"\bot"),
    (and_(truth(True), truth(False)), "true and false", r"\top \wedge \bot"),
    (
        and_(or_(P, Q), R),
        "(o.x < 1 or o.y <= 2) and o.watched = 1",
        r"\left(o.x < 1 \vee o.y \leq 2\right) \wedge o.\mathit{watched} = 1",
    ),
    (
        or_(and_(P, Q), R),
        "o.x < 1 and o.y <= 2 or o.watched = 1",
        r"o.x < 1 \wedge o.y \leq 2 \vee o.\mathit{watched} = 1",
    ),
    (
        implies(P, implies(Q, R)),
        "o.x < 1 implies o.y <= 2 implies o.watched = 1",
        r"o.x < 1 \Rightarrow o.y \leq 2 \Rightarrow o.\mathit{watched} = 1",
    ),
    (
        implies(implies(P, Q), R),
        "(o.x < 1 implies o.y <= 2) implies o.watched = 1",
        r"\left(o.x < 1 \Rightarrow o.y \leq 2\right) \Rightarrow o.\mathit{watched} = 1",
    ),
    (
        iff(P, implies(Q, R)),
        "o.x < 1 iff (o.y <= 2 implies o.watched = 1)",
        r"o.x < 1 \Leftrightarrow \left(o.y \leq 2 \Rightarrow o.\mathit{watched} = 1\right)",
    ),
    (
        implies(P, iff(Q, R)),
        "o.x < 1 implies (o.y <= 2 iff o.watched = 1)",
        r"o.x < 1 \Rightarrow \left(o.y \leq 2 \Leftrightarrow o.\mathit{watched} = 1\right)",
    ),
    (
        forall(O, and_(P, Q)),
        "forall o: o.x < 1 and o.y <= 2",
        r"\forall o.\; o.x < 1 \wedge o.y \leq 2",
    ),
    (
        and_(forall(O, P), exists(O, Q)),
        "(forall o: o.x < 1) and (exists o: o.y <= 2)",
        r"\left(\forall o.\; o.x < 1\right) \wedge \left(\exists o.\; o.y \leq 2\right)",
    ),
    (not_(forall(O, P)), "not (forall o: o.x < 1)", r"\neg \left(\forall o.\; o.x < 1\right)"),
    (
        forall(O, exists(A, AGENT.acts(O, A))),
        "forall o: exists a: acts(o, a)",
        r"\forall o.\; \exists a.\; \mathrm{acts}(o, a)",
    ),
    (
        forall(real("t", 0, "0.5"), A, truth(True)),
        "forall t in [0, 0.5], a: true",
        r"\forall t \in [0, 0.5], a.\; \top",
    ),
    (
        AGENT.acts(O.with_(watched=1), "press_it"),
        "acts(o[watched: 1], press_it)",
        r"\mathrm{acts}(o[\mathit{watched} \mapsto 1], \mathtt{press\_it})",
    ),
    (
        LOOSE.acts(O, "left"),
        "acts_any(o, left)",
        r"\mathrm{acts}_{\mathrm{any}}(o, \mathtt{left})",
    ),
    (
        AGENT.acts(O, A),
        "acts(o, a)",
        r"\mathrm{acts}(o, a)",
    ),
    (O.with_(watched=0)["x"], "o[watched: 0].x", r"o[\mathit{watched} \mapsto 0].x"),
    (O.with_(x=-1, y=X + 1), "o[x: -1, y: o.x + 1]", r"o[x \mapsto -1, y \mapsto o.x + 1]"),
    (O.with_(x=1).with_(x=0), "o[x: 1][x: 0]", r"o[x \mapsto 1][x \mapsto 0]"),
    (AGENT.score(O)["press_it"], "score(o)[press_it]", r"\mathit{score}(o)_{\mathtt{press\_it}}"),
    (AGENT.score(O)[1], "score(o)[1]", r"\mathit{score}(o)_{1}"),
    (
        AGENT.value(AGENT.predict(AGENT.perceive(O), "left")),
        "latent_value(predict(perceive(o), left))",
        r"\mathit{latent\_value}(\mathit{predict}(\mathit{perceive}(o), \mathtt{left}))",
    ),
    (eq(A, "left"), "a = left", r"a = \mathtt{left}"),
    (variable("_", X.sort), "_", r"\mathit{\_}"),
    (variable("a-b c%", X.sort), "a-b c%", r"\mathit{a{-}b\ c\%}"),
]  # fmt: skip


@pytest.mark.parametrize(("term", "plain", "mathematics"), CASES, ids=[case[1] for case in CASES])
def test_cases(term, plain, mathematics):
    assert text(term) == str(term) == plain
    assert latex(term) == mathematics
    _draw(mathematics)


def test_representation_shows_the_sort():
    assert repr(P) == "<Bool: o.x < 1>"
    assert repr(O) == "<Observation: o>"


@given(st.data())
def test_what_is_printed_reads_back_as_the_same_formula(data):
    agent = data.draw(agents())
    formula = data.draw(formulas(agent))
    variables = {name: agent.observation(name) for name in "opq"}
    again = Parser(text(formula), agent, variables).formula()
    assert flattened(again) is flattened(formula)


@settings(max_examples=15)
@given(st.data())
def test_latex_of_random_formulas_can_be_drawn(data):
    agent = data.draw(agents())
    _draw(latex(data.draw(formulas(agent, depth=2))))


WATCHED = Agent(observation=[*AGENT.features, Feature("t_0", 0, 1)], actions=AGENT.actions)


@pytest.mark.parametrize(
    "prop",
    [
        influence.non_interference(WATCHED, flag="watched"),
        deception.no_conditional_defection(WATCHED, flag="watched", unsafe=["press_it"]),
        corrigibility.obeys_shutdown(WATCHED, request="watched", compliant=["left"]),
        cognition.evaluator_ignores(WATCHED, feature="watched"),
        cognition.evaluator_ignores(WATCHED, feature="t_0", tolerance=0.1),
        rationality.transitive(Chooser(option=[Feature("price", 0, 1)])),
    ],
    ids=lambda prop: prop.name,
)
def test_latex_of_every_property_can_be_drawn(prop):
    _draw(latex(prop.formula))


def test_a_long_text_is_cut_where_asked():
    formula = and_(*(X < i for i in range(100)))
    assert text(formula, limit=20) == "o.x < 0 and o.x < 1…"
    assert len(text(formula, limit=20)) == 20
    assert text(P, limit=7) == "o.x < 1"


def test_shared_subterms_do_not_fill_the_memory():
    term = X
    for _ in range(200):
        term = term + term
    assert text(term, limit=100).endswith("…")
    assert len(latex(term)) == 1_000_000


def test_depth_is_no_obstacle(deep_sum: Term):
    written = text(deep_sum)
    assert written.startswith("1 - (1 - (1 - (")
    assert written.endswith("))))")


def _draw(mathematics: str) -> None:
    """What matplotlib can draw, LaTeX can."""
    MathTextParser("path").parse(f"${mathematics}$")
