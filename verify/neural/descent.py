"""Gradient descent with steps of one size for every entry (Adam: Kingma and Ba, 2015).

`torch.optim` is not used because its first step imports a second and a half's worth of modules,
which is more than most problems take.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

MEAN_DECAY, SQUARE_DECAY = 0.7, 0.9
RATE_DECAY = 0.95


class Descent:
    """Changes parameters in place.

    Args:
        parameters: what is to be changed.
        rates: length of the first step, for each of them.
    """

    def __init__(self, parameters: Sequence[Tensor], rates: Sequence[float]) -> None:
        self._parameters = parameters
        self._rates = rates
        self._mean = [torch.zeros_like(p) for p in parameters]
        self._square = [torch.zeros_like(p) for p in parameters]
        self._steps = 0

    def step(self, gradients: Sequence[Tensor]) -> None:
        """One step down."""
        self._steps += 1
        mean_share = 1 - MEAN_DECAY**self._steps
        square_share = 1 - SQUARE_DECAY**self._steps
        rate_share = RATE_DECAY ** (self._steps - 1)
        rows = zip(self._parameters, self._rates, self._mean, self._square, gradients, strict=True)
        for parameter, rate, mean, square, gradient in rows:
            mean.lerp_(gradient, 1 - MEAN_DECAY)
            square.lerp_(gradient.square(), 1 - SQUARE_DECAY)
            size = (square / square_share).sqrt_().add_(1e-8)
            parameter.data.addcdiv_(mean, size, value=-rate * rate_share / mean_share)
