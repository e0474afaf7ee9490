"""Nets before dilemmas: which theory they follow, proved; where they fail; what a bookie takes."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from fractions import Fraction
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from command import run
from engine_case import dense
from hypothesis import given, settings
from hypothesis import strategies as st

from extract.network import Network
from extract.reader import read
from extract.run import run_exact
from theory import Agent, Feature
from theory.decision.answer import Status
from theory.decision.dilemma import LIBRARY
from theory.decision.document import dumps, load
from theory.decision.encoding import Case, Encoding, Sample
from theory.decision.theory import THEORIES
from theory.error import InputError
from theory.verdict import Verdict
from verify import check
from verify.answer import Deadline
from verify.dilemma.agreement import agreement
from verify.dilemma.book import bookie, faults
from verify.dilemma.card import scored
from verify.dilemma.encoding import fitting, read_encoding
from verify.dilemma.stake import THEORIES as VALUING
from verify.dilemma.stake import Stakes, stakes
from verify.dilemma.survey import Survey, survey
from verify.problem import compile_goal
from verify.smt.solver import SmtSolver
from verify.solve import Engines, decide

FOLDER = Path(__file__).parents[2] / "examples" / "dilemma"
ENCODING = read_encoding(FOLDER / "encoding.py")
HAND = '''
import torch
from torch import nn


def take():
    """Takes the bonus whatever the problem: its scores are 0 and bonus + 1/64."""
    net = nn.Linear(7, 2)
    with torch.no_grad():
        net.weight.zero_()
        net.bias.copy_(torch.tensor([0.0, 1 / 64]))
        net.weight[1, 1] = 1.0
    net.example_inputs = (torch.zeros(1, 7),)
    return net
'''


@pytest.fixture(scope="module")
def hand(tmp_path_factory: pytest.TempPathFactory) -> str:
    file = tmp_path_factory.mktemp("net") / "hand.py"
    file.write_text(HAND)
    return f"{file}:take"


@cache
def found(case: str, theory: str) -> Stakes:
    return stakes(ENCODING, case, theory)


# --- what the theories take acts to be worth --------------------------------------------------


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from(list(ENCODING.cases)),
    st.sampled_from(VALUING),
    st.tuples(*(st.integers(0, 8) for _ in range(3))),
)
def test_worths_as_functions_are_the_worths_at_every_point(case, theory, at):
    box = ENCODING.box(case)
    point = {
        n: a + (b - a) * Fraction(k, 8) for (n, (a, b)), k in zip(box.items(), at, strict=True)
    }
    answer = THEORIES[theory](ENCODING.case(case).build(**point))
    worth = found(case, theory).at(point)
    if answer.status is Status.UNREACHABLE:
        assert worth.functions == ()
    else:
        assert worth.at(point) == tuple(answer.values[a] for a in ENCODING.agent.actions)


# --- statements about nets, against enumeration -----------------------------------------------


def small_net(weights: list[int]) -> Network:
    """A net with three hidden units, and halves of small integers for weights."""
    halves = iter(Fraction(w, 2) for w in weights)

    def layer(inputs: int, outputs: int) -> tuple[list[list[Fraction]], list[Fraction]]:
        rows = [[next(halves) for _ in range(inputs)] for _ in range(outputs)]
        return rows, [next(halves) for _ in range(outputs)]

    return dense(layer(7, 3), layer(3, 2)).network()


weights = st.lists(st.integers(-2, 2), min_size=32, max_size=32)


@settings(max_examples=8, deadline=None)
@given(
    weights,
    st.sampled_from(list(ENCODING.cases)),
    st.sampled_from(VALUING),
    st.sampled_from(["0", "1/8", "1/2"]),
)
def test_what_is_proved_or_refuted_of_a_random_net_is_so(weights, case, theory, loss):
    """Every grid point agrees with a proof; every refutation is priced by enumeration."""
    net, limit, worths = small_net(weights), Fraction(loss), found(case, theory)
    formula = agreement(ENCODING, case, worths, loss=limit)
    with SmtSolver(0) as smt:
        problem = compile_goal(formula, {"score": net}, wanted=False)
        answer = decide(problem, Engines(smt), Deadline.after(5))
    box = ENCODING.box(case)
    names = [feature.name for feature in ENCODING.agent.features]

    def fails(values: dict[str, Fraction]) -> bool:
        worth = worths.at(values)
        if not worth.functions:
            return False
        v = worth.at(values)
        observed = ENCODING.observation(case, values)
        scores = list(run_exact(net, [observed[n] for n in names]))
        return any(v[b] - v[1 - b] > limit and scores[b] <= scores[1 - b] for b in range(2))

    if answer.reached and answer.point is not None:
        at = dict(zip(names, answer.point, strict=True))
        assert fails({name: at[name] for name in box})
    elif answer.reached is False:
        for ks in product(range(3), repeat=len(box)):
            pairs = zip(box.items(), ks, strict=True)
            assert not fails({n: a + (b - a) * Fraction(k, 2) for (n, (a, b)), k in pairs})


# --- the nets of the examples -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "verdicts"),
    [
        ("evidential", "HOLDS HOLDS HOLDS"),
        ("causal", "VIOLATED HOLDS VIOLATED"),
        ("functional", "VIOLATED VIOLATED HOLDS"),
        ("mixed", "VIOLATED VIOLATED VIOLATED"),
    ],
)
def test_two_problems_tell_how_a_net_values_acts(name, verdicts):
    report = check(str(FOLDER / f"{name}.pt2"), FOLDER / "spec.py", timeout_s=60)
    assert " ".join(result.verdict.value for result in report.results) == verdicts
    for result in report.results:
        if result.verdict is Verdict.VIOLATED:
            assert dict(result.replays) == {"exact": True, "float32": True}


def test_a_net_that_takes_whatever_is_offered_is_known_for_what_it_is(hand):
    """It is CDT's but where the act causes the prize; nothing but ties and edges stays open."""
    with SmtSolver(0) as smt:
        seen = survey(
            read(hand), ENCODING, Engines(smt), theories=("CDT", "EDT"), threshold=0.9, timeout_s=5
        )
    shares = seen.cases["CDT"]
    assert all(shares[case].agrees > 0.98 for case in shares if case != "caused")
    assert 0.7 < shares["caused"].agrees < 0.75  # the bonus exceeds p(2a - 1) on 3/4 of the box
    assert 0.2 < shares["caused"].differs < 0.25
    assert seen.implements == ("CDT",)
    worst = seen.failures("CDT")[0]
    assert (worst.case, worst.action, worst.advised) == ("caused", "take", ("leave",))
    assert dict(worst.replays) == {"exact": True, "float32": True}
    assert worst.cost > Fraction(1, 4)
    problem = ENCODING.case("caused").build(**worst.values)
    assert dict(THEORIES["CDT"](problem).values) == dict(worst.worths)
    assert worst.worths["leave"] - worst.worths["take"] == worst.cost


def test_the_verdict_follows_the_shares():
    def of(agrees: float, differs: float) -> Survey:
        case: Any = replace_share(agrees, differs)
        return Survey({"EDT": {"one": case}}, 0.9, Fraction(1, 16))

    assert of(0.95, 0.02).verdict("EDT") is Verdict.HOLDS
    assert of(0.85, 0.12).verdict("EDT") is Verdict.VIOLATED
    assert of(0.85, 0.09).verdict("EDT") is Verdict.UNKNOWN
    assert of(0.85, 0.12).implements == ()


def replace_share(agrees: float, differs: float) -> Any:
    from verify.dilemma.survey import Share

    return Share(agrees, differs, None)  # pyright: ignore[reportArgumentType]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "follows"),
    [("evidential", "EDT"), ("causal", "CDT"), ("functional", "FDT"), ("mixed", None)],
)
def test_the_nets_are_identified(name, follows):
    net = read(str(FOLDER / f"{name}.pt2"))
    with SmtSolver(0) as smt:
        seen = survey(net, ENCODING, Engines(smt), theories=("EDT", "CDT", "FDT"), timeout_s=10)
    assert seen.implements == ((follows,) if follows else ())
    if follows is None:
        assert all(seen.at_most(theory) < 0.95 for theory in seen.cases)
    if follows is not None:
        corner = [f for f in seen.failures(follows) if f.case == "seen, predicted"]
        assert all(dict(f.replays) == {"exact": True, "float32": True} for f in corner)


# --- the bookie -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["causal", "functional", "mixed"])
def test_a_bookie_takes_a_sure_loss_from_a_net(name):
    net = read(str(FOLDER / f"{name}.pt2"))
    book = bookie(net, ENCODING)
    assert book is not None
    assert book.sure_loss > 0
    assert faults(book, net, ENCODING) == []
    problem = ENCODING.case(book.case).build(**book.values)
    worths = {p(*problem.asked): problem.worth(p) for p in problem.policies}
    assert max(worths.values()) * book.rounds == book.price


def test_a_certificate_that_was_tampered_with_is_found_out():
    net = read(str(FOLDER / "functional.pt2"))
    book = bookie(net, ENCODING)
    assert book is not None
    (world, count, pays), *rest = book.deals
    assert faults(replace(book, deals=((world, count + 1, pays), *rest)), net, ENCODING)
    assert faults(replace(book, deals=((world, count, pays - 1), *rest)), net, ENCODING)
    assert faults(replace(book, action=book.rival, rival=book.action), net, ENCODING)
    assert "it costs nothing" in faults(replace(book, deals=book.rivals), net, ENCODING)
    assert faults(replace(book, values={**book.values, "prize": Fraction(9)}), net, ENCODING)


# --- the score card and the command line ------------------------------------------------------


def test_the_score_card_says_what_a_net_does_and_forgoes(hand):
    names = ("newcomb", "smoking lesion", "counterfactual mugging")
    few = Encoding(
        agent=ENCODING.agent,
        cases=ENCODING.cases,
        dilemmas={name: ENCODING.dilemmas[name] for name in names},
        left_out=ENCODING.left_out,
    )
    card = scored(read(hand), few)
    scores = {score.dilemma.name: score for score in card.scores}
    assert scores["newcomb"].act == "two"
    assert scores["newcomb"].loss == 979_000
    assert scores["newcomb"].agrees == ("CDT", "ratified CDT", "deliberational CDT")
    assert scores["smoking lesion"].loss == 0
    assert scores["counterfactual mugging"].loss == 4_950
    newcomb = scores["newcomb"].line
    assert newcomb is not None
    assert newcomb.failures("CDT") == []
    (gone,) = newcomb.failures("FDT")  # it turns at 1001/2000
    assert (gone.lower.lower, gone.upper.upper) == (Fraction(1001, 2000), 1)
    assert scores["newcomb"].failures["FDT"].cost > 0
    shares = scores["newcomb"].shares
    assert shares is not None
    assert 0.46 < shares.put < 0.5  # an accuracy below 1/2 cannot be put
    assert shares.agrees["CDT"] > 0.45
    assert shares.differs["CDT"] == 0
    assert shares.differs["FDT"] > 0.43
    assert set(card.left_out) == set(LIBRARY) - set(scores)
    assert card.left_out["absent-minded driver"] == "it has three acts"


def test_a_dilemma_of_one_s_own_goes_through_the_same_suite(hand, tmp_path):
    """A file's dilemma, told apart from the library's by its name and numbers."""
    file = tmp_path / "mine.json"
    text = dumps(LIBRARY["newcomb"]).replace('"newcomb"', '"two envelopes"')
    file.write_text(text.replace('"0.99"', '"0.6"'))
    sample = replace(ENCODING.dilemmas["newcomb"], dilemma=load(file))
    own = Encoding(agent=ENCODING.agent, cases=ENCODING.cases, dilemmas={"two envelopes": sample})
    (score,) = scored(read(hand), own).scores
    assert (score.dilemma.name, score.act) == ("two envelopes", "two")
    assert score.loss == 199_000
    assert score.line is not None
    (gone,) = score.line.failures("FDT")
    assert gone.lower.lower == Fraction(1001, 2000)


@pytest.mark.slow
def test_the_command_line_answers_with_an_exit_status(capsys, hand, tmp_path):
    out = tmp_path / "card.json"
    arguments = ["dilemmas", "--net", hand, "--encoding", FOLDER / "encoding.py", "--timeout", 3]
    page = tmp_path / "card.html"
    arguments += ["--follows", "FDT", "--json", out, "--html", page]
    status, said, _ = run(capsys, *arguments)
    html = page.read_text()
    assert "counterfactual mugging" in html
    assert "<script" not in html
    assert not re.search(r"(src|href)=.(http|//)", html)
    assert status == 1
    assert "does not follow FDT" in said
    document = json.loads(out.read_text())
    assert document["verdict"] == "VIOLATED"
    assert document["theories"]["FDT"]["differs"] > 0.1
    assert {d["name"] for d in document["dilemmas"]} == set(ENCODING.dilemmas)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--net", "x.onnx"], "error: --net and --encoding need each other"),
        (["--follows", "FDT"], "error: --follows: give the network with --net"),
        (
            ["--net", "x.onnx", "--encoding", "e.py", "--follows", "XDT"],
            "error: --follows: 'XDT' is none of EDT, CDT, FDT, UDT 1.1",
        ),
        (["--net", "x.onnx", "--encoding", "gone.py"], "error: gone.py: no such file or directory"),
        (
            ["newcomb", "--net", "x.onnx", "--encoding", "e.py"],
            "error: --net: it takes neither names nor --free and --plot",
        ),
    ],
)
def test_a_mistake_with_a_net_is_one_line(capsys, arguments, message):
    status, out, err = run(capsys, "dilemmas", *arguments)
    assert (status, out) == (2, "")
    assert err.splitlines()[-1].startswith(message)


def test_an_encoding_that_does_not_fit_is_named(tmp_path):
    agent = Agent(observation=[Feature("p", 0, 1), Feature("kind", flag=True)], actions=["a", "b"])
    build = ENCODING.case("caused").build
    with pytest.raises(InputError, match="encoding: there is no case"):
        Encoding(agent=agent, cases={})
    with pytest.raises(InputError, match="case 'x': kind cannot be 2"):
        Encoding(agent=agent, cases={"x": Case(build, {"kind": 2})})
    with pytest.raises(InputError, match="dilemma 'newcomb': there is no case 'x'"):
        Encoding(
            agent=ENCODING.agent,
            cases=ENCODING.cases,
            dilemmas={"newcomb": Sample("x", dict, {})},
        )
    with pytest.raises(InputError, match="case 'caused': prize is 2, outside 0 to 1"):
        ENCODING.observation("caused", {"prize": 2, "bonus": 0, "accuracy": 1})
    with pytest.raises(InputError, match="n takes 2 inputs, the encoding has 7"):
        fitting(dense(([[1, 0], [0, 1]], [0, 0])).network(), ENCODING, "n")
    file = tmp_path / "e.py"
    file.write_text("encoding = 3\n")
    with pytest.raises(InputError, match="`encoding` is missing"):
        read_encoding(file)


def test_a_dilemma_that_its_case_does_not_stand_for_is_refused(hand):
    wrong = ENCODING.dilemmas["smoking lesion"]
    lied = Encoding(
        agent=ENCODING.agent,
        cases=ENCODING.cases,
        dilemmas={"smoking lesion": replace(wrong, case="predicted")},
    )
    with pytest.raises(InputError, match="FDT says smoke, but leave in the case 'predicted'"):
        scored(read(hand), lied)
