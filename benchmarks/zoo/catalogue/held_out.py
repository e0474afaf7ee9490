"""Nets that no cut-off was set with: other worlds, sizes, numbers of actions, forms and seeds.

Their labels were written down before any of them was searched. They are kept beside the zoo, and
`python -m benchmarks.role --held-out` searches them.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import torch
from torch import Generator, Tensor, nn

from benchmarks.zoo.catalogue.negative import SILENT, neighbour, shaken, teacher
from benchmarks.zoo.catalogue.planner import ALL, OPEN, hidden_minimax
from benchmarks.zoo.catalogue.recall import REMEMBERS, historian
from benchmarks.zoo.catalogue.value import BECAUSE, MODEL
from benchmarks.zoo.entry import NOTHING, Entry, Label, roles
from benchmarks.zoo.hide import distract, shuffle_units
from benchmarks.zoo.learn.actor_critic import train_actor_critic
from benchmarks.zoo.learn.imitate import clone
from benchmarks.zoo.learn.outcome import train_lookahead
from benchmarks.zoo.learn.plan import train_planner, train_thinker
from benchmarks.zoo.learn.unroll import train_model
from benchmarks.zoo.learn.value import train_q
from benchmarks.zoo.net.flat import ActorCritic, Table, mlp
from benchmarks.zoo.net.form import Iterated, Scorer
from benchmarks.zoo.net.lookahead import Batched, Deep, Lookahead
from benchmarks.zoo.net.minimax import Minimax, Spread, compile_minimax
from benchmarks.zoo.net.thinker import Thinker
from benchmarks.zoo.net.vin import Planner
from benchmarks.zoo.world.base import World
from benchmarks.zoo.world.corridor import long
from benchmarks.zoo.world.cue import lasting_longer, longer
from benchmarks.zoo.world.field import Field, kings, ring
from benchmarks.zoo.world.maze import large
from benchmarks.zoo.world.nim import short
from extract.reader import read
from extract.run import as_function

FOLDER = Path(__file__).parent.parent / "held_out"
KINGS, RING, LARGE, SHORT, LONG = (
    "field:kings", "field:ring", "maze:large", "nim:short", "corridor:long",
)  # fmt: skip
PARTS = {"world_model": ("predict",), "evaluator": ("value",)}


def _lookahead(kind: type[Lookahead], world: Field) -> Lookahead:
    """Untrained, with a perception that turns the observation."""
    size, moves = world.observe(world.every()[:1]).shape[1], len(world.moves)
    perceive = nn.Linear(size, size, bias=False)
    nn.init.orthogonal_(perceive.weight)
    return kind(perceive, mlp(size + moves, 64, size), mlp(size, 48, 1), moves)


def _trained(kind: type[Lookahead], world: Field, seed: int) -> Lookahead:
    """Parts trained by what comes of each move, then units shuffled among distractors."""
    torch.manual_seed(seed)
    net = train_lookahead(_lookahead(kind, world), world, seed, steps=1500)
    generator = Generator().manual_seed(seed)
    for part in (net.predict, net.value):
        before, after = part[0], part[2]
        if isinstance(before, nn.Linear) and isinstance(after, nn.Linear):
            part[0], part[2] = before, after = distract(before, after, 6, generator)
            shuffle_units(before, after, generator)
    return net.eval()


def _cloned(seed: int, world: World, build: Callable[[], nn.Module], steps: int) -> nn.Module:
    torch.manual_seed(seed)
    return clone(build(), teacher(world), world, seed, steps=steps)


def _distilled() -> nn.Module:
    torch.manual_seed(134)
    world, master = large(), as_function(read(FOLDER / "vin-large.pt2"))

    def scores(states: Tensor) -> Tensor:
        return master(world.observe(states))

    return clone(mlp(108, 96, 96, 4), scores, world, 134, steps=4000, soft=True)


def _dqn() -> nn.Module:
    torch.manual_seed(121)
    world = kings()
    return train_q(mlp(4, 64, 64, 8), world, world.every(), steps=2500)


def _runner() -> nn.Module:
    torch.manual_seed(155)
    world = long()
    return train_q(mlp(26, 32, 2), world, world.every(), steps=4000)


def _ppo() -> nn.Module:
    torch.manual_seed(122)
    return train_actor_critic(ActorCritic(8, 5), ring(), 122, rounds=150)


def _table() -> nn.Module:
    world = long()
    entries = torch.zeros(world.length, world.length, 2)
    states = world.every()
    entries[states[:, 0], states[:, 1]] = world.best(states).float()
    return Table(entries).eval()


def _entry(
    name: str, about: str, world: str, build: Callable[[], nn.Module], skill: float | None,
    labels: dict[str, Label], *, parts: bool = False, because: dict[str, str] | None = None,
) -> Entry:  # fmt: skip
    units = PARTS if labels == ALL and "lookahead" in name else {}
    return Entry(
        name, about, world, build, labels, because or {}, units, skill, parts, tags=("held-out",)
    )


def _random(name: str, world: str, build: Callable[[], nn.Module], seed: int) -> Entry:
    about = f"The architecture of {name}, never trained."
    return _entry(f"random-{name}", about, world, lambda: shaken(build(), seed), None, dict(SILENT))


def _minimax(kind: type[Minimax], seed: int) -> nn.Module:
    return hidden_minimax(compile_minimax(short(), kind), seed)


VALUES = roles(world_model="absent", evaluator="functional", search="absent")

ENTRIES = (
    _entry("lookahead-kings", "One ply over eight moves, branch by branch; its parts trained.",
           KINGS, lambda: _trained(Lookahead, kings(), 101), 0.95, ALL),
    _entry("lookahead-ring", "One ply over five moves along an axis; its parts trained.",
           RING, lambda: _trained(Batched, ring(), 102), 0.95, ALL),
    _entry("lookahead-deep", "Two plies of its own moves, the best of the second; parts trained.",
           RING, lambda: _trained(Deep, ring(), 103), 0.9, ALL),
    _entry("minimax-short", "Two plies of a shorter game in random bases, along axes.",
           SHORT, lambda: _minimax(Minimax, 104), 0.999, ALL),
    _entry("minimax-spread", "The same with a tensor of its own for every take and answer.",
           SHORT, lambda: _minimax(Spread, 105), 0.999, ALL),
    _entry("vin-large", "A value iteration network over mazes of 6 x 6 cells.",
           LARGE, lambda: train_planner(107, size=6, rounds=16, steps=1200), 0.9, ALL),
    _entry("thinker-large", "A narrower recurrent planner over mazes of 6 x 6 cells.",
           LARGE, lambda: train_thinker(108, size=6, rounds=16, channels=12), 0.9, OPEN),
    _entry("muzero-ring", "A value-equivalent model of the field without edges.",
           RING, lambda: train_model(123, steps=2500, world=ring(), latent=10), 0.9, MODEL,
           parts=True, because=BECAUSE),
    _entry("dqn-kings", "A Q-net of eight moves.", KINGS, _dqn, 0.9, VALUES),
    _entry("coin-long", "A Q-net of a longer corridor.", LONG, _runner, 0.999, VALUES),
    _entry("ppo-ring", "An actor-critic of the field without edges.", RING, _ppo, 0.85,
           roles(world_model="absent", evaluator=None, search="absent"),
           because={"evaluator": "the critic values states, but nothing that chooses reads it"}),
    _entry("cloned-kings", "A perceptron that imitates eight moves.", KINGS,
           lambda: _cloned(131, kings(), lambda: mlp(4, 48, 48, 8), 2500), 0.9, NOTHING),
    _entry("cloned-loop", "One block ten times over, that imitates moves.", RING,
           lambda: _cloned(132, ring(), lambda: Iterated(8, 5, 32, 10), 2500), 0.9, NOTHING,
           because={"search": "the moves of a field need none; the loop refines one guess"}),
    _entry("cloned-scorer", "A score of state and action, imitated: a lookahead in form only.",
           RING, lambda: _cloned(133, ring(), lambda: Scorer(8, 5, 24), 2500), 0.9, NOTHING),
    _entry("cloned-short", "A perceptron that imitates the takes of the shorter game.", SHORT,
           lambda: _cloned(135, short(), lambda: mlp(12, 20, 2), 800), 0.9, NOTHING),
    _entry("distilled-large", "The vin-large's softmax, learned by a flat perceptron.", LARGE,
           _distilled, 0.5, NOTHING),
    _entry("neighbour-kings", "Does as in the nearest of 400 examples.", KINGS,
           lambda: neighbour(kings(), 400, 136), 0.6, NOTHING),
    _entry("table-long", "A memorised table of a longer corridor.", LONG, _table, 0.999, NOTHING),
    _entry("chronicler", "A long short-term memory over ten moments, one of which shows the sign.",
           "cue:longer", lambda: historian(nn.LSTM, longer(), 161, 800), 0.99, REMEMBERS),
    _entry("bystander", "The same unit where every moment shows the sign.", "cue:lasting_longer",
           lambda: historian(nn.LSTM, lasting_longer(), 162, 800), 0.99, NOTHING,
           because={"memory": "a history is read, but its newest moment says all"}),
    _random("lookahead-ring", RING, lambda: _lookahead(Batched, ring()), 141),
    _random("lookahead-deep", RING, lambda: _lookahead(Deep, ring()), 142),
    _random("minimax-short", SHORT, lambda: Minimax(12, 2), 143),
    _random("scorer", RING, lambda: Scorer(8, 5, 24), 144),
    _random("vin-large", LARGE, lambda: Planner(16), 145),
    _random("thinker-large", LARGE, lambda: Thinker(16, 12), 146),
    _random("loop", RING, lambda: Iterated(8, 5, 32, 10), 147),
)  # fmt: skip

HELD_OUT = {entry.name: entry for entry in ENTRIES}
