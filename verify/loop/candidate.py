"""Sets of states that may be invariant: boxes, octagons, and level sets of the evaluator."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import torch
from torch import Tensor

from extract.network import Network
from extract.run import as_function
from theory.sort import Feature, ObservationSort
from theory.term import Term, and_, variable
from theory.world import STATE
from verify.loop.attack import stepped, visited
from verify.loop.batch import Batch
from verify.loop.question import Question, Temporal
from verify.loop.region import Box, closed, demanded, spread, union
from verify.loop.shape import SAMPLES, Shape, box_around, grown, octagon_around
from verify.neural.thread import one_thread

HORIZON = 60
MARGINS = (0.02, 0.2)
LEVELS = (0.5, 0.9, 0.1)
"""Where between the worst state that was seen and the best that must not be a level is tried."""


@dataclass(frozen=True)
class Candidate:
    """A set of states that may be invariant, or in which k-induction may work.

    Attributes:
        name: what it is, for the report.
        box: the box.
        also: a formula over the state variable that is true in the set as well.
        kept: whether it is known to be invariant, so that it need not be proved.
    """

    name: str
    box: Box
    also: Term
    kept: bool = False


@dataclass(frozen=True)
class Searcher:
    """Looks for candidates by running trajectories in floats.

    Attributes:
        temporal: an `always`.
        first: the box of first states.
        network: the policy; None where the world asks none.
        evaluator: from observations to their value; None where there is none.
        generator: of the random numbers.
    """

    temporal: Temporal
    first: Box
    network: Network | None
    evaluator: Network | None
    generator: torch.Generator

    def candidates(self, *, quick: bool) -> Iterator[Candidate]:
        """Sets of states, those that cost least to find first; `quick` leaves it at the first."""
        span = self.temporal.span
        offered = span.invariant
        also = and_() if offered is None else offered
        name = "" if offered is None else "the given formula, in "
        everywhere = closed(span.world, self.first)
        if everywhere is not None:
            title = "the box that any actions keep to"
            yield Candidate(f"{name}{title}", everywhere, also, kept=offered is None)
        if quick and offered is None:
            return
        finite = everywhere or spread(span.world, self.first)
        asked = demanded(span.world, and_(self.condition, also), span.state, finite)
        if asked is not None:
            box = _like(union(asked, self.first), finite)
            yield Candidate(f"{name}the box that the condition allows", box, also)
        declared = span.world.state_sort
        if isinstance(declared, ObservationSort) and everywhere is None:
            box = _like(union(declared, self.first), finite)
            yield Candidate(f"{name}the box of declared ranges", box, also)
        free = [at for at, feature in enumerate(finite.features) if feature.values is None]
        if not len(self.seen) or not free:
            return
        plain = box_around(self.seen[:, free])
        for margin in MARGINS:
            box = self._box(plain.widened(margin), finite)
            yield Candidate(f"{name}a box around what was seen", box, also)
        larger = [("a box that was grown", plain)]
        if len(free) > 1:
            larger.append(("an octagon that was grown", octagon_around(self.seen[:, free])))
        for title, small in larger:
            shape = grown(small, lambda points: self._stepped(points, finite), self.generator)
            if shape is not None:
                inside = and_(also, self._sides(shape, finite))
                yield Candidate(f"{name}{title}", self._box(shape, finite), inside)
        if self.evaluator is not None and self.network is not None:
            yield from self._levels(self.evaluator, finite, asked, also, name)

    @property
    def condition(self) -> Term:
        """What is always to be true."""
        return self.temporal.formula.arguments[1]

    @cached_property
    def seen(self) -> Tensor:
        """States (N, n) of random trajectories."""
        return visited(self._question, self.network, self.generator)[0]

    @cached_property
    def _question(self) -> Question:
        return self.temporal.bounded(HORIZON)

    @property
    def _state(self) -> Term:
        span = self.temporal.span
        return variable(span.state, span.world.state_sort)

    def _stepped(self, points: Tensor, finite: Box) -> Tensor:
        """The free numbers one step after points; finite features have values of the box."""
        at = [i for i, feature in enumerate(finite.features) if feature.values is None]
        whole = self._completed(points, finite)
        return stepped(self._question, self.network, whole, self.generator)[:, at]

    def _completed(self, points: Tensor, finite: Box) -> Tensor:
        columns: list[Tensor] = []
        left = iter(points.T)
        for feature in finite.features:
            if feature.values is None:
                columns.append(next(left))
            else:
                listed = torch.tensor([float(value) for value in feature.values]).double()
                drawn = torch.randint(0, len(listed), (len(points),), generator=self.generator)
                columns.append(listed[drawn])
        return torch.stack(columns, dim=1)

    def _box(self, shape: Shape, finite: Box) -> Box:
        """The box of a shape, with the first states in it."""
        low, high = map(float, shape.low), map(float, shape.high)
        features: list[Feature] = []
        for feature, first in zip(finite.features, self.first.features, strict=True):
            if feature.values is not None:
                features.append(feature)
                continue
            lower, upper = min(_short(next(low)), first.lower), max(_short(next(high)), first.upper)
            features.append(Feature(feature.name, lower, upper))
        return ObservationSort("State", tuple(features))

    def _sides(self, shape: Shape, finite: Box) -> Term:
        """That a state lies between the ends of a shape along its other directions."""
        names = [feature.name for feature in finite.features if feature.values is None]
        parts: list[Term] = []
        for row, low, high in zip(shape.directions, shape.low, shape.high, strict=True):
            at = [i for i, factor in enumerate(map(float, row)) if factor]
            if len(at) == 2:
                i, j = at
                total = self._state[names[i]] + self._state[names[j]] * _short(float(row[j]))
                parts += [total >= _short(float(low)), total <= _short(float(high))]
        return and_(*parts)

    def _levels(
        self, evaluator: Network, finite: Box, asked: Box | None, also: Term, name: str
    ) -> Iterator[Candidate]:
        """Level sets between the values of what was seen and of what must not be seen."""
        world = self.temporal.span.world
        observation = world.observation
        if observation is None:
            return

        def valued(states: Tensor) -> Tensor:
            return self._values(evaluator, observation, states)

        free = [at for at, feature in enumerate(finite.features) if feature.values is None]
        around = box_around(self.seen[:, free]).widened(MARGINS[-1])
        wide = self._completed(around.widened(1.0).sample(SAMPLES, self.generator), finite)
        good, bad = valued(self.seen), valued(wide[~self._allowed(wide)])
        allowed = None if asked is None else _like(union(asked, self.first), finite)
        box = allowed or self._box(around, finite)
        value = world.agent.value(world.observe(self._state))
        worst, best = (float(good.min()), float(good.max())) if len(good) else (0.0, 0.0)
        least = float(bad.max()) if len(bad) else worst - (best - worst) - 1.0
        most = float(bad.min()) if len(bad) else best + (best - worst) + 1.0
        for share in LEVELS:
            if least < worst:
                level = _short(least + share * (worst - least))
                yield Candidate(f"{name}value at least {level}", box, and_(also, value >= level))
            if best < most:
                level = _short(most + share * (best - most))
                yield Candidate(f"{name}value at most {level}", box, and_(also, value <= level))

    def _values(self, evaluator: Network, observation: Term, states: Tensor) -> Tensor:
        """The evaluator's values (N) of states (N, n)."""
        seen = self._batch(states).value(observation)
        features = self.temporal.span.world.agent.features
        columns = [seen[feature.name].expand(len(states)) for feature in features]
        with torch.no_grad(), one_thread():
            run = as_function(evaluator, torch.float32)
            return run(torch.stack(columns, dim=1).float()).double()[:, 0]

    def _allowed(self, states: Tensor) -> Tensor:
        """Where the condition is true (N); where it speaks of more than states, everywhere."""
        try:
            return self._batch(states).value(self.condition).expand(len(states))
        except (NotImplementedError, TypeError):
            return torch.ones(len(states), dtype=torch.bool)

    def _batch(self, states: Tensor) -> Batch:
        span, world = self.temporal.span, self.temporal.span.world
        columns = dict(zip([f.name for f in self.first.features], states.T, strict=True))
        run = None if self.network is None else as_function(self.network, torch.float32)
        names = [feature.name for feature in world.agent.features]
        return Batch({span.state: columns, STATE: columns}, run, names)


def _like(box: Box, finite: Box) -> Box:
    """The box with the values of features that stay finite, and ranges for the others."""
    features = [
        one if one.values is not None else Feature(other.name, other.lower, other.upper)
        for one, other in zip(finite.features, box.features, strict=True)
    ]
    return ObservationSort("State", tuple(features))


def _short(value: float) -> Fraction:
    """A number with few digits near a float."""
    return Fraction(value).limit_denominator(2**20)
