"""The picture of a network: well formed, the same every time, nothing hidden behind anything."""

from __future__ import annotations

import re
from itertools import combinations, pairwise
from pathlib import Path
from xml.etree import ElementTree

import networkx as nx
import onnx_case
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from test_extract_network import random_network
from test_extract_structure import Agent
from torch_case import network_of

from extract.draw import PALETTE, draw
from extract.layered import isotonic, place
from extract.network import Network, Node
from extract.reader import read
from extract.structure import declare

SEEDS = st.integers(0, 2**32 - 1)
FEW = settings(max_examples=max(settings().max_examples // 3, 1))


def titles(svg: str) -> list[str]:
    root = ElementTree.fromstring(svg)
    return [element.text or "" for element in root.iter() if element.tag.endswith("}title")]


@FEW
@given(seed=SEEDS)
def test_pictures_are_well_formed_and_repeat(seed: int):
    network = random_network(seed)
    svg = draw(network)
    assert svg == draw(random_network(seed))
    shown = {line for title in titles(svg) for line in title.split("\n")}
    assert {node.name for node in network.nodes if node.op != "parameter"} <= shown
    assert not re.search(r"nan|inf[^o]", svg)


def test_parts_are_coloured_and_named():
    network = network_of(Agent(), torch.zeros(1, 3))
    structure = declare(network, {"perceive": "encoder", "value": "module:critic"})
    svg = draw(structure)
    assert PALETTE[0] in svg
    assert PALETTE[1] in svg
    assert PALETTE[2] not in svg
    assert "the module encoder" in svg
    assert any("part: value" in title for title in titles(svg))
    assert PALETTE[0] not in draw(network)


def test_long_chains_are_folded():
    nodes = [Node("x", "input", (), (1, 4))]
    for i in range(40):
        nodes.append(Node(f"r{i}", "softmax", (nodes[-1].name,), (1, 4), {"axis": 1}))
    network = Network(tuple(nodes), ("x",), ("r39",), {}, name="<chain> & co")
    svg = draw(network)
    assert "×10" in svg
    assert "&lt;chain&gt; &amp; co" in svg
    height = ElementTree.fromstring(svg).get("height")
    assert float(height or "inf") < 400


@pytest.mark.parametrize("label", ["Conv full", "MaxPool full", "Split 18", "ArgMax cast"])
def test_other_operators_can_be_drawn(label: str, tmp_path: Path):
    case = next(case for case in onnx_case.CASES if case.label == label)
    path = tmp_path / "net.onnx"
    path.write_bytes(case.model().SerializeToString())
    assert titles(draw(read(path)))[0] == "net.onnx"


@FEW
@given(seed=SEEDS)
def test_nothing_overlaps(seed: int):
    graph: nx.DiGraph[str] = nx.DiGraph()
    full = random_network(seed).to_networkx()
    graph.add_nodes_from(full)
    graph.add_edges_from(full.edges)
    sizes = {name: (30.0 + 7 * (len(name) % 5), 20.0 + 5 * (i % 4)) for i, name in enumerate(graph)}
    layout = place(graph, sizes, gap=10, rise=20)
    boxes = {
        name: (x - sizes[name][0] / 2, y - sizes[name][1] / 2, x + sizes[name][0] / 2,
               y + sizes[name][1] / 2)
        for name, (x, y) in layout.centres.items()
    }  # fmt: skip
    for a, b in combinations(boxes.values(), 2):
        assert a[2] <= b[0] + 1e-6 or b[2] <= a[0] + 1e-6 or a[3] <= b[1] or b[3] <= a[1]
    for box in boxes.values():
        assert box[0] >= -1e-6
        assert box[2] <= layout.width + 1e-6
    for (a, b), route in layout.routes.items():
        heights = [boxes[a][3], *(y for pair in route for _, y in pair), boxes[b][1]]
        assert heights == sorted(heights)
        for (x, top), (_, bottom) in route:
            assert all(
                box[2] <= x or x <= box[0] or box[3] <= top or bottom <= box[1]
                for box in boxes.values()
            )


@given(st.lists(st.tuples(st.floats(-5, 5), st.floats(0.1, 4)), min_size=1, max_size=8))
def test_isotonic_fits_are_monotone_and_keep_the_mean(pairs: list[tuple[float, float]]):
    values, weights = [v for v, _ in pairs], [w for _, w in pairs]
    fitted = isotonic(values, weights)
    assert all(a <= b for a, b in pairwise(fitted))
    means = [sum(v * w for v, w in zip(vs, weights, strict=True)) for vs in (values, fitted)]
    assert abs(means[0] - means[1]) < 1e-9
