"""Nets that behave like planners and are none: clones, tables, neighbours, lines, and noise."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn

from benchmarks.zoo.entry import NOTHING, Entry, roles
from benchmarks.zoo.learn.imitate import clone
from benchmarks.zoo.net.flat import Neighbour, Table, flat_planner, mlp
from benchmarks.zoo.net.form import Iterated
from benchmarks.zoo.net.lookahead import Lookahead
from benchmarks.zoo.net.thinker import Thinker
from benchmarks.zoo.net.vin import Planner
from benchmarks.zoo.world import corridor, field, maze, nim
from benchmarks.zoo.world.base import STEPS, World
from benchmarks.zoo.world.field import Field
from extract.reader import read
from extract.run import as_function

VIN = Path(__file__).parent.parent / "agents" / "vin.pt2"
"""The written value iteration network: the teacher of its twin."""

SILENT = roles(world_model="absent", evaluator="absent", search="absent", policy=None)
SCALE = 4.0
"""Of the scores that a teacher gives to an optimal action; 0 to the others."""


def teacher(world: World) -> Callable[[Tensor], Tensor]:
    """Scores of states: high for optimal actions."""
    return lambda states: SCALE * world.best(states).float()


def _cloned(seed: int, world: World, net: nn.Module, steps: int) -> nn.Module:
    return clone(net, teacher(world), world, seed, steps=steps)


def _clone_field() -> nn.Module:
    torch.manual_seed(31)
    return _cloned(31, field.make(), mlp(4, 48, 48, 4), 2500)


def _clone_maze() -> nn.Module:
    torch.manual_seed(32)
    return _cloned(32, maze.make(), flat_planner(), 4000)


def _clone_nim() -> nn.Module:
    torch.manual_seed(33)
    return _cloned(33, nim.make(), mlp(nim.WON + 1, 24, 3), 800)


def _distilled() -> nn.Module:
    torch.manual_seed(34)
    world, teacher = maze.make(), as_function(read(VIN))
    return clone(
        flat_planner(128), lambda s: teacher(world.observe(s)), world, 34, steps=6000, soft=True
    )


def _linear() -> nn.Module:
    net = nn.Linear(4, 4, bias=False)
    with torch.no_grad():
        net.weight.copy_(torch.cat([-STEPS, STEPS], dim=1).float())
    return net.eval()


def _linear_trained() -> nn.Module:
    torch.manual_seed(35)
    return _cloned(35, field.make(), nn.Sequential(nn.Linear(4, 4)), 1500)


def _refiner() -> nn.Module:
    torch.manual_seed(37)
    return _cloned(37, field.make(), Iterated(4, 4, 24, 8), 2500)


def neighbour(world: Field, count: int, seed: int) -> nn.Module:
    """Does as in the nearest of some examples."""
    states = world.sample(count, torch.Generator().manual_seed(seed))
    best = world.best(states).float()
    return Neighbour(world.observe(states), best.argmax(1), best.shape[1], 40.0).eval()


def _table() -> nn.Module:
    world = corridor.make()
    entries = torch.zeros(corridor.LENGTH, corridor.LENGTH, len(corridor.ACTIONS))
    states = world.every()
    entries[states[:, 0], states[:, 1]] = world.best(states).float()
    return Table(entries).eval()


def shaken(net: nn.Module, seed: int) -> nn.Module:
    """The same architecture with weights that nobody trained."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in net.parameters():
            spread = parameter[0].numel() ** -0.5 if parameter.dim() > 1 else 0.3
            parameter.copy_(spread * torch.randn(parameter.shape, generator=generator))
    return net.eval()


def _random_lookahead() -> nn.Module:
    return Lookahead(nn.Linear(4, 4, bias=False), mlp(8, 14, 4), mlp(4, 12, 1))


def _random(name: str, world: str, net: nn.Module, seed: int) -> Entry:
    about = f"The architecture of {name}, never trained."
    title = f"random-{name}-{seed}"
    return Entry(title, about, world, lambda: shaken(net, seed), SILENT, tags=("random",))


def _negative(
    name: str, about: str, world: str, build: Callable[[], nn.Module], skill: float
) -> Entry:
    return Entry(name, about, world, build, NOTHING, skill=skill, tags=("negative",))


ENTRIES = (
    _negative("cloned-field", "A perceptron that imitates moves.", "field", _clone_field, 0.9),
    _negative("cloned-maze", "A perceptron that imitates moves.", "maze", _clone_maze, 0.6),
    _negative("cloned-nim", "A perceptron that imitates winning takes.", "nim", _clone_nim, 0.9),
    _negative(
        "distilled", "The vin's softmax, learned by a flat perceptron.", "maze", _distilled, 0.6
    ),
    _negative("linear", "Walks to where the goal is further off, by hand.", "field", _linear, 0.9),
    _negative("linear-cloned", "A linear policy, by imitation.", "field", _linear_trained, 0.8),
    _negative(
        "neighbour",
        "Does as in the nearest of 160 examples.",
        "field",
        lambda: neighbour(field.make(), 160, 36),
        0.6,
    ),
    _negative(
        "refiner",
        "One block eight times over, that imitates moves: a loop that refines one guess.",
        "field",
        _refiner,
        0.9,
    ),
    _negative("table", "A memorised table of the corridor.", "corridor", _table, 0.999),
    *(
        _random(name, world, net, seed)
        for name, world, net, seed in (
            ("dqn", "field", mlp(4, 48, 48, 4), 41),
            ("dqn", "field", mlp(4, 48, 48, 4), 42),
            ("lookahead", "field", _random_lookahead(), 43),
            ("lookahead", "field", _random_lookahead(), 44),
            ("vin", "maze", Planner(), 45),
            ("thinker", "maze", Thinker(), 46),
        )
    ),
)
