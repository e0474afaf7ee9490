"""Nets that have to remember a sign, and their twins that have no need to.

Two hand a state on, and two read a history.
"""

from __future__ import annotations

import torch
from torch import nn

from benchmarks.zoo.catalogue.negative import teacher
from benchmarks.zoo.entry import Entry, roles
from benchmarks.zoo.learn.imitate import clone
from benchmarks.zoo.learn.recall import train_recurrent
from benchmarks.zoo.net.recurrent import Historian, Recurrent
from benchmarks.zoo.world import cue
from benchmarks.zoo.world.base import World

HIDDEN = 16
REMEMBERS = roles(world_model="absent", evaluator="absent", search="absent", memory="functional")


def _trained(world: World, seed: int) -> nn.Module:
    torch.manual_seed(seed)
    net = Recurrent(cue.LENGTH + 2, len(cue.ACTIONS), HIDDEN)
    return train_recurrent(net, world, seed, steps=300)


def historian(unit: type[nn.GRU | nn.LSTM], world: World, seed: int, steps: int) -> nn.Module:
    """A unit over the moments of a history, by imitation."""
    torch.manual_seed(seed)
    net = Historian(unit, cue.LENGTH + 2, len(cue.ACTIONS), HIDDEN)
    return clone(net, teacher(world), world, seed, steps=steps)


ENTRIES = (
    Entry(
        name="rememberer",
        about="A gated recurrent unit that is shown at the start where to turn at the end.",
        world="cue",
        build=lambda: _trained(cue.make(), 61),
        roles=REMEMBERS,
        units={"memory": ("cell",), "policy": ("head",)},
        skill=0.99,
        carries=HIDDEN,
    ),
    Entry(
        name="forgetful",
        about="The same unit where the sign is seen all the way.",
        world="cue:lasting",
        build=lambda: _trained(cue.lasting(), 62),
        roles={**REMEMBERS, "memory": "absent"},
        because={"memory": "a state is handed on, but what it holds is of no use"},
        skill=0.99,
        carries=HIDDEN,
        tags=("negative",),
    ),
    Entry(
        name="historian",
        about="A gated recurrent unit over eight moments, the first of which may show the sign.",
        world="cue:history",
        build=lambda: historian(nn.GRU, cue.history(), 63, 1500),
        roles=REMEMBERS,
        units={"memory": ("unit",), "policy": ("head",)},
        skill=0.99,
    ),
    Entry(
        name="onlooker",
        about="The same unit where every moment shows the sign.",
        world="cue:lasting_history",
        build=lambda: historian(nn.GRU, cue.lasting_history(), 64, 1500),
        roles={**REMEMBERS, "memory": "absent"},
        because={"memory": "a history is read, but its newest moment says all"},
        skill=0.99,
        tags=("negative",),
    ),
)
