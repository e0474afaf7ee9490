"""Terms: one object for one content, immutable, checked when built, at any depth."""

from __future__ import annotations

import copy
import gc
import threading
from fractions import Fraction
from multiprocessing import Pipe
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategy import agents, formulas

from theory import Agent, Feature, Term, and_, eq, number, truth
from theory.error import InputError, SortError
from theory.node import build, variable
from theory.sort import BOOL, REAL, ObservationSort, RealSort, VectorSort

AGENT = Agent(
    observation=[Feature("x", -1, 1), Feature("y", -1, 1), Feature("watched", flag=True)],
    actions=["left", "right"],
    latent=2,
)
O = AGENT.observation("o")
X = O["x"]
DEPTH = 100_000


def test_terms_of_the_same_content_are_the_same_object():
    assert X + 1 is O["x"] + Fraction(1)
    assert number(1) is number(1.0)
    assert number(0.0) is number(-0.0)
    assert number("0.1") is number(Fraction(1, 10))
    assert AGENT.observation("o") is O
    assert Agent(observation=AGENT.features, actions=AGENT.actions).observation("o") is O
    assert AGENT.score(O, "left") is AGENT.score(O)["left"]
    assert len({X < 1, X < 1.0, 1 > X}) == 1


def test_terms_of_different_content_differ():
    assert truth(True) is not number(1)
    assert number(0.1) is not number("0.1")
    assert X + 1 is not 1 + X
    assert variable("v", REAL) is not variable("v", RealSort(Fraction(0), Fraction(1)))
    assert variable("v", REAL) is not variable("v", BOOL)
    assert truth(cast(bool, 1)) is truth(True)
    assert truth(True).payload[0] is True


def test_equality_is_identity():
    assert (X == X) is True
    assert (X == O["y"]) is False
    assert {X: "x"}[O["x"]] == "x"


def test_with_nothing_is_the_observation_and_order_does_not_matter():
    assert O.with_() is O
    assert O.with_(x=1, y=0) is O.with_(y=0, x=1)
    assert O.with_(x=1).with_(x=2) is not O.with_(x=2)


def test_a_feature_may_have_any_printable_name():
    agent = Agent(observation=[Feature("self", 0, 1), Feature("two words", 0, 1)], actions=["a"])
    o = agent.observation()
    assert o.with_(**{"self": 1, "two words": 0})["two words"].sort == REAL


def test_unused_terms_are_forgotten():
    known = len(_interned())
    for i in range(1000):
        _ = X + i
    gc.collect()
    assert len(_interned()) <= known + 10


def test_threads_agree_on_terms():
    agreed: list[list[Term]] = []
    barrier = threading.Barrier(4)

    def work() -> None:
        barrier.wait()
        agreed.append([X * i + 7 for i in range(2000)])

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(agreed) == 4
    assert all(len({id(term) for term in row}) == 1 for row in zip(*agreed, strict=True))


def test_terms_are_immutable():
    with pytest.raises(AttributeError, match="immutable"):
        X.payload = "y"
    with pytest.raises(AttributeError, match="immutable"):
        del X.payload
    with pytest.raises(AttributeError):
        X.note = "new"  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "use",
    [
        lambda: bool(X < 1),
        lambda: 0 < X < 1,
        lambda: X < 1 and X > 0,
        lambda: not (X < 1),
        lambda: 1 if X < 1 else 0,
        lambda: X < 1 or X > 2,
    ],
)
def test_a_term_has_no_truth_value(use):
    with pytest.raises(SortError, match="has no truth value: join formulas with and_"):
        use()


@pytest.mark.parametrize(
    "use",
    [
        lambda: (X < 1) & (X > 0),
        lambda: (X < 1) | (X > 2),
        lambda: ~(X < 1),
        lambda: True & (X < 1),
    ],
)
def test_signs_of_other_languages_are_named(use):
    with pytest.raises(SortError, match=r"write and_\(a, b\), or_\(a, b\) and not_\(a\)"):
        use()


@pytest.mark.parametrize(
    ("use", "message"),
    [
        (lambda: X + O, "+ takes real numbers, got Observation"),
        (lambda: -AGENT.score(O), "- takes real numbers, got Real^2"),
        (lambda: abs(X < 1), "abs takes real numbers, got Bool"),
        (lambda: (X < 1) < 2, "< takes real numbers, got Bool"),
        (lambda: X + None, "None is neither a term nor a finite number"),
        (lambda: X + "left", "'left' is neither a term nor a finite number"),
        (lambda: X < float("nan"), "nan is neither a term nor a finite number"),
        (
            lambda: X + True,
            "True is not a number (== builds no formula: write eq(a, b); "
            "a constant is truth(...), or 1 or 0)",
        ),
        (lambda: X / 0, "'o.x' is divided by zero"),
        (lambda: X / O["y"], "'o.x' is divided by 'o.y', which is no number"),
        (lambda: 1 / X, "1 is divided by 'o.x', which is no number"),
        (lambda: O["z"], "unknown feature 'z' of Observation; it has: x, y, watched"),
        (lambda: O[0], "'o' of sort Observation has no component 0"),
        (lambda: X["x"], "'o.x' of sort Real has no component 'x'"),
        (lambda: AGENT.score(O)[2], "component 2 of a vector of size 2"),
        (lambda: AGENT.score(O)[-1], "component -1 of a vector of size 2"),
        (lambda: AGENT.score(O)[True], "'score(o)' of sort Real^2 has no component True"),
        (lambda: AGENT.score(O)["up"], "unknown action 'up'; it is one of: left, right"),
        (
            lambda: AGENT.perceive(O)["left"],
            "'perceive(o)' of sort Real^2 has no component 'left'",
        ),
        (lambda: list(X), "'o.x' of sort Real has no components"),
        (lambda: X.with_(x=1), "with_ changes observations, got Real"),
        (
            lambda: O.with_(z=1),
            "unknown feature 'z' of Observation; it has: x, y, watched",
        ),
        (lambda: O.with_(x="left"), "x: 'left' is neither a term nor a finite number"),
        (lambda: O.with_(x=X < 1), "with_: feature 'x' takes a number, got Bool"),
        (lambda: build("lt", (X,)), "lt takes 2 arguments, got 1"),
        (lambda: build("with", (O, X), ()), "with_ takes one value for each feature, got 1 for "),
        (lambda: build("with", (), ()), "with_ changes observations, got None"),
        (
            lambda: build("acts", (AGENT.score(O), AGENT.action()), "coin"),
            "acts knows no ties 'coin'",
        ),
    ],
)
def test_a_term_of_the_wrong_sort_is_refused_on_one_line(use, message):
    with pytest.raises(InputError) as error:
        use()
    assert str(error.value) == message


def test_messages_show_the_beginning_of_a_long_term():
    formula = and_(*(X < i for i in range(1000)))
    with pytest.raises(SortError) as error:
        bool(formula)
    assert "and o.x < 1 and" in str(error.value)
    assert len(str(error.value)) < 300


def test_the_components_of_a_vector_can_be_listed():
    scores = AGENT.score(O)
    assert list(scores) == [scores[0], scores[1]]
    assert scores.sort == VectorSort(2, AGENT.action_sort)


def test_dividing_multiplies_by_the_exact_inverse():
    assert X / 3 is X * Fraction(1, 3)
    assert X / number(4) is X * 0.25


@given(st.data())
def test_terms_survive_pickling_and_copying(data):
    formula = data.draw(formulas(data.draw(agents())))
    assert _sent(formula) is formula
    assert copy.deepcopy([formula])[0] is formula
    assert copy.copy(formula) is formula


def test_a_deep_term_can_be_sent(deep_formula: Term):
    assert _sent(deep_formula) is deep_formula


def test_a_deep_term_is_deleted_without_recursion():
    total = X
    for _ in range(DEPTH):
        total = 2 - total
    known = len(_interned())
    del total
    gc.collect()
    assert len(_interned()) <= known - DEPTH


def test_wide_observations_are_quick_to_speak_of():
    wide = Agent(observation=[Feature(f"p{i}", 0, 1) for i in range(784)], actions=["a", "b"])
    o = wide.observation()
    formula = and_(*(o[f.name] <= 1 for f in wide.features), wide.acts(o, "a"), eq(o["p1"], 0))
    assert len(formula.arguments) == 786
    assert isinstance(o.sort, ObservationSort)


def _interned() -> list[Term]:
    from theory.node import _interned as table

    return list(table.values())


def _sent(term: Term) -> Term:
    """The term after a journey through a pipe, as to a child process."""
    here, there = Pipe()
    sender = threading.Thread(target=here.send, args=(term,))
    sender.start()
    received = there.recv()
    sender.join()
    return received
