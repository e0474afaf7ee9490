"""Rigorous bounds on every tensor of a problem, for a batch of boxes at once.

Backward linear bounds (CROWN: Zhang et al., Efficient neural network robustness certification with
general activation functions, NeurIPS 2018), with backward passes for all intermediate bounds, on
any graph whose operators have a row in `line.LINES` or `rule.RULES` or are affine.

Every bound covers three things at once: the exact values of the graph, the engine's own rounding,
and, where `deployed` is set, every float32 evaluation of the deployed nodes in any order of
summation. All three come from one device. Passing an affine functional A backward through a node
costs at most `A . E`, with E a bound of the errors of the node: gamma times the same operator
applied to absolute values. So the computed coefficients may be any floats near the true ones, and
no error has to be propagated.
"""

from __future__ import annotations

import torch
from torch import Tensor

from extract.network import Node
from extract.operator import OPERATORS
from theory.error import UnsupportedOperator
from verify.answer import Deadline
from verify.neural.bounds.affine import EXACT, AffineNodes
from verify.neural.bounds.choice import Choice, is_bent
from verify.neural.bounds.limit import Limits, within
from verify.neural.bounds.line import LINES
from verify.neural.bounds.phase import Phases, clamped
from verify.neural.bounds.relax import Passed, Relaxer, weighted
from verify.neural.bounds.rounding import LARGEST_SUM, SAFETY
from verify.neural.bounds.rule import READ_TWICE, RULES
from verify.neural.bounds.sweep import Sweep
from verify.neural.bounds.twin import Moved, Twins, move
from verify.neural.precision import require_float32
from verify.problem.problem import Problem

SIGNED = frozenset({"relu", "leaky_relu", "abs"})
"""Operators that are affine where the sign of their operand is known."""

LARGEST_BLOCK = 2**25
"""Coefficients that are passed backward at once, over all boxes."""

BLOCK_PRODUCTS = 2 * 10**9
"""Multiplications of one backward pass, roughly; between two passes the clock is looked at."""

NOTHING_CHOSEN = Choice()


class BoundGraph:
    """The bounds engine for one problem.

    Args:
        problem: the problem.
        dtype: float32 or float64, of the engine's own arithmetic.
        deployed: whether bounds must also hold for float32 evaluations of the deployed nodes.
        device: where to compute.

    Raises:
        UnsupportedOperator: a node has no rule.
        InputError: torch is set to compute with fewer digits than float32.
    """

    def __init__(
        self,
        problem: Problem,
        *,
        dtype: torch.dtype = torch.float32,
        deployed: bool = True,
        device: str = "cpu",
    ) -> None:
        require_float32(device)
        network = problem.network
        self.problem = problem
        self.until: Deadline | None = None
        self.dtype = dtype
        self.device = device
        self.nodes = [n for n in network.live if n.op != "parameter"]
        self.point = network.inputs[0]
        self.uses = {n.name: 1 for n in self.nodes}  # a functional may start at any tensor
        for name in (name for n in self.nodes for name in n.inputs if name in self.uses):
            self.uses[name] += 1
        self._nodes = AffineNodes(problem, dtype, deployed=deployed, device=device)
        for node in self.nodes:
            known = node.op == "input" or node.name in self._nodes.affine
            if not known and node.op not in LINES and node.op not in RULES:
                raise UnsupportedOperator(node.op, node.name, "no bounds for it")
        self._relaxer = Relaxer(self._nodes)
        for node in self.nodes:
            if node.op in READ_TWICE and node.inputs[0] in self.uses:
                self.uses[node.inputs[0]] += 1
        self._twins = Twins.of(self.nodes, network.parameters, device)
        for name, count in self._twins.additions().items():
            self.uses[name] += count
        self._check_sums()
        self._refined = self._tensors_to_refine()
        bent = dict.fromkeys(n.inputs[0] for n in self.nodes if is_bent(n))
        self.phases = Phases({name: self.size(name) for name in bent})
        curved = dict.fromkeys(
            self._unmoved(n.inputs[0]) for n in self.nodes if n.op in LINES and not is_bent(n)
        )
        curved.pop(self.point, None)
        self.limits = Limits({name: self.size(name) for name in curved})
        self._origins: dict[str, tuple[str, Tensor]] = {}
        for name in (*bent, *curved):
            self.uses[name] += 1  # prices of what is known are added there

    @property
    def late(self) -> bool:
        """Whether time is out: a sweep that goes on refines nothing more."""
        return self.until is not None and self.until.passed

    @property
    def products(self) -> int:
        """Roughly how many multiplications a sweep over one box takes."""
        rows = sum(self.size(name) for name in self._refined) + len(self.problem.inequalities)
        return 1 + rows * self._nodes.products

    def node(self, name: str) -> Node:
        """A node by its name."""
        return self._nodes.table[name]

    def size(self, tensor: str) -> int:
        """The number of entries of a tensor."""
        return self._nodes.table[tensor].size

    def sweep(
        self,
        low: Tensor,
        high: Tensor,
        phases: Tensor | None = None,
        limits: Tensor | None = None,
    ) -> Sweep:
        """Bounds on all tensors over boxes.

        Args:
            low, high: corners (B, n).
            phases: what is known of signs (B, P); the bounds are of evaluations that have them.
            limits: of the operands of curves (B, 2, C); the bounds are of evaluations within them.
        """
        state = Sweep(empty=torch.zeros(low.shape[0], dtype=torch.bool, device=self.device))
        if limits is None:
            limits = self.limits.nothing(low.shape[0], self.device)
        state.limits = limits
        cut = limits.isfinite().flatten(0, 1).any(dim=0)
        state.bounds[self.point] = (low, high)
        state.errors[self.point] = torch.zeros_like(low)
        state.vanished = self._vanished(self.point, torch.maximum(low.abs(), high.abs()))
        for node in self.nodes:
            if node.op == "input":
                continue
            self._forward(node, state)
            known = phases is not None and node.name in self.phases.places
            if phases is not None and known:
                phase = self.phases.of(node.name, phases)
                state.bounds[node.name] = clamped(state.bounds[node.name], phase)
            if node.name in self.limits.places and bool(cut[self.limits.places[node.name]].any()):
                known = True
                ends = self.limits.of(node.name, limits)
                state.bounds[node.name] = within(state.bounds[node.name], ends)
            if node.name in self._refined:
                self._refine(node, state)
            if known or node.name in self._refined:
                self._uncross(node, state)
            if node.name in self._twins.earlier or node.name in self._twins.links:
                self._twins.compare(node, state, self.lower)
        return state

    def lower(
        self,
        state: Sweep,
        start: dict[str, Tensor],
        constant: Tensor,
        choice: Choice = NOTHING_CHOSEN,
        costs: dict[str, Tensor] | None = None,
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Lower bounds of affine functionals of tensors, by one backward pass.

        Args:
            state: a sweep over the boxes.
            start: for some tensors, coefficients (B or 1, K, size); the functional is their sum.
            constant: (B or 1, K), added.
            choice: of the relaxations.
            costs: is given the coefficients on each function of one variable, (B, K, size).

        Returns:
            The bounds (B, K), and the affine function of the input below the functional:
            coefficients (B, K, n) and constants (B, K), where the constants carry all errors.
        """
        low, high = state.bounds[self.point]
        batch = low.shape[0]
        # Coefficients stay common to all boxes (1, K, size) until a relaxation tells them apart.
        pending = dict(start)
        total = constant.expand(batch, -1)
        unit = self._nodes.rounding.unit
        for node in reversed(self.nodes):
            if node.op == "input" or node.name not in pending:
                continue
            coefficients, priced = choice.priced(node.name, pending.pop(node.name))
            close = self._moved(node, coefficients, state)
            if close is not None:
                coefficients = close.kept
                total = total - (close.lost + total.abs() * (3 * unit))
                for name, value in close.given.items():
                    pending[name] = pending[name] + value if name in pending else value
            if costs is not None and node.name in state.lines:
                costs[node.name] = coefficients.detach()
            passed = self._backward(node, coefficients, state, choice)
            total = total + passed.added
            total = total - (passed.lost + total.abs() * (3 * unit))
            if priced is not None:
                total = total + priced
                total = total - total.abs() * (3 * unit)
            for name, value in passed.contributions:
                pending[name] = pending[name] + value if name in pending else value
        slope = pending.get(self.point)
        if slope is None:
            slope = torch.zeros(
                1, total.shape[1], low.shape[1], dtype=self.dtype, device=self.device
            )
        slope = slope.expand(batch, -1, -1)
        reach = torch.maximum(low.abs(), high.abs())
        gamma = self._nodes.rounding.gamma(low.shape[1] + 2 * self.uses[self.point] + 2)
        loss = (slope.abs() @ reach[..., None])[..., 0] * (gamma * SAFETY)
        total = total - loss - total.abs() * (4 * unit) - state.vanished
        least = slope.clamp(min=0) @ low[..., None] + slope.clamp(max=0) @ high[..., None]
        bound = least[..., 0] + total
        return bound - (least[..., 0].abs() + total.abs()) * (4 * unit), slope, total

    def _moved(self, node: Node, coefficients: Tensor, state: Sweep) -> Moved | None:
        """Where entries close to those of a node stand for them in a functional."""
        links = self._twins.links.get(node.name)
        if not links or node.name not in state.lines:
            return None
        unit = self._nodes.rounding.unit
        return move(node.name, links, coefficients, state, self.uses, unit)

    def _check_sums(self) -> None:
        """Refuse what the error analysis does not cover.

        Raises:
            UnsupportedOperator: a sum is too long.
        """
        longest = {n.name: self._nodes.longest_sum(n) for n in self.nodes if n.op != "input"}
        inequalities = len(self.problem.inequalities)
        longest[self.point] = self.problem.network.input_size + 2 * self.uses[self.point]
        for name, terms in longest.items():
            if terms + inequalities + 16 > LARGEST_SUM:
                node = self._nodes.table[name]
                raise UnsupportedOperator(node.op, name, f"a sum of {terms} terms is too long")
        readers = self.problem.network.consumers
        self._longest = {
            n.name: max(
                [longest[n.name], *(longest[c.name] for c in readers(n.name) if c.name in longest)]
            )
            for n in self.nodes
        }

    def _vanished(self, name: str, reach: Tensor) -> Tensor:
        """What underflow of the coefficients on a tensor, and of sums over it, can cost; (B, 1)."""
        least = 4 * self._nodes.rounding.tiny * (self._longest[name] + 2)
        return (reach.sum(dim=1, keepdim=True) + 1) * (least * SAFETY)

    def _tensors_to_refine(self) -> set[str]:
        """Operands of non-affine nodes on which interval bounds lose something.

        Of a function of one variable they lose nothing that its own operand has not lost, and of
        what only moves entries nothing either: there the tensor is refined whose entries it moves.
        """
        nodes = self._nodes
        depth: dict[str, tuple[int, bool]] = {self.point: (0, False)}
        refined: set[str] = set()
        for node in self.nodes:
            if node.op == "input":
                continue
            parents = [depth[name] for name in node.inputs if name not in nodes.parameters]
            bends = node.name not in nodes.affine
            mixes = not bends and not nodes.is_selection(node)
            steps = max(p[0] for p in parents) + int(mixes)
            depth[node.name] = (steps, bends or any(p[1] for p in parents))
            for name in node.inputs if bends else ():
                source = self._unmoved(name)
                if source in depth and (depth[source][1] or depth[source][0] > 1):
                    refined |= {source} - {n.name for n in self.nodes if n.op in LINES}
        return refined

    def _unmoved(self, name: str) -> str:
        """The tensor whose entries a tensor has, in another order or in part."""
        node = self._nodes.table[name]
        while node.op in EXACT and node.name not in self.problem.casts:
            node = self._nodes.table[node.inputs[0]]
        return node.name

    def origin(self, name: str) -> tuple[str, Tensor]:
        """The tensor whose entries a tensor has, and which of them (size,), flat."""
        if name not in self._origins:
            node = self._nodes.table[name]
            moves = node.op in EXACT and node.name not in self.problem.casts
            if not moves:
                return name, torch.arange(node.size, device=self.device)
            source, index = self.origin(node.inputs[0])
            shaped = index.reshape(1, *self._nodes.table[node.inputs[0]].shape)
            moved = OPERATORS[node.op].forward(node.attributes, [shaped])
            self._origins[name] = source, moved.reshape(-1)
        return self._origins[name]

    def _readers(self, name: str) -> list[Node]:
        """The nodes that read a tensor, also what others only moved."""
        found: list[Node] = []
        for reader in self.problem.network.consumers(name):
            moved = reader.op in EXACT and reader.name not in self.problem.casts
            found += self._readers(reader.name) if moved else [reader]
        return found

    def _forward(self, node: Node, state: Sweep) -> None:
        bounds = {n: state.bounds[n] for n in node.inputs if n not in self._nodes.parameters}
        if node.name in self._nodes.affine:
            low, high, magnitude = self._nodes.forward(node, bounds)
            own = (
                self._nodes.variance_errors(node, low, magnitude, state.bounds)
                if node.op == "moment"
                else self._nodes.errors(node, magnitude, magnitude)
            )
        else:
            found = self._relaxer.forward(node, state)
            low, high, magnitude = found.low, found.high, found.size
            own = self._nodes.errors(node, magnitude, found.value)
        reach = torch.maximum(low.abs(), high.abs())
        state.vanished = state.vanished + self._vanished(node.name, reach)
        keeps = node.op in EXACT and node.name not in self.problem.casts
        # Coefficients that arrive from several consumers are added in floats. Partial sums may be
        # larger than the sum, so that every consumer pays for what it adds, in proportion.
        crowd = max(self.uses[name] for name in node.inputs if name in self.uses)
        added = (reach if keeps else magnitude) * crowd + reach * (2 + self.uses[node.name])
        accumulation = added * (2 * self._nodes.rounding.unit)
        state.errors[node.name] = accumulation if keeps else own + accumulation
        state.bounds[node.name] = (low, high) if keeps else (low - own, high + own)

    def _backward(self, node: Node, coefficients: Tensor, state: Sweep, choice: Choice) -> Passed:
        if node.name not in self._nodes.affine:
            return self._relaxer.backward(node, coefficients, state, choice)
        lost = weighted(coefficients.abs(), state.errors[node.name]) * SAFETY
        return Passed(*self._nodes.backward(node, coefficients), lost)

    def _refine(self, node: Node, state: Sweep) -> None:
        """Intersect interval bounds with backward bounds, where the interval leaves a sign open."""
        low, high = state.bounds[node.name]
        unclear = (low < 0) & (high > 0)
        if any(reader.op not in SIGNED for reader in self._readers(node.name)):
            unclear = torch.ones_like(unclear)
        index = _unclear_rows(unclear)
        if index.numel() == 0:
            return
        batch, width = low.shape[0], max(1, LARGEST_BLOCK // (2 * low.numel()))
        width = min(width, max(16, BLOCK_PRODUCTS // (2 * batch * (1 + self._nodes.products))))
        for first in range(0, index.shape[1], width):
            if self.late:
                break
            piece = index[:, first : first + width]
            count = piece.shape[1]
            eye = torch.zeros(
                piece.shape[0], 2 * count, node.size, dtype=self.dtype, device=self.device
            )
            eye[:, :count].scatter_(2, piece[..., None], 1.0)
            eye[:, count:].scatter_(2, piece[..., None], -1.0)
            zero = torch.zeros(1, 2 * count, dtype=self.dtype, device=self.device)
            bound, _, _ = self.lower(state, {node.name: eye}, zero)
            rows = piece.expand(batch, -1)
            below = torch.maximum(low.gather(1, rows), bound[:, :count])
            above = torch.minimum(high.gather(1, rows), -bound[:, count:])
            low, high = low.scatter(1, rows, below), high.scatter(1, rows, above)
        state.bounds[node.name] = (low, high)

    def _uncross(self, node: Node, state: Sweep) -> None:
        """Note where bounds cross, and go on with bounds that do not."""
        low, high = state.bounds[node.name]
        state.empty = state.empty | (low > high).any(dim=1)
        state.bounds[node.name] = (torch.minimum(low, high), torch.maximum(low, high))


def _unclear_rows(unclear: Tensor) -> Tensor:
    """Which entries of a tensor (B, size) to bound: (1, K) common to all boxes, which saves the
    first product, or (B, K) where boxes differ so much that it pays.
    """
    common = unclear.any(dim=0)
    most = int(unclear.sum(dim=1).amax())
    if most * 4 >= int(common.sum()) * 3:
        return common.nonzero()[None, :, 0]
    return unclear.to(torch.uint8).topk(most, dim=1).indices
