"""Random small worlds, agents in them, and formulas over their trajectories."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn
from strategy import TIES, dyadics, pick

from theory import (
    Agent,
    Feature,
    Interpretation,
    Term,
    World,
    and_,
    if_,
    maximum,
    minimum,
    not_,
    or_,
    world,
)
from theory.term import number
from theory.trajectory import Condition

F = Fraction
ACTIONS = ("left", "right")
TEMPORAL = ("always", "eventually", "until", "next")


@dataclass(frozen=True)
class Loop:
    """A world, its agent, and weights for the agent's scores.

    Attributes:
        world: the world.
        weights: for each action and feature, and last a constant: of its score, which is affine.
    """

    world: World
    weights: tuple[tuple[Fraction, ...], ...]

    @property
    def functions(self) -> dict[str, Callable[..., Any]]:
        """The meaning of the scores."""
        names = [feature.name for feature in self.world.agent.features]

        def score(observation: dict[str, Fraction]) -> list[Fraction]:
            return [
                sum((w * observation[n] for w, n in zip(row, names, strict=False)), row[-1])
                for row in self.weights
            ]

        return {"score": score}


def quantity(draw: DrawFn, state: Term, names: list[str], chosen: Term | None, depth: int) -> Term:
    """A piecewise-linear number over a state and a choice."""
    kind = pick(
        draw, ("feature", "number") if depth == 0 else ("sum", "feature", "max", "min", "if", "abs")
    )
    if kind == "feature":
        if chosen is not None and pick(draw, (False, True)):
            return chosen["push"]
        return state[pick(draw, names)]
    if kind == "number":
        return number(draw(dyadics(2, 1)))
    a, b = (quantity(draw, state, names, chosen, depth - 1) for _ in range(2))
    match kind:
        case "sum":
            return a * pick(draw, (1, Fraction(1, 2), -1)) + b
        case "max":
            return maximum(a, b)
        case "min":
            return minimum(a, b)
        case "abs":
            return abs(a)
        case _:
            return if_(a <= b, a, b + number(Fraction(1, 2)))


@st.composite
def loops(draw: DrawFn, *, choosing: bool | None = None, wide: bool = False) -> Loop:
    """A world with one or two features.

    Args:
        draw: given by hypothesis.
        choosing: whether others choose; by default sometimes.
        wide: whether a feature may be a range, not only a finite set.
    """
    kinds = [
        pick(draw, ("values", "range") if wide else ("values",)) for _ in range(pick(draw, (1, 2)))
    ]
    features = [
        Feature(f"f{i}", -1, 1) if kind == "range" else Feature(f"f{i}", values=[-1, 0, "1/2"])
        for i, kind in enumerate(kinds)
    ]
    agent = Agent(observation=features, actions=ACTIONS, ties=pick(draw, TIES))
    names = [feature.name for feature in features]
    chooses = pick(draw, (False, True)) if choosing is None else choosing

    def step(state: Term, action: str, chosen: Term | None = None) -> dict[str, Term]:
        changed = [name for name in names if pick(draw, (True, True, False))]
        return {name: quantity(draw, state, names, chosen, pick(draw, (1, 2))) for name in changed}

    choices = [Feature("push", values=["-1/2", "1/2"])] if chooses else []
    made = world(agent, step, choices=choices, chooser="wind", name="random")
    weights = tuple(tuple(draw(dyadics(2, 1)) for _ in range(len(names) + 1)) for _ in ACTIONS)
    return Loop(made, weights)


def condition(draw: DrawFn, loop: Loop, *, acting: bool = True) -> Condition:
    """A random formula about a state."""
    names = [feature.name for feature in loop.world.agent.features]
    parts: list[Callable[[Term], Term]] = []
    for _ in range(pick(draw, (1, 2))):
        limit, name, sign = draw(dyadics(2, 1)), pick(draw, names), pick(draw, (1, -1))
        action = pick(draw, ACTIONS)
        other, half = pick(draw, names), pick(draw, (0, 0, F(1, 2), -1))
        about_action = acting and pick(draw, (False, False, True))
        parts.append(
            (lambda s, a=action: loop.world.acts(s, a))
            if about_action
            else (lambda s, n=name, k=limit, g=sign, m=other, h=half: s[n] * g + s[m] * h <= k)
        )
    join, negated = pick(draw, (and_, or_)), pick(draw, (False, False, True))

    def made(state: Term) -> Term:
        whole = join(*(part(state) for part in parts))
        return not_(whole) if negated else whole

    return made


def temporal(draw: DrawFn, loop: Loop, start: Term, steps: int, *, acting: bool = True) -> Term:
    """A random temporal formula from a start."""
    run = loop.world.trajectory(start, steps)
    match pick(draw, TEMPORAL):
        case "always":
            return run.always(condition(draw, loop, acting=acting))
        case "eventually":
            return run.eventually(condition(draw, loop, acting=acting))
        case "until":
            return run.until(
                condition(draw, loop, acting=acting), condition(draw, loop, acting=acting)
            )
        case _:
            return run.next(condition(draw, loop, acting=acting))


@dataclass(frozen=True)
class Course:
    """A temporal formula from the variable `o`, and a state for it.

    Attributes:
        loop: world and agent.
        formula: the formula.
        steps: how many it looks at.
        start: a state.
    """

    loop: Loop
    formula: Term
    steps: int
    start: dict[str, Fraction]

    @property
    def interpretation(self) -> Interpretation:
        """The meaning of the formula."""
        return Interpretation(self.loop.functions, {"o": self.start})


@st.composite
def courses(draw: DrawFn) -> Course:
    """A random temporal formula in a random world with finitely many starts."""
    loop = draw(loops())
    steps = pick(draw, (2, 1, 3))
    formula = temporal(draw, loop, loop.world.state("o"), steps)
    start = {f.name: pick(draw, f.values or ()) for f in loop.world.agent.features}
    return Course(loop, formula, 1 if formula.operator == "next" else steps, start)
