"""A model that is only as good as its values: perceive, predict, and heads for what follows.

Schrittwieser et al., Mastering Atari, Go, chess and shogi by planning with a learned model, 2020
(arXiv 1911.08265). The search that would use it is outside the net.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from benchmarks.zoo.net.flat import mlp

LATENT = 12
HIDDEN = 48


class Model(nn.Module):
    """Five programs over one latent state; the reward is that of the step which led to it."""

    def __init__(self, features: int, moves: int, latent: int = LATENT) -> None:
        super().__init__()
        self.perceive = nn.Sequential(mlp(features, HIDDEN, latent), nn.Tanh())
        self.predict = nn.Sequential(mlp(latent + moves, HIDDEN, latent), nn.Tanh())
        self.reward = mlp(latent, 16, 1)
        self.value = mlp(latent, HIDDEN, 1)
        self.policy = mlp(latent, HIDDEN, moves)

    def forward(self, observation: Tensor) -> Tensor:
        """The policy's scores (B, moves): what the net does without a search."""
        return self.policy(self.perceive(observation))


class Dynamics(nn.Module):
    """The prediction as a program of two inputs: latent state and one-hot action."""

    def __init__(self, predict: nn.Module) -> None:
        super().__init__()
        self.predict = predict

    def forward(self, latent: Tensor, action: Tensor) -> Tensor:
        """Latent states (B, k) and one-hot actions to the next latent states (B, k)."""
        return self.predict(torch.cat([latent, action], dim=1))


def programs(state: Mapping[str, Tensor]) -> dict[str, tuple[nn.Module, tuple[Tensor, ...]]]:
    """The five programs with their saved weights, each with example inputs."""
    features = state["perceive.0.0.weight"].shape[1]
    size, moves = state["value.0.weight"].shape[1], len(state["policy.2.bias"])
    model = Model(features, moves, size)
    model.load_state_dict(dict(state))
    latent, action = torch.zeros(1, size), torch.zeros(1, moves)
    return {
        "perceive": (model.perceive.eval(), (torch.zeros(1, features),)),
        "predict": (Dynamics(model.predict).eval(), (latent, action)),
        "reward": (model.reward.eval(), (latent,)),
        "value": (model.value.eval(), (latent,)),
        "policy": (model.policy.eval(), (latent,)),
    }
