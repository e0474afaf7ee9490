"""What an agent meets: states of its world, what each action leads to, stretches of its life."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from extract.environment import Environment, Observation, Step, inputs_of
from extract.network import Array, Network
from extract.run import as_function

HORIZON = 200
"""Steps after which an episode is left."""
STATES, STRETCHES, AHEAD, EPISODES = 300, 400, 5, 60
FOLLOWED = 60
"""Steps for which a policy is followed after an intervention."""
EXPLORE = (0.3, 1.0)
"""Shares of random actions, by turns, while states are gathered: a good policy's are alike."""

Choose = Callable[[Array], Array]
"""From flat observations (B, n) to actions (B,)."""


@dataclass(frozen=True)
class Aside:
    """Every action tried from the same states.

    Attributes:
        snapshots: the states of the world.
        successors: flat observations (N, A, n) after each action.
        rewards, ended: of those steps, (N, A).
    """

    snapshots: list[Any]
    successors: Array
    rewards: Array
    ended: Array

    @property
    def flat(self) -> Array:
        """The successors as rows (N * A, n)."""
        return self.successors.reshape(-1, self.successors.shape[-1])


@dataclass(frozen=True)
class Experience:
    """What was met.

    Attributes:
        inputs: the network's observation inputs, in the order of the columns below.
        states: flat observations (N, n).
        aside: what every action leads to from them; None where the state cannot be set.
        paths: stretches of life (M, AHEAD + 1, n).
        actions: taken in them (M, AHEAD).
        returns: of the policy's episodes.
        random: of episodes with random actions, from the same starts.
    """

    inputs: tuple[str, ...]
    states: Array
    aside: Aside | None
    paths: Array
    actions: Array
    returns: Array
    random: Array


def chooser(
    network: Network, inputs: tuple[str, ...], scores: str, entries: Array | None = None
) -> Choose:
    """The policy of a network: the first of its best actions, by a tensor or entries of one."""
    function = as_function(network.slice(inputs, (scores,)))
    picked = slice(None) if entries is None else torch.from_numpy(entries)

    def choose(flat: Array) -> Array:
        with torch.no_grad():
            values = function(torch.from_numpy(np.asarray(flat, dtype=np.float32)))
        return values[:, picked].argmax(dim=1).numpy()

    return choose


class Guide:
    """Walks through an environment on behalf of a network.

    Raises:
        InputError: the environment's observations do not fit the network.
    """

    def __init__(
        self, environment: Environment, network: Network, inputs: tuple[str, ...], seed: int
    ) -> None:
        self.environment, self.seed = environment, seed
        self.width = environment.actions
        self.network = network
        self.inputs = inputs

    def flat(self, observation: Observation) -> Array:
        """One observation as a row."""
        arrays = inputs_of(observation, self.network, self.inputs)
        return np.concatenate([array.ravel() for array in arrays])

    def episodes(self, choose: Choose | None, count: int) -> Array:
        """Returns (count,) of episodes of a policy, or of random actions, from the same starts.

        They are discounted where the environment names its discount.
        """
        rng = np.random.default_rng([self.seed, count if choose is None else 0])
        together = count if self.environment.can_intervene else 1
        starts = [range(at, min(at + together, count)) for at in range(0, count, together)]
        return np.concatenate([self._side_by_side(choose, some, rng) for some in starts])

    def _side_by_side(
        self, choose: Choose | None, starts: range, rng: np.random.Generator
    ) -> Array:
        """Episodes from some starts, a step of each by turns."""
        world, alone = self.environment, len(starts) == 1
        rows: list[Array] = []
        fronts: list[Any] = []
        for start in starts:
            rows.append(self.flat(world.reset(self.seed + start)))
            fronts.append(None if alone else world.get_state())
        returns, factor = np.zeros(len(starts)), 1.0
        alive = list(range(len(starts)))
        for _ in range(HORIZON):
            seen = np.array([rows[i] for i in alive])
            actions = choose(seen) if choose else rng.integers(self.width, size=len(alive))
            going: list[int] = []
            for i, action in zip(alive, actions, strict=True):
                if not alone:
                    world.set_state(fronts[i])
                step = world.step(int(action))
                returns[i] += factor * step.reward
                if not step.ended:
                    rows[i] = self.flat(step.observation)
                    fronts[i] = None if alone else world.get_state()
                    going.append(i)
            factor *= world.discount or 1.0
            alive = going
            if not alive:
                break
        return returns

    def gather(self, choose: Choose, rng: np.random.Generator) -> Experience:
        """Live for a while, look aside at every action, and go back."""
        rows, actions, states = self._live(choose, rng)
        starts = [(e, t) for e, taken in enumerate(actions) for t in range(len(taken) - AHEAD + 1)]
        picked = rng.permutation(len(starts))[:STRETCHES]
        paths = np.array(
            [[rows[e][t + k] for k in range(AHEAD + 1)] for e, t in (starts[i] for i in picked)]
        )
        taken = np.array([actions[e][t : t + AHEAD] for e, t in (starts[i] for i in picked)])
        chosen: list[tuple[int, int]] = []
        for kind in range(len(EXPLORE)):
            places = [
                (e, t)
                for e in range(kind, len(actions), len(EXPLORE))
                for t in range(len(actions[e]))
            ]
            share = STATES // len(EXPLORE)
            chosen += [places[i] for i in rng.permutation(len(places))[:share]]
        aside = None
        if self.environment.can_intervene:
            aside = self._aside([states[e][t] for e, t in chosen])
        return Experience(
            self.inputs,
            np.array([rows[e][t] for e, t in chosen]),
            aside,
            paths=paths,
            actions=taken,
            returns=self.episodes(choose, EPISODES),
            random=self.episodes(None, EPISODES),
        )

    def _live(
        self, choose: Choose, rng: np.random.Generator
    ) -> tuple[list[list[Array]], list[list[int]], list[list[Any]]]:
        """Episodes with some random actions: observations, actions, states."""
        rows: list[list[Array]] = []
        actions: list[list[int]] = []
        states: list[list[Any]] = []
        world = self.environment
        total = 0
        for _ in range(4000):
            if total >= 4 * STATES and len(rows) >= 40:
                break
            row = self.flat(world.reset(int(rng.integers(2**31))))
            rows.append([row])
            share = EXPLORE[len(rows) % len(EXPLORE)]
            actions.append([])
            states.append([])
            for _ in range(HORIZON):
                states[-1].append(world.get_state() if world.can_intervene else None)
                action = int(choose(row[None])[0])
                if rng.random() < share:
                    action = int(rng.integers(world.actions))
                step = world.step(action)
                row = self.flat(step.observation)
                rows[-1].append(row)
                actions[-1].append(action)
                total += 1
                if step.ended:
                    break
        return rows, actions, states

    def _aside(self, snapshots: list[Any]) -> Aside:
        world, width = self.environment, self.environment.actions
        steps: list[Step] = []
        for state in snapshots:
            for action in range(width):
                world.set_state(state)
                steps.append(world.step(action))
        shape = (len(snapshots), width)
        return Aside(
            snapshots,
            np.array([self.flat(step.observation) for step in steps]).reshape(*shape, -1),
            np.array([step.reward for step in steps]).reshape(shape),
            np.array([step.ended for step in steps]).reshape(shape),
        )

    def rewards_after(self, snapshots: list[Any], choose: Choose) -> Array:
        """Rewards (N, A, FOLLOWED) of each action and of the policy's actions from then on."""
        world, width = self.environment, self.environment.actions
        rewards = np.zeros((len(snapshots) * width, FOLLOWED))
        rows: list[Array] = [np.zeros(0)] * len(rewards)
        fronts: list[Any] = [snapshots[i // width] for i in range(len(rewards))]
        moves = np.array([i % width for i in range(len(rewards))])
        alive = list(range(len(rewards)))
        for t in range(FOLLOWED):
            going: list[int] = []
            for i, move in zip(alive, moves, strict=True):
                world.set_state(fronts[i])
                step = world.step(int(move))
                rewards[i, t] = step.reward
                if not step.ended:
                    rows[i] = self.flat(step.observation)
                    fronts[i] = world.get_state()
                    going.append(i)
            alive = going
            if not alive:
                break
            moves = choose(np.array([rows[i] for i in alive]))
        return rewards.reshape(len(snapshots), width, FOLLOWED)
