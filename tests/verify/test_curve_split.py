"""Splits within curves: they cover, they are tighter, and what they prove is true."""

from __future__ import annotations

from fractions import Fraction

import pytest
import torch
from torch import nn

from extract.network import Node
from tests.verify.test_deployed import network_of
from theory import Agent, Feature, forall
from theory.property import Property
from verify.answer import Answer, Deadline
from verify.bind import BoundProperty
from verify.certificate.audit import audit
from verify.certificate.file import Entry
from verify.certificate.tree import NEURON, Record
from verify.certificate.write import entry
from verify.neural.bounds.gain import gain
from verify.neural.bounds.limit import any_limit, cut
from verify.neural.bounds.line import LINES
from verify.neural.branch import FEW_INPUTS, Search
from verify.problem import Problem, compile_goal
from verify.verdict import Guarantee

CURVES: dict[str, dict[str, float]] = {
    "tanh": {},
    "sigmoid": {},
    "elu": {"alpha": 1.0},
    "softplus": {},
    "exp": {},
    "erf": {},
}


@pytest.mark.parametrize("op", CURVES)
def test_cuts_are_inside_and_bring_lines_nearer(op: str) -> None:
    rng = torch.Generator().manual_seed(3)
    low = torch.randn(6, 50, generator=rng) * 3
    high = low + torch.rand(6, 50, generator=rng) * 6
    high[0] = low[0]
    node = Node("y", op, ("x",), (50,), attributes=CURVES[op])
    found = gain(node, (low, high))
    useful = (found.below > 0) | (found.above > 0)
    assert not bool(useful[0].any())
    assert bool(((low < found.cut) & (found.cut < high))[useful].all())
    assert float(useful[1:].double().mean()) > 0.9


def test_halves_meet_at_the_cut() -> None:
    limits = torch.tensor([[[-torch.inf, 0.0], [torch.inf, 2.0]]]).repeat(2, 1, 1)
    halves = cut(limits, torch.tensor([0, 1]), torch.tensor([0.5, 1.0]))
    assert halves[:, :, 0].tolist()[::2] == [[-torch.inf, 0.5], [0.5, torch.inf]]
    assert halves[:, :, 1].tolist()[1::2] == [[0.0, 1.0], [1.0, 2.0]]
    assert any_limit(halves).tolist() == [True] * 4


WIDE = FEW_INPUTS + 8


def curved(bend: type[nn.Module], inputs: int, seed: int = 3) -> nn.Module:
    torch.manual_seed(seed)
    net = nn.Sequential(nn.Linear(inputs, 10), bend(), nn.Linear(10, 8), bend(), nn.Linear(8, 1))
    with torch.no_grad():
        for at, factor in ((0, 4 / inputs**0.5), (2, 2.0)):
            layer = net[at]
            assert isinstance(layer, nn.Linear)
            layer.weight.mul_(factor)
    return net.eval()


def statement(net: nn.Module, inputs: int, share: float) -> tuple[BoundProperty, Problem]:
    """That the value stays below a share of the way beyond the largest sampled one."""
    agent = Agent(observation=[Feature(f"x{i}", -1, 1) for i in range(inputs)], actions=["a", "b"])
    torch.manual_seed(0)
    points = torch.rand(20_000, inputs) * 2 - 1
    with torch.no_grad():
        values = net(torch.cat([points, points.sign()]))
    most, middle = float(values.max()), float(values.mean())
    o = agent.observation("o")
    claim = forall(o, agent.value(o) <= Fraction(most + share * (most - middle)))
    network = network_of(net, torch.zeros(1, inputs))
    bound = BoundProperty(Property("low", claim, claim="It is low."), {"value": network})
    return bound, compile_goal(claim, {"value": network}, wanted=False)


def searched(problem: Problem, record: Record | None = None) -> tuple[Search, Answer]:
    """By cuts alone."""
    search = Search(problem, record=record)
    search.neurons, search.next_trial = True, 2**62
    return search, search.run(Deadline.after(20))


@pytest.mark.parametrize(("bend", "share"), [(nn.ELU, 0.5), (nn.Softplus, 0.8)])
def test_a_proof_by_cuts_is_audited(bend: type[nn.Module], share: float) -> None:
    subject, problem = statement(curved(bend, WIDE), WIDE, share)
    record = Record()
    search, answer = searched(problem, record)
    assert answer.reached is False
    assert search.guarantee is Guarantee.FLOAT32
    tree = record.tree()
    assert (tree.kind == NEURON).any()
    assert (tree.cut != 0).any()
    made = entry(
        "low", problem, record, guarantee=search.guarantee, occasion=None,
        deadline=Deadline.after(60),
    )  # fmt: skip
    assert isinstance(made, Entry), made
    (found,) = audit([made], [subject])
    assert found.opinion.value == "accepted", found


@pytest.mark.parametrize("seed", range(6))
def test_what_is_true_somewhere_is_never_refuted_by_cuts(seed: int) -> None:
    """The value does exceed what is a little less than its largest sampled value."""
    bend = [nn.Tanh, nn.Sigmoid, nn.ELU][seed % 3]
    _, problem = statement(curved(bend, 4, seed), 4, -1e-4)
    _, answer = searched(problem)
    assert answer.reached is not False


def test_nothing_is_cut_where_nothing_is_curved() -> None:
    _, problem = statement(curved(nn.ReLU, 4), 4, 0.3)
    search, answer = searched(problem)
    assert answer.reached is False
    assert search.queue.limits.shape[2] == 0
    assert set(LINES) >= set(CURVES)
