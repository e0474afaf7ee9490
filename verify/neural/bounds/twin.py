"""Entries of bent functions that are close to others, so that the one may stand for the other.

ReLU and its like make no difference larger, and pass positive factors on: where |u - s v| <= d,
also |f(u) - s f(v)| <= d. So `A f(u) >= A s f(v) - |A| d` for any coefficient A, and where the
relaxation of f(u) is looser than d, the functional is better off with f(v). That is so

- of units of one layer that read the same with the same weights, but for a factor: what they pass
  on may cancel, as it does in units that were added to hide others;
- of two copies of one layer on inputs that are close, as in the differential verification of
  Paulsen, Wang and Wang, ReluDiff (ICSE 2020).

How close they are is not assumed: a backward pass bounds it on every box, rounding included. The
rounding of f(u) itself is paid for beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from scipy.spatial import KDTree
from torch import Tensor

from extract.network import Array, Node
from verify.neural.bounds.choice import is_bent, left_slope
from verify.neural.bounds.rounding import SAFETY
from verify.neural.bounds.sweep import Sweep

PARALLEL = 1e-5
"""Weights are the same but for a factor if they differ by this share of their length."""

LINES = 8
"""Weights are first compared by their projections on so many lines."""

LARGEST_FACTOR = 1e6
"""Weights that differ by a larger factor are not compared."""

CLOSE = 0.25
"""Copies are compared in every box if, in the first, they are this much closer than relaxed."""

MOST_COPIES = 16
"""Of how many earlier copies of a layer the closest is looked for."""


Lower = Callable[[Sweep, dict[str, Tensor], Tensor], tuple[Tensor, Tensor, Tensor]]
"""Lower bounds of functionals, as `BoundGraph.lower` gives them."""


@dataclass(frozen=True)
class Link:
    """Entries of a bent node that entries of another, or of itself, may stand for.

    Attributes:
        other: the other node.
        entries: of the node, (n,).
        others: of the other, one each.
        factors: positive, one each.
    """

    other: str
    entries: Tensor
    others: Tensor
    factors: Tensor


@dataclass
class Twins:
    """What may stand for what, in one graph.

    Attributes:
        source: for each bent node that reads a `linear`, that node.
        links: for each bent node, what may stand for its entries.
        earlier: for each bent node, earlier ones of the same layer; one that was compared with them
            is left out.
    """

    source: dict[str, str] = field(default_factory=dict[str, str])
    links: dict[str, list[Link]] = field(default_factory=dict[str, list[Link]])
    earlier: dict[str, list[str]] = field(default_factory=dict[str, list[str]])

    @staticmethod
    def of(nodes: Sequence[Node], parameters: Mapping[str, Array], device: str) -> Twins:
        """Those of a graph."""
        table = {node.name: node for node in nodes}
        twins = Twins()
        layers: dict[tuple[object, ...], list[str]] = {}
        for node in filter(_narrows, nodes):
            operand = table[node.inputs[0]]
            while operand.op == "reshape":
                operand = table[operand.inputs[0]]
            weights = operand.inputs[1:]
            if operand.op != "linear" or any(name not in parameters for name in weights):
                continue
            twins.source[node.name] = operand.name
            link = _parallel(node, [parameters[name] for name in weights], device)
            if link is not None:
                twins.links[node.name] = [link]
            known = layers.setdefault((node.op, str(node.attributes), node.size, weights), [])
            if known:
                twins.earlier[node.name] = known[-MOST_COPIES:]
            known.append(node.name)
        return twins

    def additions(self) -> dict[str, int]:
        """For each bent node, how often coefficients may be added to an entry because of it."""
        count: dict[str, int] = {}
        for name, links in self.links.items():
            count[name] = sum(int(torch.bincount(link.others).max()) for link in links)
        for other in (one for earlier in self.earlier.values() for one in earlier):
            count[other] = count.get(other, 0) + 1
        return count

    def compare(self, node: Node, state: Sweep, lower: Lower) -> None:
        """Note how far linked entries are apart. The closest of the earlier copies of a layer is
        chosen once, on the first boxes of all.
        """
        slack = state.lines[node.name].offset_above
        every = torch.arange(node.size, device=slack.device)
        best, least = None, CLOSE
        for other in self.earlier.pop(node.name, ()):
            link = Link(other, every, every, torch.ones(node.size, device=slack.device))
            share = (self._apart(node.name, link, state, lower) / slack).clamp(max=1)[slack > 0]
            if share.numel() and float(share.mean()) < least:
                best, least = link, float(share.mean())
        if best is not None:
            self.links.setdefault(node.name, []).append(best)
        for place, link in enumerate(self.links.get(node.name, ())):
            state.apart[node.name, place] = self._apart(node.name, link, state, lower)

    def _apart(self, name: str, link: Link, state: Sweep, lower: Lower) -> Tensor:
        """Upper bounds (B, n) of |u - s v| for linked entries u and v of the operands."""
        count = len(link.entries)
        start: dict[str, Tensor] = {}
        for source, entries, sign in (
            (self.source[name], link.entries, None),
            (self.source[link.other], link.others, link.factors),
        ):
            reach = state.reach(source)
            rows = torch.zeros(count, reach.shape[1], dtype=reach.dtype, device=reach.device)
            values = torch.ones_like(rows[:, 0]) if sign is None else -sign.to(reach.dtype)
            rows[torch.arange(count, device=reach.device), entries] = values
            both = torch.cat([rows, -rows])[None]
            start[source] = start[source] + both if source in start else both
        zero = torch.zeros_like(next(iter(start.values()))[..., 0])
        bound, _, _ = lower(state, start, zero)
        return torch.maximum(-bound[:, :count], -bound[:, count:]).clamp(min=0)


def _narrows(node: Node) -> bool:
    """Whether a function makes no difference larger, and passes positive factors on."""
    return is_bent(node) and abs(left_slope(node)) <= 1


def _parallel(node: Node, weights: Sequence[Array], device: str) -> Link | None:
    """Entries of a layer whose weights, bias included, are those of an earlier one times a factor.

    Only layers of one row, whose entries are the units, are looked at.
    """
    table = np.concatenate([array.reshape(len(array), -1) for array in weights], axis=1)
    if len(table) != node.size:
        return None
    table = table.astype(np.float64)
    length = np.linalg.norm(table, axis=1)
    unit = table / np.where(length > 0, length, 1)[:, None]
    first: dict[int, int] = {}
    for one, other in _near(unit):
        sizes = length[one], length[other]
        if min(sizes) > 0 and max(sizes) < LARGEST_FACTOR * min(sizes):
            first.setdefault(other, first.get(one, one))
    entries, others = list(first), list(first.values())
    if not entries:
        return None
    return Link(
        node.name,
        torch.tensor(entries, device=device),
        torch.tensor(others, device=device),
        torch.tensor(length[entries] / length[others], device=device),
    )


def _near(unit: Array) -> list[tuple[int, int]]:
    """Pairs of rows of length 1 that are nearly equal, the earlier row first, in order."""
    rows = np.flatnonzero(unit.any(axis=1))
    lines, _ = np.linalg.qr(np.random.default_rng(0).normal(size=(unit.shape[1], LINES)))
    tree: Any = KDTree(unit[rows] @ lines)
    pairs = rows[np.array(tree.query_pairs(PARALLEL, output_type="ndarray")).reshape(-1, 2)]
    apart = np.array([np.linalg.norm(unit[one] - unit[other]) for one, other in pairs])
    close = pairs[apart <= PARALLEL] if len(pairs) else pairs
    return sorted((int(min(pair)), int(max(pair))) for pair in close)


@dataclass(frozen=True)
class Moved:
    """A functional of a bent node after some of it was moved.

    Attributes:
        kept: coefficients on the node (B or 1, K, size).
        given: coefficients on other nodes, by name.
        lost: what it cost (B, K).
    """

    kept: Tensor
    given: dict[str, Tensor]
    lost: Tensor


def move(
    name: str,
    links: Sequence[Link],
    coefficients: Tensor,
    state: Sweep,
    uses: Mapping[str, int],
    unit: float,
) -> Moved:
    """Let close entries stand for those of a bent node where that is tighter.

    Args:
        name: the bent node.
        links: of it.
        coefficients: on it, (B or 1, K, size).
        state: a sweep over the boxes, as far as it has come.
        uses: how many add coefficients to the entries of a tensor.
        unit: of the engine's rounding.
    """
    slack = state.lines[name].offset_above
    lost = torch.zeros_like(coefficients[..., 0]).expand(slack.shape[0], -1)
    given: dict[str, Tensor] = {}
    for place, link in enumerate(links):
        apart = state.apart.get((name, place))
        if apart is None:
            continue
        chosen = (apart < slack[:, link.entries])[:, None]
        taken = coefficients[..., link.entries] * chosen
        rest = coefficients[..., link.entries] * ~chosen
        coefficients = coefficients.expand(rest.shape[0], -1, -1)
        coefficients = coefficients.index_copy(2, link.entries, rest)
        factors = link.factors.to(taken.dtype)
        passed = taken * factors
        # Every consumer pays for what it adds in floats, and here for the product as well; and what
        # the deployed network loses in f(u) is lost, whatever stands for it.
        reach = state.reach(link.other)[:, link.others]
        rounding = reach * factors * (2 * unit * (uses[link.other] + 4))
        rounding = rounding + state.errors[name][:, link.entries] * SAFETY
        each = torch.where(chosen[:, 0], apart + rounding, torch.zeros_like(apart))
        cost = (taken.abs() * each[:, None]).sum(dim=2)
        lost = lost + cost * (1 + 4 * unit * (len(link.entries) + 8))
        if link.other == name:
            coefficients = coefficients.index_add(2, link.others, passed)
        else:
            size = state.reach(link.other).shape[1]
            blank = torch.zeros(*passed.shape[:2], size, dtype=passed.dtype, device=passed.device)
            value = blank.index_add(2, link.others, passed)
            given[link.other] = given[link.other] + value if link.other in given else value
    return Moved(coefficients, given, lost)
