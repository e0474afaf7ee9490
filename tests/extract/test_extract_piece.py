"""Found parts as networks: branches, one for each action, as a function of state and action."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from benchmarks.zoo.make import AGENTS
from extract.graph.branch import find_branchings
from extract.intervene import evaluate
from extract.network import Network
from extract.piece import ACTION, chain, is_step, piece
from extract.reader import read
from extract.reader.python_file import export
from extract.reader.torch_export import translate
from theory.error import InputError


def network(module: nn.Module, size: int) -> Network:
    program = export("net", module.eval(), (torch.zeros(1, size),), {})
    return translate("net", program, sha256="").require()


class Own(nn.Module):
    """Three branches with weights of their own, and their results."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(4)
        self.branches = nn.ModuleList(nn.Linear(2, 2) for _ in range(3))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.cat([branch(x).relu() for branch in self.branches], dim=1)


def picks(whole: Network, latent: str, names: tuple[str, ...], given: np.ndarray) -> None:
    """The part gives for each action what the branch of that action gives."""
    part = piece(whole, "predict", [latent], names)
    assert is_step(part)
    start = evaluate(whole, {whole.inputs[0]: given}, [latent, *names])
    for action, name in enumerate(names):
        chosen = np.zeros((len(given), 1, len(names)))
        chosen[:, :, action] = 1
        end = part.outputs[0]
        found = evaluate(part, {part.inputs[0]: start[latent], ACTION: chosen}, [end])[end]
        assert np.abs(found - start[name]).max() < 1e-6


@pytest.mark.parametrize("name", ["lookahead", "lookahead-hidden", "sleeper"])
def test_branches_that_differ_in_a_constant_are_one_branch(name: str):
    whole = read(AGENTS / f"{name}.pt2")
    size = whole.node(whole.inputs[0]).size
    found = find_branchings(whole, whole.outputs[0])[0]
    given = np.random.default_rng(0).uniform(-1, 1, (40, 1, size))
    picks(whole, found.latent, found.predicted.names, given)
    part = piece(whole, "predict", [found.latent], found.predicted.names)
    assert len(part.nodes) < len(found.nodes)


def test_branches_with_weights_of_their_own_are_picked_from():
    whole = network(Own(), 2)
    names = tuple(node.name for node in whole.nodes if node.op == "relu")
    picks(whole, whole.inputs[0], names, np.random.default_rng(0).normal(size=(20, 1, 2)))


class Shared(nn.Module):
    """Branches that add a constant of their own, and all of them the first one's."""

    def __init__(self) -> None:
        super().__init__()
        self.own = nn.ParameterList(torch.tensor([[float(i), 1.0 - i]]) for i in range(3))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.cat([(x + one).relu() + self.own[0] for one in self.own], dim=1)


def test_a_constant_that_all_branches_read_stays_where_they_do():
    whole = network(Shared(), 2)
    joint = next(node for node in whole.nodes if node.op == "concat")
    picks(whole, whole.inputs[0], joint.inputs, np.random.default_rng(0).normal(size=(20, 1, 2)))


def test_other_roles_are_plain_slices_and_what_does_not_fit_is_refused():
    whole = network(Own(), 2)
    relus = [node.name for node in whole.nodes if node.op == "relu"]
    assert piece(whole, "value", whole.inputs, relus).outputs == tuple(relus)
    with pytest.raises(InputError, match="differ in size"):
        piece(whole, "predict", whole.inputs, [relus[0], whole.outputs[0]])


def test_a_chain_is_the_one_after_the_other():
    first, second = network(Own(), 2), network(nn.Sequential(nn.Linear(6, 3), nn.ReLU()), 6)
    both = chain(first, second, "both")
    x = np.random.default_rng(1).normal(size=(7, 1, 2))
    middle = evaluate(first, {first.inputs[0]: x}, first.outputs)[first.outputs[0]]
    expected = evaluate(second, {second.inputs[0]: middle}, second.outputs)[second.outputs[0]]
    assert np.allclose(evaluate(both, {both.inputs[0]: x}, both.outputs)[both.outputs[0]], expected)
    with pytest.raises(InputError, match="differ in shape"):
        chain(second, first, "wrong")
