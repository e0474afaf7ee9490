"""A decision problem drawn: chance round, the decision square, utilities as diamonds, and dashed
what depends on the agent's policy and not on its act.
"""

from __future__ import annotations

from html import escape

import networkx as nx

from extract.layered import Layout, place
from theory.decision.problem import POLICY, Problem

LETTER, HEIGHT, PAD, GAP, RISE, MARGIN = 7.2, 30.0, 14.0, 26.0, 40.0, 14.0
INK, EDGE, PAPER = "#1d2433", "#8490a3", "#ffffff"
FILL = {"chance": "#eef2f7", "decision": "#dbe8fb", "utility": "#e2f3e7", "policy": "#fdf0d9"}


def draw(problem: Problem) -> str:
    """The problem's graph as one SVG element, the same for the same problem."""
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from(problem.graph.nodes)
    graph.add_edges_from(problem.graph.edges)
    sizes = {name: (len(name) * LETTER + 2 * PAD + 18.0, HEIGHT) for name in graph}
    layout = place(graph, sizes, gap=GAP, rise=RISE)
    width, height = layout.width + 2 * MARGIN, layout.height + 2 * MARGIN
    body = [_edge(problem, a, b, layout) for a, b in graph.edges]
    body += [_node(name, kind(problem, name), layout.centres[name], sizes[name]) for name in graph]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
        f'viewBox="0 0 {width:.0f} {height:.0f}" role="img" aria-label="causal graph" '
        f'style="max-width:100%;height:auto;font:13px system-ui,sans-serif">'
        f'<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" '
        f'markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z" fill="{EDGE}"/></marker></defs>'
        f'<g transform="translate({MARGIN:.0f} {MARGIN:.0f})">{"".join(body)}</g></svg>'
    )


def kind(problem: Problem, name: str) -> str:
    """chance, decision, utility or policy."""
    if name == POLICY:
        return "policy"
    node = problem.nodes[name]
    return "decision" if node.rule is None else "utility" if node.utility else "chance"


def _edge(problem: Problem, a: str, b: str, layout: Layout) -> str:
    (x0, y0), (x1, y1) = layout.centres[a], layout.centres[b]
    path = f"M{x0:.1f} {y0 + HEIGHT / 2:.1f}"
    here = (x0, y0 + HEIGHT / 2)
    ends = [*layout.routes[(a, b)], ((x1, y1 - HEIGHT / 2 - 1), (x1, y1 - HEIGHT / 2 - 1))]
    for top, bottom in ends:
        bend = (top[1] - here[1]) / 2
        path += (
            f"C{here[0]:.1f} {here[1] + bend:.1f} {top[0]:.1f} {top[1] - bend:.1f} "
            f"{top[0]:.1f} {top[1]:.1f}L{bottom[0]:.1f} {bottom[1]:.1f}"
        )
        here = bottom
    foreseen = (a == POLICY and b != problem.decision.name) or b == POLICY
    dash = ' stroke-dasharray="5 4"' if foreseen else ""
    return (
        f'<path d="{path}" fill="none" stroke="{EDGE}" stroke-width="1.4"{dash} '
        f'marker-end="url(#tip)"/>'
    )


def _node(name: str, kind: str, centre: tuple[float, float], size: tuple[float, float]) -> str:
    (x, y), (w, h) = centre, (size[0] / 2, size[1] / 2)
    paint = f'fill="{FILL[kind]}" stroke="{INK}" stroke-width="1.2"'
    box = f'x="{x - w:.1f}" y="{y - h:.1f}" width="{2 * w:.1f}" height="{2 * h:.1f}"'
    match kind:
        case "decision":
            shape = f"<rect {box} {paint}/>"
        case "utility":
            points = [(x - w - 8, y), (x - w + 6, y - h), (x + w - 6, y - h), (x + w + 8, y)]
            points += [(x + w - 6, y + h), (x - w + 6, y + h)]
            corners = " ".join(f"{a:.1f},{b:.1f}" for a, b in points)
            shape = f'<polygon points="{corners}" {paint}/>'
        case "policy":
            shape = f'<rect {box} rx="6" {paint} stroke-dasharray="4 3"/>'
        case _:
            shape = f'<rect {box} rx="{h:.1f}" {paint}/>'
    text = f'<text x="{x:.1f}" y="{y + 4.5:.1f}" text-anchor="middle" fill="{INK}">'
    return f"{shape}{text}{escape(name)}</text>"
