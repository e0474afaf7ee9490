"""What a network does in the states of a process."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from extract.network import Network
from extract.reader.python_file import export
from extract.reader.torch_export import translate
from theory.error import InputError
from theory.process import process
from verify.finite.policy import followed

LINE = process({"1": {"down": "0", "up": "2"}, "2": {"down": "1", "up": "3"}})


def network(weight: list[list[float]], *, squashed: bool = False) -> Network:
    layer = nn.Linear(4, len(weight), bias=False)
    layer.weight.data = torch.tensor(weight)
    module = nn.Sequential(layer, nn.Tanh()) if squashed else layer
    return translate("net", export("net", module, (torch.zeros(1, 4),), {}), sha256="").require()


def one_hot(state: str) -> list[float]:
    return [float(at == int(state)) for at in range(4)]


def test_the_best_score_is_taken():
    net = network([[0.0, 1.0, 0.0, 0.0], [0.0, 0.5, 0.25, 0.0]])
    assert followed(net, LINE, one_hot) == {"1": "down", "2": "up"}


@pytest.mark.parametrize(
    ("net", "message"),
    [
        (network([[0.0, 1.0, 2.0, 0.0]]), "net: in state '1' there are 2 actions, but 1 scores"),
        (
            network([[0.0, 1.0, 2.0, 0.0], [0.0, 1.0, 1.0, 0.0]]),
            "net: in state '1' rounding decides between the actions",
        ),
        (
            network([[0.0, 1.0, 2.0, 0.0], [0.0, 0.5, 1.0, 0.0]], squashed=True),
            "net: in state '1' the scores are not rational",
        ),
    ],
    ids=["scores", "tie", "tanh"],
)
def test_what_is_not_decided_is_refused(net: Network, message: str):
    with pytest.raises(InputError, match=message):
        followed(net, LINE, one_hot)
