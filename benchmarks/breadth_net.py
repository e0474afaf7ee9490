"""Small policies of many architectures, trained in seconds, for `benchmarks.breadth`.

Each recipe gives a torch module of flat observations, and how often it acts as its teacher does on
fresh observations. Training is seeded.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from benchmarks.size import FEATURES, pilot
from extract.network import Network
from extract.reader.python_file import export
from extract.reader.torch_export import translate

SEED, BATCH, RATE = 7, 256, 4e-3

Draw = Callable[[int, torch.Generator], Tensor]
"""Random observations (B, n)."""


@dataclass(frozen=True)
class Recipe:
    """How a policy is trained.

    Attributes:
        make: the untrained module.
        draw: what it sees.
        teach: worth of each action (B, A), or the numbers to be imitated.
        steps: of training.
        critic: whether the numbers themselves are imitated, not the choice.
    """

    make: Callable[[], nn.Module]
    draw: Draw
    teach: Callable[[Tensor], Tensor]
    steps: int = 1500
    critic: bool = False


def train(recipe: Recipe) -> tuple[nn.Module, float]:
    """The trained module, and how often it chooses as its teacher (or its R^2, of a critic)."""
    torch.manual_seed(SEED)
    net = recipe.make()
    optimiser = torch.optim.Adam(net.parameters(), lr=RATE)
    generator = torch.Generator().manual_seed(SEED)
    for step in range(recipe.steps):
        for group in optimiser.param_groups:
            group["lr"] = RATE * (1 - step / recipe.steps)
        seen = recipe.draw(BATCH, generator)
        wanted = recipe.teach(seen)
        loss = (
            nn.functional.mse_loss(net(seen), wanted)
            if recipe.critic
            else nn.functional.cross_entropy(net(seen), wanted.argmax(dim=1))
        )
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    held_out = recipe.draw(4000, generator)
    net.eval()
    with torch.no_grad():
        made, wanted = net(held_out), recipe.teach(held_out)
        if recipe.critic:
            return net, 1 - float((made - wanted).var() / wanted.var())
        return net, float((made.argmax(dim=1) == wanted.argmax(dim=1)).double().mean())


def network_of(net: nn.Module, inputs: int, title: str) -> Network:
    """The graph of a module, by torch.export."""
    return translate(title, export(title, net, (torch.zeros(1, inputs),), {}), sha256="").require()


# Flying: `benchmarks.size` has the pilot.


def _anywhere(count: int, generator: torch.Generator) -> Tensor:
    return torch.rand(count, len(FEATURES), generator=generator) * 2 - 1


def _layers(width: int, bend: type[nn.Module], outputs: int = 8) -> nn.Module:
    return nn.Sequential(
        nn.Linear(8, width), bend(), nn.Linear(width, width), bend(), nn.Linear(width, outputs)
    )


def _normalised() -> nn.Module:
    return nn.Sequential(
        nn.Linear(8, 32), nn.LayerNorm(32), nn.ReLU(),
        nn.Linear(32, 32), nn.LayerNorm(32), nn.ReLU(), nn.Linear(32, 8),
    )  # fmt: skip


def _best(observation: Tensor) -> Tensor:
    """What the pilot can reach in one step, (B, 1)."""
    return pilot(observation).amax(dim=1, keepdim=True)


# Seeing: two spots on an image of 8 x 8; walk from the one to the other.

SIDE = 8


def _images(count: int, generator: torch.Generator) -> Tensor:
    places = torch.rand(count, 2, 2, generator=generator) * (SIDE - 3) + 1
    axis = torch.arange(SIDE)
    bumps = torch.exp(-((axis - places[..., None]) ** 2) / 1.5)
    images = bumps[:, :, 0, :, None] * bumps[:, :, 1, None, :]
    return images.flatten(1)


def _way(images: Tensor) -> Tensor:
    """Down, up, right, left: how far the second spot lies in each direction."""
    shares = images.reshape(-1, 2, SIDE, SIDE)
    total = shares.sum(dim=(2, 3))
    axis = torch.arange(SIDE)
    rows = (shares.sum(dim=3) * axis).sum(dim=2) / total
    columns = (shares.sum(dim=2) * axis).sum(dim=2) / total
    down, right = rows[:, 1] - rows[:, 0], columns[:, 1] - columns[:, 0]
    return torch.stack([down, -down, right, -right], dim=1)


def _convolution() -> nn.Module:
    return nn.Sequential(
        nn.Unflatten(1, (2, SIDE, SIDE)),
        nn.Conv2d(2, 4, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(4, 8, 3), nn.ReLU(),
        nn.Flatten(), nn.Linear(32, 16), nn.ReLU(), nn.Linear(16, 4),
    )  # fmt: skip


def _image_layers(bend: type[nn.Module]) -> nn.Module:
    return nn.Sequential(
        nn.Linear(2 * SIDE**2, 32), bend(), nn.Linear(32, 32), bend(), nn.Linear(32, 4)
    )


# Remembering: five glimpses of a ball and a paddle; where will the ball be when it comes down?

GLIMPSES = 5


class Recurrent(nn.Module):
    """A recurrent layer over the glimpses, and a linear head on its last state."""

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.layer = layer
        self.head = nn.Linear(8, 3)

    def forward(self, flat: Tensor) -> Tensor:
        shown, _ = self.layer(flat.reshape(-1, GLIMPSES, 2))
        return self.head(shown[:, -1])


def _glimpses(count: int, generator: torch.Generator) -> Tensor:
    start, speed, paddle = (torch.rand(count, 1, generator=generator) * 2 - 1 for _ in range(3))
    ball = start + 0.2 * speed * torch.arange(GLIMPSES)
    noise = 0.05 * torch.randn(count, GLIMPSES, generator=generator)
    return torch.stack([ball + noise, paddle.expand(-1, GLIMPSES)], dim=2).flatten(1)


def _catch(glimpses: Tensor) -> Tensor:
    """Left, stay, right, by the straight line through the glimpses, four steps on."""
    ball, paddle = glimpses.reshape(-1, GLIMPSES, 2).unbind(dim=2)
    time = torch.arange(GLIMPSES) - (GLIMPSES - 1) / 2
    speed = (ball * time).sum(dim=1) / time.square().sum()
    gap = ball.mean(dim=1) + speed * 6 - paddle[:, -1]
    return torch.stack([-gap, torch.full_like(gap, 0.3), gap], dim=1)


# Attending: four objects, each with a place and a weight; go towards the heaviest.

OBJECTS, WIDTH = 4, 6


class Attention(nn.Module):
    """One block: tokens attend to each other, each is bent by itself, and the mean decides."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Linear(3, WIDTH)
        self.query, self.key, self.value = (nn.Linear(WIDTH, WIDTH) for _ in range(3))
        self.bend = nn.Sequential(nn.Linear(WIDTH, 12), nn.ReLU(), nn.Linear(12, WIDTH))
        self.head = nn.Linear(WIDTH, 4)

    def forward(self, flat: Tensor) -> Tensor:
        tokens = self.embed(flat.reshape(-1, OBJECTS, 3))
        seen = nn.functional.scaled_dot_product_attention(
            self.query(tokens), self.key(tokens), self.value(tokens)
        )
        tokens = tokens + seen
        return self.head((tokens + self.bend(tokens)).mean(dim=1))


def _objects(count: int, generator: torch.Generator) -> Tensor:
    return torch.rand(count, OBJECTS * 3, generator=generator) * 2 - 1


def _heaviest(flat: Tensor) -> Tensor:
    """Right, left, up, down: towards the mean place, weighted by e^(3 weight)."""
    x, y, weight = flat.reshape(-1, OBJECTS, 3).unbind(dim=2)
    share = (3 * weight).softmax(dim=1)
    right, up = (x * share).sum(dim=1), (y * share).sum(dim=1)
    return torch.stack([right, -right, up, -up], dim=1)


RECIPES: dict[str, Recipe] = {
    "convolution": Recipe(_convolution, _images, _way),
    "tanh images": Recipe(lambda: _image_layers(nn.Tanh), _images, _way),
    "elu images": Recipe(lambda: _image_layers(nn.ELU), _images, _way),
    "tanh": Recipe(lambda: _layers(32, nn.Tanh), _anywhere, pilot),
    "elu": Recipe(lambda: _layers(32, nn.ELU), _anywhere, pilot),
    "normalised": Recipe(_normalised, _anywhere, pilot),
    "gru": Recipe(lambda: Recurrent(nn.GRU(2, 8, batch_first=True)), _glimpses, _catch),
    "lstm": Recipe(lambda: Recurrent(nn.LSTM(2, 8, batch_first=True)), _glimpses, _catch),
    "attention": Recipe(Attention, _objects, _heaviest, steps=2500),
    "actor": Recipe(lambda: _layers(32, nn.ReLU), _anywhere, pilot),
    "critic": Recipe(lambda: _layers(32, nn.ReLU, 1), _anywhere, _best, critic=True),
    "wide": Recipe(lambda: _layers(256, nn.ReLU), _anywhere, pilot),
}
