"""A network before the dilemmas of the library: what it does, who agrees, and what it loses."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from extract.network import Network
from extract.run import run_exact
from theory.decision.answer import Status
from theory.decision.dilemma import LIBRARY, Dilemma, dilemma
from theory.decision.encoding import Encoding, Sample
from theory.decision.functional import udt
from theory.decision.problem import Problem
from theory.decision.theory import THEORIES
from theory.error import InputError
from theory.region import apart
from verify.bind import in_float32
from verify.dilemma.failure import Failure
from verify.dilemma.paving import Bounder
from verify.dilemma.reach import Line, Shares, line, shares
from verify.dilemma.stake import THEORIES as VALUING
from verify.verdict import EngineFault

Tell = Callable[[str], None]
"""Called with each dilemma that is put."""


@dataclass(frozen=True)
class Score:
    """A network before one dilemma.

    Attributes:
        dilemma: which.
        action: what it does at the usual values, exactly; None where two actions tie.
        act: which act of the dilemma that is.
        in_float32: whether the deployed arithmetic does the same.
        agrees: the theories that recommend the act.
        against: the theories that recommend another.
        loss: how much less the best policy that does this is worth than the best of all.
        line: what it does as the first parameter varies, exactly; None where the dilemma has no
            parameter, or the network is not piecewise linear.
        shares: what is proved over the first parameters at once; None where there are none.
        failures: by theory, the dilemma in the middle of the longest stretch of the line on which
            the network does not do what it recommends.
    """

    dilemma: Dilemma
    action: str | None
    act: Any
    in_float32: bool
    agrees: tuple[str, ...]
    against: tuple[str, ...]
    loss: Fraction | None
    line: Line | None = None
    shares: Shares | None = field(default=None, hash=False)
    failures: Mapping[str, Failure] = field(default_factory=dict[str, Failure], hash=False)


@dataclass(frozen=True)
class Card:
    """A network before every dilemma that its encoding can put.

    Attributes:
        scores: one for each.
        left_out: dilemmas of the library that the encoding cannot put, and why as far as it says.
    """

    scores: tuple[Score, ...]
    left_out: Mapping[str, str] = field(hash=False)


def scored(network: Network, encoding: Encoding, tell: Tell | None = None) -> Card:
    """Run a network through the dilemmas of its encoding.

    Raises:
        InputError: a dilemma of the encoding is none of the library's, or is not what the encoding
            says: some theory recommends something else in the case that stands for it.
    """
    bounder = Bounder(network, encoding)
    scores: list[Score] = []
    for name, sample in encoding.dilemmas.items():
        if tell is not None:
            tell(name)
        scores.append(_score(network, encoding, bounder, name, sample))
    out = {n: encoding.left_out.get(n, "") for n in LIBRARY if n not in encoding.dilemmas}
    return Card(tuple(scores), out)


def _score(
    network: Network, encoding: Encoding, bounder: Bounder, name: str, sample: Sample
) -> Score:
    entry = sample.dilemma or dilemma(name)
    _faithful(encoding, entry, sample)
    problem = entry.problem()
    flat = _flat(encoding, entry, sample, {})
    action = _action(encoding, run_exact(network, flat))
    act = None if action is None else sample.acts[action]
    firm = {n: a for n, a in entry.answers().items() if a.status is Status.DECIDED}
    parameter = next(iter(entry.parameters), None)
    found = None
    if parameter is not None:
        found = line(network, encoding, entry, sample, parameter)
    return Score(
        dilemma=entry,
        action=action,
        act=act,
        in_float32=_action(encoding, in_float32(network, flat)) == action,
        agrees=tuple(n for n, answer in firm.items() if act in answer.acts),
        against=tuple(n for n, answer in firm.items() if act not in answer.acts),
        loss=None if action is None else _loss(problem, act),
        line=found,
        shares=shares(bounder, encoding, entry, sample),
        failures={} if found is None else _failures(network, encoding, entry, sample, found),
    )


def _loss(problem: Problem, act: Any) -> Fraction:
    """The worth of the best policy, less that of the best that does this act here."""
    worths: dict[Any, Any] = dict(udt(problem).values)
    return max(worths.values()) - worths[act]


def _flat(
    encoding: Encoding, entry: Dilemma, sample: Sample, changed: Mapping[str, Fraction]
) -> list[Fraction]:
    """The network's input for a dilemma."""
    values = sample.values(**{**entry.parameters, **changed})
    observed = encoding.observation(sample.case, values)
    return [observed[feature.name] for feature in encoding.agent.features]


def _action(encoding: Encoding, scores: Any) -> str | None:
    """The strictly best action; None where there is none."""
    listed = list(scores)
    best = [a for a, s in zip(encoding.agent.actions, listed, strict=True) if s == max(listed)]
    return best[0] if len(best) == 1 else None


def _faithful(encoding: Encoding, entry: Dilemma, sample: Sample) -> None:
    """Whether the case that stands for a dilemma is one to all theories, too."""
    case = encoding.case(sample.case)
    if set(sample.acts) != set(encoding.agent.actions):
        raise InputError(f"dilemma {entry.name!r}: acts must say what each action is")
    values = sample.values(**entry.parameters)
    encoding.observation(sample.case, values)
    stands = case.build(**values)
    for name in VALUING:
        there, here = THEORIES[name](stands), THEORIES[name](entry.problem())
        meant = {sample.acts[a] for a in encoding.agent.actions if case.act(a) in there.acts}
        if there.status is not Status.UNREACHABLE and meant != set(here.acts):
            raise InputError(
                f"dilemma {entry.name!r}: {name} says {here}, but {there} in the case "
                f"{sample.case!r} that stands for it"
            )


def _failures(
    network: Network, encoding: Encoding, entry: Dilemma, sample: Sample, found: Line
) -> dict[str, Failure]:
    """A failure for each theory that the network departs from, told as the dilemma and replayed."""
    told: dict[str, Failure] = {}
    for theory in found.follows:
        gaps = [apart(one.lower, one.upper) for one in found.failures(theory)]
        if gaps:
            low, high = max(gaps, key=lambda ends: ends[1].lower - ends[0].upper)
            value = _simple(low.upper, high.lower)
            told[theory] = _failure(network, encoding, entry, sample, theory, found, value)
    return told


def _simple(low: Fraction, high: Fraction) -> Fraction:
    """A number of few digits near the middle between two."""
    middle = (low + high) / 2
    tried = (middle.limit_denominator(10**digits) for digits in range(1, 40))
    return next((one for one in tried if low < one < high), middle)


def _failure(
    network: Network,
    encoding: Encoding,
    entry: Dilemma,
    sample: Sample,
    theory: str,
    found: Line,
    value: Fraction,
) -> Failure:
    """The failure at one value of the line's parameter, found again by enumeration.

    Raises:
        EngineFault: by enumeration the network does what the theory recommends there.
    """
    changed = {found.parameter: value}
    flat = _flat(encoding, entry, sample, changed)
    action = _action(encoding, run_exact(network, flat))
    answer = THEORIES[theory](entry.problem(**changed))
    act = None if action is None else sample.acts[action]
    if answer.status is not Status.DECIDED or act in answer.acts:
        raise EngineFault(f"{entry.name}: enumeration refutes the failure at {changed}")
    return Failure(
        case=entry.name,
        theory=theory,
        values={**entry.parameters, **changed},
        action="a tie" if act is None else str(act),
        advised=tuple(map(str, answer.acts)),
        worths={str(a): w for a, w in answer.values.items() if isinstance(w, Fraction)},
        replays={
            "exact": True,
            "float32": _action(encoding, in_float32(network, flat)) == action,
        },
    )
