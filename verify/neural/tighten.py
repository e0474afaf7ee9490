"""Bounds made tighter on the boxes that plain ones leave open.

A goal is the disjunction of some conjunctions. A conjunction is refuted on a box where a weighted
sum of its inequalities is below zero. The weights, the slopes of the relaxations and the prices of
known signs are all chosen by gradient descent on the bound of the sum; whatever is chosen, the
bound is valid.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import torch
from torch import Tensor

from verify.neural.arithmetic import Arithmetic
from verify.neural.bounds.choice import Choice, is_bent
from verify.neural.bounds.line import TURNING, first_turns
from verify.neural.bounds.phase import assumed
from verify.neural.bounds.product import choices
from verify.neural.bounds.sweep import Sweep
from verify.neural.descent import Descent
from verify.neural.margin import Ceiling
from verify.problem.goal import AllOf, AnyOf, Atom, Goal

MOST_CONJUNCTIONS = 32
"""A goal of more is weakened until it has no more."""

STEPS = 10
SLOPE_RATE, TURN_RATE, WEIGHT_RATE, PRICE_RATE = 0.5, 0.1, 1.0, 0.1

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
        cost: what the lines above bent functions cost the sums that are not refuted, by the
            tensor that is bent, in the layout of phases (B, P).
    """

    closed: Tensor
    upper: Tensor
    slope: Tensor
    cost: Tensor

    def select(self, index: Tensor) -> Tightened:
        """That of some boxes."""
        return Tightened(self.closed[index], self.upper[index], self.slope[index], self.cost[index])


def tighten(
    arithmetic: Arithmetic,
    goal: Goal,
    state: Sweep,
    phases: Tensor,
    ceiling: Ceiling,
    steps: int = STEPS,
) -> Tightened:
    """Try to refute a goal on boxes.

    Args:
        arithmetic: the bounds.
        goal: what is to be refuted.
        state: a sweep over the boxes.
        phases: what is known of signs (B, P).
        ceiling: plain bounds of the single inequalities.
        steps: of descent.
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
    turns = _turns(arithmetic, state, len(sets))
    prices, signs = _prices(arithmetic, phases, len(sets))
    if not slopes and not turns and not prices and all(len(chosen) < 2 for chosen in sets):
        steps = 1  # nothing can be chosen
    shares = [*slopes.values(), *(t for pair in turns.values() for t in pair)]
    parameters = [logits, *shares, *prices.values()]
    for parameter in parameters:
        parameter.requires_grad_(True)
    rates = [
        WEIGHT_RATE,
        *[SLOPE_RATE] * len(slopes),
        *[TURN_RATE] * (2 * len(turns)),
        *[PRICE_RATE] * len(prices),
    ]
    descent = Descent(parameters, rates)
    best = torch.full((batch, len(sets)), torch.inf, dtype=graph.dtype, device=graph.device)
    slope, costs = best, dict[str, Tensor]()
    for step in range(steps):
        with torch.enable_grad():
            weights = torch.softmax(logits + forbidden, dim=2)
            choice = Choice(slopes, turns, {n: -prices[n] * signs[n] for n in prices})
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
        for parameter in prices.values():
            parameter.data.clamp_(min=0)
    cost = torch.zeros(batch, graph.phases.width, dtype=graph.dtype, device=graph.device)
    unrefuted = (best >= 0).to(graph.dtype)
    for node in graph.nodes:
        if node.name in costs:
            columns = graph.phases.places[node.inputs[0]]
            cost[:, columns] += (costs[node.name] * unrefuted[..., None]).sum(dim=1)
    return Tightened((best < 0).all(dim=1), best, slope.detach(), cost)


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
    for name in state.lines:
        node = arithmetic.graph.node(name)
        if node.op in TURNING:
            turns = first_turns(node.op, *state.bounds[node.inputs[0]])
            below, above = (t[:, None].repeat(1, rows, 1) for t in turns)
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


def _prices(
    arithmetic: Arithmetic, phases: Tensor, rows: int
) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Prices, zero at first, and signs, of the tensors on which some box was split."""
    prices: dict[str, Tensor] = {}
    signs: dict[str, Tensor] = {}
    table = assumed(phases)
    for name in arithmetic.graph.phases.places:
        sign = arithmetic.graph.phases.of(name, table)
        if bool(sign.any()):
            signs[name] = sign[:, None].to(arithmetic.graph.dtype)
            prices[name] = torch.zeros_like(signs[name]).repeat(1, rows, 1)
    return prices, signs
