"""One animal of the zoo: how it is made, and what is known to be in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from torch import nn

Label = Literal["functional", "absent"] | None
"""What a role is known to be; None where that is not known, and nothing is scored."""

ROLES = ("world_model", "evaluator", "search", "policy", "memory")
WORLDS = "benchmarks/zoo/world"


@dataclass(frozen=True)
class Entry:
    """A recipe with its labels.

    Attributes:
        name: of the files.
        about: one or two sentences.
        world: name of the module of its environment in `benchmarks/zoo/world`; "module:function"
            where that is not made by `make`.
        build: makes the net anew, seeded; under two minutes on one core.
        roles: what each role is known to be.
        because: why each label that is not plain is what it is.
        units: role -> sub-modules that play it, where that is known by construction.
        skill: the least share of optimal actions that the net has to reach; None where it is not
            meant to reach any.
        parts: whether the net is five programs rather than one.
        carries: entries of the state that it hands on; 0 where it is a function of the present.
        tags: families, such as "planted".
    """

    name: str
    about: str
    world: str
    build: Callable[[], nn.Module]
    roles: Mapping[str, Label]
    because: Mapping[str, str] = field(default_factory=dict[str, str])
    units: Mapping[str, Sequence[str]] = field(default_factory=dict[str, Sequence[str]])
    skill: float | None = None
    parts: bool = False
    carries: int = 0
    tags: Sequence[str] = ()

    @property
    def env(self) -> str:
        """The environment, as `mesascope extract --env` takes it."""
        module, _, function = self.world.partition(":")
        return f"{WORLDS}/{module}.py:{function or 'make'}"

    def card(self, figures: Mapping[str, Any]) -> dict[str, Any]:
        """What is written beside the weights."""
        return {
            "name": self.name,
            "about": self.about,
            "env": self.env,
            "roles": {role: self.roles.get(role) for role in ROLES},
            "because": dict(self.because),
            "units": {role: list(modules) for role, modules in self.units.items()},
            "tags": list(self.tags),
            "command": f"python -m benchmarks.zoo.make {self.name}",
            **figures,
        }


def roles(
    *,
    world_model: Label,
    evaluator: Label,
    search: Label,
    policy: Label = "functional",
    memory: Label = "absent",
) -> dict[str, Label]:
    """The labels, all named."""
    return {
        "world_model": world_model,
        "evaluator": evaluator,
        "search": search,
        "policy": policy,
        "memory": memory,
    }


NOTHING = roles(world_model="absent", evaluator="absent", search="absent")
"""A policy and no more."""
