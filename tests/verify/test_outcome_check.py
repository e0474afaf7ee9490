"""Claims about processes through the pipeline: engines, what is decided again, pictures."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from command import run

from theory.claim import Finding
from theory.finite.engine import PLAIN, Engine
from theory.process import process
from theory.properties.outcome import reaches
from theory.verdict import Verdict
from verify import check
from verify.claim import judge_claim
from verify.finite import FAST
from verify.report.html import render as page
from verify.spec import Spec
from verify.verdict import EngineFault, Guarantee, Reason

COIN = process({"toss": {"fair": {"heads": "1/2", "tails": "1/2"}, "stop": "tails"}})


def test_large_ones_are_decided_by_the_fast_engine_and_again_by_the_plain_one():
    used: list[Engine] = []
    claim = reaches(COIN, "toss", ["heads"], ">=", "1/4")
    decide = claim.by
    assert decide is not None

    def noted(engine: Engine) -> Finding:
        used.append(engine)
        return decide(engine)

    result = judge_claim(replace(claim, by=noted, decide=lambda: noted(PLAIN)), 10.0)
    assert result.verdict is Verdict.VIOLATED
    assert result.replays == {"exact": True}
    assert used == [FAST, PLAIN]
    held = judge_claim(reaches(COIN, "toss", ["heads"], ">=", "1/2", "some"), 10.0)
    assert (held.verdict, held.guarantee) == (Verdict.HOLDS, Guarantee.EXACT)


def test_engines_that_disagree_are_a_fault():
    claim = reaches(COIN, "toss", ["heads"], ">=", "1/4")
    lying = replace(claim, decide=lambda: Finding(Verdict.HOLDS, proof="because"))
    with pytest.raises(EngineFault, match="HOLDS when it is decided again"):
        judge_claim(lying, 10.0)


def test_an_undefined_reward_is_left_open():
    from theory.properties.outcome import expected_reward

    odd = process(
        {"a": {"x": {"b": "1/2", "e": "1/2"}}, "b": {"x": "b"}}, rewards={"a": -1, "b": 1}
    )
    result = judge_claim(expected_reward(odd, "a", ["e"], ">=", 0), 10.0)
    assert result.verdict is Verdict.UNKNOWN
    assert result.reason is Reason.LEFT_OPEN


def test_what_was_found_is_drawn():
    claim = reaches(COIN, "toss", ["heads"], ">=", "1/4").drawn(
        lambda found: (
            f'<svg width="9" height="9"><title>{found.witness["probability"]}</title></svg>'
        )
    )
    failing = claim.named("fails").drawn(lambda found: str(found.witness["nothing"]))
    html = page(check(None, Spec(None, (claim, failing))))
    assert html.count('alt="What was found, drawn:') == 1
    assert "This picture is left out: it does not begin with" in html


SPEC = """
from theory.process import process
from theory.properties import outcome

world = process({"toss": {"fair": {"heads": %s, "tails": "1/2"}, "stop": "tails"}})
properties = [outcome.reaches(world, "toss", ["heads"], "%s", "1/2", "some")]
"""


@pytest.mark.parametrize(
    ("chance", "sign", "status", "said"),
    [
        ('"1/2"', ">=", 0, "HOLDS"),
        ('"1/2"', ">", 1, "VIOLATED"),
        ('"1/3"', ">", 2, "state 'toss', action 'fair': the probabilities sum to 5/6, not 1"),
        ('"-1/2"', ">", 2, "state 'toss', action 'fair': the probability of 'heads' is negative"),
        ('"1/2"', "=", 2, "relation: '=' is not one of >=, >, <=, <"),
    ],
)
def test_from_the_command_line(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    chance: str,
    sign: str,
    status: int,
    said: str,
):
    spec = tmp_path / "spec.py"
    spec.write_text(SPEC % (chance, sign))
    left, out, err = run(capsys, "check", "--spec", spec)
    assert left == status
    assert said in out + err
