"""Bounds made tighter on the boxes that plain ones leave open.

A goal is the disjunction of some conjunctions. A conjunction is refuted on a box where a weighted
sum of its inequalities is below zero. The weights, the slopes of the relaxations and the prices of
known signs are all chosen by gradient descent on the bound of the sum; whatever is chosen, the
bound is valid.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from itertools import product

import torch
from torch import Tensor

from verify.neural.arithmetic import Arithmetic
from verify.neural.bounds.choice import Choice, is_bent
from verify.neural.bounds.combination import Bounds
from verify.neural.bounds.fan import fan, turns
from verify.neural.bounds.gain import gain
from verify.neural.bounds.limit import within
from verify.neural.bounds.phase import assumed
from verify.neural.bounds.product import choices
from verify.neural.bounds.sweep import Sweep
from verify.neural.descent import Descent
from verify.neural.margin import Ceiling
from verify.problem.goal import AllOf, AnyOf, Atom, Goal

MOST_CONJUNCTIONS = 32
"""A goal of more is weakened until it has no more."""

STEPS = 10
SLOPE_RATE, TURN_RATE, WEIGHT_RATE, PRICE_RATE = 0.5, 0.1, 1.0, 0.3

ROUNDS = 20
"""Of the search for the first weights, with fixed slopes."""

EVEN = 6.0
"""How far the first weights may be apart, as logits: weights near zero would not come back."""


def conjunctions(goal: Goal) -> tuple[tuple[int, ...], ...]:
    """Sets of inequalities such that the goal implies that all of some set are satisfied."""
    if isinstance(goal, Atom):
        return ((goal.index,),)
    if isinstance(goal, AnyOf):
        return tuple(c for part in goal.parts for c in conjunctions(part))
    if not isinstance(goal, AllOf):
        return ((),)
    result: tuple[tuple[int, ...], ...] = ((),)
    for parts in sorted((conjunctions(part) for part in goal.parts), key=len):
        if len(result) * len(parts) > MOST_CONJUNCTIONS:
            break
        result = tuple(tuple(dict.fromkeys((*a, *b))) for a, b in product(result, parts))
    return result


@dataclass(frozen=True)
class Tightened:
    """What came of it.

    Attributes:
        closed: boxes (B,) on which the goal is refuted.
        upper: bounds of the weighted sums, at their best (B, K).
        slope: of the sums over the boxes (B, K, n), at the end.
        cost: what the lines of functions of one variable cost the sums that are not refuted, by
            the entry of which they are functions: in the layout of phases, then in that of limits
            (B, P + C). Of bent functions it is the cost of the line above, of curves what a cut
            would save.
        cut: where (B, C).
    """

    closed: Tensor
    upper: Tensor
    slope: Tensor
    cost: Tensor
    cut: Tensor

    def select(self, index: Tensor) -> Tightened:
        """That of some boxes."""
        return Tightened(*(getattr(self, f.name)[index] for f in fields(self)))


def tighten(
    arithmetic: Arithmetic,
    goal: Goal,
    state: Sweep,
    phases: Tensor,
    ceiling: Ceiling,
    steps: int = STEPS,
    *,
    cuts: bool = False,
) -> Tightened:
    """Try to refute a goal on boxes.

    Args:
        arithmetic: the bounds.
        goal: what is to be refuted.
        state: a sweep over the boxes.
        phases: what is known of signs (B, P).
        ceiling: plain bounds of the single inequalities.
        steps: of descent.
        cuts: whether to look for cuts of curves.
    """
    graph = arithmetic.graph
    sets = conjunctions(goal)
    batch = state.empty.shape[0]
    inequalities = arithmetic.table.bias.shape[0]
    member = torch.zeros(len(sets), inequalities, dtype=torch.bool, device=graph.device)
    for row, chosen in enumerate(sets):
        member[row, list(chosen)] = True
    forbidden = torch.zeros(len(sets), inequalities, dtype=graph.dtype, device=graph.device)
    forbidden.masked_fill_(~member, -torch.inf)
    logits = _first_weights(ceiling, member)
    slopes = _slopes(arithmetic, state, len(sets))
    turned = _turns(arithmetic, state, len(sets))
    known = _known(arithmetic, state, phases)
    limits = {name: ends for name, ends in known.items() if name in graph.limits.places}
    prices = {
        name: torch.zeros(batch, len(sets), graph.size(name), dtype=graph.dtype).to(graph.device)
        for name in known
    }
    if not slopes and not turned and not prices and all(len(chosen) < 2 for chosen in sets):
        steps = 1  # nothing can be chosen
    shares = [*slopes.values(), *(t for pair in turned.values() for t in pair)]
    parameters = [logits, *shares, *prices.values()]
    for parameter in parameters:
        parameter.requires_grad_(True)
    rates = [
        WEIGHT_RATE,
        *[SLOPE_RATE] * len(slopes),
        *[TURN_RATE] * (2 * len(turned)),
        *[PRICE_RATE] * len(prices),
    ]
    descent = Descent(parameters, rates)
    best = torch.full((batch, len(sets)), torch.inf, dtype=graph.dtype, device=graph.device)
    slope, costs = best, dict[str, Tensor]()
    for step in range(steps):
        with torch.enable_grad():
            weights = torch.softmax(logits + forbidden, dim=2)
            choice = Choice(slopes, turned, prices, limits=limits)
            upper, slope = arithmetic.weighted(state, weights, choice, costs)
            best = torch.where(upper.detach() < best, upper.detach(), best)  # not where it is NaN
            if step == steps - 1 or bool((best < 0).all()):
                break
            gradients = torch.autograd.grad(
                torch.where(best < 0, 0.0, upper).sum(),
                parameters,
                allow_unused=True,
                materialize_grads=True,
            )
        descent.step(gradients)
        for parameter in shares:
            parameter.data.clamp_(0, 1)
        for parameter, ends in zip(prices.values(), known.values(), strict=True):
            _project(parameter.data, ends)
    cost, cut = _costs(arithmetic, state, costs, (best >= 0).to(graph.dtype), cuts)
    return Tightened((best < 0).all(dim=1), best, slope.detach(), cost, cut)


def _project(prices: Tensor, ends: Bounds) -> None:
    """Prices (B, K, size) of upper ends may be positive, of lower ends negative."""
    floor, ceiling = (end[:, None].isinf() for end in ends)
    prices.copy_(torch.where(floor, prices.clamp(min=0), prices))
    prices.copy_(torch.where(ceiling, prices.clamp(max=0), prices))


def _first_weights(ceiling: Ceiling, member: Tensor) -> Tensor:
    """Logits (B, K, number of inequalities) of weights that make the sums of given affine bounds
    small on the boxes, by exponentiated gradient descent.
    """
    spread = ((ceiling.high - ceiling.low)[:, None] * ceiling.slope.abs()).sum(dim=2)
    scale = spread.amax(dim=1) + ceiling.upper.abs().amin(dim=1)
    scale = scale[:, None, None].clamp(min=1e-30)
    logits = torch.where(member, -4 * ceiling.upper[:, None] / scale, -torch.inf)
    for step in range(ROUNDS):
        total = torch.softmax(logits, dim=2) @ ceiling.slope
        point = torch.where(total > 0, ceiling.high[:, None], ceiling.low[:, None])
        values = point @ ceiling.slope.transpose(1, 2) + ceiling.offset[:, None]
        logits = logits - torch.where(member, values / scale, 0.0) * (4 / (1 + step) ** 0.5)
    return (logits - logits.amax(dim=2, keepdim=True)).clamp(min=-EVEN)


def _slopes(arithmetic: Arithmetic, state: Sweep, rows: int) -> dict[str, Tensor]:
    """Turns of the lines below each bent node that may bend somewhere: (B, rows, size)."""
    result: dict[str, Tensor] = {}
    for node in arithmetic.graph.nodes:
        if is_bent(node):
            low, high = state.bounds[node.inputs[0]]
            if bool(((low < 0) & (high > 0)).any()):
                turn = (high > -low).to(low.dtype)
                result[node.name] = turn[:, None].repeat(1, rows, 1)
    return result


def _turns(arithmetic: Arithmetic, state: Sweep, rows: int) -> dict[str, tuple[Tensor, Tensor]]:
    """Turns of the lines of curves and of the planes of products, each (B, rows, choices)."""
    result: dict[str, tuple[Tensor, Tensor]] = {}
    for name, lines in state.lines.items():
        node = arithmetic.graph.node(name)
        if turns(node):
            state.fans[name] = fan(node, state.bounds[node.inputs[0]], lines)
            below, above = (t[:, None].repeat(1, rows, 1) for t in state.fans[name].first())
            result[name] = below, above
    for name in state.combinations:
        node = arithmetic.graph.node(name)
        count = choices(node, [arithmetic.graph.node(n) for n in node.inputs])
        if count:
            half = torch.full(
                (state.empty.shape[0], rows, count),
                0.5,
                dtype=arithmetic.graph.dtype,
                device=arithmetic.graph.device,
            )
            result[name] = half, half.clone()
    return result


def _known(arithmetic: Arithmetic, state: Sweep, phases: Tensor) -> dict[str, Bounds]:
    """The ends (B, size), infinite where nothing was assumed, of the tensors by which some box was
    split.
    """
    graph = arithmetic.graph
    known: dict[str, Bounds] = {}
    signs = assumed(phases)
    for name in graph.phases.places:
        sign = graph.phases.of(name, signs)
        if bool(sign.any()):
            infinite = torch.full(sign.shape, torch.inf, dtype=graph.dtype, device=graph.device)
            known[name] = (
                (-infinite).masked_fill(sign > 0, 0.0), infinite.masked_fill(sign < 0, 0.0)
            )  # fmt: skip
    for name in graph.limits.places:
        floor, ceiling = (end.to(graph.dtype) for end in graph.limits.of(name, state.limits))
        if bool((floor.isfinite() | ceiling.isfinite()).any()):
            known[name] = within(known.get(name, (floor, ceiling)), (floor, ceiling))
    return known


def _costs(
    arithmetic: Arithmetic, state: Sweep, costs: dict[str, Tensor], unrefuted: Tensor, cuts: bool
) -> tuple[Tensor, Tensor]:
    """What functions of one variable cost (B, P + C), and where curves are best cut (B, C).

    Args:
        arithmetic: the bounds.
        state: the sweep.
        costs: coefficients on each function (B, K, size).
        unrefuted: which sums count (B, K).
        cuts: whether to look for cuts.
    """
    graph = arithmetic.graph
    batch, width = len(unrefuted), graph.phases.width
    cost = torch.zeros(batch, width + graph.limits.width, dtype=graph.dtype, device=graph.device)
    cut = torch.zeros(batch, graph.limits.width, dtype=graph.dtype, device=graph.device)
    for name, coefficients in costs.items():
        node = graph.node(name)
        over, under = (
            (side.clamp(min=0) * unrefuted[..., None]).sum(dim=1)
            for side in (coefficients, -coefficients)
        )
        if is_bent(node):
            above = state.lines[name].offset_above
            cost[:, graph.phases.places[node.inputs[0]]] += under * above
        elif cuts:
            source, index = graph.origin(node.inputs[0])
            if source not in graph.limits.places:
                continue
            found = gain(node, state.bounds[node.inputs[0]])
            saved = torch.nan_to_num(over * found.below + under * found.above)
            columns = graph.limits.places[source].start + index
            better = saved > cost[:, width + columns]
            cost[:, width + columns] += saved
            cut[:, columns] = torch.where(better, found.cut, cut[:, columns])
    return cost, cut
