"""A network before the dilemmas of the library: what it does, who agrees, and what it loses."""

from __future__ import annotations

from collections.abc import Mapping
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
from verify.bind import in_float32
from verify.dilemma.stake import THEORIES as VALUING

POINTS = 100


@dataclass(frozen=True)
class Departure:
    """At how many values of a parameter a network does not do what a theory recommends.

    Attributes:
        count: at so many of those that were tried.
        tried: evenly spaced, as far as the encoding can put them.
        first, last: the least and the greatest of them; None where there is none.
    """

    count: int
    tried: int
    first: Fraction | None
    last: Fraction | None


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
        parameter: which number varies in `differs`; empty where none does.
        differs: theory to the values of that parameter at which it does not do what it recommends.
    """

    dilemma: Dilemma
    action: str | None
    act: Any
    in_float32: bool
    agrees: tuple[str, ...]
    against: tuple[str, ...]
    loss: Fraction | None
    parameter: str = ""
    differs: Mapping[str, Departure] = field(default_factory=dict[str, Departure], hash=False)


@dataclass(frozen=True)
class Card:
    """A network before every dilemma that its encoding can put.

    Attributes:
        scores: one for each.
        left_out: dilemmas of the library that the encoding cannot put.
    """

    scores: tuple[Score, ...]
    left_out: tuple[str, ...]


def scored(network: Network, encoding: Encoding) -> Card:
    """Run a network through the dilemmas of its encoding.

    Raises:
        InputError: a dilemma of the encoding is none of the library's, or is not what the encoding
            says: some theory recommends something else in the case that stands for it.
    """
    scores = [_score(network, encoding, n, s) for n, s in encoding.dilemmas.items()]
    return Card(tuple(scores), tuple(name for name in LIBRARY if name not in encoding.dilemmas))


def _score(network: Network, encoding: Encoding, name: str, sample: Sample) -> Score:
    entry = dilemma(name)
    _faithful(encoding, entry, sample)
    problem = entry.problem()
    flat = _flat(encoding, entry, sample, {})
    action = _action(encoding, run_exact(network, flat))
    act = None if action is None else sample.acts[action]
    firm = {n: a for n, a in entry.answers().items() if a.status is Status.DECIDED}
    parameter = next(iter(entry.parameters), "")
    return Score(
        dilemma=entry,
        action=action,
        act=act,
        in_float32=_action(encoding, in_float32(network, flat)) == action,
        agrees=tuple(n for n, answer in firm.items() if act in answer.acts),
        against=tuple(n for n, answer in firm.items() if act not in answer.acts),
        loss=None if action is None else _loss(problem, act),
        parameter=parameter,
        differs=_differs(network, encoding, entry, sample, parameter) if parameter else {},
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
    stands = case.build(**sample.values(**entry.parameters))
    for name in VALUING:
        there, here = THEORIES[name](stands), THEORIES[name](entry.problem())
        meant = {sample.acts[a] for a in encoding.agent.actions if case.act(a) in there.acts}
        if there.status is not Status.UNREACHABLE and meant != set(here.acts):
            raise InputError(
                f"dilemma {entry.name!r}: {name} says {here}, but {there} in the case "
                f"{sample.case!r} that stands for it"
            )


def _differs(
    network: Network, encoding: Encoding, entry: Dilemma, sample: Sample, parameter: str
) -> dict[str, Departure]:
    """How far the network departs from each theory as one parameter varies, evaluated exactly."""
    ((low, high),) = entry.box([parameter]).values()
    seen: dict[str, list[Fraction]] = {name: [] for name in VALUING}
    tried = 0
    for step in range(POINTS + 1):
        value = low + (high - low) * step / POINTS
        try:
            flat = _flat(encoding, entry, sample, {parameter: value})
        except (InputError, ZeroDivisionError):
            continue  # the encoding cannot put it
        tried += 1
        action = _action(encoding, run_exact(network, flat))
        problem = entry.problem(**{parameter: value})
        for name in VALUING:
            answer = THEORIES[name](problem)
            wrong = action is None or sample.acts[action] not in answer.acts
            if answer.status is Status.DECIDED and wrong:
                seen[name].append(value)
    return {
        name: Departure(len(at), tried, at[0] if at else None, at[-1] if at else None)
        for name, at in seen.items()
    }
