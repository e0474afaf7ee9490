"""Where a PCTL formula is true: from the inside out, exactly.

Baier and Katoen, Principles of model checking, 2008, sections 10.2 and 10.6.
"""

from __future__ import annotations

from collections.abc import Iterable

from theory.enclosure import Undecided
from theory.error import InputError
from theory.finite.arena import Game, World, process_of
from theory.finite.average import average
from theory.finite.engine import PLAIN, Engine
from theory.finite.formula import (
    Always,
    And,
    Atom,
    Average,
    Bounded,
    Discounted,
    Next,
    Not,
    Or,
    Path,
    Reward,
    RewardTo,
    RewardWithin,
    StateFormula,
    Until,
)
from theory.finite.reach import always, next_step, until
from theory.finite.reward import collected, discounted, reward_to
from theory.finite.value import Answer, Best, meets


def satisfying(world: World, formula: StateFormula, engine: Engine = PLAIN) -> frozenset[str]:
    """The states in which a formula is true.

    Args:
        world: a chain, a decision process or a game.
        formula: the state formula.
        engine: what does the arithmetic.

    Raises:
        InputError: it names a state that there is not.
        Undecided: an expected reward that it compares is undefined in some state.
    """
    everywhere = frozenset(process_of(world).states)
    match formula:
        case Atom():
            return everywhere if formula.states is None else _known(world, formula)
        case Not():
            return everywhere - satisfying(world, formula.formula, engine)
        case And():
            parts = [satisfying(world, each, engine) for each in formula.formulas]
            return everywhere.intersection(*parts)
        case Or():
            parts = [satisfying(world, each, engine) for each in formula.formulas]
            return frozenset[str]().union(*parts)
        case Bounded():
            answer = bound_answer(world, formula, engine)
            return frozenset(s for s in answer.values if bound_met(answer, formula, s))


def bound_answer(world: World, formula: Bounded, engine: Engine = PLAIN) -> Answer:
    """The optimum that decides a bound, with the strategies that attain it."""
    together = formula.schedulers == "all" and isinstance(world, Game)
    played = process_of(world) if together else world
    return quantity(played, formula.quantity, formula.best, engine, world)


def bound_met(answer: Answer, formula: Bounded, state: str) -> bool:
    """Whether the optimum of a state is within the bound.

    Raises:
        Undecided: it is undefined.
    """
    met = meets(answer.value(state), formula.relation, formula.limit)
    if met is None:
        raise Undecided(f"the {formula.quantity} is undefined in state {state!r}")
    return met


def quantity(
    world: World,
    asked: Path | Reward,
    best: Best,
    engine: Engine = PLAIN,
    inner: World | None = None,
) -> Answer:
    """The optimal probability of a path, or the optimal expected reward, in every state.

    Args:
        world: a chain, a decision process or a game.
        asked: the path or reward.
        best: whether the agent wants it large or small.
        engine: what does the arithmetic.
        inner: where the formulas inside are to be true, if that is another world.
    """
    where = world if inner is None else inner

    def states(formula: StateFormula) -> Iterable[str]:
        return satisfying(where, formula, engine)

    match asked:
        case Next():
            return next_step(world, states(asked.formula), best=best, engine=engine)
        case Until():
            stay, goal = states(asked.stay), states(asked.goal)
            return until(world, stay, goal, within=asked.within, best=best, engine=engine)
        case Always():
            safe = states(asked.formula)
            return always(world, safe, within=asked.within, best=best, engine=engine)
        case RewardTo():
            return reward_to(world, states(asked.goal), best=best, engine=engine)
        case RewardWithin():
            return collected(world, asked.steps, best=best, engine=engine)
        case Discounted():
            return discounted(world, best=best, engine=engine)
        case Average():
            return average(world, best=best, engine=engine)


def _known(world: World, atom: Atom) -> frozenset[str]:
    states = atom.states or frozenset[str]()
    known = process_of(world).transitions
    for state in sorted(states):
        if state not in known:
            raise InputError(f"{atom.name}: there is no state {state!r}")
    return states
