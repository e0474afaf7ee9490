"""An agent that searches for proofs of what its acts lead to: modal UDT, and what goes wrong.

The agent goes through outcomes, best first, and acts, in an order; it takes the first act of which
it can prove that it implies the outcome, and its default act where no search succeeds. With a step
s the i-th search (from 0) is made in PA + s i. After `generalUDT` of
github.com/machine-intelligence/provability (LaVictoire, Fallenstein, Garrabrant, Soares, 2015).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any, TypeAlias

from theory.decision.modal.formula import FALSE, TRUE, Formula, box, name
from theory.decision.modal.system import Fixpoint, settle
from theory.error import InputError

Act: TypeAlias = Any
Outcome: TypeAlias = Any
Does: TypeAlias = Callable[[Act], Formula]
"""`does(a)`: the formula that the agent does a."""
Universe: TypeAlias = Callable[[Does], Mapping[Outcome, Formula]]
"""From `does`, for every outcome the formula that it comes about."""
Rule: TypeAlias = Callable[[Does, Callable[[Outcome], Formula]], Mapping[Act, Formula]]
"""From `does` and `ends`, for every act the formula that it is done."""


@dataclass(frozen=True)
class Choice:
    """What an agent does in a universe.

    Attributes:
        act: the act.
        outcome: what comes of it.
        spurious: pairs of an act that it does not do, and an outcome of which it can prove that the
            act implies it, although the act would not lead to it.
        fixpoint: the solution of the system.
    """

    act: Act
    outcome: Outcome
    spurious: tuple[tuple[Act, Outcome], ...]
    fixpoint: Fixpoint = field(repr=False, compare=False)


def does(act: Act) -> Formula:
    """The formula that the agent does an act."""
    return name(f"A={act}")


def ends(outcome: Outcome) -> Formula:
    """The formula that an outcome comes about."""
    return name(f"U={outcome}")


def choose(universe: Universe, rule: Rule) -> Choice:
    """What an agent with a rule of its own does in a universe.

    Raises:
        InputError: the rule does not give exactly one act, or the universe not one outcome.
    """
    world, acts = universe(does), rule(does, ends)
    system = {f"A={a}": f for a, f in acts.items()} | {f"U={u}": f for u, f in world.items()}
    claims = {f"A={a} -> U={u}": does(a) >> ends(u) for a, u in product(acts, world)}
    fixpoint = settle(system | claims)
    act = _only([a for a in acts if fixpoint.true(f"A={a}")], "the rule", "acts")
    outcome = _only([u for u in world if fixpoint.true(f"U={u}")], "the universe", "outcomes")
    spurious = tuple(
        (a, u)
        for a, u in product(acts, world)
        if a != act and fixpoint.provable(f"A={a} -> U={u}") and _would(system, acts, world, a) != u
    )
    return Choice(act, outcome, spurious, fixpoint)


def _would(
    system: Mapping[str, Formula],
    acts: Mapping[Act, Formula],
    world: Mapping[Outcome, Formula],
    act: Act,
) -> Outcome:
    """What comes about where the agent is a constant that does the act."""
    forced = {f"A={a}": TRUE if a == act else FALSE for a in acts}
    fixpoint = settle({**system, **forced})
    return _only([u for u in world if fixpoint.true(f"U={u}")], "the universe", "outcomes")


def _only(found: list[Any], who: str, what: str) -> Any:
    if len(found) != 1:
        raise InputError(f"{who} gives {len(found)} {what}, not one: {found}")
    return found[0]


def modal_udt(
    outcomes: Sequence[Outcome], acts: Sequence[Act], default: Act, step: int = 0
) -> Rule:
    """The rule of the agent that searches for proofs.

    Args:
        outcomes: best first.
        acts: in the order in which they are tried for an outcome.
        default: what is done where no search succeeds.
        step: by how much the theory grows from one search to the next.
    """
    if default not in acts:
        raise InputError(f"modal_udt: the default {default!r} is none of the acts")

    def rule(does: Does, ends: Callable[[Outcome], Formula]) -> Mapping[Act, Formula]:
        done: dict[Act, Formula] = dict.fromkeys(acts, FALSE)
        failed = TRUE
        for at, (outcome, act) in enumerate(product(outcomes, acts)):
            found = box(does(act) >> ends(outcome), step * at)
            done[act] = done[act] | (failed & found)
            failed = failed & ~found
        done[default] = done[default] | failed
        return done

    return rule


def five_and_ten(does: Does) -> Mapping[Outcome, Formula]:
    """Take the five or take the ten."""
    return {10: does(10), 5: does(5)}


def proving_newcomb(does: Does) -> Mapping[Outcome, Formula]:
    """Newcomb's problem with a predictor who fills the box iff she proves that it will be one."""
    full = box(does("one"))
    return {
        1_001_000: full & does("two"),
        1_000_000: full & does("one"),
        1_000: ~full & does("two"),
        0: ~full & does("one"),
    }


def gullible(does: Does, ends: Callable[[Outcome], Formula]) -> Mapping[Act, Formula]:
    """Takes the five if it proves that the five gives 5 and the ten gives nothing.

    By Löb's theorem it does prove that: if it is proved, the five is taken, and then whatever is
    said of the ten is true. The spurious proof of the five-and-ten problem.
    """
    nothing = ~(ends(10) | ends(5))
    proof = box((does(5) >> ends(5)) & (does(10) >> nothing))
    return {5: proof, 10: ~proof}
