"""The nine VCAS networks as one policy: the previous advisory chooses which of them speaks.

The networks are third-party files in the folder `vcas` of `$MESASCOPE_DATA`; nothing is read before
`advisories` is called. NET on the command line is `benchmarks/vcas/net.py:advisories`.
"""

from __future__ import annotations

import os
from pathlib import Path

import torch
from torch import Tensor, nn

from extract.reader.nnet import header, read

ADVISORIES = (
    "COC", "DNC", "DND", "DES1500", "CL1500", "SDES1500", "SCL1500", "SDES2500", "SCL2500",
)  # fmt: skip
INPUTS = 3  # height, climb rate and time of the intruder, scaled


def folder() -> Path:
    """Where the networks are.

    Raises:
        FileNotFoundError: MESASCOPE_DATA is not set, or there is no folder vcas in it.
    """
    place = Path(os.environ.get("MESASCOPE_DATA", "")) / "vcas"
    if not os.environ.get("MESASCOPE_DATA") or not place.is_dir():
        raise FileNotFoundError("the VCAS networks: set MESASCOPE_DATA to the folder with vcas/")
    return place


def files() -> list[Path]:
    """The file of each previous advisory, in order."""
    return [folder() / f"pra{number:02}.nnet" for number in range(1, len(ADVISORIES) + 1)]


class Advisories(nn.Module):
    """Scores (1, 9) from scaled height, climb rate and time and nine flags, one of them set.

    Attributes:
        scaling: how the files' own header makes the three inputs: it says another range for the
            climb rate than the published benchmark, which reports of a check tell.
    """

    def __init__(self) -> None:
        super().__init__()
        self.nets = nn.ModuleList(_module(file) for file in files())
        (self.scaling,) = {header(file).scaling for file in files()}

    def forward(self, x: Tensor) -> Tensor:
        """The scores of the network whose flag is set."""
        inputs = x[:, :INPUTS]
        scores = self.nets[0](inputs) * x[:, INPUTS : INPUTS + 1]
        for at, net in enumerate(self.nets[1:], start=INPUTS + 1):
            scores = scores + net(inputs) * x[:, at : at + 1]
        return scores


def advisories() -> tuple[nn.Module, tuple[Tensor, ...]]:
    """The policy, for the command line."""
    return Advisories().eval(), (torch.zeros(1, INPUTS + len(ADVISORIES)),)


def _module(file: Path) -> nn.Module:
    """A .nnet file as layers."""
    network = read(file).require()
    layers: list[nn.Module] = []
    for node in network.nodes:
        if node.op == "linear":
            weight, bias = (torch.tensor(network.parameters[name]) for name in node.inputs[1:])
            layer = nn.Linear(weight.shape[1], weight.shape[0])
            layer.load_state_dict({"weight": weight, "bias": bias})
            layers.append(layer)
        elif node.op == "relu":
            layers.append(nn.ReLU())
    return nn.Sequential(*layers)
