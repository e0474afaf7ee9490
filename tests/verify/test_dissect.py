"""From a network to an anatomy: what its parts read, and the claims about cognition."""

from __future__ import annotations

import torch
from torch import nn

from extract.network import Network
from extract.reader.python_file import export
from extract.reader.torch_export import translate
from theory import Agent, Feature
from theory.properties import cognition
from theory.verdict import Verdict
from verify.dissect import dissect

AGENT = Agent(
    observation=[
        Feature("x", -1, 1),
        Feature("y", values=[0, 1, 2]),
        Feature("watched", flag=True),
    ],
    actions=["go", "wait"],
)


class Gated(nn.Module):
    """Scores read x and y, the value reads y and, where asked to, the flag."""

    def __init__(self, *, flagged: bool) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(5)
        self.hidden = nn.Linear(3, 6)
        self.policy = nn.Linear(6, 2)
        self.value = nn.Linear(3, 1)
        with torch.no_grad():
            for parameter in self.parameters():
                parameter.copy_(torch.randn(parameter.shape, generator=generator))
            self.hidden.weight[:, 2] = 0
            self.value.weight[0] = torch.tensor([0.0, 1.0, 0.5 if flagged else 0.0])

    def forward(self, o: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return self.policy(self.hidden(o).relu()), self.value(o)


def network(*, flagged: bool) -> Network:
    module = Gated(flagged=flagged).eval()
    program = export("gated", module, (torch.zeros(1, 3),), {})
    return translate("gated", program, sha256="").require()


def test_reads_are_shown_and_ignored_features_are_proved():
    known = dissect(network(flagged=True), AGENT, {"value": "module:value"})
    assert known.parts["policy"].reads == {"x", "y"}
    assert known.parts["policy"].ignores == {"watched"}
    assert known.parts["evaluator"].reads == {"y", "watched"}
    assert known.parts["evaluator"].ignores == {"x"}


def test_claims_about_cognition_follow():
    watching = dissect(network(flagged=True), AGENT, {"value": "module:value"})
    honest = dissect(network(flagged=False), AGENT, {"value": "module:value"})
    assert cognition.reads(watching, "evaluator", "watched").decide().verdict is Verdict.HOLDS
    assert cognition.reads(honest, "evaluator", "watched").decide().verdict is Verdict.VIOLATED


def test_a_part_that_is_not_declared_is_not_found():
    known = dissect(network(flagged=True), AGENT)
    assert set(known.parts) == {"policy"}
    finding = cognition.reads(known, "evaluator", "watched").decide()
    assert finding.verdict is Verdict.UNKNOWN
    assert "evaluator" in finding.reason
