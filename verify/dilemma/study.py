"""What every theory answers to a dilemma, at its usual values and over free ones, checked twice."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from theory.decision.answer import Answer
from theory.decision.dilemma import Dilemma
from theory.decision.functional import followed, regret
from theory.decision.problem import Problem
from theory.decision.theory import THEORIES
from theory.error import InputError
from theory.partition import Box, Partition, partition
from theory.region import Region, region
from verify.dilemma.feasible import feasible
from verify.verdict import EngineFault

SAMPLES = 60
GRID = 97
"""Sampled values have this denominator within the range, so that boundaries are hardly ever met."""


@dataclass(frozen=True)
class Row:
    """One theory's answer to a dilemma.

    Attributes:
        answer: at the usual values.
        regret: what following it after every observation forgoes against the best policy; None
            where it has no firm answer to some observation.
        regions: over the free parameters; None where none is free.
        sampled: at how many points the regions were compared with the answer there.
    """

    answer: Answer
    regret: Fraction | None
    regions: Partition[str] | None = None
    sampled: int = 0


@dataclass(frozen=True)
class Study:
    """A dilemma by every theory.

    Attributes:
        dilemma: the dilemma.
        box: the ranges of its free parameters.
        rows: by theory.
    """

    dilemma: Dilemma
    box: Box
    rows: Mapping[str, Row] = field(hash=False)


def study(dilemma: Dilemma, box: Box | None = None, *, seed: int = 0) -> Study:
    """What every theory answers.

    Args:
        dilemma: the dilemma.
        box: ranges of parameters that are left free; the others have their usual values.
        seed: of the points at which regions are checked.

    Raises:
        EngineFault: a region does not give what the theory answers at a point of it.
    """
    problem = dilemma.problem()
    rows = {
        name: Row(decide(problem), _regret(problem, decide), *_regions(dilemma, name, box, seed))
        for name, decide in THEORIES.items()
    }
    return Study(dilemma, box or {}, rows)


def _regret(problem: Problem, decide: Callable[[Problem], Answer]) -> Fraction | None:
    try:
        return regret(problem, followed(problem, decide))
    except InputError:
        return None


def _regions(
    dilemma: Dilemma, theory: str, box: Box | None, seed: int
) -> tuple[Partition[str] | None, int]:
    if not box:
        return None, 0
    decide = THEORIES[theory]

    def answer(values: Mapping[str, Fraction]) -> str:
        return str(decide(dilemma.problem(**values)))

    found = partition(answer, box, feasible)
    if len(box) == 1:
        ((name, (low, high)),) = box.items()
        _compare(found, region(lambda p: answer({name: p}), low, high, name=name), theory)
    drawn = random.Random(seed)
    for _ in range(SAMPLES):
        point = {
            n: a + (b - a) * Fraction(drawn.randint(0, GRID), GRID) for n, (a, b) in box.items()
        }
        said, true = _read(found, point), answer(point)
        if said != true:
            at = ", ".join(f"{n} = {v}" for n, v in point.items())
            raise EngineFault(f"{dilemma.name}: the region says {said}, {theory} {true}, at {at}")
    return found, SAMPLES


def _read(found: Partition[str], point: Mapping[str, Fraction]) -> str:
    """The answer that the regions' formulas give at a point."""
    given = [
        answer
        for answer, ways in found.regions.items()
        if any(all(condition.holds(point) for condition in way) for way in ways)
    ]
    return " and ".join(given) or "nothing"


def _compare(found: Partition[str], other: Region[str], theory: str) -> None:
    """The solver's regions of one parameter against those that follow it along its range."""
    for piece in other.pieces:
        middle = (piece.lower.upper + piece.upper.lower) / 2
        if _read(found, {other.name: middle}) != piece.answer and piece.lower != piece.upper:
            raise EngineFault(f"{theory}: two ways to the region of {other.name} disagree")
    if set(other.answers) != set(found.regions):
        raise EngineFault(f"{theory}: two ways to the region of {other.name} disagree")
