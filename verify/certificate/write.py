"""From the split tree of a proof to an entry of a certificate that the auditor accepts.

The search closes boxes in its own ways. Here every leaf is bounded as the auditor will bound it,
and divided further where that is not enough.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from theory.error import UnsupportedOperator
from verify.answer import Deadline
from verify.certificate.argue import Attempt, argue
from verify.certificate.bound import Auditor, Reach, Sweep
from verify.certificate.box import Box, below, halves, parts, stacked
from verify.certificate.file import Entry, wired, wired_choice
from verify.certificate.statement import network_digest, statement_digest
from verify.certificate.step import Truth
from verify.certificate.tree import Ids, Record
from verify.certificate.walk import batch_size, bounded, leaves
from verify.problem.choice import Choices
from verify.problem.compile import NO_CHOICES
from verify.problem.problem import Problem
from verify.verdict import Guarantee

FEW_INPUTS = 20
"""With more free inputs than this, neurons are split and not inputs."""

MOST_LEAVES = 5_000_000

WORTH = 0.2
"""Arguments that close a smaller share of the leaves are tried on every fourth batch only."""


@dataclass(frozen=True)
class Uncertified:
    """Why there is no certificate, in a sentence for the user."""

    why: str


def certify(
    problem: Problem, record: Record, *, deployed: bool, deadline: Deadline
) -> Record | Uncertified:
    """The record, divided further until the auditor's bounds close every leaf.

    Args:
        problem: the problem whose goal was proved unreachable.
        record: of the search; it is extended in place.
        deployed: whether the proof has to cover float32 evaluations.
        deadline: when to give up.
    """
    try:
        auditor = Auditor(problem, deployed=deployed)
    except UnsupportedOperator as error:
        return Uncertified(str(error))
    writer = _Writer(problem, auditor, record, deadline)
    boxes = leaves(problem, record.tree(), auditor)
    stack = list(zip(record.leaves().tolist(), boxes, strict=True))
    size = batch_size(problem)
    while stack:
        if deadline.passed:
            return Uncertified(f"time ran out with {len(stack)} leaves to be checked")
        if len(stack) > MOST_LEAVES:
            return Uncertified("its tree grows too large")
        taken = stack[-size:]
        del stack[-size:]
        more = writer.divided(taken)
        if more is None:
            return Uncertified("the auditor's bounds leave a part open that cannot be divided")
        stack += more
    return record


def entry(
    name: str,
    problem: Problem,
    record: Record | None,
    *,
    guarantee: Guarantee,
    occasion: Sequence[Fraction] | None,
    deadline: Deadline,
    choices: Choices = NO_CHOICES,
) -> Entry | Uncertified:
    """The entry of a property that holds.

    Args:
        name: of the property.
        problem: the problem whose goal was proved unreachable.
        record: of the search; None where something else than the search proved it.
        guarantee: of the proof.
        occasion: an input at which the property's condition is true; None where it has none.
        deadline: when to give up.
        choices: that the problem was compiled with.
    """
    deployed = guarantee is Guarantee.FLOAT32
    found = certify(problem, record or Record(), deployed=deployed, deadline=deadline)
    if isinstance(found, Uncertified):
        return found
    return Entry(
        property=name,
        network=network_digest(problem.network),
        statement=statement_digest(problem),
        guarantee=guarantee.value,
        tree=wired(found.tree()),
        choices={name: tuple(map(wired_choice, given)) for name, given in choices.items()},
        occasion=None if occasion is None else tuple(str(value) for value in occasion),
    )


@dataclass
class _Writer:
    problem: Problem
    auditor: Auditor
    record: Record
    deadline: Deadline
    batches: int = 0
    helped: float = 1.0

    def divided(self, leaves: list[tuple[int, Box]]) -> list[tuple[int, Box]] | None:
        """The halves of those leaves that neither plain bounds nor an argument closes; None where
        one cannot be halved.
        """
        state = self.auditor.sweep(stacked([box for _, box in leaves]))
        reach = self.auditor.reach(state)
        self.batches += 1
        argues = self.helped >= WORTH or self.batches % 4 == 0
        opened = ~bounded(self.problem, self.auditor, state, reach, thorough=not argues)
        leaves = [leaves[at] for at in opened.nonzero()[0].tolist()]
        if not leaves:
            return []
        state, reach = state.select(opened), reach.select(opened)
        boxes = [box for _, box in leaves]
        attempt = self._argued(boxes, state, reach) if argues else None
        shut = np.zeros(len(leaves), dtype=bool)
        if argues and attempt is None:  # there is nothing to argue with
            shut = bounded(self.problem, self.auditor, state, reach)
        more: list[tuple[int, Box]] = []
        for at, leaf in enumerate(leaves):
            if shut[at]:
                continue
            if attempt is not None and attempt.closed[at]:
                self.record.argue(leaf[0], attempt.arguments[at])
                continue
            free = self._free(leaf[1])
            few = 0 < free.sum() <= FEW_INPUTS
            halved = None if few else self._by_neuron(leaf, state, attempt, at)
            if halved is None and not free.any():
                return None
            more += halved or self._by_input(leaf, free, reach, at)
        return more

    def _argued(self, boxes: Sequence[Box], state: Sweep, reach: Reach) -> Attempt | None:
        """Arguments for boxes."""
        attempt = argue(self.problem.goal, self.auditor, boxes, state, reach, self.deadline)
        share = 0.0 if attempt is None else float(attempt.closed.mean())
        self.helped = (self.helped + share) / 2
        return attempt

    def _by_neuron(
        self, leaf: tuple[int, Box], state: Sweep, attempt: Attempt | None, at: int
    ) -> list[tuple[int, Box]] | None:
        """Both halves of a box, divided by the sign that costs most; None where all are known."""
        chosen = self._neuron(at, state, attempt)
        if chosen is None:
            return None
        tensor, size, place = chosen
        number, box = leaf
        numbers = self.record.split_neurons(np.array([number]), tensor, np.array([place]))
        return _numbered(numbers, parts(box, tensor, size, place, 0.0))

    def _by_input(
        self, leaf: tuple[int, Box], free: Truth, reach: Reach, at: int
    ) -> list[tuple[int, Box]]:
        """Both halves of a box, cut along the free axis that the bounds hang on most."""
        number, box = leaf
        width = box.high - box.low
        pull = (np.abs(reach.slope[at]) * (reach.upper[at] >= 0)[:, None]).sum(axis=0)
        gain = np.where(free, np.nan_to_num(pull) * width, -1.0)
        if gain.max() <= 0:
            gain = np.where(free, width, -1.0)
        axis = int(gain.argmax())
        cut = self._cut(box, axis)
        halved = halves(box, self.problem.variables, axis, cut)
        one = np.array([number])
        return _numbered(self.record.split_inputs(one, np.array([axis]), np.array([cut])), halved)

    def _free(self, box: Box) -> NDArray[np.bool_]:
        """Along which axes the box can be cut."""
        free = np.zeros(len(box.low), dtype=bool)
        for axis, variable in enumerate(self.problem.variables):
            cut = self._cut(box, axis)
            free[axis] = box.low[axis] < cut < box.high[axis] or (
                variable.values is not None and box.low[axis] <= cut < box.high[axis]
            )
        return free

    def _cut(self, box: Box, axis: int) -> float:
        """The middle, in few digits where the box is wide enough; of finite values, one of them."""
        low, high = float(box.low[axis]), float(box.high[axis])
        values = self.problem.variables[axis].values
        if values is not None:
            inside = [v for v in values if low <= v <= high]
            # From above, so that the value itself is on the left.
            return -below(-inside[(len(inside) - 1) // 2]) if len(inside) > 1 else high
        middle = low / 2 + high / 2
        short = float(np.float32(middle))
        return short if low < short < high else middle

    def _neuron(
        self, at: int, state: Sweep, attempt: Attempt | None
    ) -> tuple[str, int, int] | None:
        """The entry whose bend costs most, or leaves most open where nothing is known of costs."""
        best: tuple[float, str, int, int] | None = None
        names = {place: name for name, place in reversed(self.auditor.program.place.items())}
        for step in self.auditor.bends:
            if names.get(step.operand) is None:
                continue
            tensor = state.tensors[step.operand]
            gap = np.where(tensor.is_mixed[at], np.minimum(-tensor.low[at], tensor.high[at]), 0.0)
            if attempt is not None and step.operand in attempt.costs:
                gap = gap * 1e-9 + np.nan_to_num(attempt.costs[step.operand][at]) * (gap > 0)
            entry = int(gap.argmax())
            if gap[entry] > 0 and (best is None or gap[entry] > best[0]):
                best = (float(gap[entry]), names[step.operand], len(gap), entry)
        return None if best is None else best[1:]


def _numbered(numbers: Ids, halved: tuple[Box, Box]) -> list[tuple[int, Box]]:
    return list(zip(numbers.tolist(), halved, strict=True))
