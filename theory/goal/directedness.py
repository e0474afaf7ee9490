"""How much a policy is directed at a utility: maximum entropy goal-directedness, MEG.

MacDermott, Fox, Belardinelli and Everitt, Measuring goal-directedness, NeurIPS 2024 (arXiv
2412.04758), definition 3.2: the best that a policy from the maximum entropy set of the utility
predicts the given policy, in nats above the uniform guess. The maximum entropy policies are the
soft-optimal ones, for a rationality b in [-oo, oo] (definition 5.2), and the score of b,

    f(b) = b E[U] - V_b + E[sum of log |actions|],     V_b the soft value of b U,

is concave, with the slope E[U] - E_b[U]. So: where E[U] is the highest or lowest that any policy
gives, the supremum is at infinity and has a closed form; otherwise bisection brackets b, and the
tangents at both ends bound the maximum from above. All logarithms and exponentials are rational
enclosures: the answer is an interval that contains MEG.

Utilities whose sign is turned around are as good, so that MEG does not tell whether a policy seeks
or avoids the goal: `b` does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from theory.enclosure import Enclosure, enclose, exp, log
from theory.error import InputError
from theory.linear import ZERO
from theory.process import Process

Mixed = Mapping[str, Mapping[str, Fraction]]
"""State to action to probability."""

NARROW = Fraction(1, 2**60)
LARGEST_RATIONALITY = 2**12
MOST_STEPS = 400


@dataclass(frozen=True)
class Directedness:
    """MEG, and where it is attained.

    Attributes:
        score: an interval that contains it, in nats.
        rationality: the b of the best maximum entropy policy: a rational close to it, or
            "infinite" with its sign.
        most: the sum of the logarithms of the numbers of actions, which MEG cannot exceed.
    """

    score: Enclosure
    rationality: Fraction | str
    most: Enclosure


def directedness(process: Process, start: str, policy: Mixed, horizon: int) -> Directedness:
    """The MEG of a policy with respect to the process's rewards, over a number of steps.

    Args:
        process: rewards are the utility; the discount must be 1.
        start: the first state.
        policy: a distribution over actions for every state that can be reached.
        horizon: the number of steps; 1 for a single decision.

    Raises:
        InputError: the policy is no policy, or the discount is not 1.
    """
    problem = _Problem(process, start, policy, horizon)
    actual = problem.utility(policy)
    most = problem.uniform_cost()
    highest, lowest = problem.extreme(1), problem.extreme(-1)
    if actual == problem.utility(None):
        return Directedness(enclose(0), ZERO, most)
    if actual == highest:
        return Directedness(most - problem.count(1), "infinite", most)
    if actual == lowest:
        return Directedness(most - problem.count(-1), "minus infinite", most)
    return problem.bracket(actual, most)


def one_shot(
    probabilities: Mapping[str, Fraction], utility: Mapping[str, Fraction]
) -> Directedness:
    """The MEG of one decision among named options."""
    if set(probabilities) != set(utility):
        raise InputError("MEG: probabilities and utilities are not of the same options")
    steps = {"choose": {option: {"done": Fraction(1)} for option in utility}, "done": {}}
    rewards = {("choose", option): value for option, value in utility.items()}
    return directedness(Process(steps, rewards), "choose", {"choose": probabilities}, 1)


@dataclass(frozen=True)
class _Problem:
    process: Process
    start: str
    policy: Mixed
    horizon: int

    def __post_init__(self) -> None:
        if self.process.discount != 1:
            raise InputError("MEG: the discount must be 1; the horizon is what ends")
        if self.horizon < 1:
            raise InputError(f"MEG: the horizon {self.horizon} is less than 1")
        for state, choices in self.policy.items():
            for action, probability in choices.items():
                self.process.require(state, action, "policy")
                if probability < 0:
                    raise InputError(f"policy: state {state!r}, action {action!r}: below 0")
            if sum(choices.values(), ZERO) != 1:
                raise InputError(f"policy: state {state!r}: the probabilities do not sum to 1")

    def choices(self, state: str) -> Mapping[str, Fraction]:
        if state not in self.policy:
            raise InputError(f"policy: it says nothing about state {state!r}")
        return {a: p for a, p in self.policy[state].items() if p > 0}

    def utility(self, policy: Mixed | None) -> Fraction:
        """The expected utility of a policy; of the uniform one where it is None."""

        def value(state: str, steps: int) -> Fraction:
            actions = self.process.actions(state)
            if steps == 0 or not actions:
                return ZERO
            if (state, steps) not in known:
                uniform = dict.fromkeys(actions, Fraction(1, len(actions)))
                chosen = uniform if policy is None else self.choices(state)
                known[state, steps] = sum(
                    (p * self.step(state, a, steps, value) for a, p in chosen.items()), ZERO
                )
            return known[state, steps]

        known: dict[tuple[str, int], Fraction] = {}
        return value(self.start, self.horizon)

    def step(self, state: str, action: str, steps: int, value: Any) -> Any:
        later = ZERO
        for target, p in self.process.outcomes(state, action).items():
            later = later + p * value(target, steps - 1)
        return self.process.reward(state, action) + later

    def uniform_cost(self) -> Enclosure:
        """The expected sum of log |actions| on the policy's way."""

        def cost(state: str, steps: int) -> Enclosure:
            actions = self.process.actions(state)
            if steps == 0 or not actions:
                return enclose(0)
            if (state, steps) not in known:
                total = log(len(actions)) if len(actions) > 1 else enclose(0)
                for action, p in self.choices(state).items():
                    for target, q in self.process.outcomes(state, action).items():
                        total = total + p * q * cost(target, steps - 1)
                known[state, steps] = total
            return known[state, steps]

        known: dict[tuple[str, int], Enclosure] = {}
        return cost(self.start, self.horizon)

    def extreme(self, sign: int) -> Fraction:
        """The highest expected utility of any policy, or the lowest."""
        return self._extremes(sign)[self.start, self.horizon]

    def _extremes(self, sign: int) -> dict[tuple[str, int], Fraction]:
        def value(state: str, steps: int) -> Fraction:
            actions = self.process.actions(state)
            if (state, steps) not in known:
                known[state, steps] = (
                    sign * max(sign * self.step(state, a, steps, value) for a in actions)
                    if steps and actions
                    else ZERO
                )
            return known[state, steps]

        known: dict[tuple[str, int], Fraction] = {}
        value(self.start, self.horizon)
        return known

    def count(self, sign: int) -> Enclosure:
        """The limit of V_b - b U for b to infinity: the soft number of best plans, as a log."""
        best = self._extremes(sign)

        def at_best(state: str, steps: int) -> Fraction:
            return best[state, steps]

        def soft(state: str, steps: int) -> Enclosure:
            actions = self.process.actions(state)
            if steps == 0 or not actions:
                return enclose(0)
            if (state, steps) not in known:
                ahead: list[Enclosure] = []
                for action in actions:
                    value = self.step(state, action, steps, at_best)
                    if value == best[state, steps]:
                        total = enclose(0)
                        for target, p in self.process.outcomes(state, action).items():
                            total = total + p * soft(target, steps - 1)
                        ahead.append(total)
                known[state, steps] = _log_sum(ahead)[0]
            return known[state, steps]

        known: dict[tuple[str, int], Enclosure] = {}
        return soft(self.start, self.horizon)

    def soft(self, b: Fraction) -> tuple[Enclosure, Enclosure]:
        """The soft value V_b, and the expected utility of the soft-optimal policy."""

        def pair(state: str, steps: int) -> tuple[Enclosure, Enclosure]:
            actions = self.process.actions(state)
            if steps == 0 or not actions:
                return enclose(0), enclose(0)
            if (state, steps) not in known:
                qualities: list[Enclosure] = []
                utilities: list[Enclosure] = []
                for action in actions:
                    gain = self.process.reward(state, action)
                    quality, utility = enclose(b * gain), enclose(gain)
                    for target, p in self.process.outcomes(state, action).items():
                        v, u = pair(target, steps - 1)
                        quality, utility = quality + p * v, utility + p * u
                    qualities.append(quality)
                    utilities.append(utility)
                value, weights = _log_sum(qualities)
                mean = enclose(0)
                for weight, utility in zip(weights, utilities, strict=True):
                    mean = mean + weight * utility
                known[state, steps] = value, mean
            return known[state, steps]

        known: dict[tuple[str, int], tuple[Enclosure, Enclosure]] = {}
        return pair(self.start, self.horizon)

    def bracket(self, actual: Fraction, most: Enclosure) -> Directedness:
        """Bisect the rationality; the tangents at both ends bound the maximum."""

        def at(b: Fraction) -> tuple[Enclosure, Enclosure]:
            value, mean = self.soft(b)
            return b * actual - value + most, actual - mean

        low = high = ZERO
        value, slope = at(ZERO)
        best = value.lower
        ends = {ZERO: (value, slope)}
        rises = actual > self.utility(None)  # the slope at 0, exactly
        reach = Fraction(1) if rises else Fraction(-1)
        while True:
            value, slope = ends[reach] = at(reach)
            best = max(best, value.lower)
            if slope.upper < 0 if reach > 0 else slope.lower > 0:
                break
            if abs(reach) >= LARGEST_RATIONALITY:
                # the supremum lies further out; MEG is below what is certain for every policy
                return Directedness(Enclosure(max(best, ZERO), most.upper), reach, most)
            reach *= 2
        low, high = min(ZERO, reach), max(ZERO, reach)
        top = most.upper
        for _ in range(MOST_STEPS):
            top = min(top, self._meeting(low, high, ends))
            if top - best < NARROW:
                break
            middle = (low + high) / 2
            value, slope = ends[middle] = at(middle)
            best = max(best, value.lower)
            if slope.lower > 0:
                low = middle
            elif slope.upper < 0:
                high = middle
            else:  # the slope is zero as far as can be told: the maximum is here
                spread = max(abs(slope.lower), abs(slope.upper)) * (high - low)
                top = min(top, value.upper + spread)
                break
        return Directedness(Enclosure(max(best, ZERO), top), (low + high) / 2, most)

    def _meeting(
        self,
        low: Fraction,
        high: Fraction,
        ends: Mapping[Fraction, tuple[Enclosure, Enclosure]],
    ) -> Fraction:
        """An upper bound of a concave function between two points, by a tangent from each end."""
        (left, rising), (right, falling) = ends[low], ends[high]
        width = high - low
        return min(
            left.upper + max(rising.upper, ZERO) * width,
            right.upper + max(-falling.lower, ZERO) * width,
        )


def _log_sum(values: list[Enclosure]) -> tuple[Enclosure, list[Enclosure]]:
    """log(sum of exp), and each term's share of the sum."""
    if len(values) == 1:
        return values[0], [enclose(1)]
    top = max(value.upper for value in values)
    terms = [exp(value - top) for value in values]
    total = enclose(0)
    for term in terms:
        total = total + term
    return log(total) + top, [term / total for term in terms]
