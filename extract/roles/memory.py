"""Memory: a state that a network hands on from one observation to the next.

A network that is a function of the present observation alone has none. One that has it either
hands it on through an input and an output of one shape, or reads a history in a loop over time.

Functional: without what is remembered, much of what is earned is lost. Causal: what another history
left behind is put in its place, the network goes on for some observations of its own, and then has
to choose as that history foretells. What is overwritten by then was no memory.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
import torch

from extract.cutoff import FORGOTTEN, RANDOM_POLICIES, RETARGET
from extract.experience import AHEAD, EPISODES
from extract.graph.candidate import handed_on
from extract.graph.loop import Loop
from extract.intervene import evaluate
from extract.network import Array, Network
from extract.roles.policy import NULL_EPISODES, ablated, lost, whole
from extract.roles.trial import Candidate, Resample, decide, measured
from extract.run import as_function
from extract.statistic import exchange
from extract.structure import Curve, Evidence, Finding, Kind
from extract.study import Study

LAG = 2
"""Observations for which a network goes on before its choice is looked at."""
NEAR = 0.1
"""Share of all pairs of histories that saw nearly the same."""
LEAST = 20
"""Cases in which the two histories call for different choices that a test needs."""
NONE = (
    "no input and output of one shape hand a state on, and no loop reads a history: the network is "
    "a function of the present observation"
)


class Memory(ABC):
    """Something that may be remembered, and how it is exchanged."""

    @property
    @abstractmethod
    def name(self) -> str:
        """For messages."""

    @property
    @abstractmethod
    def signature(self) -> str:
        """What of its structure makes it a candidate."""

    @property
    @abstractmethod
    def tensors(self) -> tuple[str, ...]:
        """What holds it in the end."""

    @property
    @abstractmethod
    def longest(self) -> int:
        """The largest lag that can be looked at."""

    @abstractmethod
    def forgotten(self, study: Study) -> Array:
        """Returns of episodes without what is remembered."""

    @abstractmethod
    def exchanged(self, study: Study, network: Network, lag: int) -> tuple[Array, Array, Array]:
        """Choices (N,) as they are; with another history's memory put in place `lag` observations
        before; and that history's own, which saw nearly the same since but ended in another choice.
        """


@dataclass(frozen=True)
class Carried(Memory):
    """A state that goes out and comes in again.

    Attributes:
        early, late: the input and the output.
    """

    early: str
    late: str

    @property
    def name(self) -> str:
        return f"{self.early} → {self.late}"

    @property
    def signature(self) -> str:
        return "an output of an input's shape, computed from it and from what else is observed"

    @property
    def tensors(self) -> tuple[str, ...]:
        return (self.late,)

    @property
    def longest(self) -> int:
        return AHEAD

    def forgotten(self, study: Study) -> Array:
        place = self._columns(study)

        def choose(flat: Array) -> Array:
            blank = flat.copy()
            blank[:, place] = 0.0
            return study.choose(blank)

        return study.guide.episodes(choose, EPISODES)

    def exchanged(self, study: Study, network: Network, lag: int) -> tuple[Array, Array, Array]:
        paths, scores = study.experience.paths, study.interface.scores

        def go_on(held: Array) -> Array:
            for at in range(AHEAD - lag, AHEAD):
                given = {**study.split(paths[:, at]), self.early: held}
                held = evaluate(network, given, [self.late])[self.late]
            return held

        def choices(held: Array) -> Array:
            given = {**study.split(paths[:, AHEAD]), self.early: held}
            return evaluate(network, given, [scores])[scores].reshape(len(held), -1).argmax(axis=1)

        start = study.split(paths[:, AHEAD - lag])[self.early]
        own = choices(go_on(start))
        seen = np.delete(paths[:, AHEAD - lag :], self._columns(study), axis=2)
        others = _others(seen.reshape(len(paths), -1), own)
        return own, choices(go_on(start[others])), own[others]

    def _columns(self, study: Study) -> Array:
        """The columns of flat observations that hold the state."""
        sizes = [study.network.node(name).size for name in study.interface.observations]
        at = study.interface.observations.index(self.early)
        return np.arange(sum(sizes[:at]), sum(sizes[: at + 1]))


@dataclass(frozen=True)
class Read(Memory):
    """The state of a loop over a history.

    Attributes:
        loop: the loop.
        held: what each step hands to the next.
        later: observations that are read behind the last of these.
    """

    loop: Loop
    held: tuple[tuple[str, ...], ...]
    later: int

    @property
    def name(self) -> str:
        through = ", ".join(self.tensors)
        return f"the loop of {len(self.loop.steps)} steps over time through {through}"

    @property
    def signature(self) -> str:
        return "steps with the same weights, each of which reads a moment of its own"

    @property
    def tensors(self) -> tuple[str, ...]:
        return self.held[-1]

    @property
    def longest(self) -> int:
        return len(self.held) - 1 + self.later

    def before(self, lag: int) -> tuple[str, ...]:
        """What was handed on that many observations before the end, or as near to it as can be."""
        return self.held[-1 - max(0, lag - self.later)]

    def forgotten(self, study: Study) -> Array:
        rng = study.rng(f"forgotten {self.tensors}")
        return ablated(study, [whole(study.network, name) for name in self.before(1)], rng)

    def exchanged(self, study: Study, network: Network, lag: int) -> tuple[Array, Array, Array]:
        states = study.experience.states
        given = study.split(states)
        scores = study.interface.scores
        held = evaluate(network, given, self.before(lag))

        def choices(order: Array) -> Array:
            exchanged = {name: array[order] for name, array in held.items()}
            values = evaluate(network, {**given, **exchanged}, [scores])[scores]
            return values.reshape(len(values), -1).argmax(axis=1)

        own = choices(np.arange(len(states)))
        others = _others(states[:, _read_since(study, tuple(held))], own)
        return own, choices(others), own[others]


def _read_since(study: Study, held: tuple[str, ...]) -> Array:
    """The columns of flat observations that the choice hangs on where some tensors are set."""
    names, scores = study.interface.observations, study.interface.scores
    states = study.experience.states
    values = evaluate(study.network, study.split(states), held)
    rows = [states, *(values[name].reshape(len(states), -1) for name in held)]
    x = torch.tensor(np.concatenate(rows, axis=1), dtype=torch.float32, requires_grad=True)
    function = as_function(study.network.slice((*names, *held), (scores,)))
    # Distinct weights, so that scores whose sum is constant leave a trace, too.
    weighed = function(x) @ torch.arange(1.0, study.interface.actions + 1)
    (slopes,) = torch.autograd.grad(weighed.sum(), x)
    return np.flatnonzero(slopes.abs().sum(dim=0).numpy()[: states.shape[1]])


def _others(seen: Array, choices: Array) -> Array:
    """For each row of what was seen (N, m) the nearest that ended in another choice (N,); the row
    itself where there is none among the `NEAR` nearest of all pairs.
    """
    spread = seen.std(axis=0) + 1e-9
    scaled = seen / spread
    gaps = ((scaled[:, None] - scaled[None]) ** 2).sum(axis=2)
    near = np.quantile(gaps, NEAR)
    gaps[choices[:, None] == choices[None]] = np.inf
    return np.where(gaps.min(axis=1) <= near, gaps.argmin(axis=1), np.arange(len(seen)))


def find_memory(study: Study) -> Finding:
    """The finding about memory."""
    carried = [Carried(early, late) for early, late in handed_on(study.network, study.interface)]
    loops = [
        Read(loop, loop.held(study.network), len(loop.uses) - len(loop.steps))
        for loop in study.loops
        if loop.is_over_time(study.network)
    ]
    loops = [one for one in loops if one.longest >= LAG]
    return decide("memory", [_test(study, one) for one in (*carried, *loops)], NONE)


def _test(study: Study, memory: Memory) -> Candidate:
    network = study.network
    needed = network.ancestors(memory.tensors)
    parameters = frozenset(needed & set(network.parameters))
    evidence: tuple[Evidence, ...] = ()
    curves: tuple[Curve, ...] = ()
    lacking = "no environment is given, so that what it remembers is of no known use"
    if study.environment is not None and len(study.experience.paths):
        lacking = ""
        evidence = (_needed(study, memory), _lasting(study, memory))
        curves = (_span(study, memory),)
    return Candidate(
        memory.name,
        memory.signature,
        frozenset(needed) - parameters,
        parameters,
        evidence,
        is_declared=True,
        curves=curves,
        lacking=lacking,
    )


def _needed(study: Study, memory: Memory) -> Evidence:
    experience = study.experience
    rng = study.rng(f"picked {memory.name}")
    size = sum(study.network.node(name).size for name in memory.tensors)
    parts = study.picked(size, "memory", study.seen - set(memory.tensors), RANDOM_POLICIES)
    return lost(
        "return lost without memory",
        experience.returns,
        memory.forgotten(study),
        experience.random,
        study.rng(f"needed {memory.name}"),
        "share of what is earned above random actions that is lost where what is remembered is "
        "wiped out, or another history's, at every choice",
        Kind.FUNCTIONAL,
        FORGOTTEN,
        [ablated(study, [part], rng, NULL_EPISODES[-1]) for part in parts],
    )


def _followed(study: Study, network: Network, memory: Memory, lag: int) -> tuple[Array, Array]:
    """Whether choices are those that another history foretells where that differs from their own:
    with its memory put in place, and as they are.
    """
    own, patched, foretold = memory.exchanged(study, network, lag)
    differ = own != foretold
    return (patched == foretold)[differ].astype(float), (own == foretold)[differ].astype(float)


def _lasting(study: Study, memory: Memory) -> Evidence:
    follows, stays = _followed(study, study.network, memory, LAG)
    rng = study.rng(f"lasting {memory.name}")
    enough = len(follows) >= LEAST
    nets = [_followed(study, net, memory, LAG)[0] for net in study.null_nets]
    return measured(
        "another history's memory is followed",
        float(follows.mean()) if enough else 0.0,
        RETARGET,
        nets=[float(one.mean()) for one in nets if len(one) >= LEAST],
        shuffles=(0.0,),
        p=exchange(follows, stays, rng) if enough else 1.0,
        kind=Kind.CAUSAL,
        beaten=0.0,
        stable=Resample(lambda o: float(follows[o].mean()), len(follows), rng),
        means=(
            f"share of {len(follows)} choices, {LAG} observations after another history's memory "
            "was put in place, that are those which that history foretells, where it foretells "
            "another choice; fresh and shuffled nets, which may remember, too, inform only"
        ),
    )


def _span(study: Study, memory: Memory) -> Curve:
    """How long what was put in place lasts."""
    lags = range(1, memory.longest + 1)
    shares: list[float] = []
    for lag in lags:
        follows, _ = _followed(study, study.network, memory, lag)
        shares.append(float(follows.mean()) if len(follows) else 0.0)
    return Curve(
        "memory span",
        tuple(float(lag) for lag in lags),
        tuple(shares),
        "observations since",
        "choices as the other history foretells",
    )
