"""Train small DQNs on Gymnasium's slippery FrozenLake and write them where the example keeps them.

    python -m benchmarks.zoo.train_frozenlake trained early

Mnih et al., Human-level control through deep reinforcement learning, 2015, with the double
estimate of van Hasselt, Guez and Silver, 2016. Progress goes to stderr.
"""

from __future__ import annotations

import copy
import json
import platform
import random
import sys
import time
from collections import deque
from dataclasses import dataclass
from pathlib import Path

import click
import gymnasium
import torch
from torch import nn

from benchmarks.zoo.export import save_pt2

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "frozenlake"
ROLES = {
    "policy": "functional",
    "evaluator": "functional",
    "world_model": "absent",
    "search": "absent",
    "memory": "absent",
}


@dataclass(frozen=True)
class Recipe:
    """All that it takes to train an agent again."""

    about: str
    seed: int = 5
    steps: int = 30_000
    hidden: int = 32
    batch: int = 64
    replay: int = 10_000
    discount: float = 0.99
    rate: float = 1e-3
    refresh: int = 250  # steps between two copies of the target net
    learn_every: int = 4
    explore_until: float = 0.8  # share of the training after which exploration is at its least
    explore_least: float = 0.05


RECIPES = {
    "trained": Recipe("Crosses slippery ice to the goal, a hole never far away."),
    "early": Recipe("The same after a quarter of the training.", steps=7_500),
}


def build(states: int, actions: int, hidden: int) -> nn.Sequential:
    """One-hot state (B, states) to one score per action (B, actions)."""
    return nn.Sequential(nn.Linear(states, hidden), nn.ReLU(), nn.Linear(hidden, actions))


def train(recipe: Recipe, *, progress: bool = False) -> nn.Sequential:
    """Train an agent. Deterministic for a given machine, torch and gymnasium."""
    random.seed(recipe.seed)
    torch.manual_seed(recipe.seed)
    world = gymnasium.make("FrozenLake-v1", is_slippery=True)
    spaces = world.observation_space, world.action_space
    states, actions = (int(s.n) for s in spaces if isinstance(s, gymnasium.spaces.Discrete))
    eye = torch.eye(states)
    net = build(len(eye), actions, recipe.hidden)
    target = copy.deepcopy(net)
    optimiser = torch.optim.Adam(net.parameters(), lr=recipe.rate)
    memory: deque[tuple[int, int, float, int, bool]] = deque(maxlen=recipe.replay)
    state, _ = world.reset(seed=recipe.seed)
    won = lost = 0
    for step in range(recipe.steps):
        explore = max(recipe.explore_least, 1 - step / (recipe.explore_until * recipe.steps))
        if random.random() < explore:
            action = random.randrange(actions)
        else:
            with torch.no_grad():
                action = int(net(eye[state]).argmax())
        after, reward, over, cut, _ = world.step(action)
        memory.append((state, action, float(reward), after, over))
        won, lost = won + int(float(reward) > 0), lost + int(over and reward == 0)
        state = world.reset()[0] if over or cut else after
        if len(memory) >= 1_000 and step % recipe.learn_every == 0:
            learn(net, target, optimiser, random.sample(memory, recipe.batch), eye, recipe.discount)
        if step % recipe.refresh == 0:
            target.load_state_dict(net.state_dict())
        if progress and (step + 1) % 5_000 == 0:
            print(f"step {step + 1}: {won} episodes won, {lost} lost", file=sys.stderr)
            won = lost = 0
    return net.eval()


def learn(
    net: nn.Module,
    target: nn.Module,
    optimiser: torch.optim.Optimizer,
    batch: list[tuple[int, int, float, int, bool]],
    eye: torch.Tensor,
    discount: float,
) -> None:
    """One gradient step towards the double estimate of the values."""
    states, actions, rewards, after, over = (
        torch.tensor(column) for column in zip(*batch, strict=True)
    )
    with torch.no_grad():
        best = net(eye[after]).argmax(dim=1, keepdim=True)
        later = target(eye[after]).gather(1, best)[:, 0]
        wanted = rewards + discount * later * ~over
    scores = net(eye[states]).gather(1, actions[:, None])[:, 0]
    loss = nn.functional.smooth_l1_loss(scores, wanted)
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()


@click.command()
@click.argument("names", nargs=-1, required=True, type=click.Choice(list(RECIPES)))
@click.option(
    "--out",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=EXAMPLE,
    help="Where the nets and their cards go.  [default: examples/frozenlake]",
)
def main(names: tuple[str, ...], folder: Path) -> None:
    """Train the agents NAMES and write each with its card."""
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        write(name, RECIPES[name], folder)


def write(name: str, recipe: Recipe, folder: Path) -> None:
    """Train one agent and write it."""
    began = time.process_time()
    net = train(recipe, progress=True)
    cpu_s = time.process_time() - began
    inputs = next(net.parameters()).shape[1]
    card = {
        "name": name,
        "about": recipe.about,
        "architecture": f"MLP {inputs}-{recipe.hidden}-4, ReLU: one-hot state in, Q-values out",
        "roles": ROLES,
        "training": {
            "command": f"python -m benchmarks.zoo.train_frozenlake {name}",
            "method": "double DQN with experience replay",
            "seed": recipe.seed,
            "steps": recipe.steps,
            "cpu_seconds": round(cpu_s),
            "torch": torch.__version__,
            "gymnasium": gymnasium.__version__,
            "machine": platform.machine(),
        },
    }
    save_pt2(net, inputs, folder / f"{name}.pt2")
    (folder / f"{name}.card.json").write_text(json.dumps(card, indent=2) + "\n")


if __name__ == "__main__":
    main()
