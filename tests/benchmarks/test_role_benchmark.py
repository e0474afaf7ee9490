"""The command that scores the finder: what counts, and what it refuses."""

from __future__ import annotations

import io
import json
import math

import pytest
from click.testing import CliRunner
from rich.console import Console

from benchmarks.role import ROLES, THIRD, Outcome, main, score, show
from benchmarks.zoo.entry import ROLES as LABELLED
from extract.structure import Evidence


def outcome(label: str, found: str) -> Outcome:
    test = Evidence("a test", 0.7, 0.1, 0.2, 0.001, passed=found == "functional", cutoff=0.5)
    return Outcome(
        name="net",
        labels={"search": label},
        found={**dict.fromkeys(ROLES, "absent"), "search": found},
        reasons=dict.fromkeys(ROLES, ""),
        evidence={**dict.fromkeys(ROLES, ()), "search": (test,)},
        overlap={},
        named=frozenset(),
        skilled=True,
        rivals={"n-cut clusters": frozenset(), "Louvain": frozenset(), "linear probe": frozenset()},
        seconds=1.0,
    )


def fine(*outcomes: Outcome) -> bool:
    return show(outcomes, Console(file=io.StringIO(), width=140))


def test_what_is_weak_or_declared_is_not_found():
    nets = [outcome("functional", s) for s in ("functional", "weak", "declared")]
    one = score(nets, "search", lambda o: o.found["search"] == "functional")
    assert (one.hits, one.missed, one.false, one.absent) == (1, 2, 0, 0)
    assert one.f1 == 0.5
    assert not fine(*nets)


def test_a_role_that_no_net_has_is_no_failure_until_it_is_found():
    absent = [outcome("absent", "absent")] * 40
    assert math.isnan(score(absent, "search", lambda o: o.found["search"] == "functional").f1)
    assert fine(*absent)
    assert not fine(*absent, outcome("absent", "functional"))


def test_one_false_alarm_in_forty_is_allowed_and_two_are_not():
    right, wrong = outcome("functional", "functional"), outcome("absent", "functional")
    absent = [outcome("absent", "absent")] * 40
    assert fine(*[right] * 20, wrong, *absent)
    assert not fine(*[right] * 20, wrong, wrong, *absent)


@pytest.mark.parametrize("path", sorted(THIRD.glob("*.card.json")), ids=lambda path: path.name)
def test_the_cards_of_third_party_nets_label_every_role(path):
    card = json.loads(path.read_text())
    assert tuple(card["roles"]) == LABELLED
    assert card["name"] == path.name.removesuffix(".card.json")
    assert set(card["units"]) <= set(LABELLED)
    assert card["env"] or card["observations"]


def test_nets_that_are_not_there_are_refused(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("MESASCOPE_DATA", raising=False)
    both = CliRunner().invoke(main, ["--held-out", "--third-party"])
    assert (both.exit_code, "ask for different nets" in both.output) == (2, True)
    none = CliRunner().invoke(main, ["--third-party"])
    assert (none.exit_code, "MESASCOPE_DATA names no folder" in none.output) == (2, True)
    strange = CliRunner().invoke(main, ["nobody"])
    assert (strange.exit_code, "no net is called nobody" in strange.output) == (2, True)
