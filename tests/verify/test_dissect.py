"""From a network to an anatomy: what its parts read, and the claims about cognition."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import nn

from extract.network import Network
from extract.reader.python_file import export
from extract.reader.torch_export import translate
from extract.structure import AgentStructure, Status, declare
from theory import Agent, Feature, eq, forall
from theory.properties import cognition
from theory.verdict import Verdict
from verify.check import check
from verify.dissect import dissect
from verify.spec import Spec

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


def found(*, flagged: bool, status: Status) -> AgentStructure:
    """A structure as extraction gives it: nothing in it is declared."""
    net = network(flagged=flagged)
    part = replace(declare(net, {"value": "module:value"}).part("value"), status=status)
    return AgentStructure(net, {"value": part})


def test_functional_parts_that_were_found_need_no_declaration():
    known = dissect(found(flagged=True, status=Status.FUNCTIONAL), AGENT)
    assert known.parts["evaluator"].reads == {"y", "watched"}
    assert known.parts["evaluator"].evidence.startswith("found")
    weak = dissect(found(flagged=True, status=Status.WEAK), AGENT)
    assert set(weak.parts) == {"policy"}


def test_a_found_evaluator_is_checked_like_a_declared_one():
    o = AGENT.observation("o")
    blind = forall(o, eq(AGENT.value(o.with_(watched=0)), AGENT.value(o.with_(watched=1))))
    spec = Spec(AGENT, (blind.named("the evaluator does not read the flag"),), {}, name="flag")
    for flagged, verdict in ((True, Verdict.VIOLATED), (False, Verdict.HOLDS)):
        report = check(found(flagged=flagged, status=Status.FUNCTIONAL), spec, timeout_s=20)
        assert report.results[0].verdict is verdict
