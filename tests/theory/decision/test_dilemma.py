"""Every dilemma by every theory: as published, by hand, and by the causal model's worlds."""

from __future__ import annotations

from fractions import Fraction

import pytest
from problem_case import SecondWay, agreed, top

from theory.causal.diagram import chance, decision, utility
from theory.causal.value import UNREACHABLE, Unreachable
from theory.decision.answer import matrix
from theory.decision.causal import cdt, deliberated, deliberational, leanings, ratified
from theory.decision.dilemma import LIBRARY, dilemma
from theory.decision.evidential import edt
from theory.decision.functional import best_policies, fdt, followed, regret, udt
from theory.decision.problem import Problem, noisy
from theory.decision.theory import THEORIES, theory
from theory.error import InputError
from theory.region import region

NAMES = list(LIBRARY)


@pytest.mark.parametrize("name", NAMES)
def test_every_theory_answers_as_the_library_says(name):
    entry = LIBRARY[name]
    assert {by: str(answer) for by, answer in entry.answers().items()} == dict(entry.expected)


@pytest.mark.parametrize("name", NAMES)
def test_every_theory_answers_as_the_causal_model_says(name):
    problem = LIBRARY[name].problem()
    way = SecondWay(problem)
    values = {act: way.edt(act) for act in problem.acts}
    assert dict(edt(problem).values) == values
    assert str(edt(problem)) == agreed(values)
    assert dict(cdt(problem).values) == {act: way.cdt(act) for act in problem.acts}
    assert str(cdt(problem)) == way.cdt_answer()
    values = {act: way.fdt(act) for act in problem.acts}
    assert dict(fdt(problem).values) == values
    assert str(fdt(problem)) == agreed(values)
    worths = {policy: way.udt(policy) for policy in problem.policies}
    assert {p: problem.worth(p) for p in problem.policies} == worths
    best = {str(p(*problem.asked)) for p in worths if worths[p] == max(worths.values())}
    assert set(map(str, udt(problem).acts)) == best


@pytest.mark.parametrize("name", NAMES)
def test_ratified_acts_are_those_that_certainty_does_not_undo(name):
    problem = LIBRARY[name].problem()
    way = SecondWay(problem)
    ratifiable = [
        d for d in problem.acts if way.news(d, d) == top({a: way.news(a, d) for a in problem.acts})
    ]
    answer = ratified(problem)
    assert list(answer.acts) == ratifiable
    assert answer.values == {d: way.news(d, d) for d in problem.acts}


# What each policy is worth before anything happens, worked out by hand.
WORTHS = {
    "newcomb": {"one": "990000", "two": "11000"},
    "transparent newcomb": {
        "full: one, empty: one": "990000",
        "full: one, empty: two": "990010",
        "full: two, empty: one": "10010",
        "full: two, empty: two": "11000",
    },
    "twin prisoner's dilemma": {"C": "1000000", "D": "1000"},
    "stag hunt with a predictor": {"stag": "9/2", "hare": "3"},
    "numbered copies": {
        "1: A, 2: A": "0",
        "1: A, 2: B": "10",
        "1: B, 2: A": "10",
        "1: B, 2: B": "0",
    },
    "smoking lesion": {"smoke": "-499000", "abstain": "-500000"},
    "murder lesion": {"shoot": "-1", "refrain": "0"},
    "psychopath button": {"press": "-189/2", "leave": "0"},
    "cosmic ray": {"1": "999/1000", "100": "99999/1000"},
    "parfit's hitchhiker": {
        "city: pay, desert: pay": "-10990",
        "city: pay, desert: nopay": "-10990",
        "city: nopay, desert: pay": "-990000",
        "city: nopay, desert: nopay": "-990000",
    },
    "counterfactual mugging": {
        "heads: pay, tails: pay": "4950",
        "heads: refuse, tails: pay": "4950",
        "heads: pay, tails: refuse": "0",
        "heads: refuse, tails: refuse": "0",
    },
    "shutdown": {
        "asked to stop: stop, never deployed: stop": "90",
        "asked to stop: stop, never deployed: resist": "90",
        "asked to stop: resist, never deployed: stop": "11",
        "asked to stop: resist, never deployed: resist": "11",
    },
    "xor blackmail": {
        # A payer gets the letter, and pays, iff there are no termites.
        "letter: pay, none: refuse": "-500500",
        "letter: refuse, none: refuse": "-500000",
        "letter: pay, none: pay": "-501000",
        "letter: refuse, none: pay": "-500500",
    },
    "mechanical blackmail": {
        "letter: pay, none: pay": "-1000",
        "letter: pay, none: refuse": "-1000",
        "letter: refuse, none: pay": "-500",
        "letter: refuse, none: refuse": "-500",
    },
    "death in damascus": {"stay": "0", "flee": "-1"},
    "death in damascus, symmetric": {"stay": "0", "flee": "0"},
    "death in damascus, with a coin": {"stay": "0", "flee": "0", "coin": "490"},
    "absent-minded driver": {
        f"asked: {act}, never asked: {other}": worth
        for act, worth in {"exit": "0", "continue": "1", "toss": "4/3"}.items()
        for other in ("exit", "continue", "toss")
    },
    # After heads it loses 70, after tails it gains 30 twice.
    "sleeping beauty's bets": {
        "awake: buy, asleep: buy": "-5",
        "awake: buy, asleep: pass": "-5",
        "awake: pass, asleep: buy": "0",
        "awake: pass, asleep: pass": "0",
    },
}


@pytest.mark.parametrize("name", NAMES)
def test_every_policy_is_worth_what_was_worked_out_by_hand(name):
    problem = LIBRARY[name].problem()
    worths = {str(policy): problem.worth(policy) for policy in problem.policies}
    assert worths == {policy: Fraction(worth) for policy, worth in WORTHS[name].items()}
    best = max(worths.values())
    assert {str(p) for p in best_policies(problem)} == {p for p in worths if worths[p] == best}


# E[U | act, what is observed], and E[U | do(act), what is observed] at the problem's own credence.
CONDITIONAL = {
    "newcomb": ({"one": 990_000, "two": 11_000}, {"one": 500_000, "two": 501_000}),
    "transparent newcomb": (
        {"one": 1_000_000, "two": 1_001_000},
        {"one": 1_000_000, "two": 1_001_000},
    ),
    "twin prisoner's dilemma": ({"C": 1_000_000, "D": 1_000}, {"C": 500_000, "D": 501_000}),
    "smoking lesion": (
        {"smoke": -899_000, "abstain": -100_000},
        {"smoke": -499_000, "abstain": -500_000},
    ),
    "murder lesion": ({"shoot": -45, "refrain": 0}, {"shoot": -1, "refrain": 0}),
    "psychopath button": ({"press": "-189/2", "leave": 0}, {"press": -45, "leave": 0}),
    "cosmic ray": ({"1": 1, "100": -900}, {"1": "999/1000", "100": "99999/1000"}),
    "parfit's hitchhiker": ({"pay": -1_000, "nopay": 0}, {"pay": -1_000, "nopay": 0}),
    "counterfactual mugging": ({"pay": -100, "refuse": 0}, {"pay": -100, "refuse": 0}),
    "shutdown": ({"stop": 100, "resist": 110}, {"stop": 100, "resist": 110}),
    "xor blackmail": (
        {"pay": -1_000, "refuse": -1_000_000},
        {"pay": -501_000, "refuse": -500_000},
    ),
    "mechanical blackmail": (
        {"pay": -1_000, "refuse": -1_000_000},
        {"pay": -1_000, "refuse": -1_000_000},
    ),
    "death in damascus": ({"stay": 0, "flee": -1}, {"stay": 500, "flee": 499}),
    "sleeping beauty's bets": ({"buy": "50/3", "pass": 0}, {"buy": "20/3", "pass": 10}),
}


@pytest.mark.parametrize("name", CONDITIONAL)
def test_every_act_is_worth_what_was_worked_out_by_hand(name):
    problem = LIBRARY[name].problem()
    evidential, causal = CONDITIONAL[name]
    assert edt(problem).values == {act: Fraction(worth) for act, worth in evidential.items()}
    assert cdt(problem).values == {act: Fraction(worth) for act, worth in causal.items()}


def test_two_boxing_has_two_worths_and_both_can_be_stated():
    problem = dilemma("newcomb").problem()
    assert ratified(problem).value == 11_000
    assert cdt(problem).value == 501_000
    assert cdt(problem, {"one": 1, "two": 0}).value == 1_000_000 - 10_000 + 1_000
    assert cdt(problem, {"one": 0, "two": 1}).value == ratified(problem).value


def test_the_numbers_that_the_haskell_library_asserts():
    """github.com/DecisionTheory/DecisionTheory, test/*.hs; its CDT is ratified."""
    boxes = dilemma("newcomb")
    assert (edt(boxes.problem()).acts, edt(boxes.problem()).value) == (("one",), 990_000)
    assert (ratified(boxes.problem()).acts, ratified(boxes.problem()).value) == (("two",), 11_000)
    assert (fdt(boxes.problem()).acts, fdt(boxes.problem()).value) == (("one",), 990_000)
    unreliable, less = boxes.problem(accuracy="0.5"), boxes.problem(accuracy="0.51")
    assert (fdt(unreliable).acts, fdt(unreliable).value) == (("two",), 501_000)
    assert (fdt(less).acts, fdt(less).value) == (("one",), 510_000)

    damascus = dilemma("death in damascus").problem()
    assert (edt(damascus).value, fdt(damascus).value) == (0, 0)
    news = matrix(damascus)
    assert not isinstance(news, Unreachable)
    assert (news.worth["stay"]["flee"], news.worth["flee"]["stay"]) == (999, 1_000)

    letter = dilemma("xor blackmail").problem()
    assert (edt(letter).acts, edt(letter).value) == (("pay",), -1_000)
    assert (ratified(letter).acts, ratified(letter).value) == (("refuse",), -1_000_000)

    city = dilemma("parfit's hitchhiker").problem()
    assert (edt(city).acts, edt(city).value) == (("nopay",), 0)
    assert (ratified(city).acts, ratified(city).value) == (("nopay",), 0)


@pytest.mark.parametrize(
    ("name", "by", "parameter", "lower", "upper", "expected"),
    [
        (
            "newcomb",
            "FDT",
            "accuracy",
            "0",
            "1",
            "two iff accuracy is less than 0.5005; one or two iff accuracy is 0.5005; "
            "one iff accuracy exceeds 0.5005",
        ),
        ("newcomb", "CDT", "accuracy", "0", "1", "two always"),
        (
            "mechanical blackmail",
            "FDT",
            "noise",
            "0",
            "1",
            "refuse iff noise is less than 0.001; pay or refuse iff noise is 0.001; "
            "pay iff noise exceeds 0.001",
        ),
        (
            "mechanical blackmail",
            "EDT",
            "noise",
            "0",
            "1",
            "unreachable iff noise is 0; pay iff noise exceeds 0",
        ),
        (
            "parfit's hitchhiker",
            "EDT",
            "accuracy",
            "1/2",
            "1",
            "nopay iff accuracy is less than 1; unreachable iff accuracy is 1",
        ),
        (
            "psychopath button",
            "CDT",
            "sign",
            "0",
            "1",
            "depends iff sign is less than 1/11; leave iff sign is at least 1/11 and at most "
            "10/11; unstable iff sign exceeds 10/11",
        ),
        ("newcomb", "EDT", "small", "0", "900000", "one always"),
    ],
)
def test_an_answer_turns_exactly_where_it_should(name, by, parameter, lower, upper, expected):
    found = LIBRARY[name].region(by, parameter, lower, upper)
    assert str(found) == expected
    for at in range(21):
        value = Fraction(lower) + (Fraction(upper) - Fraction(lower)) * at / 20
        answer = str(theory(by)(LIBRARY[name].problem(**{parameter: value})))
        assert answer in {p.answer for p in found.pieces if p.lower.lower <= value <= p.upper.upper}


def test_if_payers_are_spared_as_often_the_blackmail_turns_at_one_in_1001():
    entry = LIBRARY["mechanical blackmail"]
    found = region(
        lambda noise: str(fdt(entry.problem(noise=noise, spared=noise))), 0, 1, name="noise"
    )
    assert found.breakpoints == ("1/1001", "1/1001")


def test_deliberation_comes_to_rest_between_the_cities():
    (rest,) = as_tuple(deliberated(dilemma("death in damascus").problem()))
    assert rest.credence == {"stay": Fraction(1001, 2000), "flee": Fraction(999, 2000)}
    assert rest.value == Fraction(999, 2)
    (rest,) = as_tuple(deliberated(dilemma("death in damascus, with a coin").problem()))
    assert rest.credence == {"stay": Fraction(1, 2), "flee": Fraction(1, 2)}
    hunts = as_tuple(deliberated(dilemma("stag hunt with a predictor").problem()))
    assert [rest.credence.get("stag", 0) for rest in hunts] == [1, 0, Fraction(5, 8)]


def test_deliberation_is_an_answer_of_its_own():
    """Egan's cases leave CDT without an act, and Skyrms' deliberator between two."""
    resting = deliberational(dilemma("psychopath button").problem())
    assert str(resting) == "mixed"
    assert resting.values["press"] == resting.values["leave"] == 0
    assert resting.reason == "it rests at the credence press 1/22, leave 21/22"
    hunts = deliberational(dilemma("stag hunt with a predictor").problem())
    assert (str(hunts), hunts.acts) == ("depends", ("stag", "hare"))
    assert str(deliberational(dilemma("newcomb").problem())) == "two"


def test_one_who_is_sure_to_toss_is_as_well_off_at_either_exit():
    """Aumann, Hart and Perry 1997: what one plans is what one would do."""
    problem = dilemma("absent-minded driver").problem()
    news = matrix(problem)
    assert not isinstance(news, Unreachable)
    assert set(news.worth["toss"].values()) == {Fraction(8, 5)}
    build = LIBRARY["absent-minded driver"].problem
    coins = [Fraction(c, 12) for c in range(13)]
    assert max(coins, key=lambda c: build(coin=c).worth(problem.always("toss"))) == Fraction(2, 3)


@pytest.mark.parametrize(
    ("asleep", "by", "turns"),
    [("1/2", "CDT", "200/3"), ("0", "CDT", "50"), ("1/2", "EDT", "80"), ("0", "EDT", "200/3")]
    + [(asleep, "UDT 1.1", "200/3") for asleep in ("0", "1/2")],
)
def test_beauty_bets_well_as_a_causal_thirder_or_an_evidential_halfer(asleep, by, turns):
    """Briggs 2010. Two thirds of the prize is the fair price before the coin is tossed."""
    entry = LIBRARY["sleeping beauty's bets"]
    found = entry.region(by, "price", 0, 100, asleep=asleep)
    assert set(found.breakpoints) == {str(Fraction(turns))}


def as_tuple(rests):
    assert isinstance(rests, tuple)
    return rests


def test_the_credence_decides_what_causal_decision_theory_does_in_damascus():
    assert str(leanings(dilemma("death in damascus").problem())) == (
        "stay iff the credence in stay is less than 0.5005; "
        "stay or flee iff the credence in stay is 0.5005; "
        "flee iff the credence in stay exceeds 0.5005"
    )
    problem = dilemma("death in damascus").problem()
    assert cdt(problem, {"stay": "0.6", "flee": "0.4"}).acts == ("flee",)
    assert cdt(problem, {"stay": "0.5", "flee": "0.5"}).acts == ("stay",)
    assert cdt(problem, {"stay": "1001/2000", "flee": "999/2000"}).acts == ("stay", "flee")


def test_with_an_unfailing_predictor_some_acts_cannot_happen():
    city = dilemma("parfit's hitchhiker").problem(accuracy=1)
    assert str(edt(city)) == "unreachable"
    assert edt(city).values == {"pay": -1_000, "nopay": UNREACHABLE}
    assert str(cdt(city)) == "nopay"
    assert str(ratified(city)) == "unstable"
    assert fdt(city).acts == ("pay",)
    never = dilemma("mechanical blackmail").problem(noise=0)
    assert udt(never).acts == ("refuse",)


def test_the_tickle_defence():
    """One who feels the urge learns nothing more from the act."""
    problem = Problem(
        chance("lesion", {True: "1/2", False: "1/2"}),
        chance("urge", lambda lesion: noisy(lesion, "0.9", [True, False])),
        decision("act", ["smoke", "abstain"], sees=["urge"]),
        utility("welfare", lambda act, lesion: 1_000 * (act == "smoke") - 1_000_000 * int(lesion)),
        inclination=lambda urge: noisy("smoke" if urge else "abstain", "0.9", ["smoke", "abstain"]),
        at={"urge": True},
    )
    assert str(edt(problem)) == "smoke"


def test_one_act_at_a_time_does_not_coordinate_copies():
    problem = dilemma("numbered copies").problem()
    assert fdt(problem).values == {"A": 5, "B": 5}
    assert udt(problem).values == {"A": 10, "B": 10}
    assert regret(problem, followed(problem, fdt)) == 10
    assert regret(problem, best_policies(problem)[0]) == 0


def test_every_dilemma_has_its_source_and_an_expected_answer_of_every_theory():
    for entry in LIBRARY.values():
        assert entry.source
        assert entry.story
        assert set(entry.expected) == set(THEORIES)


def test_an_unknown_dilemma_is_named():
    with pytest.raises(InputError, match="unknown dilemma 'newcombs'; it is one of: newcomb, "):
        dilemma("newcombs")
    with pytest.raises(InputError, match="unknown decision theory 'XDT'; it is one of: EDT, CDT"):
        theory("XDT")
