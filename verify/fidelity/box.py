"""The boxes that a cover starts from: leaves, for each combination of finite features, measured.

Corners are kept twice: rounded outward to float32, for proofs, and as they are, for volumes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import product
from math import prod

import numpy as np
import torch
from torch import Tensor

from extract.abstraction.leaf import AffineLeaf, Leaf
from theory.agent import Agent
from theory.error import InputError
from theory.sort import Feature
from verify.neural.region import toward

MOST_BOXES = 4096
"""Leaves times combinations of finite features, at the start."""

Range = tuple[Fraction, Fraction]


@dataclass
class Boxes:
    """Open boxes: corners (N, n) in float32, and in float64 those of what of them counts; share of
    the agent's box (N,), number of the leaf (N,).
    """

    low: Tensor
    high: Tensor
    least: Tensor
    most: Tensor
    share: Tensor
    leaf: Tensor

    def __len__(self) -> int:
        return len(self.share)

    def pick(self, index: Tensor) -> Boxes:
        """Some of them, by position or mask."""
        return Boxes(*(part[index] for part in vars(self).values()))

    def join(self, other: Boxes) -> Boxes:
        """These and others."""
        pairs = zip(vars(self).values(), vars(other).values(), strict=True)
        return Boxes(*(torch.cat(pair) for pair in pairs))

    @property
    def middle(self) -> Tensor:
        """(N, n), in the box."""
        return (self.low + (self.high - self.low) / 2).clamp(self.low, self.high)

    @property
    def splittable(self) -> Tensor:
        """Along which axes (N, n) a float lies between the ends."""
        return (self.low < self.middle) & (self.middle < self.high)

    def halve(self, axis: Tensor) -> Boxes:
        """Each cut in two along its axis (N,), which is splittable."""
        at = axis[:, None]
        least, most, middle = (x.gather(1, at) for x in (self.least, self.most, self.middle))
        cut = middle.double().clamp(least, most)
        wide = most - least
        part = torch.where(wide > 0, (cut - least) / wide, 0.5)[:, 0]
        below = replace(
            self,
            high=self.high.scatter(1, at, middle),
            most=self.most.scatter(1, at, cut),
            share=self.share * part,
        )
        above = replace(
            self,
            low=self.low.scatter(1, at, middle),
            least=self.least.scatter(1, at, cut),
            share=self.share * (1 - part),
        )
        return below.join(above)


def starts(agent: Agent, leaves: Sequence[Leaf | AffineLeaf]) -> Boxes:
    """The boxes of all leaves; a leaf without a value of some finite feature has none.

    Raises:
        InputError: a leaf does not fit the agent, or lies outside its box; two share more than
            faces; there are too many; the agent's box has no volume.
    """
    found: list[tuple[int, list[Range]]] = []
    for number, leaf in enumerate(leaves):
        _fit(agent, number, leaf)
        found += [(number, ranges) for ranges in _assigned(agent, number, leaf)]
        if len(found) > MOST_BOXES:
            raise InputError(f"leaves and values of finite features make more than {MOST_BOXES}")
    if not leaves:
        raise InputError("there are no leaves")
    varies = [f.values is None and f.lower < f.upper for f in agent.features]
    combinations = prod(len(f.values) for f in agent.features if f.values is not None)
    whole = combinations * _volume([(f.lower, f.upper) for f in agent.features], varies)
    if not any(varies) or not found:
        raise InputError("the leaves have no volume")
    shares = [_volume(ranges, varies) / whole for _, ranges in found]
    if not any(shares):
        raise InputError("the leaves have no volume")
    _apart(found, shares, varies)
    return Boxes(
        torch.tensor([[toward(a, torch.float32, -1) for a, _ in r] for _, r in found]),
        torch.tensor([[toward(b, torch.float32, 1) for _, b in r] for _, r in found]),
        torch.tensor([[float(a) for a, _ in r] for _, r in found], dtype=torch.float64),
        torch.tensor([[float(b) for _, b in r] for _, r in found], dtype=torch.float64),
        torch.tensor([float(share) for share in shares], dtype=torch.float64),
        torch.tensor([number for number, _ in found]),
    )


def _fit(agent: Agent, number: int, leaf: Leaf | AffineLeaf) -> None:
    if not (len(leaf.low) == len(leaf.high) == len(agent.features) and _speaks(agent, leaf)):
        raise InputError(f"leaf {number} does not fit the agent's features and actions")
    for feature, low, high in zip(agent.features, leaf.low, leaf.high, strict=True):
        wide = (toward(feature.lower, torch.float32, -1), toward(feature.upper, torch.float32, 1))
        if not wide[0] <= low <= high <= wide[1]:
            raise InputError(f"leaf {number}: {low} to {high} is no range within {feature.name}")


def _speaks(agent: Agent, leaf: Leaf | AffineLeaf) -> bool:
    """Whether a leaf's action, or its affine scores, are of this agent."""
    if isinstance(leaf, Leaf):
        return 0 <= leaf.action < len(agent.actions)
    shape = (len(agent.actions), len(agent.features))
    finite = bool(np.isfinite(leaf.weight).all() and np.isfinite(leaf.bias).all())
    return leaf.weight.shape == shape and leaf.bias.shape == shape[:1] and finite


def _assigned(agent: Agent, number: int, leaf: Leaf | AffineLeaf) -> Iterator[list[Range]]:
    """The parts of a leaf, one for each combination of values of its finite features."""
    listed = [
        _within(feature, Fraction(float(low)), Fraction(float(high)))
        for feature, low, high in zip(agent.features, leaf.low, leaf.high, strict=True)
    ]
    if prod(map(len, listed)) > MOST_BOXES:
        raise InputError(f"leaf {number} has too many combinations of finite features")
    for choice in product(*listed):
        yield list(choice)


def _within(feature: Feature, low: Fraction, high: Fraction) -> list[Range]:
    """What of a feature lies between two numbers: one range, or one for each of its values.

    A value that is no float32 is met by the float32 numbers next to it.
    """
    if feature.values is not None:
        least = Fraction(toward(low, torch.float32, -1))
        most = Fraction(toward(high, torch.float32, 1))
        return [(v, v) for v in feature.values if least <= v <= most]
    clip = (min(max(end, feature.lower), feature.upper) for end in (low, high))
    return [(next(clip), next(clip))]


def _volume(ranges: Sequence[Range], varies: Sequence[bool]) -> Fraction:
    return prod(
        (b - a for (a, b), wide in zip(ranges, varies, strict=True) if wide), start=Fraction(1)
    )


def _apart(
    found: Sequence[tuple[int, list[Range]]], shares: Sequence[Fraction], varies: Sequence[bool]
) -> None:
    """Refuse boxes that overlap by more than faces; floats only find the pairs to look at."""
    low = np.array([[float(a) for a, _ in ranges] for _, ranges in found])
    high = np.array([[float(b) for _, b in ranges] for _, ranges in found])
    for i, (number, ranges) in enumerate(found):
        near = (np.maximum(low[i], low[i + 1 :]) <= np.minimum(high[i], high[i + 1 :])).all(axis=1)
        after: list[int] = np.flatnonzero(near).tolist()
        for j in (i + 1 + k for k in after):
            if shares[i] and shares[j] and _overlap(ranges, found[j][1], varies):
                raise InputError(f"leaves {number} and {found[j][0]} share more than a face")


def _overlap(one: Sequence[Range], other: Sequence[Range], varies: Sequence[bool]) -> bool:
    return all(
        max(a, c) < min(b, d) if wide else a == c
        for (a, b), (c, d), wide in zip(one, other, varies, strict=True)
    )
