"""How far a policy of boxes with one action each acts as a network does: proved, not sampled.

For each leaf the bounds are asked whether the network takes the leaf's action on all of it, and
whether on none of it; a box of which neither is proved is halved. So the share of the domain on
which the two agree is bounded from below and from above, and every proved disagreement has a
witness that replays.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from math import prod

import torch
from torch import Tensor

from extract.abstraction.tree import Leaf
from extract.run import as_function
from extract.structure import AgentStructure
from theory.agent import Agent
from theory.error import InputError
from theory.property import Property
from theory.term import Term, forall, not_
from verify.bind import BoundProperty, bind
from verify.neural.branch import Search
from verify.neural.region import toward
from verify.problem.compile import compile_goal
from verify.replay import values_at, witness_at
from verify.verdict import Guarantee, Witness

BATCH = 512
SAMPLES = 4
"""Points of a box at which the gradient of the margin is taken to choose the cut."""

SHOWN = 20
"""Proved disagreements that get a replayed witness: the largest boxes."""

MOST_BOXES = 4096
"""Leaves times combinations of finite features, at the start."""


@dataclass(frozen=True)
class Disagreement:
    """A box on which the network never takes the leaf's action, proved.

    Attributes:
        low, high: its corners.
        leaf: number of the leaf.
        share: of the whole volume.
        witness: its middle, replayed.
    """

    low: tuple[float, ...]
    high: tuple[float, ...]
    leaf: int
    share: float
    witness: Witness


@dataclass(frozen=True)
class Fidelity:
    """Shares of the volume of all leaves together, good to nine digits; they sum to 1.

    Attributes:
        agreed: on which the network takes the leaf's action, proved.
        disagreed: on which it takes another, proved.
        open: the rest: boxes that the border runs through, or that there was no time for.
        guarantee: what the proofs cover.
        disagreements: the largest boxes of proved disagreement.
        whole: numbers of the leaves on all of which the network takes the leaf's action.
        boxes: how many were bounded.
    """

    agreed: float
    disagreed: float
    open: float
    guarantee: Guarantee
    disagreements: tuple[Disagreement, ...]
    whole: frozenset[int]
    boxes: int


def prove_fidelity(
    structure: AgentStructure,
    agent: Agent,
    leaves: Sequence[Leaf],
    *,
    timeout_s: float = 60.0,
    seed: int = 0,
    finest: float = 1e-8,
) -> Fidelity:
    """Bound the share of the leaves' volume on which the network does what they say.

    Args:
        structure: the network with its parts.
        agent: its vocabulary; `agent.ties` says when an action counts as taken.
        leaves: boxes with the number of an action each, which share no more than faces.
        timeout_s: budget for all of them together.
        seed: of the points at which gradients are taken.
        finest: boxes of a smaller share of the volume are left open.

    Raises:
        InputError: a leaf does not fit the agent, or lies outside its box.
        UnsupportedOperator: the network has an operator without bounds.
    """
    functions, whole = bind(structure, agent)
    o = agent.observation("o")
    proofs: dict[int, _Proof] = {}
    for number, leaf in enumerate(leaves):
        _fit(agent, number, leaf)
        if leaf.action not in proofs:
            acts = agent.acts(o, agent.actions[leaf.action])
            taken = Property("taken", forall(o, acts), "The leaf's action is taken.")
            bound = BoundProperty(taken, functions, whole)
            proofs[leaf.action] = _Proof(bound, leaf.action, forall(o, not_(acts)), seed)
    return _Cover(agent, leaves, proofs, finest).run(timeout_s)


def _fit(agent: Agent, number: int, leaf: Leaf) -> None:
    if len(leaf.low) != len(agent.features) or not 0 <= leaf.action < len(agent.actions):
        raise InputError(f"leaf {number} does not fit the agent's features and actions")
    for feature, low, high in zip(agent.features, leaf.low, leaf.high, strict=True):
        wide = (toward(feature.lower, torch.float32, -1), toward(feature.upper, torch.float32, 1))
        if not wide[0] <= low <= high <= wide[1]:
            raise InputError(f"leaf {number}: {low} to {high} is no range within {feature.name}")


class _Proof:
    """The two questions about one action."""

    def __init__(self, taken: BoundProperty, action: int, nowhere: Term, seed: int) -> None:
        functions = taken.functions
        self.taken, self.action = taken, action
        agree = compile_goal(taken.property.formula, functions, wanted=False)
        differ = compile_goal(nowhere, functions, wanted=False)
        self.variables = agree.variables
        self._agree, self._differ = Search(agree, seed=seed), Search(differ, seed=seed)
        self._score = as_function(functions["score"], torch.float32)
        self._generator = torch.Generator().manual_seed(seed)

    def settle(self, low: Tensor, high: Tensor) -> tuple[Tensor, Tensor]:
        """Boxes (B,) on all of which the action is taken, and those on none of which it is."""
        agreed = self._agree.refutes(low, high)
        rest = (~agreed).nonzero()[:, 0]
        differs = torch.zeros_like(agreed)
        if len(rest):
            differs[rest] = self._differ.refutes(low[rest], high[rest])
        return agreed, differs

    def axis(self, low: Tensor, high: Tensor) -> Tensor:
        """Where to cut boxes: the feature that moves the margin of the action most (B,)."""
        width = high - low
        part = torch.rand((SAMPLES, *low.shape), generator=self._generator)
        points = (low + part * width).flatten(0, 1).requires_grad_(True)
        scores = self._score(points)
        others = scores.index_fill(1, torch.tensor([self.action]), -torch.inf)
        reward = (scores[:, self.action] - others.amax(dim=1)).sum()
        slope = torch.autograd.grad(reward, points)[0].abs().reshape(part.shape).mean(dim=0)
        influence = slope * width
        return torch.where((influence.amax(1) > 0)[:, None], influence, width).argmax(dim=1)

    def witness(self, low: Tensor, high: Tensor) -> Witness:
        """The middle of a box, replayed."""
        point = [Fraction(x) for x in _numbers(((low + high) / 2).clamp(low, high))]
        return witness_at(self.taken, values_at(self.variables, point))


@dataclass
class _Boxes:
    """Open boxes: corners (N, n), share of the volume (N,), number of the leaf (N,)."""

    low: Tensor
    high: Tensor
    share: Tensor
    leaf: Tensor

    def __len__(self) -> int:
        return len(self.share)

    def pick(self, index: Tensor) -> _Boxes:
        return _Boxes(self.low[index], self.high[index], self.share[index], self.leaf[index])

    def join(self, other: _Boxes) -> _Boxes:
        pairs = zip(vars(self).values(), vars(other).values(), strict=True)
        return _Boxes(*(torch.cat(pair) for pair in pairs))


class _Cover:
    """Covers the leaves with boxes that are settled, largest first."""

    def __init__(
        self, agent: Agent, leaves: Sequence[Leaf], proofs: dict[int, _Proof], finest: float
    ) -> None:
        self.proofs, self.finest = proofs, finest
        starts = [
            (low, high, number)
            for number, leaf in enumerate(leaves)
            for low, high in _assigned(agent, leaf)
        ]
        if len(starts) > MOST_BOXES:
            raise InputError(f"{len(starts)} leaves and values of finite features are too many")
        low = torch.tensor([start[0] for start in starts])
        high = torch.tensor([start[1] for start in starts])
        size = (high - low).double()
        varies = torch.tensor([f.values is None and f.lower < f.upper for f in agent.features])
        volume = torch.where(varies, size, 1.0).prod(dim=1)
        if not float(volume.sum()) > 0:
            raise InputError("the leaves have no volume")
        leaf = torch.tensor([start[2] for start in starts])
        self.count = len(leaves)
        acts = torch.tensor([leaf.action for leaf in leaves])[leaf]
        whole = _Boxes(low, high, volume / volume.sum(), leaf)
        self.open = {action: whole.pick((acts == action).nonzero()[:, 0]) for action in proofs}

    def run(self, timeout_s: float) -> Fidelity:
        """Settle or halve boxes until the time is over."""
        end = time.monotonic() + timeout_s
        agreed = disagreed = 0.0
        boxes = 0
        found: list[tuple[int, _Boxes]] = []
        fine: list[_Boxes] = []
        while time.monotonic() < end and any(len(rest) for rest in self.open.values()):
            action = max(self.open, key=lambda a: float(self.open[a].share.amax(dim=0).item())
                         if len(self.open[a]) else -1.0)  # fmt: skip
            batch = self._take(action)
            boxes += len(batch)
            proof = self.proofs[action]
            same, other = proof.settle(batch.low, batch.high)
            agreed += float(batch.share[same].sum())
            disagreed += float(batch.share[other].sum())
            if bool(other.any()):
                found.append((action, batch.pick(other.nonzero()[:, 0])))
            rest = batch.pick((~(same | other)).nonzero()[:, 0])
            small = rest.share < self.finest
            fine.append(rest.pick(small.nonzero()[:, 0]))
            rest = rest.pick((~small).nonzero()[:, 0])
            if len(rest):
                self.open[action] = self.open[action].join(self._halve(proof, rest))
        left = [*fine, *self.open.values(), *(part for _, part in found)]
        touched = {int(i) for part in left for i in part.leaf}
        return Fidelity(
            agreed=agreed,
            disagreed=disagreed,
            open=max(0.0, 1 - agreed - disagreed),
            guarantee=Guarantee.FLOAT32,
            disagreements=tuple(self._shown(found)),
            whole=frozenset(range(self.count)) - touched,
            boxes=boxes,
        )

    def _take(self, action: int) -> _Boxes:
        """Remove the largest boxes of an action."""
        rest = self.open[action]
        order = rest.share.argsort(descending=True)
        self.open[action] = rest.pick(order[BATCH:])
        return rest.pick(order[:BATCH])

    def _halve(self, proof: _Proof, boxes: _Boxes) -> _Boxes:
        axis = proof.axis(boxes.low, boxes.high)[:, None]
        low, high = boxes.low.gather(1, axis), boxes.high.gather(1, axis)
        middle = (low + (high - low) / 2).clamp(low, high)
        part = ((middle - low).double() / (high - low).double().clamp(min=1e-45))[:, 0]
        below = _Boxes(
            boxes.low, boxes.high.scatter(1, axis, middle), boxes.share * part, boxes.leaf
        )
        above = _Boxes(
            boxes.low.scatter(1, axis, middle), boxes.high, boxes.share * (1 - part), boxes.leaf
        )
        return below.join(above)

    def _shown(self, found: list[tuple[int, _Boxes]]) -> Iterator[Disagreement]:
        """The largest boxes of disagreement whose middle replays."""
        rows = [(float(s), a, part, i) for a, part in found for i, s in enumerate(part.share)]
        rows.sort(key=lambda row: -row[0])
        for share, action, part, i in rows[:SHOWN]:
            witness = self.proofs[action].witness(part.low[i], part.high[i])
            if all(witness.replays.values()):
                yield Disagreement(
                    _numbers(part.low[i]),
                    _numbers(part.high[i]),
                    int(part.leaf[i]),
                    share,
                    witness,
                )


def _numbers(values: Tensor) -> tuple[float, ...]:
    return tuple(float(value) for value in values)


def _assigned(agent: Agent, leaf: Leaf) -> Iterator[tuple[list[float], list[float]]]:
    """The parts of a leaf, one for each combination of values of its finite features."""
    listed: list[list[tuple[float, float]]] = []
    for feature, low, high in zip(agent.features, leaf.low, leaf.high, strict=True):
        ends = [(float(low), float(high))]
        if feature.values is not None:
            ends = [(float(v), float(v)) for v in feature.values if low <= v <= high]
        listed.append(ends)
    if prod(map(len, listed)) > MOST_BOXES:
        raise InputError("a leaf has too many combinations of finite features")
    for choice in product(*listed):
        yield [low for low, _ in choice], [high for _, high in choice]
