"""Which actions a policy may choose on a box of observations, by rigorous bounds on its scores."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np
import torch

from extract.network import Network
from theory.agent import Agent
from theory.sort import Feature
from theory.term import and_, exists
from verify.loop.special import specialised
from verify.neural.arithmetic import Arithmetic
from verify.neural.region import toward
from verify.neural.thread import one_thread
from verify.problem.affine import Affine
from verify.problem.compile import compile_goal

Box = Sequence[tuple[Fraction, Fraction]]
"""Lower and upper end of each feature of an observation."""

BATCH = 256


@dataclass(frozen=True)
class Worth:
    """Between which numbers the evaluator's value lies on a box.

    Attributes:
        lower, upper: the numbers.
        slope: (2, n) how the bounds move with the observation.
    """

    lower: Fraction
    upper: Fraction
    slope: np.ndarray[Any, Any]


@dataclass(frozen=True)
class Gaps:
    """How far scores may be apart on a box, for every float32 evaluation of the network there.

    Attributes:
        upper: (A, A) upper bound of score a - score b.
        slope: (A, A, n) how the bound moves with the observation.
        worth: bounds on the evaluator's value, where they are asked for and finite.
    """

    upper: np.ndarray[Any, Any]
    slope: np.ndarray[Any, Any]
    worth: Worth | None = None

    def at_most(self, a: int, b: int) -> bool | None:
        """Whether score a <= score b."""
        if self.upper[a, b] <= 0:
            return True
        return False if self.upper[b, a] < 0 else None

    def acts(self, action: int, ties: str) -> bool | None:
        """Whether the action is chosen, by a rule for ties (see `Agent`)."""
        certain = True
        for other in range(len(self.upper)):
            if other == action:
                continue
            wins_ties = ties == "any" or (ties == "first" and action < other)
            ahead, behind = self.upper[action, other], self.upper[other, action]
            if ahead < 0 or (ahead <= 0 and not wins_ties):
                return False
            if behind > 0 or (behind >= 0 and not wins_ties):
                certain = False
        return True if certain else None

    def possible(self, ties: str) -> list[int]:
        """The actions that may be taken, in a world."""
        rule = "first" if ties == "first" else "any"
        return [a for a in range(len(self.upper)) if self.acts(a, rule) is not False]

    def open_slopes(self, ties: str) -> np.ndarray[Any, Any]:
        """How the bounds move with the observation that keep more than one action possible, or
        leave the value open.
        """
        possible = self.possible(ties)
        rows = self.slope[np.ix_(possible, possible)].reshape(-1, self.slope.shape[2])
        return rows if self.worth is None else np.vstack([rows, self.worth.slope])


class Policy:
    """The scores of an agent's network, and what its evaluator makes of an observation.

    Args:
        agent: whose.
        network: from the observation to the scores.
        device: where to compute.
        evaluator: from the observation to its value; None where that is not asked for.

    Raises:
        UnsupportedOperator: a network has an operator without bounds.
    """

    def __init__(
        self,
        agent: Agent,
        network: Network,
        device: str = "cpu",
        evaluator: Network | None = None,
    ) -> None:
        self._agent = agent
        self._network = network
        self._device = device
        self._finite = [i for i, f in enumerate(agent.features) if f.values is not None]
        self._bounds: dict[tuple[Any, ...], _Bounds] = {}
        self._worth = None if evaluator is None else _Bounds(agent, evaluator, device, valued=True)

    def valued(self, evaluator: Network) -> Policy:
        """The same with bounds on the evaluator's value."""
        return Policy(self._agent, self._network, self._device, evaluator)

    def gaps(self, boxes: Sequence[Box]) -> list[Gaps]:
        """The gaps between scores on boxes of observations."""
        groups: dict[tuple[Any, ...], list[int]] = {}
        for at, box in enumerate(boxes):
            single = all(low == high for low, high in box)  # no bounds are tighter than those
            fixed = tuple(
                (i, low)
                for i in (() if single else self._finite)
                for low, high in [box[i]]
                if low == high in (0, 1)
            )
            groups.setdefault(fixed, []).append(at)
        found: dict[int, Gaps] = {}
        for fixed, members in groups.items():
            if fixed not in self._bounds:
                known = dict(fixed)
                network = specialised(self._network, known) if known else self._network
                self._bounds[fixed] = _Bounds(self._agent, network, self._device)
            gaps = self._bounds[fixed].gaps([boxes[at] for at in members])
            found.update(zip(members, gaps, strict=True))
        if self._worth is None:
            return [found[at] for at in range(len(boxes))]
        worths = self._worth.worths(boxes)
        return [replace(found[at], worth=worth) for at, worth in enumerate(worths)]


class _Bounds:
    """Bounds on the differences of all pairs of scores of one network, or on a single value."""

    def __init__(
        self, agent: Agent, network: Network, device: str, *, valued: bool = False
    ) -> None:
        # Any range will do: bounds are asked for boxes, and those need not lie in the agent's.
        wide = Agent(
            observation=[Feature(f.name, -1, 1) for f in agent.features], actions=agent.actions
        )
        o = wide.observation("o")
        count = len(agent.actions)
        if valued:
            ahead = [wide.value(o) >= 0, wide.value(o) <= 0]
        else:
            scores = [wide.score(o, action) for action in agent.actions]
            ahead = [scores[a] >= scores[b] for a in range(count) for b in range(count) if a != b]
        functions = {"value" if valued else "score": network}
        formula = exists(o, and_(*ahead))
        problem = compile_goal(formula, functions, wanted=True, name=network.name)
        expressions = [inequality.expression for inequality in problem.inequalities]
        self._count = count
        self._device = device
        self._pairs = {row: pair for row, one in enumerate(expressions) if (pair := _pair(one))}
        self._signs = {sign: row for row, one in enumerate(expressions) if (sign := _sign(one))}
        self._arithmetic = Arithmetic(problem, torch.float32, deployed=True, device=device)
        self._free = self._arithmetic.graph.phases.nothing(1, device)

    def gaps(self, boxes: Sequence[Box]) -> list[Gaps]:
        """Bounds on the gaps between scores."""
        found: list[Gaps] = []
        for upper, slope in self._ceilings(boxes):
            # Of a pair without a row nothing is known.
            table = np.where(np.eye(self._count) > 0, 0.0, np.inf)
            moves = np.zeros((self._count, self._count, slope.shape[1]))
            for row, pair in self._pairs.items():
                table[pair] = np.inf if np.isnan(upper[row]) else upper[row]
                moves[pair] = slope[row]
            found.append(Gaps(table, moves))
        return found

    def worths(self, boxes: Sequence[Box]) -> list[Worth | None]:
        """Bounds on the single value."""
        found: list[Worth | None] = []
        for upper, slope in self._ceilings(boxes):
            rows = [self._signs.get(sign) for sign in (-1, 1)]
            ends = [np.inf if row is None else float(upper[row]) for row in rows]
            if not np.isfinite(ends).all():
                found.append(None)
                continue
            moves = np.stack([slope[row] for row in rows])
            found.append(Worth(-Fraction(ends[0]), Fraction(ends[1]), moves))
        return found

    def _ceilings(
        self, boxes: Sequence[Box]
    ) -> Iterator[tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]]:
        """For each box upper bounds (rows) of the problem's expressions, and their slopes."""
        for start in range(0, len(boxes), BATCH):
            batch = boxes[start : start + BATCH]
            # Rounding to the nearest float32 keeps the order, so the ends cover what the network
            # gets.
            low = [[toward(a, torch.float32, -1) for a, _ in box] for box in batch]
            high = [[toward(b, torch.float32, +1) for _, b in box] for box in batch]
            with torch.no_grad(), one_thread():
                state = self._arithmetic.sweep(
                    torch.tensor(low, device=self._device),
                    torch.tensor(high, device=self._device),
                    self._free.expand(len(batch), -1),
                )
                ceiling = self._arithmetic.ceiling(state)
            yield from zip(ceiling.upper.cpu().numpy(), ceiling.slope.cpu().numpy(), strict=True)


def _pair(expression: Affine) -> tuple[int, int] | None:
    """The scores a and b where the expression is a - b."""
    more = [at for (_, at), factor in expression.terms.items() if factor == 1]
    less = [at for (_, at), factor in expression.terms.items() if factor == -1]
    plain = len(expression.terms) == 2 and expression.constant == 0
    return (more[0], less[0]) if plain and len(more) == len(less) == 1 else None


def _sign(expression: Affine) -> int | None:
    """1 where the expression is the value, -1 where it is its negation."""
    factors = list(expression.terms.values())
    plain = len(factors) == 1 and abs(factors[0]) == 1 and expression.constant == 0
    return int(factors[0]) if plain else None
