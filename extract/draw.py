"""Draw a network as SVG: top down, one card for each short run of operators, parts in colour.

The picture depends on the network and its parts only: no date, no random number, no font metrics. A
run of operators that each feed only the next shares a card; equal cards in a row become one with a
count. Parameters are left out. Every card carries the names of its tensors as a tool tip.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from html import escape

import networkx as nx

from extract.layered import Layout, place
from extract.network import Network, Node
from extract.operator import Shape
from extract.structure import AgentStructure, Part, Status

PALETTE = ("#2f6fde", "#d9822b", "#2a9d62", "#a34fc4", "#cf3f6b", "#1797a6", "#8a7a1f", "#6b5bd2")
"""Colours of the parts, in the order of declaration."""

INK, MUTED, LINE, EDGE, PAPER = "#1d2433", "#6a7388", "#ccd2de", "#98a1b3", "#ffffff"
LETTER, SMALL, ROW, PAD, MARGIN = 7.5, 6.4, 19.0, 11.0, 18.0
GAP, RISE = 26.0, 30.0
LEAST_REPEAT = 3


@dataclass(frozen=True)
class Card:
    """One box of the picture.

    Attributes:
        lines: words on the left and on the right of each line.
        names: the tensors that it stands for.
        roles: the parts that all its nodes belong to.
        form: "input", "output" or "step".
        repeat: how many equal cards in a row it stands for.
    """

    lines: tuple[tuple[str, str], ...]
    names: tuple[str, ...]
    roles: tuple[str, ...]
    form: str
    repeat: int = 1

    @property
    def size(self) -> tuple[float, float]:
        """Width and height in pixels."""
        badge = 30.0 if self.repeat > 1 else 0.0
        widest = max(len(a) * LETTER + len(b) * SMALL + 14.0 * bool(b) for a, b in self.lines)
        least = 56.0 if self.form != "step" else 84.0
        stripes = 5.0 * len(self.roles)
        return max(widest + 2 * PAD + stripes, least) + badge, ROW * len(self.lines) + 9.0


def draw(subject: Network | AgentStructure) -> str:
    """A network, or a structure with its parts in colour, as a self-contained SVG element.

    Returns:
        The text of one `<svg>` element, the same for the same subject.
    """
    structure = subject if isinstance(subject, AgentStructure) else AgentStructure(subject)
    graph, cards = _cards(structure)
    layout = place(graph, {k: card.size for k, card in cards.items()}, gap=GAP, rise=RISE)
    colours = {role: PALETTE[i % len(PALETTE)] for i, role in enumerate(structure.parts)}
    body = [_edge(a, b, graph, layout, cards) for a, b in graph.edges]
    body += [_card(card, layout.centres[key], colours) for key, card in cards.items()]
    legend, wide, tall = _legend(structure.parts, colours)
    width = max(layout.width, wide) + 2 * MARGIN
    height = layout.height + tall + 2 * MARGIN
    shift = (width - layout.width) / 2
    title = escape(structure.network.name)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_n(width)}" height="{_n(height)}" '
        f'viewBox="0 0 {_n(width)} {_n(height)}" role="img" aria-label="{title}" '
        f'style="max-width:100%;height:auto;font-family:{_FONT}">'
        f"<title>{title}</title>{_DEFINITIONS}{legend}"
        f'<g transform="translate({_n(shift)} {_n(MARGIN + tall)})">{"".join(body)}</g></svg>'
    )


_FONT = "ui-sans-serif,system-ui,Segoe UI,Helvetica,Arial,sans-serif"
_MONO = "ui-monospace,SFMono-Regular,Menlo,Consolas,monospace"
_DEFINITIONS = (
    '<defs><marker id="mesascope-tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" '
    'markerHeight="7" orient="auto"><path d="M0.5,0.8 L7,4 L0.5,7.2" fill="none" '
    f'stroke="{EDGE}" stroke-width="1.4" stroke-linecap="round" stroke-linejoin="round"/></marker>'
    "</defs>"
)


def _n(value: float) -> str:
    """A coordinate with at most one decimal."""
    text = f"{value:.1f}"
    return text.removesuffix(".0") if text != "-0.0" else "0"


def _shape(shape: Shape) -> str:
    """Sizes without a leading batch axis of 1."""
    sizes = shape[1:] if len(shape) > 1 and shape[0] == 1 else shape
    return "×".join(str(n) for n in sizes) or "1"


def _line(node: Node, network: Network) -> tuple[str, str]:
    label = node.op.replace("_", " ")
    if node.op == "conv2d":
        kernel = network.node(node.inputs[1]).shape[2:]
        label = f"conv {kernel[0]}×{kernel[1]}"
    elif node.op in ("max_pool", "avg_pool"):
        label += f" {node.attributes['kernel'][0]}×{node.attributes['kernel'][1]}"
    return label, _shape(node.shape)


def _shorten(name: str, most: int = 28) -> str:
    return name if len(name) <= most else f"{name[: most - 9]}…{name[-8:]}"


def _cards(structure: AgentStructure) -> tuple[nx.DiGraph[str], dict[str, Card]]:
    """The cards, and which feeds which."""
    network = structure.network
    runs = _runs(structure)
    home = {node.name: run[0].name for run in runs for node in run}
    graph: nx.DiGraph[str] = nx.DiGraph()
    cards: dict[str, Card] = {}
    for run in runs:
        first = run[0]
        form = "input" if first.op == "input" else "step"
        lines = [_line(node, network) for node in run]
        if form == "input":
            lines = [(_shorten(first.name), _shape(first.shape))]
        graph.add_node(first.name)
        cards[first.name] = Card(
            tuple(lines), tuple(n.name for n in run), _roles(structure, first), form
        )
        for node in run:
            for source in node.inputs:
                if source in home and home[source] != first.name:
                    graph.add_edge(home[source], first.name)
    _join_equal(graph, cards, network)
    for key, label, roles, source in _ends(structure):
        graph.add_node(key)
        cards[key] = Card(((_shorten(label), ""),), (source,), roles, "output")
        holder = next(k for k, card in cards.items() if source in card.names)
        graph.add_edge(holder, key)
    return graph, cards


def _roles(structure: AgentStructure, node: Node) -> tuple[str, ...]:
    return tuple(role for role, part in structure.parts.items() if node.name in part.nodes)


def _runs(structure: AgentStructure) -> list[list[Node]]:
    """Nodes grouped into cards: an operator joins the one before it if it is its only reader."""
    network = structure.network
    watched = {name for part in structure.parts.values() for name in _written(structure, part)}
    watched |= set(network.outputs)
    runs: dict[str, list[Node]] = {}
    for node in network.nodes:
        if node.op == "parameter":
            continue
        sources = [name for name in node.inputs if name not in network.parameters]
        run = runs.get(sources[0]) if len(sources) == 1 else None
        if (
            run is not None
            and run[-1].name == sources[0]
            and run[-1].op != "input"
            and node.op not in ("linear", "conv2d", "matmul")
            and len(run) < 4
            and len(network.consumers(sources[0])) == 1
            and sources[0] not in watched
            and _roles(structure, node) == _roles(structure, run[0])
        ):
            run.append(node)
            runs[node.name] = run
        else:
            runs[node.name] = [node]
    unique: dict[str, list[Node]] = {}
    for run in runs.values():
        unique.setdefault(run[0].name, run)
    return list(unique.values())


def _join_equal(graph: nx.DiGraph[str], cards: dict[str, Card], network: Network) -> None:
    """Replace three or more equal cards in an unbranched row by one with a count."""
    for key in list(cards):
        if key not in cards or cards[key].form != "step":
            continue
        row = [key]
        while (after := _only(graph, row[-1])) and _alike(cards[row[-1]], cards[after]):
            if cards[row[-1]].names[-1] in network.outputs:
                break
            row.append(after)
        if len(row) < LEAST_REPEAT:
            continue
        names = tuple(name for member in row for name in cards[member].names)
        cards[key] = replace(cards[key], names=names, repeat=len(row))
        targets = list(graph.successors(row[-1]))
        graph.remove_nodes_from(row[1:])
        graph.add_edges_from((key, target) for target in targets)
        for member in row[1:]:
            del cards[member]


def _only(graph: nx.DiGraph[str], key: str) -> str | None:
    """The only reader of a card, if it reads nothing else."""
    readers = list(graph.successors(key))
    return readers[0] if len(readers) == 1 and graph.in_degree(readers[0]) == 1 else None


def _alike(a: Card, b: Card) -> bool:
    return (a.lines, a.roles, a.form) == (b.lines, b.roles, b.form)


def _written(structure: AgentStructure, part: Part) -> list[str]:
    """The tensors of the network that a part writes; none for a program of its own."""
    network = structure.network
    return [network.node(name).name for name in part.outputs if part.nodes and name in network]


def _ends(structure: AgentStructure) -> list[tuple[str, str, tuple[str, ...], str]]:
    """Pills below the graph: outputs, and parts that end where nothing reads on."""
    network = structure.network
    names = {target: alias for alias, target in network.aliases.items() if not alias.isdigit()}
    labels: dict[str, list[str]] = {}
    roles: dict[str, list[str]] = {}
    for name in network.outputs:
        labels.setdefault(name, []).append(names.get(name, name))
    for role, part in structure.parts.items():
        for name in _written(structure, part):
            if name in network.outputs:
                roles.setdefault(name, []).append(role)
            elif not network.consumers(name):
                labels.setdefault(name, []).append(names.get(name, name))
                roles.setdefault(name, []).append(role)
    return [
        (f"end of {name}", " = ".join(dict.fromkeys(words)), tuple(roles.get(name, ())), name)
        for name, words in labels.items()
    ]


def _edge(a: str, b: str, graph: nx.DiGraph[str], layout: Layout, cards: Mapping[str, Card]) -> str:
    (x0, y0), (x1, y1) = layout.centres[a], layout.centres[b]
    start = (x0 + _port(a, b, graph, layout, cards, out=True), y0 + cards[a].size[1] / 2)
    stop = (x1 + _port(b, a, graph, layout, cards, out=False), y1 - cards[b].size[1] / 2 - 1)
    points: list[tuple[float, float]] = [start]
    for top, bottom in layout.routes[(a, b)]:
        points += [top, bottom]
    points.append(stop)
    path = [f"M{_n(points[0][0])},{_n(points[0][1])}"]
    for i in range(0, len(points) - 1, 2):
        (xa, ya), (xb, yb) = points[i], points[i + 1]
        bend = (yb - ya) / 2
        path.append(f"C{_n(xa)},{_n(ya + bend)} {_n(xb)},{_n(yb - bend)} {_n(xb)},{_n(yb)}")
        if i + 2 < len(points):
            path.append(f"L{_n(points[i + 2][0])},{_n(points[i + 2][1])}")
    return (
        f'<path d="{" ".join(path)}" fill="none" stroke="{EDGE}" stroke-width="1.4" '
        'marker-end="url(#mesascope-tip)"/>'
    )


def _port(
    card: str,
    other: str,
    graph: nx.DiGraph[str],
    layout: Layout,
    cards: Mapping[str, Card],
    *,
    out: bool,
) -> float:
    """Offset from the middle of a card at which the edge to another card is attached."""

    def direction(key: str) -> tuple[float, str]:
        route = layout.routes[(card, key) if out else (key, card)]
        near = (route[0][0] if out else route[-1][1]) if route else layout.centres[key]
        return near[0], key

    keys = sorted(graph.successors(card) if out else graph.predecessors(card), key=direction)
    step = min(22.0, (cards[card].size[0] - 24.0) / max(len(keys) - 1, 1))
    return (keys.index(other) - (len(keys) - 1) / 2) * step


def _card(card: Card, centre: tuple[float, float], colours: Mapping[str, str]) -> str:
    width, height = card.size
    left, top = centre[0] - width / 2, centre[1] - height / 2
    tones = [colours[role] for role in card.roles]
    round_form = card.form != "step"
    radius = height / 2 if round_form else 7
    stroke = tones[0] if len(tones) == 1 else (MUTED if round_form else LINE)
    tip = escape("\n".join([*card.names, *(f"part: {role}" for role in card.roles)]))
    parts = [f"<g><title>{tip}</title>"]
    if card.repeat > 1:
        parts.append(_box(left + 4, top + 4, width, height, radius, PAPER, stroke, 1.0))
    parts.append(_box(left, top, width, height, radius, PAPER, stroke, 1.2))
    if len(tones) == 1:
        parts.append(_box(left, top, width, height, radius, tones[0], "none", 0, opacity=0.1))
    if not round_form:
        parts += [
            f'<rect x="{_n(left + 5 + 5 * i)}" y="{_n(top + 6)}" width="3" '
            f'height="{_n(height - 12)}" rx="1.5" fill="{tone}"/>'
            for i, tone in enumerate(tones)
        ]
    inset = PAD + (5.0 * len(tones) if not round_form else 0.0)
    end = left + width - PAD - (30.0 if card.repeat > 1 else 0.0)
    for i, (word, shape) in enumerate(card.lines):
        base = top + 4.5 + ROW * i + ROW * 0.68
        weight = "600" if i == 0 else "400"
        if round_form and not shape:
            parts.append(_text(centre[0], base, word, INK, weight, "middle"))
            continue
        parts.append(_text(left + inset, base, word, INK, weight, "start"))
        if shape and (i == 0 or shape != card.lines[i - 1][1]):
            parts.append(_text(end, base, shape, MUTED, "400", "end", mono=True))
    if card.repeat > 1:
        x = left + width - PAD + 2
        ink = tones[0] if len(tones) == 1 else INK
        parts.append(_text(x, centre[1] + 4, f"×{card.repeat}", ink, "700", "end"))
    return "".join([*parts, "</g>"])


def _box(
    x: float,
    y: float,
    width: float,
    height: float,
    radius: float,
    fill: str,
    stroke: str,
    thick: float,
    *,
    opacity: float = 1.0,
) -> str:
    faint = f' fill-opacity="{opacity}"' if opacity < 1 else ""
    return (
        f'<rect x="{_n(x)}" y="{_n(y)}" width="{_n(width)}" height="{_n(height)}" '
        f'rx="{_n(radius)}" fill="{fill}"{faint} stroke="{stroke}" stroke-width="{thick}"/>'
    )


def _text(
    x: float, y: float, text: str, fill: str, weight: str, anchor: str, *, mono: bool = False
) -> str:
    family = f' font-family="{_MONO}"' if mono else ""
    size = "10.5" if mono else "12.5"
    return (
        f'<text x="{_n(x)}" y="{_n(y)}" font-size="{size}" font-weight="{weight}"{family} '
        f'fill="{fill}" text-anchor="{anchor}">{escape(text)}</text>'
    )


_WORD = {
    Status.FUNCTIONAL: "functional",
    Status.DECLARED: "declared",
    Status.WEAK: "weak",
    Status.ABSENT: "absent",
}


def _legend(parts: Mapping[str, Part], colours: Mapping[str, str]) -> tuple[str, float, float]:
    """One line for each part, above the graph; its text, width and height."""
    rows: list[str] = []
    widest = 0.0
    for i, (role, part) in enumerate(parts.items()):
        y = MARGIN + 20.0 * i
        text = f"{_WORD[part.status]}: {_shorten(part.origin, 60)}"
        dash = "" if part.status is Status.FUNCTIONAL else ' stroke-dasharray="2.5 2"'
        rows.append(
            f'<rect x="{_n(MARGIN)}" y="{_n(y)}" width="12" height="12" rx="3" '
            f'fill="{colours[role]}" fill-opacity="0.25" stroke="{colours[role]}"{dash}/>'
            f'<text x="{_n(MARGIN + 19)}" y="{_n(y + 10.5)}" font-size="12.5" fill="{MUTED}">'
            f'<tspan font-weight="600" fill="{INK}">{escape(role)}</tspan>'
            f'<tspan dx="9">{escape(text)}</tspan></text>'
        )
        widest = max(widest, 31 + (len(role) + len(text)) * LETTER)
    tall = 20.0 * len(parts) + 12.0 if parts else 0.0
    return "".join(rows), widest, tall
