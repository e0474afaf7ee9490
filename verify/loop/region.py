"""Boxes of states from which a proof may start, as sorts and as formulas."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from math import prod

from theory.sort import Feature, ObservationSort
from theory.term import Term, and_, eq, or_, variable
from theory.world import STATE, World
from verify.loop.cell import Cell, Number, Range
from verify.loop.question import Question, Root, cut_by, roots
from verify.loop.valuation import Valuation
from verify.problem.affine import constant

MOST_VALUES = 64
"""A feature with more values than this counts as a range."""

ROUNDS = 60
SPREAD_ROUNDS = 12
PLAIN_ROUNDS = 4
"""So often a growing box is only joined with its image; then it is widened."""

MOST_CELLS = 64
"""Boxes that fall into more combinations of finite values than this are given up."""

HUGE = Fraction(2**40)
"""Beyond this a range is called unbounded."""

Box = ObservationSort
"""A set of states: for each feature a range or finitely many values."""


def inside(box: Box, state: Term) -> Term:
    """The formula that a state lies in a box."""
    parts: list[Term] = []
    for feature in box.features:
        value = state[feature.name]
        if feature.values is not None:
            parts.append(or_(*(eq(value, one) for one in feature.values)))
        else:
            parts += [value >= feature.lower, value <= feature.upper]
    return and_(*parts)


def hull(question: Question) -> Box | None:
    """The smallest box of all first states; None where there is none."""
    return _joined([_ranges(root.cell, root.state) for root in roots(question)])


def closed(world: World, start: Box) -> Box | None:
    """A box that holds a box and all that any actions lead to from it; None where none was found.

    Where it keeps growing, its ends are moved out to the ends of the ranges that the world's states
    have by declaration, and then further and further.
    """
    box = start
    for number in range(ROUNDS):
        after = _image(world, box)
        if after is None:
            return box
        grown = union(box, after)
        if grown == box:
            return box
        if any(f.upper > HUGE or f.lower < -HUGE for f in grown.features):
            return None
        if prod(len(f.values) for f in grown.features if f.values is not None) > MOST_CELLS:
            return None
        box = grown if number < PLAIN_ROUNDS else _widened(world, box, grown)
    return None


def spread(world: World, start: Box) -> Box:
    """A box around what any actions lead to in a few steps, to see which features keep to finitely
    many values: those whose values still change, or are many, are ranges.
    """
    box = before = start
    for _ in range(SPREAD_ROUNDS):
        after = _image(world, box)
        before, box = box, box if after is None else union(box, after)
        finite = [len(f.values) for f in box.features if f.values is not None]
        if box == before or prod(finite) > MOST_CELLS:
            break
    features = [
        feature if feature == old else Feature(feature.name, feature.lower, feature.upper)
        for feature, old in zip(box.features, before.features, strict=True)
    ]
    return ObservationSort("State", tuple(features))


def demanded(world: World, formula: Term, state: str, finite: Box) -> Box | None:
    """The smallest box that a formula about states allows; None where it bounds not every feature.

    Args:
        world: the world.
        formula: over the variable `state`.
        state: its name.
        finite: where its features have finitely many values, those are taken.
    """
    features = [
        feature if feature.values is not None else Feature(feature.name, -HUGE, HUGE)
        for feature in finite.features
    ]
    found: list[Mapping[str, Range]] = []
    for root in _cells(world, ObservationSort("State", tuple(features))):
        cell = cut_by(Valuation(root.cell, {state: root.state}), formula)
        if cell is not None:
            found.append(_ranges(cell, root.state))
    box = _joined(found)
    if box is None or any(f.values is None and f.upper - f.lower >= HUGE for f in box.features):
        return None
    return box


def _cells(world: World, box: Box) -> Iterator[Root]:
    """The states of a box as cells."""
    start = variable(STATE, box)
    return roots(Question(world, ((STATE, box),), and_(), start, STATE, ()))


def _image(world: World, box: Box) -> Box | None:
    found: list[Mapping[str, Range]] = []
    for root in _cells(world, box):
        environment: dict[str, object] = {STATE: root.state}
        cell = root.cell
        if world.choice_sort is not None:
            chosen: dict[str, Number] = {}
            for feature in world.choice_sort.features:
                if feature.lower == feature.upper:
                    chosen[feature.name] = constant(feature.lower)
                else:
                    cell, chosen[feature.name] = cell.grown(feature.lower, feature.upper)
            environment[world.choice_sort.name] = chosen
        for _, case in world.steps:
            smaller = cut_by(Valuation(cell, environment), case.guard)
            if smaller is not None:
                found.append(_ranges(smaller, Valuation(smaller, environment).record(case.value)))
    return _joined(found)


def _ranges(cell: Cell, state: Mapping[str, Number]) -> dict[str, Range]:
    return {name: cell.range(number) for name, number in state.items()}


def _joined(found: Sequence[Mapping[str, Range]]) -> Box | None:
    if not found:
        return None
    features: list[Feature] = []
    for name in found[0]:
        features.append(_feature(name, [one[name] for one in found]))
    return ObservationSort("State", tuple(features))


def _feature(name: str, ranges: Sequence[Range]) -> Feature:
    points = {one.lower for one in ranges if one.lower == one.upper}
    if len(points) <= MOST_VALUES and all(one.lower == one.upper for one in ranges):
        return Feature(name, values=sorted(points))
    return Feature(name, min(one.lower for one in ranges), max(one.upper for one in ranges))


def union(a: Box, b: Box) -> Box:
    """The smallest box around two."""
    features: list[Feature] = []
    for one, other in zip(a.features, b.features, strict=True):
        if one.values is not None and other.values is not None:
            values = sorted({*one.values, *other.values})
            if len(values) <= MOST_VALUES:
                features.append(Feature(one.name, values=values))
                continue
        features.append(Feature(one.name, min(one.lower, other.lower), max(one.upper, other.upper)))
    return ObservationSort("State", tuple(features))


def _widened(world: World, box: Box, grown: Box) -> Box:
    """The grown box with ends that moved put further out."""
    declared = (
        {f.name: f for f in world.state_sort.features}
        if isinstance(world.state_sort, ObservationSort)
        else {}
    )
    features: list[Feature] = []
    for before, after in zip(box.features, grown.features, strict=True):
        if before == after:
            features.append(after)
            continue
        known = declared.get(after.name)
        lower, upper = after.lower, after.upper
        if lower < before.lower:
            lower = known.lower if known and known.lower <= lower else lower - (upper - lower)
        if upper > before.upper:
            upper = known.upper if known and known.upper >= upper else upper + (upper - lower)
        features.append(Feature(after.name, lower, upper))
    return ObservationSort("State", tuple(features))
