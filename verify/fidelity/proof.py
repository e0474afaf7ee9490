"""The two questions about what a leaf says, over boxes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

import torch
from torch import Tensor

from extract.abstraction.leaf import AffineLeaf, Leaf
from extract.network import Network
from extract.run import as_function
from theory.agent import Agent
from theory.property import Property
from theory.sort import Feature
from verify.bind import BoundProperty, exactly, in_float32
from verify.fidelity.box import Boxes
from verify.fidelity.rule import statements
from verify.neural.branch import Search
from verify.problem.compile import compile_goal
from verify.replay import values_at, violated, witness_at
from verify.verdict import EngineFault, Witness

SAMPLES = 4
"""Points of a box at which the gradient of the margin is taken to choose the cut."""


@dataclass(frozen=True)
class Bound:
    """The network that leaves are compared with.

    Attributes:
        agent: its vocabulary.
        functions: the networks of the function symbols.
        whole: the symbols that the source computes as a whole.
    """

    agent: Agent
    functions: Mapping[str, Network]
    whole: frozenset[str]


class Proof:
    """Settles boxes of one leaf, or of all leaves that say the same.

    Raises:
        UnsupportedOperator: the network has an operator without bounds.
    """

    def __init__(self, bound: Bound, leaf: Leaf | AffineLeaf, seed: int) -> None:
        agrees, differs = statements(bound.agent, leaf)
        taken = Property("taken", agrees, "The leaf's action is taken.")
        self._taken = BoundProperty(taken, bound.functions, bound.whole)
        self._features, self._leaf = bound.agent.features, leaf
        same = compile_goal(agrees, bound.functions, wanted=False)
        other = compile_goal(differs, bound.functions, wanted=False)
        self._variables = same.variables
        self._agree, self._differ = Search(same, seed=seed), Search(other, seed=seed)
        self._score = as_function(bound.functions["score"], torch.float32)
        self._generator = torch.Generator().manual_seed(seed)

    def settle(self, low: Tensor, high: Tensor) -> tuple[Tensor, Tensor]:
        """Boxes (B,) on all of which the leaf's action is taken, and those on none of which."""
        agreed = self._agree.refutes(low, high)
        rest = (~agreed).nonzero()[:, 0]
        differs = torch.zeros_like(agreed)
        if len(rest):
            differs[rest] = self._differ.refutes(low[rest], high[rest])
        return agreed, differs

    def axis(self, boxes: Boxes) -> Tensor:
        """Where to cut boxes that can be cut: the feature that moves the margin of the action most
        (B,).
        """
        low, high = boxes.low, boxes.high
        width = torch.where(boxes.splittable, high - low, -torch.inf)
        part = torch.rand((SAMPLES, *low.shape), generator=self._generator)
        points = (low + part * (high - low)).flatten(0, 1)
        chosen = torch.as_tensor(self._leaf.choose(points.double().numpy()))[:, None]
        points.requires_grad_(True)
        scores = self._score(points)
        others = scores.scatter(1, chosen, -torch.inf)
        reward = (scores.gather(1, chosen)[:, 0] - others.amax(dim=1)).sum()
        if not reward.requires_grad:  # a network that is constant
            return width.argmax(dim=1)
        slope = torch.autograd.grad(reward, points)[0].abs().reshape(part.shape).mean(dim=0)
        influence = torch.where(boxes.splittable, slope * (high - low), 0.0).nan_to_num(0.0)
        return torch.where((influence.amax(1) > 0)[:, None], influence, width).argmax(dim=1)

    def witness(self, low: Tensor, high: Tensor) -> Witness | None:
        """The middle of a box on which the action is proved not to be taken, replayed.

        None where rounding leaves open what happens there.

        Raises:
            EngineFault: an evaluation refutes the proof.
        """
        middle = ((low + high) / 2).clamp(low, high)
        point = [_exact(f, float(x)) for f, x in zip(self._features, middle, strict=True)]
        values = values_at(self._variables, point)
        for evaluate in (exactly, in_float32):
            if violated(self._taken, values, evaluate) is False:
                raise EngineFault(f"a leaf is proved not to be followed at {values}, but it is")
        found = witness_at(self._taken, values)
        return found if all(found.replays.values()) else None


def _exact(feature: Feature, value: float) -> Fraction:
    """A number as a value of a feature: bounds that no float equals are met exactly."""
    if feature.values is not None:
        return min(feature.values, key=lambda v: abs(v - Fraction(value)))
    return min(max(Fraction(value), feature.lower), feature.upper)
