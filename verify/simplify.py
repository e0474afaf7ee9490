"""A simple policy in place of a network: fitted to it, and held against it over the whole box.

The policy is a decision tree (VIPER: Bastani, Pu and Solar-Lezama, NeurIPS 2018) or a few boxes
with affine scores. What of the agent's box it acts alike on is proved by `verify.fidelity`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch

from extract.abstraction.affine import fit_affine
from extract.abstraction.leaf import Tree
from extract.abstraction.tree import fit_tree
from extract.network import Array
from extract.run import as_function
from theory.agent import Agent
from theory.error import InputError
from theory.sort import Feature
from verify.answer import Progress
from verify.bind import bind
from verify.check import load
from verify.fidelity import Fidelity, prove_fidelity
from verify.verdict import ProgressEvent

KINDS: dict[str, Callable[..., Tree]] = {"tree": fit_tree, "affine": fit_affine}
"""By name, what is fitted: one action a leaf, or the best of affine scores."""


@dataclass(frozen=True)
class Simple:
    """A simple policy and how far a network is proved to act as it does.

    Attributes:
        agent: the vocabulary of both.
        sha256: of the network's file.
        policy: the leaves, with what was sampled.
        fidelity: what is proved.
        seconds: of the whole.
    """

    agent: Agent
    sha256: str
    policy: Tree
    fidelity: Fidelity
    seconds: float

    def volume(self, leaf: int) -> float:
        """The share of the agent's box that a leaf covers."""
        found = 1.0
        low: list[float] = self.policy.leaves[leaf].low.tolist()
        high: list[float] = self.policy.leaves[leaf].high.tolist()
        for feature, a, b in zip(self.agent.features, low, high, strict=True):
            if feature.values is not None:
                found *= sum(a <= float(v) <= b for v in feature.values) / len(feature.values)
            elif feature.lower < feature.upper:
                found *= (b - a) / float(feature.upper - feature.lower)
        return found


def simplify(
    net: str,
    spec: str,
    *,
    kind: str = "tree",
    leaves: int = 16,
    timeout_s: float = 60.0,
    seed: int = 0,
    progress: Callable[[ProgressEvent], None] | None = None,
) -> Simple:
    """Fit a simple policy to a network, and prove where the two act alike.

    Args:
        net: a network, as `mesascope check` takes it.
        spec: a spec file, for its agent and its parts.
        kind: one of `KINDS`.
        leaves: at most so many.
        timeout_s: for the proof.
        seed: of every pseudo-random choice.
        progress: told now and then while it is being proved.

    Raises:
        InputError: one of the files cannot be used, or the agent's box is none to fit a policy in.
        UnsupportedOperator: the network has an operator without bounds.
    """
    started = time.monotonic()
    loaded = load(net, spec)
    structure, agent = loaded.structure, loaded.spec.agent
    if not isinstance(agent, Agent):
        raise InputError(f"{spec}: a policy is of an agent that acts: define agent = Agent(...)")
    finite = [_is_flag(feature) for feature in agent.features]
    score = as_function(bind(structure, agent)[0]["score"], torch.float32)

    def scores(points: Array) -> Array:
        with torch.no_grad():
            return score(torch.tensor(points, dtype=torch.float32)).numpy()

    low = [float(feature.lower) for feature in agent.features]
    high = [float(feature.upper) for feature in agent.features]
    policy = KINDS[kind](scores, low, high, leaves=leaves, seed=seed, finite=finite)
    found = prove_fidelity(
        structure,
        agent,
        policy.leaves,
        timeout_s=timeout_s,
        seed=seed,
        progress=_told(progress, kind, started),
    )
    return Simple(agent, structure.network.sha256, policy, found, time.monotonic() - started)


def _is_flag(feature: Feature) -> bool:
    values: Sequence[object] | None = feature.values
    if values is not None and set(values) != {0, 1}:
        raise InputError(f"feature {feature.name!r} is neither a range nor a flag")
    return values is not None


def _told(
    progress: Callable[[ProgressEvent], None] | None, kind: str, started: float
) -> Progress | None:
    if progress is None:
        return None
    tell = progress
    return lambda share, boxes: tell(
        ProgressEvent(f"as {kind}", share, boxes, time.monotonic() - started)
    )
