"""The page of what was found: roles in colour first, under the names that the page gives them."""

from __future__ import annotations

import base64
import re

from benchmarks.zoo.make import AGENTS
from extract.reader import read
from extract.structure import AgentStructure, Finding, Status
from verify.report.extraction import Extraction, page


def finding(role: str, nodes: set[str], status: Status = Status.FUNCTIONAL) -> Finding:
    return Finding(role, status, "found.", nodes=frozenset(nodes))


def drawn(structure: AgentStructure) -> tuple[str, str]:
    """The page, and the picture of the network in it."""
    html = page(Extraction(structure, "vin.pt2", None, None, 0, "mesascope extract vin.pt2"))
    (encoded,) = re.findall(r"data:image/svg\+xml;base64,([^\"]+)\" alt=\"The graph", html)
    return html, base64.b64decode(encoded).decode()


def test_each_role_has_its_colour_and_a_policy_is_what_others_are_not():
    network = read(AGENTS / "vin.pt2")
    every = {node.name for node in network.nodes if node.op != "parameter"}
    loop = {name for name in every if name.startswith(("amax", "add"))}
    structure = AgentStructure(
        network,
        findings={
            "world_model": finding("world_model", {"conv2d_3"}, Status.WEAK),
            "search": finding("search", loop | {"conv2d_3"}),
            "policy": finding("policy", every),
            "memory": finding("memory", set(), Status.ABSENT),
        },
    )
    html, picture = drawn(structure)
    assert html.index("The graph of") < html.index('id="world_model"')
    for role in ("world model", "search", "policy"):
        assert re.search(rf">{role}<", picture), picture[:3000]
    assert f"{len(loop) + 1} nodes, {len(loop)} of them of no other part" in picture
    assert "memory" not in picture


def test_where_nothing_is_found_the_network_is_drawn_as_it_is():
    network = read(AGENTS / "vin.pt2")
    _, picture = drawn(AgentStructure(network, findings={}))
    assert "of no other part" not in picture
