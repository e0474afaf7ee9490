"""Claims about finite structures through `check`: verdicts, budgets, errors."""

import subprocess
import sys
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import claim_case as case
import pytest

from theory import Agent, Feature, forall
from theory.claim import Claim, Finding
from theory.enclosure import Undecided
from theory.error import InputError
from theory.verdict import Verdict
from verify import check
from verify.claim import judge_claim
from verify.spec import Spec, read_spec
from verify.verdict import EngineFault, Guarantee, ModelVerdict, ProgressEvent, Reason, Violation


def spec(*claims: Claim) -> Spec:
    return Spec(None, claims)


def test_a_claim_that_holds_names_its_guarantee():
    result = judge_claim(case.holding(), 10.0)
    assert (result.verdict, result.guarantee) == (Verdict.HOLDS, Guarantee.EXACT)
    assert result.guarantee is not None
    assert result.guarantee.meaning == "decided by exact enumeration of a finite structure"
    assert result.finding is not None
    assert result.finding.value == Fraction(1, 2)
    assert (result.proved_share, result.engine, result.replays) == (1.0, "exact", {})


def test_a_claim_that_is_violated_is_decided_again():
    result = judge_claim(case.violated(), 10.0)
    assert (result.verdict, result.guarantee, result.reason) == (Verdict.VIOLATED, None, None)
    assert result.finding is not None
    assert result.finding.witness["decision"] == "D"
    assert result.replays == {"exact": True}


def test_a_claim_that_changes_its_mind_is_a_fault():
    with pytest.raises(EngineFault, match="'fickle' is VIOLATED, and HOLDS when it is decided"):
        judge_claim(case.fickle(), 10.0)


def test_where_no_time_is_left_for_it_nothing_is_said_of_a_replay():
    calls: list[int] = []

    def decide() -> Finding:
        calls.append(1)
        if len(calls) > 1:
            time.sleep(30)
        return Finding(Verdict.VIOLATED, {"x": 1})

    result = judge_claim(Claim("slow", "Slow.", decide), 0.3)
    assert (result.verdict, result.replays) == (Verdict.VIOLATED, {})
    assert result.seconds < 0.8


@pytest.mark.parametrize(
    ("claim", "verdict", "reason", "detail"),
    [
        (case.vacuous(), Verdict.VACUOUS, None, "no context is reachable"),
        (case.hinging(), Verdict.UNKNOWN, Reason.PARAMETER, "it hinges on the prior p"),
        (
            case.always(Finding(Verdict.UNKNOWN, reason="role not found: evaluator")),
            Verdict.UNKNOWN, Reason.ROLE_NOT_FOUND, "evaluator",
        ),
        (
            case.always(Finding(Verdict.UNKNOWN, reason="the threshold is in the enclosure")),
            Verdict.UNKNOWN, Reason.LEFT_OPEN, "the threshold is in the enclosure",
        ),
    ],
)  # fmt: skip
def test_what_is_not_decided_says_why(
    claim: Claim, verdict: Verdict, reason: Reason | None, detail: str
):
    result = judge_claim(claim, 10.0)
    assert (result.verdict, result.reason, result.detail) == (verdict, reason, detail)
    assert result.guarantee is None


def test_the_budget_is_kept_claim_by_claim():
    started = time.monotonic()
    report = check(None, spec(case.endless(), case.holding()), timeout_s=0.3)
    assert 0.3 <= time.monotonic() - started < 0.8
    first, second = report.results
    assert (first.verdict, first.reason) == (Verdict.UNKNOWN, Reason.TIME)
    assert second.verdict is Verdict.HOLDS
    assert report.exit_code == 3


@pytest.mark.parametrize(
    ("error", "reason"), [(MemoryError(), Reason.MEMORY), (Undecided("a = b"), Reason.LEFT_OPEN)]
)
def test_what_leaves_a_decision_open_is_no_error(error: Exception, reason: Reason):
    def decide() -> Finding:
        raise error

    result = judge_claim(Claim("own", "Own.", decide), 1.0)
    assert (result.verdict, result.reason) == (Verdict.UNKNOWN, reason)


def failing(error: Exception) -> Callable[[], Finding]:
    def decide() -> Finding:
        raise error

    return decide


def test_a_malformed_structure_is_an_input_error_that_names_file_and_claim():
    with pytest.raises(InputError) as caught:
        judge_claim(case.wrong(), 1.0, where="story.py")
    assert str(caught.value) == "story.py: claim 'wrong': node 'U': no value for (0, 1)"


def test_a_decision_of_the_users_own_that_fails_is_an_input_error():
    claim = Claim("own", "Own.", failing(ZeroDivisionError("division by zero")))
    with pytest.raises(InputError, match="claim 'own': ZeroDivisionError: division by zero"):
        judge_claim(claim, 1.0)
    with pytest.raises(InputError, match="gives 3, not a Finding"):
        judge_claim(Claim("own", "Own.", lambda: 3), 1.0)  # pyright: ignore[reportArgumentType]


def test_a_decision_of_the_librarys_own_that_fails_is_a_fault():
    definition = case.holding().definition
    claim = Claim("own", "Own.", failing(ZeroDivisionError("so")), definition)
    with pytest.raises(ZeroDivisionError):
        judge_claim(claim, 1.0)


@pytest.mark.parametrize(
    ("claims", "verdict", "status"),
    [
        ((case.holding(),), ModelVerdict.OK, 0),
        ((case.holding(), case.violated()), ModelVerdict.DANGEROUS, 1),
        ((case.hinging(), case.violated()), ModelVerdict.DANGEROUS, 1),
        ((case.holding(), case.hinging()), ModelVerdict.DONT_KNOW, 3),
        ((case.vacuous(),), ModelVerdict.DONT_KNOW, 3),
    ],
)
def test_the_verdict_over_a_spec_of_claims(
    claims: tuple[Claim, ...], verdict: ModelVerdict, status: int
):
    report = check(None, spec(*claims))
    assert (report.model_verdict, report.exit_code) == (verdict, status)
    assert (report.network, report.subject) == ("", "spec")
    if status == 1:
        with pytest.raises(Violation, match="spec: violated: lacks_value_of_information"):
            report.raise_for_violation()


def test_a_spec_of_claims_needs_no_agent(tmp_path: Path):
    path = case.write(tmp_path)
    assert read_spec(path).agent is None
    report = check(None, path)
    assert [r.property.name for r in report.results] == ["knows", "does not care"]
    assert report.command == f"mesascope check --spec {path} --timeout 60 --seed 0"
    assert list(report.inputs) == [str(path)]
    assert check(None, path, properties=["knows"]).exit_code == 0


def test_names_are_told_apart_across_claims_and_properties(tmp_path: Path):
    text = case.SPEC.replace('"does not care"', '"knows"')
    with pytest.raises(InputError, match="two properties are named 'knows'"):
        read_spec(case.write(tmp_path, text))


def test_something_else_called_agent_does_not_disturb_claims(tmp_path: Path):
    assert read_spec(case.write(tmp_path, f"agent = 'robot'\n{case.SPEC}")).agent is None


def test_a_property_of_networks_needs_a_network_and_an_agent(tmp_path: Path):
    agent = Agent(observation=[Feature("x", 0, 1)], actions=["a", "b"])
    o = agent.observation("o")
    about_nets = forall(o, agent.acts(o, "a")).named("always a")
    both = Spec(agent, (case.holding(), about_nets))
    with pytest.raises(InputError, match="spec: property 'always a' is about a network: give NET"):
        check(None, both)
    assert check(None, both, properties=[case.holding().name]).exit_code == 0
    with pytest.raises(InputError, match="no property is about a network: leave NET out"):
        check("net.onnx", both, properties=[case.holding().name])
    more = """
from theory import Agent, Feature, forall
who = Agent(observation=[Feature("x", 0, 1)], actions=["a", "b"])
o = who.observation("o")
properties.append(forall(o, who.acts(o, "a")).named("always a"))
"""
    with pytest.raises(InputError, match="`agent` is missing"):
        read_spec(case.write(tmp_path, case.SPEC + more))


def test_progress_says_which_claim_is_being_decided():
    told: list[ProgressEvent] = []
    check(None, spec(case.holding(), case.vacuous()), progress=told.append)
    assert [event.property for event in told] == [case.holding().name, "vacuous"]


def test_claims_alone_load_no_torch(tmp_path: Path):
    code = (
        "import sys; from verify import check; check(None, sys.argv[1]);"
        "print(sorted({'torch', 'onnx', 'z3'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(case.write(tmp_path))],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "[]\n"


def test_the_package_gives_the_function_whatever_was_imported_before():
    code = (
        "import verify.check, verify; from verify import check;"
        "assert callable(check) and check is verify.check; import verify.check;"
        "print(verify.check is check)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "True\n"


def test_claims_stand_beside_properties_in_the_order_of_the_spec(tmp_path: Path):
    (tmp_path / "net.nnet").write_text(NNET)
    agent = Agent(observation=[Feature("x", 0, 1)], actions=["a", "b"])
    o = agent.observation("o")
    about_nets = forall(o, agent.acts(o, "a")).named("always a")
    both = Spec(agent, (case.holding(), about_nets, case.violated()))
    report = check(str(tmp_path / "net.nnet"), both)
    assert [result.property.name for result in report.results] == [
        "has_value_of_information(X)",
        "always a",
        "lacks_value_of_information(X)",
    ]
    assert [result.verdict.value for result in report.results] == ["HOLDS", "HOLDS", "VIOLATED"]
    assert report.results[1].guarantee is Guarantee.FLOAT32
    assert report.subject == str(tmp_path / "net.nnet")


NNET = """// one layer: a scores x + 1, b scores 0
1,1,2,2,
1,2,
0,
0,
1,
0,0,
1,1,
1,
0,
1,
0,
"""
