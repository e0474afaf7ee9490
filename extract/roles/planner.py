"""A planner in a tied loop over a map: its moves, its map of values, and the place of the agent.

Everything is read off from derivatives of the scores by the map that the loop hands on. Where they
are not zero is the place of the agent; what the score of an action gains from a neighbour, beyond
what the scores of all actions gain, says where the action leads. Nothing is assumed of names, of
the order of actions or of the meaning of inputs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch

from extract.graph.candidate import Interface
from extract.graph.loop import Loop
from extract.intervene import evaluate
from extract.network import Array, Network
from extract.run import as_evaluator
from extract.study import Study

LOOKED_AT = 128
"""Samples from which the moves are read off."""
WIDEST = 5
"""Cells from side to side that a move may reach over."""


@dataclass(frozen=True)
class Planner:
    """A loop that plans on a map.

    Attributes:
        network: the whole network.
        interface: its scores and inputs.
        loop: the tied loop.
        states: the map that is handed on, before the first step and after each.
        source: a map of the same size from outside, through which goes what every step reads; ""
            if there is none.
        size: rows and columns of the map.
        moves: for each action the cells it leads on, (A, 2).
        reach: half the width of the window that moves were read from.
    """

    network: Network
    interface: Interface
    loop: Loop
    states: tuple[str, ...]
    source: str
    size: tuple[int, int]
    moves: Array
    reach: int

    @property
    def final(self) -> str:
        """The map that leaves the loop."""
        return self.states[-1]

    def on(self, network: Network) -> Planner:
        """The same loop in another network of the architecture; its moves are read off anew."""
        return replace(self, network=network, moves=np.zeros_like(self.moves))

    def maps(self, given: dict[str, Array], names: tuple[str, ...]) -> list[Array]:
        """Maps (N, rows, columns) by name."""
        found = evaluate(self.network, given, names)
        return [found[name].reshape(len(found[name]), *self.size) for name in names]

    def choices(self, given: dict[str, Array]) -> Array:
        """What the network does, given inputs or tensors that are set: (N,)."""
        scores = evaluate(self.network, given, [self.interface.scores])[self.interface.scores]
        return scores.reshape(len(scores), -1).argmax(axis=1)

    def thinking(self, given: dict[str, Array]) -> list[Array]:
        """What the network would do if it left the loop early: before its first step, and so on."""
        states = evaluate(self.network, given, self.states)
        return [self.choices({**given, self.final: states[name]}) for name in self.states]

    def lookahead(self, values: Array, places: Array, moves: Array | None = None) -> Array:
        """What an explicit search of one step chooses: the action that leads to the best cell."""
        return np.argmax(self.ahead(values, places, moves), axis=1)

    def ahead(self, values: Array, places: Array, moves: Array | None = None) -> Array:
        """The values (N, A) of the cells that the actions lead to; outside the map, -inf."""
        cells = places[:, None, :] + (self.moves if moves is None else moves)[None, :, :]
        inside = ((cells >= 0) & (cells < np.array(self.size))).all(axis=2)
        kept = np.clip(cells, 0, np.array(self.size) - 1)
        picked = values[np.arange(len(values))[:, None], kept[..., 0], kept[..., 1]]
        return np.where(inside, picked, -np.inf)


def read_planner(
    network: Network, interface: Interface, loop: Loop, samples: dict[str, Array]
) -> Planner | None:
    """The planner in a loop, or None if the loop hands on no single map or reads it nowhere."""
    states = loop.states(network)
    if len(states) < 3:
        return None
    shape = network.node(states[-1]).shape
    if len(shape) < 2 or min(shape[-2:]) < 3 or np.prod(shape[:-2]) != 1:
        return None
    size = (shape[-2], shape[-1])
    source = _source(network, loop, size)
    planner = Planner(network, interface, loop, states, source, size, np.zeros((0, 2)), 0)
    slopes = gradients(planner, samples)
    window = _window(slopes)
    if window is None:
        return None
    places, reach = window
    return replace(planner, moves=_moves(_windows(slopes, places, reach)), reach=reach)


def _source(network: Network, loop: Loop, size: tuple[int, int]) -> str:
    """The last single map through which all passes that every step reads from outside; "" if none.

    Where steps read several channels made from one map, it is that map.
    """
    for node in reversed(network.nodes):
        if node.shape[-2:] != size or node.size != size[0] * size[1] or node.op in ("input",):
            continue
        for name in loop.invariant:
            needed = network.ancestors([name], stop=[node.name])
            if node.name in needed and not needed & set(network.inputs):
                return node.name
    return ""


def gradients(planner: Planner, samples: dict[str, Array], count: int = LOOKED_AT) -> Array:
    """Derivatives (N, A, rows, columns) of the scores by the map that leaves the loop."""
    network, final, scores = planner.network, planner.final, planner.interface.scores
    given = {name: array[:count] for name, array in samples.items()}
    needed = network.ancestors([scores], stop=[final, *given])
    starts = [name for name in given if name in needed]
    part = network.slice([*starts, final], [scores])
    function = as_evaluator(part, [scores])
    state = evaluate(network, given, [final])[final]
    total = len(state)
    flat = [given[name].reshape(total, -1) for name in starts] + [state.reshape(total, -1)]
    x = torch.tensor(np.concatenate(flat, axis=1), dtype=torch.float32, requires_grad=True)
    y = function(x)[network.node(scores).name].reshape(total, -1)
    rows = [torch.autograd.grad(y[:, a].sum(), x, retain_graph=True)[0] for a in range(y.shape[1])]
    width = int(np.prod(planner.size))
    table = np.stack([row.numpy()[:, -width:] for row in rows], axis=1)
    return table.reshape(total, -1, *planner.size).astype(np.float64)


def locate(planner: Planner, samples: dict[str, Array]) -> Array:
    """The places (N, 2) of the agent: the middle of what the scores read of the map."""
    total = len(next(iter(samples.values())))
    window = _window(gradients(planner, samples, total), planner.reach)
    return window[0] if window is not None else np.zeros((total, 2), dtype=int)


def _window(slopes: Array, reach: int = 0) -> tuple[Array, int] | None:
    """Places (N, 2) and half the width of the window that scores read; None if it is too wide.

    At a border the window is cut off, so that its middle is found from the side that is not.
    """
    support = np.abs(slopes).sum(axis=1)
    high = support.max(axis=(1, 2), keepdims=True)
    support = support > 1e-6 * np.maximum(high, 1e-30)
    if not support.any(axis=(1, 2)).all():
        return None
    sides: list[tuple[Array, Array, int]] = []
    for axis in (1, 2):
        line = support.any(axis=3 - axis)
        first = line.argmax(axis=1)
        last = line.shape[1] - 1 - line[:, ::-1].argmax(axis=1)
        sides.append((first, last, line.shape[1]))
    widest = max(int((last - first).max()) + 1 for first, last, _ in sides)
    reach = reach or (widest - 1) // 2
    if widest > WIDEST or any(widest >= length for _, _, length in sides):
        return None
    places = np.stack(
        [np.where(first > 0, first + reach, last - reach) for first, last, _ in sides], axis=1
    )
    return np.clip(places, 0, [length - 1 for _, _, length in sides]), reach


def _windows(slopes: Array, places: Array, reach: int) -> Array:
    """What the scores gain from the cells around the place of the agent: (N, A, width, width)."""
    wide = np.pad(slopes, ((0, 0), (0, 0), (reach, reach), (reach, reach)))
    across = np.arange(2 * reach + 1)
    rows, columns = (place[:, None] + across for place in places.T)
    picked = wide[np.arange(len(wide))[:, None, None], :, rows[:, :, None], columns[:, None, :]]
    return np.moveaxis(picked, 3, 1)


def _moves(windows: Array) -> Array:
    """Where each action leads: the offset its score gains most from, less all actions' mean."""
    kernel = windows.sum(axis=0)
    kernel -= kernel.mean(axis=0)
    best = kernel.reshape(len(kernel), -1).argmax(axis=1)
    return np.stack(np.unravel_index(best, kernel.shape[1:]), axis=1) - kernel.shape[-1] // 2


def reread(planner: Planner, samples: dict[str, Array]) -> Planner:
    """The planner with moves read off from its own network, at the places that it already has."""
    count = len(next(iter(samples.values())))
    return replace(planner, moves=rereading(planner, samples)(np.arange(min(count, LOOKED_AT))))


def rereading(planner: Planner, samples: dict[str, Array]) -> Callable[[Array], Array]:
    """From numbers of the first `LOOKED_AT` samples to the moves that are read off from these."""
    slopes = gradients(planner, samples)
    window = _window(slopes, planner.reach)
    if window is None:
        return lambda _: np.zeros((planner.interface.actions, 2), dtype=int)
    windows = _windows(slopes, window[0], planner.reach)
    return lambda order: _moves(windows[order])


def picked_maps(study: Study, planner: Planner, samples: dict[str, Array]) -> list[Array]:
    """Maps (N, rows, columns) in the network that were picked blindly: channels of tensors."""
    fits = [n.name for n in planner.network.nodes if n.shape[-2:] == planner.size]
    among = study.seen & set(fits) - {planner.final}
    parts = study.picked(1, f"maps {planner.final}", among)
    names = tuple(dict.fromkeys(name for name, _ in parts))
    found = evaluate(planner.network, samples, names) if names else {}
    cells = int(np.prod(planner.size))
    flat = [(found[name].reshape(len(found[name]), -1, *planner.size), at) for name, at in parts]
    return [maps[:, int(entry[0]) // cells] for maps, entry in flat]


def climb(planner: Planner, values: Array) -> Array:
    """Share (N,) of the cells from which climbing a map by the moves ends at its highest cell."""
    rows, columns = planner.size
    cells = np.stack(np.meshgrid(np.arange(rows), np.arange(columns), indexing="ij"), axis=-1)
    starts = cells.reshape(-1, 2)
    shares: list[float] = []
    for one in values:
        table = np.repeat(one[None], len(starts), axis=0)
        ahead = planner.ahead(table, starts)
        best = ahead.argmax(axis=1)
        here = one[starts[:, 0], starts[:, 1]]
        onward = starts + planner.moves[best]
        stay = ahead.max(axis=1) <= here
        target = np.where(stay, np.arange(len(starts)), onward[:, 0] * columns + onward[:, 1])
        for _ in range(int(np.ceil(np.log2(rows * columns)))):
            target = target[target]
        shares.append(float((target == one.argmax()).mean()))
    return np.array(shares)
