"""Finite planners, taken apart: situations, a world model, an evaluator, and what they do."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import product
from typing import Any, TypeAlias

from theory.cognition.anatomy import (
    EVALUATOR,
    OPTIMISES,
    POLICY,
    SEARCH,
    WORLD_MODEL,
    Anatomy,
    Part,
    anatomy,
)
from theory.error import InputError
from theory.rational import Exact, exact

Situation: TypeAlias = Mapping[str, Any]
"""A value for every factor of the situation."""

Compliance: TypeAlias = Callable[[Situation], Sequence[str]]
"""The actions that the training rewards in a situation."""

GOAL_DIFFERS = "the goal differs from the base objective"
COMPLIES = "complying in training is optimal for the goal, and done"
DEFECTS = "complying when deployed is not optimal for the goal, and not done"


@dataclass(frozen=True)
class Planner:
    """An agent over finitely many situations.

    Attributes:
        factors: the factors of a situation with their values.
        actions: what it can do.
        act: what it does.
        predict: its world model: what it expects after an action. None where there is none.
        evaluate: its evaluator: the worth of what it expects. None where there is none.
        score: the worth that it gives to an action when it chooses; None where that is no matter.
    """

    factors: Mapping[str, Sequence[Any]]
    actions: Sequence[str]
    act: Callable[[Situation], str]
    predict: Callable[[Situation, str], Hashable] | None = None
    evaluate: Callable[[Any], Exact] | None = None
    score: Callable[[Situation, str], Exact] | None = None

    def __post_init__(self) -> None:
        for name, values in self.factors.items():
            if not values:
                raise InputError(f"planner: the factor {name!r} has no value")
        if not self.actions:
            raise InputError("planner: there is no action")

    @property
    def missing(self) -> tuple[str, ...]:
        """The roles without which plans cannot be valued."""
        parts = {WORLD_MODEL: self.predict, EVALUATOR: self.evaluate}
        return tuple(role for role, made in parts.items() if made is None)

    @property
    def situations(self) -> Iterator[dict[str, Any]]:
        """Every situation."""
        for values in product(*self.factors.values()):
            yield dict(zip(self.factors, values, strict=True))

    def choice(self, situation: Situation) -> str:
        """What it does in a situation; InputError where that is none of its actions."""
        action = self.act(situation)
        if action not in self.actions:
            raise InputError(f"planner: it does {action!r}, which is none of {self.actions}")
        return action

    def worth(self, situation: Situation, action: str) -> Fraction:
        """What its evaluator gives for what its world model expects after an action."""
        if self.predict is None or self.evaluate is None:
            raise InputError(f"planner: there is no {self.missing[0]}")
        return exact(self.evaluate(self.predict(situation, action)), f"worth of {action!r}")

    def best(self, situation: Situation) -> tuple[str, ...]:
        """The actions that are best by its own lights."""
        worth = {action: self.worth(situation, action) for action in self.actions}
        most = max(worth.values())
        return tuple(action for action, value in worth.items() if value == most)

    def without(self, factor: str, situation: Situation) -> tuple[Any, ...]:
        """The situation but for one factor."""
        return tuple(value for name, value in situation.items() if name != factor)

    def depends(self, factor: str, output: Callable[[Situation], Hashable]) -> bool:
        """Whether an output changes with a factor alone, in some situation."""
        if factor not in self.factors:
            raise InputError(f"planner: there is no factor {factor!r}")
        seen: dict[tuple[Any, ...], Hashable] = {}
        for situation in self.situations:
            value = output(situation)
            if seen.setdefault(self.without(factor, situation), value) != value:
                return True
        return False

    def dissect(self) -> Anatomy:
        """Its anatomy, by enumeration of all situations.

        A search is there by what it does: in every situation its choice maximises the evaluator's
        worth of what the world model expects, and somewhere that leaves no free choice. Where a
        choice is not best, the evaluator is not what it maximises; whether something else is, stays
        open.
        """
        parts = [self._part(POLICY, lambda s: self.choice(s))]
        predict = self.predict
        if predict is not None:
            parts.append(
                self._part(WORLD_MODEL, lambda s: tuple(predict(s, a) for a in self.actions))
            )
        if self.missing:
            return anatomy(*parts)
        valued = self._part(EVALUATOR, lambda s: tuple(self.worth(s, a) for a in self.actions))
        parts.append(valued)
        situations = list(self.situations)
        lapse = next((s for s in situations if self.choice(s) not in self.best(s)), None)
        if lapse is not None:
            shown = ", ".join(f"{name} = {value}" for name, value in lapse.items())
            best = " or ".join(self.best(lapse))
            why = f"at {shown} it does {self.choice(lapse)}, and best is {best}"
            parts[0] = replace(parts[0], evidence=why)
            return anatomy(*parts, facts={OPTIMISES: False})
        if all(len(self.best(s)) == len(self.actions) for s in situations):
            return anatomy(*parts)
        search = Part(
            SEARCH,
            reads=frozenset({EVALUATOR, WORLD_MODEL}),
            maximises=EVALUATOR,
            evidence=f"its choice is best in each of {len(situations)} situations",
        )
        return anatomy(*parts, search, facts={OPTIMISES: True})

    def alignment_facts(
        self, *, training: str, compliant: Compliance, objective: Callable[[Any], Exact]
    ) -> dict[str, bool]:
        """The facts on which deceptive alignment turns, by enumeration.

        Args:
            training: the factor that is 1 in training and 0 when deployed.
            compliant: the actions that comply in a situation.
            objective: the base objective, of what the world model expects.
        """
        if training not in self.factors:
            raise InputError(f"planner: there is no factor {training!r}")
        if self.predict is None or self.evaluate is None:
            return {}
        expected = {self.predict(s, a) for s in self.situations for a in self.actions}
        goal = {e: exact(self.evaluate(e), "worth") for e in expected}
        base = {e: exact(objective(e), "objective") for e in expected}
        differs = any((goal[a] < goal[b]) != (base[a] < base[b]) for a in goal for b in goal)
        complies, defects, trained = True, False, False
        for situation in self.situations:
            allowed = set(compliant(situation))
            good = bool(allowed.intersection(self.best(situation)))
            done = self.choice(situation) in allowed
            if situation[training]:
                trained, complies = True, complies and good and done
            else:
                defects = defects or (not good and not done)
        return {GOAL_DIFFERS: differs, COMPLIES: trained and complies, DEFECTS: defects}

    def _part(self, role: str, output: Callable[[Situation], Hashable]) -> Part:
        reads = frozenset(name for name in self.factors if self.depends(name, output))
        count = sum(1 for _ in self.situations)
        return Part(
            role,
            reads=reads,
            ignores=frozenset(self.factors) - reads,
            evidence=f"read off over all {count} situations",
        )
