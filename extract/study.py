"""What the tests of all roles share: network, interface, data, and nets without the roles."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from extract.cutoff import FRESH_NETS, RANDOM_PARTS
from extract.environment import Environment
from extract.experience import Aside, Choose, Experience, Guide, chooser
from extract.graph.candidate import Interface
from extract.graph.loop import Loop, find_loops
from extract.intervene import evaluate
from extract.network import Array, Network
from extract.null import Part, fresh, random_parts, same_weights, shuffled
from theory.error import InputError

Progress = Callable[[str, float], None]
MIDDLING = 0.99
"""A discount where the environment names none: sooner counts for more, late for something."""
SAMPLES = 400
"""Observations that a test looks at."""


@dataclass
class Study:
    """One network under study.

    Attributes:
        network: the network.
        interface: its scores and inputs.
        environment: its world, if given.
        recorded: observations by input, each (N, *shape), if given.
        seed: of every pseudo-random choice.
        nulls: how many fresh nets, and as many shuffled ones.
        tell: hears what is being tested, and the share that is done.
    """

    network: Network
    interface: Interface
    environment: Environment | None = None
    recorded: dict[str, Array] | None = None
    seed: int = 0
    nulls: int = FRESH_NETS
    tell: Progress | None = None

    def say(self, what: str, share: float) -> None:
        """Tell what is being tested, and the share that is done."""
        if self.tell is not None:
            self.tell(what, share)

    def rng(self, purpose: str) -> np.random.Generator:
        """A generator of its own for a purpose, the same in every run."""
        return np.random.default_rng([self.seed, *purpose.encode()])

    @cached_property
    def choose(self) -> Choose:
        """The policy on flat observations."""
        return chooser(self.network, self.interface.observations, self.interface.scores)

    @cached_property
    def guide(self) -> Guide:
        """The way through the environment.

        Raises:
            InputError: there is none.
        """
        if self.environment is None:
            raise InputError(f"{self.network.name}: no environment is given")
        return Guide(self.environment, self.network, self.interface.observations, self.seed)

    @cached_property
    def experience(self) -> Experience:
        """What the policy meets in the environment.

        Raises:
            InputError: there is none.
        """
        return self.guide.gather(self.choose, self.rng("experience"))

    @cached_property
    def aside(self) -> Aside | None:
        """What every action leads to; None without an environment whose state can be set."""
        return None if self.environment is None else self.experience.aside

    @cached_property
    def rewards_after(self) -> Array:
        """Rewards (N, A, T) of each intervened action and of the policy's actions from then on.

        Raises:
            InputError: there is no environment whose state can be set.
        """
        if self.aside is None:
            raise InputError("actions are intervened on only where the state can be set")
        return self.guide.rewards_after(self.aside.snapshots, self.choose)

    @cached_property
    def returns_after(self) -> Array:
        """Returns (N, A) of the policy after each intervened action, its own reward left out."""
        known = self.environment.discount if self.environment is not None else None
        paid = self.rewards_after[..., 1:]
        return paid @ (known or MIDDLING) ** np.arange(paid.shape[-1])

    @cached_property
    def samples(self) -> dict[str, Array]:
        """Observations to test on, by input: recorded ones, or else those met; maybe none."""
        if self.recorded is not None:
            count = len(next(iter(self.recorded.values())))
            order = self.rng("samples").permutation(count)[:SAMPLES]
            return {name: array[order] for name, array in self.recorded.items()}
        return {} if self.environment is None else self.split(self.experience.states)

    def few(self, count: int) -> dict[str, Array]:
        """The first samples."""
        return {name: array[:count] for name, array in self.samples.items()}

    @cached_property
    def null_nets(self) -> tuple[Network, ...]:
        """The architecture with weights that mean nothing; none that is the network itself."""
        rng = self.rng("nulls")
        nets = [fresh(self.network, rng) for _ in range(self.nulls)]
        nets += [shuffled(self.network, rng, keep_zeros=False) for _ in range(self.nulls)]
        return tuple(net for net in nets if not same_weights(net, self.network))

    @cached_property
    def loops(self) -> tuple[Loop, ...]:
        """The loops above the scores."""
        needed = self.network.ancestors([self.interface.scores])
        return tuple(one for one in find_loops(self.network) if one.nodes & needed)

    @cached_property
    def seen(self) -> frozenset[str]:
        """The tensors that are functions of the observation alone."""
        network, given = self.network, set(self.interface.observations)
        unseen = set(network.inputs) - given
        return frozenset(
            node.name
            for node in network.nodes
            for needed in [network.ancestors([node.name])]
            if needed & given and not needed & unseen
        )

    def picked(
        self,
        size: int,
        purpose: str,
        among: Collection[str] | None = None,
        count: int = RANDOM_PARTS,
    ) -> list[Part]:
        """Parts of the network picked blindly, of the tensors `among`, or else those `seen`."""
        names = self.seen if among is None else among
        return random_parts(self.network, names, size, self.rng(f"parts {purpose}"), count)

    def read(self, flat: Array, parts: Sequence[Part]) -> list[Array]:
        """The entries (N, m) of parts of the network, given flat observations (N, n)."""
        if not parts:
            return []
        names = tuple(dict.fromkeys(name for name, _ in parts))
        values = evaluate(self.network, self.split(flat), names)
        return [values[name].reshape(len(flat), -1)[:, entries] for name, entries in parts]

    def split(self, flat: Array) -> dict[str, Array]:
        """Flat observations (N, n) by input, each (N, *shape)."""
        return split(self.network, self.interface.observations, flat)


def split(network: Network, names: tuple[str, ...], flat: Array) -> dict[str, Array]:
    """Flat rows (N, n) as arrays (N, *shape) by input."""
    arrays: dict[str, Array] = {}
    start = 0
    for name in names:
        node = network.node(name)
        arrays[name] = flat[:, start : start + node.size].reshape(-1, *node.shape)
        start += node.size
    return arrays
