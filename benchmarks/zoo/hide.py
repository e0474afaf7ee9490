"""Hiding what a net does from whoever looks at its weights, without changing what it computes.

Every function changes modules in place. Exact up to rounding: a basis and its inverse, permuted and
rescaled units, units whose effects cancel.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Generator, Tensor, nn

SPREAD = 3.0
"""The largest factor by which a unit is rescaled, and the largest singular value of a basis."""


def basis(size: int, generator: Generator) -> Tensor:
    """A random invertible matrix with singular values between 1 / SPREAD and SPREAD."""
    left, right = (
        torch.linalg.qr(torch.randn(size, size, generator=generator, dtype=torch.float64))[0]
        for _ in range(2)
    )
    return (
        left
        @ torch.diag(SPREAD ** (2 * torch.rand(size, generator=generator).double() - 1))
        @ right
    )


def shuffle_units(before: nn.Linear, after: nn.Linear, generator: Generator) -> None:
    """Permute the ReLU units between two layers, and rescale each by a positive factor."""
    order = torch.randperm(before.out_features, generator=generator)
    factor = SPREAD ** (2 * torch.rand(before.out_features, generator=generator) - 1)
    with torch.no_grad():
        before.weight.copy_(before.weight[order] * factor[:, None])
        if before.bias is not None:
            before.bias.copy_(before.bias[order] * factor)
        after.weight.copy_(after.weight[:, order] / factor)


def distract(
    before: nn.Linear, after: nn.Linear, pairs: int, generator: Generator
) -> tuple[nn.Linear, nn.Linear]:
    """Layers with `2 * pairs` more units between them, which fire but cancel each other."""
    inputs, outputs = before.in_features, after.out_features
    inward = torch.randn(pairs, inputs, generator=generator) / inputs**0.5
    shift = torch.randn(pairs, generator=generator)
    outward = torch.randn(outputs, pairs, generator=generator) / outputs**0.5
    wide = nn.Linear(inputs, before.out_features + 2 * pairs)
    deep = nn.Linear(before.out_features + 2 * pairs, outputs)
    with torch.no_grad():
        wide.weight.copy_(torch.cat([before.weight, inward, inward]))
        wide.bias.copy_(torch.cat([before.bias, shift, shift]))
        deep.weight.copy_(torch.cat([after.weight, outward, -outward], dim=1))
        deep.bias.copy_(after.bias)
    return wide, deep


def rotate(
    writers: Sequence[tuple[nn.Linear, slice]],
    readers: Sequence[tuple[nn.Linear, slice]],
    matrix: Tensor,
) -> None:
    """Express a linear latent state in another basis: z becomes matrix @ z.

    Args:
        writers: layers whose outputs are the state, with the rows that it takes.
        readers: layers that read it, with the columns that it takes.
        matrix: invertible, float64.
    """
    inverse = torch.linalg.inv(matrix)
    with torch.no_grad():
        for layer, rows in writers:
            layer.weight[rows] = (matrix @ layer.weight[rows].double()).float()
            if layer.bias is not None:
                layer.bias[rows] = (matrix @ layer.bias[rows].double()).float()
        for layer, columns in readers:
            layer.weight[:, columns] = (layer.weight[:, columns].double() @ inverse).float()


def tune(
    net: nn.Module,
    observations: Tensor,
    generator: Generator,
    *,
    noise: float = 0.02,
    steps: int = 400,
    judge: Callable[[Tensor, Tensor], Tensor] = nn.functional.mse_loss,
) -> None:
    """Fine-tune: shake every weight by a share of its layer's size, then relearn the old scores."""
    with torch.no_grad():
        wanted = net(observations)
        for parameter in net.parameters():
            size = parameter.abs().mean()
            parameter += noise * size * torch.randn(parameter.shape, generator=generator)
    optimiser = torch.optim.Adam(net.parameters(), lr=1e-3)
    for _ in range(steps):
        loss = judge(net(observations), wanted)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
