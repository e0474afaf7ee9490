"""Layers of torch as networks of two inputs."""

from __future__ import annotations

import torch
from torch import nn

from extract.network import Network
from extract.reader.python_file import export
from extract.reader.torch_export import translate


def network(*layers: nn.Module) -> Network:
    """Layers on two inputs, as the engines take them."""
    program = export("net", nn.Sequential(*layers).eval(), (torch.zeros(1, 2),), {})
    return translate("net", program, sha256="").require()


def linear(rows: list[list[float]], bias: list[float]) -> nn.Linear:
    """A layer with these weights."""
    layer = nn.Linear(len(rows[0]), len(rows))
    layer.weight, layer.bias = nn.Parameter(torch.tensor(rows)), nn.Parameter(torch.tensor(bias))
    return layer
