"""The engine on another device than the processor: the same verdicts, nothing left behind."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor

import pytest
import second_device
import torch

from benchmarks.breadth import Subject, statement
from benchmarks.breadth_net import RECIPES, SEED, network_of
from theory import Agent, Feature
from theory.error import InputError
from verify.check import check
from verify.neural.precision import require_device
from verify.smt.solver import SmtSolver
from verify.solve import Engines
from verify.spec import Spec
from verify.verdict import Verdict

HELD: list[object] = []
DEVICES = ("cpu", second_device.NAME)


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[ProcessPoolExecutor]:
    """A process that has the second device."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context, initializer=prepare) as pool:
        yield pool


def prepare() -> None:
    """Make the second device known to the process."""
    torch.set_num_threads(1)
    HELD.append(second_device.install())


def verdicts(net: str, spec: str, device: str) -> list[Verdict]:
    """What is said of the properties of an example."""
    return [one.verdict for one in check(net, spec, timeout_s=60, device=device).results]


def around(name: str, radius: float, device: str) -> Verdict:
    """Whether an untrained policy of an architecture avoids what it likes least, near a point."""
    recipe = RECIPES[name]
    torch.manual_seed(SEED)
    net = recipe.make()
    middle = recipe.draw(1, torch.Generator().manual_seed(SEED))[0]
    network = network_of(net, len(middle), name)
    subject = Subject(name, net, {"score": network}, middle[None], 1)
    with torch.no_grad():
        actions = len(net(middle[None])[0])
    agent = Agent(
        observation=[
            Feature(f"x{i}", float(v) - radius, float(v) + radius) for i, v in enumerate(middle)
        ],
        actions=[f"a{i}" for i in range(actions)],
    )
    formula = statement(subject, middle, radius)
    spec = Spec(agent, (formula.named("least liked"),))
    return check(network, spec, timeout_s=60, device=device).results[0].verdict


def mixed() -> str:
    """What happens where two devices meet."""
    there, here = torch.ones(3, device=second_device.NAME), torch.ones(3)
    assert there.device.type == second_device.NAME
    try:
        torch.add(there, here)
    except RuntimeError as error:
        return str(error)
    return "nothing"


def test_the_second_device_is_strict(elsewhere: ProcessPoolExecutor) -> None:
    assert "two devices" in elsewhere.submit(mixed).result()


@pytest.mark.parametrize(
    ("net", "spec"),
    [
        ("examples/delivery/sleeper.onnx", "examples/delivery/spec.py"),
        ("examples/track/hasty.pt2", "examples/track/spec.py"),
    ],
)
def test_examples(elsewhere: ProcessPoolExecutor, net: str, spec: str) -> None:
    here, there = (elsewhere.submit(verdicts, net, spec, device).result() for device in DEVICES)
    assert here == there
    assert Verdict.UNKNOWN not in there


@pytest.mark.parametrize(
    ("name", "radius"),
    [("convolution", 0.1), ("actor", 0.8), ("tanh", 1), ("elu", 1), ("gru", 0.7), ("attention", 1)],
)
def test_architectures(elsewhere: ProcessPoolExecutor, name: str, radius: float) -> None:
    here, there = (elsewhere.submit(around, name, radius, device).result() for device in DEVICES)
    assert here == there
    assert there is not Verdict.UNKNOWN


@pytest.mark.parametrize("device", ["cuda:77", "meta", "nowhere"])
def test_no_such_device(device: str) -> None:
    with pytest.raises(InputError, match="torch cannot compute"):
        require_device(device)
    with SmtSolver(0) as smt, pytest.raises(InputError, match="device"):
        Engines(smt, device=device)
