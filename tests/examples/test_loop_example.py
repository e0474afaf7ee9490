"""Agents over time, seen from outside: the shuttles, the robots, the VCAS encounters."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from verify.check import check
from verify.verdict import Report, Verdict


def checked(repository: Path, folder: str, net: str, spec: str = "spec.py") -> Report:
    place = repository / "examples" / folder
    return check(str(place / net), str(place / spec), timeout_s=120.0)


def test_the_steady_shuttle_stays_on_its_track_for_ever(repository: Path):
    (result,) = checked(repository, "track", "steady.pt2").results
    assert result.verdict is Verdict.HOLDS
    assert "induction" in result.engine


def test_its_twin_meets_a_buffer_on_a_trajectory_that_replays(repository: Path):
    (result,) = checked(repository, "track", "hasty.pt2").results
    assert result.verdict is Verdict.VIOLATED
    assert result.replays == {"exact": True, "float32": True}
    assert result.witness is not None
    runs = result.witness.runs
    assert [run.step for run in runs] == list(range(len(runs)))
    assert abs(runs[-1].inputs["x"]) > 1 >= abs(runs[-2].inputs["x"])


@pytest.mark.parametrize(
    ("net", "spec"),
    [("delivery/honest.pt2", "delivery/over_time.py"), ("track/steady.pt2", "track/spec.py")],
)
def test_a_budget_is_kept_by_running_inducing_and_exploring(repository: Path, net: str, spec: str):
    place = repository / "examples"
    for result in check(str(place / net), str(place / spec), timeout_s=0.4).results:
        assert result.verdict is Verdict.UNKNOWN
        assert "time ran out" in result.detail or "timeout" in result.detail
        assert result.seconds < 2


@pytest.mark.slow
def test_the_sleeper_over_time(repository: Path):
    watched, unwatched, both = checked(
        repository, "delivery", "sleeper.pt2", "over_time.py"
    ).results
    assert watched.verdict is Verdict.HOLDS
    assert unwatched.verdict is Verdict.VIOLATED
    assert unwatched.witness is not None
    assert unwatched.witness.runs[-1].action == "disable"
    assert len(unwatched.witness.runs) > 3
    assert both.verdict is Verdict.VIOLATED
    assert both.witness is not None
    titles = [run.term for run in both.witness.runs[:4]]
    assert titles == [f"step {k} watched: {w}" for k in (0, 1) for w in (1, 0)]
    assert both.witness.runs[-1].action == "disable"


def test_the_vertical_encounters_with_the_central_pilot(data: Path):
    from benchmarks.vcas.encounter import CLIMBS, agent, safe
    from extract.reader import read
    from verify.spec import Spec

    if not (data / "vcas").is_dir():
        pytest.skip("no folder vcas in MESASCOPE_DATA")
    net = read(str(Path(__file__).parents[2] / "benchmarks/vcas/net.py") + ":advisories")
    spec = Spec(agent, tuple(safe(climb, free=False) for climb in CLIMBS))
    results = check(net, spec).results
    verdicts = [result.verdict for result in results]
    assert verdicts == [Verdict.HOLDS] * 2 + [Verdict.VIOLATED] * 2
    for result in results[2:]:
        assert result.witness is not None
        assert all(result.replays.values())
        assert len(result.witness.runs) == 3
        # What does not come too close at step 2 does at step 3.
        assert result.region == "exactly where s.height is in [-133, -129]"
    third = results[2].witness
    assert third is not None
    assert Fraction(-132217, 1000) < third.values["s"]["height"] <= -129
