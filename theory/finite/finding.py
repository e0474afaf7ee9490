"""Findings about bounds on optimal quantities: the optimum, and the strategy that shows it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

from theory.claim import Finding
from theory.finite.arena import World, process_of
from theory.finite.engine import Engine
from theory.finite.formula import Always, Atom, Bounded, Next, StateFormula, Until
from theory.finite.modelcheck import bound_answer, satisfying
from theory.finite.pareto import Excluded, Wish, attainable
from theory.finite.reach import reach
from theory.finite.table import Followed, induced
from theory.finite.value import Answer, Limit, Value, meets
from theory.process import Process
from theory.rational import number_text
from theory.verdict import Verdict

MOST_SHOWN = 40
"""The most states of a strategy, and the most steps of a plan, that a witness lists."""
LONGEST = 24


def bounded_finding(
    world: World, start: str, formula: Bounded, goal: StateFormula, engine: Engine
) -> Finding:
    """Whether a bound on getting to a goal holds in the first state."""
    goals = satisfying(world, goal, engine)
    if not goals:
        return Finding(Verdict.VACUOUS, proof="no state is named")
    if start in goals:
        return Finding(Verdict.VACUOUS, proof=f"{start} is such a state itself")
    return _judged(world, start, formula, bound_answer(world, formula, engine))


def everywhere_finding(
    world: World, start: str, formula: StateFormula, where: StateFormula, engine: Engine
) -> Finding:
    """Whether a formula is true wherever another is, on the way from a first state."""
    met = process_of(world).reachable([start])
    occasions = satisfying(world, where, engine)
    asked = [state for state in met if state in occasions]
    if not asked:
        return Finding(Verdict.VACUOUS, proof=f"of {len(met)} states reached, it is in none")
    proof = f"in {len(asked)} of {len(met)} states reached"
    if not isinstance(formula, Bounded):
        true = satisfying(world, formula, engine)
        false = next((state for state in asked if state not in true), None)
        if false is not None:
            return Finding(Verdict.VIOLATED, {"state": false, "false": str(formula)})
        return Finding(Verdict.HOLDS, proof=proof)
    answer = bound_answer(world, formula, engine)
    findings = {state: _judged(world, state, formula, answer) for state in asked}
    for verdict in (Verdict.VIOLATED, Verdict.UNKNOWN):
        for state, found in findings.items():
            if found.verdict is verdict:
                witness = {"state": state, **found.witness} if found.witness else {}
                return replace(found, witness=witness)
    return Finding(Verdict.HOLDS, proof=proof)


def policy_finding(
    world: Process, start: str, policy: Followed, goal: Atom, loss: Fraction, engine: Engine
) -> Finding:
    """Whether a policy reaches a goal with a probability at most `loss` below the best."""
    states = goal.states or frozenset[str]()
    best = reach(world, states, engine=engine)
    own = reach(induced(world, policy), states, engine=engine)
    value = {"policy": _rational(own, start), "best": _rational(best, start)}
    if value["best"] == 0:
        proof = f"{goal.name} cannot be reached from {start}"
        return Finding(Verdict.VACUOUS, proof=proof, value=value)
    if value["policy"] >= value["best"] - loss:
        return Finding(Verdict.HOLDS, proof=_compared(value), value=value)
    return Finding(Verdict.VIOLATED, {**value, **_shown(world, start, best)})


def wishes_finding(world: Process, start: str, wishes: Sequence[Wish], engine: Engine) -> Finding:
    """Whether one strategy attains several bounds at once."""
    if all(one.is_idle for one in wishes):
        return Finding(Verdict.VACUOUS, proof="every bound is one that probabilities keep")
    found = attainable(world, start, wishes, engine)
    if isinstance(found, Excluded):
        witness = {"weights": found.weights, "most": found.best, "needed": found.needed}
        return Finding(Verdict.VIOLATED, witness)
    proof = f"a mixture of {len(found.corners)} strategies; {_compared(found.values)}"
    shares = zip(found.shares, found.corners, strict=True)
    mixture = [{"share": share, "strategy": _few(c.strategy)} for share, c in shares]
    return Finding(Verdict.HOLDS, proof=proof, value={"mixture": mixture})


def _rational(answer: Answer, state: str) -> Fraction:
    value = answer.value(state)
    return value if isinstance(value, Fraction) else Fraction(0)  # probabilities are rational


def _compared(values: Mapping[str, Fraction]) -> str:
    return ", ".join(f"{name} {value_text(value)}" for name, value in values.items())


def _judged(world: World, start: str, formula: Bounded, answer: Answer) -> Finding:
    """Whether the optimum of a state is within its bound."""
    value = answer.value(start)
    met = meets(value, formula.relation, formula.limit)
    kind = "probability" if isinstance(formula.quantity, Next | Until | Always) else "reward"
    optimum = {"min": "least", "max": "greatest"}[formula.best]
    if met is None:
        reason = f"the {optimum} expected reward is undefined in state {start}"
        return Finding(Verdict.UNKNOWN, reason=reason, value=value)
    if met:
        return Finding(
            Verdict.HOLDS, proof=f"the {optimum} {kind} is {value_text(value)}", value=value
        )
    witness: dict[str, Any] = {kind: value, "bound": f"{formula.relation} {formula.limit}"}
    return Finding(Verdict.VIOLATED, {**witness, **_shown(world, start, answer)})


def _shown(world: World, start: str, answer: Answer) -> dict[str, Any]:
    """What matters of a strategy or plan from a state on: what is done where there is a choice."""
    process = process_of(world)

    def choices(states: Iterable[str], strategy: Mapping[str, str]) -> dict[str, str]:
        return {s: strategy[s] for s in states if s in strategy and len(process.actions(s)) > 1}

    if answer.plan:
        steps: dict[str, dict[str, str]] = {}
        states = [start]
        for number, step in enumerate(answer.plan[:MOST_SHOWN], start=1):
            steps[f"step {number}"] = choices(states, step)
            states = list(dict.fromkeys(t for s in states for t in _next(process, s, step.get(s))))
        return {"plan": {name: step for name, step in steps.items() if step}}
    met = choices(process.reachable([start], answer.strategy), answer.strategy)
    if len(met) <= MOST_SHOWN:
        return {"strategy": met} if met else {}
    return {"strategy": _few(met), "more_states": len(met) - MOST_SHOWN}


def _few(strategy: Mapping[str, str]) -> dict[str, str]:
    """As many states of a strategy as are shown."""
    return dict(list(strategy.items())[:MOST_SHOWN])


def _next(process: Process, state: str, action: str | None) -> Iterable[str]:
    return (state,) if action is None else process.outcomes(state, action)


def value_text(value: Value) -> str:
    """A value in a few characters."""
    if isinstance(value, Limit):
        return value.value
    text = number_text(value)
    return text if len(text) <= LONGEST else f"about {float(value):.9g}"
