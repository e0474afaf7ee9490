"""Workers: an instance that kills its process, or never ends, costs no other one."""

import os
import time
from contextlib import closing
from pathlib import Path

import pytest

from verify import batch, vnnlib
from verify.batch import Instance, Outcome


def decide(instance: Instance) -> Outcome:
    """What the workers of these tests do: the property's name says it."""
    if instance.property == "die":
        os._exit(11)
    if instance.property == "hang":
        time.sleep(600)
    return Outcome(instance.network, instance.property, "holds", 0.0, str(os.getpid()))


def instances(*names: str) -> list[Instance]:
    return [Instance("n", name, ".", 0.2) for name in names]


def test_two_processes_share_the_work():
    found = list(batch.run(instances(*"abcdef"), jobs=2, decide=decide))
    assert sorted(one.property for one in found) == list("abcdef")
    assert 1 <= len({one.reason for one in found}) <= 2
    assert str(os.getpid()) not in {one.reason for one in found}


def test_a_lost_worker_costs_its_instance_only(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(batch, "GRACE_S", 0.5)
    found = {
        one.property: (one.verdict, one.reason)
        for one in batch.run(instances("die", "a", "hang", "b"), jobs=1, decide=decide)
        if one.property != "hang"
    }
    assert found["die"] == ("unknown", "the worker died")
    assert found["a"][0] == found["b"][0] == "holds"


def test_a_worker_over_its_budget_is_stopped(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(batch, "GRACE_S", 0.5)
    started = time.monotonic()
    (first, second) = batch.run(instances("a", "hang"), jobs=1, decide=decide)
    assert first.verdict == "holds"
    assert (second.verdict, second.reason.partition(":")[0]) == ("unknown", "time ran out")
    assert time.monotonic() - started < 60


def test_leaving_early_ends_the_workers():
    started = time.monotonic()
    with closing(batch.run(instances("a", "hang", "hang"), jobs=2, decide=decide)) as outcomes:
        assert next(outcomes).property == "a"
    assert time.monotonic() - started < 60


def test_no_instances_need_no_workers():
    assert list(batch.run([], jobs=4, decide=decide)) == []


def test_a_network_is_read_once_until_its_file_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    path = tmp_path / "net.onnx"
    path.write_bytes(b"one")
    monkeypatch.setattr(vnnlib, "read", lambda net: object())

    def network() -> object:
        return vnnlib._read(str(path))

    first = network()
    assert network() is first
    path.write_bytes(b"another")
    assert network() is not first
    assert vnnlib._read(f"{path}:callable") is not vnnlib._read(f"{path}:callable")
