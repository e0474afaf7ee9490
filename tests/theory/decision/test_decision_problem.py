"""Decision problems: what they refuse, and theorems about the theories on random ones."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from problem_case import SecondWay, agreed, problems

from theory.causal.diagram import chance, decision, utility
from theory.causal.value import Unreachable
from theory.decision.answer import Status
from theory.decision.causal import cdt, deliberated, leanings, ratified
from theory.decision.evidential import edt
from theory.decision.functional import best_policies, fdt, followed, regret, udt
from theory.decision.problem import POLICY, Policy, Problem, noisy
from theory.error import InputError
from theory.region import region

ACT = decision("act", ["a", "b"])
GAIN = utility("gain", lambda act: int(act == "a"))
SIGHT = decision("act", ["a", "b"], sees=["sign"])


@given(problems())
def test_every_theory_agrees_with_the_worlds_of_the_causal_model(problem):
    way = SecondWay(problem)
    values = {act: way.edt(act) for act in problem.acts}
    assert str(edt(problem)) == agreed(values)
    assert str(cdt(problem)) == way.cdt_answer()
    assert dict(fdt(problem).values) == {act: way.fdt(act) for act in problem.acts}
    worths = {policy: way.udt(policy) for policy in problem.policies}
    assert set(best_policies(problem)) == {p for p in worths if worths[p] == max(worths.values())}


@given(problems())
def test_no_theory_beats_the_one_that_chooses_policies(problem):
    """UDT 1.1 is a maximum over policies, and whatever a theory does is a policy."""
    best = problem.worth(best_policies(problem)[0])
    for theory in (edt, fdt, ratified, udt):
        try:
            policy = followed(problem, theory)
        except InputError:
            continue
        assert problem.worth(policy) <= best
        assert regret(problem, policy) == best - problem.worth(policy)


@given(problems(observed=False))
def test_where_nothing_is_observed_fdt_chooses_the_best_policy(problem):
    assert fdt(problem).acts == udt(problem).acts
    assert dict(fdt(problem).values) == dict(udt(problem).values)
    assert regret(problem, followed(problem, fdt)) == 0


def self_distrust() -> Problem:
    """You never see 1. If you would do 0 on seeing it, 0 is worth 1 now, and 1 is worth -2."""
    return Problem(
        chance("sign", {0: 1, 1: 0}),
        chance("offer", lambda policy: policy(1) == 0),
        decision("act", [0, 1], sees=["sign"]),
        utility("gain", lambda offer, act: (1 - 3 * act) * offer),
    )


def test_choosing_one_act_at_a_time_can_do_worse_than_every_other_theory():
    """Sharpens `FDT never does worse`: it is true of policies, and of problems without sight.

    On seeing 1 it would have to trust itself to do 0 on seeing 0, and with even odds it does not.
    """
    problem = self_distrust()
    assert fdt(problem.asking((0,))).acts == (0,)
    assert fdt(problem.asking((1,))).acts == (1,)
    assert problem.worth(followed(problem, fdt)) == 0
    for theory in (edt, cdt, ratified, udt):
        answers = [theory(problem.asking(seen)) for seen in problem.contexts]
        assert answers[0].acts == (0,)
        assert answers[1].status is Status.UNREACHABLE or answers[1].acts == (0,)
    assert problem.worth(followed(problem, edt)) == 1
    assert problem.worth(followed(problem, cdt)) == 1


@given(problems(predicted=False, inclined=False))
def test_without_predictors_all_theories_agree(problem):
    """And the best policy does the best act after every observation that can occur."""
    evidential, causal = edt(problem), cdt(problem)
    if evidential.status is Status.UNREACHABLE:
        assert causal.status is Status.UNREACHABLE
        return
    assert evidential.acts == causal.acts == ratified(problem).acts == udt(problem).acts
    assert dict(evidential.values) == dict(causal.values)
    assert fdt(problem).acts == evidential.acts


@given(problems())
def test_what_is_best_under_every_credence_is_ratifiable(problem):
    answer = cdt(problem)
    if answer.status is Status.UNSTABLE:
        assert ratified(problem).status is Status.UNSTABLE
    if answer.status is Status.DEPENDS:
        assert ratified(problem).acts
    if answer.status is Status.DECIDED:
        for share in (Fraction(0), Fraction(1, 3), Fraction(1)):
            try:
                under = cdt(problem, {0: share, 1: 1 - share})
            except InputError:
                continue
            assert set(answer.acts) <= set(under.acts)


@given(problems())
def test_deliberation_always_comes_to_rest_where_no_act_is_ruled_out(problem):
    rests = deliberated(problem)
    if isinstance(rests, Unreachable):
        assert cdt(problem).status is Status.UNREACHABLE
        return
    sure = {next(iter(rest.credence)) for rest in rests if len(rest.credence) == 1}
    assert sure == set(ratified(problem).acts)
    for rest in rests:
        assert sum(rest.credence.values()) == 1
        assert set(rest.credence) <= set(cdt(problem, rest.credence).acts)
    if edt(problem).status is not Status.UNREACHABLE:
        assert rests


@given(problems())
def test_the_region_of_a_credence_is_what_each_credence_gives(problem):
    try:
        found = leanings(problem)
    except InputError:
        assert edt(problem).status is Status.UNREACHABLE
        return
    for piece in found.pieces:
        at = (piece.lower.lower + piece.upper.upper) / 2
        assert str(cdt(problem, {0: at, 1: 1 - at})) == piece.answer


@settings(max_examples=5)
@given(problems(), st.sampled_from([Fraction(1, 7), Fraction(2, 3)]))
def test_a_parameter_can_stand_for_any_probability_or_payoff(problem, at):
    def mixed(value: Fraction) -> Problem:
        nodes = [n for n in problem.nodes.values() if not n.utility]
        own = problem.nodes["gain"].rule
        assert callable(own)
        return Problem(
            *nodes,
            utility(
                "gain", lambda state, prediction, act: own(state, prediction, act) + value * act
            ),
            inclination={0: value, 1: 1 - value},
            at=dict(zip(problem.sees, problem.asked, strict=True)),
        )

    for theory in (edt, cdt, fdt, udt):

        def decide(value: Fraction, theory: Any = theory) -> str:
            return str(theory(mixed(value)))

        found = region(decide, 0, 1)
        here = [p for p in found.pieces if p.lower.lower <= at <= p.upper.upper]
        assert decide(at) in {p.answer for p in here}


# --- what is refused ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("nodes", "options", "message"),
    [
        ((GAIN,), {}, "a problem has exactly one decision; here are none"),
        (
            (ACT, decision("other", [1]), GAIN),
            {},
            "a problem has exactly one decision; here are 'act', 'other'",
        ),
        ((ACT,), {}, "a problem needs a utility"),
        ((ACT, ACT, GAIN), {}, "node 'act' is there twice"),
        (
            (ACT, GAIN, chance(POLICY, {1: 1})),
            {},
            "node 'policy': this name stands for the decision's mechanism",
        ),
        (
            (ACT, utility("gain", lambda prediction: 0)),
            {},
            "node 'gain': there is no node 'prediction' to be its parent",
        ),
        (
            (ACT, GAIN, utility("more", lambda gain: gain)),
            {},
            "node 'more': the utility 'gain' cannot be its parent",
        ),
        (
            (SIGHT, chance("sign", lambda act: act), GAIN),
            {},
            "the nodes act -> sign -> act form a cycle",
        ),
        (
            (SIGHT, chance("sign", lambda policy: 1), GAIN),
            {},
            "node 'sign': a policy answers every value of it, and it depends on the policy: "
            "declare its domain",
        ),
        (
            (decision("act", ["a", "a"]), GAIN),
            {},
            "node 'act': its acts must be different, and not None",
        ),
        (
            (decision("act", ["a", None]), GAIN),
            {},
            "node 'act': its acts must be different, and not None",
        ),
        (
            (decision("act", ["a"], sees=[POLICY]), GAIN),
            {},
            "node 'act': a decision cannot see its own policy",
        ),
        (
            (ACT, GAIN, chance("foreseen", lambda policy: 1)),
            {"inclination": lambda foreseen: {"a": 1}},
            "the nodes policy -> foreseen -> policy form a cycle",
        ),
        (
            (SIGHT, chance("sign", {1: 1}), GAIN),
            {"at": {"sign": 2}},
            "at: sign=2 is not an observation",
        ),
        (
            (SIGHT, chance("sign", {1: 1}), GAIN),
            {"at": {}},
            "at: the decision sees sign, not nothing",
        ),
        ((ACT, GAIN), {"at": {"sign": 1}}, "at: the decision sees nothing, not sign"),
    ],
)
def test_a_mistake_is_named(nodes, options, message):
    with pytest.raises(InputError) as error:
        Problem(*nodes, **options)
    assert str(error.value) == message


@pytest.mark.parametrize(
    ("nodes", "options", "message"),
    [
        (
            (ACT, chance("coin", lambda policy: {1: "1/2", 0: "1/3"}), GAIN),
            {},
            "node 'coin' at policy=a: the probabilities sum to 5/6, not to 1",
        ),
        (
            (ACT, chance("coin", lambda policy: 2, domain=[0, 1]), GAIN),
            {},
            "node 'coin' at policy=a: the value 2 is not in its domain",
        ),
        (
            (ACT, chance("coin", lambda policy: [1]), GAIN),
            {},
            "node 'coin' at policy=a: the value [1] cannot be compared; use a tuple",
        ),
        (
            (ACT, utility("gain", lambda act: None)),
            {},
            "node 'gain' has no value at act=a",
        ),
        (
            (ACT, utility("gain", {"a": 1}, ["act"])),
            {},
            "node 'gain' has no value at act=b",
        ),
        (
            (ACT, utility("gain", lambda act: act)),
            {},
            "node 'gain' at act=a: the value 'a' is not a number",
        ),
        (
            (ACT, GAIN),
            {"inclination": {"c": 1}},
            "node 'act': 'c' is none of its acts",
        ),
        (
            (ACT, GAIN),
            {"inclination": {"a": 1, "b": 1}},
            "inclination: the probabilities sum to 2, not to 1",
        ),
        (
            (ACT, GAIN),
            {"inclination": lambda: 1},
            "inclination: it gives no distribution over acts or policies",
        ),
    ],
)
def test_a_mistake_in_a_rule_is_named(nodes, options, message):
    problem = Problem(*nodes, **options)
    with pytest.raises(InputError) as error:
        cdt(problem)
    assert str(error.value) == message


def test_too_many_policies_are_refused_before_they_are_listed():
    problem = Problem(
        chance("sign", dict.fromkeys(range(20), "1/20")),
        SIGHT,
        GAIN,
        inclination={"a": "1/2", "b": "1/2"},
    )
    assert cdt(problem).acts == ("a",)
    with pytest.raises(InputError, match="node 'act': 1048576 policies are too many to list"):
        udt(problem)


def test_a_credence_in_what_cannot_happen_is_refused():
    problem = Problem(ACT, GAIN, inclination={"a": 1})
    with pytest.raises(InputError, match="credence: 'b' is not an act that the agent may do here"):
        cdt(problem, {"a": "1/2", "b": "1/2"})
    with pytest.raises(InputError, match="leanings: the problem does not have two acts"):
        leanings(problem)


def test_a_predictor_with_nothing_to_err_on_is_refused():
    with pytest.raises(InputError, match="noisy: 'a' is not one of several values"):
        noisy("a", "0.9", ["a"])
    assert noisy("a", "0.8", ["a", "b", "c"]) == {
        "a": Fraction(4, 5),
        "b": Fraction(1, 10),
        "c": Fraction(1, 10),
    }


def test_a_policy_answers_what_it_was_made_for():
    policy = Policy((((1,), "a"), ((2,), "b")))
    assert policy(2) == "b"
    assert str(policy.changed((2,), "a")) == "1: a, 2: a"
    with pytest.raises(InputError, match=r"policy: nothing is decided for the observation \(3,\)"):
        policy(3)


def test_an_observation_that_cannot_occur_is_unreachable():
    problem = Problem(chance("sign", {0: 1, 1: 0}), SIGHT, GAIN, at={"sign": 1})
    for theory in (edt, cdt, ratified):
        answer = theory(problem)
        assert answer.status is Status.UNREACHABLE
        assert answer.reason == "what is observed has probability zero"
        assert isinstance(answer.value, Unreachable)
    assert fdt(problem).acts == ("a", "b")
