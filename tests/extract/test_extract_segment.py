"""Segmentations: modules that are there are found, and topology alone is not taken for one."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import torch
from sklearn.metrics import adjusted_rand_score
from torch import nn

from extract.network import Network
from extract.null import shuffled
from extract.reader.python_file import export
from extract.reader.torch_export import translate
from extract.segment import Segmentation, segment, unit_graph
from extract.segment.segmentation import coherence, n_cut
from theory.error import InputError


def network(module: nn.Module, *shape: int) -> Network:
    program = export("net", module.eval(), (torch.zeros(1, *shape),), {})
    return translate("net", program, sha256="").require()


def perceptron(widths: tuple[int, ...], seed: int) -> nn.Sequential:
    torch.manual_seed(seed)
    layers: list[nn.Module] = []
    for before, after in pairwise(widths):
        layers += [nn.Linear(before, after), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def modular(seed: int = 0) -> Network:
    """A dense net whose weights between two halves are a tenth of those within them."""
    net = perceptron((8, 12, 12, 4), seed)
    for layer in net:
        if isinstance(layer, nn.Linear):
            rows, columns = layer.weight.shape
            with torch.no_grad():
                layer.weight[: rows // 2, columns // 2 :] *= 0.1
                layer.weight[rows // 2 :, : columns // 2] *= 0.1
    return network(net, 8)


def halves(found: Segmentation) -> list[int]:
    sizes = {name: 1 + max(i for n, i in found.graph.units if n == name)
             for name, _ in found.graph.units}  # fmt: skip
    return [int(place >= sizes[name] / 2) for name, place in found.graph.units]


def test_units_are_rows_and_weights_are_absolute():
    layer = nn.Linear(2, 2, bias=False)
    layer.weight = nn.Parameter(torch.tensor([[1.0, -2.0], [0.0, 3.0]]))
    graph = unit_graph(network(nn.Sequential(layer, nn.ReLU()), 2))
    assert [place for _, place in graph.units] == [0, 1, 0, 1]
    dense = graph.weights.toarray()
    assert (dense == dense.T).all()
    assert dense[2:, :2].tolist() == [[1.0, 2.0], [0.0, 3.0]]


def test_channels_are_units_and_flattening_keeps_them():
    net = nn.Sequential(nn.Conv2d(1, 3, 3), nn.ReLU(), nn.Flatten(), nn.Linear(3 * 4, 2))
    graph = unit_graph(network(net, 1, 4, 4))
    assert len(graph.units) == 1 + 3 + 2
    dense = graph.weights.toarray()
    assert (dense[0, 1:4] > 0).all()
    assert (dense[1:4, 4:] > 0).all()


def test_isolated_units_are_dropped():
    net = perceptron((3, 4, 2), 1)
    weights = net.state_dict()
    weights["0.weight"][1] = 0
    weights["2.weight"][:, 1] = 0
    graph = unit_graph(network(net, 3))
    assert len(graph.units) == 9
    assert len(graph.connected().units) == 8


def test_zeros_move_among_units_that_are_not_isolated():
    """An input that nothing reads and a unit that reads nothing keep their zeros; others do not."""
    net = perceptron((4, 6, 3), 2)
    weights = net.state_dict()
    weights["0.weight"][:, 0] = 0
    weights["0.weight"][2] = 0
    weights["2.weight"][:, 2] = 0
    weights["0.weight"][4:, 1:] = 0
    whole = network(net, 4)
    among = unit_graph(whole).connected().joining()
    first, second = (name for name in among if len(among[name]) in (6, 3))
    assert not among[first][:, 0].any()
    assert not among[first][2].any()
    assert not among[second][:, 2].any()
    assert among[first].sum() == 5 * 3
    assert among[second].sum() == 3 * 5
    mixed = shuffled(whole, np.random.default_rng(0), keep_zeros=False, among=among)
    before, after = whole.parameters[first], mixed.parameters[first]
    assert (after[:, 0] == 0).all()
    assert (after[2] == 0).all()
    assert sorted(after.ravel()) == sorted(before.ravel())
    assert ((after != 0) != (before != 0)).any()


def test_a_normalised_cut_is_what_it_is_by_hand():
    layer = nn.Linear(2, 2, bias=False)
    layer.weight = nn.Parameter(torch.tensor([[4.0, 1.0], [1.0, 4.0]]))
    graph = unit_graph(network(nn.Sequential(layer, nn.ReLU()), 2))
    assert n_cut(graph, np.array([0, 1, 0, 1])) == pytest.approx(2 * 2 / 10)
    assert n_cut(graph, np.array([0, 0, 0, 0])) == 0


@pytest.mark.parametrize("procedure", ["spectrum", "community"])
def test_planted_modules_are_found_and_beat_shuffled_weights(procedure: str):
    found = segment(modular(), procedure, groups=2, nulls=8)
    assert adjusted_rand_score(halves(found), found.labels) > 0.9
    if procedure == "spectrum":
        assert found.z < -3
        assert found.p == pytest.approx(1 / 9)
        assert abs(found.topology_agreement) < 0.3


def test_random_weights_are_no_module():
    scores = [
        segment(network(perceptron((8, 12, 12, 4), seed), 8), groups=2, nulls=10).z
        for seed in range(4)
    ]
    assert abs(np.mean(scores)) < 2.5


def test_two_towers_are_found_by_topology_alone():
    class Towers(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.left, self.right = perceptron((4, 8, 1), 1), perceptron((4, 8, 1), 2)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.cat([self.left(x[:, :4]), self.right(x[:, 4:])], dim=1)

    x = np.random.default_rng(0).normal(size=(200, 1, 8))
    net = network(Towers(), 8)
    found = segment(net, groups=2, nulls=6, observations={net.inputs[0]: x})
    assert found.topology_agreement > 0.9
    assert abs(found.beyond_topology) < 0.05


@pytest.mark.parametrize("procedure", ["activation", "lesion"])
def test_behaviour_groups_what_fires_together(procedure: str):
    net = modular(3)
    rng = np.random.default_rng(1)
    x = np.repeat(rng.normal(size=(300, 2)), 4, axis=1) + 0.2 * rng.normal(size=(300, 8))
    found = segment(net, procedure, groups=2, nulls=4, observations={net.inputs[0]: x[:, None]})
    assert found.coherence > 0
    assert len(set(found.labels.tolist())) == 2


def test_coherence_of_one_group_is_nothing():
    assert coherence(np.eye(3), np.zeros(3)) == 0


def test_wrong_requests_are_refused():
    net = modular()
    with pytest.raises(InputError, match="none of"):
        segment(net, "magic")
    with pytest.raises(InputError, match="needs observations"):
        segment(net, "lesion")
    with pytest.raises(InputError, match="units for"):
        segment(net, groups=100)
