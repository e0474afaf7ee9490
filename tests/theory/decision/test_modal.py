"""Provability logic: fixpoints against a naive evaluation, agents, searches, self-trust."""

from __future__ import annotations

import random
import time
from collections.abc import Mapping
from itertools import product

import pytest

from theory.decision.modal.bot import (
    BOTS,
    COOPERATE,
    DEFECT,
    FAIR,
    PRUDENT,
    Bot,
    play,
    tournament,
)
from theory.decision.modal.formula import FALSE, TRUE, Formula, box, iff, name, parts
from theory.decision.modal.search import (
    choose,
    five_and_ten,
    gullible,
    modal_udt,
    proving_newcomb,
)
from theory.decision.modal.system import settle
from theory.decision.modal.trust import procrastination, trusts
from theory.error import InputError

FOUR = [COOPERATE, DEFECT, FAIR, PRUDENT]


def naive(formula: Formula, definitions: Mapping[str, Formula], world: int) -> bool:
    """What Kripke says, read off the definition without order, sharing or stopping rule."""
    arguments = formula.arguments
    match formula.operator:
        case "true" | "false":
            return formula.operator == "true"
        case "name":
            return naive(definitions[formula.name], definitions, world)
        case "box":
            return all(naive(arguments[0], definitions, below) for below in range(world))
        case "not":
            return not naive(arguments[0], definitions, world)
        case operator:
            one, other = (naive(argument, definitions, world) for argument in arguments)
            return {
                "and": one and other,
                "or": one or other,
                "implies": other or not one,
                "iff": one == other,
            }[operator]


def tabled(definitions: Mapping[str, Formula], height: int) -> list[dict[str, bool]]:
    """The same for large systems: world by world, with what is known of the worlds below."""
    known: list[dict[int, bool]] = []
    ordered = parts(*definitions.values())

    def at(formula: Formula, world: int) -> bool:
        memo = known[world]
        if id(formula) not in memo:
            if formula.operator == "box":
                inner = formula.arguments[0]
                memo[id(formula)] = all(at(inner, below) for below in range(world))
            elif formula.operator == "name":
                memo[id(formula)] = at(definitions[formula.name], world)
            else:
                values = [at(argument, world) for argument in formula.arguments]
                stand_in = Formula(
                    formula.operator, tuple(TRUE if value else FALSE for value in values)
                )
                memo[id(formula)] = naive(stand_in, {}, 0)
        return memo[id(formula)]

    for world in range(height):
        known.append({})
        for formula in ordered:
            at(formula, world)
    return [{n: at(f, world) for n, f in definitions.items()} for world in range(height)]


def random_formula(draw: random.Random, names: list[str], depth: int, boxed: bool) -> Formula:
    kinds = ["not", "and", "or", "implies", "iff", "box", "box"]
    if depth == 0 or draw.random() < 0.15:
        return name(draw.choice(names)) if boxed else draw.choice([TRUE, FALSE])
    kind = draw.choice(kinds)
    if kind == "box":
        return box(random_formula(draw, names, depth - 1, boxed=True))
    one = random_formula(draw, names, depth - 1, boxed)
    if kind == "not":
        return ~one
    return Formula(kind, (one, random_formula(draw, names, depth - 1, boxed)))


def random_system(draw: random.Random, size: int, depth: int) -> dict[str, Formula]:
    names = [f"p{at}" for at in range(size)]
    return {n: random_formula(draw, names, depth, boxed=False) for n in names}


def test_three_thousand_random_systems_agree_with_the_naive_evaluation():
    draw = random.Random(2026)
    longest = 0
    for _ in range(3_000):
        system = random_system(draw, size=3, depth=draw.randint(1, 4))
        fixpoint = settle(system)
        rounds = len(fixpoint.worlds)
        assert rounds <= fixpoint.boxes + 1
        longest = max(longest, rounds)
        kripke = tabled(system, rounds + 3)
        assert kripke[:rounds] == list(fixpoint.worlds)
        assert all(later == kripke[rounds - 1] for later in kripke[rounds:])
        for n in system:
            assert fixpoint.true(n) == kripke[-1][n]
            assert fixpoint.provable(n) == all(world[n] for world in kripke)
    assert longest >= 4


def test_the_table_is_what_the_definition_says():
    draw = random.Random(7)
    for _ in range(100):
        system = random_system(draw, size=2, depth=2)
        for world, row in enumerate(tabled(system, 4)):
            assert row == {n: naive(f, system, world) for n, f in system.items()}


def test_thirty_agents_that_quote_each_other_are_decided_exactly():
    draw = random.Random(30)
    for _ in range(5):
        system = random_system(draw, size=30, depth=5)
        began = time.perf_counter()
        fixpoint = settle(system)
        assert time.perf_counter() - began < 5
        assert len(fixpoint.worlds) <= fixpoint.boxes + 1
        kripke = tabled(system, len(fixpoint.worlds) + 3)
        assert {n: fixpoint.true(n) for n in system} == kripke[-1]


def test_the_bound_on_the_rounds_is_reached():
    """p_k is `not box ... box false`: it turns true at world k, and the last box falls at k."""
    tower = FALSE
    for _ in range(40):
        tower = box(tower)
    fixpoint = settle({"tower": tower})
    assert fixpoint.boxes == 40
    assert len(fixpoint.worlds) == 41
    assert not fixpoint.true("tower")


def test_a_very_deep_formula_is_decided():
    deep = name("p")
    for _ in range(10_000):
        deep = ~~deep
    fixpoint = settle({"p": box(deep)})
    assert fixpoint.true("p")


# --- known sentences ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("formula", "true", "provable", "level"),
    [
        (box(name("p")), True, True, 0),  # Henkin's sentence, by Löb
        (~box(name("p")), True, False, 1),  # Gödel's
        (box(~name("p")), False, False, None),  # says that it is refutable
        (~box(FALSE), True, False, 1),  # consistency
        (~box(box(FALSE)), True, False, 2),
        (box(FALSE), False, False, None),
        (box(~box(FALSE), 1), True, True, 0),  # PA + 1 proves consistency, and PA knows
    ],
)
def test_a_known_sentence_is_as_known(formula, true, provable, level):
    fixpoint = settle({"p": formula})
    assert (fixpoint.true("p"), fixpoint.provable("p"), fixpoint.level("p")) == (
        true,
        provable,
        level,
    )


@pytest.mark.parametrize("system", range(200))
def test_lobs_theorem(system):
    draw = random.Random(system)
    definitions = random_system(draw, size=3, depth=3)
    trusted, proved = trusts(random_formula(draw, list(definitions), 3, True), definitions)
    assert trusted == proved


def test_the_axioms_of_provability_logic_hold_of_random_formulas():
    draw = random.Random(11)
    for _ in range(200):
        system = random_system(draw, size=2, depth=2)
        f, g = (random_formula(draw, list(system), 3, boxed=True) for _ in range(2))
        fixpoint = settle(
            {
                **system,
                "distribution": box(f >> g) >> (box(f) >> box(g)),
                "transitivity": box(f) >> box(box(f)),
                "löb": box(box(f) >> f) >> box(f),
            }
        )
        assert all(fixpoint.provable(a) for a in ("distribution", "transitivity", "löb"))


# --- combat ---------------------------------------------------------------------------------------

PUBLISHED = {
    ("CooperateBot", "CooperateBot"): "CC",
    ("CooperateBot", "DefectBot"): "CD",
    ("CooperateBot", "FairBot"): "CC",
    ("CooperateBot", "PrudentBot"): "CD",
    ("DefectBot", "DefectBot"): "DD",
    ("DefectBot", "FairBot"): "DD",
    ("DefectBot", "PrudentBot"): "DD",
    ("FairBot", "FairBot"): "CC",
    ("FairBot", "PrudentBot"): "CC",
    ("PrudentBot", "PrudentBot"): "CC",
}


def test_the_four_bots_play_as_published_in_ten_milliseconds():
    table = tournament(FOUR)
    seconds: list[float] = []
    for _ in range(5):
        began = time.perf_counter()
        assert tournament(FOUR) == table
        seconds.append(time.perf_counter() - began)
    assert min(seconds) < 0.010
    assert len(table) == 16
    for (one, other), ends in PUBLISHED.items():
        assert str(table[one, other]) == ends
        assert str(table[other, one]) == ends[::-1]


def test_what_bots_play_is_what_the_naive_evaluation_says():
    """Written out by hand, without the code that collects who mentions whom."""
    plays = {
        "F(F)": box(name("F(F)")),
        "P(P)": box(name("P(P)")) & box(~box(FALSE) >> ~name("P(D)")),
        "P(D)": box(FALSE) & box(~box(FALSE) >> TRUE),
        "F(P)": box(name("P(F)")),
        "P(F)": box(name("F(P)")) & box(~box(FALSE) >> ~name("F(D)")),
        "F(D)": box(FALSE),
        "F(C)": box(TRUE),
        "P(C)": box(TRUE) & box(~box(FALSE) >> FALSE),
    }
    truth = {n: naive(f, plays, 4) for n, f in plays.items()}
    assert truth == {n: settle(plays).true(n) for n in plays}
    bots = {"C": COOPERATE, "D": DEFECT, "F": FAIR, "P": PRUDENT}
    for label, cooperates in truth.items():
        assert play(bots[label[0]], bots[label[2]]).first == cooperates


def test_troll_bot_rewards_only_those_who_cooperate_with_defect_bot():
    assert [str(play(BOTS["TrollBot"], bot)) for bot in FOUR] == ["CC", "DD", "DD", "DD"]
    assert [str(play(BOTS["JustBot"], bot)) for bot in FOUR] == ["CC", "DD", "CC", "CC"]


def test_a_bot_of_ones_own():
    """It cooperates unless it proves that the other defects; by Löb, it proves it of itself."""
    mild = Bot("MildBot", lambda me, them, plays: ~box(~plays(them, me)))
    assert str(play(mild, DEFECT)) == "DD"
    assert str(play(mild, COOPERATE)) == "CC"
    assert str(play(mild, mild)) == "DD"
    assert str(play(mild, FAIR)) == "CD"


def test_two_bots_of_one_name_are_refused():
    other = Bot("FairBot", lambda me, them, plays: TRUE)
    with pytest.raises(InputError, match="bot: two different bots have the name 'FairBot'"):
        play(FAIR, other)


def test_a_bot_that_looks_without_proving_is_refused():
    mirror = Bot("MirrorBot", lambda me, them, plays: plays(them, me))
    with pytest.raises(InputError, match=r"MirrorBot\(MirrorBot\) is a circle outside any box"):
        play(mirror, mirror)
    assert str(play(mirror, FAIR)) == "CC"


# --- searches for proofs --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("default", "order", "step"), list(product((5, 10), ([5, 10], [10, 5]), (0, 1, 2)))
)
def test_modal_udt_takes_the_ten(default, order, step):
    assert choose(five_and_ten, modal_udt([10, 5], order, default, step)).act == 10


NEWCOMB = [1_001_000, 1_000_000, 1_000, 0]


@pytest.mark.parametrize(
    ("default", "order", "step", "act"),
    [
        ("one", ["one", "two"], 0, "one"),
        ("two", ["one", "two"], 0, "two"),
        ("one", ["one", "two"], 1, "two"),
        ("two", ["one", "two"], 1, "two"),
        ("one", ["two", "one"], 1, "two"),
        ("two", ["two", "one"], 1, "two"),
    ],
)
def test_before_a_proving_predictor_modal_udt_does_its_default_or_two_boxes(
    default, order, step, act
):
    choice = choose(proving_newcomb, modal_udt(NEWCOMB, order, default, step))
    assert choice.act == act
    assert choice.outcome == (0 if act == "one" else 1_000)


def test_the_default_is_not_done_where_the_other_order_finds_a_proof():
    """With step 0 and two boxes tried first it proves `one box gives 0`, and takes one for 0."""
    choice = choose(proving_newcomb, modal_udt(NEWCOMB, ["two", "one"], "two", 0))
    assert (choice.act, choice.outcome) == ("one", 0)
    assert choice.fixpoint.provable("A=one -> U=0")
    assert choice.spurious == ()  # what is proved of the act that is taken is true


def test_a_proof_that_is_believed_because_it_is_acted_on():
    """The spurious proof: the ten is worth 10, and the agent proves that it is worth nothing."""
    choice = choose(five_and_ten, gullible)
    assert (choice.act, choice.outcome) == (5, 5)
    assert choice.spurious == ((10, 5),)
    assert choice.fixpoint.provable("A=10 -> U=5")
    assert choose(five_and_ten, modal_udt([10, 5], [5, 10], 5)).spurious == ()


def test_a_universe_in_which_nothing_or_everything_happens_is_refused():
    rule = modal_udt([1], ["a"], "a")
    with pytest.raises(InputError, match=r"the universe gives 0 outcomes, not one: \[\]"):
        choose(lambda does: {1: FALSE}, rule)
    with pytest.raises(InputError, match="the default 'b' is none of the acts"):
        modal_udt([1], ["a"], "b")
    with pytest.raises(InputError, match="the rule gives 2 acts, not one"):
        choose(lambda does: {1: TRUE}, lambda does, ends: {"a": TRUE, "b": TRUE})


# --- self-trust -----------------------------------------------------------------------------------


def test_without_self_trust_the_button_is_pressed():
    fixpoint = procrastination(trust=False)
    assert fixpoint.true("pressed")
    assert not fixpoint.provable("pressed")
    assert not fixpoint.true("proved")


def test_self_trust_puts_it_off_for_ever():
    fixpoint = procrastination(trust=True)
    assert fixpoint.true("proved")
    assert not fixpoint.true("ever")
    assert not fixpoint.true("axiom")


# --- mistakes -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("system", "message"),
    [
        ({"p": name("q")}, "formula: 'q' is not defined; defined are p"),
        ({"p": ~name("p")}, "formula: p -> p is a circle outside any box"),
        ({"p": name("q"), "q": name("p") & TRUE}, "is a circle outside any box"),
    ],
)
def test_a_system_without_a_meaning_is_refused(system, message):
    with pytest.raises(InputError) as error:
        settle(system)
    assert message in str(error.value)


def test_mistakes_with_formulas_are_named():
    with pytest.raises(InputError, match="box: the level -1 is negative"):
        box(TRUE, -1)
    with pytest.raises(InputError, match="name: a formula's name cannot be empty"):
        name("")
    with pytest.raises(TypeError, match="a formula is neither true nor false"):
        bool(TRUE)
    with pytest.raises(InputError, match="the system has no 'q'; it has p"):
        settle({"p": TRUE}).true("q")
    with pytest.raises(InputError, match="trusts: the name"):
        trusts(TRUE, {"trust in it": TRUE})


def test_a_formula_prints_as_logicians_write_it():
    f = iff(name("p"), box(~name("p") & TRUE | FALSE) >> name("q"))
    assert str(f) == "(p ↔ (□((¬p ∧ ⊤) ∨ ⊥) → q))"
