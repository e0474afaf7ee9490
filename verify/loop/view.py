"""What is known of the agent's scores at a place, and of the truth of formulas there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from theory.world import STATE
from verify.loop.cell import Cell, Number
from verify.loop.place import Place
from verify.loop.policy import Gaps, Policy
from verify.loop.question import Question
from verify.loop.valuation import Valuation


@dataclass(frozen=True)
class View:
    """Bounds at the places of a question.

    Attributes:
        question: the question.
        policy: bounds on the agent's scores; None where the world asks no policy.
    """

    question: Question
    policy: Policy | None

    def gaps(self, places: Sequence[Place]) -> Sequence[Gaps | None]:
        """Bounds on scores, many at once."""
        if self.policy is None:
            return [None] * len(places)
        boxes: list[list[tuple[Fraction, Fraction]]] = []
        for place in places:
            ranges = map(place.cell.range, self.observed(place).values())
            boxes.append([(one.lower, one.upper) for one in ranges])
        return self.policy.gaps(boxes)

    def part(self, place: Place, cell: Cell) -> Gaps | None:
        """Bounds on a part of a place; they are kept."""
        if cell not in place.parts:
            (gaps,) = self.gaps([Place(place.root, cell, place.state)])
            if gaps is None:
                return None
            place.parts[cell] = gaps
        return place.parts[cell]

    def observed(self, place: Place) -> dict[str, Number]:
        """What the agent sees there."""
        world = self.question.world
        if world.observation is None:
            return {}
        seen = Valuation(place.cell, {STATE: place.state}).record(world.observation)
        return {f.name: seen[f.name] for f in world.agent.features}

    def valuation(self, place: Place, gaps: Gaps | None) -> Valuation:
        """The values of terms over the present state and the quantified variables."""
        observation = None if gaps is None else self.observed(place)
        environment = {**place.root.environment, self.question.state: place.state}
        return Valuation(place.cell, environment, observation, gaps)
