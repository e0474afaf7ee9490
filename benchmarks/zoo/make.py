"""Make the nets of the zoo anew and write them with their cards to `benchmarks/zoo/agents`.

    python -m benchmarks.zoo.make [NAME]...

A net that does not reach the skill that its entry asks for is not written, and the exit code is 1.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import click
import torch
from safetensors.torch import save_file
from torch import nn

from benchmarks.zoo.catalogue import CATALOGUE
from benchmarks.zoo.catalogue.held_out import FOLDER, HELD_OUT
from benchmarks.zoo.entry import Entry
from benchmarks.zoo.export import save_pt2
from benchmarks.zoo.learn.recall import play
from benchmarks.zoo.net.recurrent import Recurrent
from benchmarks.zoo.world import open_world
from benchmarks.zoo.world.base import World, skill

AGENTS = Path(__file__).parent / "agents"
ARCHITECTURE = "benchmarks/zoo/net/muzero.py:programs"
STATES = 2000


def measure(net: nn.Module, world: World, seed: int = 99) -> float:
    """The share of random states, or of all along episodes for a net that hands a state on, in
    which the net's best-scored action is optimal.
    """
    if isinstance(net, Recurrent):
        with torch.no_grad():
            return float(play(net, world, torch.Generator().manual_seed(seed), count=STATES)[1])
    states = world.sample(STATES, torch.Generator().manual_seed(seed))
    with torch.no_grad():
        given = net(world.observe(states))
    return skill(given[0] if isinstance(given, tuple) else given, world.best(states))


def write(entry: Entry, net: nn.Module, world: World, seconds: float, folder: Path) -> None:
    """Write the net and its card."""
    path = folder / f"{entry.name}.{'safetensors' if entry.parts else 'pt2'}"
    if entry.parts:
        save_file(dict(net.state_dict()), path)
    else:
        inputs = int(world.observation_space.shape[0])  # pyright: ignore
        save_pt2(net, inputs, path, carries=entry.carries)
    figures = {
        "file": path.name,
        "architecture": ARCHITECTURE if entry.parts else "",
        "parameters": sum(p.numel() for p in net.parameters()),
        "skill": round(measure(net, world), 4),
        "cpu_seconds": round(seconds),
        "torch": torch.__version__,
    }
    text = json.dumps(entry.card(figures), indent=2) + "\n"
    (folder / f"{entry.name}.card.json").write_text(text)


@click.command()
@click.argument("names", nargs=-1, type=click.Choice([*CATALOGUE, *HELD_OUT]))
@click.option(
    "--out",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where the nets and their cards go.  [default: benchmarks/zoo/agents, or held_out]",
)
def main(names: tuple[str, ...], folder: Path | None) -> None:
    """Make the nets NAMES, or all but the held-out ones."""
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    failed = False
    for name in names or tuple(CATALOGUE):
        entry = CATALOGUE.get(name) or HELD_OUT[name]
        place = folder or (FOLDER if name in HELD_OUT else AGENTS)
        place.mkdir(parents=True, exist_ok=True)
        began = time.process_time()
        net, world = entry.build(), open_world(entry.world)
        seconds = time.process_time() - began
        reached = measure(net, world)
        print(f"{name}: skill {reached:.4f}, {seconds:.0f} s", file=sys.stderr)
        if entry.skill is not None and reached < entry.skill:
            failed = True
            print(f"{name}: it needs a skill of {entry.skill}; not written", file=sys.stderr)
        else:
            write(entry, net, world, seconds, place)
    sys.exit(failed)


if __name__ == "__main__":
    main()
