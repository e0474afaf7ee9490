"""For which parameters of a dilemma a network does what a theory recommends.

Over one parameter, the others at their usual values, the answer is exact (`line`). Over several at
once it is a share of their box, proved (`paving`): alike, different, and what is open.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from typing import Any, TypeAlias, TypeVar

import sympy

from extract.network import Network
from theory.decision.answer import Status
from theory.decision.dilemma import Dilemma
from theory.decision.encoding import Encoding, Sample
from theory.decision.theory import THEORIES
from theory.error import InputError
from theory.parametric import Parametric
from theory.partition import Box, divided
from theory.region import Region, Root, apart, below, between, region, same
from verify.dilemma.chart import Chart, constant
from verify.dilemma.feasible import feasible
from verify.dilemma.line import Stretch, along, bends, merged
from verify.dilemma.paving import Bounder, pave, share, volumes
from verify.dilemma.stake import THEORIES as VALUING
from verify.dilemma.stake import guarding

MOST_PARAMETERS = 3
"""So many parameters of a dilemma are free at once, its first ones."""

PIECES = 4_000
"""Pieces into which the box of a dilemma's parameters is cut at most."""

AGREES, DIFFERS, SILENT, UNPUT = "agrees", "differs", "silent", "not put"
"""The network does what a theory recommends, or does not; the theory has no firm answer; the
encoding cannot put it."""

_sympy: Any = sympy
_LINE: Any = _sympy.QQ.frac_field("p")
Features: TypeAlias = tuple[Any, ...] | None
Advice: TypeAlias = tuple[Any, ...] | None
T = TypeVar("T")


@dataclass(frozen=True)
class Line:
    """What happens along one parameter, single points left out.

    Attributes:
        parameter: which.
        lower, upper: its range.
        does: what the network does on each stretch: an act; "a tie"; "not put".
        follows: by theory, on each stretch AGREES, DIFFERS, SILENT or UNPUT.
    """

    parameter: str
    lower: Fraction
    upper: Fraction
    does: tuple[Stretch, ...] = field(hash=False)
    follows: Mapping[str, tuple[Stretch, ...]] = field(hash=False)

    def failures(self, theory: str) -> list[Stretch]:
        """Where it does not do what a theory recommends."""
        return [one for one in self.follows[theory] if one.answer == DIFFERS]


@dataclass(frozen=True)
class Shares:
    """Over several parameters at once: shares of their box, each proved to be at least so large.

    Attributes:
        box: the ranges of the parameters.
        put: where the encoding can put the problem.
        agrees, differs: by theory, where the network does what it recommends, and where not.
        silent: by theory, where it has no firm answer.
    """

    box: Box = field(hash=False)
    put: float
    agrees: Mapping[str, float] = field(hash=False)
    differs: Mapping[str, float] = field(hash=False)
    silent: Mapping[str, float] = field(hash=False)


def line(
    network: Network, encoding: Encoding, entry: Dilemma, sample: Sample, parameter: str
) -> Line | None:
    """What happens along one parameter; None for a network that is not piecewise linear."""
    if bends(network) is None:
        return None
    ((low, high),) = entry.box([parameter]).values()
    usual = entry.parameters

    def features(value: Fraction) -> Features:
        return _features(encoding, sample, {**usual, parameter: value}, _LINE)

    placed = region(features, low, high, name=parameter)
    done = along(network, encoding.agent.actions, placed)
    said = {None: UNPUT, "": "a tie", **sample.acts}
    does = merged([Stretch(s.lower, s.upper, said[s.answer]) for s in done])
    follows: dict[str, tuple[Stretch, ...]] = {}
    for name in VALUING:
        advised = region(
            lambda value, name=name: _advice(entry, name, {parameter: value}), low, high
        )
        follows[name] = _compared(does, advised)
    return Line(parameter, low, high, tuple(does), follows)


def _compared(does: Sequence[Stretch], advised: Region[Advice]) -> tuple[Stretch, ...]:
    """Stretches on which the network does what is advised, and on which not."""
    turns = [piece.lower for piece in advised.pieces[1:]]
    found: list[Stretch] = []
    for one in does:
        inner = [
            turn
            for at, turn in enumerate(turns)
            if _inside(one, turn) and not any(same(turn, known) for known in turns[:at])
        ]
        for lower, upper in pairwise([one.lower, *inner, one.upper]):
            advice = _read(advised, between(*apart(lower, upper)))
            found.append(Stretch(lower, upper, _verdict(one.answer, advice)))
    return tuple(merged(found))


def _inside(stretch: Stretch, number: Root) -> bool:
    if same(number, stretch.lower) or same(number, stretch.upper):
        return False
    return below(stretch.lower, number) and below(number, stretch.upper)


def _read(advised: Region[Advice], at: Root) -> Advice:
    """What is advised at a number at which nothing turns."""
    first, *later = advised.pieces
    answer = first.answer
    for piece in later:
        if below(piece.lower, at):
            answer = piece.answer
    return answer


def _verdict(act: Any, advice: Advice) -> str:
    if act == UNPUT:
        return UNPUT
    if advice is None:
        return SILENT
    return AGREES if act in advice else DIFFERS


def shares(bounder: Bounder, encoding: Encoding, entry: Dilemma, sample: Sample) -> Shares | None:
    """What is proved over the first parameters at once; None where there are none."""
    usual = entry.parameters
    box = entry.box(list(usual)[:MOST_PARAMETERS])
    if not box:
        return None
    unit: Any = _sympy.QQ.frac_field(*box)
    charts: dict[Features, list[list[Any]]] = {}
    for features, place in _places(
        lambda v: _features(encoding, sample, {**usual, **v}, unit), box
    ):
        charts.setdefault(features, []).append(place)
    advice = {name: _places(lambda v, name=name: _advice(entry, name, v), box) for name in VALUING}
    put = 0.0
    agrees, differs, silent = (dict.fromkeys(VALUING, 0.0) for _ in range(3))
    for features, places in charts.items():
        if features is None:
            continue
        put += sum(share(place, box) for place in places)
        chart = Chart(box, features)
        regions = {
            (name, acts, one, other): [*place, *told]
            for name in VALUING
            for other, (acts, told) in enumerate(advice[name])
            for one, place in enumerate(places)
        }
        pieces = pave(bounder, chart, places, most=PIECES)
        asked = {key: polynomials for key, polynomials in regions.items() if key[1] is not None}
        for (name, acts, _, _), done in volumes(pieces, chart, asked).items():
            for action, found in zip(encoding.agent.actions, done, strict=True):
                into = agrees if sample.acts[action] in acts else differs
                into[name] += found
        for (name, acts, _, _), polynomials in regions.items():
            if acts is None:
                silent[name] += share(polynomials, box)
    return Shares(box, put, agrees, differs, silent)


def _places(decide: Callable[[Mapping[str, Fraction]], T], box: Box) -> list[tuple[T, list[Any]]]:
    """Every answer over a box, with polynomials that are all positive where it is given; sets
    without volume are left out.
    """
    guards = [(cell.answer, guarding(cell.conditions)) for cell in divided(decide, box, feasible)]
    return [(answer, place) for answer, place in guards if place is not None]


def _features(
    encoding: Encoding, sample: Sample, values: Mapping[str, Fraction], unit: Any
) -> Features:
    """What the network is told of a dilemma, as functions of its free parameters."""
    try:
        observed = encoding.observation(sample.case, sample.values(**values))
    except (InputError, ZeroDivisionError):
        return None
    return tuple(
        value.function if isinstance(value, Parametric) else constant(unit, value)
        for value in observed.values()
    )


def _advice(entry: Dilemma, theory: str, values: Mapping[str, Fraction]) -> Advice:
    """The acts that a theory recommends; None where it has no firm answer."""
    answer = THEORIES[theory](entry.problem(**values))
    return answer.acts if answer.status is Status.DECIDED else None
