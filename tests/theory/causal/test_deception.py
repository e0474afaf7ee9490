"""Belief, intention and deception: against the definitions word by word, and the graph criteria."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import chain, combinations, product
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from known.war_game import ATTACK, DEFEND, HOLD, HONEST, POOLING, RETREAT, war_game

from theory.causal.belief import belief
from theory.causal.deception import admits_deception, deception
from theory.causal.diagram import Diagram, chance, decision, utility
from theory.causal.intention import Minimality, intention
from theory.causal.model import Mechanism, Model
from theory.causal.party import Party, following, party, party_of
from theory.causal.proposition import proposition
from theory.causal.value import UNREACHABLE
from theory.error import InputError

MODEL = war_game().model(POOLING)
S, T = party_of(war_game(), "S", MODEL), party_of(war_game(), "T", MODEL)
STRONG = proposition({"X": "strong"})
BIT = (0, 1)


def test_the_deceived_believes_and_the_deceiver_does_not():
    target = belief(MODEL, T, STRONG, {"X": "weak"})
    assert (target.believes, target.true, target.false_belief) == (True, False, True)
    assert (target.acts, target.if_true, target.if_false) == (HOLD, (HOLD,), (ATTACK,))
    own = belief(MODEL, S, STRONG, {"X": "weak"})
    assert own.believes is False
    assert own.if_true is UNREACHABLE
    assert "UNREACHABLE if true" in own.reason


def test_a_belief_may_depend_on_which_best_reply_is_meant():
    own = belief(MODEL, S, STRONG, {"X": "strong"})  # S cannot see that it is not so
    assert own.believes is None
    assert "to observe that it is false has probability zero at X=strong" in own.reason
    indifferent = belief(MODEL, Party("T", "D_T", ("U_S",), ("X",)), STRONG, {"X": "weak"})
    assert indifferent.believes is False


def test_a_policy_of_the_informed_may_be_given():
    stubborn = belief(MODEL, T, STRONG, {"X": "weak"}, informed=lambda D_S, truth: HOLD)
    assert stubborn.believes is False
    trusting = belief(
        MODEL, T, STRONG, {"X": "weak"}, informed=lambda D_S, truth: HOLD if truth else ATTACK
    )
    assert trusting.believes is True


def test_a_proposition_may_not_come_after_the_decision():
    with pytest.raises(InputError, match="'D_T' comes after the decision 'D_S'"):
        belief(MODEL, S, proposition({"D_T": HOLD}), {"X": "weak"})
    with pytest.raises(InputError, match="no node 'Y'"):
        belief(MODEL, S, proposition({"Y": 1}), {"X": "weak"})
    with pytest.raises(InputError, match="one variable at least"):
        proposition({})


def test_what_the_intention_shows():
    found = intention(MODEL, S, ["D_T"], [HONEST], {"X": "weak"})
    assert found.intends
    assert (found.value, found.reference_value) == (Fraction(29, 10), Fraction(14, 5))
    assert found.restored == 3
    assert found.variables == ("D_T",)
    assert found.settings == {"D_T": ({"X": "weak"},)}
    assert not intention(MODEL, S, ["D_T"], [HONEST], {"X": "strong"}).intends
    assert not intention(MODEL, S, ["X"], [HONEST], {"X": "weak"}).intends


def test_one_reference_is_enough():
    always = {"D_S": DEFEND}
    assert not intention(MODEL, S, ["D_T"], [always], {"X": "weak"}).intends
    assert intention(MODEL, S, ["D_T"], [always, HONEST], {"X": "weak"}).intends


def test_errors_of_intention():
    with pytest.raises(InputError, match="reference"):
        intention(MODEL, S, ["D_T"], [], {"X": "weak"})
    with pytest.raises(InputError, match="no node 'Z'"):
        intention(MODEL, S, ["Z"], [HONEST], {"X": "weak"})
    with pytest.raises(InputError, match="probability zero"):
        intention(MODEL, S, ["D_T"], [HONEST], {"X": "middling"})
    with pytest.raises(InputError, match="'D' is not the decision of 'S', which is 'D_S'"):
        intention(MODEL, S, ["D_T"], [{"D": DEFEND}], {"X": "weak"})
    with pytest.raises(InputError, match="says nothing at X=weak"):
        intention(MODEL, S, ["D_T"], [{"D_S": {"strong": DEFEND}}], {"X": "weak"})


def test_an_agent_of_a_model_is_checked():
    with pytest.raises(InputError, match="no node 'V'"):
        party(MODEL, "S", decision="D_S", utilities=["V"])
    with pytest.raises(InputError, match="no utility"):
        party(MODEL, "S", decision="D_S", utilities=[])
    with pytest.raises(InputError, match="exogenous"):
        party(MODEL, "S", decision="X", utilities=["U_S"])


def subsets(names: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    return chain.from_iterable(combinations(names, size) for size in range(len(names) + 1))


def intends_by_definition(
    model: Model, agent: Party, cause: str, reference: Any, at: int, minimality: Minimality
) -> bool:
    """Definition 3.4, read aloud: every set Y, every family of settings w_Y, every smaller one."""
    names = tuple(model.endogenous)
    count = len(model.settings)
    other = following(model, reference)

    def utility_of(family: frozenset[tuple[str, int]]) -> Fraction:
        total = Fraction(0)
        for i, ((setting, p), (world, _)) in enumerate(
            zip(model.settings, model.worlds, strict=True)
        ):
            held = {name: world[name] for name, where in family if where == i}
            total += p * agent.welfare(other.do(held).evaluate(setting))
        return total

    value = sum((p * agent.welfare(world) for world, p in model.worlds), Fraction(0))
    suffices = {
        family: utility_of(family) >= value
        for family in map(frozenset, subsets(tuple(product(names, range(count)))))
    }

    def will_do(some: tuple[str, ...]) -> bool:
        return any(ok for family, ok in suffices.items() if {n for n, _ in family} <= set(some))

    for chosen in subsets(names):
        if cause not in chosen or not will_do(chosen):
            continue
        kept = {cause} if minimality == "among supersets" else set[str]()
        smaller = [o for o in subsets(chosen) if o != chosen and kept <= set(o)]
        if any(will_do(o) for o in smaller):
            continue
        for family, ok in suffices.items():
            if not ok or (cause, at) not in family or not {n for n, _ in family} <= set(chosen):
                continue
            if not any(ok and less < family for less, ok in suffices.items()):
                return True
    return False


def random_game(random: Random, edges: dict[str, bool]) -> tuple[Model, Party, Party]:
    """Two agents who see what `edges` says, with random policies and utilities."""

    def table(*domain: int) -> Any:
        rows: dict[Any, int] = {}
        return lambda *context: rows.setdefault(context, random.choice(domain))

    share = Fraction(random.randint(1, 4), 5)
    sees_t = tuple(name for name in ("D_S", "X") if edges[f"{name}>D_T"])
    wants = tuple(name for name in ("D_S", "D_T", "X") if edges[f"{name}>U_S"])
    mechanisms = {
        "D_S": Mechanism(table(*BIT), ("X",), BIT),
        "D_T": Mechanism(table(*BIT), sees_t, BIT),
        "U_S": Mechanism(table(0, 1, 2, 3), wants),
        "U_T": Mechanism(table(0, 1, 2), ("X", "D_T")),
    }
    model = Model({"X": {0: share, 1: 1 - share}}, mechanisms)
    s = party(model, "S", decision="D_S", utilities=["U_S"])
    return model, s, party(model, "T", decision="D_T", utilities=["U_T"])


EDGES = ("D_S>D_T", "X>D_T", "D_S>U_S", "D_T>U_S", "X>U_S")


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from(["among all", "among supersets"]))
def test_intention_is_as_defined(seed: int, minimality: Minimality):
    random = Random(seed)
    model, s, _ = random_game(random, dict.fromkeys(EDGES, True))
    model = Model(model.exogenous, {n: m for n, m in model.endogenous.items() if n != "U_T"})
    reference = {"D_S": {value: random.choice(BIT) for value in BIT}}
    for at, (setting, _) in enumerate(model.settings):
        found = intention(model, s, ["D_T"], [reference], setting, minimality)
        defined = intends_by_definition(model, s, "D_T", reference, at, minimality)
        assert found.intends == defined


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 10**6), st.fixed_dictionaries(dict.fromkeys(EDGES, st.booleans())))
def test_the_graph_criterion_is_sound(seed: int, edges: dict[str, bool]):
    random = Random(seed)
    model, s, t = random_game(random, edges)
    references = [{"D_S": dict(zip(BIT, pair, strict=True))} for pair in product(BIT, BIT)]
    about = proposition({"X": 1})
    admitted = admits_deception(
        model.graph, deceiver="D_S", target="D_T", utilities=["U_S"], about=["X"]
    )
    for setting, _ in model.settings:
        found = deception(model, s, t, about, references, setting)
        assert admitted or not found.deceives


@pytest.mark.parametrize(
    "edges", [dict(zip(EDGES, bits, strict=True)) for bits in product([False, True], repeat=5)]
)
def test_the_graph_criterion_is_complete(edges: dict[str, bool]):
    """Where it admits deception, one of the models that are drawn shows it."""
    graph = random_game(Random(0), edges)[0].graph
    if not admits_deception(graph, deceiver="D_S", target="D_T", utilities=["U_S"], about=["X"]):
        return
    references = [{"D_S": dict(zip(BIT, pair, strict=True))} for pair in product(BIT, BIT)]
    about = proposition({"X": 1})
    for seed in range(3000):
        model, s, t = random_game(Random(seed), edges)
        if any(
            deception(model, s, t, about, references, setting).deceives
            for setting, _ in model.settings
        ):
            return
    pytest.fail("no model that was drawn has deception")


def test_the_graph_criterion_names_unknown_nodes():
    with pytest.raises(InputError, match="no node 'Y'"):
        admits_deception(MODEL.graph, deceiver="D_S", target="D_T", utilities=["U_S"], about=["Y"])


def test_deception_by_silence_of_a_mixed_policy():
    """A stochastic policy brings noise of its own, which neither agent sees."""
    mixed: dict[str, Any] = {**POOLING, "D_S": lambda X: {DEFEND: "3/4", RETREAT: "1/4"}}
    model = war_game("1/2").model(mixed)
    s = party_of(war_game("1/2"), "S", model)
    assert s.sees == ("X",)
    answers = {
        (world["X"], world["D_S"]): deception(
            model, s, party_of(war_game("1/2"), "T", model), STRONG, [HONEST], setting
        ).deceives
        for setting, world in zip(
            (e for e, _ in model.settings), (w for w, _ in model.worlds), strict=True
        )
    }
    assert answers["weak", RETREAT] is False  # T attacks: it does not believe S to be strong
    assert answers["strong", DEFEND] is False


def test_a_diagram_with_two_decisions_of_one_agent_is_refused():
    diagram = Diagram(
        decision("A", BIT), decision("B", BIT, sees=["A"]), utility("U", lambda A, B: A + B)
    )
    model = diagram.model({"A": lambda: 1, "B": lambda A: A})
    with pytest.raises(InputError, match="needs one decision, not 2"):
        party_of(diagram, "agent", model)


def test_a_conjunction_is_shown_as_one():
    weak = proposition(lambda X: X == "weak", "S is weak")
    assert (weak.text, weak.constituents) == ("S is weak", ("X",))
    both = proposition({"X": "weak", "D_S": DEFEND})
    assert both.text == "X = weak and D_S = defend"
    assert chance("X", {1: 1}).name in both.constituents
