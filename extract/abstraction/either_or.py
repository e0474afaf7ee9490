"""Transition probabilities out of an agent that can be given goals, by asking it either-or.

Richens, Abel, Bellot and Everitt, General agents contain world models, ICML 2025 (arXiv
2506.01622), theorem 1 and algorithm 1: the agent is offered the goal that a step leads to a target
at most k times in n trials, or the goal that it does so more often. From the k at which its
preference turns, the probability follows, with an error of at most sqrt(2 P (1 - P) / ((n - 1)
(1 - regret))).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import sqrt

import torch

from extract.network import Network
from extract.run import as_function
from theory.error import InputError
from theory.goal.world_model import at_most
from theory.process import Process

ROUNDING = 1e-12
"""More than what floats lose on the way to the ends of an interval."""

Prefers = Callable[[int, int], bool]
"""(k, n) -> whether the agent goes for at most k successes in n trials rather than for more."""

Step = tuple[str, str, str]
"""State, action, next state."""

Encode = Callable[[Step, int, int], Sequence[float]]
"""(step, k, n) -> the observation and goal, as the network takes them."""


@dataclass(frozen=True)
class Estimate:
    """A probability as the agent's choices give it away.

    Attributes:
        probability: the estimate.
        low, high: between which the true one lies, if the agent is as good as is assumed.
        inverted: pairs of answers in the wrong order: 0 for an agent that is consistent.
        trials: n.
    """

    probability: Fraction
    low: float
    high: float
    inverted: int
    trials: int


def recover(prefers: Prefers, trials: int, regret: float = 0.0) -> Estimate:
    """One transition probability.

    Every k from 0 to n - 1 is asked. The estimate is the k at which the answers turn; where they do
    not turn cleanly, the cut with the fewest answers on the wrong side.

    Args:
        prefers: the agent.
        trials: n, at least 2.
        regret: of the agent at such goals, at least 0 and below 1: it reaches them with a
            probability of at least 1 - regret times the best.

    Raises:
        InputError: trials or regret are out of range.
    """
    if trials < 2:
        raise InputError(f"trials: {trials} is less than 2")
    if not 0 <= regret < 1:
        raise InputError(f"regret: {regret} is not at least 0 and below 1")
    answers = [prefers(k, trials) for k in range(trials)]
    wrong = [sum(answers[:cut]) + sum(not a for a in answers[cut:]) for cut in range(trials + 1)]
    cut = min(range(trials + 1), key=lambda c: (wrong[c], c))
    inverted = sum(
        answers[i] and not answers[j] for i in range(trials) for j in range(i + 1, trials)
    )
    low, high = _interval(cut / trials, trials, regret)
    return Estimate(Fraction(cut, trials), low, high, inverted, trials)


def recover_process(
    prefers: Mapping[Step, Prefers], trials: int, regret: float = 0.0
) -> dict[Step, Estimate]:
    """All the transition probabilities that the agent can be asked for."""
    return {step: recover(one, trials, regret) for step, one in prefers.items()}


def process_of(estimates: Mapping[Step, Estimate]) -> Process:
    """The process that the estimates make; those of one step are divided by their sum.

    Raises:
        InputError: no outcome of some step has a probability above 0.
    """
    rows: dict[str, dict[str, dict[str, Fraction]]] = {}
    for (state, action, target), found in estimates.items():
        row = rows.setdefault(state, {}).setdefault(action, {})
        row[target] = found.probability
    for state, actions in rows.items():
        for action, row in actions.items():
            total = sum(row.values())
            if not total:
                raise InputError(f"state {state!r}, action {action!r}: the agent expects nothing")
            actions[action] = {target: p / total for target, p in row.items() if p}
    return Process(rows)


def asking(network: Network, encode: Encode, steps: Sequence[Step]) -> dict[Step, Prefers]:
    """The answers of a network with two scores: for the goal of at most k, and for that of more.

    Raises:
        InputError: it has another number of outputs.
    """
    if network.output_size != 2:
        raise InputError(f"{network.name} has {network.output_size} outputs; two goals are offered")
    function = as_function(network)

    def of(step: Step) -> Prefers:
        def prefers(k: int, n: int) -> bool:
            with torch.no_grad():
                few, more = function(torch.tensor([encode(step, k, n)], dtype=torch.float32))[0]
            return bool(few >= more)

        return prefers

    return {step: of(step) for step in steps}


def regret_of(world: Process, prefers: Mapping[Step, Prefers], trials: int) -> Fraction:
    """The largest regret of an agent at these goals in a world, exactly.

    A goal that is reached with probability p where q is the best has the regret 1 - p/q.
    """
    worst = Fraction(0)
    for (state, action, target), one in prefers.items():
        chance = world.outcomes(state, action).get(target, Fraction(0))
        for k, few in enumerate(at_most(chance, trials)[:-1]):
            taken = few if one(k, trials) else 1 - few
            worst = max(worst, 1 - taken / max(few, 1 - few))
    return worst


def _interval(estimate: float, trials: int, regret: float) -> tuple[float, float]:
    """All P with |P - estimate| <= sqrt(2 P (1 - P) / ((n - 1)(1 - regret))): between two roots.

    (P - e)^2 <= c P (1 - P) with c = 2 / ((n - 1)(1 - regret)) is a quadratic inequality in P.
    """
    c = 2 / ((trials - 1) * (1 - regret))
    middle, spread = 2 * estimate + c, sqrt(c * c + 4 * c * estimate * (1 - estimate))
    low, high = (middle - spread) / (2 * (1 + c)), (middle + spread) / (2 * (1 + c))
    return max(0.0, low - ROUNDING), min(1.0, high + ROUNDING)
