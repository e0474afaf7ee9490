"""Nets that hand a state on: one that has to remember a sign, and its twin that has no need to."""

from __future__ import annotations

import torch
from torch import nn

from benchmarks.zoo.entry import Entry, roles
from benchmarks.zoo.learn.recall import train_recurrent
from benchmarks.zoo.net.recurrent import Recurrent
from benchmarks.zoo.world import cue
from benchmarks.zoo.world.base import World

HIDDEN = 16
REMEMBERS = roles(world_model="absent", evaluator="absent", search="absent", memory="functional")


def _trained(world: World, seed: int) -> nn.Module:
    torch.manual_seed(seed)
    net = Recurrent(cue.LENGTH + 2, len(cue.ACTIONS), HIDDEN)
    return train_recurrent(net, world, seed, steps=300)


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
)
