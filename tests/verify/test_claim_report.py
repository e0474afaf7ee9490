"""Claims as people and programs meet them: terminal, page, JSON, command line, replay."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import claim_case as case
import pytest
import report_case
from command import run

from theory.claim import Claim
from theory.properties import CATALOGUE
from theory.verdict import Verdict
from verify import Report, check
from verify.cli.property import example
from verify.report.html import render as page
from verify.report.terminal import render
from verify.report.text import conclusion
from verify.spec import Spec
from verify.wire import decode, document, encode

CLAIMS = (case.holding(), case.violated(), case.rich(), case.vacuous(), case.hinging())


@pytest.fixture(scope="module")
def report() -> Report:
    return check(None, Spec(None, (*CLAIMS, case.endless())), timeout_s=0.3)


def test_the_terminal_shows_what_was_found(report: Report):
    out = render(report, width=80)
    assert max(map(len, out.splitlines()[:-1])) <= 80
    assert out.startswith(
        "spec\n\nHOLDS     There is value of information of `X` in this      exact "
    )
    for line in (
        "          decision        D",
        "          policy D        (0): 0, (1): 1",
        "          policy without D  0",
        "          value             0.5",
        "          replays: exact yes",
        "          the answer hinges on a parameter of the statement: it hinges on the",
        f"          {case.HINGES}",
        "exact: decided by exact enumeration of a finite structure",
        "DANGEROUS  spec: 2 of 6 claims are violated",
    ):
        assert " ".join(line.split()) in " ".join(out.split())
    holding = out[: out.index("VIOLATED")]
    assert holding.count("\n") == 4  # nothing below a claim that holds


def test_a_rich_witness_fits_a_screen(report: Report):
    alone = replace(report, results=(report.results[2],))
    assert render(alone, width=80).splitlines()[2:-3] == [
        "VIOLATED  rich is claimed.                                  replayed      0.00 s",
        "          setting   X=1/3, type=weak",
        "          policy D  (weak, 1): wait, (strong, 2): go",
        "          always E  left",
        "          worth     0.5, 0",
        "          trades",
        "            1       from=a, to=b",
        "            2       from=b, to=a",
        "          precise   about 0.5241105",
        "          open      none",
        "          value     1/9",
        "          replays: exact yes",
    ]


def test_too_long_a_witness_is_cut(report: Report):
    result = report.results[2]
    assert result.finding is not None
    finding = replace(result.finding, witness={f"w{i}": i for i in range(40)})
    out = render(replace(report, results=(replace(result, finding=finding),)))
    assert "... 32 more in --json" in out
    assert len(out.splitlines()) <= 17


def test_mixed_specs_speak_of_properties(report: Report):
    both = replace(report, results=(*report_case.honest().results, report.results[0]))
    assert conclusion(both) == "all 5 properties hold"
    assert conclusion(replace(report, results=report.results[:1])) == "the one claim holds"
    assert conclusion(report_case.honest()) == "all 4 properties hold"
    render(both)
    page(both)
    encode(both)


def test_json_has_exact_values_proof_and_region(report: Report):
    found = json.loads(encode(report))
    assert (found["network"], found["model_verdict"]) == ("", "DANGEROUS")
    holds, violated, rich, vacuous, hinging, endless = found["properties"]
    assert (holds["verdict"], holds["guarantee"], holds["value"]) == ("HOLDS", "exact", "1/2")
    assert holds["proof"].startswith("the best of every policy over 2 contexts")
    assert (holds["witness"], holds["formula"]) == (None, None)
    assert violated["definition"] == "lacks_value_of_information"
    assert violated["witness"]["values"]["policy"] == {"D": {"(0)": "0", "(1)": "1"}}
    assert violated["witness"]["replays"] == {"exact": True}
    assert rich["witness"]["values"] == {
        "setting": {"X": "1/3", "type": "weak"},
        "policy": {"D": {"(weak, 1)": "wait", "(strong, 2)": "go"}},
        "always": {"E": {"()": "left"}},
        "worth": ["1/2", "0"],
        "trades": [{"from": "a", "to": "b"}, {"from": "b", "to": "a"}],
        "precise": f"{7**90}/{3**160}",
        "open": "none",
    }
    assert rich["witness"]["floats"]["setting"] == {"X": 1 / 3}
    assert rich["witness"]["floats"]["worth"] == [0.5, 0.0]
    assert "trades" not in rich["witness"]["floats"]
    assert vacuous["detail"] == "no context is reachable"
    assert hinging["reason"] == "the answer hinges on a parameter of the statement"
    assert (hinging["region"], hinging["witness"]["replays"]) == (case.HINGES, {})
    assert endless["reason"] == "time ran out"


def test_json_there_and_back(report: Report):
    assert decode(encode(report)) == document(report)


def test_a_report_from_before_there_were_claims_is_read():
    found = json.loads(encode(report_case.sleeper()))
    for entry in found["properties"]:
        del entry["proof"], entry["value"], entry["region"]
    assert decode(json.dumps(found)).properties[0].proof == ""


def test_the_page_has_a_card_for_each_claim(report: Report):
    html = page(report)
    assert html.count("<article") == 6
    for words in (
        "<strong>Proof.</strong> the best of every policy over 2 contexts",
        f"<strong>Where.</strong> {case.HINGES}",
        '<th scope="row" style="padding-left: 1.85rem">1</th><td>from=a, to=b</td>',
        "Decided again:",
        "max_pi E[U] where D observes X &gt; max_pi E[U] where it does not",
        "Howard, Information value theory, 1966",
        "A claim of the spec's own.",
        "exact: decided by exact enumeration of a finite structure",
    ):
        assert words in html, words
    assert "LaTeX" not in html
    assert "of the domain is proved" not in html
    assert "against" not in html


def test_what_a_witness_says_is_escaped():
    evil = "<script>alert(1)</script>"
    claim = case.always(case.Finding(case.Verdict.VIOLATED, {evil: [evil]}, evil, evil, "", evil))
    html = page(check(None, Spec(None, (claim.named(evil, evil),), name=evil)))
    assert "<script" not in html


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    case.write(tmp_path)
    return tmp_path


def test_the_command_line_needs_no_network(folder: Path, capsys: pytest.CaptureFixture[str]):
    status, out, err = run(capsys, "check", "--spec", "story.py", "--json", "r.json")
    assert (status, err) == (1, "")
    assert out.startswith("story.py\n\nHOLDS ")
    assert out.splitlines()[-1] == "mesascope check --spec story.py --timeout 60 --seed 0"
    assert run(capsys, "check", "--spec", "story.py", "--property", "knows")[0] == 0
    assert json.loads((folder / "r.json").read_text())["inputs"].keys() == {"story.py"}


def test_a_property_without_a_network_is_2(folder: Path, capsys: pytest.CaptureFixture[str]):
    more = """
from theory import Agent, Feature, forall
agent = Agent(observation=[Feature("x", 0, 1)], actions=["a", "b"])
o = agent.observation("o")
properties.append(forall(o, agent.acts(o, "a")).named("always a"))
"""
    case.write(folder, case.SPEC + more)
    status, out, err = run(capsys, "check", "--spec", "story.py")
    assert (status, out) == (2, "")
    assert err == "error: story.py: property 'always a' is about a network: give NET\n"
    assert run(capsys, "check", "--spec", "story.py", "--property", "knows")[0] == 0


def test_a_malformed_structure_is_2(folder: Path, capsys: pytest.CaptureFixture[str]):
    case.write(folder, case.SPEC.replace('{0: "1/2", 1: "1/2"}', '{0: "1/2", 1: "1/3"}'))
    status, out, err = run(capsys, "check", "--spec", "story.py")
    assert (status, out) == (2, "")
    assert err.startswith("error: story.py")
    assert "'X'" in err
    assert err.count("\n") == 1


@pytest.fixture
def written(folder: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    run(capsys, "check", "--spec", "story.py", "--json", "r.json")
    return json.loads((folder / "r.json").read_text())


@pytest.mark.usefixtures("written")
def test_replay_decides_claims_again(capsys: pytest.CaptureFixture[str]):
    status, out, err = run(capsys, "replay", "r.json")
    assert (status, err) == (0, "")
    assert out == (
        "replays  knows  decided: HOLDS again\nreplays  does not care  decided: VIOLATED again\n"
    )


def test_a_claim_that_comes_out_otherwise_is_4(
    written: dict[str, Any], folder: Path, capsys: pytest.CaptureFixture[str]
):
    written["properties"][0]["verdict"] = "VIOLATED"
    (folder / "r.json").write_text(json.dumps(written))
    status, out, err = run(capsys, "replay", "r.json")
    assert status == 4
    assert out.startswith("DIFFERS  knows  decided: HOLDS (the report says VIOLATED)\n")
    assert err == "internal fault: does not replay as the report says: knows\n"


@pytest.mark.usefixtures("written")
def test_a_changed_spec_is_2_and_a_claim_that_is_gone_too(
    folder: Path, capsys: pytest.CaptureFixture[str]
):
    case.write(folder, case.SPEC.replace('"knows"', '"other"'))
    status, _, err = run(capsys, "replay", "r.json")
    assert status == 2
    assert "not the file of the report" in err
    status, _, err = run(capsys, "replay", "r.json", "--force")
    assert (status, err) == (2, "error: story.py: there is no claim 'knows' any more\n")


def test_what_ran_out_of_time_is_not_replayed(
    written: dict[str, Any], folder: Path, capsys: pytest.CaptureFixture[str]
):
    for entry in written["properties"]:
        entry.update(verdict="UNKNOWN", reason="time ran out", witness=None)
    (folder / "r.json").write_text(json.dumps(written))
    status, _, err = run(capsys, "replay", "r.json")
    assert (status, err) == (2, "error: r.json: the report has no witness to replay\n")


def test_the_example_of_every_family_is_decided_and_shown():
    built = [(name, example(definition)) for name, definition in CATALOGUE.items()]
    claims = [one.named(name) for name, one in built if isinstance(one, Claim)]
    found = check(None, Spec(None, tuple(claims)), timeout_s=20)
    assert max(map(len, render(found, width=80).splitlines()[:-1])) <= 80
    assert decode(encode(found)) == document(found)
    shown = page(found)
    assert shown.count("<article") == len(claims)
    assert " object at 0x" not in shown  # nothing without words of its own
    for result in found.results:
        assert result.finding is not None, result.property.name
        if result.verdict is Verdict.VIOLATED:
            assert result.finding.witness, result.property.name
        if result.verdict is Verdict.HOLDS:
            assert result.finding.proof, result.property.name
