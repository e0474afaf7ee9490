"""A test of one candidate, from what was measured to evidence and status."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from extract.cutoff import STABLE, P
from extract.network import Array
from extract.statistic import holm, stability, tail
from extract.structure import Chart, Curve, Evidence, Finding, Kind, Status


@dataclass(frozen=True)
class Candidate:
    """A candidate for a role, with its tests.

    Attributes:
        name: for messages.
        signature: what of its structure makes it a candidate.
        nodes, parameters: what it consists of.
        evidence: its tests, with p-values before correction.
        is_declared: the source or the architecture says that it plays the role.
        curves: for pictures.
        lacking: what could not be tested, and why; nothing is functional then.
        inputs, outputs: the tensors between which it lies, where it is a function.
        charts: for pictures, too.
    """

    name: str
    signature: str
    nodes: frozenset[str]
    parameters: frozenset[str]
    evidence: tuple[Evidence, ...]
    is_declared: bool = False
    curves: tuple[Curve, ...] = ()
    lacking: str = ""
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    charts: tuple[Chart, ...] = ()


@dataclass(frozen=True)
class Resample:
    """How an effect is measured anew on a bootstrap sample.

    Attributes:
        measure: from the numbers of the things in a sample to the effect.
        count: how many things there are.
        rng: draws the samples.
    """

    measure: Callable[[Array], float]
    count: int
    rng: np.random.Generator


def measured(
    test: str,
    effect: float,
    cutoff: float,
    *,
    stable: Resample,
    nets: Sequence[float] = (),
    shuffles: Array | Sequence[float] = (),
    blind: Sequence[float] = (),
    p: float | None = None,
    kind: Kind = Kind.FUNCTIONAL,
    also: bool = True,
    beaten: float = 1.0,
    means: str = "",
) -> Evidence:
    """Evidence from an effect and its nulls.

    Args:
        test: its name.
        effect: what was measured.
        cutoff: what it has to reach.
        stable: how it is measured on bootstrap samples, in most of which it has to reach the
            cut-off, too.
        nets: the same on nets without the role.
        shuffles: the same on shuffled data, for the p-value.
        blind: the same on blindly picked parts of the network, which inform only.
        p: the p-value, where it is not from shuffles.
        kind: what the test bears on.
        also: whether further conditions (such as a slope) are met.
        beaten: the share of the nets that the effect has to exceed.
        means: the effect and its null in words.
    """
    values = np.asarray(nets if len(nets) else shuffles, dtype=float)
    chance = tail(effect, shuffles) if p is None else p
    beyond = float(np.mean(effect > np.asarray(nets))) >= beaten if len(nets) else True
    steady = None
    if effect >= cutoff and stable.count:
        steady = stability(stable.measure, stable.count, cutoff, stable.rng)
    if len(blind):
        below = sum(one < effect for one in blind)
        means += f"; of {len(blind)} parts of the network picked blindly, {below} are below"
    return Evidence(
        test,
        float(effect),
        float(values.mean()) if values.size else float("nan"),
        float(values.max()) if values.size else float("nan"),
        float(chance),
        kind,
        bool(
            effect >= cutoff
            and beyond
            and chance < P
            and also
            and (steady is None or steady >= STABLE)
        ),
        cutoff,
        tuple(float(v) for v in values[:200]),
        means,
        steady,
        tuple(float(v) for v in blind),
    )


def informs(test: str, effect: float, means: str, nets: Sequence[float] = ()) -> Evidence:
    """A measurement that decides nothing."""
    values = np.asarray(nets, dtype=float)
    mean = float(values.mean()) if values.size else float("nan")
    most = float(values.max()) if values.size else float("nan")
    return Evidence(
        test, effect, mean, most, 1.0, Kind.STRUCTURAL, True, nulls=tuple(nets), means=means
    )


def decide(role: str, candidates: Iterable[Candidate], none: str) -> Finding:
    """The finding for a role: its best candidate, p-values corrected for their number.

    Args:
        role: the role.
        candidates: all that were tested.
        none: what was looked for, and with what power, where there is no candidate.
    """
    tested = _corrected(list(candidates))
    if not tested:
        return Finding(role, Status.ABSENT, none)
    ranked = sorted(tested, key=_rank)
    best = ranked[0]
    status = _status(best)
    return Finding(
        role,
        status,
        _reason(best, status, len(tested), none),
        best.evidence,
        best.nodes if status is not Status.ABSENT else frozenset(),
        best.parameters if status is not Status.ABSENT else frozenset(),
        best.curves,
        len(tested),
        best.inputs if status is not Status.ABSENT else (),
        best.outputs if status is not Status.ABSENT else (),
        best.charts,
        best.signature,
    )


def _corrected(candidates: list[Candidate]) -> list[Candidate]:
    """Holm over the candidates, test by test."""
    tables = {
        test: holm({c.name: e.p for c in candidates for e in c.evidence if e.test == test})
        for test in {e.test for c in candidates for e in c.evidence}
    }
    return [
        replace(
            c,
            evidence=tuple(
                replace(e, p=p, passed=e.passed and (p < P or e.kind is Kind.STRUCTURAL))
                for e in c.evidence
                for p in [tables[e.test][c.name]]
            ),
        )
        for c in candidates
    ]


def _passed(candidate: Candidate, kind: Kind) -> bool:
    tests = [e.passed for e in candidate.evidence if e.kind is kind]
    return bool(tests) and all(tests)


_ORDER = (Status.FUNCTIONAL, Status.WEAK, Status.DECLARED, Status.ABSENT)


def _rank(candidate: Candidate) -> tuple[int, int, float]:
    status = _status(candidate)
    passed = sum(e.passed for e in candidate.evidence)
    effects = [e.effect for e in candidate.evidence if e.kind is Kind.FUNCTIONAL]
    return _ORDER.index(status), -passed, -(effects[0] if effects else -np.inf)


def _status(candidate: Candidate) -> Status:
    functional = _passed(candidate, Kind.FUNCTIONAL)
    causal = _passed(candidate, Kind.CAUSAL)
    structural = all(e.passed for e in candidate.evidence if e.kind is Kind.STRUCTURAL)
    if functional and causal and structural and not candidate.lacking:
        return Status.FUNCTIONAL
    if functional and not candidate.is_declared:
        return Status.WEAK
    return Status.DECLARED if candidate.is_declared else Status.ABSENT


def _reason(candidate: Candidate, status: Status, count: int, none: str) -> str:
    failed = [e for e in candidate.evidence if not e.passed]
    among = f" among {count} candidates" if count > 1 else ""
    if status is Status.FUNCTIONAL:
        return f"{candidate.name}{among}: passes every test."
    if not candidate.evidence:
        return f"{candidate.name}: {candidate.lacking or none}"
    why = "; ".join(map(_failure, failed))
    if status is Status.ABSENT:
        return f"best{among} is {candidate.name}: {why or candidate.lacking}."
    return f"{candidate.name}: {'; '.join(filter(None, [why, candidate.lacking]))}."


def _failure(test: Evidence) -> str:
    """Why a test is not passed."""
    shown = f"{test.test} is {test.effect:.3g}"
    if test.p >= P:
        return f"{shown} with p = {test.p:.2g}"
    if test.stability is not None and test.stability < STABLE:
        return f"{shown}, but at the cut-off in {test.stability:.0%} of bootstrap samples only"
    if test.effect >= test.cutoff and test.effect > test.null_max:
        return f"{shown}, but what else it needs is not met ({test.means})"
    return f"{shown}, needed {test.cutoff:.3g} and beyond {test.null_max:.3g}"
