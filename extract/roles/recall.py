"""What a network may remember by, and how what one history left behind is put in another's place.

Either a state is handed on through an input and an output of one shape, or a history is read in a
loop over time, each step of which hands on one tensor or several.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
import torch

from extract.experience import AHEAD, EPISODES
from extract.graph.loop import Loop
from extract.intervene import evaluate
from extract.network import Array, Network
from extract.roles.policy import ablated, whole
from extract.run import as_function
from extract.study import Study

NEAR = 0.1
"""Share of all pairs of histories that saw nearly the same."""


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
    if not weighed.requires_grad:
        return np.arange(states.shape[1])
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
