"""How far a policy of boxes acts as a network does: proved, not sampled.

For each leaf the bounds are asked whether the network takes the leaf's action on all of it, and
whether on none of it; a box of which neither is proved is halved. So the share of the agent's box
on which the two agree is bounded from below and from above, and every proved disagreement that is
shown has a witness that replays.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from extract.abstraction.leaf import AffineLeaf, Leaf
from extract.structure import AgentStructure
from theory.agent import Agent
from verify.answer import Progress
from verify.bind import bind
from verify.fidelity.box import Boxes, starts
from verify.fidelity.proof import Bound, Proof
from verify.verdict import Guarantee, Witness

BATCH = 512
SHOWN = 20
"""Proved disagreements that get a replayed witness: the largest boxes."""


@dataclass(frozen=True)
class Disagreement:
    """A box on which the network never takes the leaf's action, proved.

    Attributes:
        low, high: its corners.
        leaf: number of the leaf.
        share: of the agent's box.
        witness: its middle, replayed.
    """

    low: tuple[float, ...]
    high: tuple[float, ...]
    leaf: int
    share: float
    witness: Witness


@dataclass(frozen=True)
class Fidelity:
    """Shares of the volume of the agent's box, good to six digits; the first three sum to 1.

    Attributes:
        agreed: on which the network takes the leaf's action, proved.
        disagreed: on which it does not, proved: another action is better, or, where `agent.ties`
            is strict, as good.
        open: the rest: boxes that the border runs through, or that there was no time for, and
            what no leaf covers.
        covered: share that some leaf covers.
        guarantee: what the proofs cover.
        disagreements: the largest boxes of proved disagreement.
        whole: numbers of the leaves on all of which the network takes the leaf's action; an empty
            leaf is none of them.
        boxes: how many were bounded.
    """

    agreed: float
    disagreed: float
    open: float
    covered: float
    guarantee: Guarantee
    disagreements: tuple[Disagreement, ...]
    whole: frozenset[int]
    boxes: int


def prove_fidelity(
    structure: AgentStructure,
    agent: Agent,
    leaves: Sequence[Leaf | AffineLeaf],
    *,
    timeout_s: float = 60.0,
    most_boxes: int = 10**9,
    seed: int = 0,
    finest: float = 1e-8,
    progress: Progress | None = None,
) -> Fidelity:
    """Bound the share of the agent's box on which the network does what leaves say.

    Args:
        structure: the network with its parts.
        agent: its vocabulary; `agent.ties` says when an action counts as taken.
        leaves: boxes with an action or affine scores each, which share no more than faces.
        timeout_s: budget for all of them together.
        most_boxes: the same in boxes that are bounded, which no other work on the machine changes.
        seed: of the points at which gradients are taken.
        finest: boxes of a smaller share of the volume are left open.
        progress: is told the settled share, and how many boxes are open.

    Raises:
        InputError: a leaf does not fit the agent, lies outside its box, or overlaps another.
        UnsupportedOperator: the network has an operator without bounds.
        EngineFault: an evaluation refutes a proof.
    """
    functions, whole = bind(structure, agent)
    boxes = starts(agent, leaves)
    bound = Bound(agent, functions, whole)
    kinds = [_kind(number, leaf) for number, leaf in enumerate(leaves)]
    proofs: dict[int, Proof] = {}
    for kind, leaf in zip(kinds, leaves, strict=True):
        if kind not in proofs:
            proofs[kind] = Proof(bound, leaf, seed)
    return _Cover(boxes, kinds, proofs, finest).run(timeout_s, most_boxes, progress)


def _kind(number: int, leaf: Leaf | AffineLeaf) -> int:
    """A number for what a leaf says: leaves with one action say the same, below zero."""
    return -1 - leaf.action if isinstance(leaf, Leaf) else number


class _Cover:
    """Covers the leaves with boxes that are settled, largest first."""

    def __init__(
        self, boxes: Boxes, kinds: Sequence[int], proofs: dict[int, Proof], finest: float
    ) -> None:
        self.proofs, self.finest = proofs, finest
        self.present = frozenset(int(i) for i in boxes.leaf)
        self.covered = float(boxes.share.sum())
        says = torch.tensor(kinds)[boxes.leaf]
        self.open = {kind: boxes.pick((says == kind).nonzero()[:, 0]) for kind in proofs}

    def run(self, timeout_s: float, most_boxes: int, progress: Progress | None) -> Fidelity:
        """Settle or halve boxes until the time or their number is over."""
        end = time.monotonic() + timeout_s
        agreed = disagreed = 0.0
        boxes = 0
        found: list[tuple[int, Boxes]] = []
        fine: list[Boxes] = []
        while any(len(rest) for rest in self.open.values()):
            if time.monotonic() >= end or boxes >= most_boxes:
                break
            if progress is not None:
                progress(agreed + disagreed, sum(map(len, self.open.values())))
            kind = max(self.open, key=self._largest)
            batch = self._take(kind)
            boxes += len(batch)
            proof = self.proofs[kind]
            same, other = proof.settle(batch.low, batch.high)
            agreed += float(batch.share[same].sum())
            disagreed += float(batch.share[other].sum())
            if bool(other.any()):
                found.append((kind, batch.pick(other.nonzero()[:, 0])))
            rest = batch.pick((~(same | other)).nonzero()[:, 0])
            small = (rest.share < self.finest) | ~rest.splittable.any(dim=1)
            fine.append(rest.pick(small.nonzero()[:, 0]))
            rest = rest.pick((~small).nonzero()[:, 0])
            if len(rest):
                halves = rest.halve(proof.axis(rest))
                self.open[kind] = self.open[kind].join(halves)
        left = [*fine, *self.open.values(), *(part for _, part in found)]
        touched = {int(i) for part in left for i in part.leaf}
        return Fidelity(
            agreed=agreed,
            disagreed=disagreed,
            open=max(0.0, 1 - agreed - disagreed),
            covered=self.covered,
            guarantee=Guarantee.FLOAT32,
            disagreements=tuple(self._shown(found)),
            whole=self.present - touched,
            boxes=boxes,
        )

    def _largest(self, kind: int) -> float:
        rest = self.open[kind]
        return float(rest.share.max()) if len(rest) else -1.0

    def _take(self, kind: int) -> Boxes:
        """Remove the largest boxes of a kind."""
        rest = self.open[kind]
        order = rest.share.argsort(descending=True)
        self.open[kind] = rest.pick(order[BATCH:])
        return rest.pick(order[:BATCH])

    def _shown(self, found: list[tuple[int, Boxes]]) -> Iterator[Disagreement]:
        """The largest boxes of disagreement, with their middles replayed."""
        rows = [(float(s), kind, part, i) for kind, part in found for i, s in enumerate(part.share)]
        rows.sort(key=lambda row: -row[0])
        for share, kind, part, i in rows[:SHOWN]:
            witness = self.proofs[kind].witness(part.low[i], part.high[i])
            if witness is not None:
                yield Disagreement(
                    _numbers(part.low[i]),
                    _numbers(part.high[i]),
                    int(part.leaf[i]),
                    share,
                    witness,
                )


def _numbers(values: Tensor) -> tuple[float, ...]:
    return tuple(float(value) for value in values)
