"""Trajectories without end in random worlds: what is proved is true on all steps that are tried."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import product
from typing import Any

from engine_case import Tiny, draw_tiny
from hypothesis import event, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn
from loop_case import ACTIONS, quantity
from strategy import TIES, dyadics, pick

from theory import (
    Agent,
    Feature,
    Interpretation,
    Term,
    World,
    and_,
    evaluate,
    forall,
    implies,
    maximum,
    minimum,
    not_,
    or_,
    world,
)
from theory.fold import fold
from theory.node import build
from theory.scope import TEMPORAL
from theory.substitution import rebuilt
from theory.trajectory import Condition
from verify.bind import BoundProperty, exactly, in_float32, meaning
from verify.judge import judge
from verify.replay import symbols_of
from verify.smt.solver import SmtSolver
from verify.solve import Engines
from verify.verdict import Verdict

F = Fraction
TRIED = {"always": 6, "eventually": 200, "until": 200}
"""Steps that are tried in place of infinitely many: more than a ranking of these worlds allows, and
as many as are followed.
"""


@dataclass(frozen=True)
class Case:
    """A world, a network for its agent, and a claim about its trajectories."""

    world: World
    tiny: Tiny
    formula: Term

    def points(self) -> dict[str, list[Any]]:
        """Starts, and choices at each step."""
        features = self.world.state_sort.features  # pyright: ignore[reportAttributeAccessIssue]
        grid = [f.values or [F(k, 4) for k in range(-4, 5)] for f in features]
        starts = [dict(zip([f.name for f in features], v, strict=True)) for v in product(*grid)]
        pushes = [{"push": F(-1, 2)}, {"push": F(1, 7)}, {"push": F(1, 2)}]
        later = {f"wind@{t}": pushes if t < 2 else pushes[t % 3 :][:1] for t in range(201)}
        return {"o": starts, **later}


def about(draw: DrawFn, made: World, o: Term) -> Condition:
    """A random formula about a state, which may look back at the start."""
    features = made.state_sort.features  # pyright: ignore[reportAttributeAccessIssue]
    names = [f.name for f in features]
    name, other, action = pick(draw, names), pick(draw, names), pick(draw, ACTIONS)
    limit, sign = draw(dyadics(1, 1)) + pick(draw, (1, F(1, 2), 2)), pick(draw, (1, -1))
    score = made.agent.score
    kind = pick(draw, ("limit", "limit", "limit", "back", "acts", "scores"))

    def true(s: Term) -> Term:
        match kind:
            case "limit":
                return s[name] * sign <= limit
            case "back":
                return s[name] * sign <= o[other] + limit
            case "acts":
                return made.acts(s, action)
            case _:
                return score(made.observe(s), action) <= score(made.observe(o), action)

    return true


@st.composite
def cases(draw: DrawFn) -> Case:
    kinds = [pick(draw, ("range", "flag")) for _ in range(pick(draw, (1, 2)))]
    features = [
        Feature(f"f{i}", flag=True) if kind == "flag" else Feature(f"f{i}", -1, 1)
        for i, kind in enumerate(kinds)
    ]
    names = [f.name for f in features]
    hidden, blows, clipped = (pick(draw, (False, True)) for _ in range(3))
    seen = [Feature("y", -1, 1)] if hidden else features
    agent = Agent(observation=seen, actions=ACTIONS, ties=pick(draw, TIES))

    def step(s: Term, action: str, wind: Term | None = None) -> dict[str, Term]:
        after = {name: quantity(draw, s, names, wind, 1) for name in names if pick(draw, (0, 1, 1))}
        if not clipped:
            return after
        return {name: maximum(minimum(number, 1), -1) for name, number in after.items()}

    made = world(
        agent,
        step,
        state=features if hidden else None,
        observe=(lambda s: {"y": quantity(draw, s, names, None, 1)}) if hidden else None,
        choices=[Feature("push", F(-1, 2), F(1, 2))] if blows else (),
        chooser="wind",
    )
    o = made.state("o")
    join, negated = pick(draw, (and_, or_)), pick(draw, (False, False, True))
    first, second = about(draw, made, o), about(draw, made, o)

    def condition(s: Term) -> Term:
        whole = join(first(s), second(s))
        return not_(whole) if negated else whole

    run = made.trajectory(o)
    kind = pick(draw, ("always", "always", "ranking", "eventually", "until"))
    if kind == "eventually":
        formula = run.eventually(condition)
    elif kind == "until":
        formula = run.until(condition, about(draw, made, o))
    elif kind == "ranking":
        name, factor, room = pick(draw, names), draw(dyadics(4, 1)), draw(dyadics(4, 1))
        formula = run.eventually(condition, ranking=lambda s: s[name] * factor + room)
    else:
        offered = about(draw, made, o) if pick(draw, (False, True)) else None
        formula = run.always(condition, invariant=offered)
    begins = o[names[0]] <= pick(draw, (F(1, 2), 0, 1))
    tiny = draw_tiny(draw, len(seen), 2, bends=3, awkward=pick(draw, (False, True)))
    return Case(made, tiny, forall(o, implies(begins, formula)))


def cut_off(formula: Term) -> Term:
    """The formula about so many steps that everything that is proved is true within them."""

    def step(node: Term, parts: Any) -> Term:
        if node.operator not in TEMPORAL:
            return rebuilt(node, parts)
        return build(node.operator, parts, replace(node.payload, steps=TRIED[node.operator]))

    return fold(formula, step)


@settings(max_examples=40)
@given(cases())
def test_what_is_proved_for_ever_is_true_on_the_first_steps(case: Case):
    networks = {"score": case.tiny.network()}
    bound = BoundProperty(case.formula.named("claim"), networks)
    with SmtSolver() as smt:
        result = judge(bound, Engines(smt), 0.4)
    event(f"{result.verdict.value} {result.engine}")
    if result.verdict is Verdict.VIOLATED:
        assert all(result.replays.values())
    if result.verdict not in (Verdict.HOLDS, Verdict.VACUOUS):
        return
    for run in (exactly, in_float32):
        functions = meaning(networks, symbols_of(case.formula), run)
        meant = Interpretation(functions, points=case.points())
        assert evaluate(cut_off(case.formula), meant) is True
