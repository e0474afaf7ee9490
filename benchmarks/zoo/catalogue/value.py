"""Nets that value without planning: a Q-net, an actor-critic, models whose search is outside."""

from __future__ import annotations

import torch
from torch import nn

from benchmarks.zoo.entry import Entry, roles
from benchmarks.zoo.learn.actor_critic import train_actor_critic
from benchmarks.zoo.learn.unroll import train_model
from benchmarks.zoo.learn.value import train_q
from benchmarks.zoo.net.flat import ActorCritic, mlp
from benchmarks.zoo.world import field

MODEL = roles(world_model="functional", evaluator="functional", search="absent")
BECAUSE = {"search": "it is outside the net, which only has the parts that a search would use"}


def _dqn() -> nn.Module:
    torch.manual_seed(21)
    world = field.make()
    return train_q(mlp(4, 48, 48, 4), world, world.every(), steps=4000)


def _ppo() -> nn.Module:
    torch.manual_seed(22)
    return train_actor_critic(ActorCritic(4, 4), field.make(), 22, rounds=150)


ENTRIES = (
    Entry(
        name="dqn",
        about="A Q-net of the open field, by Q-learning on all its states.",
        world="field",
        build=_dqn,
        roles=roles(world_model="absent", evaluator="functional", search="absent"),
        skill=0.95,
    ),
    Entry(
        name="ppo",
        about="An actor-critic with two towers, by proximal policy optimisation.",
        world="field",
        build=_ppo,
        roles=roles(world_model="absent", evaluator=None, search="absent"),
        because={"evaluator": "the critic values states, but what is done does not depend on it"},
        units={"policy": ("actor",)},
        skill=0.9,
    ),
    Entry(
        name="muzero",
        about="A value-equivalent model of the open field: rewards, values and policies, unrolled.",
        world="field",
        build=lambda: train_model(23, steps=2500),
        roles=MODEL,
        because=BECAUSE,
        units={"world_model": ("predict",), "evaluator": ("value",), "policy": ("policy",)},
        skill=0.95,
        parts=True,
    ),
    Entry(
        name="muzero-consistent",
        about="As muzero, and the predicted latent state has to be the one that is perceived next.",
        world="field",
        build=lambda: train_model(24, steps=2500, consistency=2.0),
        roles=MODEL,
        because=BECAUSE,
        units={"world_model": ("predict",), "evaluator": ("value",), "policy": ("policy",)},
        skill=0.95,
        parts=True,
    ),
)
