"""What an agent can be seen to do at single states: by bounds, and by exact evaluation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from theory.course import may_take
from theory.enclosure import Undecided
from theory.semantics import Interpretation, evaluate
from theory.term import Term
from theory.value import Value
from theory.world import STATE
from verify.loop.cell import Cell, by_part
from verify.loop.policy import Gaps, Policy
from verify.loop.question import Temporal, asks
from verify.loop.trial import Functions
from verify.loop.valuation import Kleene, Valuation
from verify.problem.affine import constant

POINT = Cell((), ())

Key = tuple[Fraction, ...]
"""A state by the numbers of its features."""


@dataclass(eq=False)
class Node:
    """A state as it was come to first.

    Attributes:
        values: of the quantified variables, of the start that leads here.
        state, key: the state.
        step: after how many steps.
        parent, action, chosen: the step that leads here; None at the beginning.
    """

    values: Mapping[str, Value]
    state: Mapping[str, Fraction]
    key: Key
    step: int = 0
    parent: Node | None = None
    action: str = ""
    chosen: Mapping[str, Fraction] | None = None

    @property
    def path(self) -> list[Node]:
        """From the beginning to here."""
        found: list[Node] = []
        node: Node | None = self
        while node is not None:
            found.append(node)
            node = node.parent
        return found[::-1]


@dataclass(frozen=True)
class Sight:
    """What can be seen of the network at a state: by bounds, and where these leave it open and
    `exact` is asked for, by exact evaluation.
    """

    temporal: Temporal
    policy: Policy | None
    functions: Functions
    known: dict[Key, Gaps | None]
    exact: bool
    asking: dict[Term, bool] = field(default_factory=dict[Term, bool])

    def look(self, nodes: Sequence[Node]) -> None:
        """Bound the scores at some states, many at once."""
        new = {node.key: node.state for node in nodes if node.key not in self.known}
        if self.policy is None:
            self.known.update(dict.fromkeys(new))
            return
        boxes: list[list[tuple[Fraction, Fraction]]] = []
        for state in new.values():
            ranges = map(POINT.range, self._observed(state).values())
            boxes.append([(one.lower, one.upper) for one in ranges])
        self.known.update(zip(new, self.policy.gaps(boxes), strict=True))

    def actions(self, node: Node) -> Sequence[str]:
        """What the agent may do at a state that was looked at."""
        world = self.temporal.span.world
        gaps = self.known[node.key]
        if gaps is None:
            return world.agent.actions
        possible = [world.agent.actions[at] for at in gaps.possible(world.agent.ties)]
        if len(possible) == 1 or not self.exact:
            return possible
        found: list[str] = []
        for action, taken in may_take(world, node.state, Interpretation(self.functions), evaluate):
            if isinstance(taken, Undecided):
                raise taken
            found.append(action)
        return found

    def truth(self, formula: Term, node: Node) -> Kleene:
        """The truth of a formula at a state that was looked at; None where it is not certain."""
        values = {**node.values, self.temporal.span.state: node.state}
        gaps = self.known[node.key]
        fixed = {name: by_part(value, _known) for name, value in values.items()}
        if formula not in self.asking:
            self.asking[formula] = asks(formula)
        asked = self.asking[formula] and gaps is not None
        observation = self._observed(node.state) if asked else None
        certain = Valuation(POINT, fixed, observation, gaps).truth(formula)
        if certain is not None or not self.exact:
            return certain
        return evaluate(formula, Interpretation(self.functions, values))

    def begins(self, values: Mapping[str, Value]) -> Kleene:
        """Whether trajectories begin with these values of the quantified variables."""
        fixed = {name: by_part(value, _known) for name, value in values.items()}
        certain = Valuation(POINT, fixed).truth(self.temporal.condition)
        if certain is not None or not self.exact:
            return certain
        return evaluate(self.temporal.condition, Interpretation(self.functions, values))

    def _observed(self, state: Mapping[str, Fraction]) -> dict[str, Any]:
        world = self.temporal.span.world
        if world.observation is None:
            return {}
        seen = Valuation(POINT, {STATE: by_part(state, _known)}).record(world.observation)
        return {feature.name: seen[feature.name] for feature in world.agent.features}


def _known(value: Any) -> Any:
    return constant(value) if isinstance(value, Fraction) else value
