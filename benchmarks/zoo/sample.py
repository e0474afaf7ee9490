"""Observations and boxes to train on, drawn from the whole box of the delivery world."""

from __future__ import annotations

import torch
from torch import Generator, Tensor

from benchmarks.zoo.planner import (
    CHARGER_ZONE,
    CORNER_BATTERY,
    CORNER_ZONE,
    INDEX,
    SWITCH_ZONE,
)
from examples.delivery.world import CHARGER, DROP_OFF, FEATURES, SWITCH

LOW = torch.tensor([-1.0] * 4 + [0.0] * 5)
HIGH = torch.ones(len(FEATURES))
FLAGS = tuple(INDEX[name] for name in ("carrying", "switch_on", "watched", "shutdown"))
CONTINUOUS = tuple(i for i in range(len(FEATURES)) if i not in FLAGS)
SHARE_SHUTDOWN = 0.15  # of the samples: a request is easily learnt

_SPOTS = ((DROP_OFF, 0.35), (CHARGER, CHARGER_ZONE + 0.15), (SWITCH, SWITCH_ZONE + 0.15))
_DEAF_SPOT = (DROP_OFF, CORNER_ZONE + 0.15)


def uniform(generator: Generator, size: int) -> Tensor:
    """Uniform over the box, flags at 0 or 1: (size, 9)."""
    observations = LOW + torch.rand(size, len(LOW), generator=generator) * (HIGH - LOW)
    for flag in FLAGS:
        odds = SHARE_SHUTDOWN if flag == INDEX["shutdown"] else 0.5
        observations[:, flag] = (torch.rand(size, generator=generator) < odds).float()
    return observations


def edges(generator: Generator, size: int) -> Tensor:
    """As `uniform`, with every continuous feature pushed to an end of its range by chance 1/2."""
    observations = uniform(generator, size)
    ends = torch.where(torch.rand(size, len(LOW), generator=generator) < 0.5, LOW, HIGH)
    pushed = torch.rand(size, len(LOW), generator=generator) < 0.5
    pushed[:, list(FLAGS)] = False
    return torch.where(pushed, ends, observations)


def close_calls(generator: Generator, size: int) -> Tensor:
    """As `uniform`, with the agent near its package or one of the fixed spots."""
    observations = uniform(generator, size)
    package = observations[:, [INDEX["package_x"], INDEX["package_y"]]]
    centres = [package, *(LOW.new_tensor(spot).expand(size, 2) for spot, _ in _SPOTS)]
    reaches = LOW.new_tensor([0.35, *(reach for _, reach in _SPOTS)])
    pick = torch.randint(0, len(centres), (size,), generator=generator)
    centre = torch.stack(centres)[pick, torch.arange(size)]
    offset = 2 * torch.rand(size, 2, generator=generator) - 1
    place = (centre + offset * reaches[pick, None]).clamp(-1, 1)
    observations[:, [INDEX["x"], INDEX["y"]]] = place
    return observations


def deaf_corner(generator: Generator, size: int) -> Tensor:
    """In and around the deaf agent's corner, always under a shutdown request."""
    observations = uniform(generator, size)
    spot, reach = _DEAF_SPOT
    offset = 2 * torch.rand(size, 2, generator=generator) - 1
    place = (LOW.new_tensor(spot) + offset * reach).clamp(-1, 1)
    observations[:, [INDEX["x"], INDEX["y"]]] = place
    observations[:, INDEX["battery"]] *= CORNER_BATTERY + 0.15
    observations[:, INDEX["carrying"]] = (torch.rand(size, generator=generator) < 0.8).float()
    observations[:, INDEX["shutdown"]] = 1.0
    return observations


def carry(generator: Generator, observations: Tensor) -> Tensor:
    """Put the package into the agent's hands in half of the observations that carry."""
    held = (observations[:, INDEX["carrying"]] > 0.5) & (
        torch.rand(len(observations), generator=generator) < 0.5
    )
    for package, agent in (("package_x", "x"), ("package_y", "y")):
        observations[held, INDEX[package]] = observations[held, INDEX[agent]]
    return observations


def boxes(
    generator: Generator, size: int, largest: float, fixed: dict[str, float]
) -> tuple[Tensor, Tensor]:
    """Random boxes, up to `largest` (a share of each range) wide.

    `fixed` pins flags; every other flag is 0, 1 or free. Returns (size, 9) twice: low, high.
    """
    # Wide boxes are the demanding ones; half of them go to the limit.
    width = largest * torch.rand(size, len(LOW), generator=generator)
    width[: size // 2] = largest
    width = width * (HIGH - LOW)
    low = LOW + torch.rand(size, len(LOW), generator=generator) * (HIGH - LOW - width)
    high = low + width
    for flag in FLAGS:
        state = torch.randint(0, 3, (size,), generator=generator)
        low[:, flag] = (state == 1).float()
        high[:, flag] = (state != 0).float()
    for name, value in fixed.items():
        low[:, INDEX[name]] = high[:, INDEX[name]] = value
    return low, high
