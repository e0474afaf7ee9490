"""Architectures of the third-party nets that come as bare weights, for WEIGHTS:FILE.py:callable."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional

ITERATIONS = 11
SUPPORT = 10  # value and reward lie in -10..10, after MuZero's transform


class ValueIterationNetwork(nn.Module):
    """A Value Iteration Network on 8×8 mazes with 8 moves.

    Inputs: observation (1, 2, 8, 8), obstacles and the goal; row and column (1,) of the agent.
    """

    def __init__(self, state: Mapping[str, Tensor]) -> None:
        super().__init__()
        self.weights = nn.ParameterDict(
            {k.replace(".", "_"): nn.Parameter(v) for k, v in state.items()}
        )
        self.example_inputs = {
            "observation": torch.zeros(1, 2, 8, 8),
            "row": torch.zeros(1),
            "column": torch.zeros(1),
        }

    def forward(self, observation: Tensor, row: Tensor, column: Tensor) -> Tensor:
        """The scores (1, 8) of the moves."""
        w = self.weights
        hidden = functional.conv2d(observation, w["h_weight"], w["h_bias"], padding=1)
        reward = functional.conv2d(hidden, w["r_weight"], padding=1)
        q = functional.conv2d(reward, w["q_w_from_i2q"], padding=1)
        both = torch.cat([w["q_w_from_i2q"], w["q_w_from_v2q"]], dim=1)
        for _ in range(ITERATIONS):
            value = q.amax(dim=1, keepdim=True)
            q = functional.conv2d(torch.cat([reward, value], dim=1), both, padding=1)
        places = torch.arange(8.0)
        here_row = torch.relu(1 - (row[:, None] - places).abs())
        here_column = torch.relu(1 - (column[:, None] - places).abs())
        here = here_row[:, None, :, None] * here_column[:, None, None, :]
        return functional.linear((q * here).sum(dim=(2, 3)), w["fc_weight"])


def vin(state: Mapping[str, Tensor]) -> nn.Module:
    """The Value Iteration Network with these weights."""
    return ValueIterationNetwork(state)


class _Perceive(nn.Module):
    """Observation (B, 4) to a latent state (B, 8), scaled to 0..1."""

    def __init__(self, state: Mapping[str, Tensor]) -> None:
        super().__init__()
        self.layer = _linear(state, "representation_network.module.0")

    def forward(self, observation: Tensor) -> Tensor:
        return _scaled(self.layer(observation))


class _Predict(nn.Module):
    """Latent state (B, 8) and one-hot action (B, 2) to the next latent state."""

    def __init__(self, state: Mapping[str, Tensor]) -> None:
        super().__init__()
        self.layers = _layers(state, "dynamics_encoded_state_network")

    def forward(self, latent: Tensor, action: Tensor) -> Tensor:
        return _scaled(self.layers(torch.cat([latent, action], dim=1)))


class _Scalar(nn.Module):
    """Latent state (B, 8) to a number (B, 1), through a distribution over 21 bins."""

    def __init__(self, state: Mapping[str, Tensor], name: str) -> None:
        super().__init__()
        self.layers = _layers(state, name)

    def forward(self, latent: Tensor) -> Tensor:
        bins = torch.arange(-SUPPORT, SUPPORT + 1.0)
        scaled = (torch.softmax(self.layers(latent), dim=1) * bins).sum(dim=1, keepdim=True)
        # The inverse of h(x) = sign(x) (sqrt(|x| + 1) - 1) + 0.001 x without its last term: within
        # 3 per cent, and without a square root, which is no operator of the graph.
        return scaled * (scaled.abs() + 2)


def muzero(state: Mapping[str, Tensor]) -> dict[str, tuple[nn.Module, tuple[Tensor, ...]]]:
    """The programs of the MuZero agent; its search lies outside them."""
    observation, latent, action = torch.zeros(1, 4), torch.zeros(1, 8), torch.zeros(1, 2)
    return {
        "perceive": (_Perceive(state), (observation,)),
        "predict": (_Predict(state), (latent, action)),
        "policy": (_layers(state, "prediction_policy_network"), (latent,)),
        "value": (_Scalar(state, "prediction_value_network"), (latent,)),
        "reward": (_Scalar(state, "dynamics_reward_network"), (latent,)),
    }


def _linear(state: Mapping[str, Tensor], name: str) -> nn.Linear:
    weight, bias = state[f"{name}.weight"], state[f"{name}.bias"]
    layer = nn.Linear(weight.shape[1], weight.shape[0])
    layer.load_state_dict({"weight": weight, "bias": bias})
    return layer


def _layers(state: Mapping[str, Tensor], name: str) -> nn.Sequential:
    first, last = (_linear(state, f"{name}.module.{at}") for at in (0, 2))
    return nn.Sequential(first, nn.ELU(), last)


def _scaled(latent: Tensor) -> Tensor:
    """Each state between its least and its largest entry; nearly constant states are kept."""
    least, most = latent.amin(dim=1, keepdim=True), latent.amax(dim=1, keepdim=True)
    spread = most - least
    # muzero-general adds 1e-5 where the spread is below it; such states do not occur here.
    return (latent - least) / spread
