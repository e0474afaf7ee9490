"""A world model as a program: from a latent state and an action to the next latent state."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from extract.experience import Choose
from extract.graph.candidate import Interface
from extract.intervene import evaluate
from extract.network import Array, Network
from extract.study import split


@dataclass(frozen=True)
class Model:
    """A transition of a network, and what reads its latent state.

    Attributes:
        network: the whole network.
        interface: its scores and inputs.
        latent: the tensor that the transition starts from.
        action: the input that takes the action, one entry for each.
        following: the tensor that it ends in, of the same shape.
        entries: those of `following` that are meant, if not all of it.
    """

    network: Network
    interface: Interface
    latent: str
    action: str
    following: str
    entries: Array | None = None

    def on(self, network: Network) -> Model:
        """The same model with the weights of another network of the architecture."""
        return replace(self, network=network)

    def perceive(self, flat: Array) -> Array:
        """The latent states of flat observations (N, n)."""
        given = split(self.network, self.interface.observations, flat)
        return evaluate(self.network, given, [self.latent])[self.latent]

    def predict(self, latent: Array, actions: Array) -> Array:
        """The latent states after actions (N,)."""
        return self._step(latent, actions, self.following)

    def unroll(self, latent: Array, actions: Array) -> list[Array]:
        """The latent states after each of several actions (N, K)."""
        states: list[Array] = []
        for k in range(actions.shape[1]):
            latent = self.predict(latent, actions[:, k])
            states.append(latent)
        return states

    @property
    def inside(self) -> frozenset[str]:
        """What lies between the state, the action and the next state; weights are left out."""
        ends = [self.latent, self.action]
        between = self.network.ancestors([self.following], stop=ends)
        return frozenset(between - set(ends) - set(self.network.parameters))

    def reads(self, tensor: str) -> bool:
        """Whether a tensor is a function of the latent state alone."""
        needed = self.network.ancestors([tensor], stop=[self.latent])
        return self.network.node(self.latent).name in needed and not needed & set(
            self.network.inputs
        )

    def read(self, latent: Array, tensor: str) -> Array:
        """What a tensor says of latent states: (N, m)."""
        return evaluate(self.network, {self.latent: latent}, [tensor])[tensor].reshape(
            len(latent), -1
        )

    def choices(self, latent: Array) -> Array:
        """What the policy does in latent states."""
        return self.read(latent, self.interface.scores).argmax(axis=1)

    def rewards(self, latent: Array, actions: Array) -> Array:
        """The reward (N,) that is predicted with a step; 0 where the network predicts none."""
        tensor = self._reward()
        if tensor is None:
            return np.zeros(len(latent))
        return self._step(latent, actions, tensor)[:, 0]

    def searcher(
        self,
        value: str,
        discount: float,
        elsewhere: tuple[Array, np.random.Generator] | None = None,
    ) -> Choose:
        """A policy that looks one step ahead through the model.

        Args:
            value: the tensor that judges the predicted states.
            discount: of that judgement, beside the reward.
            elsewhere: states from which the judged predictions are taken instead, and a generator.
        """

        def choose(flat: Array) -> Array:
            latent = self.perceive(flat)
            judged = latent
            if elsewhere is not None:
                states, rng = elsewhere
                judged = self.perceive(states[rng.integers(0, len(states), len(flat))])
            table: list[Array] = []
            for action in range(self.interface.actions):
                taken = np.full(len(flat), action)
                ahead = self.read(self.predict(judged, taken), value)[:, 0]
                table.append(self.rewards(latent, taken) + discount * ahead)
            return np.stack(table, axis=1).argmax(axis=1)

        return choose

    def _reward(self) -> str | None:
        """An output of one entry that reads the action and starts from the latent state."""
        for name in self.network.outputs:
            needed = self.network.ancestors([name], stop=[self.latent])
            if self.network.node(name).size == 1 and self.action in needed:
                return name
        return None

    def _step(self, latent: Array, actions: Array, tensor: str) -> Array:
        one_hot = np.eye(self.interface.actions)[actions]
        given = {self.latent: latent, self.action: one_hot}
        result = evaluate(self.network, given, [tensor])[tensor]
        if tensor != self.following:
            return result.reshape(len(latent), -1)
        if self.entries is not None:
            result = result.reshape(len(latent), -1)[:, self.entries]
        return result.reshape(latent.shape)
