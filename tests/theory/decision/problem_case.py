"""What the theories answer, found another way; and random problems.

The second way is the causal room's: the problem as a diagram, the diagram as a causal model, the
model's worlds enumerated, conditioned and intervened on by their own code.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from theory.causal.diagram import chance, decision, utility
from theory.causal.model import Mechanism, Model
from theory.causal.value import UNREACHABLE, Unreachable, World
from theory.decision.problem import POLICY, Policy, Problem

Value = Fraction | Unreachable


class SecondWay:
    """Every theory's values of the acts, from the worlds of the causal model."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.model: Model = problem.diagram().model()
        self.at = dict(zip(problem.sees, problem.asked, strict=True))

    def utility(self, world: World) -> Fraction:
        return sum((world[name] for name in self.problem.utilities), Fraction(0))

    def edt(self, act: Any) -> Value:
        given = {**self.at, self.problem.decision.name: act}
        return self.model.expectation(self.utility, given)

    def cdt(self, act: Any) -> Value:
        return self.model.do({self.problem.decision.name: act}).expectation(self.utility, self.at)

    def news(self, act: Any, inclined: Any) -> Value:
        """E[U | do(act), the policy does `inclined` here, what is observed]."""

        def given(world: World) -> bool:
            seen = all(world[name] == value for name, value in self.at.items())
            return seen and world[POLICY](*self.problem.asked) == inclined

        return self.model.do({self.problem.decision.name: act}).expectation(self.utility, given)

    def cdt_answer(self) -> str:
        acts = self.problem.acts
        table = {d: {a: self.news(a, d) for a in acts} for d in acts}
        rows = {d: row for d, row in table.items() if UNREACHABLE not in row.values()}
        if not rows:
            return "unreachable"
        firm = [a for a in acts if all(row[a] == top(row) for row in rows.values())]
        if firm:
            return " or ".join(map(str, firm))
        return "depends" if any(row[d] == top(row) for d, row in rows.items()) else "unstable"

    def fdt(self, act: Any) -> Value:
        seen = self.problem.asked
        if POLICY in self.model.exogenous:
            total = Fraction(0)
            for own, weight in self.model.exogenous[POLICY].items():
                assert isinstance(own, Policy)
                total += weight * self.udt(own.changed(seen, act))
            return total
        made = self.model.endogenous[POLICY]

        def changed(*values: Any) -> Policy:
            return made.function(*values).changed(seen, act)

        return self.model.do({POLICY: Mechanism(changed, made.parents)}).expectation(self.utility)

    def udt(self, policy: Policy) -> Fraction:
        worth = self.model.do({POLICY: policy}).expectation(self.utility)
        assert isinstance(worth, Fraction)
        return worth


def top(row: dict[Any, Any]) -> Fraction:
    return max(row.values())


def agreed(values: dict[Any, Value]) -> str:
    """What acts of these values are answered."""
    if UNREACHABLE in values.values():
        return "unreachable"
    return " or ".join(str(act) for act, value in values.items() if value == top(values))


small = st.integers(-3, 3)
weights = st.sampled_from([Fraction(0), Fraction(1, 3), Fraction(1, 2), Fraction(1)])


@st.composite
def problems(
    draw: DrawFn, *, predicted: bool = True, inclined: bool = True, observed: bool = True
) -> Problem:
    """A hidden state, what is seen of it, a prediction, an act, and what comes of it."""
    root = draw(st.sampled_from([Fraction(1, 4), Fraction(1, 2), Fraction(9, 10)]))
    rights = [draw(weights) for _ in range(4)]
    gains = [draw(small) for _ in range(8)]
    lean = [draw(weights) for _ in range(2)] if inclined else None
    foreseen = draw(st.booleans()) and predicted
    sees = ["sign"] if observed else []
    contexts = [0, 1]

    def does(policy: Policy, context: int) -> int:
        return policy(context) if observed else policy()

    def sign(state: int, policy: Policy) -> dict[int, Fraction]:
        moved = does(policy, 0) if foreseen else 0
        p = rights[2 * state + moved] if foreseen else rights[state]
        return {1: p, 0: 1 - p}

    def prediction(state: int, policy: Policy) -> dict[int, Fraction]:
        right = rights[3] if predicted else Fraction(1, 2)
        guess = does(policy, contexts[state])
        other = 1 - right
        return {guess: right, 1 - guess: other}

    return Problem(
        chance("state", {1: root, 0: 1 - root}),
        chance("sign", sign, domain=[0, 1]),
        chance("prediction", prediction, domain=[0, 1]),
        decision("act", [0, 1], sees=sees),
        utility("gain", lambda state, prediction, act: gains[4 * state + 2 * prediction + act]),
        inclination=(lambda state: {1: lean[state], 0: 1 - lean[state]}) if lean else None,
        at={"sign": 1} if observed else None,
    )
