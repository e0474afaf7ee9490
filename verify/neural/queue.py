"""Open boxes of a search, best first."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import torch
from torch import Tensor


@dataclass
class Queue:
    """Open boxes.

    Attributes:
        low, high: corners (N, n).
        share: of the whole box's volume (N,).
        score: largest upper bound of the margin, of the parent (N,).
        tries: how many ancestors only rounding held open (N,).
        number: in the record of the split tree (N,); all 0 where nobody records.
        phases: what is known of signs inside the network (N, P).
        limits: of the operands of curves (N, 2, C).
    """

    low: Tensor
    high: Tensor
    share: Tensor
    score: Tensor
    tries: Tensor
    number: Tensor
    phases: Tensor
    limits: Tensor

    def __len__(self) -> int:
        return self.low.shape[0]

    @property
    def row_bytes(self) -> int:
        """Memory of one box."""
        tensors = [getattr(self, f.name) for f in fields(self)]
        return sum(t.element_size() * t[:1].numel() for t in tensors)

    def take(self, count: int) -> Queue:
        """Remove the boxes with the highest scores."""
        if len(self) <= count:
            taken = replace(self)
            keep = torch.zeros(len(self), dtype=torch.bool)
        else:
            best = self.score.topk(count).indices
            keep = torch.ones(len(self), dtype=torch.bool, device=best.device)
            keep[best] = False
            taken = self.select(best)
        self._become(self.select(keep))
        return taken

    def halved(self) -> Queue:
        """Remove every second box, in the order of their scores."""
        order = self.score.argsort(descending=True)
        taken = self.select(order[1::2])
        self._become(self.select(order[::2]))
        return taken

    def select(self, index: Tensor | slice) -> Queue:
        """Some of the boxes."""
        return Queue(**{f.name: getattr(self, f.name)[index] for f in fields(self)})

    def put(self, other: Queue) -> None:
        """Add boxes."""
        joined = {
            f.name: torch.cat([getattr(self, f.name), getattr(other, f.name)]) for f in fields(self)
        }
        self._become(Queue(**joined))

    def _become(self, other: Queue) -> None:
        for f in fields(self):
            setattr(self, f.name, getattr(other, f.name))
