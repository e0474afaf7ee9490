"""`mesascope dilemmas` as a user meets it: the table, one dilemma, regions, pages, mistakes."""

from __future__ import annotations

import json
import re

import pytest
from command import run

from theory.decision.dilemma import LIBRARY
from theory.decision.document import dumps


def test_the_table_is_the_library_s(capsys):
    status, out, err = run(capsys, "dilemmas")
    assert (status, err) == (0, "")
    lines = out.splitlines()
    assert lines[0].split() == ["EDT", "CDT", "ratified", "deliberated", "FDT", "UDT", "1.1"]
    assert lines[len(LIBRARY) + 1] == ""
    for line, (name, entry) in zip(lines[1:], LIBRARY.items(), strict=False):
        assert line.startswith(name)
        assert re.split(r"  +", line.removeprefix(name).strip()) == list(entry.expected.values())


def test_what_agents_do_by_proof_is_in_the_library(capsys):
    status, out, _ = run(capsys, "dilemmas", "five and ten", "procrastination", "--json", "-")
    assert status == 0
    document = json.loads(out)
    assert document["dilemmas"] == []
    assert [one["name"] for one in document["by_proof"]] == ["five and ten", "procrastination"]
    for one in document["by_proof"]:
        assert one["agents"] == one["expected"]
        assert one["source"]
    status, out, _ = run(capsys, "dilemmas", "procrastination")
    assert "trusts its own proofs           puts it off for ever" in out


def test_one_dilemma_is_told_in_full_with_its_exact_region(capsys, tmp_path):
    plot = tmp_path / "plot.svg"
    status, out, err = run(capsys, "dilemmas", "newcomb", "--free", "accuracy", "--plot", plot)
    assert (status, err) == (0, "")
    assert "one; worth: one 990000, two 11000; regret 0" in out
    assert "two; worth: one 500000, two 501000; regret 979000" in out
    assert "one iff accuracy > 0.5005" in out
    assert "checked at 360 points, each by enumeration" in out
    again = tmp_path / "again.svg"
    assert run(capsys, "dilemmas", "newcomb", "--free", "accuracy", "--plot", again)[0] == 0
    assert plot.read_text() == again.read_text()
    assert plot.read_text().startswith("<svg")


def test_a_dilemma_of_one_s_own_is_a_file(capsys, tmp_path):
    own = tmp_path / "own.json"
    own.write_text(dumps(LIBRARY["twin prisoner's dilemma"]).replace('"twin p', '"my p'))
    status, out, _ = run(capsys, "dilemmas", own, "--free", "likeness=1/2..3/4", "--json", "-")
    assert status == 0
    (entry,) = json.loads(out)["dilemmas"]
    assert entry["name"] == "my prisoner's dilemma"
    assert entry["free"] == {"likeness": ["1/2", "3/4"]}
    assert entry["theories"]["FDT"]["regions"]["C"] == "likeness > 0.5005"
    assert entry["theories"]["CDT"]["regions"] == {"D": "always"}
    assert entry["theories"]["CDT"]["regret"] == "999000"


def test_the_library_is_a_page_without_scripts(capsys, tmp_path):
    page = tmp_path / "page.html"
    status, _, err = run(capsys, "dilemmas", "newcomb", "death in damascus", "--html", page)
    assert (status, err) == (0, "")
    text = page.read_text()
    assert "<script" not in text
    assert text.count('class="dilemma"') == 2
    assert text.count("data:image/svg+xml;base64,") == 4  # a graph and a plot of each
    assert "Nozick" in text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowcomb"], "error: unknown dilemma 'nowcomb'; it is one of: newcomb, "),
        (["gone.json"], "error: gone.json: no such file or directory"),
        (["--free", "accuracy"], "error: --free: name the one dilemma whose parameter it is"),
        (
            ["newcomb", "--free", "acc"],
            "error: newcomb: there is no parameter 'acc'; there are: accuracy, full, small",
        ),
        (["newcomb", "--free", "small=5"], "error: --free: small=5 is no range; write small=0..1"),
        (["newcomb", "--free", "small=5..x"], "error: --free: small: 'x' is not a finite number"),
        (["newcomb", "--free", "small=5..1"], "error: --free: small: 5 is above 1"),
        (["newcomb", "--free", "full", "--free", "full"], "error: --free: full is given twice"),
        (
            ["newcomb", "--free=full", "--free=small", "--free=accuracy"],
            "error: --free: at most two parameters, not 3",
        ),
        (["newcomb", "--plot", "x.svg"], "error: --plot: leave a parameter free with --free"),
    ],
)
def test_a_mistake_is_one_line(capsys, arguments, message):
    status, out, err = run(capsys, "dilemmas", *arguments)
    assert (status, out) == (2, "")
    assert err.startswith(message)
    assert len(err.splitlines()) == 1


def test_bots_of_one_s_own_play_each_other_and_the_library(capsys, tmp_path):
    file = tmp_path / "my.bots"
    file.write_text("MildBot: ~[] ~them(me)\nPicky: [] them(me) & [1] ~them(DefectBot)\n")
    status, out, _ = run(capsys, "dilemmas", file)
    assert status == 0
    lines = {line.split()[0]: line.split()[1:] for line in out.splitlines() if line.strip()}
    assert lines["MildBot"] == ["DD", "DC"]
    assert lines["FairBot"] == ["CD", "CC"]
    status, out, _ = run(capsys, "dilemmas", file, "--json", "-")
    assert json.loads(out)["games"][str(file)]["Picky"]["DefectBot"] == "DD"


def test_a_mistake_with_bots_is_one_line(capsys, tmp_path):
    file = tmp_path / "my.bots"
    file.write_text("X: [] them(\n")
    status, out, err = run(capsys, "dilemmas", file)
    assert (status, out) == (2, "")
    assert err.strip().endswith("line 1: expected a formula or a bot, not 'the end'")
