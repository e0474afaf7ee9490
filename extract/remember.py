"""A world for a network that hands a state on: what it remembers is part of what it observes.

The network takes an observation and a state, and gives scores and the next state. Seen from
outside, the state is one more thing that the world shows and keeps; so every test of a function of
the present works, and a snapshot of the world holds what is remembered, too.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from extract.environment import Environment, inputs_of
from extract.graph.candidate import Interface, handed_on
from extract.intervene import evaluate
from extract.network import Array, Network


class Remembering:
    """An environment's methods, with a network's state carried along.

    Args:
        world: what is observed otherwise.
        network: what carries its state on.
        given: the inputs that the world gives.
        carried: pairs of an input and the output that becomes it.
    """

    def __init__(
        self,
        world: Environment,
        network: Network,
        given: tuple[str, ...],
        carried: tuple[tuple[str, str], ...],
    ) -> None:
        self.world, self.network = world, network
        self.given, self.carried = given, carried
        self.actions, self.discount = world.actions, world.discount
        self.seen: dict[str, Array] = {}

    def reset(self, seed: int | None = None) -> tuple[dict[str, Array], dict[str, Any]]:
        """Begin an episode, with nothing remembered."""
        arrays = inputs_of(self.world.reset(seed), self.network, self.given)
        self.seen = dict(zip(self.given, arrays, strict=True))
        for early, _ in self.carried:
            self.seen[early] = np.zeros(self.network.node(early).shape)
        return self.seen, {}

    def step(self, action: int) -> tuple[dict[str, Array], float, bool, bool, dict[str, Any]]:
        """Take an action; what the network hands on is remembered."""
        held = {name: array[None] for name, array in self.seen.items()}
        after = evaluate(self.network, held, [late for _, late in self.carried])
        step = self.world.step(action)
        arrays = inputs_of(step.observation, self.network, self.given)
        self.seen = dict(zip(self.given, arrays, strict=True))
        self.seen.update({early: after[late][0] for early, late in self.carried})
        return self.seen, step.reward, step.ended, False, {}


class Restorable(Remembering):
    """The same where the state of the world can be read and set."""

    def get_state(self) -> Any:
        """The state of the world, and what is remembered."""
        return self.world.get_state(), dict(self.seen)

    def set_state(self, state: Any) -> None:
        """Go on from a state."""
        inner, seen = state
        self.world.set_state(inner)
        self.seen = dict(seen)


def remembering(world: Environment, network: Network, interface: Interface) -> Environment:
    """The world as a network with a state of its own meets it; as it is, where there is none."""
    pairs = handed_on(network, interface)
    if not pairs:
        return world
    shown = set(world.reset(0))
    carried = tuple((early, late) for early, late in pairs if early not in shown)
    given = tuple(n for n in interface.observations if n not in {early for early, _ in carried})
    if not carried or not given:
        return world
    kind = Restorable if world.can_intervene else Remembering
    return Environment(kind(world, network, given, carried), world.name)
